"""What the stores in a SQLite file have in common: whose file it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from openrouter_rankings.errors import ConfigurationError

__all__ = ["refuse_foreign_tables"]


def refuse_foreign_tables(connection: sqlite3.Connection, refusal: Callable[[str], ConfigurationError]) -> None:
    """Raise ``refusal`` of the name of a table that is not this library's. Quota and cache may share a file."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        if not name.startswith(("openrouter_rankings_", "sqlite_")):
            raise refusal(name)
