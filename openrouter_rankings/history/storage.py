"""What the archive asks of its table, as scripts (see ``engine``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby

import attrs

from openrouter_rankings.history.engine import Row, Script
from openrouter_rankings.history.entry import Entry, Slot
from openrouter_rankings.history.revisions import Outcome, Revision, Sighting, needs_body, outcome_of, revisions_of

__all__ = [
    "Days",
    "Stored",
    "all_series",
    "coverage",
    "covered",
    "days",
    "insert",
    "last_seen",
    "latest",
    "slots",
    "stored",
]

_INSERT = """
    INSERT INTO openrouter_rankings_archive (data_set, series, last_day, first_day, fetched_at, content, digest,
        complete, size, citation, licence, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"""
_SIGHTINGS_OF_SLOT = """
    SELECT fetched_at, content, digest, complete FROM openrouter_rankings_archive
    WHERE data_set = $1 AND series = $2 AND last_day = $3 AND first_day = $4"""
_SIGHTINGS_OF_DAYS = """
    SELECT first_day, last_day, fetched_at, content, digest, complete FROM openrouter_rankings_archive
    WHERE data_set = $1 AND series = $2 AND last_day >= $3 AND last_day <= $4 ORDER BY last_day, first_day"""
_DAYS = """
    SELECT DISTINCT last_day FROM openrouter_rankings_archive
    WHERE data_set = $1 AND series = $2 AND last_day >= $3 AND last_day <= $4 AND complete >= $5
    ORDER BY last_day LIMIT $6"""
_LATEST_DAY = """
    SELECT max(last_day) FROM openrouter_rankings_archive
    WHERE data_set = $1 AND series = $2 AND last_day >= $3 AND last_day <= $4 AND complete >= $5"""
_STORED = """
    SELECT size, citation, licence, body FROM openrouter_rankings_archive
    WHERE data_set = $1 AND series = $2 AND last_day = $3 AND first_day = $4
        AND fetched_at = $5 AND content = $6 AND digest = $7 AND complete = $8"""
_COVERED = """
    SELECT first_day, last_day, max(complete), max(fetched_at) FROM openrouter_rankings_archive
    WHERE data_set = $1 AND series = $2 GROUP BY first_day, last_day"""
# Only of the newest date: over all dates, each answer more would make collecting slower.
_LAST_SEEN = """
    SELECT max(fetched_at) FROM openrouter_rankings_archive
    WHERE data_set = $1 AND series = $2 AND last_day =
        (SELECT max(last_day) FROM openrouter_rankings_archive WHERE data_set = $1 AND series = $2)"""
_ALL_SERIES = "SELECT DISTINCT data_set, series FROM openrouter_rankings_archive"

_NO_LIMIT = 2**62


@attrs.frozen
class Days:
    """Which dates of which series to read.

    Attributes:
        data_set: the name of the data set.
        series: the parameters in their canonical spelling.
        first: the first date, as ISO text.
        last: the last date.
        unfinished: whether dates count that are only known from answers made before they were over.
    """

    data_set: str
    series: str
    first: str = "0001-01-01"
    last: str = "9999-12-31"
    unfinished: bool = False

    @property
    def values(self) -> tuple[str, str, str, str, int]:
        """The first five values of a statement."""
        return self.data_set, self.series, self.first, self.last, int(not self.unfinished)


@attrs.frozen
class Stored:
    """A revision with what is stored of it.

    Attributes:
        revision: the revision.
        size: the length of the body as received, in bytes.
        citation: the line to cite it with.
        licence: the line that names its licence.
        body: the body, compressed.
    """

    revision: Revision
    size: int
    citation: str
    licence: str
    body: bytes = attrs.field(repr=False)


def insert(entries: Iterable[Entry]) -> Script[list[Outcome]]:
    """Store the entries; what each is to those stored before it."""
    outcomes: list[Outcome] = []
    for entry in entries:
        slot = entry.slot
        key = (slot.data_set, slot.series, slot.last, slot.first)
        earlier = [_sighting(row) for row in (yield (_SIGHTINGS_OF_SLOT, *key))]
        body = entry.body if needs_body(entry, earlier) else None
        seen = (entry.fetched_at, entry.content, entry.digest, int(entry.complete))
        yield (_INSERT, *key, *seen, entry.size, entry.citation, entry.licence, body)
        outcomes.append(outcome_of(entry, earlier))
    return outcomes


def all_series() -> Script[list[tuple[str, str]]]:
    """The data set and the parameters of every series."""
    return sorted((row[0], row[1]) for row in (yield (_ALL_SERIES,)))


def last_seen(wanted: Iterable[tuple[str, str]]) -> Script[dict[tuple[str, str], str]]:
    """When an answer about the newest date was fetched last, as ISO text; empty if there is none.

    Args:
        wanted: the data sets and parameters.
    """
    seen: dict[tuple[str, str], str] = {}
    for data_set, series in wanted:
        rows = yield (_LAST_SEEN, data_set, series)
        seen[data_set, series] = rows[0][0] or ""
    return seen


def days(wanted: Days, limit: int = _NO_LIMIT) -> Script[list[str]]:
    """The dates that there are answers of, in order, at most ``limit``."""
    return [row[0] for row in (yield (_DAYS, *wanted.values, limit))]


def covered(data_set: str, series: str, *, cumulative: bool) -> Script[list[tuple[date, date]]]:
    """The days that there are figures of which are complete, as spans; each single date unless ``cumulative``."""
    return (yield from coverage(data_set, series, cumulative=cumulative))[0]


def coverage(
    data_set: str, series: str, *, cumulative: bool
) -> Script[tuple[list[tuple[date, date]], datetime | None]]:
    """The same, and when an answer was fetched last; None if there is none."""
    spans: list[tuple[date, date]] = []
    rows = yield (_COVERED, data_set, series)
    for first_text, last_text, complete, seen in rows:
        first, last = date.fromisoformat(first_text), date.fromisoformat(last_text)
        if not complete:
            last = min(last, datetime.fromisoformat(seen).date()) - timedelta(days=1)
        if cumulative and first <= last:
            spans.append((first, last))
        elif complete and not cumulative:
            spans.append((last, last))
    return spans, max((datetime.fromisoformat(row[3]) for row in rows), default=None)


def slots(wanted: Days) -> Script[list[list[Revision]]]:
    """The revisions of each span, the oldest first, in the order of their last and first days."""
    rows = yield (_SIGHTINGS_OF_DAYS, *wanted.values[:4])
    return [
        revisions_of(Slot(wanted.data_set, wanted.series, first, last), [_sighting(row[2:]) for row in group])
        for (first, last), group in groupby(rows, key=lambda row: (row[0], row[1]))
    ]


def latest(wanted: Days) -> Script[Stored | None]:
    """The newest revision of the newest date."""
    newest = (yield (_LATEST_DAY, *wanted.values))[0][0]
    if newest is None:
        return None
    candidates = yield from slots(attrs.evolve(wanted, first=newest, last=newest))
    revisions = [revision for each in candidates for revision in each if revision.complete or wanted.unfinished]
    return (yield from stored([max(revisions, key=lambda revision: revision.sightings[-1])]))[0]


def stored(revisions: Iterable[Revision]) -> Script[list[Stored]]:
    """The revisions with their bodies."""
    found: list[Stored] = []
    for revision in revisions:
        slot, source = revision.slot, revision.source
        key = (slot.data_set, slot.series, slot.last, slot.first)
        seen = (source.fetched_at, source.content, source.digest, int(source.complete))
        rows = yield (_STORED, *key, *seen)
        found.append(Stored(revision, *rows[0]))
    return found


def _sighting(row: Row) -> Sighting:
    fetched_at, content, digest, complete = row
    return Sighting(fetched_at, content, digest, bool(complete))
