"""The terminal: whether a stream is one, and its width."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

__all__ = ["has_cursor", "stdout_is_terminal", "terminal_width"]


def has_cursor(stream: TextIO | None) -> bool:
    """Whether ``stream`` is a terminal whose cursor can be moved."""
    if stream is None or os.environ.get("TERM", "") in {"dumb", "unknown"}:
        return False
    return stream.isatty()


def stdout_is_terminal() -> bool:
    """Whether stdout is a terminal, of whatever kind."""
    return sys.stdout is not None and sys.stdout.isatty()


def terminal_width() -> int:
    """The columns of the terminal; ``COLUMNS`` overrides it."""
    return shutil.get_terminal_size().columns
