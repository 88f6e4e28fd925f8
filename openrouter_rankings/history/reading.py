"""Reading an archive as a stream: a few answers at a time, however many there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import attrs

from openrouter_rankings.errors import InvalidResponseError
from openrouter_rankings.history import storage
from openrouter_rankings.history.data_sets import ArchivedDataSet, parameters_of
from openrouter_rankings.history.engine import Engine, Script
from openrouter_rankings.history.entry import Slot
from openrouter_rankings.history.errors import ArchiveFormatError
from openrouter_rankings.history.packing import unpack
from openrouter_rankings.history.revisions import ArchivedAnswer, Revision
from openrouter_rankings.history.storage import Days, Stored
from openrouter_rankings.parameters import day

__all__ = ["batches", "decoded", "reading", "stream", "wanted_days", "wanted_revisions"]

T = TypeVar("T")

_DATES_AT_ONCE = 128
# Of the longest answers, a year of daily rankings, each takes 2 MB as values.
_ANSWERS_AT_ONCE = 16

_DAY = timedelta(days=1)


def wanted_days(
    data_set: ArchivedDataSet[Any],
    parameters: Mapping[str, object],
    *,
    first: date | str | None = None,
    last: date | str | None = None,
    unfinished: bool = False,
) -> Days:
    """Which dates of which series to read.

    Raises:
        ConfigurationError: ``first`` or ``last`` is not a day.
    """
    days = {"first": day("start", first), "last": day("end", last)}
    given = {name: value.isoformat() for name, value in days.items() if value is not None}
    return Days(data_set.name, data_set.series(parameters), unfinished=unfinished, **given)


async def stream(
    engine: Engine, wanted: Days, *, every_revision: bool, at_once: int = _ANSWERS_AT_ONCE
) -> AsyncGenerator[list[Stored]]:
    """The newest revision of each span, or every revision, in the order of their dates, a few at a time.

    Each few are read in a transaction of their own, so that a slow reader keeps no writer waiting.

    Args:
        engine: the database.
        wanted: which dates.
        every_revision: every revision, and not only the newest.
        at_once: the most answers at a time.
    """
    rest: Days | None = wanted
    while rest is not None:
        revisions, rest = await engine.run(_next_dates(rest, every_revision=every_revision))
        for batch in batches(revisions, at_once):
            yield await engine.run(storage.stored(batch))


def _next_dates(wanted: Days, *, every_revision: bool) -> Script[tuple[list[Revision], Days | None]]:
    """The revisions of the next dates, and which dates are left."""
    dates = yield from storage.days(wanted, _DATES_AT_ONCE)
    if not dates:
        return [], None
    spans = yield from storage.slots(attrs.evolve(wanted, first=dates[0], last=dates[-1]))
    revisions = wanted_revisions(spans, unfinished=wanted.unfinished, every_revision=every_revision)
    if dates[-1] >= wanted.last:
        return revisions, None
    following = date.fromisoformat(dates[-1]) + _DAY
    return revisions, attrs.evolve(wanted, first=following.isoformat())


def wanted_revisions(spans: Iterable[Sequence[Revision]], *, unfinished: bool, every_revision: bool) -> list[Revision]:
    """The newest revision of each span, or all of them; only those of complete dates unless ``unfinished``."""
    chosen: list[Revision] = []
    for span in spans:
        revisions = [revision for revision in span if revision.complete or unfinished]
        chosen += revisions if every_revision else revisions[-1:]
    return chosen


def batches(items: Sequence[T], size: int = _ANSWERS_AT_ONCE) -> Iterator[Sequence[T]]:
    """The items, ``size`` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


@contextmanager
def reading(slot: Slot) -> Generator[None, None, None]:
    """Raise ``ArchiveFormatError`` where what is stored of ``slot`` turns out to be damaged."""
    try:
        yield
    except (ValueError, TypeError, LookupError, InvalidResponseError) as error:
        raise ArchiveFormatError(
            f"The archive's {slot.data_set} of {slot.last} cannot be read: it is damaged ({error})."
        ) from error


async def decoded(data_set: ArchivedDataSet[T], stored: Sequence[Stored]) -> list[ArchivedAnswer[T]]:
    """The answers with their provenance, decoded off the event loop.

    Raises:
        ArchiveFormatError: what is stored of one is damaged.
    """
    return await asyncio.to_thread(lambda: [_decoded(data_set, each) for each in stored])


def _decoded(data_set: ArchivedDataSet[T], stored: Stored) -> ArchivedAnswer[T]:
    revision = stored.revision
    slot, sightings = revision.slot, revision.sightings
    parameters = parameters_of(slot.series)
    with reading(slot):
        body = unpack(stored.body, stored.size)
        answer = data_set.decode(body, parameters)
    return ArchivedAnswer(
        answer=answer,
        body=body,
        data_set=slot.data_set,
        parameters=parameters,
        first=date.fromisoformat(slot.first),
        date=date.fromisoformat(slot.last),
        complete=revision.complete,
        fetched_at=datetime.fromisoformat(sightings[0].fetched_at),
        confirmed_at=datetime.fromisoformat(sightings[-1].fetched_at),
        revision=revision.number,
        revisions=revision.of,
        content_hash=revision.source.content.hex(),
        citation=stored.citation,
        licence=stored.licence,
    )
