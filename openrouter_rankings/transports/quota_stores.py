"""Where a quota's ledgers are kept: a store applies one change at a time to a key's ledger, whoever else shares it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from functools import partial
from typing import Any, Protocol, TypeVar

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.quota_ledger import Change, Ledger, Limits, Place, give_back, take
from openrouter_rankings.transports.store_location import RedisServer, SqliteFile

__all__ = ["QuotaStore", "open_store"]

T = TypeVar("T")


class QuotaStore(Protocol):
    """Keeps a ledger for each key and changes one at a time, for everyone who shares the store.

    A caller who is cancelled in ``update`` leaves the change done, and in ``take`` no place taken.
    """

    async def update(self, key: str, change: Change[T]) -> T:
        """Apply ``change`` to the ledger of ``key``.

        Raises:
            ConfigurationError: the store cannot be used.
        """
        ...

    async def take(self, key: str) -> Place:
        """Take a place for ``key`` if there is one now.

        Raises:
            ConfigurationError: the store cannot be used.
        """
        ...

    async def aclose(self) -> None:
        """Finish what is under way, and close."""
        ...


def open_store(
    location: SqliteFile | RedisServer | None, limits: Limits, clock: Clock, fallback_fraction: float
) -> QuotaStore:
    """The store at ``location``. It is not looked at until its first use.

    Raises:
        ConfigurationError: the package for Redis is not installed, or its URL cannot be read.
    """
    if location is None:
        return _MemoryStore(limits, clock)
    if isinstance(location, SqliteFile):
        from openrouter_rankings.transports.quota_sqlite import SqliteLedgers

        return _SharedStore(SqliteLedgers(location.path, limits, clock))
    from openrouter_rankings.transports.quota_redis import RedisLedgers

    return _SharedStore(RedisLedgers(location, limits, clock, fallback_fraction))


class _MemoryStore:
    """The ledgers of this process. It reads the monotonic clock, which nobody sets."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._ledgers: dict[str, Ledger] = {}

    async def update(self, key: str, change: Change[T]) -> T:
        ledger = self._ledgers.get(key)
        if ledger is None:
            ledger = self._ledgers[key] = Ledger()
        now = self._clock.monotonic()
        ledger.bring_to(now, self._limits.day)
        return change(ledger, now, self._limits)

    async def take(self, key: str) -> Place:
        return await self.update(key, take)

    async def aclose(self) -> None:
        self._ledgers.clear()


class _Ledgers(Protocol):
    """Ledgers outside this process. Each call is awaited to its end before the next."""

    async def update(self, key: str, change: Change[T]) -> T: ...

    async def aclose(self) -> None: ...


class _SharedStore:
    """Keeps a cancelled caller from cutting off an update, since nobody would know whether it took place.

    The update goes on in a task which the store owns; if it took a place, that is given back.
    """

    def __init__(self, ledgers: _Ledgers) -> None:
        self._ledgers = ledgers
        self._turn = asyncio.Lock()
        self._under_way: set[asyncio.Task[Any]] = set()

    async def update(self, key: str, change: Change[T]) -> T:
        return await asyncio.shield(self._begin(self._update(key, change)))

    async def take(self, key: str) -> Place:
        taking = self._begin(self._update(key, take))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._begin(self._undo(key, taking))
            raise

    async def _update(self, key: str, change: Change[T]) -> T:
        async with self._turn:
            return await self._ledgers.update(key, change)

    async def _undo(self, key: str, taking: asyncio.Task[Place]) -> None:
        await asyncio.wait({taking})
        if taking.cancelled() or taking.exception() is not None:
            return
        place = taking.result()
        if place.wait <= 0:
            # If the store fails now the place stays counted, which is safe, and there is no caller to be told.
            with contextlib.suppress(ConfigurationError):
                await self._update(key, partial(give_back, at=place.at))

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._settle)
        return task

    def _settle(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        # If its caller has left, there is nobody to be told of a failure, and asyncio need not tell either.
        if not task.cancelled():
            task.exception()

    async def aclose(self) -> None:
        while self._under_way:
            await asyncio.wait(set(self._under_way))
        await self._ledgers.aclose()
