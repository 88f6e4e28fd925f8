"""How far a command has come that needs several requests: a bar on stderr while it asks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

__all__ = ["Tell", "meter"]

Tell = Callable[[int, int | None], None]
"""Told how many answers have come, and of how many; or how many rows, and None."""


@contextmanager
def meter() -> Generator[Tell]:
    """A function to be told of the answers, which shows them while the context is open.

    It shows nothing of a single request, and nothing where stderr is no terminal. Afterwards nothing is left of it.
    """
    console = Console(stderr=True)
    # rich can be told by the environment to take a file for a terminal.
    if not (sys.stderr.isatty() and console.is_interactive):
        yield _tell_nobody
        return
    with ExitStack() as stack:
        yield _Bar(console, stack)


def _tell_nobody(done: int, total: int | None) -> None:
    """Nobody looks."""


class _Bar:
    """Shows itself when it is first told of more than one request; the stack takes it away."""

    def __init__(self, console: Console, stack: ExitStack) -> None:
        columns = (TextColumn("{task.description}"), BarColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._stack = stack

    def __call__(self, done: int, total: int | None) -> None:
        said = f"{done:,} rows" if total is None else f"{done} of {total} answers"
        if self._progress.tasks:
            self._progress.update(self._progress.task_ids[0], completed=done, description=said)
        elif total != 1:
            self._progress.add_task(said, total=total, completed=done)
            self._stack.enter_context(self._progress)
