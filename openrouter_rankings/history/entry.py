"""From an answer's bytes to what the archive stores of it, or the reason why it stores nothing. Pure, no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import attrs

from openrouter_rankings.errors import ConfigurationError, InvalidResponseError
from openrouter_rankings.history.data_sets import ArchivedDataSet, Span
from openrouter_rankings.history.errors import AnswerRefusedError
from openrouter_rankings.history.packing import pack
from openrouter_rankings.models.synthetic import SYNTHETIC

__all__ = ["MOST_BYTES", "Entry", "Slot", "instant_text", "prepare"]

MOST_BYTES = 64 * 1024 * 1024
"""The longest body that is archived; the longest known are of 2 MB."""

# PostgreSQL indexes no longer text, and takes no NUL character.
_LONGEST_SERIES = 1000
_LONGEST_CITATION = 10_000

# The service admits spans of 366 days.
_LONGEST_SPAN = 3660
_FURTHEST_AHEAD = 366


@attrs.frozen
class Slot:
    """What answers must have in common for one to be a revision of the other: data set, parameters and span.

    Attributes:
        data_set: the name of the data set.
        series: the parameters in their canonical spelling.
        first: the first day of the span, as ISO text.
        last: the last day, as ISO text.
    """

    data_set: str
    series: str
    first: str
    last: str


@attrs.frozen
class Entry:
    """An answer, ready to be stored.

    Attributes:
        slot: what it is an answer to.
        fetched_at: when it was fetched, as ISO text in UTC of constant length.
        content: the hash of what makes a revision.
        digest: SHA-256 of the body.
        complete: its last day was over when it was made.
        body: the body as it is stored.
        size: the length of the body as received, in bytes.
        citation: the line to cite it with.
        licence: the line that names its licence.
    """

    slot: Slot
    fetched_at: str
    content: bytes
    digest: bytes
    complete: bool
    body: bytes = attrs.field(repr=False)
    size: int
    citation: str
    licence: str


def prepare(
    data_set: ArchivedDataSet[Any],
    body: bytes,
    parameters: Mapping[str, object],
    fetched_at: datetime,
    *,
    synthetic: bool = False,
) -> Entry:
    """What the archive stores of an answer.

    Args:
        data_set: the data set that it belongs to.
        body: its body as received.
        parameters: what it was asked for with.
        fetched_at: when the service gave it (aware).
        synthetic: take it also if its figures are invented.

    Raises:
        AnswerRefusedError: the answer is empty, synthetic, too long, or cannot be decoded.
        ConfigurationError: ``fetched_at`` names no time zone.
    """
    at = instant_text(fetched_at)
    series = data_set.series(parameters)
    if len(body) > MOST_BYTES:
        raise AnswerRefusedError(f"it has {len(body)} bytes, and the most are {MOST_BYTES}")
    if len(series) > _LONGEST_SERIES:
        raise AnswerRefusedError("its parameters are too long")
    try:
        answer = data_set.decode(body, {name: str(value) for name, value in parameters.items() if value is not None})
        document = json.loads(body)
        content = data_set.content_hash(document)
        span = data_set.span(answer, fetched_at.astimezone(UTC))
    except (InvalidResponseError, ValueError, RecursionError, OverflowError) as error:
        problem = error.problems[0] if isinstance(error, InvalidResponseError) else error
        raise AnswerRefusedError(f"it cannot be decoded ({problem})") from error
    _check_plausible(answer, span, fetched_at.astimezone(UTC).date())
    if document.get(SYNTHETIC, False) is not False and not synthetic:
        raise AnswerRefusedError("its figures are synthetic")
    if not getattr(answer, data_set.rows):
        raise AnswerRefusedError("it is empty")
    return Entry(
        slot=Slot(data_set.name, series, span.first.isoformat(), span.last.isoformat()),
        fetched_at=at,
        content=content,
        digest=sha256(body).digest(),
        complete=span.complete,
        body=pack(body, data_set.parts(body, document)),
        size=len(body),
        citation=answer.citation,
        licence=answer.licence,
    )


def _check_plausible(answer: Any, span: Span, fetched_on: date) -> None:
    if (span.last - span.first).days >= _LONGEST_SPAN or (span.last - fetched_on).days > _FURTHEST_AHEAD:
        raise AnswerRefusedError(f"its days, {span.first} to {span.last}, do not fit an answer of {fetched_on}")
    if len(answer.citation) > _LONGEST_CITATION or "\0" in answer.citation:
        raise AnswerRefusedError("its citation is not a line of text")


def instant_text(instant: datetime) -> str:
    """The instant in UTC as text whose order is that of time.

    Raises:
        ConfigurationError: it names no time zone.
    """
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        raise ConfigurationError(f"An instant is a datetime with a time zone, not {instant!r}.")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
