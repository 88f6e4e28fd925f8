"""Two app rankings compared."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_answers import apps, tasks

from openrouter_rankings.analysis import AppChange, compare
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.app_rankings import AppRankings

BEFORE = apps({1: 90, 2: 80, 3: 70})
AFTER = apps({2: 100, 1: 90, 4: 20}, days_later=30)


def test_an_app_changes_in_rank_tokens_and_requests() -> None:
    comparison = compare(BEFORE, AFTER)
    assert comparison.data[0] == AppChange(
        app_id=2,
        app_name="App 2",
        status="stayed",
        before_rank=2,
        after_rank=1,
        rank_change=1,
        before_total_tokens=80,
        after_total_tokens=100,
        total_tokens_change=20,
        before_total_requests=40,
        after_total_requests=50,
        total_requests_change=10,
    )
    assert (comparison.meta.of, comparison.meta.by, comparison.meta.overlap_days) == ("app", "tokens", 0)


def test_apps_are_in_the_order_of_the_second_answer_and_then_of_what_it_lacks() -> None:
    comparison = compare(BEFORE, AFTER)
    assert [(row.app_id, row.status) for row in comparison.data] == [
        (2, "stayed"), (1, "stayed"), (4, "entered"), (3, "left"),
    ]  # fmt: skip
    entered, left = comparison.data[2:]
    assert (entered.before_rank, entered.before_total_tokens, entered.total_tokens_change) == (None, None, None)
    assert (left.after_rank, left.after_total_requests, left.rank_change) == (None, None, None)


def test_an_app_is_the_same_under_another_name_and_goes_by_the_later_one() -> None:
    renamed = attrs.evolve(AFTER, data=tuple(attrs.evolve(row, app_name="Weir") for row in AFTER.data))
    assert {row.app_name for row in compare(BEFORE, renamed).data} == {"Weir", "App 3"}


def test_windows_that_overlap_are_flagged() -> None:
    comparison = compare(BEFORE, apps({1: 90}, days_later=28))
    assert comparison.meta.overlap_days == 2
    assert any("2 days in common" in remark for remark in comparison.meta.remarks)


def test_spans_of_different_lengths_compare_in_rank_only() -> None:
    row = compare(BEFORE, apps({1: 90}, days_later=30, days=7)).data[0]
    assert (row.rank_change, row.total_tokens_change, row.total_requests_change) == (0, None, None)


def test_a_day_in_progress_is_not_compared() -> None:
    with pytest.raises(ConfigurationError, match="after includes 2026-04-01, which was not over"):
        compare(BEFORE, apps({1: 90}, days_later=30, as_of="2026-04-01T23:59:59Z"))


@pytest.mark.parametrize(
    ("before", "after", "arguments", "problem"),
    [
        (BEFORE, AFTER, {"by": "tokens"}, "of, by and tag"),
        (BEFORE, AFTER, {"tag": "math"}, "of, by and tag"),
        (BEFORE, tasks(), {}, "can be compared"),
        (attrs.evolve(BEFORE, synthetic=True), AFTER, {}, "do not compare"),
    ],
)
def test_what_cannot_be_compared_is_refused(before: Any, after: Any, arguments: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        compare(before, after, **arguments)


rankings_of_apps = st.dictionaries(st.integers(1, 6), st.integers(0, 2**62)).map(apps)


@given(rankings_of_apps, rankings_of_apps)
def test_app_rankings_compared_the_other_way_round_are_the_mirror_image(
    before: AppRankings, after: AppRankings
) -> None:
    there = {row.app_id: row for row in compare(before, after).data}
    back = {row.app_id: row for row in compare(after, before).data}
    assert there.keys() == back.keys()
    for app, row in there.items():
        mirror = back[app]
        assert (row.before_rank, row.before_total_tokens) == (mirror.after_rank, mirror.after_total_tokens)
        for name in ("rank_change", "total_tokens_change", "total_requests_change"):
            change, opposite = getattr(row, name), getattr(mirror, name)
            assert change == (None if opposite is None else -opposite)
