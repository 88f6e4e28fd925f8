"""The dates of a chart over time: which there should be, what they are called, and how many days they stand for."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.rankings_daily import Period
from openrouter_rankings.parameters import listed
from openrouter_rankings.render.charts.words import MONTHS, day

__all__ = ["MOST_DATES", "date_text", "date_texts", "days_of", "every_date", "is_over", "named", "span", "week_of"]

MOST_DATES = 800
"""A chart over time has so many dates at most: more than two years of days."""

_MOST_NAMED = 3


def week_of(value: date) -> date:
    """The Monday of the day's week."""
    return value - timedelta(days=value.weekday())


def every_date(known: Iterable[date], period: str) -> list[date]:
    """All dates from the first to the last of the known ones, of which there is at least one.

    Raises:
        ConfigurationError: there are more than ``MOST_DATES``, the known ones do not lie a period apart, or ``period``
            is none of ``Period``.
    """
    ordered = sorted(known)
    first, last = ordered[0], ordered[-1]
    days = last.toordinal() - first.toordinal()
    if days >= MOST_DATES * days_of(first, period):
        raise ConfigurationError(f"A chart shows {MOST_DATES} dates at most: {first} to {last} is too long a span.")
    if period == Period.MONTH:
        dates = _months(first, last)
    else:
        dates = [date.fromordinal(first.toordinal() + step) for step in range(0, days + 1, days_of(first, period))]
    strays = set(ordered) - set(dates)
    if strays:
        raise ConfigurationError(f"The dates must lie a {period} apart from {dates[0]} on, and {min(strays)} does not.")
    return dates


def days_of(first_day: date, period: str) -> int:
    """How many days the day, week or month that begins on this day has.

    Raises:
        ConfigurationError: ``period`` is none of ``Period``.
    """
    lengths = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: monthrange(first_day.year, first_day.month)[1]}
    if period not in set(Period):
        raise ConfigurationError(f"period must be {listed(Period)}, not {period!r}.")
    return lengths[Period(period)]


def is_over(first_day: date, period: str, today: date) -> bool:
    """The day, week or month that begins on this day is over today."""
    return first_day.toordinal() + days_of(first_day, period) <= today.toordinal()


def date_text(first_day: date, period: str) -> str:
    """What a date is called: ``16 Sep 2026``, or ``Sep 2026`` for a month."""
    return f"{MONTHS[first_day.month - 1]} {first_day.year}" if period == Period.MONTH else day(first_day)


def date_texts(dates: Sequence[date], period: str) -> list[str]:
    """What the dates are called along an axis: days of one year without it."""
    if period == Period.MONTH or dates[0].year != dates[-1].year:
        return [date_text(each, period) for each in dates]
    return [_without_year(each) for each in dates]


def span(first: date, last: date, period: str) -> str:
    """Such as ``18 Aug to 16 Sep 2026``, or ``2 to 16 Sep 2026``."""
    start = date_text(first, period)
    if period != Period.MONTH and first.year == last.year:
        start = str(first.day) if first.month == last.month else _without_year(first)
    return f"{start} to {date_text(last, period)}" if first != last else date_text(last, period)


def named(texts: Sequence[str]) -> str:
    """The first of the texts, and how many more there are."""
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _without_year(value: date) -> str:
    return f"{value.day} {MONTHS[value.month - 1]}"


def _months(first: date, last: date) -> list[date]:
    numbers = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
