"""Deadlines: when a call has to end, whatever its layers are waiting for."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import RequestTimeoutError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.home_loop import HomeLoop
from openrouter_rankings.transports.protocol import Transport

__all__ = ["Deadline", "DeadlineTransport", "deadline_of", "latest_start", "missed_deadline", "patience_of", "within"]

T = TypeVar("T")


class Deadline:
    """When a call has to end.

    Attributes:
        at: the instant on the clock's ``monotonic``. Calls that share one exchange share the latest of their deadlines,
            which moves on when a more patient call joins.
    """

    __slots__ = ("at",)

    def __init__(self, at: float = math.inf) -> None:
        self.at: float = at


def deadline_of(request: Request) -> Deadline | None:
    """The deadline of the call that ``request`` belongs to; None if it has none."""
    return cast("Deadline | None", request.extensions.get("deadline"))


def latest_start(request: Request) -> float:
    """The instant on the clock's ``monotonic`` after which ``request`` must not be sent any more."""
    deadline = deadline_of(request)
    start_by: float = request.extensions.get("start_by", math.inf)
    return start_by if deadline is None else min(start_by, deadline.at)


def patience_of(request: Request, began: float) -> float:
    """The most seconds that ``request`` gives an exchange that ``began`` then, on the clock's ``monotonic``."""
    deadline = deadline_of(request)
    timeout = math.inf if request.timeout is None else request.timeout
    return timeout if deadline is None else min(timeout, deadline.at - began)


def missed_deadline() -> RequestTimeoutError:
    """The error of a call that its deadline ended."""
    return RequestTimeoutError(
        "The deadline of the call passed before an answer came from the service or a store: give it more time."
    )


def within(clock: Clock, deadline: Deadline | None, work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
    """``work``, which is cancelled at the deadline.

    Raises:
        RequestTimeoutError: when awaited, if the deadline passes first; ``work`` has ended by then.
    """
    if deadline is None or deadline.at == math.inf:
        return work
    return _ended_at(clock, deadline, work)


async def _ended_at(clock: Clock, deadline: Deadline, work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    timer = loop.create_task(clock.sleep(deadline.at - clock.monotonic()))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        task.cancel()
        await asyncio.wait({task, timer})
    if task.cancelled():
        raise missed_deadline()
    return task.result()


class DeadlineTransport:
    """Ends each call at its deadline.

    Args:
        transport: the layer below.
        clock: the time that deadlines are set in.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._home = HomeLoop()

    async def send(self, request: Request) -> Response:
        self._home.check()
        return await within(self._clock, deadline_of(request), self._transport.send(request))

    async def aclose(self) -> None:
        await self._transport.aclose()
