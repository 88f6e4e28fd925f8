"""Exchanges that fail one after the other where no older answer is at hand: when it is worth to ask again."""

from __future__ import annotations

import math

import attrs

from openrouter_rankings.transports.cached_answer import StoredAnswer
from openrouter_rankings.transports.single_flight import Failure

__all__ = ["Trouble"]

_SERIOUS = 3
_PAUSES_IN_A_TROUBLE = 15


@attrs.frozen(eq=False)
class Trouble:
    """Failures in a row. A crowd of callers, each with retries, would spend the day's budget on them in hours.

    Attributes:
        since: when the first one was, on the monotonic clock.
        outcome: what came last: an answer such as a 503, or an error.
        count: how many there were.
        retry_at: when the service is to be asked again.
    """

    since: float
    outcome: StoredAnswer | Failure
    count: int = 1
    retry_at: float = -math.inf

    @property
    def is_serious(self) -> bool:
        """Whether there were so many that one more attempt is enough at a time."""
        return self.count >= _SERIOUS

    def and_then(self, outcome: StoredAnswer | Failure, now: float, longest_pause: float) -> Trouble:
        """The trouble after one more failure at ``now``; the pause that follows lasts ``longest_pause`` s at most."""
        pause = min((now - self.since) / _PAUSES_IN_A_TROUBLE, longest_pause)
        return Trouble(self.since, outcome, self.count + 1, now + pause)

    def lasts(self, now: float) -> bool:
        """Whether it is too early to ask again."""
        return self.is_serious and now < self.retry_at

    def outcome_again(self) -> StoredAnswer:
        """What came last, for one more caller.

        Raises:
            TransportError: that is what came last; each caller gets a copy.
        """
        if isinstance(self.outcome, Failure):
            raise self.outcome.exception()
        return self.outcome
