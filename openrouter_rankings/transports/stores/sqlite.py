"""A store in a SQLite file, for the processes of one machine and across restarts."""

from __future__ import annotations

import math
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import StoreError
from openrouter_rankings.forks import in_each_child
from openrouter_rankings.transports.stores.protocol import Change
from openrouter_rankings.transports.stores.thread import BlockingThread

__all__ = ["SqliteStore"]

T = TypeVar("T")

# Seconds to wait for another process which is writing. Our own writes take about a millisecond.
_BUSY_TIMEOUT = 5.0

_TABLES = (
    """CREATE TABLE IF NOT EXISTS openrouter_rankings_store (
        key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL, expires_at REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS openrouter_rankings_store_expires_at ON openrouter_rankings_store (expires_at)",
)
_FOREIGN_TABLES = r"""
    SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'openrouter\_rankings\_%' ESCAPE '\'
    AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"""
_COLUMNS = """SELECT name, type, "notnull", pk FROM pragma_table_info('openrouter_rankings_store')"""
_OUR_COLUMNS = [("key", "TEXT", 1, 1), ("value", "BLOB", 1, 0), ("expires_at", "REAL", 1, 0)]
_READ = """
    SELECT value FROM openrouter_rankings_store
    WHERE key = ? AND expires_at > ? AND typeof(value) = 'blob' AND typeof(expires_at) = 'real'"""
_DELETE = "DELETE FROM openrouter_rankings_store WHERE key = ?"
_DELETE_EXPIRED = "DELETE FROM openrouter_rankings_store WHERE expires_at <= ?"
# Whatever is written gets the highest rowid, so that rowids are in the order of writing, whatever the clock does.
_WRITE = "REPLACE INTO openrouter_rankings_store VALUES (?, ?, ?)"
_IS_FULL = """
    SELECT (SELECT count(*) FROM openrouter_rankings_store) > ? OR (
        SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size) > ?"""
_DELETE_OLDEST = """
    DELETE FROM openrouter_rankings_store WHERE rowid = (SELECT min(rowid) FROM openrouter_rankings_store)"""

_PROBLEMS = {
    sqlite3.SQLITE_BUSY: "is locked by another program: close that program, or name a file of its own",
    sqlite3.SQLITE_LOCKED: "is locked by another program: close that program, or name a file of its own",
    sqlite3.SQLITE_READONLY: "is read-only: let this user write to it and to its folder",
    sqlite3.SQLITE_READONLY_DBMOVED: "was deleted or replaced in this moment: try again",
    sqlite3.SQLITE_PERM: "may not be used by this user: let it write to the file and to its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: its folder must exist, and this user may write there",
    sqlite3.SQLITE_NOTADB: "is not a SQLite file, and is left as it is: name another file",
    sqlite3.SQLITE_CORRUPT: "is damaged: delete it, and a new one is made",
    sqlite3.SQLITE_FULL: "is on a full disk: make room there, or name a file on another disk",
    sqlite3.SQLITE_IOERR: "cannot be read or written: check its disk, or name a file on another one",
}

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

# Seconds within which a caller who has waited for one store in vain goes on to another one in the same file.
_NEXT_STORE = 1.0

# Until when nobody waits for a locked file, by its path, since someone has waited for it in vain: quota and cache can
# be in one file, and a caller is not to wait for one after the other. On the monotonic clock.
_locked_until: dict[Path, float] = {}

# Closing a file ends this process's SQLite locks on it, so nobody may open the file while another thread makes it.
_making = threading.Lock()


def _forget_other_threads() -> None:
    global _making
    _making = threading.Lock()


in_each_child(_forget_other_threads)


class SqliteStore:
    """Keeps values in a table of a SQLite file, in short transactions in a thread.

    The journal is SQLite's rollback journal: a process that dies and a power failure leave the file whole, there is one
    file and no other beside it, and processes that start together need not agree on a change of mode. A file that was
    deleted or replaced is noticed before each operation, and opened anew.

    Args:
        path: the file; made for this user alone if there is none. Its table is the library's own, and a file with a
            table of another program is refused.
        clock: the time in which values expire. It is read within the transaction, so that the order of times is the
            order of transactions.
        max_entries: how many values are kept. One more drops the one whose last write is the longest ago.
        max_bytes: how many bytes of the file may be in use; more are handled in the same way.
    """

    def __init__(self, path: Path, clock: Clock, *, max_entries: int = 10_000, max_bytes: int = 2**28) -> None:
        self._path = path
        self._clock = clock
        self._bounds = (max_entries, max_bytes)
        self._thread = BlockingThread()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    async def get(self, key: str) -> bytes | None:
        return await self._run(lambda connection: self._read(connection, key, self._clock.time()))

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        await self._run(partial(self._put, key=key, value=value, expires_in=expires_in))

    async def delete(self, key: str) -> None:
        await self._run(lambda connection: connection.execute(_DELETE, (key,)).close())

    async def update(self, key: str, change: Change[T]) -> T:
        return await self._run(partial(self._update, key=key, change=change))

    async def aclose(self) -> None:
        await self._thread.end(self._disconnect)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._thread.run(partial(self._carry_out, work))

    def _carry_out(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            try:
                result = self._in_transaction(work)
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY_DBMOVED:
                    raise
                # The file was deleted or replaced since the last look at it.
                self._disconnect()
                result = self._in_transaction(work)
        # The module decodes SQLite's message strictly, and that quotes what is damaged.
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self._disconnect()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _LOCKED and _busy_timeout(self._path):
                _note_locked(self._path)
            raise _problem(self._path, error) from error
        _locked_until.pop(self._path, None)
        return result

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        # A connection as a context ends its transaction.
        with self._current() as connection:
            return work(connection)

    def _put(self, connection: sqlite3.Connection, key: str, value: bytes, expires_in: float) -> None:
        connection.execute("BEGIN IMMEDIATE")
        self._write(connection, key, value, self._clock.time(), expires_in)

    def _update(self, connection: sqlite3.Connection, key: str, change: Change[T]) -> T:
        connection.execute("BEGIN IMMEDIATE")
        now = self._clock.time()
        present = self._read(connection, key, now)
        update = change(present, now)
        if update.value is None:
            connection.execute(_DELETE, (key,))
        elif update.value != present:
            self._write(connection, key, update.value, now, update.expires_in)
        return update.result

    def _read(self, connection: sqlite3.Connection, key: str, now: float) -> bytes | None:
        row: tuple[bytes] | None = connection.execute(_READ, (key, now)).fetchone()
        return None if row is None else row[0]

    def _write(self, connection: sqlite3.Connection, key: str, value: bytes, now: float, expires_in: float) -> None:
        connection.execute(_DELETE_EXPIRED, (now,))
        connection.execute(_WRITE, (key, value, now + expires_in))
        while connection.execute(_IS_FULL, self._bounds).fetchone()[0]:
            if connection.execute(_DELETE_OLDEST).rowcount == 0:
                return

    def _current(self) -> sqlite3.Connection:
        if self._connection is not None and self._identity != _identity(self._path):
            self._disconnect()
        if self._connection is None:
            self._path = self._path.absolute()
            _make(self._path)
            # Before connecting: if the file is replaced in between, the next operation notices the difference.
            self._identity = _identity(self._path)
            self._connection = _connect(self._path)
        self._connection.execute(f"PRAGMA busy_timeout = {1000 * _busy_timeout(self._path):.0f}").close()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _note_locked(path: Path) -> None:
    now = time.monotonic()
    for other, until in list(_locked_until.items()):
        if until < now:
            _locked_until.pop(other, None)
    _locked_until[path] = now + _NEXT_STORE


def _busy_timeout(path: Path) -> float:
    """Seconds to wait for another process which is writing."""
    return 0.0 if time.monotonic() < _locked_until.get(path, -math.inf) else _BUSY_TIMEOUT


def _make(path: Path) -> None:
    """Make an empty file, which is an empty database, unless there is one."""
    with _making:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            # SQLite would wait for a pipe for good.
            if not stat.S_ISREG(path.stat().st_mode):
                raise StoreError(f"The store {path} is not a regular file: name another path.") from None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_busy_timeout(path), isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    foreign = connection.execute(_FOREIGN_TABLES).fetchone()
    if foreign is not None:
        raise _refusal(path, f"it has a table {foreign[0]!r} of another program")
    connection.execute("PRAGMA journal_mode = DELETE").close()
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            connection.execute(table)
    if connection.execute(_COLUMNS).fetchall() != _OUR_COLUMNS:
        raise _refusal(path, "its table is from another version of openrouter-rankings")


def _refusal(path: Path, reason: str) -> StoreError:
    return StoreError(f"The store {path} is left as it is, because {reason}: name another file.")


def _problem(path: Path, error: sqlite3.Error | OSError | UnicodeDecodeError) -> StoreError:
    if isinstance(error, OSError):
        advice = "its folder must exist, and this user may write there"
        return StoreError(f"The store {path} cannot be made or opened ({error.strerror}): {advice}.")
    undecodable = sqlite3.SQLITE_CORRUPT if isinstance(error, UnicodeDecodeError) else 0
    code = getattr(error, "sqlite_errorcode", undecodable)
    # The lowest byte is the general reason.
    problem = _PROBLEMS.get(code) or _PROBLEMS.get(code & 0xFF, "cannot be used: delete it, or name another file")
    return StoreError(f"The store {path} {problem} ({error}).")
