"""Single flight: callers who want the same thing at the same time share one piece of work."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

from openrouter_rankings.errors import TransportError
from openrouter_rankings.transports.deadline import Deadline
from openrouter_rankings.transports.outcome import Failure

__all__ = ["SingleFlight"]

T = TypeVar("T")


class _Flight(Generic[T]):
    """Work under way, with the latest deadline of its callers."""

    __slots__ = ("deadline", "task", "waiters")

    def __init__(self) -> None:
        self.deadline = Deadline(-math.inf)
        self.waiters: set[asyncio.Future[T | Failure]] = set()
        self.task: asyncio.Task[None] | None = None


class SingleFlight(Generic[T]):
    """Runs one coroutine for all callers of a key, and gives its result, or a copy of its error, to each of them.

    The work is a task of its own, so a caller who is cancelled does not cancel the others. When the last caller leaves,
    the work is cancelled, and that caller does not return before it has ended.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._flights

    async def join(
        self, key: Hashable, work: Callable[[Deadline], Coroutine[Any, Any, T]], until: float = math.inf
    ) -> T:
        """The result of the work under way for ``key``, or of ``work``, which begins it.

        Args:
            key: what the callers have in common.
            work: begins the work, given the latest deadline of its callers, which moves on as they join.
            until: the deadline of this caller, on the clock's ``monotonic``. To leave by then is the caller's own task.
        """
        waiter: asyncio.Future[T | Failure] = asyncio.get_running_loop().create_future()
        flight = self._flights.setdefault(key, _Flight())
        flight.deadline.at = max(flight.deadline.at, until)
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
            raise outcome.error
        return outcome

    async def aclose(self) -> None:
        """Cancel all work and wait until it has ended; callers who wait for it get a ``TransportError``."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _launch(self, key: Hashable, flight: _Flight[T], work: Callable[[Deadline], Coroutine[Any, Any, T]]) -> None:
        landing = partial(self._land, key, flight)
        task = flight.task = asyncio.get_running_loop().create_task(self._carry_out(key, flight, work, landing))
        # A loop whose tasks start eagerly may have ended it already.
        if self._flights.get(key) is flight:
            self._tasks.add(task)
            task.add_done_callback(landing)

    async def _carry_out(
        self,
        key: Hashable,
        flight: _Flight[T],
        work: Callable[[Deadline], Coroutine[Any, Any, T]],
        landing: Callable[[asyncio.Task[None]], object],
    ) -> None:
        try:
            outcome: T | Failure = await work(flight.deadline)
        except Exception as error:  # noqa: BLE001 - it is raised to each caller
            outcome = Failure.of(error)
        # It delivers the outcome itself, a turn of the event loop sooner than the callback would.
        if flight.task is not None:
            flight.task.remove_done_callback(landing)
            self._tasks.discard(flight.task)
        self._deliver(key, flight, outcome)

    def _land(self, key: Hashable, flight: _Flight[T], task: asyncio.Task[None]) -> None:
        """Tell the callers of work that did not: it was cancelled, even before its first turn, or ends the program."""
        self._tasks.discard(task)
        self._deliver(key, flight, Failure.of(_end_of(task)))

    def _deliver(self, key: Hashable, flight: _Flight[T], outcome: T | Failure) -> None:
        self._forget(key, flight)
        for waiter in flight.waiters:
            if not waiter.done():
                waiter.set_result(outcome)

    async def _abandon(self, key: Hashable, flight: _Flight[T]) -> None:
        self._forget(key, flight)
        task = flight.task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})

    def _forget(self, key: Hashable, flight: _Flight[T]) -> None:
        # Once its callers have left, another flight may have begun under the same key.
        if self._flights.get(key) is flight:
            del self._flights[key]


def _end_of(task: asyncio.Task[None]) -> BaseException:
    error = None if task.cancelled() else task.exception()
    return TransportError("The client was closed before the exchange had ended.") if error is None else error
