"""What the archive asks of a database, and how it asks.

A transaction is a *script*: a generator that yields statements, is sent the rows of each, and returns its result. It
does no I/O itself, so that one script serves a driver that blocks a thread and a driver that awaits. Its SQL is what
SQLite and PostgreSQL both read: ``$1`` for the first value, types TEXT, BIGINT and BYTEA.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from openrouter_rankings.errors import ConfigurationError

__all__ = ["Engine", "Location", "Row", "Script", "Statement", "open_engine"]

T = TypeVar("T")

Row = tuple[Any, ...]
Statement = tuple[Any, ...]
"""The SQL and its values."""

Script = Generator[Statement, Sequence[Row], T]

Location = str | os.PathLike[str]
"""The path of a SQLite file, or ``postgresql://user:password@host:port/database``."""


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


def open_engine(location: Location, *, create: bool) -> Engine:
    """The engine for ``location``, not connected yet.

    Args:
        location: where the archive is.
        create: make the file if there is none.

    Raises:
        ConfigurationError: ``location`` is neither a path nor a URL of PostgreSQL, or the extra ``postgres`` is not
            installed.
    """
    if not isinstance(location, (str, os.PathLike)) or not os.fspath(location):
        raise ConfigurationError(f"The location of an archive is a path or a postgresql:// URL, not {location!r}.")
    text = os.fspath(location)
    scheme = text.partition("://")[0].lower() if "://" in text else None
    if scheme in {"postgresql", "postgres"}:
        from openrouter_rankings.history.postgres import PostgresEngine

        return PostgresEngine(text)
    if scheme is None and text.lower().startswith(("postgresql:", "postgres:", "postgresql//", "postgres//")):
        # Without the text, which may hold a password.
        raise ConfigurationError("The URL of a PostgreSQL database begins with postgresql://.")
    if scheme is not None:
        raise ConfigurationError(f"The location of an archive is a path or a postgresql:// URL, not {scheme}://.")
    from openrouter_rankings.history.sqlite import SqliteEngine

    return SqliteEngine(Path(text), create=create)
