"""An archive in a SQLite file, by the standard library, on a thread of its own."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from openrouter_rankings.history.engine import Script
from openrouter_rankings.history.errors import ArchiveError, ArchiveFormatError, ArchiveMissingError

__all__ = ["SqliteEngine"]

T = TypeVar("T")

# Seconds to wait for another process that is writing. One batch of an import takes a tenth of a second.
_BUSY_TIMEOUT = 30.0

_NUMBERED = re.compile(r"\$([0-9]+)", re.ASCII)

_PROBLEMS = {
    sqlite3.SQLITE_BUSY: "another process keeps it locked; try again later",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; its folder must exist and be accessible",
    sqlite3.SQLITE_FULL: "the disk is full; nothing was written",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_PERM: "this user may not access it",
    sqlite3.SQLITE_READONLY: "this user may not write to it or to its folder",
}
_NOT_AN_ARCHIVE = {
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_ERROR: "its tables are not those of an archive",
    sqlite3.SQLITE_NOTADB: "it is not a SQLite file",
}


class SqliteEngine:
    """A SQLite file.

    It keeps SQLite's rollback journal: the archive is a single file, which can be read in a folder that is read-only.
    Reads are short, so that a write-ahead log would gain nothing. ``synchronous`` stays FULL: what is committed is on
    the disk.

    Args:
        path: the file.
        create: make the file if there is none.
    """

    # Any table counts: a file with other tables is another program's.
    table_names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"

    def __init__(self, path: Path, *, create: bool) -> None:
        self.name: str = str(path)
        self._path = path
        self._create = create
        self._inode = 0
        # The connection is used on the thread only.
        self._opened: tuple[ThreadPoolExecutor, sqlite3.Connection] | None = None

    async def connect(self) -> None:
        thread = ThreadPoolExecutor(1, thread_name_prefix="openrouter-rankings-archive")
        try:
            self._opened = thread, await _on(thread, self._connect)
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def run(self, script: Script[T], *, write: bool = False) -> T:
        if self._opened is None:
            raise ArchiveError(f"The archive {self.name} is closed.")
        thread, connection = self._opened
        return await _on(thread, partial(self._transaction, connection, script, write=write))

    async def aclose(self) -> None:
        if self._opened is not None:
            (thread, connection), self._opened = self._opened, None
            try:
                await _on(thread, connection.close)
            finally:
                thread.shutdown(wait=False)

    def _connect(self) -> sqlite3.Connection:
        # Whatever the working directory becomes, and a file even where SQLite would read a place in memory.
        self._path = self._path.absolute()
        if not self._create and not self._path.exists():
            raise ArchiveMissingError(f"There is no archive at {self.name}.")
        try:
            # The garbage collector may close it on another thread.
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            self._inode = self._path.stat().st_ino
        except (sqlite3.Error, OSError) as error:
            raise self._failure(error) from error
        return connection

    def _transaction(self, connection: sqlite3.Connection, script: Script[T], *, write: bool) -> T:
        if write:
            self._check_same_file()
        try:
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                result = _play(connection, script)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._failure(error) from error
        return result

    def _check_same_file(self) -> None:
        """What is written to a file without a name is lost."""
        try:
            inode = self._path.stat().st_ino
        except OSError:
            inode = None
        if inode != self._inode:
            raise ArchiveError(f"The archive {self.name} was deleted or replaced while it was open; open it again.")

    def _failure(self, error: Exception) -> ArchiveError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        if code in _NOT_AN_ARCHIVE:
            return ArchiveFormatError(f"The archive {self.name} cannot be used: {_NOT_AN_ARCHIVE[code]} ({error}).")
        return ArchiveError(f"The archive {self.name} cannot be used: {_PROBLEMS.get(code, 'it failed')} ({error}).")


async def _on(thread: ThreadPoolExecutor, function: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, function)


@lru_cache(maxsize=256)
def _in_sqlites_words(sql: str) -> tuple[str, tuple[int, ...]]:
    """The statement with a ``?`` for each value, and which value each of them is; by name, each would be looked up."""
    return _NUMBERED.sub("?", sql), tuple(int(number) - 1 for number in _NUMBERED.findall(sql))


def _play(connection: sqlite3.Connection, script: Script[T]) -> T:
    """Run the statements of ``script`` and return its result."""
    try:
        statement = next(script)
        while True:
            sql, *values = statement
            text, order = _in_sqlites_words(sql)
            statement = script.send(connection.execute(text, [values[index] for index in order]).fetchall())
    except StopIteration as end:
        result: T = end.value
        return result
