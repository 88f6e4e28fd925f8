"""Spans of days: what is refused, and how a long one is taken apart."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import ConfigurationError
from openrouter_rankings.models.rankings_daily import FIRST_DAY
from openrouter_rankings.spans import LONGEST_SPAN, checked_span, days_in, split

LATEST = date(2026, 11, 22)
DAY = timedelta(days=1)

days = st.dates(FIRST_DAY, date(2036, 1, 1))
spans = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
grains = st.sampled_from([("day", False), ("week", False), ("month", False), ("week", True), ("month", True)])


def parts_of(start: date, end: date, period: str = "day", *, sampled: bool = False) -> list[tuple[Any, Any]]:
    return list(split((start, end), period=period, sampled=sampled, latest=LATEST))


def row_of(day: date, period: str, *, sampled: bool) -> date:
    """The date of the row that the service sums a day's tokens into."""
    monday = day - day.weekday() * DAY
    if period == "day":
        return day
    if period == "week":
        return monday
    return (monday if sampled else day).replace(day=1)


@given(spans, grains)
def test_the_parts_are_the_span_in_order_without_a_gap_or_an_overlap(
    span: tuple[date, date], grain: tuple[str, bool]
) -> None:
    parts = parts_of(*span, grain[0], sampled=grain[1])
    assert parts[0][0] == span[0]
    assert parts[-1][1] == span[1] or LATEST < parts[-1][1] < span[1]
    assert all(following[0] - before[1] == DAY for before, following in pairwise(parts))
    assert all(1 <= (end - start).days + 1 <= LONGEST_SPAN for start, end in parts)


@given(spans)
def test_days_take_as_few_requests_as_possible(span: tuple[date, date]) -> None:
    # A day that has begun has its place, those after it have none.
    total = (min(span[1], max(span[0], LATEST + DAY)) - span[0]).days + 1
    assert len(parts_of(*span)) == -(-total // LONGEST_SPAN)


@given(spans, grains)
def test_nothing_after_the_first_part_begins_in_the_future(span: tuple[date, date], grain: tuple[str, bool]) -> None:
    assert all(start <= LATEST + DAY for start, _ in parts_of(*span, grain[0], sampled=grain[1])[1:])


@pytest.mark.parametrize("start", [date(2025, 1, 1), date(2026, 11, 23), date(2030, 1, 1)])
def test_an_end_in_the_far_future_takes_no_more_requests_than_the_present(start: date) -> None:
    assert len(parts_of(start, date.max)) == len(parts_of(start, max(start, LATEST)))


@given(spans, grains)
def test_no_part_begins_within_a_row(span: tuple[date, date], grain: tuple[str, bool]) -> None:
    period, sampled = grain
    for start, _ in parts_of(*span, period, sampled=sampled)[1:]:
        assert row_of(start, period, sampled=sampled) != row_of(start - DAY, period, sampled=sampled)


@given(spans, grains)
def test_no_part_but_the_last_could_reach_one_row_further(span: tuple[date, date], grain: tuple[str, bool]) -> None:
    period, sampled = grain
    for start, end in parts_of(*span, period, sampled=sampled)[:-1]:
        row = row_of(end + DAY, period, sampled=sampled)
        through = end + DAY
        while row_of(through + DAY, period, sampled=sampled) == row:
            through += DAY
        assert (through - start).days + 1 > LONGEST_SPAN


def test_two_years_are_two_requests() -> None:
    assert parts_of(date(2025, 1, 1), date(2026, 12, 31)) == [
        (date(2025, 1, 1), date(2026, 1, 1)),
        (date(2026, 1, 2), date(2026, 12, 31)),
    ]


def test_366_days_are_one_request_and_367_are_two() -> None:
    start = date(2025, 1, 1)
    assert len(parts_of(start, start + 365 * DAY)) == 1
    assert len(parts_of(start, start + 366 * DAY)) == 2


def test_weeks_are_parted_before_a_monday_and_months_before_their_first_day() -> None:
    start, end = date(2025, 1, 15), date(2026, 6, 30)
    assert parts_of(start, end, "week")[1][0] == date(2026, 1, 12)
    assert parts_of(start, end, "month")[1][0] == date(2026, 1, 1)
    assert parts_of(start, end, "month", sampled=True)[1][0] == date(2026, 1, 5)


def test_a_span_without_an_end_leaves_the_last_end_to_the_service() -> None:
    parts = split((date(2025, 1, 1), None), period="day", sampled=False, latest=LATEST)
    assert parts == ((date(2025, 1, 1), date(2026, 1, 1)), (date(2026, 1, 2), None))
    whole = (LATEST - 365 * DAY, None)
    assert split(whole, period="day", sampled=False, latest=LATEST) == (whole,)


@pytest.mark.parametrize("span", [(None, None), (None, date(2030, 1, 1))])
def test_a_span_without_a_start_is_one_request(span: tuple[None, date | None]) -> None:
    assert split(span, period="day", sampled=False, latest=LATEST) == (span,)
    assert days_in(span, LATEST) == 0


def test_a_period_that_is_not_known_is_asked_for_in_one_request_alone() -> None:
    assert len(parts_of(date(2025, 1, 1), date(2025, 12, 31), "quarter")) == 1
    with pytest.raises(ConfigurationError, match='not for the unknown period "quarter"'):
        parts_of(date(2025, 1, 1), date(2026, 12, 31), "quarter")


def test_a_span_takes_dates_and_text() -> None:
    assert checked_span("2025-03-01", date(2025, 3, 2)) == (date(2025, 3, 1), date(2025, 3, 2))
    assert checked_span(None, None) == (None, None)


def test_a_single_day_is_a_span() -> None:
    assert checked_span("2025-03-01", "2025-03-01") == (date(2025, 3, 1), date(2025, 3, 1))


def test_a_start_before_the_data_is_moved_to_its_first_day() -> None:
    assert checked_span("2019-01-01", "2025-01-01") == (FIRST_DAY, FIRST_DAY)


def test_an_end_before_the_data_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="^end_date must be 2025-01-01 or later, .*, not 2024-12-31"):
        checked_span("2024-01-01", "2024-12-31")


def test_a_start_after_the_end_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="^start_date must not be after end_date, and 2025-03-02 is after"):
        checked_span("2025-03-02", "2025-03-01")
