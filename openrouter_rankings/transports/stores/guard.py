"""What the failure of a store does to those who use it, decided once for the quota and the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from openrouter_rankings.clock import Clock, real_work
from openrouter_rankings.errors import StoreError, StoreUnreachableError
from openrouter_rankings.log import logger
from openrouter_rankings.transports.home_loop import HomeLoop
from openrouter_rankings.transports.outcome import twin
from openrouter_rankings.transports.stores.checked import CheckedStore
from openrouter_rankings.transports.stores.location import StoreSetting, open_store
from openrouter_rankings.transports.stores.memory import MemoryStore
from openrouter_rankings.transports.stores.protocol import Change, Store

__all__ = ["GuardedStore", "or_else"]

T = TypeVar("T")

# Seconds for one operation: longer than SQLite and Redis wait by themselves, and an end to a store that hangs.
_TIME_LIMIT = 20.0

# Seconds that the end waits for what is under way: longer than SQLite waits for another process that writes.
_CLOSING_LIMIT = 6.0


class _Failure(NamedTuple):
    """The latest failure of a store, and when it was on the monotonic clock."""

    error: StoreError
    at: float


class GuardedStore:
    """The store of one client, as a ``Store`` whose failures cost each caller little.

    - Each operation runs to its end in a task of its own: a cancelled caller cuts none off.
    - Operations run one at a time, in the order of their arrival. Those that waited while one failed fail with it, so
      that eight callers of a locked file wait for one busy time-out and not for eight.
    - For ``pause`` seconds after a failure every operation fails immediately. Then the next one tries again.
    - A store that does not answer within 20 s counts as unreachable.
    - What a user's store raises becomes a ``StoreError`` with the original as its cause; what it returns is checked.

    The memory of this process neither waits nor fails, and is asked without a task.

    Args:
        setting: the store, or where it is. A ``Store`` that the user made is never closed.
        clock: the time of the pause, and of the stores that take theirs from this machine.
        pause: seconds without an attempt after a failure.
        user: who continues without the store, such as "The cache"; then the first failure and the recovery are logged.
            None logs nothing.

    Raises:
        ConfigurationError: the setting means no store, the package for Redis is not installed, or its URL cannot be
            read.
    """

    def __init__(self, setting: StoreSetting, clock: Clock, *, pause: float = 0.0, user: str | None = None) -> None:
        store = open_store(setting, clock)
        self._is_ours = store is not setting
        self._store = store if self._is_ours else CheckedStore(store)
        self._is_immediate = isinstance(store, MemoryStore)
        self._clock = clock
        self._pause = pause
        self._user = user
        self._home = HomeLoop()
        self._turn = asyncio.Lock()
        self._failure: _Failure | None = None
        self._under_way: set[asyncio.Task[Any]] = set()
        self._is_closing = False
        self._is_closed = False

    async def get(self, key: str) -> bytes | None:
        """The value of ``key``; None if there is none.

        Raises:
            StoreError: the store cannot be used. The other operations raise it too.
        """
        return await self._run(lambda: self._store.get(key))

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        """Keep ``value`` for ``expires_in`` seconds."""
        await self._run(lambda: self._store.put(key, value, expires_in))

    async def delete(self, key: str) -> None:
        """Forget the value of ``key``."""
        await self._run(lambda: self._store.delete(key))

    async def update(self, key: str, change: Change[T]) -> T:
        """Apply ``change`` to the value of ``key`` in one step."""
        return await self._run(lambda: self._store.update(key, change))

    def later(self, work: Callable[[Store], Awaitable[object]]) -> None:
        """Carry out ``work`` on the store as one operation, after those under way.

        Nobody waits for it but ``aclose``, and nobody gets its failure.
        """
        if not self._is_closed:
            self._begin(lambda: work(self._store))

    async def aclose(self) -> None:
        """Finish what is under way, and close the store unless it is the user's. Repeating it does nothing.

        A store that takes longer than 6 s is given up, with a record in the log.
        """
        self._is_closing = True
        if self._home.is_known:
            # A caller who was cancelled a moment ago may have something to undo.
            await asyncio.sleep(0)
            await self._end()
        self._is_closed = True

    async def _end(self) -> None:
        limit = asyncio.timeout(_CLOSING_LIMIT)
        try:
            async with limit:
                while self._under_way:
                    self._home.check()
                    await asyncio.wait(self._under_way)
                if self._is_ours:
                    await self._store.aclose()
        except TimeoutError:
            if not limit.expired():
                raise
            logger.warning("A store did not end within %g s: what was being written may be lost", _CLOSING_LIMIT)
            for task in self._under_way:
                task.cancel()

    async def _run(self, operation: Callable[[], Awaitable[T]]) -> T:
        if self._is_closing:
            raise StoreError("This store is closed: open a new client.")
        if self._is_immediate:
            return await operation()
        task = self._begin(operation)
        await asyncio.wait({task})
        return task.result()

    def _begin(self, operation: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        task = self._home.check().create_task(self._in_turn(operation, self._failure))
        self._under_way.add(task)
        task.add_done_callback(self._settle)
        return task

    def _settle(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        # Its caller may have left, and asyncio complains about an exception that nobody looks at.
        if not task.cancelled():
            task.exception()

    async def _in_turn(self, operation: Callable[[], Awaitable[T]], known: _Failure | None) -> T:
        async with self._turn:
            failure = self._failure
            if failure is not None and (failure is not known or self._clock.monotonic() - failure.at < self._pause):
                raise twin(failure.error)
            try:
                result = await self._carry_out(operation)
            except StoreError as error:
                self._note_failure(error)
                raise
            self._note_success()
            return result

    async def _carry_out(self, operation: Callable[[], Awaitable[T]]) -> T:
        limit = asyncio.timeout(_TIME_LIMIT)
        try:
            with real_work(self._clock):
                async with limit:
                    return await operation()
        except StoreError:
            raise
        except Exception as error:
            if limit.expired():
                raise StoreUnreachableError(f"The store did not answer within {_TIME_LIMIT:g} s.") from error
            # The error's own words may hold a password.
            raise StoreError(f"The store raised {type(error).__name__}, which is not a StoreError.") from error

    def _note_failure(self, error: StoreError) -> None:
        if self._failure is None and self._user is not None:
            logger.warning("%s continues without its store until it can be used: %s", self._user, error)
        # Its caller may add notes to the error itself, and its traceback holds the caller's frames.
        self._failure = _Failure(twin(error), self._clock.monotonic())

    def _note_success(self) -> None:
        if self._failure is not None and self._user is not None:
            logger.info("%s uses its store again", self._user)
        self._failure = None


async def or_else(operation: Awaitable[T], otherwise: T) -> T:
    """The result of ``operation`` on a store, or ``otherwise`` while the store cannot be used."""
    try:
        return await operation
    except StoreError:
        return otherwise
