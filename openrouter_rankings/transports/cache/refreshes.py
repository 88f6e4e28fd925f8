"""Background refreshes: one at a time for each entry, and at an even pace for all."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any

from openrouter_rankings.clock import Clock

__all__ = ["Refreshes"]

_DAY = 86400.0

# Seconds for which `aclose` waits for the refreshes under way.
_CLOSING_GRACE = 5.0


class Refreshes:
    """The background refreshes of a cache: their pace and their tasks.

    Args:
        clock: the time in which the pace is kept.
        per_day: how many may begin in a day, at even intervals; 0 for none.
    """

    def __init__(self, clock: Clock, per_day: float) -> None:
        self._clock = clock
        self._next = -math.inf if per_day else math.inf
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.interval: float = _DAY / per_day if per_day else math.inf

    def begin(self, key: str, work: Callable[[], Coroutine[Any, Any, None]], retry_at: float | None) -> None:
        """Begin ``work`` in the background, unless it is too early, or a refresh of ``key`` is under way.

        Args:
            key: the key of the entry.
            work: refreshes it.
            retry_at: after a failure, when to try again, on the monotonic clock; it counts in place of the pace.
        """
        now = self._clock.monotonic()
        due = self._next if retry_at is None else retry_at
        if now < due or self.interval == math.inf or key in self._tasks:
            return
        self._next = now + self.interval
        task = self._tasks[key] = asyncio.get_running_loop().create_task(work())
        task.add_done_callback(lambda _: self._tasks.pop(key))

    def postpone(self, seconds: float) -> None:
        """Let the next refresh begin in ``seconds``, whatever the pace."""
        self._next = self._clock.monotonic() + seconds

    async def aclose(self) -> None:
        """Wait for the refreshes under way, at most 5 s, and cancel those that take longer."""
        if not self._tasks:
            return
        refreshes = set(self._tasks.values())
        loop = asyncio.get_running_loop()
        finished = loop.create_task(asyncio.wait(refreshes))
        grace = loop.create_task(self._clock.sleep(_CLOSING_GRACE))
        try:
            await asyncio.wait({finished, grace}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = {finished, grace, *refreshes}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
