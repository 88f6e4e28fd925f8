"""Where words go: data to stdout, what is said to people to stderr."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn

import typer

from openrouter_rankings.errors import ConfigurationError, ListChangedError, RankingsError
from openrouter_rankings.render.listing import printable

__all__ = ["FAILURE", "NO_KEY", "USAGE", "fail", "put", "reporting", "say"]

FAILURE = 1
USAGE = 2
NO_KEY = 4


def say(line: str) -> None:
    """Tell people a line."""
    # Named here, so that a line goes above the bar of a meter, which has put itself before stderr.
    typer.echo(line, file=sys.stderr)


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
    except ListChangedError:
        fail("The list changed while its pages were read, so that they do not fit together. Try again with --no-cache.")
    except RankingsError as error:
        fail(str(error))
    finally:
        logger.removeHandler(handler)
