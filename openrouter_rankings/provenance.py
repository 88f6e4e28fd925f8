"""How old an answer is: kept for as long as a caller keeps the answer itself."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import attrs

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.cache.entry import Times

__all__ = ["Origins", "Provenance"]


@attrs.frozen
class Provenance:
    """How old an answer is at this moment.

    Attributes:
        age: seconds since the service made it.
        stale: whether it is older than the service, or the cache's policy, calls fresh. A stale answer is served while
            it is refreshed, and when the service gives no newer one.
    """

    age: float
    stale: bool


class Origins:
    """The times of the responses that answers were made of, by the identity of the answer."""

    def __init__(self) -> None:
        self._times: dict[int, tuple[weakref.ref[Any], tuple[Times, ...]]] = {}

    def remember(self, answer: object, times: tuple[Times, ...]) -> None:
        """Note what ``answer`` was made of, for as long as anyone keeps it."""
        if not times:
            return
        identity = id(answer)
        # What an endpoint of the user's own decodes to, such as a dict, may have no weak references.
        with suppress(TypeError):
            self._times[identity] = weakref.ref(answer, partial(self._forget, identity)), times

    def of(self, answer: object) -> tuple[Times, ...]:
        """What ``answer`` was made of; empty if that is unknown."""
        known = self._times.get(id(answer))
        return () if known is None else known[1]

    def of_all(self, answers: Iterable[object]) -> tuple[Times, ...]:
        """What several answers were made of."""
        return tuple(times for answer in answers for times in self.of(answer))

    def provenance(self, answer: object, clock: Clock) -> Provenance:
        """How old ``answer`` is by now; as old as the oldest response that it was made of.

        Raises:
            ConfigurationError: its origin is unknown.
        """
        times = self.of(answer)
        if not times:
            raise ConfigurationError(
                "This answer is not from this client's cache; a client made with cache=None has none."
            )
        ages = [each.age(clock) for each in times]
        stale = any(age >= each.freshness.lifetime for age, each in zip(ages, times, strict=True))
        return Provenance(max(ages), stale)

    def _forget(self, identity: int, _: weakref.ref[Any]) -> None:
        self._times.pop(identity, None)
