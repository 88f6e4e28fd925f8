"""The last failure of a question as a note to other processes: a few words of it, and neither body nor key."""

from __future__ import annotations

import json
import math
from typing import cast

import attrs

from openrouter_rankings.errors import InvalidResponseError, RankingsError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Response, error_object
from openrouter_rankings.redaction import redact
from openrouter_rankings.transports.cache.circuit_breaker import FailureStreak, is_long_enough
from openrouter_rankings.transports.outcome import Failure

__all__ = ["FailureNote", "decode_note", "note_of"]

# Seconds: longer than any service can ask for (see retry_after).
_LONGEST = 32 * 86400.0

_SHARED = "met by another process on this store"

# Of what the failure says, so many characters.
_MOST_WORDS = 200

# Statuses that can say when to come back.
_WITH_RETRY_AFTER = frozenset({429, 503})


@attrs.frozen
class FailureNote:
    """The failures in a row of one question.

    Attributes:
        by: a name for how the question was asked: its header fields, timeout and retries.
        at: when the note was written, in the time of the store: soon after the last one.
        lasting: seconds since the first one then.
        count: how many there were.
        pause: seconds from then until the service is asked again.
        outcome: the status of the last one, or the name of its error's class.
        patience: as in ``FailureStreak``.
        words: what the last one says, at most 200 characters, without the key.
        fields: as in ``FailureStreak``.
    """

    by: str
    at: float
    lasting: float
    count: int
    pause: float
    outcome: int | str
    patience: float = 0.0
    words: str = ""
    fields: str = ""

    def encode(self) -> str:
        """The note as text."""
        return json.dumps(attrs.astuple(self))

    def answers(self, by: str, patience: float, waiting_since: float, now: float) -> bool:
        """Whether the failure is the answer to a question that is asked ``by`` these means.

        It is during its pause, and later for those who were waiting when it occurred.

        Args:
            by: as in the attribute.
            patience: the seconds that the caller gives an exchange.
            waiting_since: when the caller began to wait, in the time of the store; infinity for one who does not.
            now: the time of the store.
        """
        is_recent = self.at <= now < self.at + self.pause or (self.by == by and waiting_since <= self.at <= now)
        is_for_all = self.outcome != RequestTimeoutError.__name__
        return is_recent and (is_for_all or is_long_enough(self.patience, patience))

    def streak(self, now: float, monotonic: float) -> FailureStreak:
        """The failures as a circuit breaker counts them, the store's ``now`` being ``monotonic`` there."""
        at = monotonic - max(0.0, now - self.at)
        retry_in = at + self.pause - monotonic
        outcome = self._outcome(retry_in)
        asked_until = at + self.pause if isinstance(outcome, Response) and "Retry-After" in outcome.headers else None
        return FailureStreak(
            at - self.lasting,
            self.count,
            at + self.pause,
            outcome,
            patience=self.patience,
            asked_until=asked_until,
            fields=self.fields,
        )

    def _outcome(self, retry_in: float) -> Response | Failure:
        words = f"{self.words.rstrip('.')} ({_SHARED})" if self.words else _SHARED
        if isinstance(self.outcome, str):
            return Failure.of(_error(self.outcome, words))
        headers = {"Content-Type": "application/json"}
        if retry_in > 0 and self.outcome in _WITH_RETRY_AFTER:
            headers["Retry-After"] = str(math.ceil(retry_in))
        return Response(self.outcome, headers, json.dumps({"error": {"code": self.outcome, "message": words}}).encode())


def note_of(streak: FailureStreak, by: str, key: str, now: float, monotonic: float) -> FailureNote:
    """The note of ``streak``, whose last outcome is the service's and not a limit of our own.

    Args:
        streak: the failures.
        by: how the question was asked.
        key: the API key, which the note must not show.
        now: the time of the store.
        monotonic: the same instant on the monotonic clock.
    """
    if isinstance(streak.outcome, Response):
        outcome: int | str = streak.outcome.status
        said = (error_object(streak.outcome.body) or {}).get("message")
    else:
        error = cast("Failure", streak.outcome).error
        outcome = next(kind.__name__ for kind in _ERRORS if isinstance(error, kind))
        said = error.problems[0] if isinstance(error, InvalidResponseError) else str(error)
    words = redact(said, key) if isinstance(said, str) and key else ""
    pause = min(max(0.0, streak.retry_at - monotonic), _LONGEST)
    lasting = monotonic - streak.since
    words = words[:_MOST_WORDS]
    return FailureNote(by, now, lasting, streak.count, pause, outcome, streak.patience, words, streak.fields)


def decode_note(text: str) -> FailureNote | None:
    """The note that ``FailureNote.encode`` made ``text`` of; None if it is none."""
    try:
        by, at, lasting, count, pause, outcome, patience, words, fields = json.loads(text)
        times = float(at), float(lasting), int(count), float(pause)
        note = FailureNote(str(by), *times, outcome, float(patience), str(words)[:_MOST_WORDS], str(fields))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    is_known = outcome in _NAMES if isinstance(outcome, str) else type(outcome) is int and 400 <= outcome <= 599
    is_sound = math.isfinite(note.at) and 0 <= note.lasting < math.inf and 0 <= note.pause <= _LONGEST
    return note if is_known and is_sound and note.patience >= 0 else None


# The most specific first.
_ERRORS = (RequestTimeoutError, TransportError, InvalidResponseError)
_NAMES = frozenset(kind.__name__ for kind in _ERRORS)


def _error(name: str, words: str) -> RankingsError:
    if name == InvalidResponseError.__name__:
        return InvalidResponseError(("", words))
    return RequestTimeoutError(f"{words}.") if name == RequestTimeoutError.__name__ else TransportError(f"{words}.")
