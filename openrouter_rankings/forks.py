"""What a forked child does not inherit: the other threads of its parent, though it does inherit the locks they hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

__all__ = ["in_each_child"]


def in_each_child(free: Callable[[], object]) -> None:
    """Call ``free`` in each child that is forked off, to free the locks that other threads held at that moment."""
    # Windows has no forks.
    with suppress(AttributeError):
        os.register_at_fork(after_in_child=free)
