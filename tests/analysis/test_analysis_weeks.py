"""Weekly totals of the leaders and of the rest."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_answers import MONDAY, rankings, rankings_answers

from openrouter_rankings.analysis.dates import monday
from openrouter_rankings.analysis.slugs import Of
from openrouter_rankings.analysis.weeks import WeeklyTotal, weekly_totals
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.rankings_daily import RankingsDaily

WEEK = timedelta(days=7)


def full_week(listed: dict[str, int], first: int = 0) -> dict[int, dict[str, int]]:
    return dict.fromkeys(range(first, first + 7), listed)


def test_a_week_has_its_leaders_by_rank_and_then_the_rest() -> None:
    answer = rankings(full_week({"acme/one": 30, "birch/two": 50, "acme/three": 10, "other": 10}))
    assert weekly_totals(answer, top=2).data == (
        WeeklyTotal(MONDAY, 1, "birch", "birch/two", 350, 0.5, 7),
        WeeklyTotal(MONDAY, 2, "acme", "acme/one", 210, 0.3, 7),
        WeeklyTotal(MONDAY, None, None, None, 140, 0.2, 7),
    )
    assert [row.is_rest for row in weekly_totals(answer, top=2).data] == [False, False, True]


def test_each_week_has_leaders_of_its_own() -> None:
    answer = rankings(full_week({"a/m": 2, "b/m": 1}) | full_week({"b/m": 2, "a/m": 1}, 7))
    assert [(row.week, row.model_permaslug) for row in weekly_totals(answer, top=1).data] == [
        *((MONDAY, "a/m"), (MONDAY, None), (MONDAY + WEEK, "b/m"), (MONDAY + WEEK, None)),
    ]


def test_authors_have_the_tokens_of_all_their_models() -> None:
    answer = rankings(full_week({"acme/one": 30, "acme/three": 10, "birch/two:free": 35, "other": 25}))
    assert weekly_totals(answer, of="author").data == (
        WeeklyTotal(MONDAY, 1, "acme", None, 280, 0.4, 7),
        WeeklyTotal(MONDAY, 2, "birch", None, 245, 0.35, 7),
        WeeklyTotal(MONDAY, None, None, None, 175, 0.25, 7),
    )
    assert weekly_totals(answer, of="base_slug", top=1).data[0].model_permaslug == "birch/two"


def test_without_any_rest_there_is_no_row_of_it() -> None:
    assert [row.is_rest for row in weekly_totals(rankings(full_week({"a/m": 1}))).data] == [False]
    assert weekly_totals(rankings({0: {"a/m": 0}})).data == (WeeklyTotal(MONDAY, 1, "a", "a/m", 0, 0.0, 1),)


def test_a_week_of_which_days_are_missing_says_how_many_it_has() -> None:
    answer = rankings({0: {"a/m": 1}, 2: {"a/m": 1}} | full_week({"a/m": 1}, 7))
    assert [(row.dates, row.is_complete) for row in weekly_totals(answer).data] == [(2, False), (7, True)]


def test_a_week_without_figures_is_missing_and_not_zero() -> None:
    totals = weekly_totals(rankings({0: {"a/m": 1}, 21: {"a/m": 1}}))
    assert [row.week for row in totals.data] == [MONDAY, MONDAY + 3 * WEEK]
    assert totals.meta.missing_weeks == (MONDAY + WEEK, MONDAY + 2 * WEEK)


def test_the_day_in_progress_is_left_out_and_named() -> None:
    totals = weekly_totals(rankings({0: {"a/m": 100}, 1: {"a/m": 3}}, as_of="2026-03-03T05:00:00Z"))
    assert [(row.total_tokens, row.dates) for row in totals.data] == [(100, 1)]
    assert totals.meta.incomplete == (MONDAY + timedelta(days=1),)


def test_rows_of_weeks_are_taken_as_they_are() -> None:
    weeks = rankings({0: {"a/m": 9, "other": 1}, 7: {"a/m": 8}}, period="week", length=14)
    assert [(row.week, row.total_tokens, row.dates) for row in weekly_totals(weeks).data] == [
        *((MONDAY, 9, 7), (MONDAY, 1, 7), (MONDAY + WEEK, 8, 7)),
    ]


def test_nothing_has_no_weeks() -> None:
    totals = weekly_totals(rankings({}))
    assert (totals.data, totals.meta.missing_weeks) == ((), ())


def test_an_author_named_other_is_not_the_rest() -> None:
    assert weekly_totals(rankings({0: {"other/m": 3, "other": 1}}), of="author").data == (
        WeeklyTotal(MONDAY, 1, "other", None, 3, 0.75, 1),
        WeeklyTotal(MONDAY, None, None, None, 1, 0.25, 1),
    )


def test_what_makes_no_weeks_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not of rows by month"):
        weekly_totals(rankings({0: {"a/m": 1}}, period="month"))
    with pytest.raises(ConfigurationError, match="top must not be negative, and is -1"):
        weekly_totals(rankings({}), top=-1)
    unknown: Any = "vendor"
    with pytest.raises(ConfigurationError, match="of must be"):
        weekly_totals(rankings({}), of=unknown)
    # Over a thousand years of weeks.
    with pytest.raises(ConfigurationError, match="A series has at most"):
        weekly_totals(rankings({0: {"a/m": 1}, 400_000: {"a/m": 1}}, start=date(1, 1, 1)))


@given(rankings_answers(), st.sampled_from(["model", "base_slug", "author"]), st.none() | st.integers(0, 3))
def test_the_weeks_sum_to_the_answer_with_other_counted_once(answer: RankingsDaily, of: Of, top: int | None) -> None:
    expected: Counter[date] = Counter()
    for day, tokens in answer.totals_by_date().items():
        expected[monday(day)] += tokens
    sums: Counter[date] = Counter()
    for row in weekly_totals(answer, of=of, top=top).data:
        sums[row.week] += row.total_tokens
    assert +sums == +expected
