"""One call of the command line, in this process or as one of its own."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from click.testing import CliRunner

from openrouter_rankings.cli.program import program

__all__ = ["COMMAND", "KEY", "Call", "started"]

KEY = "sk-invented-key"
COMMAND = (sys.executable, "-m", "openrouter_rankings")


class Call:
    """One call in this process.

    Attributes:
        status: the exit status.
        out: stdout.
        err: stderr.
    """

    def __init__(
        self, *arguments: str, stdin: str | bytes | None = None, key: str = KEY, columns: int | None = 80
    ) -> None:
        environment = {"OPENROUTER_API_KEY": key, "COLUMNS": None if columns is None else str(columns)}
        result = CliRunner().invoke(program, arguments, input=stdin, env=environment, prog_name="openrouter-rankings")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.status, self.out, self.err = result.exit_code, result.stdout, result.stderr

    def rows(self) -> list[dict[str, str]]:
        """Stdout as CSV."""
        return list(csv.DictReader(io.StringIO(self.out)))


@contextmanager
def started(*arguments: str, **changes: Any) -> Generator[subprocess.Popen[str]]:
    """A process of its own, killed at the end of the context. ``changes`` are for its environment."""
    environment = os.environ | {"COLUMNS": "80", "OPENROUTER_API_KEY": KEY} | changes
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()
