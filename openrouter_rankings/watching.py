"""Watching: the current answer, and then each one that differs."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import attrs

from openrouter_rankings.clock import Clock, can_be_added
from openrouter_rankings.errors import ConfigurationError, RankingsError, StoreError
from openrouter_rankings.log import logger

if TYPE_CHECKING:
    from openrouter_rankings.analysis.differences import Differences
    from openrouter_rankings.models.data_set import Answer, DataSet
    from openrouter_rankings.models.task_classifications import TaskClassification, TaskClassifications

__all__ = ["Change", "Watches", "checked_interval"]

A = TypeVar("A", bound="Answer")
A_co = TypeVar("A_co", bound="Answer", covariant=True)
R = TypeVar("R")

# The service calls an answer fresh for so many seconds, so asking more often brings nothing new.
_SHORTEST_INTERVAL = 60.0


@attrs.frozen
class Change(Generic[A_co]):
    """An answer that differs from the one before it, as ``RankingsClient.watch`` gives it.

    Attributes:
        answer: the new answer.
        previous: the answer before it; None for the first one.
    """

    answer: A_co
    previous: A_co | None

    @overload
    def differences(self: Change[TaskClassifications]) -> Differences[TaskClassification]: ...
    @overload
    def differences(self: Change[DataSet[R]]) -> Differences[R]: ...
    def differences(self: Change[Any]) -> Differences[Any]:
        """The rows that entered, left, or have other figures than in ``previous``; none for the first answer.

        See ``openrouter_rankings.analysis.differences``. For two task classifications or two daily rankings,
        ``openrouter_rankings.analysis.compare`` gives the changes of shares, tokens and ranks as a table.
        """
        from openrouter_rankings.analysis.differences import Differences, differences

        return Differences() if self.previous is None else differences(self.previous, self.answer)


def checked_interval(every: float) -> float:
    """The interval in seconds.

    Raises:
        ConfigurationError: it is too short.
    """
    if not (can_be_added(every) and _SHORTEST_INTERVAL <= every < math.inf):
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

    async def watch(
        self, ask: Callable[[float | None], Awaitable[A]], *, every: float, what: str
    ) -> AsyncGenerator[Change[A]]:
        """The current answer, and then each one whose figures or span differ from the last.

        Args:
            ask: gives an answer of at most so many seconds of age; of any age for None.
            every: seconds between two requests.
            what: what is asked for, in the log record of a failure.

        Raises:
            ConfigurationError: the call cannot succeed as it is set up.
        """
        max_age, last = None, None
        while not self._closed:
            try:
                answer = await ask(max_age)
            except RankingsError as error:
                self._report(error, what)
            else:
                if last is None or _differ(last, answer):
                    change, last = Change(answer, last), answer
                    yield change
            max_age = every / 2
            await self._nap(every)

    def _report(self, error: RankingsError, what: str) -> None:
        if self._closed:
            return
        # A store can come back; an invalid parameter stays invalid.
        if isinstance(error, ConfigurationError) and not isinstance(error, StoreError):
            raise error
        logger.warning("%s: watching continues after an error: %s", what, error)

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


def _differ(before: Answer, after: Answer) -> bool:
    # Loaded with the second answer: a client that watches nothing needs no analysis.
    from openrouter_rankings.analysis.differences import same_figures

    return not same_figures(before, after)
