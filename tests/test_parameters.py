"""The checks of parameters: what passes, what is refused, and what the refusal says."""

from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import ConfigurationError
from openrouter_rankings.parameters import choice, day, flag, listed, text, whole_number


class Size(StrEnum):
    SMALL = "small"
    LARGE = "1L"


class Other(Enum):
    SMALL = "small"
    TINY = "tiny"
    NUMBER = 1


@pytest.mark.parametrize("value", [Size.SMALL, "small", Other.SMALL])
def test_a_known_value_is_sent_as_plain_text(value: Any) -> None:
    sent = choice("size", value, Size)
    assert (sent, type(sent)) == ("small", str)


@pytest.mark.parametrize("value", ["medium", "x/y", "größe", "2XL"])
def test_a_value_that_is_not_known_yet_is_sent(value: str) -> None:
    assert choice("size", value, Size) == value


@pytest.mark.parametrize("value", ["", " ", "a\nb", "Small", "1l", 1, True, ["small"], Other.TINY, Other.NUMBER])
def test_a_choice_that_cannot_be_right_names_the_allowed_values(value: Any) -> None:
    with pytest.raises(ConfigurationError, match='^size must be one of "small" or "1L", not ') as caught:
        choice("size", value, Size)
    assert repr(value.value if isinstance(value, Enum) else value) in str(caught.value)


@pytest.mark.parametrize("value", ["a", " a b ", "ü"])
def test_text_is_sent_as_it_is(value: str) -> None:
    assert text("model", value) == value


@pytest.mark.parametrize("value", ["", "  ", "a\x00b", "a\n", 5, b"a"])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^model must be non-empty text .*, not "):
        text("model", value)


@given(st.dates())
def test_a_day_is_the_same_as_a_date_and_as_text(value: date) -> None:
    assert day("start_date", value) == day("start_date", value.isoformat()) == value


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-30",
        "2025-13-01",
        "0000-01-01",
        "2026-2-3",
        "20260203",
        "2026-W05-1",
        "2026-02-03T00:00:00",
        " 2026-02-03",
        "2026-02-03\n",
        "yesterday",
        "",
        datetime(2026, 2, 3, tzinfo=UTC),
        20260203,
        1.5,
    ],
)
def test_what_is_no_day_is_refused_with_its_value(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="^end_date must be a day") as caught:
        day("end_date", value)
    assert repr(value) in str(caught.value)


def test_an_impossible_day_says_why() -> None:
    with pytest.raises(ConfigurationError, match="day is out of range for month") as caught:
        day("end_date", "2026-02-30")
    assert isinstance(caught.value.__cause__, ValueError)


@given(st.integers(1, 100))
def test_a_number_within_its_range_passes(value: int) -> None:
    assert whole_number("limit", value, 1, 100) == value
    assert whole_number("limit", value * 10**9, 1) == value * 10**9


@pytest.mark.parametrize("value", [0, 101, -1, True, 5.0, "5"])
def test_a_number_out_of_its_range_names_the_range(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^limit must be a whole number from 1 to 100, not {value!r}"):
        whole_number("limit", value, 1, 100)


def test_a_range_without_an_end_says_so() -> None:
    with pytest.raises(ConfigurationError, match="^max_results must be a whole number of at least 1, not 0"):
        whole_number("max_results", 0, 1)


def test_a_flag_is_written_as_the_query_has_it() -> None:
    assert (flag("f", True), flag("f", False)) == ("true", "false")


@pytest.mark.parametrize("value", ["true", 1, 0])
def test_what_is_no_flag_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^f must be True or False, not {value!r}"):
        flag("f", value)


def test_what_is_not_given_stays_so() -> None:
    given_nothing = [
        choice("a", None, Size),
        text("a", None),
        day("a", None),
        whole_number("a", None, 1),
        flag("a", None),
    ]
    assert given_nothing == [None] * 5


def test_values_are_listed_as_in_a_sentence() -> None:
    assert listed(["a"]) == '"a"'
    assert listed(["a", "b", "c"]) == '"a", "b" or "c"'
