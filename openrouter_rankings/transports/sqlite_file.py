"""What the stores in a SQLite file have in common: how it is opened, and whose it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from openrouter_rankings.errors import ConfigurationError

__all__ = ["open_file", "refuse_foreign_tables"]


def open_file(path: Path, busy_timeout: float, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """A connection to the file, without transactions of its own, that any thread may use; closed if ``prepare`` fails.

    Args:
        path: the file; made if there is none.
        busy_timeout: seconds to wait for another process which is writing.
        prepare: what is done first.
    """
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_foreign_tables(connection: sqlite3.Connection, refusal: Callable[[str], ConfigurationError]) -> None:
    """Raise ``refusal`` of the name of a table that is not this library's. Quota and cache may share a file."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        if not name.startswith(("openrouter_rankings_", "sqlite_")):
            raise refusal(name)
