"""Watching: the current answer, and then each one that differs."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import ConfigurationError, RankingsError
from openrouter_rankings.log import logger

__all__ = ["Watches", "checked_interval"]

T = TypeVar("T")

# The service calls an answer fresh for so many seconds, so asking more often brings nothing new.
_SHORTEST_INTERVAL = 60.0


def checked_interval(every: float) -> float:
    """The interval in seconds.

    Raises:
        ConfigurationError: it is too short.
    """
    if not (isinstance(every, (int, float)) and _SHORTEST_INTERVAL <= every < math.inf):
        raise ConfigurationError(
            f"every must be a number of at least {_SHORTEST_INTERVAL:g} seconds, not {every!r}: "
            "the service calls an answer fresh for that long."
        )
    return every


class Watches:
    """The watches of one client, which end with it.

    Args:
        clock: the time in which they wait.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._naps: set[asyncio.Task[None]] = set()
        self._closed = False

    async def watch(self, ask: Callable[[float | None], Awaitable[T]], *, every: float, what: str) -> AsyncGenerator[T]:
        """The current answer, and then each one that differs from the last.

        Args:
            ask: gives an answer of at most so many seconds of age; of any age for None.
            every: seconds between two requests.
            what: what is asked for, in the log record of a failure.
        """
        max_age, last = None, None
        while not self._closed:
            try:
                answer = await ask(max_age)
            except RankingsError as error:
                if not self._closed:
                    logger.warning("%s: watching continues after an error: %s", what, error)
            else:
                if answer != last:
                    last = answer
                    yield answer
            max_age = every / 2
            await self._nap(every)

    def close(self) -> None:
        """End all watches."""
        self._closed = True
        for nap in self._naps:
            nap.cancel()

    async def _nap(self, seconds: float) -> None:
        if self._closed:
            return
        nap = asyncio.ensure_future(self._clock.sleep(seconds))
        self._naps.add(nap)
        try:
            await asyncio.wait({nap})
        finally:
            self._naps.discard(nap)
            nap.cancel()
