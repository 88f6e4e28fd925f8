"""Single flight: callers who want the same thing at the same time share one piece of work."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

import attrs

from openrouter_rankings.errors import TransportError
from openrouter_rankings.transports.deadline import Deadline
from openrouter_rankings.transports.outcome import Failure

__all__ = ["SingleFlight"]

T = TypeVar("T")


@attrs.define(eq=False)
class _Flight(Generic[T]):
    deadline: Deadline = attrs.field(factory=lambda: Deadline(-math.inf))
    waiters: set[asyncio.Future[T | Failure]] = attrs.field(factory=set)
    task: asyncio.Task[T] | None = None


class SingleFlight(Generic[T]):
    """Runs one coroutine for all callers of a key, and gives its result, or a copy of its error, to each of them.

    The work is a task of its own, so a caller who is cancelled does not cancel the others. When the last caller leaves,
    the work is cancelled, and that caller does not return before it has ended.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}
        self._tasks: set[asyncio.Task[T]] = set()

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
        task = flight.task = asyncio.get_running_loop().create_task(self._carry_out(key, flight, work))
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._land(key, flight, task))

    async def _carry_out(
        self, key: Hashable, flight: _Flight[T], work: Callable[[Deadline], Coroutine[Any, Any, T]]
    ) -> T:
        result = await work(flight.deadline)
        # A turn of the event loop sooner than when the task has ended.
        self._deliver(key, flight, result)
        return result

    def _land(self, key: Hashable, flight: _Flight[T], task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        self._deliver(key, flight, _outcome_of(task))

    def _deliver(self, key: Hashable, flight: _Flight[T], outcome: T | Failure) -> None:
        self._forget(key, flight)
        for waiter in flight.waiters:
            if not waiter.done():
                waiter.set_result(outcome)

    async def _abandon(self, key: Hashable, flight: _Flight[T]) -> None:
        self._forget(key, flight)
        if flight.task is not None and not flight.task.done():
            flight.task.cancel()
            await asyncio.wait({flight.task})

    def _forget(self, key: Hashable, flight: _Flight[T]) -> None:
        # Once its callers have left, another flight may have begun under the same key.
        if self._flights.get(key) is flight:
            del self._flights[key]


def _outcome_of(task: asyncio.Task[T]) -> T | Failure:
    if task.cancelled():
        return Failure.of(TransportError("The client was closed before the exchange had ended."))
    error = task.exception()
    return task.result() if error is None else Failure.of(error)
