"""Where answers are kept for several processes: a SQLite file or a Redis server. They keep records, which are bytes."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol, TypeVar

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.redis_client import open_redis
from openrouter_rankings.transports.sqlite_file import open_file, refuse_foreign_tables
from openrouter_rankings.transports.store_location import RedisServer, SqliteFile

__all__ = ["RecordStore", "RedisRecords", "SharedStore", "SqliteRecords", "StoreUnavailableError", "open_store"]

T = TypeVar("T")

_logger = logging.getLogger("openrouter_rankings")

# Seconds that a store which failed is left alone: every call would wait for its failure otherwise.
_PAUSE = 30.0

# Seconds to wait for another process which is writing.
_BUSY_TIMEOUT = 5.0

_LONGEST_KEPT = 30 * 86400


class StoreUnavailableError(Exception):
    """The store cannot be used just now; the cache goes on without it."""


class RecordStore(Protocol):
    """Keeps records by name, for everyone who shares the store; the oldest make room.

    Every method raises ``StoreUnavailableError`` when the store cannot be used now, and ``ConfigurationError`` when it
    never could be.
    """

    async def get(self, name: str) -> bytes | None:
        """The record of that name."""
        ...

    async def put(self, name: str, record: bytes, now: float) -> None:
        """Keep ``record`` in place of an earlier one of its name; ``now`` is in epoch seconds."""
        ...

    async def delete(self, name: str) -> None:
        """Forget the record of that name, if there is one."""
        ...

    async def claim(self, name: str, now: float, seconds: float) -> bool:
        """Whether nobody holds ``name``; then the caller holds it for ``seconds``."""
        ...

    async def hold(self, name: str, now: float, seconds: float) -> None:
        """Hold ``name`` for ``seconds`` from now, whoever held it for how long."""
        ...

    async def aclose(self) -> None:
        """Close the store. Repeating it does nothing."""
        ...


class SharedStore:
    """A store that may fail: then it is left alone for a while, and the cache goes on with what its memory has.

    The first failure is a record on the logger ``openrouter_rankings``, and so is the recovery. A caller who is
    cancelled does not cut an operation off: it goes on in a task which this object owns.
    """

    def __init__(self, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._failed_at: float | None = None
        self._under_way: set[asyncio.Task[Any]] = set()

    async def get(self, name: str) -> bytes | None:
        return await self._attempt(lambda: self._records.get(name), None)

    async def put(self, name: str, record: bytes) -> None:
        await self._attempt(lambda: self._records.put(name, record, self._clock.time()), None)

    async def delete(self, name: str) -> None:
        await self._attempt(lambda: self._records.delete(name), None)

    async def claim(self, name: str, seconds: float) -> bool:
        return await self._attempt(lambda: self._records.claim(name, self._clock.time(), seconds), True)

    async def hold(self, name: str, seconds: float) -> None:
        await self._attempt(lambda: self._records.hold(name, self._clock.time(), seconds), None)

    async def aclose(self) -> None:
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._records.aclose()

    async def _attempt(self, operation: Callable[[], Awaitable[T]], otherwise: T) -> T:
        task = asyncio.get_running_loop().create_task(self._run(operation, otherwise))
        self._under_way.add(task)
        task.add_done_callback(self._settle)
        await asyncio.wait({task})
        return task.result()

    def _settle(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Its caller may have left, and nobody else would look at the error.
            task.exception()

    async def _run(self, operation: Callable[[], Awaitable[T]], otherwise: T) -> T:
        if self._failed_at is not None and self._clock.monotonic() - self._failed_at < _PAUSE:
            return otherwise
        try:
            result = await operation()
        except StoreUnavailableError as error:
            if self._failed_at is None:
                _logger.warning("The cache's store cannot be used, going on without it until it can: %s", error)
            self._failed_at = self._clock.monotonic()
            return otherwise
        if self._failed_at is not None:
            self._failed_at = None
            _logger.info("The cache's store can be used again")
        return result


def open_store(location: SqliteFile | RedisServer, max_entries: int, max_bytes: int, clock: Clock) -> SharedStore:
    """The store at ``location``. It is not looked at until its first use.

    Raises:
        ConfigurationError: the package for Redis is not installed, or its URL cannot be read.
    """
    if isinstance(location, SqliteFile):
        return SharedStore(SqliteRecords(location.path, max_entries, max_bytes), clock)
    return SharedStore(RedisRecords(location, max_entries, max_bytes), clock)


_SQLITE_TABLES = (
    """CREATE TABLE IF NOT EXISTS openrouter_rankings_cache (
        name TEXT PRIMARY KEY, record BLOB NOT NULL, size INTEGER NOT NULL, stored_at REAL NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS openrouter_rankings_cache_claims (name TEXT PRIMARY KEY, until REAL NOT NULL)",
)
_SQLITE_EVICTION = """
    DELETE FROM openrouter_rankings_cache WHERE name IN (
        SELECT name FROM (
            SELECT name, row_number() OVER newest AS place, sum(size) OVER newest AS total
            FROM openrouter_rankings_cache
            WINDOW newest AS (ORDER BY stored_at DESC, name ROWS UNBOUNDED PRECEDING))
        WHERE place > ? OR total > ?)"""
# A claim from further ahead than any claim lasts was made by a clock that has since been set back.
_SQLITE_CLAIM = """
    INSERT INTO openrouter_rankings_cache_claims VALUES (:name, :until)
    ON CONFLICT (name) DO UPDATE SET until = :until WHERE until <= :now OR until > :until"""
_SQLITE_HOLD = "REPLACE INTO openrouter_rankings_cache_claims VALUES (?, ?)"


class SqliteRecords:
    """Records in a SQLite file, for the processes of one machine.

    Every operation is one short transaction, in a thread of its own. A write-ahead log keeps the file whole whenever a
    process dies, and lets readers read while another writes.
    """

    def __init__(self, path: Path, max_entries: int, max_bytes: int) -> None:
        self._path = path
        self._bounds = (max_entries, max_bytes)
        self._connection: sqlite3.Connection | None = None
        self._turn = threading.Lock()

    async def get(self, name: str) -> bytes | None:
        rows = await self._run(("SELECT record FROM openrouter_rankings_cache WHERE name = ?", (name,)))
        return bytes(rows[0][0]) if rows else None

    async def put(self, name: str, record: bytes, now: float) -> None:
        values = (name, record, len(record), now)
        await self._run(
            ("REPLACE INTO openrouter_rankings_cache VALUES (?, ?, ?, ?)", values), (_SQLITE_EVICTION, self._bounds)
        )

    async def delete(self, name: str) -> None:
        await self._run(("DELETE FROM openrouter_rankings_cache WHERE name = ?", (name,)))

    async def claim(self, name: str, now: float, seconds: float) -> bool:
        claim = {"name": name, "now": now, "until": now + seconds}
        rows = await self._run((_SQLITE_CLAIM, claim), ("SELECT changes()", ()))
        return bool(rows[0][0])

    async def hold(self, name: str, now: float, seconds: float) -> None:
        await self._run((_SQLITE_HOLD, (name, now + seconds)))

    async def aclose(self) -> None:
        await asyncio.to_thread(self._close)

    async def _run(self, *statements: tuple[str, Any]) -> list[Any]:
        return await asyncio.to_thread(self._transaction, statements)

    def _transaction(self, statements: tuple[tuple[str, Any], ...]) -> list[Any]:
        with self._turn:
            connection = self._opened()
            try:
                with connection:
                    connection.execute("BEGIN IMMEDIATE" if len(statements) > 1 else "BEGIN")
                    return [connection.execute(*statement).fetchall() for statement in statements][-1]
            except sqlite3.Error as error:
                raise StoreUnavailableError(f"{self._path}: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _connect(self._path)
            except sqlite3.Error as error:
                raise _unusable(self._path, str(error)) from error
        return self._connection

    def _close(self) -> None:
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    def prepare(connection: sqlite3.Connection) -> None:
        refuse_foreign_tables(connection, lambda name: _unusable(path, f"it has a table {name!r} of another program"))
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        with connection:
            # Shows at once, and not at the first answer, that the file cannot be written.
            connection.execute("BEGIN IMMEDIATE")
            for table in _SQLITE_TABLES:
                connection.execute(table)

    return open_file(path, _BUSY_TIMEOUT, prepare)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait here as it does elsewhere when another process switches the same new file.
    deadline = time.monotonic() + _BUSY_TIMEOUT
    while True:
        try:
            with closing(connection.execute("PRAGMA journal_mode = WAL")):
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _unusable(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The cache's store {path} cannot be used: {reason}. Give the cache a file of its own in an existing folder "
        "which this user may write to."
    )


# The braces make one hash slot of all keys, so that the scripts work on a cluster too.
_REDIS_PREFIX = "{openrouter-rankings:cache}:"
_REDIS_PUT = """
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], #ARGV[2])
local entries, bytes = redis.call('ZCARD', KEYS[2]), 0
for _, size in ipairs(redis.call('HVALS', KEYS[3])) do bytes = bytes + size end
while entries > tonumber(ARGV[5]) or bytes > tonumber(ARGV[6]) do
    local name = redis.call('ZPOPMIN', KEYS[2])[1]
    bytes = bytes - redis.call('HGET', KEYS[3], name)
    entries = entries - 1
    redis.call('HDEL', KEYS[3], name)
    redis.call('DEL', ARGV[7] .. name)
end
"""
# As in SQLite, a claim from further ahead than any claim lasts does not count.
_REDIS_CLAIM = """
local held_until, now, seconds = tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]), tonumber(ARGV[2])
if now < held_until and held_until <= now + seconds then return 0 end
redis.call('SET', KEYS[1], string.format('%.17g', now + seconds), 'EX', ARGV[3])
return 1
"""


class RedisRecords:
    """Records in a Redis server, for several machines.

    Raises:
        ConfigurationError: the package for Redis is not installed, or its URL cannot be read.
    """

    def __init__(self, server: RedisServer, max_entries: int, max_bytes: int) -> None:
        self._client, self._errors = open_redis(server)
        self._bounds = (max_entries, max_bytes)

    async def get(self, name: str) -> bytes | None:
        record: bytes | None = await self._run(self._client.get(_record_key(name)))
        return record

    async def put(self, name: str, record: bytes, now: float) -> None:
        keys = (_record_key(name), f"{_REDIS_PREFIX}index", f"{_REDIS_PREFIX}sizes")
        values = (name, record, now, _LONGEST_KEPT, *self._bounds, _record_key(""))
        await self._run(self._client.eval(_REDIS_PUT, len(keys), *keys, *values))

    async def delete(self, name: str) -> None:
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.delete(_record_key(name))
            pipe.zrem(f"{_REDIS_PREFIX}index", name)
            pipe.hdel(f"{_REDIS_PREFIX}sizes", name)
            await self._run(pipe.execute())

    async def claim(self, name: str, now: float, seconds: float) -> bool:
        claim = self._client.eval(_REDIS_CLAIM, 1, _claim_key(name), now, seconds, _LONGEST_KEPT)
        return bool(await self._run(claim))

    async def hold(self, name: str, now: float, seconds: float) -> None:
        await self._run(self._client.set(_claim_key(name), now + seconds, ex=_LONGEST_KEPT))

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _run(self, command: Awaitable[Any]) -> Any:
        try:
            return await command
        except (self._errors.AuthenticationError, self._errors.NoPermissionError) as error:
            raise ConfigurationError(f"The cache's Redis server refuses this user: {error}.") from error
        except (self._errors.RedisError, OSError) as error:
            raise StoreUnavailableError(f"Redis: {type(error).__name__}: {error}") from error


def _record_key(name: str) -> str:
    return f"{_REDIS_PREFIX}answer:{name}"


def _claim_key(name: str) -> str:
    return f"{_REDIS_PREFIX}claim:{name}"
