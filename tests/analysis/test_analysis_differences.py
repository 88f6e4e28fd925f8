"""Which rows of two answers differ."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from answers import DOCUMENTS, Json

from openrouter_rankings import (
    AppRankings,
    Benchmarks,
    ConfigurationError,
    RankingsDaily,
    SessionCost,
    TaskClassifications,
)
from openrouter_rankings.analysis import Differences, RowChange, differences
from openrouter_rankings.analysis.comparison import compare
from openrouter_rankings.analysis.differences import same_figures
from openrouter_rankings.models.data_set import Answer

DOCUMENT_OF: dict[type[Any], Json] = dict(DOCUMENTS)

# For each data set, a change of a row's figures, and another row beside it.
CHANGES: list[tuple[type[Any], Callable[[Json], object], Callable[[Json], object]]] = [
    (TaskClassifications, lambda row: row.update(usage_share=0.625), lambda row: row.update(tag="chat")),
    (RankingsDaily, lambda row: row.update(total_tokens="13"), lambda row: row.update(date="2026-03-02")),
    (AppRankings, lambda row: row.update(rank=2), lambda row: row.update(app_id=8)),
    (SessionCost, lambda row: row.update(median_session_cost_usd=0.25), lambda row: row.update(turn_range="2-turns")),
    (Benchmarks, lambda row: row.update(intelligence_index=61.5), lambda row: row.update(model_permaslug="acme/owl-2")),
]
EACH = pytest.mark.parametrize(("kind", "change", "another"), CHANGES, ids=[each[0].__name__ for each in CHANGES])


def rows(document: Json) -> list[Json]:
    found: list[Json] = document["data"]["classifications"] if isinstance(document["data"], dict) else document["data"]
    return found


def rows_of(answer: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] = getattr(answer, "classifications", None) or answer.data
    return found


def documents(kind: type[Any]) -> tuple[Json, Json]:
    """Two equal documents with one row."""
    document = copy.deepcopy(DOCUMENT_OF[kind])
    del rows(document)[1:]
    return document, copy.deepcopy(document)


@EACH
def test_a_row_with_other_figures_is_changed_and_one_of_its_own_has_entered_or_left(
    kind: type[Any], change: Callable[[Json], object], another: Callable[[Json], object]
) -> None:
    document, later = documents(kind)
    new = copy.deepcopy(rows(document)[0])
    another(new)
    change(rows(later)[0])
    rows(later).append(new)
    before, after = kind.from_dict(document), kind.from_dict(later)
    old_row, (changed_row, new_row) = rows_of(before)[0], rows_of(after)
    assert differences(before, after) == Differences(
        entered=(new_row,), left=(), changed=(RowChange(old_row, changed_row),)
    )
    assert differences(after, before) == Differences(
        entered=(), left=(new_row,), changed=(RowChange(changed_row, old_row),)
    )
    assert not same_figures(before, after)
    assert json.loads(json.dumps(differences(before, after).to_dict())) == {
        "entered": [new_row.to_dict()],
        "left": [],
        "changed": [{"before": old_row.to_dict(), "after": changed_row.to_dict()}],
    }


@EACH
def test_equal_answers_have_no_differences_in_whatever_order_their_rows_are(
    kind: type[Any], change: Callable[[Json], object], another: Callable[[Json], object]
) -> None:
    document, later = documents(kind)
    for each in (document, later):
        new = copy.deepcopy(rows(each)[0])
        another(new)
        rows(each).append(new)
    rows(later).reverse()
    before, after = kind.from_dict(document), kind.from_dict(later)
    assert not differences(before, after)
    assert differences(before, before) == Differences()


@pytest.mark.parametrize("kind", [AppRankings, SessionCost])
def test_an_app_whose_name_alone_is_another_has_the_same_figures(kind: type[Any]) -> None:
    document, later = documents(kind)
    rows(later)[0]["app_name"] = "Birch AI"
    before, after = kind.from_dict(document), kind.from_dict(later)
    assert not differences(before, after)
    assert same_figures(before, after)


@pytest.mark.parametrize("kind", [RankingsDaily, AppRankings, SessionCost, Benchmarks])
def test_an_answer_that_was_only_made_later_has_the_same_figures(kind: type[Any]) -> None:
    document, later = documents(kind)
    later["meta"]["as_of"] = "2026-03-02T09:00:00Z"
    assert same_figures(kind.from_dict(document), kind.from_dict(later))


def test_another_span_is_a_change_even_with_the_same_rows() -> None:
    document, later = documents(AppRankings)
    later["meta"]["end_date"] = "2026-03-02"
    assert not same_figures(AppRankings.from_dict(document), AppRankings.from_dict(later))


def test_a_new_day_of_the_tasks_is_a_change_even_with_the_same_figures() -> None:
    document, later = documents(TaskClassifications)
    later["data"]["as_of"] = "2026-03-02"
    assert not same_figures(TaskClassifications.from_dict(document), TaskClassifications.from_dict(later))


def test_rows_about_the_same_thing_are_told_apart_by_their_order() -> None:
    document, later = documents(Benchmarks)
    rows(document).append(rows(document)[0] | {"intelligence_index": 1.5})
    rows(later).append(rows(later)[0] | {"intelligence_index": 2.5})
    before, after = Benchmarks.from_dict(document), Benchmarks.from_dict(later)
    assert differences(before, after).changed == (RowChange(before.data[1], after.data[1]),)


def test_a_row_without_a_key_is_the_same_row_only_if_it_is_equal() -> None:
    document, later = documents(TaskClassifications)
    later["data"]["as_of"] = "2026-03-02"
    tasks, next_day = TaskClassifications.from_dict(document), TaskClassifications.from_dict(later)
    before, after = compare(tasks, tasks), compare(tasks, next_day, by="tokens")
    assert differences(before, before) == Differences()
    assert differences(before, after) == Differences()


def test_answers_of_two_data_sets_have_no_rows_in_common() -> None:
    tasks, apps = (kind.from_dict(DOCUMENT_OF[kind]) for kind in (TaskClassifications, AppRankings))
    with pytest.raises(ConfigurationError, match="TaskClassifications and AppRankings have no rows in common"):
        differences(tasks, apps)
    assert not same_figures(apps, tasks)


def test_what_is_no_answer_of_the_service_has_no_rows() -> None:
    class Other(Answer):
        synthetic = False

        @property
        def source_line(self) -> str:
            return ""

        def to_dict(self) -> Json:
            return {}

        def _subject(self) -> str:
            return ""

        def _rows(self) -> tuple[Any, ...]:
            return ()

        def _label(self, row: Any) -> str:
            return ""

    with pytest.raises(ConfigurationError, match="Other"):
        differences(Other(), Other())
