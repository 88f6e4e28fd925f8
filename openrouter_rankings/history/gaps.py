"""Which days the archive lacks. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import attrs

__all__ = ["GAPS_FOUND", "Covered", "Gap", "Gaps", "find_gaps", "gaps_exit_code"]

GAPS_FOUND = 3
"""The exit code of ``gaps`` where days are missing or the newest is too old."""

_DAY = timedelta(days=1)

Covered = tuple[date, date]
"""The first and the last of consecutive days that the archive has."""


@attrs.frozen
class Gap:
    """Consecutive UTC days that are missing.

    Attributes:
        first: the first day.
        last: the last day.
    """

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days they are."""
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + n * _DAY for n in range(self.days))


@attrs.frozen
class Gaps:
    """What a series lacks.

    Attributes:
        first: the first complete day that the archive has; None if it has none.
        last: the newest one.
        missing: the days between them that it lacks; empty for data sets that do not state a new date each day.
        due: the most recent complete day, if the archive could have it and does not; None otherwise. The service
            publishes a day in the course of the next one, at no documented hour.
        age: the time since the newest day ended; of data sets that do not state a new date each day, since an answer
            was last fetched. None if there is none.
    """

    first: date | None
    last: date | None
    missing: tuple[Gap, ...]
    due: date | None
    age: timedelta | None

    @property
    def missing_days(self) -> int:
        """How many days are missing."""
        return sum(gap.days for gap in self.missing)


def find_gaps(covered: Iterable[Covered], seen: datetime | None, now: datetime, *, daily: bool) -> Gaps:
    """The gaps between the days that are covered.

    Args:
        covered: what the archive has, in any order; may overlap.
        seen: when an answer was last fetched (aware); None if there is none.
        now: the present (aware, UTC).
        daily: the data set states a new date each day.
    """
    runs = list(_joined(sorted(covered)))
    yesterday = now.date() - _DAY
    last = runs[-1][1] if runs else None
    between = tuple(Gap(end + _DAY, start - _DAY) for (_, end), (start, _) in pairwise(runs))
    ended = None if last is None else datetime.combine(last, time(), UTC) + _DAY
    updated = ended if daily else seen
    return Gaps(
        first=runs[0][0] if runs else None,
        last=last,
        missing=between if daily else (),
        due=yesterday if daily and (last is None or last < yesterday) else None,
        age=None if updated is None else now - updated,
    )


def gaps_exit_code(gaps: Iterable[Gaps], max_age: timedelta | None = None) -> int:
    """0 if no day is missing and each newest day ended at most ``max_age`` ago; else ``GAPS_FOUND``.

    A series without any day is too old for every ``max_age``.
    """
    for each in gaps:
        too_old = max_age is not None and (each.age is None or each.age > max_age)
        if each.missing or too_old:
            return GAPS_FOUND
    return 0


def _joined(spans: list[Covered]) -> Iterator[Covered]:
    """The spans, sorted by their first day, with those that touch made one."""
    start: date | None = None
    end = date.min
    for first, last in spans:
        if start is not None and first > end + _DAY:
            yield start, end
            start = None
        start, end = start or first, max(end, last)
    if start is not None:
        yield start, end
