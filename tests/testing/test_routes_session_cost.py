"""The emulated session costs keep the service's contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.testing.routes import session_cost
from openrouter_rankings.testing.routes.query import BadQueryError, Query

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)
TURN_RANGES = ["1-turn", "2-9-turns", "10-49-turns", "50-plus-turns"]

Rows = list[dict[str, Any]]


def document(query: str = "", now: datetime = NOW, seed: int = 0) -> dict[str, Any]:
    return session_cost.answer(Query(query), now, seed)


def rows(query: str = "", seed: int = 0) -> Rows:
    found: Rows = document(query, seed=seed)["data"]
    return found


def all_rows(query: str = "", seed: int = 0, limit: int = 500) -> Rows:
    found: Rows = []
    while page := rows(f"{query}&limit={limit}&offset={len(found)}", seed):
        found += page
    return found


@cache
def whole_list() -> Rows:
    return all_rows()


def test_a_row_is_an_app_a_length_a_model_and_a_median_in_dollars() -> None:
    for row in whole_list():
        assert list(row) == ["app_slug", "app_name", "turn_range", "model_permaslug", "median_session_cost_usd"]
        assert row["app_slug"] == row["app_name"].removesuffix(" App").lower().replace(" ", "-")
        assert isinstance(row["median_session_cost_usd"], float)
        assert 0 < row["median_session_cost_usd"] < 1000


def test_the_window_is_the_seven_days_up_to_yesterday() -> None:
    assert document()["meta"] == {"window_days": 7, "window_end_date": "2026-06-17"}


@settings(max_examples=examples(5))
@given(st.integers())
def test_there_are_several_pages_of_sorted_rows_without_duplicates(seed: int) -> None:
    found = all_rows(seed=seed)
    keys = [(row["app_slug"], TURN_RANGES.index(row["turn_range"]), row["model_permaslug"]) for row in found]
    assert len(found) > 1200
    assert keys == sorted(set(keys))


def test_a_page_has_100_rows_by_default() -> None:
    assert rows() == rows("limit=100&offset=0") == whole_list()[:100]


@settings(max_examples=examples(15))
@given(st.integers(1, 500), st.integers(0, 5000))
def test_a_page_is_a_slice_of_the_list(limit: int, offset: int) -> None:
    assert rows(f"limit={limit}&offset={offset}") == whole_list()[offset : offset + limit]


def test_pages_of_any_size_make_up_the_whole_list() -> None:
    assert all_rows(limit=200) == all_rows(limit=500)
    assert all_rows("turn_range=1-turn", limit=37) == all_rows("turn_range=1-turn")


def test_a_filter_keeps_the_rows_with_its_value() -> None:
    whole = whole_list()
    wanted = whole[700]
    fields = {"app_slug": "app_slug", "model": "model_permaslug", "turn_range": "turn_range"}
    for parameter, field in fields.items():
        expected = [row for row in whole if row[field] == wanted[field]]
        assert all_rows(f"{parameter}={wanted[field]}") == expected
    query = "&".join(f"{parameter}={wanted[field]}" for parameter, field in fields.items())
    assert rows(query) == [wanted]


@pytest.mark.parametrize(
    "query", ["app_slug=unknown", "app_slug=", "model=unknown/model", "model=northwind/gale", "offset=5000"]
)
def test_a_filter_or_offset_without_matches_gives_no_rows(query: str) -> None:
    answer = document(query)
    assert answer["data"] == []
    assert answer["meta"]["window_days"] == 7


def test_longer_sessions_cost_more() -> None:
    first = all_rows()[0]
    query = f"app_slug={first['app_slug']}&model={first['model_permaslug']}"
    costs = [row["median_session_cost_usd"] for row in rows(query)]
    assert len(costs) == 4
    assert costs == sorted(costs)


def test_another_seed_or_day_has_other_figures() -> None:
    found = rows(seed=1)
    assert found != rows(seed=2)
    session_cost._cells.cache_clear()
    assert found == rows(seed=1)
    assert document(now=NOW + timedelta(days=1))["data"] != rows()


def test_the_figures_are_the_same_on_every_machine() -> None:
    assert rows()[0] == {
        "app_slug": "alder-drift",
        "app_name": "Alder Drift",
        "turn_range": "1-turn",
        "model_permaslug": "ironbark/anvil-1",
        "median_session_cost_usd": 0.012611,
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("turn_range=3-turns", "Invalid turn_range '3-turns': the allowed values are '1-turn', '2-9-turns', "),
        ("limit=0", "Invalid limit '0': give an integer from 1 to 500."),
        ("limit=501", "Invalid limit '501': give an integer from 1 to 500."),
        ("offset=-1", "Invalid offset '-1': give an integer from 0 to 5000."),
        ("offset=5001", "Invalid offset '5001': give an integer from 0 to 5000."),
    ],
)
def test_an_invalid_query_is_rejected(query: str, message: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        document(query)
    assert str(caught.value).startswith(message)
