"""A quota's ledgers in a SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import TypeVar

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.quota_ledger import Change, Ledger, Limits
from openrouter_rankings.transports.sqlite_file import open_file, refuse_foreign_tables

__all__ = ["SqliteLedgers"]

T = TypeVar("T")

_MAKE = "CREATE TABLE IF NOT EXISTS openrouter_rankings_quota (key TEXT PRIMARY KEY, ledger BLOB NOT NULL)"
_READ = "SELECT ledger FROM openrouter_rankings_quota WHERE key = ?"
_WRITE = "REPLACE INTO openrouter_rankings_quota (key, ledger) VALUES (?, ?)"

# Seconds to wait for another process which is writing. Our own writes take milliseconds.
_BUSY_TIMEOUT = 5.0

_PROBLEMS = {
    sqlite3.SQLITE_BUSY: "is locked by another program",
    sqlite3.SQLITE_LOCKED: "is locked by another program",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_PERM: "may not be opened by this user",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened or made",
    sqlite3.SQLITE_NOTADB: "is no SQLite file",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_FULL: "is on a full disk",
}


class SqliteLedgers:
    """The ledgers in a SQLite file, for the processes of one machine.

    ``BEGIN IMMEDIATE`` makes reading and writing one step among processes. SQLite's journal keeps the file whole
    whenever a process dies or the power fails. It stays in the mode that the file has: the change to a write-ahead log
    does not wait for others, and fails at once when several processes start together.
    """

    def __init__(self, path: Path, limits: Limits, clock: Clock) -> None:
        self._path = path
        self._limits = limits
        self._clock = clock
        self._connection: sqlite3.Connection | None = None

    async def update(self, key: str, change: Change[T]) -> T:
        return await asyncio.to_thread(self._update, key, change)

    async def aclose(self) -> None:
        if self._connection is not None:
            await asyncio.to_thread(self._close)

    def _update(self, key: str, change: Change[T]) -> T:
        try:
            return self._in_transaction(key, change)
        except sqlite3.Error as error:
            self._close()
            raise _problem(self._path, error) from error

    def _in_transaction(self, key: str, change: Change[T]) -> T:
        if self._connection is None:
            self._connection = _connect(self._path)
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            row = connection.execute(_READ, (key,)).fetchone()
            ledger = self._decode(row)
            # The time is read inside the transaction, so that the order of the times is the order of the transactions.
            now = self._clock.time()
            ledger.bring_to(now, self._limits.day)
            result = change(ledger, now, self._limits)
            if row is None or row[0] != ledger.encode():
                connection.execute(_WRITE, (key, ledger.encode()))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return result

    def _decode(self, row: tuple[bytes] | None) -> Ledger:
        try:
            return Ledger.decode(None if row is None else row[0])
        except (ValueError, TypeError) as error:
            raise _foreign(self._path) from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    def prepare(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        refuse_foreign_tables(connection, lambda _: _foreign(path))
        connection.execute(_MAKE)
        connection.execute("COMMIT")

    return open_file(path, _BUSY_TIMEOUT, prepare)


def _foreign(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The store {path} was not made by this version of openrouter-rankings, and is left as it is: give the quota "
        "another file."
    )


def _problem(path: Path, error: sqlite3.Error) -> ConfigurationError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    problem = _PROBLEMS.get(code, "cannot be used")
    return ConfigurationError(
        f"The quota's store {path} {problem} ({error}): give it a file of its own in an existing folder "
        "which this user may write to."
    )
