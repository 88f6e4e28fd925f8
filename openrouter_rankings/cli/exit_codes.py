"""The exit codes of the command line; ``main`` says what each means."""

__all__ = ["FAILURE", "INTERRUPTED", "NO_KEY", "STALE", "USAGE"]

FAILURE = 1
USAGE = 2
STALE = 3
NO_KEY = 4
INTERRUPTED = 130
