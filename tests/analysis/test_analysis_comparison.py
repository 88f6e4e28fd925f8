"""Comparisons: what changed, and what the top lists hide."""

from datetime import date, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_answers import MONDAY, rankings, rankings_answers, task, task_answers, tasks

from openrouter_rankings.analysis.changes import ComparedSpan
from openrouter_rankings.analysis.comparison import compare
from openrouter_rankings.analysis.dates import span
from openrouter_rankings.analysis.rankings_comparison import RankingsChange, RankingsComparison
from openrouter_rankings.analysis.task_comparison import TaskChange, TaskComparison
from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.task_classifications import TaskClassifications

WEEK = timedelta(days=7)
LATER = MONDAY + 4 * WEEK

BEFORE = tasks(
    task("math", {"acme/one": (0.5, 0.25), "birch/two": (0.25, 0.5)}, usage=0.5, tokens=0.25),
    task("code:a", {"acme/one": (0.5, 0.5)}, usage=0.25, tokens=0.5),
    task("code:old", usage=0.25, tokens=0.25),
)
AFTER = tasks(
    task("math", {"acme/one": (0.25, 0.5), "acme/three": (0.5, 0.25)}, usage=0.25, tokens=0.5),
    task("code:a", {"acme/one": (0.75, 0.25)}, usage=0.5, tokens=0.25),
    task("code:new", {"birch/two": (0.5, 0.5)}, usage=0.25, tokens=0.25),
    as_of=LATER,
)


def by_tag(comparison: TaskComparison) -> dict[str, TaskChange]:
    return {row.tag: row for row in comparison.data}


def by_model(comparison: RankingsComparison) -> dict[str | None, RankingsChange]:
    return {row.model_permaslug or row.author: row for row in comparison.data}


# -- tasks -----------------------------------------------------------------------------------------------------------


def test_a_task_changes_in_shares_and_rank() -> None:
    assert by_tag(compare(BEFORE, AFTER))["math"] == TaskChange(
        tag="math",
        display_name="Math",
        macro_category="code",
        author=None,
        id=None,
        status="stayed",
        before_rank=1,
        after_rank=3,
        rank_change=-2,
        before_usage_share=0.5,
        after_usage_share=0.25,
        usage_share_change=-0.25,
        before_token_share=0.25,
        after_token_share=0.5,
        token_share_change=0.25,
    )


def test_tasks_are_in_the_order_of_the_second_answer_and_then_of_what_it_lacks() -> None:
    assert [row.tag for row in compare(BEFORE, AFTER).data] == ["code:a", "code:new", "math", "code:old"]
    assert [row.tag for row in compare(BEFORE, AFTER, by="tokens").data] == ["math", "code:a", "code:new", "code:old"]


def test_what_one_answer_alone_has_entered_or_left_and_did_not_come_from_or_fall_to_zero() -> None:
    changes = by_tag(compare(BEFORE, AFTER))
    new, old = changes["code:new"], changes["code:old"]
    assert (new.status, new.before_rank, new.before_usage_share, new.after_usage_share) == ("entered", None, None, 0.25)
    assert (old.status, old.before_usage_share, old.after_usage_share, old.after_rank) == ("left", 0.25, None, None)
    for row in (new, old):
        assert (row.usage_share_change, row.token_share_change, row.rank_change) == (None, None, None)


def test_models_are_compared_within_each_task() -> None:
    rows = compare(BEFORE, AFTER, of="model").data
    assert [(row.tag, row.id, row.status, row.usage_share_change) for row in rows] == [
        ("code:a", "acme/one", "stayed", 0.25),
        ("code:new", "birch/two", "entered", None),
        ("math", "acme/three", "entered", None),
        ("math", "acme/one", "stayed", -0.25),
        ("math", "birch/two", "left", None),
    ]
    assert {row.author for row in rows} == {"acme", "birch"}


def test_one_task_can_be_compared_alone() -> None:
    assert {row.tag for row in compare(BEFORE, AFTER, tag="math").data} == {"math"}
    assert {row.tag for row in compare(BEFORE, AFTER, of="author", tag="code:new").data} == {"code:new"}
    with pytest.raises(UnknownTagError, match="Did you mean 'math'"):
        compare(BEFORE, AFTER, tag="maths")


def listing(*shares: tuple[float, float], first: int = 0) -> TaskClassifications:
    """One task, with a model of acme and two of birch for the shares in turn."""
    models = ["acme/one", "birch/one", "birch/two"][first : first + len(shares)]
    return tasks(task("math", dict(zip(models, shares, strict=True))))


def test_a_change_of_an_author_is_given_if_the_same_models_are_listed() -> None:
    before, after = (
        listing((0.25, 0.25), (0.25, 0.25), (0.125, 0.125)),
        listing((0.25, 0.25), (0.125, 0.5), (0.125, 0.25)),
    )
    birch = compare(before, after, of="author").data[1]
    assert (birch.author, birch.id, birch.usage_share_change, birch.token_share_change) == (
        "birch",
        None,
        -0.125,
        0.375,
    )


def test_an_author_whose_model_is_no_longer_listed_has_not_fallen_if_the_list_may_hide_as_much() -> None:
    # What left had 0.125, and an unlisted model may have as much: up to 0.25, the least of the list.
    before, after = listing((0.25, 0.25), (0.25, 0.25), (0.125, 0.125)), listing((0.25, 0.25), (0.25, 0.25))
    birch = {row.author: row for row in compare(before, after, of="author").data}["birch"]
    assert (birch.before_usage_share, birch.after_usage_share) == (0.375, 0.25)
    assert (birch.usage_share_change, birch.token_share_change, birch.rank_change) == (None, None, None)
    # The author that is listed in full has its change.
    assert compare(before, after, of="author", tag="math").data[0].usage_share_change == 0


def test_an_author_has_fallen_if_the_list_cannot_hide_as_much() -> None:
    before, after = listing((0.5, 0.125), (0.25, 0.5), (0.125, 0.25)), listing((0.75, 0.75), (0.125, 0.125))
    birch = {row.author: row for row in compare(before, after, of="author").data}["birch"]
    # At most 0.125 each, as the least of the list, and 0.125 all together.
    assert birch.usage_share_change == 0.125 - 0.375
    assert birch.rank_change == 0


@pytest.mark.parametrize(
    ("listed", "change"),
    [
        # Two unlisted models of up to 0.125 each may have the 0.25 that birch had more.
        ((0.125, 0.125), None),
        # Of up to 0.0625 each they do not.
        ((0.125, 0.0625), -0.25),
        # With 0.125 left for all that is unlisted they do not either.
        ((0.75, 0.125), -0.25),
    ],
)
def test_unlisted_models_have_no_more_than_the_last_listed_one_and_no_more_together_than_is_left(
    listed: tuple[float, float], change: float | None
) -> None:
    acme, last = listed
    before = tasks(task("math", {"birch/one": (0.125, 0.5), "birch/two": (0.125, 0.0), "birch/three": (0.125, 0.0)}))
    after = tasks(task("math", {"acme/one": (acme, 0.5), "elm/one": (last, 0.0), "birch/one": (0.125, 0.0)}))
    birch = next(row for row in compare(before, after, of="author").data if row.author == "birch")
    assert birch.usage_share_change == change


def test_tokens_of_unlisted_models_are_bounded_by_all_that_is_unlisted_because_lists_go_by_requests() -> None:
    before, after = listing((0.5, 0.25), (0.25, 0.25), (0.125, 0.125)), listing((0.75, 0.5), (0.125, 0.25))
    birch = {row.author: row for row in compare(before, after, of="author").data}["birch"]
    assert birch.usage_share_change == -0.25
    assert birch.token_share_change is None


def test_variants_of_a_model_can_be_compared_together() -> None:
    before = tasks(task("math", {"a/m": (0.25, 0.25), "a/m:free": (0.25, 0.25)}))
    after = tasks(task("math", {"a/m": (0.5, 0.25), "a/m:free": (0.25, 0.5)}))
    rows = compare(before, after, of="base_slug").data
    assert [(row.id, row.usage_share_change, row.token_share_change) for row in rows] == [("a/m", 0.25, 0.25)]


def test_a_model_whose_slug_got_a_date_is_the_same_model() -> None:
    before, after = tasks(task("math", {"a/m": (0.5, 0.5)})), tasks(task("math", {"a/m-20260101": (0.25, 0.5)}))
    rows = compare(before, after, of="model").data
    assert [(row.id, row.status, row.usage_share_change) for row in rows] == [("a/m-20260101", "stayed", -0.25)]


def test_an_ambiguous_slug_is_reported_and_not_matched() -> None:
    before = tasks(task("math", {"a/m": (0.5, 0.5)}))
    after = tasks(task("math", {"a/m-20260101": (0.25, 0.25), "a/m-20260202": (0.25, 0.25)}))
    comparison = compare(before, after, of="model")
    assert comparison.meta.ambiguous == ("a/m",)
    assert {row.status for row in comparison.data} == {"entered", "left"}
    assert any("may be dated versions: a/m." in remark for remark in comparison.meta.remarks)
    assert compare(before, after).meta.ambiguous == ()


@pytest.mark.parametrize(
    ("days_later", "overlap"), [(28, 0), (7, 0), (6, 1), (1, 6), (0, 7), (-6, 1), (-7, 0), (-28, 0)]
)
def test_windows_that_overlap_are_flagged(days_later: int, overlap: int) -> None:
    after = attrs.evolve(AFTER, as_of=MONDAY + timedelta(days=days_later))
    meta = compare(BEFORE, after).meta
    assert meta.overlap_days == overlap
    assert any(f"{overlap} days in common" in remark for remark in meta.remarks) == bool(overlap)


def test_a_comparison_cites_both_answers_and_names_their_spans() -> None:
    comparison = compare(BEFORE, AFTER)
    assert comparison.citation == f"{BEFORE.citation}\n{AFTER.citation}"
    assert comparison.meta.before == ComparedSpan(MONDAY - timedelta(days=6), MONDAY, 7)
    assert comparison.meta.after == ComparedSpan(LATER - timedelta(days=6), LATER, 7)
    assert compare(BEFORE, BEFORE).citation == BEFORE.citation


@pytest.mark.parametrize("window_days", [0, -5, 2**62])
def test_an_absurd_window_is_no_failure(window_days: int) -> None:
    before = tasks(task("math"), as_of=date.max, window_days=window_days)
    assert compare(before, before).meta.before.end_date == date.max


def test_windows_of_different_lengths_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="Windows of 7 and 30 days do not compare"):
        compare(BEFORE, attrs.evolve(AFTER, window_days=30))


def test_an_answer_without_tasks_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="before has no tasks"):
        compare(tasks(), AFTER)
    with pytest.raises(ConfigurationError, match="after has no tasks"):
        compare(BEFORE, tasks())


# -- daily rankings --------------------------------------------------------------------------------------------------


def test_a_model_changes_in_tokens_share_and_rank() -> None:
    before = rankings({0: {"acme/one": 60, "birch/two": 40}, 1: {"acme/one": 40, "birch/two": 60}})
    after = rankings(
        {0: {"acme/one": 100, "birch/two": 60}, 1: {"acme/one": 50, "birch/two": 30, "other": 10}}, start=LATER
    )
    assert by_model(compare(before, after))["acme/one"] == RankingsChange(
        author="acme",
        model_permaslug="acme/one",
        status="stayed",
        before_rank=1,
        after_rank=1,
        rank_change=0,
        before_total_tokens=100,
        after_total_tokens=150,
        total_tokens_change=50,
        before_token_share=0.5,
        after_token_share=0.6,
        token_share_change=0.6 - 0.5,
        before_dates=2,
        after_dates=2,
    )


def test_dates_on_which_a_model_is_unlisted_are_no_fall() -> None:
    # On the second date it may have 5 tokens, as many as the last of the list.
    days = {0: {"acme/one": 10, "birch/two": 4}, 1: {"acme/one": 10, "birch/two": 4, "other": 30}}
    fewer = {0: {"acme/one": 10, "birch/two": 5}, 1: {"acme/one": 5, "other": 30}}
    birch = by_model(compare(rankings(days), rankings(fewer, start=LATER)))["birch/two"]
    assert (birch.before_total_tokens, birch.after_total_tokens) == (8, 5)
    assert (birch.before_dates, birch.after_dates) == (2, 1)
    assert (birch.total_tokens_change, birch.token_share_change, birch.rank_change) == (None, None, None)


def test_a_fall_that_unlisted_dates_cannot_explain_is_given() -> None:
    before = rankings({0: {"acme/one": 50, "birch/two": 100}, 1: {"acme/one": 50, "birch/two": 100}})
    after = rankings({0: {"acme/one": 50, "birch/two": 100}, 1: {"acme/one": 50, "other": 30}}, start=LATER)
    birch = by_model(compare(before, after))["birch/two"]
    # At most 30, which is all of ``other``.
    assert birch.total_tokens_change == -100


def test_on_a_date_without_other_nothing_is_unlisted() -> None:
    before = rankings({0: {"acme/one": 50, "birch/two": 10}, 1: {"acme/one": 50, "birch/two": 10}})
    after = rankings({0: {"acme/one": 50, "birch/two": 15}, 1: {"acme/one": 50}}, start=LATER)
    assert by_model(compare(before, after))["birch/two"].total_tokens_change == -5


def test_what_is_unlisted_on_one_date_is_not_hidden_on_another() -> None:
    before = rankings({0: {"acme/one": 50, "birch/two": 20, "other": 90}, 1: {"acme/one": 50, "birch/two": 20}})
    after = rankings({0: {"acme/one": 50, "birch/two": 20, "other": 90}, 1: {"acme/one": 50}}, start=LATER)
    assert by_model(compare(before, after))["birch/two"].total_tokens_change == -20


def test_unlisted_models_have_no_more_together_than_other_has() -> None:
    before = rankings({0: {"acme/one": 30, "birch/two": 20, "birch/three": 20, "birch/four": 20}})
    after = rankings({0: {"acme/one": 30, "birch/two": 20, "other": 20}}, start=LATER)
    # Two models with up to 20 each would reach the 60 of before; with 20 together they do not.
    assert by_model(compare(before, after, of="author"))["birch"].total_tokens_change == -40


def test_an_author_may_have_its_unlisted_models_still() -> None:
    before = rankings({0: {"acme/one": 50, "birch/two": 20, "birch/three": 10, "other": 100}})
    after = rankings({0: {"acme/one": 50, "birch/two": 20, "other": 100}}, start=LATER)
    birch = by_model(compare(before, after, of="author"))["birch"]
    assert (birch.model_permaslug, birch.before_total_tokens, birch.after_total_tokens) == (None, 30, 20)
    assert birch.total_tokens_change is None
    assert by_model(compare(before, after, of="author"))["acme"].total_tokens_change == 0


def test_other_is_never_compared() -> None:
    answer = rankings({0: {"acme/one": 1, "other": 99}})
    assert [row.model_permaslug for row in compare(answer, answer).data] == ["acme/one"]


def test_a_day_in_progress_is_never_compared_with_a_whole_one() -> None:
    live = rankings({0: {"a/m": 100}, 1: {"a/m": 100}, 2: {"a/m": 3}}, as_of="2026-03-04T06:00:00Z")
    yesterday, today = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    comparison = compare(span(live, MONDAY, MONDAY), span(live, yesterday, today))
    assert comparison.data[0].after_total_tokens == 100
    assert comparison.meta.after == ComparedSpan(yesterday, yesterday, 1, (today,))
    assert any("incomplete: 2026-03-04." in remark for remark in comparison.meta.remarks)
    with pytest.raises(ConfigurationError, match="after has no complete date"):
        compare(live, span(live, today, today))


def test_spans_of_different_numbers_of_dates_compare_in_shares_only() -> None:
    before, after = (
        rankings({0: {"a/m": 75, "b/m": 25}}),
        rankings({0: {"a/m": 50, "b/m": 50}, 1: {"a/m": 50, "b/m": 50}}),
    )
    row = by_model(compare(before, after))["a/m"]
    assert (row.total_tokens_change, row.token_share_change) == (None, -0.25)
    assert any("1 and 2 dates" in remark for remark in compare(before, after).meta.remarks)


def test_spans_that_overlap_are_flagged() -> None:
    answer = rankings({day: {"a/m": 1} for day in range(10)})
    parts = [span(answer, MONDAY + timedelta(days=first), MONDAY + timedelta(days=first + 5)) for first in (0, 4)]
    assert compare(*parts).meta.overlap_days == 2
    weeks = rankings({0: {"a/m": 1}, 7: {"a/m": 1}}, period="week", length=14)
    assert compare(weeks, span(weeks, MONDAY + WEEK, MONDAY + WEEK)).meta.overlap_days == 7


def test_a_slug_that_got_its_date_within_a_span_is_one_model() -> None:
    before = rankings({0: {"a/m": 10}, 1: {"a/m": 10}})
    after = rankings({0: {"a/m": 10}, 1: {"a/m-20260101": 20}}, start=LATER)
    rows = compare(before, after).data
    assert [(row.model_permaslug, row.total_tokens_change, row.after_dates) for row in rows] == [
        ("a/m-20260101", 10, 2)
    ]


def test_answers_that_were_asked_differently_are_refused() -> None:
    days, weeks = rankings({0: {"a/m": 1}}), rankings({0: {"a/m": 1}}, period="week", length=7)
    estimate = attrs.evolve(weeks, is_estimate=True)
    for before, after in ((days, weeks), (weeks, estimate)):
        with pytest.raises(ConfigurationError, match="the same period and the same filters"):
            compare(before, after)


@pytest.mark.parametrize(
    ("before", "after", "arguments", "problem"),
    [
        (
            BEFORE,
            rankings({0: {"a/m": 1}}),
            {},
            "Two task classifications can be compared, two daily rankings, or two app",
        ),
        (
            rankings({0: {"a/m": 1}}),
            BEFORE,
            {},
            "Two task classifications can be compared, two daily rankings, or two app",
        ),
        (BEFORE, AFTER, {"by": "rank"}, "by must be"),
        (BEFORE, AFTER, {"of": "vendor"}, "of must be"),
        (rankings({0: {"a/m": 1}}), rankings({0: {"a/m": 1}}), {"of": "task"}, "no tasks: of must be"),
        (rankings({0: {"a/m": 1}}), rankings({0: {"a/m": 1}}), {"tag": "math"}, "no tasks"),
        (rankings({0: {"a/m": 1}}), rankings({0: {"a/m": 1}}), {"by": "usage"}, 'must be "tokens"'),
    ],
)
def test_what_cannot_be_compared_is_refused(before: Any, after: Any, arguments: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        compare(before, after, **arguments)


def test_invented_figures_are_not_compared_with_measured_ones() -> None:
    days = rankings({0: {"a/m": 1}})
    with pytest.raises(ConfigurationError, match="do not compare"):
        compare(attrs.evolve(BEFORE, synthetic=True), AFTER)
    with pytest.raises(ConfigurationError, match="do not compare"):
        compare(days, attrs.evolve(days, synthetic=True))


# -- whatever the figures --------------------------------------------------------------------------------------------

_MIRRORED = {"entered": "left", "left": "entered", "stayed": "stayed"}


def mirrored(row: Any) -> Any:
    """The row of the comparison the other way round."""
    swapped = {}
    for name, value in attrs.asdict(row, recurse=False).items():
        if name.startswith(("before_", "after_")):
            side, _, rest = name.partition("_")
            swapped[f"{'after' if side == 'before' else 'before'}_{rest}"] = value
        elif name.endswith("_change"):
            swapped[name] = None if value is None else -value
        else:
            swapped[name] = _MIRRORED[value] if name == "status" else value
    return type(row)(**swapped)


def described_alike(row: Any) -> Any:
    """The row without the task's description, which is that of the later answer."""
    return attrs.evolve(row, display_name="", macro_category="") if isinstance(row, TaskChange) else row


def check_mirrored(there: Any, back: Any) -> None:
    assert {described_alike(mirrored(row)) for row in there.data} == set(map(described_alike, back.data))
    assert (there.meta.before, there.meta.after) == (back.meta.after, back.meta.before)
    assert there.meta.overlap_days == back.meta.overlap_days
    assert there.meta.ambiguous == back.meta.ambiguous


@given(
    task_answers(),
    task_answers(as_of=MONDAY + timedelta(days=3)),
    st.sampled_from(["task", "model", "base_slug", "author"]),
    st.sampled_from(["usage", "tokens"]),
)
def test_task_classifications_compared_the_other_way_round_are_the_mirror_image(
    before: TaskClassifications, after: TaskClassifications, of: Any, by: Any
) -> None:
    check_mirrored(compare(before, after, of=of, by=by), compare(after, before, of=of, by=by))


def has_rows(answer: RankingsDaily) -> bool:
    return bool(answer.data)


@given(
    rankings_answers().filter(has_rows),
    rankings_answers().filter(has_rows),
    st.sampled_from(["model", "base_slug", "author"]),
)
def test_daily_rankings_compared_the_other_way_round_are_the_mirror_image(
    before: RankingsDaily, after: RankingsDaily, of: Any
) -> None:
    check_mirrored(compare(before, after, of=of), compare(after, before, of=of))


@given(rankings_answers().filter(has_rows), st.sampled_from(["model", "author"]))
def test_nothing_is_known_to_have_changed_between_an_answer_and_itself(answer: RankingsDaily, of: Any) -> None:
    for row in compare(answer, answer, of=of).data:
        assert row.status == "stayed"
        assert row.total_tokens_change in (None, 0)
        assert row.rank_change in (None, 0)


@given(rankings_answers().filter(has_rows))
def test_a_change_has_the_direction_of_the_truth_whatever_the_lists_hide(truth: RankingsDaily) -> None:
    """Hide the smallest models of each date in ``other``, and compare what is left with the whole."""
    whole = attrs.evolve(truth, data=tuple(row for row in truth.data if not row.is_other))
    if not whole.data:
        return
    hidden: list[Any] = []
    for day in sorted({row.date for row in whole.data}):
        rows = sorted((row for row in whole.data if row.date == day), key=lambda row: -row.total_tokens)
        kept, rest = rows[:2], rows[2:]
        other = [attrs.evolve(row, model_permaslug="other") for row in rest[:1]]
        total = sum(row.total_tokens for row in rest)
        hidden += kept + [attrs.evolve(row, total_tokens=total) for row in other]
    listed = attrs.evolve(whole, data=tuple(hidden))
    for row in compare(whole, listed).data:
        assert row.total_tokens_change in (None, 0)
