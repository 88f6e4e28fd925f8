"""Where words go: data to stdout, and what is said to people to stderr."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NoReturn, TextIO

from openrouter_rankings.cli.exit_codes import FAILURE

__all__ = [
    "Loudness",
    "StatusLine",
    "fail",
    "note",
    "put",
    "reporting",
    "say",
    "trace",
]

_ERASE_LINE = "\r\x1b[2K"


class Loudness:
    """How much is said on stderr."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_loudness: ContextVar[int] = ContextVar("loudness", default=Loudness.NORMAL)
_status_line: ContextVar[StatusLine | None] = ContextVar("status_line", default=None)


def say(line: str) -> None:
    """Write a line to stderr, above the status line if there is one."""
    status = _status_line.get()
    if status is not None:
        status.clear()
    _write_error(f"{line}\n")


def note(line: str) -> None:
    """Say a line that ``--quiet`` leaves out."""
    if _loudness.get() >= Loudness.NORMAL:
        say(line)


def trace(line: str) -> None:
    """Say a line that only ``--verbose`` asks for."""
    if _loudness.get() >= Loudness.VERBOSE:
        say(line)


def fail(sentence: str, status: int = FAILURE) -> NoReturn:
    """Say what went wrong, and end the command."""
    from click.exceptions import Exit

    from openrouter_rankings.render.listing import printable

    say(f"error: {printable(sentence)}")
    raise Exit(status)


def put(content: str | bytes) -> None:
    """Write data to stdout.

    A character that its encoding does not have is written as an escape.
    """
    try:
        _write(_checked_stdout(), content)
    except BrokenPipeError:
        # The reader has closed the pipe, as `head` does. What is still in the buffer would fail again at the end.
        sys.stdout = io.StringIO()
        raise SystemExit(FAILURE) from None
    except OSError as error:
        sys.stdout = io.StringIO()
        say(f"error: Cannot write the output: {error.strerror}.")
        raise SystemExit(FAILURE) from None


def _write(stdout: TextIO, content: str | bytes) -> None:
    if isinstance(content, bytes):
        stdout.buffer.write(content)
    else:
        encoding = stdout.encoding or "utf-8"
        stdout.write(content.encode(encoding, "backslashreplace").decode(encoding))
    stdout.flush()


def _checked_stdout() -> TextIO:
    if sys.stdout is None:
        raise OSError(0, "standard output is closed")
    return sys.stdout


def _write_error(text: str) -> None:
    # stderr can be closed (`2>&-`), or a pipe that nobody reads any more. The command goes on without it.
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        # What is still in the buffer would fail again at the end, and change the exit code to 120.
        sys.stderr = io.StringIO()


class StatusLine:
    """A line at the bottom of the terminal that is written over, and that leaves nothing behind."""

    def __init__(self) -> None:
        self._is_shown = False

    def show(self, text: str) -> None:
        """Replace the line."""
        from openrouter_rankings.cli.terminal import terminal_width
        from openrouter_rankings.render.monospace import clipped

        self._is_shown = True
        _write_error(f"{_ERASE_LINE}{clipped(text, max(terminal_width() - 1, 2))}")

    def clear(self) -> None:
        """Remove the line."""
        if self._is_shown:
            self._is_shown = False
            _write_error(_ERASE_LINE)

    @contextmanager
    def in_use(self) -> Generator[StatusLine]:
        """Keep what is said within the context above the line, and remove the line at its end."""
        token = _status_line.set(self)
        try:
            yield self
        finally:
            self.clear()
            _status_line.reset(token)


class _Reporter(logging.Handler):
    """Says each record in one line, without a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        from openrouter_rankings.render.listing import printable

        error = record.exc_info[1] if record.exc_info else None
        note(printable(record.getMessage() if error is None else f"{record.getMessage()}: {error}"))


@contextmanager
def reporting(loudness: int = Loudness.NORMAL, *, libraries: Iterable[str] = ()) -> Generator[None]:
    """Report the warnings and the failure inside; a failure of the library's ends the command.

    Args:
        loudness: how much is said.
        libraries: whose warnings are reported as well, by the names of their loggers.
    """
    from openrouter_rankings.errors import RankingsError

    loggers = [logging.getLogger(name) for name in ("openrouter_rankings", *libraries)]
    handler = _Reporter()
    for logger in loggers:
        logger.addHandler(handler)
    token = _loudness.set(loudness)
    try:
        yield
    except RankingsError as error:
        from openrouter_rankings.cli.words import explained

        fail(*explained(error))
    finally:
        _loudness.reset(token)
        for logger in loggers:
            logger.removeHandler(handler)
