"""Spans of days: what the service accepts in one request, and how a longer span is split."""

from __future__ import annotations

from datetime import date, timedelta

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.rankings_daily import FIRST_DAY, Period
from openrouter_rankings.parameters import day, listed

__all__ = ["LONGEST_SPAN", "checked_span", "days_in", "split"]

LONGEST_SPAN = 366
"""The most days that the service accepts in one request."""

Span = tuple[date | None, date | None]
"""The first and the last UTC day, both included; None leaves it to the service."""

_DAY = timedelta(days=1)


def checked_span(start_date: date | str | None, end_date: date | str | None) -> Span:
    """The span to ask for. A start before the first day of the data is moved to that day, as the service does.

    Raises:
        ConfigurationError: a date is invalid, the start is after the end, or the end is before the data begins.
    """
    start, end = day("start_date", start_date), day("end_date", end_date)
    if end is not None and end < FIRST_DAY:
        raise ConfigurationError(f"end_date must be {FIRST_DAY} or later, when the data begins, not {end}.")
    if start is not None and end is not None and start > end:
        raise ConfigurationError(f"start_date must not be after end_date, and {start} is after {end}.")
    return (None if start is None else max(start, FIRST_DAY)), end


def days_in(span: Span, latest: date) -> int:
    """The number of days in the span; 0 if the service chooses its start.

    Args:
        span: the span.
        latest: the most recent complete UTC day, which is the service's default end.
    """
    start, end = span
    return 0 if start is None else ((end or latest) - start).days + 1


def split(span: Span, *, period: str, sampled: bool, latest: date) -> tuple[Span, ...]:
    """The span as the fewest consecutive spans that the service accepts, up to the present.

    A part may end in the future, but none after the first begins there. None begins within a week or month, whose
    tokens the service sums into one row. In sampled data weeks are whole, and belong to the month of their Monday.

    Raises:
        ConfigurationError: the span is too long for one request, and of a period that this library does not know.
    """
    start, end = span
    spans: list[Span] = []
    while start is not None and days_in((start, end), latest) > LONGEST_SPAN:
        following = _bucket(start + timedelta(days=LONGEST_SPAN), period, sampled=sampled)
        spans.append((start, following - _DAY))
        if following > latest + _DAY:
            # Days to come have no figures, and are not worth a request.
            return tuple(spans)
        start = following
    return (*spans, (start, end))


def _bucket(within: date, period: str, *, sampled: bool) -> date:
    """The first day of the row that holds the day ``within``."""
    if period == Period.DAY:
        return within
    if period == Period.WEEK:
        return within - within.weekday() * _DAY
    if period == Period.MONTH:
        return _first_monday(within) if sampled else within.replace(day=1)
    raise ConfigurationError(
        f"A span over {LONGEST_SPAN} days takes several requests, whose rows can be joined for {listed(Period)}, not "
        f'for the unknown period "{period}".'
    )


def _first_monday(within: date) -> date:
    """The first Monday of a month, the last such one that is not after ``within``."""
    monday = within - within.weekday() * _DAY
    return monday - (monday.day - 1) // 7 * 7 * _DAY
