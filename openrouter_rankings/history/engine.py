"""What the archive asks of a database, and how it asks.

A transaction is a *script*: a generator that yields statements, is sent the rows of each, and returns its result. It
does no I/O itself, so that one script serves a driver that blocks a thread and a driver that awaits. Its SQL is what
SQLite and PostgreSQL both read: ``$1`` for the first value, types TEXT, BIGINT and BYTEA.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar

__all__ = ["Engine", "Row", "Script", "Statement"]

T = TypeVar("T")

Row = tuple[Any, ...]
Statement = tuple[Any, ...]
"""The SQL and its values."""

Script = Generator[Statement, Sequence[Row], T]


class Engine(Protocol):
    """A database.

    Every method raises ``ArchiveError`` when the database cannot be used, and ``ArchiveFormatError`` when it is
    damaged.

    Attributes:
        table_names: the statement that lists the tables which are the archive's, or which show that it is not one.
        name: the database for people, without any password.
    """

    table_names: str
    name: str

    async def connect(self) -> None:
        """Open the database."""
        ...

    async def run(self, script: Script[T], *, write: bool = False) -> T:
        """Run ``script`` in one transaction. Those that write take turns, in whichever process they are."""
        ...

    async def aclose(self) -> None:
        """Close the database. Repeating it does nothing."""
        ...
