"""When models were first and last seen."""

from datetime import UTC, date, datetime, timedelta

import pytest
from small_answers import MONDAY, rankings, task, tasks

from openrouter_rankings.analysis.series import AnyTasks, Revision
from openrouter_rankings.analysis.sightings import Sighting, sightings
from openrouter_rankings.errors import ConfigurationError

DAY = timedelta(days=1)


def days(*numbers: int) -> tuple[date, ...]:
    return tuple(MONDAY + number * DAY for number in numbers)


def test_a_model_is_new_after_the_first_date_and_has_vanished_before_the_last() -> None:
    answer = rankings({0: {"a/m": 1, "b/old": 1, "other": 9}, 1: {"a/m": 1}, 2: {"a/m": 1, "c/new": 1}})
    seen = sightings(answer)
    first, last = days(0, 2)
    assert seen.data == (
        Sighting("a", "a/m", first, last, 3, is_new=False, is_vanished=False),
        Sighting("b", "b/old", first, first, 1, is_new=False, is_vanished=True),
        Sighting("c", "c/new", last, last, 1, is_new=True, is_vanished=False),
    )
    assert [row.model_permaslug for row in seen.new] == ["c/new"]
    assert [row.model_permaslug for row in seen.vanished] == ["b/old"]
    assert (seen.meta.dates, seen.meta.start_date, seen.meta.end_date) == (3, first, last)
    assert any("a vanished one may still be" in remark for remark in seen.meta.remarks)


def test_the_newest_and_the_last_to_vanish_come_first() -> None:
    answer = rankings({0: {"a/z": 1}, 1: {"a/x": 1, "a/z": 1}, 2: {"a/y": 1, "a/x": 1}, 3: {"a/y": 1}})
    seen = sightings(answer)
    assert [row.model_permaslug for row in seen.new] == ["a/y", "a/x"]
    assert [row.model_permaslug for row in seen.vanished] == ["a/x", "a/z"]


def test_the_models_of_all_tasks_are_seen() -> None:
    before = tasks(task("math", {"a/m": (0.5, 0.5)}), task("code:a", {"b/m": (0.5, 0.5)}))
    after = tasks(task("math", {"b/m": (0.5, 0.5)}), as_of=MONDAY + 7 * DAY)
    answers: list[AnyTasks] = [Revision(after, datetime(2026, 3, 9, tzinfo=UTC)), before]
    seen = sightings(answers)
    assert [(row.model_permaslug, row.dates, row.is_vanished) for row in seen.data] == [
        ("a/m", 1, True),
        ("b/m", 2, False),
    ]
    assert seen.citation == f"{before.citation}\n{after.citation}"


def test_a_model_whose_slug_got_a_date_is_neither_new_nor_vanished() -> None:
    seen = sightings([rankings({0: {"a/m": 1}, 1: {"a/m-20260101": 1}})])
    assert seen.data == (Sighting("a", "a/m-20260101", MONDAY, MONDAY + DAY, 2, is_new=False, is_vanished=False),)


def test_a_model_is_not_new_because_of_a_day_in_progress() -> None:
    seen = sightings(rankings({0: {"a/m": 1}, 1: {"b/m": 1}}, as_of="2026-03-03T05:00:00Z"))
    assert [row.model_permaslug for row in seen.data] == ["a/m"]
    assert (seen.new, seen.vanished, seen.meta.incomplete) == ((), (), days(1))


def test_an_answer_without_rows_has_seen_nothing() -> None:
    seen = sightings(rankings({}))
    assert (seen.data, seen.meta.dates, seen.meta.start_date) == ((), 0, None)


def test_no_answers_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="one or more"):
        sightings([])
