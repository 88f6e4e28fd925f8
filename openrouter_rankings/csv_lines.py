"""CSV in which a line break within a text does not end the row."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Protocol

__all__ = ["CsvLines"]


class _Target(Protocol):
    def write(self, text: str, /) -> object: ...


class CsvLines:
    """Writes rows as CSV, each with a line feed at its end.

    Args:
        target: what to write to.
    """

    def __init__(self, target: _Target) -> None:
        self._target = target
        # Up to Python 3.12 the module quotes a carriage return only where it is a part of the terminator.
        self._writer = csv.writer(self, lineterminator="\r\n")

    def write(self, line: str) -> None:
        """Take a line from the writer of the module, which gives each as a whole."""
        self._target.write(f"{line[:-2]}\n")

    def add(self, row: Iterable[object]) -> None:
        """Write a row."""
        self._writer.writerow(row)
