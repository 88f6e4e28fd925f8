"""Leaderboards of models and authors, and how concentrated the traffic is."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_answers import rankings, rankings_answers, task, task_answers, tasks

from openrouter_rankings.analysis.concentration import ConcentrationItem, concentration
from openrouter_rankings.analysis.leaders import ShareLeader, TokenLeader, leaders
from openrouter_rankings.analysis.slugs import Of
from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.task_classifications import TaskClassifications

TASKS = tasks(
    task("code:a", {"acme/one": (0.5, 0.25), "birch/two": (0.25, 0.5)}, usage=0.25, tokens=0.125),
    task("code:b", {"acme/one": (0.25, 0.25), "acme/three": (0.25, 0.125)}, usage=0.25, tokens=0.375),
    task("math", {"birch/two:free": (0.5, 0.5), "birch/two": (0.25, 0.25)}, usage=0.5, tokens=0.5, macro="general"),
)

DAYS = rankings(
    {
        0: {"acme/one": 40, "birch/two": 30, "birch/two:free": 20, "other": 10},
        1: {"acme/one": 20, "acme/three": 30, "other": 50},
    }
)


def shown(answer: TaskClassifications, **of: Any) -> list[tuple[int, str | None, float, float, int]]:
    return [(row.rank, row.id, row.usage_share, row.token_share, row.tasks) for row in leaders(answer, **of).data]


def test_a_share_of_all_traffic_is_the_sum_over_the_tasks_each_by_its_share() -> None:
    assert shown(TASKS) == [
        (1, "birch/two:free", 0.25, 0.25, 1),
        (2, "acme/one", 0.1875, 0.125, 2),
        (3, "birch/two", 0.1875, 0.1875, 2),
        (4, "acme/three", 0.0625, 0.046875, 1),
    ]


def test_in_a_macro_category_its_traffic_is_the_whole() -> None:
    assert shown(TASKS, macro_category="code") == [
        (1, "acme/one", 0.375, 0.25, 2),
        (2, "acme/three", 0.125, 0.09375, 1),
        (3, "birch/two", 0.125, 0.125, 1),
    ]


def test_in_a_task_the_shares_are_those_of_the_task() -> None:
    assert shown(TASKS, tag="math", by="tokens") == [
        (1, "birch/two:free", 0.5, 0.5, 1),
        (2, "birch/two", 0.25, 0.25, 1),
    ]


def test_leaders_go_by_tokens_when_asked_to() -> None:
    assert [row.id for row in leaders(TASKS, by="tokens").data] == [
        *("birch/two:free", "birch/two", "acme/one", "acme/three"),
    ]


def test_variants_count_together_when_asked_to() -> None:
    assert shown(TASKS, of="base_slug")[0] == (1, "birch/two", 0.4375, 0.4375, 2)


def test_an_author_has_the_shares_of_all_its_models() -> None:
    assert leaders(TASKS, of="author").data == (
        ShareLeader(1, "birch", None, 0.4375, 0.4375, 2),
        ShareLeader(2, "acme", None, 0.25, 0.171875, 2),
    )


def test_models_of_the_daily_rankings_go_by_tokens_and_never_include_other() -> None:
    assert leaders(DAYS).data == (
        TokenLeader(1, "acme", "acme/one", 60, 0.3, 2),
        TokenLeader(2, "acme", "acme/three", 30, 0.15, 1),
        TokenLeader(3, "birch", "birch/two", 30, 0.15, 1),
        TokenLeader(4, "birch", "birch/two:free", 20, 0.1, 1),
    )


def test_authors_of_the_daily_rankings_have_the_tokens_of_all_their_models() -> None:
    assert leaders(DAYS, of="author").data == (
        TokenLeader(1, "acme", None, 90, 0.45, 2),
        TokenLeader(2, "birch", None, 50, 0.25, 1),
    )
    assert leaders(DAYS, of="base_slug").data[1] == TokenLeader(2, "birch", "birch/two", 50, 0.25, 1)


def test_an_author_named_other_is_an_author() -> None:
    assert leaders(rankings({0: {"other/m": 1, "other": 3}}), of="author").data == (
        TokenLeader(1, "other", None, 1, 0.25, 1),
    )


def test_a_number_of_leaders_keeps_the_first() -> None:
    assert len(leaders(TASKS, n=2).data) == len(leaders(DAYS, n=2).data) == 2
    assert leaders(TASKS, n=0).data == ()
    with pytest.raises(ConfigurationError, match="n must not be negative, and is -1"):
        leaders(DAYS, n=-1)


def test_answers_without_models_have_no_leaders() -> None:
    assert leaders(tasks()).data == leaders(tasks(task("math"))).data == ()
    assert leaders(rankings({})).data == ()
    assert leaders(rankings({0: {"a/m": 0}})).data == (TokenLeader(1, "a", "a/m", 0, 0.0, 1),)


def test_leaders_cite_their_answer_and_say_what_the_figures_are() -> None:
    board = leaders(TASKS, of="author", macro_category="code")
    assert board.citation == TASKS.citation
    assert (board.meta.of, board.meta.by, board.meta.tag, board.meta.macro_category) == (
        "author",
        "usage",
        None,
        "code",
    )
    assert any("popularity is not quality" in remark for remark in board.meta.remarks)
    estimate = leaders(rankings({0: {"a/m": 1}}, period="week", is_estimate=True))
    assert any("estimates" in remark for remark in estimate.meta.remarks)
    assert any("tokenizer" in remark for remark in estimate.meta.remarks)
    assert not any("estimates" in remark for remark in leaders(DAYS).meta.remarks)


@pytest.mark.parametrize("of", ["model", "author"])
@pytest.mark.parametrize(
    ("answer", "arguments", "problem"),
    [
        (TASKS, {"by": "requests"}, 'by must be "usage"'),
        (TASKS, {"tag": "math", "macro_category": "code"}, "not both"),
        (TASKS, {"macro_category": "coding"}, "no macro category 'coding': it has code, general."),
        (DAYS, {"by": "usage"}, 'by must be "tokens"'),
        (DAYS, {"tag": "math"}, "no tasks"),
        (DAYS, {"macro_category": "code"}, "no tasks"),
    ],
)
def test_what_the_answer_does_not_have_is_refused(answer: Any, arguments: Any, problem: str, of: Of) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        leaders(answer, of=of, **arguments)
    with pytest.raises(ConfigurationError, match=problem):
        concentration(answer, of=of, **arguments)


def test_an_unknown_task_is_named_with_similar_ones() -> None:
    with pytest.raises(UnknownTagError, match="Did you mean 'code:a'"):
        leaders(TASKS, tag="cod:a")


def test_an_unknown_grouping_is_refused_even_without_rows() -> None:
    unknown: Any = "vendor"
    with pytest.raises(ConfigurationError, match="of must be"):
        leaders(tasks(), of=unknown)
    with pytest.raises(ConfigurationError, match="of must be"):
        leaders(rankings({}), of=unknown)


@given(task_answers(), st.sampled_from(["usage", "tokens"]))
def test_the_shares_of_the_authors_sum_to_those_of_the_models(answer: TaskClassifications, by: Any) -> None:
    models, authors = (leaders(answer, of=of, by=by).data for of in ("model", "author"))
    for share in ("usage_share", "token_share"):
        sums = [math.fsum(getattr(row, share) for row in rows) for rows in (models, authors)]
        assert math.isclose(*sums, abs_tol=1e-12)
    assert [row.rank for row in models] == list(range(1, len(models) + 1))


@given(rankings_answers())
def test_leaders_and_other_sum_to_the_total_however_models_are_grouped(answer: RankingsDaily) -> None:
    other = sum(row.total_tokens for row in answer.data if row.is_other)
    groupings: tuple[Of, ...] = ("model", "base_slug", "author")
    for of in groupings:
        listed = leaders(answer, of=of).data
        assert sum(row.total_tokens for row in listed) + other == sum(answer.totals_by_date().values())
        assert list(listed) == sorted(listed, key=lambda row: row.rank)


# -- concentration ---------------------------------------------------------------------------------------------------


def test_the_concentration_is_of_the_shares_of_all_traffic() -> None:
    answer = rankings({0: {"a/m": 50, "b/m": 25, "c/m": 15, "d/m": 8, "other": 2}})
    item = concentration(answer).data[0]
    assert (item.listed, item.count_for_90) == (4, 3)
    assert math.isclose(item.listed_share, 0.98)
    assert math.isclose(item.hhi, 0.5**2 + 0.25**2 + 0.15**2 + 0.08**2)
    assert math.isclose(item.top_3_share, 0.9)


def test_how_few_make_90_percent_is_unknown_if_the_lists_hide_too_much() -> None:
    assert concentration(rankings({0: {"a/m": 89, "other": 11}})).data[0].count_for_90 is None
    assert concentration(rankings({0: {"a/m": 90, "other": 10}})).data[0].count_for_90 == 1


def test_a_monopoly_and_nothing() -> None:
    assert concentration(rankings({0: {"a/m": 7}})).data == (ConcentrationItem(1, 1.0, 1.0, 1.0, 1),)
    assert concentration(rankings({})).data == (ConcentrationItem(0, 0.0, 0.0, 0.0, None),)


def test_the_concentration_of_tasks_goes_by_requests_or_tokens() -> None:
    answer = tasks(task("math", {"a/m": (0.75, 0.25), "b/m": (0.25, 0.5)}))
    assert concentration(answer, tag="math").data[0].hhi == 0.75**2 + 0.25**2
    assert concentration(answer, tag="math", by="tokens").data[0].hhi == 0.25**2 + 0.5**2
    assert concentration(answer, tag="math").citation == answer.citation


@given(rankings_answers())
def test_the_index_of_authors_is_at_least_that_of_models(answer: RankingsDaily) -> None:
    of_models, of_authors = concentration(answer).data[0], concentration(answer, of="author").data[0]
    assert of_authors.hhi >= of_models.hhi * (1 - 1e-9)
    assert of_authors.hhi <= of_authors.listed_share * (1 + 1e-9)
