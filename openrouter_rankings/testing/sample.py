"""Figures of the emulated service without a request, for tests that need only a document."""

from openrouter_rankings.testing.routes.task_classifications import figures as task_classifications

__all__ = ["task_classifications"]
