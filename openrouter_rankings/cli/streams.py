"""Where words go: data to stdout, what is said to people to stderr."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn

import typer

from openrouter_rankings.errors import ConfigurationError, RankingsError
from openrouter_rankings.render.task_classifications import printable

__all__ = ["FAILURE", "NO_KEY", "USAGE", "fail", "put", "reporting", "say"]

FAILURE = 1
USAGE = 2
NO_KEY = 4


def say(line: str) -> None:
    """Tell people a line."""
    typer.echo(line, err=True)


def fail(sentence: str, status: int = FAILURE) -> NoReturn:
    """Tell people what went wrong, and end the command."""
    say(f"error: {printable(sentence)}")
    raise typer.Exit(status)


def put(text: str) -> None:
    """Write data to stdout."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        typer.echo(text, nl=False)
    except BrokenPipeError:
        # Who read the output has closed it, as `head` does. typer ends the command quietly.
        raise
    except OSError as error:
        # What is still in the buffer would fail again at the end of the process.
        sys.stdout = io.StringIO()
        fail(f"Cannot write the output: {error.strerror}.")


class _Teller(logging.Handler):
    """Tells people of a record in one line, without a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        say(printable(record.getMessage() if error is None else f"{record.getMessage()}: {error}"))


@contextmanager
def reporting() -> Generator[None]:
    """Tell people of the warnings and of the failure inside; a failure of the library's ends the command."""
    logger = logging.getLogger("openrouter_rankings")
    handler = _Teller()
    logger.addHandler(handler)
    try:
        yield
    except ConfigurationError as error:
        fail(str(error), USAGE)
    except RankingsError as error:
        fail(str(error))
    finally:
        logger.removeHandler(handler)
