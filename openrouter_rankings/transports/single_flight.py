"""Single flight: callers who want the same thing at the same time share one piece of work."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine, Hashable
from types import TracebackType
from typing import Any, Generic, TypeVar

import attrs

from openrouter_rankings.errors import RankingsError, TransportError

__all__ = ["Failure", "SingleFlight"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@attrs.define(eq=False)
class Failure:
    """An error to be raised to several callers.

    One exception object raised to many would be shared by all their handlers: its traceback, notes and context would
    be those of whoever handled it last. So the first caller gets the error, and each further one a copy of it.

    Attributes:
        error: what went wrong.
        given: somebody has got the error itself.
    """

    error: BaseException
    given: bool = attrs.field(default=False, kw_only=True)
    _traceback: TracebackType | None = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._traceback = self.error.__traceback__

    def exception(self) -> BaseException:
        """What the next caller is to raise."""
        if not self.given or not isinstance(self.error, RankingsError):
            self.given = True
            return self.error.with_traceback(self._traceback)
        twin = copy.copy(self.error).with_traceback(self._traceback)
        twin.__cause__ = self.error.__cause__
        return twin


@attrs.define(eq=False)
class _Flight(Generic[T]):
    task: asyncio.Task[T] | None = None
    waiters: set[asyncio.Future[T | Failure]] = attrs.field(factory=set)


class SingleFlight(Generic[K, T]):
    """Runs one coroutine for all callers of a key, and gives its result or its error to each of them.

    The work is a task of its own, so a caller who is cancelled does not cancel the others. When the last caller leaves,
    the work is cancelled, and that caller does not return before it has ended.
    """

    def __init__(self) -> None:
        self._flights: dict[K, _Flight[T]] = {}
        self._tasks: set[asyncio.Task[T]] = set()

    def __contains__(self, key: K) -> bool:
        return key in self._flights

    async def join(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the work under way for ``key``, or of ``work``, which begins it."""
        waiter: asyncio.Future[T | Failure] = asyncio.get_running_loop().create_future()
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight()
        flight.waiters.add(waiter)
        if flight.task is None:
            self._launch(key, flight, work)
        try:
            outcome = await waiter
        except asyncio.CancelledError:
            flight.waiters.discard(waiter)
            if not flight.waiters:
                await self._abandon(key, flight)
            raise
        if isinstance(outcome, Failure):
            raise outcome.exception()
        return outcome

    async def aclose(self) -> None:
        """Cancel all work and wait until it has ended; whoever waits for it gets a ``TransportError``."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _launch(self, key: K, flight: _Flight[T], work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        task = flight.task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._land(key, flight, task))

    def _land(self, key: K, flight: _Flight[T], task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        self._forget(key, flight)
        outcome = _outcome_of(task)
        for waiter in flight.waiters:
            if not waiter.done():
                waiter.set_result(outcome)

    async def _abandon(self, key: K, flight: _Flight[T]) -> None:
        self._forget(key, flight)
        if flight.task is not None and not flight.task.done():
            flight.task.cancel()
            await asyncio.wait({flight.task})

    def _forget(self, key: K, flight: _Flight[T]) -> None:
        # Once its callers have left, another flight may have begun under the same key.
        if self._flights.get(key) is flight:
            del self._flights[key]


def _outcome_of(task: asyncio.Task[T]) -> T | Failure:
    if task.cancelled():
        return Failure(TransportError("The exchange was given up before an answer came: the client was closed."))
    error = task.exception()
    return task.result() if error is None else Failure(error)
