"""The column of change beside a table's figures."""

from datetime import timedelta

import pytest
from small_answers import MONDAY, apps, rankings, task, tasks

from openrouter_rankings.analysis import compare
from openrouter_rankings.render.app_rankings import apps as apps_table
from openrouter_rankings.render.changes import (
    percentage_points,
    signed,
    with_app_changes,
    with_rankings_changes,
    with_task_changes,
)
from openrouter_rankings.render.data_sets import Asked, Table
from openrouter_rankings.render.rankings_daily import leaderboard
from openrouter_rankings.render.task_classifications import models_of_task
from openrouter_rankings.render.task_classifications import tasks as tasks_table

LATER = MONDAY + timedelta(days=28)


def shown(table: Table) -> dict[str, str]:
    """What the column says, by the name in the last column."""
    headings = [column.heading for column in table.columns]
    return {cells[-1]: cells[headings.index("Change")] for cells in table.cells}


@pytest.mark.parametrize(
    ("text", "written"),
    [("1.2", "+1.2"), ("-1.2", "-1.2"), ("-0.0", "0.0"), ("0", "0"), ("-0.0%", "0.0%"), ("1,234", "+1,234")],
)
def test_a_change_has_its_sign_and_zero_has_none(text: str, written: str) -> None:
    assert signed(text) == written


def test_a_change_of_a_share_is_in_percentage_points() -> None:
    assert [percentage_points(share) for share in (0.0123, -0.2, -0.0004)] == ["+1.2", "-20.0", "0.0"]
    assert percentage_points(-0.0004, decimals=2) == "-0.04"


def test_the_column_stands_before_the_drawings() -> None:
    before, after = (tasks(task("math", usage=usage), as_of=day) for usage, day in ((0.25, MONDAY), (0.5, LATER)))
    table = with_task_changes(tasks_table(after, Asked()), compare(before, after), "usage")
    headings = [column.heading for column in table.columns]
    assert headings == ["#", "Task", "Tag", "Macro", "Requests", "Tokens", "Change", "", "Top model"]
    assert table.records.rows[0]["change"] == 0.25
    assert "Change: percentage points of the share of requests, " in table.remarks[-1]


def test_a_model_that_entered_is_new_and_one_that_is_found_by_its_dated_slug_is_not() -> None:
    before = tasks(task("math", {"acme/one": (0.4, 0.5), "acme/two-20260101": (0.2, 0.2)}))
    models = {"acme/one-20260101": (0.5, 0.5), "acme/two": (0.2, 0.1), "birch/three": (0.1, 0.1)}
    after = tasks(task("math", models), as_of=LATER)
    made = models_of_task(after, Asked(), "math")
    table = with_task_changes(made, compare(before, after, of="model"), "usage")
    assert shown(table) == {"acme/one-20260101": "+10.0", "acme/two": "0.0", "birch/three": "new"}
    assert table.remarks[-1] == "new: not in the top list then, which is not zero."
    assert [row["change"] for row in table.records.rows] == [pytest.approx(0.1), 0.0, None]


def test_what_the_lists_could_hide_is_not_known_and_what_they_no_longer_list_has_left() -> None:
    # Over the whole span all are listed; in the weeks compared, two are not on all dates, and one is in neither.
    days = {0: {"a/m": 90, "b/m": 11, "other": 50}, 1: {"a/m": 90, "c/m": 10, "other": 50}}
    later = {28: {"a/m": 80, "b/m": 14, "other": 40}, 29: {"a/m": 80, "e/m": 13, "other": 40}}
    whole = rankings(days | later | {10: {"d/m": 1}})
    before, after = rankings(days), rankings({day - 28: rows for day, rows in later.items()}, start=LATER)
    table = with_rankings_changes(leaderboard(whole, Asked()), compare(before, after))
    assert shown(table) == {"a/m": "+0.12", "b/m": "?", "c/m": "left", "d/m": "-", "e/m": "new"}
    assert [remark.partition(":")[0] for remark in table.remarks[-3:]] == ["new", "left", "?"]


def test_a_variant_is_not_taken_for_the_model() -> None:
    before, after = rankings({0: {"a/m:free": 1}}), rankings({0: {"a/m:free": 2}}, start=LATER)
    whole = rankings({0: {"a/m": 9, "a/m:free": 1}})
    assert shown(with_rankings_changes(leaderboard(whole, Asked()), compare(before, after)))["a/m"] == "-"


def test_the_tokens_of_an_app_change_in_percent_unless_it_had_none() -> None:
    before, after = apps({1: 200, 2: 0}), apps({1: 150, 2: 5, 3: 1}, days_later=30)
    table = with_app_changes(apps_table(after, Asked()), compare(before, after))
    assert shown(table) == {"App 1": "-25.0%", "App 2": "-", "App 3": "new"}
