"""Two archived answers of one data set to compare, some time apart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

import attrs

from openrouter_rankings.analysis.dates import last_week, previous, week_before
from openrouter_rankings.models.rankings_daily import RankingsDaily

if TYPE_CHECKING:
    from openrouter_rankings.history.archive import Archive

__all__ = ["Dates", "answer_before", "answer_on", "two_answers", "two_weeks"]

T = TypeVar("T")

# The longest row, a month, and the month before the one that is looked for.
_MARGIN = timedelta(days=70)


@attrs.frozen
class Dates:
    """Which two dates to compare.

    Attributes:
        days: how far they are apart, about, see ``previous``.
        old: the earlier one; None for about ``days`` before the later one.
        new: the later one; None for the newest there is.
    """

    days: int = 28
    old: date | None = None
    new: date | None = None


async def answer_on(archive: Archive, kind: type[T], day: date, parameters: Mapping[str, object]) -> T | None:
    """The newest answer dated on ``day``; None if there is none."""
    archived = await archive.latest(kind, parameters, until=day)
    return None if archived is None or archived.date != day else archived.answer


async def answer_before(
    archive: Archive, kind: type[T], day: date, parameters: Mapping[str, object], days: int = 28
) -> T | None:
    """The answer of about ``days`` before ``day``, see ``previous``; None if there is none."""
    found = previous(await archive.dates(kind, parameters), day, days)
    return None if found is None else await answer_on(archive, kind, found, parameters)


async def two_answers(
    archive: Archive, kind: type[T], parameters: Mapping[str, object], dates: Dates
) -> tuple[T | None, T | None]:
    """Two answers that are each about one window, the earlier one first; None for one that the archive lacks.

    Args:
        archive: the archive.
        kind: the class of the answers.
        parameters: what they were asked for with.
        dates: which two. Without the later one, the earlier one is not looked for.
    """
    later = await archive.latest(kind, parameters, until=dates.new)
    if later is None or later.date != (dates.new or later.date):
        return None, None
    if dates.old is not None:
        return await answer_on(archive, kind, dates.old, parameters), later.answer
    return await answer_before(archive, kind, later.date, parameters, dates.days), later.answer


async def two_weeks(
    archive: Archive, parameters: Mapping[str, object], dates: Dates
) -> tuple[RankingsDaily | None, RankingsDaily | None]:
    """Two weeks of daily rankings, or two rows by week or month, as ``two_answers``.

    Each is the last complete one up to a date of ``dates``, see ``last_week`` and ``week_before``.
    """
    newest = dates.new
    if newest is None:
        archived = await archive.latest(RankingsDaily, parameters, unfinished=True)
        if archived is None:
            return None, None
        newest = archived.date
    reach = timedelta(days=dates.days * 5 // 4) + _MARGIN
    joined = await archive.rankings_daily(newest - reach, dates.new, parameters)
    after = None if joined is None else last_week(joined)
    if joined is None or after is None:
        return None, None
    if dates.old is None:
        return week_before(joined, after.data[-1].date, dates.days), after
    earlier = await archive.rankings_daily(dates.old - _MARGIN, dates.old, parameters)
    return None if earlier is None else last_week(earlier), after
