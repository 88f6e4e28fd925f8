"""Which rows are whole, parts of an answer, and the date of about so long ago."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_answers import MONDAY, rankings, rankings_answers

from openrouter_rankings.analysis.dates import (
    incomplete_dates,
    last_day,
    last_week,
    monday,
    previous,
    span,
    week_before,
    whole,
)
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.rankings_daily import Period, RankingsDaily

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.DAY, date(2026, 3, 2), date(2026, 3, 2)),
        (Period.WEEK, date(2026, 3, 2), date(2026, 3, 8)),
        (Period.MONTH, date(2028, 2, 1), date(2028, 2, 29)),
        (Period.WEEK, date(9999, 12, 27), date(9999, 12, 31)),
        (Period.MONTH, date(9999, 12, 1), date(9999, 12, 31)),
    ],
)
def test_a_period_ends_on_its_last_day(period: str, first: date, last: date) -> None:
    assert last_day(first, period) == last


def test_an_unknown_period_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="day, week, month, not 'quarter'"):
        last_day(MONDAY, "quarter")


def test_a_week_begins_on_monday() -> None:
    assert {monday(MONDAY + days * DAY) for days in range(7)} == {MONDAY}
    assert monday(date.min) == date.min


# -- whole rows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "incomplete"),
    [
        ("2026-03-03T00:00:00Z", [1, 2]),
        ("2026-03-03T23:59:59Z", [1, 2]),
        ("2026-03-04T01:00:00+02:00", [1, 2]),
        ("2026-03-04T00:00:00Z", [2]),
        ("2026-03-05T00:00:00Z", []),
    ],
)
def test_a_day_is_whole_once_it_is_over_in_utc(as_of: str, incomplete: list[int]) -> None:
    answer = rankings({day: {"a/m": 1} for day in range(3)}, as_of=as_of)
    assert incomplete_dates(answer) == tuple(MONDAY + day * DAY for day in incomplete)
    assert [row.date for row in whole(answer).data] == [MONDAY + day * DAY for day in range(3) if day not in incomplete]


def test_an_answer_of_whole_rows_stays_as_it_is() -> None:
    answer = rankings({0: {"a/m": 1}})
    assert whole(answer) is answer


def week_rows(start_offset: int, length: int, **other: Any) -> RankingsDaily:
    """Rows of three weeks in an answer to a span of its own."""
    weeks = rankings({0: {"a/m": 1}, 7: {"a/m": 2}, 14: {"a/m": 3}}, period="week", length=21, **other)
    first = MONDAY + start_offset * DAY
    return RankingsDaily(
        weeks.data,
        type(weeks.meta)(weeks.meta.as_of, "v1", first, first + (length - 1) * DAY),
        "week",
        weeks.is_estimate,
    )


def test_a_week_that_the_span_cuts_is_not_whole() -> None:
    assert incomplete_dates(week_rows(0, 21)) == ()
    assert incomplete_dates(week_rows(1, 20)) == (MONDAY,)
    assert incomplete_dates(week_rows(0, 20)) == (MONDAY + 14 * DAY,)


def test_a_week_in_progress_is_not_whole() -> None:
    assert incomplete_dates(week_rows(0, 21, as_of="2026-03-22T23:00:00Z")) == (MONDAY + 14 * DAY,)
    assert incomplete_dates(week_rows(0, 21, as_of="2026-03-23T00:00:00Z")) == ()


def test_a_sampled_week_is_whole_if_its_monday_is_in_the_span() -> None:
    assert incomplete_dates(week_rows(0, 15, is_estimate=True)) == ()
    assert incomplete_dates(week_rows(0, 15, is_estimate=True, as_of="2026-03-22T00:00:00Z")) == (MONDAY + 14 * DAY,)


def test_a_month_is_whole_with_all_its_days_or_if_sampled_all_its_mondays() -> None:
    march = date(2026, 3, 1)

    def month(start: date, end: date, *, is_estimate: bool = False, as_of: str = "2026-09-17T00:00:00Z") -> bool:
        answer = rankings({0: {"a/m": 1}}, start=march, period="month", is_estimate=is_estimate, as_of=as_of)
        meta = type(answer.meta)(answer.meta.as_of, "v1", start, end)
        return not incomplete_dates(RankingsDaily(answer.data, meta, "month", is_estimate))

    assert month(march, date(2026, 3, 31))
    assert not month(date(2026, 3, 2), date(2026, 3, 31))
    assert not month(march, date(2026, 3, 30))
    assert not month(march, date(2026, 3, 31), as_of="2026-03-31T12:00:00Z")
    # Its Mondays are the 2nd to the 30th; the last week ends on 5 April.
    assert month(date(2026, 3, 2), date(2026, 3, 30), is_estimate=True)
    assert not month(date(2026, 3, 3), date(2026, 3, 30), is_estimate=True)
    assert not month(date(2026, 3, 2), date(2026, 3, 29), is_estimate=True)
    assert not month(date(2026, 3, 2), date(2026, 3, 30), is_estimate=True, as_of="2026-04-05T12:00:00Z")


# -- a part of an answer ---------------------------------------------------------------------------------------------


def test_a_part_has_both_its_bounds_and_says_its_span() -> None:
    answer = rankings({day: {"a/m": day + 1} for day in range(5)})
    part = span(answer, MONDAY + DAY, MONDAY + 2 * DAY)
    assert [row.total_tokens for row in part.data] == [2, 3]
    assert (part.meta.start_date, part.meta.end_date) == (MONDAY + DAY, MONDAY + 2 * DAY)


def test_a_part_never_claims_days_that_the_answer_does_not_cover() -> None:
    answer = rankings({0: {"a/m": 1}}, length=3)
    assert span(answer, date.min, date.max) == answer


def test_a_week_is_not_divided() -> None:
    part = span(week_rows(0, 21), MONDAY + DAY, MONDAY + 10 * DAY)
    assert [row.total_tokens for row in part.data] == [2]
    assert part.meta.end_date == MONDAY + 13 * DAY
    assert incomplete_dates(part) == ()


@pytest.mark.parametrize("bad", ["2026-03-02", datetime(2026, 3, 2, tzinfo=UTC), None], ids=repr)
def test_a_bound_is_a_date(bad: Any) -> None:
    answer = rankings({0: {"a/m": 1}})
    with pytest.raises(ConfigurationError, match="start must be a datetime.date"):
        span(answer, bad, MONDAY)
    with pytest.raises(ConfigurationError, match="end must be a datetime.date"):
        span(answer, MONDAY, bad)


def test_bounds_in_the_wrong_order_or_outside_the_answer_are_refused() -> None:
    answer = rankings({0: {"a/m": 1}}, length=3)
    with pytest.raises(ConfigurationError, match="2026-03-03 is after 2026-03-02"):
        span(answer, MONDAY + DAY, MONDAY)
    for bounds in ((MONDAY - 2 * DAY, MONDAY - DAY), (MONDAY + 3 * DAY, MONDAY + 4 * DAY)):
        with pytest.raises(ConfigurationError, match="covers 2026-03-02 to 2026-03-04, and nothing of"):
            span(answer, *bounds)


@given(rankings_answers(), st.integers(0, 18))
def test_the_parts_of_a_span_sum_to_the_span_with_other_counted_once(answer: RankingsDaily, first_days: int) -> None:
    cut = answer.meta.start_date + first_days * DAY
    parts = span(answer, answer.meta.start_date, cut), span(answer, cut + DAY, answer.meta.end_date)
    assert parts[0].data + parts[1].data == answer.data
    totals = [sum(part.totals_by_date().values()) for part in (*parts, answer)]
    assert totals[0] + totals[1] == totals[2]


# -- the date of about so long ago -----------------------------------------------------------------------------------


def before(*days: int) -> list[date]:
    return [MONDAY - each * DAY for each in days]


@pytest.mark.parametrize(
    ("days_before", "found"),
    [
        ((0, 21, 30, 35), 30),
        ((20, 36), None),
        ((21,), 21),
        ((35,), 35),
        # Of two equally near, the earlier.
        ((27, 29), 29),
        ((), None),
        ((-28,), None),
    ],
)
def test_four_weeks_ago_is_nearest_to_28_days_within_21_to_35(days_before: tuple[int, ...], found: int | None) -> None:
    expected = None if found is None else MONDAY - found * DAY
    assert previous(before(*days_before), MONDAY) == expected
    assert previous(reversed(before(*days_before)), MONDAY) == expected


@pytest.mark.parametrize(("days_before", "found"), [((5, 9), None), ((6, 8), 8), ((6,), 6), ((7, 8), 7), ((0,), None)])
def test_a_week_ago_is_within_6_to_8_days(days_before: tuple[int, ...], found: int | None) -> None:
    expected = None if found is None else MONDAY - found * DAY
    assert previous(before(*days_before), MONDAY, days=7) == expected


def test_a_day_ago_is_just_that_and_less_is_refused() -> None:
    assert previous(before(0, 1, 2), MONDAY, days=1) == MONDAY - DAY
    with pytest.raises(ConfigurationError, match="days must be at least 1, and is 0"):
        previous([], MONDAY, days=0)


# -- weeks to compare ------------------------------------------------------------------------------------------------

ONE = {"a/m": 1}
THIRTY = rankings(dict.fromkeys(range(30), ONE))


def covered(answer: RankingsDaily | None) -> tuple[int, int] | None:
    """The first and the last day after the start, by what the answer says of itself."""
    if answer is None:
        return None
    return (answer.meta.start_date - MONDAY).days, (answer.meta.end_date - MONDAY).days


def test_the_last_week_ends_on_the_last_complete_day() -> None:
    assert covered(last_week(THIRTY)) == (23, 29)
    in_progress = rankings(dict.fromkeys(range(30), ONE), as_of=f"{MONDAY + timedelta(days=29)}T12:00:00Z")
    assert covered(last_week(in_progress)) == (22, 28)


def test_a_shorter_answer_has_a_shorter_last_week() -> None:
    assert covered(last_week(rankings(dict.fromkeys(range(3), ONE)))) == (0, 2)


def test_nothing_complete_has_no_last_week() -> None:
    assert last_week(rankings({})) is None
    assert last_week(rankings({0: ONE}, as_of=f"{MONDAY}T12:00:00Z")) is None
    assert week_before(rankings({}), MONDAY) is None


def test_the_week_before_is_nearest_to_four_weeks_of_those_that_are_there_in_full() -> None:
    assert covered(week_before(THIRTY, MONDAY + timedelta(days=29))) == (0, 6)
    longer = rankings(dict.fromkeys(range(50), ONE))
    assert covered(week_before(longer, MONDAY + timedelta(days=49))) == (15, 21)
    assert covered(week_before(longer, MONDAY + timedelta(days=49), days=7)) == (36, 42)
    assert week_before(rankings(dict.fromkeys(range(27), ONE)), MONDAY + timedelta(days=26)) is None


def test_of_weeks_and_months_the_last_row_and_an_earlier_one_are_compared() -> None:
    weeks = rankings(dict.fromkeys(range(0, 35, 7), ONE), period="week", length=35)
    assert covered(last_week(weeks)) == (28, 34)
    assert covered(week_before(weeks, MONDAY + timedelta(days=28))) == (0, 6)
    assert week_before(weeks, MONDAY + timedelta(days=14)) is None
