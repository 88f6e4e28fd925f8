"""Answers as text: pure functions from values to strings."""
