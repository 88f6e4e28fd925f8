"""Daily rankings over a long span, from archived answers about spans that overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta

import attrs

from openrouter_rankings.analysis.dates import last_day
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history import storage
from openrouter_rankings.history.data_sets import by_type, grain_of, parameters_of
from openrouter_rankings.history.engine import Engine
from openrouter_rankings.history.reading import batches, decoded, wanted_revisions
from openrouter_rankings.history.revisions import Revision
from openrouter_rankings.history.storage import Days
from openrouter_rankings.models.data_set import DataSetMeta
from openrouter_rankings.models.rankings_daily import Period, RankingsDaily, RankingsDailyItem
from openrouter_rankings.models.scalar_types import Timestamp

__all__ = ["newest_figures", "row_dates", "rows_of_span"]

_DAY = timedelta(days=1)


@attrs.define
class _Made:
    """When the answers were made whose rows are joined.

    A row whose days are over at ``as_of`` is taken for a whole one. So the joined answer is as old as the newest one,
    whose rows are among the last; but never newer than an answer that gave a row in progress.
    """

    finished: list[Timestamp] = attrs.field(factory=list[Timestamp])
    unfinished: list[Timestamp] = attrs.field(factory=list[Timestamp])

    def add(self, as_of: Timestamp, *, finished: bool) -> None:
        (self.finished if finished else self.unfinished).append(as_of)

    @property
    def as_of(self) -> Timestamp:
        if self.unfinished:
            return min(self.unfinished, key=lambda as_of: as_of.utc)
        return max(self.finished, key=lambda as_of: as_of.utc)


async def rows_of_span(engine: Engine, wanted: Days, start: date, end: date) -> RankingsDaily | None:
    """The newest figures of each date from ``start`` to ``end``; None if there are none."""
    spans = await engine.run(storage.slots(attrs.evolve(wanted, first=start.isoformat())))
    # An answer about the current day has the figures of the days before it as well.
    revisions = wanted_revisions(spans, unfinished=True, every_revision=False)
    newest = newest_figures(revisions, start, end, unfinished=wanted.unfinished)
    rows: list[RankingsDailyItem] = []
    metas: list[DataSetMeta] = []
    made = _Made()
    synthetic = False
    answer = None
    for batch in batches(list(newest.items())):
        stored = await engine.run(storage.stored([revision for revision, _ in batch]))
        for archived, (revision, dates) in zip(await decoded(by_type(RankingsDaily), stored), batch, strict=True):
            answer = archived.answer
            made.add(answer.meta.as_of, finished=dates.issubset(row_dates(revision, unfinished=False)))
            synthetic |= answer.synthetic
            rows += [row for row in answer.data if row.date in dates]
            metas.append(answer.meta)
    if answer is None:
        return None
    return attrs.evolve(
        answer,
        synthetic=synthetic,
        data=tuple(sorted(rows, key=lambda row: (row.date, row.is_other, -row.total_tokens, row.model_permaslug))),
        meta=attrs.evolve(
            answer.meta,
            as_of=made.as_of,
            start_date=max(start, min(meta.start_date for meta in metas)),
            end_date=min(_end_of(rows, end, answer.period), max(meta.end_date for meta in metas)),
        ),
    )


def _end_of(rows: Iterable[RankingsDailyItem], end: date, period: str) -> date:
    """The last day that the rows are about, at least ``end``: a week or month that begins by then is not divided."""
    return max(end, last_day(max((row.date for row in rows), default=end), period))


def newest_figures(
    revisions: Iterable[Revision], start: date, end: date, *, unfinished: bool
) -> Mapping[Revision, set[date]]:
    """Which revision has the newest figures of which dates, for the revisions that have any."""
    taken: set[date] = set()
    newest: dict[Revision, set[date]] = {}
    for revision in sorted(revisions, key=lambda revision: revision.sightings[-1], reverse=True):
        dates = {day for day in row_dates(revision, unfinished=unfinished) if start <= day <= end} - taken
        if dates:
            newest[revision] = dates
            taken |= dates
    return newest


def row_dates(revision: Revision, *, unfinished: bool) -> Iterator[date]:
    """The dates of the rows that ``revision`` has whole: all their days are in its span, and over.

    Args:
        revision: the revision of an answer.
        unfinished: also rows whose days are not over, or only begin within the span.
    """
    grain, sampled = grain_of(parameters_of(revision.slot.series))
    first = date.fromisoformat(revision.slot.first)
    last = date.fromisoformat(revision.slot.last)
    buckets = _BUCKETS.get(grain)
    if buckets is None:
        raise ConfigurationError(f'Which days a row of the period "{grain}" sums is not known.')
    for row, begins, ends in buckets(first, last, sampled):
        if begins >= first and (unfinished or ends <= revision.complete_through):
            yield row


# The date of a row, and the first and the last of the days that it sums.
_Bucket = tuple[date, date, date]


def _days(first: date, last: date, _sampled: bool) -> Iterator[_Bucket]:
    for day in (first + n * _DAY for n in range((last - first).days + 1)):
        yield day, day, day


def _weeks(first: date, last: date, _sampled: bool) -> Iterator[_Bucket]:
    monday = first - first.weekday() * _DAY
    while monday <= last:
        yield monday, monday, monday + 6 * _DAY
        monday += 7 * _DAY


def _months(first: date, last: date, sampled: bool) -> Iterator[_Bucket]:
    month = first.replace(day=1)
    while month <= last:
        following = (month + 31 * _DAY).replace(day=1)
        # A sampled week belongs to the month of its Monday.
        yield (
            (month, _monday_from(month), _monday_from(following) - _DAY)
            if sampled
            else (
                month,
                month,
                following - _DAY,
            )
        )
        month = following


def _monday_from(day: date) -> date:
    """The first Monday that is not before ``day``."""
    return day + -day.weekday() % 7 * _DAY


_BUCKETS: Mapping[str, Callable[[date, date, bool], Iterator[_Bucket]]] = {
    Period.DAY: _days,
    Period.WEEK: _weeks,
    Period.MONTH: _months,
}
