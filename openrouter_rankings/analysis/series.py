"""One figure a date out of many answers: which answer counts for a date, and which dates have none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

import attrs

from openrouter_rankings.analysis.dates import incomplete_dates, last_day
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.rankings_daily import RankingsDaily, RankingsDailyItem
from openrouter_rankings.models.task_classifications import TaskClassifications

__all__ = [
    "AnyRankings",
    "AnyTasks",
    "Revision",
    "Rows",
    "answers_by_date",
    "by_kind",
    "every_date",
    "rows_by_date",
    "rows_of",
    "slugs_in",
]

A = TypeVar("A", bound=TaskClassifications | RankingsDaily)
V = TypeVar("V")

Rows = tuple[RankingsDailyItem, ...]
"""The rows of one date."""

MOST_DATES = 40_000
"""The most dates that a series has, over a hundred years of days."""


def _check_aware(_revision: Revision[A], _attribute: attrs.Attribute[datetime], instant: datetime) -> None:
    if instant.tzinfo is None:
        raise ConfigurationError(f"fetched_at must be an aware datetime, not {instant!r}: give it a time zone.")


@attrs.frozen
class Revision(Generic[A]):
    """An answer with the instant of its fetch, which tells which of two answers for one date is the later one.

    Attributes:
        answer: the answer.
        fetched_at: when it was fetched, an aware ``datetime``.

    Raises:
        ConfigurationError: ``fetched_at`` has no time zone.
    """

    answer: A
    fetched_at: datetime = attrs.field(validator=_check_aware)


AnyTasks = TaskClassifications | Revision[TaskClassifications]
"""Task classifications, with the instant of their fetch or without."""

AnyRankings = RankingsDaily | Revision[RankingsDaily]
"""Daily rankings, with the instant of their fetch or without; they say themselves when they were made."""


def by_kind(
    answers: RankingsDaily | Iterable[AnyTasks] | Iterable[AnyRankings],
) -> tuple[list[AnyTasks], list[RankingsDaily]]:
    """The answers as task classifications or as daily rankings in the order of their making; one of the two is empty.

    Raises:
        ConfigurationError: there are no answers, or they are not all of one of these kinds.
    """
    given: list[Any] = [answers] if isinstance(answers, RankingsDaily) else list(answers)
    values = [each.answer if isinstance(each, Revision) else each for each in given]
    if values and all(isinstance(value, TaskClassifications) for value in values):
        return given, []
    if values and all(isinstance(value, RankingsDaily) for value in values):
        return [], sorted(values, key=lambda answer: answer.meta.as_of.utc)
    raise ConfigurationError("Give one or more task classifications, or one or more daily rankings.")


def answers_by_date(answers: Iterable[AnyTasks]) -> dict[date, TaskClassifications]:
    """The answer that counts for each date, in the order of the dates.

    Classifications do not say when they were made: of several different answers for a date, the last fetched counts.

    Raises:
        ConfigurationError: two different answers are for one date, and nothing says which was fetched later; or the
            windows are of different lengths.
    """
    found: defaultdict[date, list[tuple[datetime | None, TaskClassifications]]] = defaultdict(list)
    windows: set[int] = set()
    for each in answers:
        answer, instant = (each.answer, each.fetched_at) if isinstance(each, Revision) else (each, None)
        found[answer.as_of].append((instant, answer))
        windows.add(answer.window_days)
    if len(windows) > 1:
        raise ConfigurationError(f"Windows of {min(windows)} and {max(windows)} days do not make one series.")
    return {day: _latest(day, found[day]) for day in sorted(found)}


def rows_by_date(answers: Sequence[RankingsDaily]) -> tuple[dict[date, Rows], tuple[date, ...]]:
    """The rows that count for each date, in the order of the dates, and the dates that are incomplete everywhere.

    All rows of a date are from one answer: of those that have the date complete, the one with the latest
    ``meta.as_of``.

    Raises:
        ConfigurationError: two answers of the same instant have different rows of a date, or the answers have different
            periods or filters.
    """
    found: defaultdict[date, list[tuple[datetime | None, Rows]]] = defaultdict(list)
    incomplete: set[date] = set()
    _check_alike(answers)
    for answer in answers:
        left_out = set(incomplete_dates(answer))
        incomplete |= left_out
        for day, rows in rows_of(answer).items():
            if day not in left_out:
                found[day].append((answer.meta.as_of.utc, rows))
    return {day: _latest(day, found[day]) for day in sorted(found)}, tuple(sorted(incomplete - found.keys()))


def _check_alike(answers: Sequence[RankingsDaily]) -> None:
    if len({(answer.period, answer.is_estimate) for answer in answers}) > 1:
        raise ConfigurationError("Daily rankings of different periods or filters do not make one series.")


def rows_of(answer: RankingsDaily) -> Mapping[date, Rows]:
    """The rows of each date."""
    rows: defaultdict[date, list[RankingsDailyItem]] = defaultdict(list)
    for row in answer.data:
        rows[row.date].append(row)
    return {day: tuple(its_rows) for day, its_rows in rows.items()}


def slugs_in(rows: Mapping[date, Rows]) -> list[set[str]]:
    """The models listed on each date; ``other`` is not one."""
    return [{row.model_permaslug for row in its_rows if not row.is_other} for its_rows in rows.values()]


def _latest(day: date, revisions: Sequence[tuple[datetime | None, V]]) -> V:
    value = revisions[0][1]
    if all(other == value for _, other in revisions):
        return value
    instants = [instant for instant, _ in revisions if instant is not None]
    if len(instants) < len(revisions):
        raise ConfigurationError(
            f"Two different answers are for {day}, and nothing says which is the later one: give each as "
            "Revision(answer, fetched_at)."
        )
    latest = [value for instant, value in revisions if instant == max(instants)]
    if any(other != latest[0] for other in latest):
        raise ConfigurationError(f"Two different answers for {day} were made or fetched at the same instant.")
    return latest[0]


def every_date(dates: Iterable[date], period: str) -> Iterator[date]:
    """The dates of a series from the first to the last, those between that are missing included.

    Raises:
        ConfigurationError: there would be more than ``MOST_DATES``.
    """
    ordered = sorted(dates)
    if not ordered:
        return
    day, last = ordered[0], ordered[-1]
    if (last - day).days >= MOST_DATES:
        raise ConfigurationError(f"A series has at most {MOST_DATES} dates, and {day} to {last} are more.")
    while day < last:
        yield day
        day = last_day(day, period) + timedelta(days=1)
    yield last
