"""From the times that answers were seen to the revisions of each date. Pure, no I/O.

The archive keeps every time that an answer was seen, and never changes a row; the revisions follow from the set of
rows. So they do not depend on the order in which answers were stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Generic, TypeVar

import attrs

from openrouter_rankings.history.entry import Entry, Slot

__all__ = ["ArchivedAnswer", "Outcome", "Revision", "Sighting", "needs_body", "outcome_of", "revisions_of"]

T = TypeVar("T")


class Outcome(StrEnum):
    """What became of an answer that was to be archived.

    ``NEW``: the first about its span. ``UNCHANGED``: the archive has its figures. ``REVISION``: it has other figures
    than the archive. ``REFUSED``: the archive does not take it. ``FAILED``: the service did not give it. ``POSTPONED``:
    it was not asked for, since too little of the day's quota was left, or the service could not be reached.
    """

    NEW = "new"
    UNCHANGED = "unchanged"
    REVISION = "revision"
    REFUSED = "refused"
    FAILED = "failed"
    POSTPONED = "postponed"


@attrs.frozen(order=True)
class Sighting:
    """One time that an answer was seen.

    Attributes:
        fetched_at: when, as ISO text.
        content: the hash of what makes a revision.
        digest: the hash of its body.
        complete: its last day was over.
    """

    fetched_at: str
    content: bytes
    digest: bytes
    complete: bool


@attrs.frozen
class Revision:
    """Answers of one slot with the same content, seen one after the other.

    Attributes:
        slot: the data set, parameters and span.
        number: its place among the revisions of the slot, from 1.
        of: how many revisions the slot has.
        sightings: when the content was seen.
        source: the first time that the slot had this content: that sighting has the body.
    """

    slot: Slot
    number: int
    of: int
    sightings: tuple[Sighting, ...]
    source: Sighting

    @property
    def complete(self) -> bool:
        """The last day was over when the content was seen, for the last time at least."""
        return any(sighting.complete for sighting in self.sightings)

    @property
    def complete_through(self) -> date:
        """The last day of the span that was over when the content was seen."""
        last = date.fromisoformat(self.slot.last)
        if self.complete:
            return last
        seen = datetime.fromisoformat(self.sightings[-1].fetched_at).date()
        return min(last, seen) - timedelta(days=1)


@attrs.frozen(kw_only=True)
class ArchivedAnswer(Generic[T]):
    """An answer with its provenance.

    Attributes:
        answer: the decoded answer.
        body: its bytes as received.
        data_set: the name of the data set.
        parameters: what it was asked for with, without the span and without values that are the service's defaults.
        first: the first UTC day that it is about.
        date: the last UTC day that it is about, by its own account.
        complete: that day was over when the service made the answer; False for the current day, whose figures grow.
        fetched_at: when the archive first saw this revision (aware, UTC).
        confirmed_at: when it last saw it, unchanged (aware, UTC).
        revision: its number among the revisions of this span, from 1.
        revisions: how many there are.
        content_hash: SHA-256 of the answer without the fields that make no revision, as hexadecimal digits.
        citation: the line to cite where its figures are quoted.
        licence: the line to add where the data itself is republished.
    """

    answer: T
    body: bytes = attrs.field(repr=False)
    data_set: str
    parameters: dict[str, str] = attrs.field(hash=False)
    first: date
    date: date
    complete: bool
    fetched_at: datetime
    confirmed_at: datetime
    revision: int
    revisions: int
    content_hash: str
    citation: str
    licence: str


def revisions_of(slot: Slot, sightings: Iterable[Sighting]) -> list[Revision]:
    """The revisions of a slot, the oldest first."""
    ordered = sorted(sightings)
    sources: dict[bytes, Sighting] = {}
    for sighting in ordered:
        sources.setdefault(sighting.content, sighting)
    runs = [tuple(run) for _, run in groupby(ordered, key=lambda sighting: sighting.content)]
    return [Revision(slot, number, len(runs), run, sources[run[0].content]) for number, run in enumerate(runs, 1)]


def outcome_of(entry: Entry, earlier: Sequence[Sighting]) -> Outcome:
    """What ``entry`` is to the sightings that its slot had before it."""
    if not earlier:
        return Outcome.NEW
    own = _sighting(entry)
    before = [sighting for sighting in earlier if sighting <= own]
    after = [sighting for sighting in earlier if sighting > own]
    neighbours = [*before[-1:], *after[:1]]
    same = any(sighting.content == entry.content for sighting in neighbours)
    return Outcome.UNCHANGED if same else Outcome.REVISION


def needs_body(entry: Entry, earlier: Iterable[Sighting]) -> bool:
    """Whether no sighting before ``entry`` has its content, so that its body must be stored."""
    own = _sighting(entry)
    return not any(sighting.content == entry.content and sighting <= own for sighting in earlier)


def _sighting(entry: Entry) -> Sighting:
    return Sighting(entry.fetched_at, entry.content, entry.digest, entry.complete)
