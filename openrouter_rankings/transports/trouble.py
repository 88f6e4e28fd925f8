"""Exchanges that fail one after the other where no older answer is at hand: when it is worth to ask again."""

from __future__ import annotations

import attrs

from openrouter_rankings.transports.cached_answer import StoredAnswer
from openrouter_rankings.transports.single_flight import Failure

__all__ = ["Trouble"]

_SERIOUS = 3
_PAUSES_IN_A_TROUBLE = 15


@attrs.define(eq=False)
class Trouble:
    """Failures in a row. A crowd of callers, each with retries, would spend the day's budget on them in hours.

    Attributes:
        since: when the first one was, on the monotonic clock.
        longest_pause: seconds that a pause lasts at most.
        count: how many there were.
        retry_at: when the service is to be asked again.
        outcome: what came last: an answer such as a 503, or an error.
    """

    since: float
    longest_pause: float
    count: int = 0
    retry_at: float = 0.0
    outcome: StoredAnswer | Failure | None = None

    @property
    def is_serious(self) -> bool:
        """Whether there were so many that one more attempt is enough at a time."""
        return self.count >= _SERIOUS

    def add(self, outcome: StoredAnswer | Failure, now: float) -> None:
        """Note one more, at ``now``."""
        self.count += 1
        self.outcome = outcome
        self.retry_at = now + min((now - self.since) / _PAUSES_IN_A_TROUBLE, self.longest_pause)

    def lasts(self, now: float) -> bool:
        """Whether it is too early to ask again."""
        return self.is_serious and now < self.retry_at

    def outcome_again(self) -> StoredAnswer:
        """What came last, for one more caller.

        Raises:
            TransportError: that is what came last; each caller gets a copy.
        """
        if isinstance(self.outcome, StoredAnswer):
            return self.outcome
        assert self.outcome is not None  # noqa: S101 - there is a trouble only after a failure
        raise self.outcome.exception()
