"""A circuit breaker: after failures in a row, when to ask the service again."""

from __future__ import annotations

import math

import attrs

from openrouter_rankings.errors import InvalidResponseError, RankingsError
from openrouter_rankings.messages import Response
from openrouter_rankings.transports.cache.bounded import BoundedMapping
from openrouter_rankings.transports.outcome import Failure

__all__ = ["CircuitBreaker", "FailureStreak"]

# So many failures in a row open the circuit.
_OPENING = 3

# With the circuit open, the pauses are this part of the time since the first failure. A crowd of callers, each with
# retries, would spend the day's budget in hours.
_PART_OF_STREAK = 1 / 15

# With an older response at hand, the service is asked again each time that this has aged by this part.
_PART_OF_AGE = 1 / 30

# Seconds for which the service is left alone where an older response is at hand, or where its responses are invalid.
_SHORTEST_PAUSE = 60.0


@attrs.frozen(eq=False)
class FailureStreak:
    """Failures in a row for one question.

    Attributes:
        since: when the first one was, on the monotonic clock.
        count: how many there were.
        retry_at: until when the service is not asked again, on the monotonic clock.
        outcome: the last one: a response such as a 503, or an error; None if it was a limit of our own.
    """

    since: float
    count: int = 0
    retry_at: float = -math.inf
    outcome: Response | Failure | None = None

    @property
    def is_open(self) -> bool:
        """Whether there were so many failures that a single attempt at a time is enough."""
        return self.count >= _OPENING


class CircuitBreaker:
    """The failure streaks of a cache, by the key of the entry.

    Args:
        longest_pause: the most seconds of a pause that the service does not ask for.
        max_entries: how many streaks are kept at most.
        max_bytes: how many bytes their last outcomes may take together.
    """

    def __init__(self, longest_pause: float, max_entries: int, max_bytes: int) -> None:
        self._longest_pause = longest_pause
        self._streaks: BoundedMapping[FailureStreak] = BoundedMapping(max_entries, max_bytes)

    def streak(self, key: str) -> FailureStreak | None:
        """The failures in a row of ``key``; None if the last exchange went well."""
        return self._streaks.get(key)

    def learn(self, key: str, streak: FailureStreak) -> None:
        """Go on from the failures that another process met."""
        self._streaks.put(key, streak, 0)

    def record_success(self, key: str) -> None:
        """End the streak of ``key``."""
        self._streaks.discard(key)

    def record_failure(
        self, key: str, outcome: Response | RankingsError, now: float, *, older: float | None, asked: float | None
    ) -> float:
        """Count a failure, and return the seconds until the service is to be asked again.

        Args:
            key: the key of the entry.
            outcome: how the exchange ended.
            now: the time on the monotonic clock.
            older: the age in seconds of an older response that can be served meanwhile; None if there is none.
            asked: for how many seconds the service wants to be left alone; None if it does not say.
        """
        before = self._streaks.get(key) or FailureStreak(now)
        if older is not None:
            pause = self._pause_with_older(older, asked)
        elif isinstance(outcome, InvalidResponseError):
            pause = max(_SHORTEST_PAUSE, self._pause_without(before, now))
        else:
            pause = self._pause_without(before, now)
        kept = Failure.of(outcome) if isinstance(outcome, RankingsError) else outcome
        size = len(outcome.body) if isinstance(outcome, (Response, InvalidResponseError)) else 0
        self._streaks.put(key, FailureStreak(before.since, before.count + 1, now + pause, kept), size)
        return pause

    def pause(self, key: str, now: float, *, older: float) -> float | None:
        """Leave the service alone after a limit of our own, since there is an older response.

        Returns the seconds, or None if the service is being left alone already. The arguments are those of
        ``record_failure``.
        """
        before = self._streaks.get(key) or FailureStreak(now)
        if now < before.retry_at:
            return None
        pause = self._pause_with_older(older, None)
        self._streaks.put(key, attrs.evolve(before, retry_at=now + pause, outcome=None), 0)
        return pause

    def _pause_with_older(self, age: float, asked: float | None) -> float:
        # The longer it lasts, the rarer the attempts: an outage of a day must not take the whole day's budget.
        return max(_SHORTEST_PAUSE, min(age * _PART_OF_AGE, self._longest_pause), asked or 0.0)

    def _pause_without(self, before: FailureStreak, now: float) -> float:
        if before.count + 1 < _OPENING:
            return 0.0
        return min((now - before.since) * _PART_OF_STREAK, self._longest_pause)
