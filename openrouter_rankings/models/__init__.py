"""Answers and their parts as frozen values: a module for each data set."""
