"""Trends: one point a date, gaps that are not zeros, and the revision that counts."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from answers import check_value
from hypothesis import given
from hypothesis import strategies as st
from small_answers import MONDAY, rankings, rankings_answers, task, tasks

from openrouter_rankings.analysis.errors import AmbiguousModelError, UnknownAuthorError
from openrouter_rankings.analysis.series import MOST_DATES, Revision
from openrouter_rankings.analysis.trends import RankingsTrendPoint, TaskTrendPoint, trend, without_task_ranks
from openrouter_rankings.errors import ConfigurationError, UnknownModelError, UnknownTagError
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.task_classifications import TaskClassifications

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def on(day: int, *classifications: Any) -> TaskClassifications:
    return tasks(*classifications, as_of=MONDAY + day * DAY)


def math_task(usage: float, *models: str) -> Any:
    return task("math", dict.fromkeys(models, (0.25, 0.125)), usage=usage, tokens=0.25)


# -- tasks -----------------------------------------------------------------------------------------------------------


def test_a_task_has_a_point_for_each_date_with_its_rank_among_the_tasks() -> None:
    answers = [on(0, math_task(0.25), task("code:a", usage=0.5)), on(1, math_task(0.75), task("code:a", usage=0.25))]
    series = trend(answers, tag="math")
    assert series.data == (
        TaskTrendPoint(MONDAY, "listed", 2, 0.25, 0.25),
        TaskTrendPoint(MONDAY + DAY, "listed", 1, 0.75, 0.25),
    )
    assert (series.meta.tag, series.meta.model, series.meta.author, series.meta.by) == ("math", None, None, "usage")
    assert trend(answers, tag="math", by="tokens").data[1].rank == 2


def test_answers_reduced_to_a_task_do_not_tell_its_rank_but_that_of_its_models() -> None:
    answers = [on(0, math_task(0.25, "a/m")), on(1, math_task(0.5, "a/m"))]
    assert [point.rank for point in without_task_ranks(trend(answers, tag="math")).data] == [None, None]
    for within in (trend(answers, tag="math", model="a/m"), trend(answers, tag="math", author="a")):
        assert without_task_ranks(within) == within
        assert [point.rank for point in within.data] == [1, 1]


def test_a_missing_day_is_a_gap_and_not_a_zero() -> None:
    points = trend([on(0, math_task(0.25)), on(2, math_task(0.5))], tag="math").data
    assert points[1] == TaskTrendPoint(MONDAY + DAY, "missing", None, None, None)


def test_a_date_on_which_a_model_is_unlisted_is_not_a_zero_either() -> None:
    answers = [on(0, math_task(0.5, "a/m")), on(1, math_task(0.5, "b/m")), on(2, task("code:a"))]
    points = trend(answers, tag="math", model="a/m").data
    assert points == (
        TaskTrendPoint(MONDAY, "listed", 1, 0.25, 0.125),
        TaskTrendPoint(MONDAY + DAY, "unlisted", None, None, None),
        TaskTrendPoint(MONDAY + 2 * DAY, "unlisted", None, None, None),
    )


def test_a_task_that_an_answer_does_not_have_is_unlisted() -> None:
    assert trend([on(0, math_task(0.5)), on(1, task("code:a"))], tag="math").data[1].status == "unlisted"


def test_an_author_has_the_shares_of_its_listed_models() -> None:
    answers = [on(0, math_task(0.5, "a/m", "a/n", "b/m"))]
    series = trend(answers, tag="math", author="a")
    assert series.data == (TaskTrendPoint(MONDAY, "listed", 1, 0.5, 0.25),)
    assert series.meta.author == "a"


def test_equal_shares_rank_in_alphabetical_order() -> None:
    answer = [on(0, math_task(0.5, "b/m", "a/m"))]
    assert [trend(answer, tag="math", model=model).data[0].rank for model in ("a/m", "b/m")] == [1, 2]


def test_a_model_is_followed_when_its_slug_gets_a_date() -> None:
    answers = [on(0, math_task(0.5, "a/m")), on(1, math_task(0.5, "a/m-20260101"))]
    for wanted in ("a/m", "a/m-20260101", "a/m-2026-01-01"):
        series = trend(answers, tag="math", model=wanted)
        assert [point.status for point in series.data] == ["listed", "listed"]
        assert series.meta.model == "a/m-20260101"


def test_a_model_of_several_dates_must_be_named_in_full() -> None:
    answers = [on(0, math_task(0.5, "a/m-20260101")), on(1, math_task(0.5, "a/m-20260202"))]
    with pytest.raises(AmbiguousModelError):
        trend(answers, tag="math", model="a/m")
    assert [point.status for point in trend(answers, tag="math", model="a/m-20260101").data] == ["listed", "unlisted"]


def test_an_undated_slug_that_may_be_one_of_several_dates_is_followed_alone_and_that_is_said() -> None:
    answers = [on(day, math_task(0.5, model)) for day, model in enumerate(["a/m", "a/m-20260101", "a/m-20260202"])]
    series = trend(answers, tag="math", model="a/m")
    assert [point.status for point in series.data] == ["listed", "unlisted", "unlisted"]
    assert any("may also be listed under other dated slugs" in remark for remark in series.meta.remarks)


def test_a_series_cites_its_first_and_its_last_answer() -> None:
    answers = [on(day, math_task(0.5)) for day in (2, 0, 1)]
    assert trend(answers, tag="math").citation == f"{answers[1].citation}\n{answers[0].citation}"
    assert trend(answers[:1], tag="math").citation == answers[0].citation


def test_what_no_answer_has_is_named_with_similar_names() -> None:
    answers = [on(0, math_task(0.5, "acme/swift-1"))]
    with pytest.raises(UnknownTagError, match="Did you mean 'math'"):
        trend(answers, tag="maths")
    with pytest.raises(UnknownModelError, match="Did you mean 'acme/swift-1'"):
        trend(answers, tag="math", model="acme/swift")
    with pytest.raises(UnknownAuthorError, match="Did you mean 'acme'"):
        trend(answers, tag="math", author="acmee")


# -- revisions -------------------------------------------------------------------------------------------------------


def test_of_several_answers_for_a_date_the_last_fetched_counts() -> None:
    old, new = on(0, math_task(0.25)), on(0, math_task(0.5))
    revisions = [Revision(new, NOON + DAY), Revision(old, NOON)]
    for order in (revisions, revisions[::-1]):
        assert [point.usage_share for point in trend(order, tag="math").data] == [0.5]


def test_a_figure_that_was_restated_and_taken_back_is_the_first_one_again() -> None:
    old, new = on(0, math_task(0.25)), on(0, math_task(0.5))
    revisions = [Revision(old, NOON), Revision(new, NOON + DAY), Revision(old, NOON + 2 * DAY)]
    assert trend(revisions, tag="math").data[0].usage_share == 0.25


def test_the_same_answer_may_come_several_times() -> None:
    answer = on(0, math_task(0.25))
    assert len(trend([answer, answer, Revision(answer, NOON)], tag="math").data) == 1


@pytest.mark.parametrize("fetched", [(None, None), (NOON, None), (None, NOON)])
def test_different_answers_for_a_date_are_refused_where_nothing_says_which_is_later(fetched: Any) -> None:
    both = zip((on(0, math_task(0.25)), on(0, math_task(0.5))), fetched, strict=True)
    answers = [answer if instant is None else Revision(answer, instant) for answer, instant in both]
    with pytest.raises(ConfigurationError, match=r"2026-03-02, and nothing says.*Revision\(answer, fetched_at\)"):
        trend(answers, tag="math")


def test_different_answers_fetched_at_the_same_instant_are_refused() -> None:
    answers = [Revision(on(0, math_task(share)), NOON) for share in (0.25, 0.5)]
    with pytest.raises(ConfigurationError, match="at the same instant"):
        trend(answers, tag="math")


def test_a_revision_needs_a_time_zone() -> None:
    with pytest.raises(ConfigurationError, match="fetched_at must be an aware datetime"):
        Revision(on(0), datetime(2026, 3, 3))  # noqa: DTZ001 - what is refused
    check_value(Revision(on(0), NOON))


# -- daily rankings --------------------------------------------------------------------------------------------------


def test_a_model_of_the_daily_rankings_has_its_tokens_share_and_rank() -> None:
    answer = rankings({0: {"a/m": 30, "b/m": 60, "other": 10}, 1: {"b/m": 1}, 3: {"a/m": 5}}, length=4)
    series = trend(answer, model="a/m")
    assert series.data == (
        RankingsTrendPoint(MONDAY, "listed", 2, 30, 0.3),
        RankingsTrendPoint(MONDAY + DAY, "unlisted", None, None, None),
        RankingsTrendPoint(MONDAY + 2 * DAY, "missing", None, None, None),
        RankingsTrendPoint(MONDAY + 3 * DAY, "listed", 1, 5, 1.0),
    )
    assert series.citation == answer.citation


def test_an_author_of_the_daily_rankings_has_the_tokens_of_its_listed_models() -> None:
    answer = rankings({0: {"a/m": 30, "a/m:free": 30, "b/m": 40}})
    assert trend(answer, author="a").data == (RankingsTrendPoint(MONDAY, "listed", 1, 60, 0.6),)


def test_other_is_neither_a_model_nor_an_author() -> None:
    answer = rankings({0: {"a/m": 30, "other": 70}})
    with pytest.raises(UnknownModelError):
        trend(answer, model="other")
    with pytest.raises(UnknownAuthorError):
        trend(answer, author="other")


def test_the_day_in_progress_is_left_out_and_named() -> None:
    answer = rankings({0: {"a/m": 100}, 1: {"a/m": 3}}, as_of="2026-03-03T05:00:00Z")
    series = trend(answer, model="a/m")
    assert [point.total_tokens for point in series.data] == [100]
    assert series.meta.incomplete == (MONDAY + DAY,)


def test_a_day_that_was_in_progress_counts_from_the_answer_that_has_it_whole() -> None:
    live = rankings({0: {"a/m": 100}, 1: {"a/m": 3}}, as_of="2026-03-03T05:00:00Z")
    later = rankings({0: {"a/m": 90}}, start=MONDAY + DAY, as_of="2026-03-05T05:00:00Z")
    series = trend([later, live], model="a/m")
    assert [point.total_tokens for point in series.data] == [100, 90]
    assert series.meta.incomplete == ()


def test_all_rows_of_a_date_are_from_the_answer_made_last() -> None:
    first = rankings({0: {"a/m": 10, "b/m": 20}, 1: {"a/m": 7}}, as_of="2026-03-04T05:00:00Z")
    second = rankings({0: {"b/m": 30}}, as_of="2026-03-04T05:30:00+00:00")
    points = trend([second, Revision(first, NOON)], model="a/m").data
    assert [(point.status, point.total_tokens) for point in points] == [("unlisted", None), ("listed", 7)]


def test_rows_that_differ_at_the_same_instant_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="2026-03-02 were made or fetched at the same instant"):
        trend([rankings({0: {"a/m": 1}}), rankings({0: {"a/m": 2}})], model="a/m")


def test_weeks_and_months_have_a_point_each() -> None:
    weeks = rankings({0: {"a/m": 1}, 14: {"a/m": 2}}, period="week", length=21)
    assert [(point.date.day, point.status) for point in trend(weeks, model="a/m").data] == [
        *((2, "listed"), (9, "missing"), (16, "listed")),
    ]
    months = rankings({0: {"a/m": 1}, 61: {"a/m": 2}}, period="month", start=date(2026, 3, 1), length=92)
    assert [point.date.month for point in trend(months, model="a/m").data] == [3, 4, 5]


def test_a_share_of_nothing_is_zero() -> None:
    assert trend(rankings({0: {"a/m": 0}}), model="a/m").data[0].token_share == 0.0


@pytest.mark.parametrize(
    ("answers", "arguments", "problem"),
    [
        ([], {"tag": "math"}, "one or more"),
        ([on(0, math_task(0.5)), rankings({0: {"a/m": 1}})], {"tag": "math"}, "one or more"),
        (["text"], {}, "one or more"),
        ([on(0, math_task(0.5))], {}, "Give the tag"),
        ([on(0, math_task(0.5))], {"tag": "math", "by": "rank"}, "by must be"),
        ([on(0, math_task(0.5))], {"tag": "math", "model": "a/m", "author": "a"}, "not both"),
        (
            [on(0, math_task(0.5)), attrs.evolve(on(1, math_task(0.5)), window_days=30)],
            {"tag": "math"},
            "Windows of 7 and 30 days",
        ),
        (rankings({0: {"a/m": 1}}), {}, "Give the model or the author"),
        (rankings({0: {"a/m": 1}}), {"model": "a/m", "tag": "math"}, "no tasks"),
        (rankings({0: {"a/m": 1}}), {"model": "a/m", "by": "usage"}, 'must be "tokens"'),
        (
            [rankings({0: {"a/m": 1}}), rankings({0: {"a/m": 1}}, period="week", length=7)],
            {"model": "a/m"},
            "different periods",
        ),
    ],
)
def test_what_makes_no_series_is_refused(answers: Any, arguments: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        trend(answers, **arguments)


def test_a_model_in_an_answer_without_complete_rows_is_unknown() -> None:
    with pytest.raises(UnknownModelError):
        trend(rankings({}), model="a/m")


def test_a_series_over_absurdly_many_dates_is_refused() -> None:
    answers = [on(0, math_task(0.5)), tasks(math_task(0.5), as_of=date.max)]
    with pytest.raises(ConfigurationError, match=f"at most {MOST_DATES} dates, and 2026-03-02 to 9999-12-31 are more"):
        trend(answers, tag="math")
    last = MONDAY + (MOST_DATES - 1) * DAY
    assert len(trend([on(0, math_task(0.5)), tasks(math_task(0.5), as_of=last)], tag="math").data) == MOST_DATES


# -- whatever the order ----------------------------------------------------------------------------------------------

revisions = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=12)


@given(revisions, st.randoms(use_true_random=False))
def test_the_order_of_the_answers_makes_no_difference(drawn: list[tuple[int, int, int]], order: random.Random) -> None:
    # One share for each date and instant, so that no two answers of an instant differ.
    shares = {(day, hour): share for day, hour, share in drawn}
    answers = [
        Revision(on(day, math_task(share / 8)), NOON + timedelta(hours=hour)) for (day, hour), share in shares.items()
    ]
    expected = {day: shares[max(key for key in shares if key[0] == day)] / 8 for day, _ in shares}
    shuffled = answers + answers[:3]
    order.shuffle(shuffled)
    listed = {point.date: point.usage_share for point in trend(shuffled, tag="math").data if point.status == "listed"}
    assert listed == {MONDAY + day * DAY: share for day, share in expected.items()}


@given(rankings_answers())
def test_the_points_of_an_author_sum_to_its_tokens(answer: RankingsDaily) -> None:
    rows = [row for row in answer.data if row.model_permaslug.startswith("vendor1/")]
    if not rows:
        with pytest.raises(UnknownAuthorError):
            trend(answer, author="vendor1")
        return
    points = trend(answer, author="vendor1").data
    assert sum(point.total_tokens or 0 for point in points) == sum(row.total_tokens for row in rows)
    assert {point.date for point in points if point.status == "listed"} == {row.date for row in rows}
    assert all(point.total_tokens is None for point in points if point.status != "listed")
