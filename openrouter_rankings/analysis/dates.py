"""Dates: which rows are whole, which answers lie how far apart, and parts of an answer.

A row is whole if its day, week or month is over and lies within the span that was asked for. The row of the current UTC
day still grows, and the first and last week of a span may hold only a few of their days.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.data_set import DataSetMeta
from openrouter_rankings.models.rankings_daily import Period, RankingsDaily

__all__ = [
    "checked_day",
    "incomplete_dates",
    "last_day",
    "last_week",
    "monday",
    "previous",
    "span",
    "week_before",
    "whole",
]

_ONE_DAY = timedelta(days=1)
_ONE_WEEK = timedelta(days=7)

_LAST_DAYS: Mapping[str, Callable[[date], date]] = {
    Period.DAY: lambda first: first,
    # The service could give the last week of the calendar, which ends after it.
    Period.WEEK: lambda first: date.fromordinal(min(first.toordinal() + 6, date.max.toordinal())),
    Period.MONTH: lambda first: first.replace(day=monthrange(first.year, first.month)[1]),
}


def last_day(first: date, period: str) -> date:
    """The last day of the day, week or month that begins on ``first``.

    Raises:
        ConfigurationError: ``period`` is not one of ``Period``.
    """
    try:
        return _LAST_DAYS[period](first)
    except KeyError as error:
        raise ConfigurationError(f"The periods known are {', '.join(Period)}, not {period!r}.") from error


def monday(day: date) -> date:
    """The first day of the ISO week of a day."""
    return day - day.weekday() * _ONE_DAY


def incomplete_dates(answer: RankingsDaily) -> tuple[date, ...]:
    """The dates whose rows are not whole, in order: in progress when the answer was made, or cut by its span."""
    today = answer.meta.as_of.utc.date()
    dates = sorted({row.date for row in answer.data})
    return tuple(day for day in dates if not _is_whole(day, answer, today))


def _is_whole(first: date, answer: RankingsDaily, today: date) -> bool:
    last, meta = last_day(first, answer.period), answer.meta
    if not answer.is_estimate:
        return meta.start_date <= first and last <= meta.end_date and last < today
    # A sampled week counts as its Monday, in the span as in the month, and reaches beyond both.
    mondays = monday(last_day(first, Period.WEEK)), monday(last)
    return meta.start_date <= mondays[0] and mondays[1] <= meta.end_date and last_day(mondays[1], Period.WEEK) < today


def whole(answer: RankingsDaily) -> RankingsDaily:
    """The answer without the rows that are not whole."""
    left_out = set(incomplete_dates(answer))
    if not left_out:
        return answer
    return attrs.evolve(answer, data=tuple(row for row in answer.data if row.date not in left_out))


def span(answer: RankingsDaily, start: date, end: date) -> RankingsDaily:
    """The part of an answer from ``start`` to ``end``, both inclusive, as if it had been asked for.

    A week or month counts by its first day, and comes whole: its row is not divided.

    Raises:
        ConfigurationError: ``start`` is after ``end``, or the answer has none of these days.
    """
    first, last = checked_day("start", start), checked_day("end", end)
    if first > last:
        raise ConfigurationError(f"start must not be after end, and {first} is after {last}.")
    meta = answer.meta
    if last < meta.start_date or first > meta.end_date:
        raise ConfigurationError(
            f"The answer covers {meta.start_date} to {meta.end_date}, and nothing of {first} to {last}."
        )
    rows = tuple(row for row in answer.data if first <= row.date <= last)
    covered = max([last, *(last_day(row.date, answer.period) for row in rows[-1:])])
    return attrs.evolve(answer, data=rows, meta=_narrowed(meta, first, covered))


def _narrowed(meta: DataSetMeta, first: date, last: date) -> DataSetMeta:
    return attrs.evolve(meta, start_date=max(first, meta.start_date), end_date=min(last, meta.end_date))


def previous(dates: Iterable[date], day: date, days: int = 28) -> date | None:
    """The date nearest to ``days`` before ``day``, of two equally near the earlier one; None if none is near.

    Near is within a quarter of ``days``: about four weeks ago is 21 to 35 days before, about a week ago (``days=7``) is
    6 to 8 days before.

    Args:
        dates: the dates to choose from, in any order.
        day: the date to go back from.
        days: how far, at least 1.

    Raises:
        ConfigurationError: ``days`` is less than 1.
    """
    if days < 1:
        raise ConfigurationError(f"days must be at least 1, and is {days}.")
    off = {each: abs((day - each).days - days) for each in dates}
    within = [each for each, distance in off.items() if distance <= days // 4]
    return min(within, key=lambda each: (off[each], each), default=None)


def last_week(answer: RankingsDaily) -> RankingsDaily | None:
    """The last seven days of an answer up to its last complete date; None if no date is complete.

    Of an answer by week or month, its last complete row date.
    """
    dates = {row.date for row in whole(answer).data}
    return _week_to(max(dates), answer) if dates else None


def week_before(answer: RankingsDaily, day: date, days: int = 28) -> RankingsDaily | None:
    """What ``last_week`` would have given about so many days before ``day``, the last date that it gave.

    Args:
        answer: daily rankings that hold the earlier days, all complete.
        day: the date to go back from.
        days: how far, see ``previous``.

    Returns:
        None if the answer does not have the whole week.

    Raises:
        ConfigurationError: ``days`` is less than 1.
    """
    dates = {row.date for row in whole(answer).data}
    within = _ONE_WEEK - _ONE_DAY if answer.period == Period.DAY else timedelta()
    # Subtracted from the dates, because the first days of the calendar have no week before them.
    found = previous((each for each in dates if each - answer.meta.start_date >= within), day, days)
    return None if found is None else _week_to(found, answer)


def _week_to(day: date, answer: RankingsDaily) -> RankingsDaily:
    if answer.period != Period.DAY:
        return span(answer, day, day)
    return span(answer, date.fromordinal(max(day.toordinal() - 6, answer.meta.start_date.toordinal())), day)


def checked_day(name: str, value: date) -> date:
    """The value, which must be a day.

    Raises:
        ConfigurationError: it is not.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ConfigurationError(f"{name} must be a datetime.date, not {value!r}.")
