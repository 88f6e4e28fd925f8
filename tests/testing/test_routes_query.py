"""Query parameters are parsed strictly, and rejected with a message that says what is valid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.testing.routes.query import BadQueryError, Query, Span, requested_span

TODAY = date(2026, 6, 18)
FIRST_DAY = date(2025, 1, 1)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def refusal(text: str, today: date = TODAY) -> str:
    with pytest.raises(BadQueryError) as caught:
        requested_span(Query(text), today)
    return str(caught.value)


def test_a_missing_parameter_has_its_default() -> None:
    query = Query("unknown=1")
    assert query.text("name") is None
    assert query.member("colour", Colour) is None
    assert query.flag("loud") is False
    assert query.day("day") is None
    assert query.integer("limit", 1, 10, 5) == 5


def test_each_kind_of_value_is_parsed() -> None:
    query = Query("name=a%20b&colour=blue&loud=true&day=2026-02-28&limit=7")
    assert query.text("name") == "a b"
    assert query.member("colour", Colour) is Colour.BLUE
    assert query.flag("loud") is True
    assert query.day("day") == date(2026, 2, 28)
    assert query.integer("limit", 1, 10, 5) == 7


def test_the_last_value_of_a_repeated_parameter_counts_and_every_value_is_validated() -> None:
    assert Query("colour=red&colour=blue").member("colour", Colour) is Colour.BLUE
    with pytest.raises(BadQueryError):
        Query("colour=pink&colour=blue").member("colour", Colour)


@pytest.mark.parametrize("text", ["", "RED", "pink", "red ", "red,blue"])
def test_a_value_that_is_not_in_the_enum_is_rejected_with_those_that_are(text: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        Query(f"colour={text}").member("colour", Colour)
    assert str(caught.value) == f"Invalid colour {text!r}: the allowed values are 'red', 'blue'."


@pytest.mark.parametrize("text", ["", "1", "True", "yes"])
def test_a_flag_is_true_or_false_in_lower_case(text: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        Query(f"loud={text}").flag("loud")
    assert str(caught.value) == f"Invalid loud {text!r}: the allowed values are 'true', 'false'."


@pytest.mark.parametrize("text", ["", "2026", "20260102", "2026-W01-1", "2026-1-2", "2026-01-02T00:00", "٢٠٢٦-01-02"])
def test_a_day_is_written_as_year_month_and_day(text: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        Query(f"day={text}").day("day")
    assert str(caught.value) == f"Invalid day {text!r}: a day is written YYYY-MM-DD."


@pytest.mark.parametrize("text", ["2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "0000-01-01"])
def test_a_day_that_is_not_in_the_calendar_is_rejected(text: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        Query(f"day={text}").day("day")
    assert str(caught.value) == f"Invalid day {text!r}: there is no such day."


@given(st.dates())
def test_every_day_of_the_calendar_is_parsed(day: date) -> None:
    assert Query(f"day={day}").day("day") == day


@given(st.integers(-20, 20), st.integers(-10, 0), st.integers(0, 10) | st.none())
def test_an_integer_is_accepted_only_within_its_bounds(number: int, least: int, most: int | None) -> None:
    query = Query(f"n={number}")
    if least <= number and (most is None or number <= most):
        assert query.integer("n", least, most, None) == number
    else:
        with pytest.raises(BadQueryError):
            query.integer("n", least, most, None)


@pytest.mark.parametrize("text", ["", "one", "1.0", "1e1", "1_0", " 1", "٣", "9" * 5000])
def test_text_that_is_not_an_integer_is_rejected(text: str) -> None:
    with pytest.raises(BadQueryError, match="give an integer from 1 to 10"):
        Query(f"n={text}").integer("n", 1, 10, None)


def test_an_integer_without_an_upper_bound_may_be_of_any_size() -> None:
    assert Query(f"n={10**30}").integer("n", 1, None, None) == 10**30


def test_the_message_for_an_integer_without_an_upper_bound_gives_the_lower_one() -> None:
    with pytest.raises(BadQueryError) as caught:
        Query("n=0").integer("n", 1, None, None)
    assert str(caught.value) == "Invalid n '0': give an integer of at least 1."


# The span


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("", "2026-05-18", "2026-06-17"),
        ("end_date=2026-03-31", "2026-03-01", "2026-03-31"),
        ("start_date=2026-06-01", "2026-06-01", "2026-06-17"),
        ("start_date=2026-06-01&end_date=2026-06-01", "2026-06-01", "2026-06-01"),
        ("start_date=2024-12-31&end_date=2025-01-01", "2025-01-01", "2025-01-01"),
        ("end_date=2025-01-05", "2025-01-01", "2025-01-05"),
        ("end_date=2026-08-01", "2026-07-02", "2026-08-01"),
        ("start_date=0001-01-01&end_date=2026-01-01", "2025-01-01", "2026-01-01"),
    ],
)
def test_the_span_defaults_to_30_days_before_yesterday_and_is_cut_to_the_data(text: str, start: str, end: str) -> None:
    assert requested_span(Query(text), TODAY) == Span(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start_date=2026-06-02&end_date=2026-06-01", "start_date 2026-06-02 is after end_date 2026-06-01."),
        ("start_date=2026-06-18", "start_date 2026-06-18 is after end_date 2026-06-17."),
        ("end_date=2024-12-31", "end_date 2024-12-31 is before 2025-01-01, when the data begins."),
        ("end_date=0001-01-01", "end_date 0001-01-01 is before 2025-01-01, when the data begins."),
        (
            "start_date=2020-01-01&end_date=2026-01-02",
            "From start_date to end_date are 367 days: at most 366 are allowed.",
        ),
        ("start_date=2026-02-30", "Invalid start_date '2026-02-30': there is no such day."),
        ("end_date=now", "Invalid end_date 'now': a day is written YYYY-MM-DD."),
    ],
)
def test_an_invalid_span_is_rejected(text: str, message: str) -> None:
    assert refusal(text) == message


@given(st.dates(FIRST_DAY, date(2030, 1, 1)), st.integers(0, 400))
def test_a_span_has_at_most_366_days(start: date, days: int) -> None:
    text = f"start_date={start}&end_date={start + timedelta(days=days)}"
    if days < 366:
        assert requested_span(Query(text), TODAY).start == start
    else:
        assert f"are {days + 1} days" in refusal(text)


@pytest.mark.parametrize(
    ("now", "elapsed"),
    [
        ("2026-06-16T00:00Z", []),
        ("2026-06-16T00:00:01Z", [("2026-06-16", 1 / 86400)]),
        ("2026-06-17T18:00Z", [("2026-06-16", 1.0), ("2026-06-17", 0.75)]),
        ("2026-06-18T00:00Z", [("2026-06-16", 1.0), ("2026-06-17", 1.0)]),
        ("2030-01-01T00:00Z", [("2026-06-16", 1.0), ("2026-06-17", 1.0)]),
    ],
)
def test_the_elapsed_days_of_a_span_end_with_a_fraction_of_the_day_in_progress(
    now: str, elapsed: list[tuple[str, float]]
) -> None:
    span = Span(date(2026, 6, 16), date(2026, 6, 17))
    found = [(str(day), passed) for day, passed in span.elapsed(datetime.fromisoformat(now).astimezone(UTC))]
    assert found == elapsed
