"""A circuit breaker: after failures in a row, when to ask the service again."""

from __future__ import annotations

import math
from collections import OrderedDict

import attrs

from openrouter_rankings.errors import InvalidResponseError, RankingsError, RequestTimeoutError
from openrouter_rankings.messages import Response
from openrouter_rankings.transports.outcome import Failure, is_refusal

__all__ = ["CircuitBreaker", "FailureStreak", "is_long_enough"]

# So many failures of a question in a row open its circuit, and so many of all questions together the circuits of all.
_OPENING = 3
_OPENING_FOR_ALL = 6

# Seconds of the shortest pause when the circuits of all are open.
_SHORTEST_FOR_ALL = 10.0

# With the circuit open, the pauses are this part of the time since the first failure. A crowd of callers, each with
# retries, would spend the day's budget in hours.
_PART_OF_STREAK = 1 / 15

# With an older response at hand, the service is asked again each time that this has aged by this part.
_PART_OF_AGE = 1 / 30

# Seconds for which the service is left alone where an older response is at hand, or where it will hardly change its
# mind: its response is invalid, or it refuses the request.
_SHORTEST_PAUSE = 60.0

# The same where it refuses the key (401), wants it to be paid for (402) or to have other rights (403): the user may be
# about to change that.
_SHORTEST_FOR_KEY = 10.0
_ABOUT_THE_KEY = frozenset({401, 402, 403})

# A patience of so many times another is longer. Without it each caller could have a little more than the one before.
_LONGER = 1.25

# The bytes of a failure's body that is kept to be repeated: the service gives its reasons in some hundred.
_LONGEST_BODY = 4096

# The longest pause in seconds where it will hardly change its mind.
_LONGEST_IF_FUTILE = 3600.0


@attrs.define(eq=False)
class FailureStreak:
    """Failures in a row for one question.

    Attributes:
        since: when the first one was, on the monotonic clock.
        count: how many there were.
        retry_at: until when the service is not asked again, on the monotonic clock.
        outcome: the last one: a response such as a 503, or an error; None if it was a limit of our own.
        released_after: after how many failures the success of another question last ended the pause; None if none did.
        patience: the most seconds after which an exchange was given up, of those that took too long.
        asked_until: until when the last response wants to be left alone, on the monotonic clock; None if it does not
            say.
        fields: the hash of the header fields of the requests that were refused; empty if they had different ones.
    """

    since: float
    count: int = 0
    retry_at: float = -math.inf
    outcome: Response | Failure | None = None
    released_after: int | None = None
    patience: float = 0.0
    asked_until: float | None = None
    fields: str = ""

    def is_for(self, fields: str) -> bool:
        """Whether the failures say anything of a request with header fields of this hash.

        What is refused may be a field that one caller adds, until requests with different fields are refused.
        """
        return not self.is_refused or self.is_about_the_key or self.fields in {"", fields}

    def answers(self, patience: float) -> bool:
        """Whether the last failure is an answer for a caller who gives an exchange so many seconds."""
        is_for_all = not (isinstance(self.outcome, Failure) and self.outcome.is_a(RequestTimeoutError))
        return is_for_all or is_long_enough(self.patience, patience)

    @property
    def is_released(self) -> bool:
        """Whether another question has succeeded since, so that the failures say nothing of the next attempt."""
        return self.released_after == self.count

    @property
    def is_refused(self) -> bool:
        """Whether the service refuses the request as it is."""
        return isinstance(self.outcome, Response) and is_refusal(self.outcome)

    @property
    def is_about_the_key(self) -> bool:
        """Whether it refuses the key rather than the question."""
        return isinstance(self.outcome, Response) and self.outcome.status in _ABOUT_THE_KEY

    @property
    def is_futile(self) -> bool:
        """Whether asking again will hardly mend it: the response is invalid, or the service refuses the request."""
        if isinstance(self.outcome, Failure):
            return self.outcome.is_a(InvalidResponseError)
        return self.is_refused

    @property
    def is_releasable(self) -> bool:
        """Whether the success of another question can end the pause: once, if asking again will hardly mend it."""
        return not self.is_futile or self.released_after is None


class CircuitBreaker:
    """The failure streaks of a cache, by the key of the entry.

    The questions of an API key share one budget: their pauses are as many times as long as there are questions that
    pause. Refused ones are counted apart, since they say nothing of how the service is.

    Args:
        longest_pause: the most seconds of a pause that the service does not ask for.
        max_streaks: how many streaks are kept at most. The first to make room are those whose pause is over.
    """

    def __init__(self, longest_pause: float, max_streaks: int = 2048) -> None:
        self._longest_pause = longest_pause
        self._max_streaks = max_streaks
        # The least recently used first.
        self._streaks: OrderedDict[str, FailureStreak] = OrderedDict()
        # Failures of the service in a row, whatever the question, and when the first one was.
        self._in_a_row = 0
        self._failing_since = math.inf
        # The most patience of those that took too long; infinity if one failed in another way.
        self._waited = 0.0

    def streak(self, key: str) -> FailureStreak | None:
        """The failures in a row of ``key``; None if the last exchange went well."""
        if key in self._streaks:
            self._streaks.move_to_end(key)
        return self._streaks.get(key)

    def is_open(self, key: str, patience: float) -> bool:
        """Whether there were so many failures that a single attempt is enough for a caller of such ``patience``."""
        streak = self._streaks.get(key)
        is_open_for_all = self._in_a_row >= _OPENING_FOR_ALL and is_long_enough(self._waited, patience)
        return is_open_for_all or (streak is not None and streak.count >= _OPENING and streak.answers(patience))

    def learn(self, key: str, streak: FailureStreak, now: float) -> None:
        """Go on from the failures that another process met."""
        before = self._streaks.get(key)
        if before is not None:
            patience = max(before.patience, streak.patience)
            streak = attrs.evolve(streak, released_after=before.released_after, patience=patience)
        self._keep(key, streak, now)

    def end(self, key: str) -> None:
        """End the streak of ``key``: another process has a newer response."""
        self._streaks.pop(key, None)

    def record_success(self, key: str, now: float) -> None:
        """End the streak of ``key``, and the pauses of others.

        After an outage the questions recover one by one, so it is the pause of one other question. An API key is
        refused or accepted as a whole, so it is also the pauses of all questions for which the same key was refused.
        """
        self._streaks.pop(key, None)
        self._in_a_row, self._failing_since, self._waited = 0, math.inf, 0.0
        if not self._streaks:
            return
        pausing = [each for each in self._streaks.items() if now < each[1].retry_at and each[1].is_releasable]
        released = [streak for other, streak in pausing if streak.is_about_the_key and _same_api_key(other, key)]
        others = sorted((streak for _, streak in pausing if not streak.is_refused), key=lambda streak: streak.retry_at)
        for streak in (*released, *others[:1]):
            streak.retry_at, streak.released_after = now, streak.count

    def record_failure(
        self,
        key: str,
        outcome: Response | RankingsError,
        now: float,
        *,
        older: float | None,
        asked: float | None,
        patience: float = 0.0,
        fields: str = "",
    ) -> float:
        """Count a failure, and return the seconds until the service is to be asked again.

        Args:
            key: the key of the entry.
            outcome: how the exchange ended.
            now: the time on the monotonic clock.
            older: the age in seconds of an older response that can be served meanwhile; None if there is none.
            asked: for how many seconds the service wants to be left alone; None if it does not say.
            patience: the seconds that the exchange was given.
            fields: the hash of the request's header fields.
        """
        before = self._streaks.get(key) or FailureStreak(now)
        asked_until = None if asked is None else now + asked
        streak = attrs.evolve(before, count=before.count + 1, outcome=_bounded(outcome), asked_until=asked_until)
        streak.fields = "" if before.is_refused and before.fields != fields else fields
        if isinstance(outcome, RequestTimeoutError):
            streak.patience = max(before.patience, patience)
        if not streak.is_futile:
            self._in_a_row += 1
            is_late = isinstance(outcome, RequestTimeoutError)
            self._waited = max(self._waited, patience if is_late else math.inf)
            self._failing_since = min(self._failing_since, now)
        pause = self._pausing(key, now, streak) * self._own_pause(streak, now, older)
        if older is not None:
            pause = max(pause, asked or 0.0)
        streak.retry_at = now + pause
        self._keep(key, streak, now)
        return pause

    def pause(self, key: str, now: float, *, older: float) -> float | None:
        """Leave the service alone after a limit of our own, since there is an older response.

        Returns the seconds, or None if the service is being left alone already. The arguments are those of
        ``record_failure``.
        """
        before = self._streaks.get(key) or FailureStreak(now)
        if now < before.retry_at:
            return None
        pause = self._pause_with_older(older) * self._pausing(key, now, before)
        self._keep(key, attrs.evolve(before, retry_at=now + pause, outcome=None), now)
        return pause

    def _keep(self, key: str, streak: FailureStreak, now: float) -> None:
        self._streaks[key] = streak
        self._streaks.move_to_end(key)
        if len(self._streaks) > self._max_streaks:
            over = (other for other, each in self._streaks.items() if each.retry_at <= now and other != key)
            del self._streaks[next(over, next(iter(self._streaks)))]

    def _pausing(self, key: str, now: float, like: FailureStreak) -> int:
        """How many questions of the same API key are left alone now for a reason ``like`` this, ``key`` included."""
        return 1 + sum(
            now < streak.retry_at and streak.is_refused == like.is_refused and _same_api_key(other, key)
            for other, streak in self._streaks.items()
            if other != key
        )

    def _own_pause(self, streak: FailureStreak, now: float, older: float | None) -> float:
        """The pause after ``streak`` if no other question failed."""
        if older is not None:
            return self._pause_with_older(older)
        if streak.is_futile:
            return _pause_if_futile(streak, now)
        if self._in_a_row >= _OPENING_FOR_ALL:
            since, shortest = min(streak.since, self._failing_since), _SHORTEST_FOR_ALL
        elif streak.count >= _OPENING:
            since, shortest = streak.since, 0.0
        else:
            return 0.0
        return min(max(shortest, (now - since) * _PART_OF_STREAK), self._longest_pause)

    def _pause_with_older(self, age: float) -> float:
        # The longer it lasts, the rarer the attempts: an outage of a day must not take the whole day's budget.
        return max(_SHORTEST_PAUSE, min(age * _PART_OF_AGE, self._longest_pause))


def is_long_enough(waited: float, patience: float) -> bool:
    """Whether an exchange that took longer than ``waited`` seconds is an answer for one who would wait ``patience``."""
    return patience <= waited * _LONGER


def _bounded(outcome: Response | RankingsError) -> Response | Failure:
    """What is kept of an outcome: all of it but a long body."""
    if isinstance(outcome, Response):
        return outcome if len(outcome.body) <= _LONGEST_BODY else attrs.evolve(outcome, body=b"")
    failure = Failure.of(outcome)
    error = failure.error
    # A user's own error may not be copyable; then it is the caller's object, which stays as it is.
    if isinstance(error, InvalidResponseError) and error is not outcome and len(error.body) > _LONGEST_BODY:
        error.body = b""
        return Failure.of(error)
    return failure


def _same_api_key(one: str, other: str) -> bool:
    """Whether two keys of entries begin with the same name of an API key."""
    return one.partition(" ")[0] == other.partition(" ")[0]


def _pause_if_futile(streak: FailureStreak, now: float) -> float:
    shortest = _SHORTEST_FOR_KEY if streak.is_about_the_key else _SHORTEST_PAUSE
    return max(shortest, min((now - streak.since) * _PART_OF_STREAK, _LONGEST_IF_FUTILE))
