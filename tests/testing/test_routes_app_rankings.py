"""The emulated app rankings keep the service's contract."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.models.app_rankings import SUBCATEGORIES
from openrouter_rankings.testing.routes import app_rankings
from openrouter_rankings.testing.routes.market import APPS
from openrouter_rankings.testing.routes.query import BadQueryError, Query

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)

Rows = list[dict[str, Any]]


def document(query: str = "", now: datetime = NOW, seed: int = 0) -> dict[str, Any]:
    return app_rankings.answer(Query(query), now, seed)


def rows(query: str = "", now: datetime = NOW, seed: int = 0) -> Rows:
    found: Rows = document(query, now, seed)["data"]
    return found


def all_rows(query: str = "", seed: int = 0) -> Rows:
    """As much of the list as can be read."""
    return rows(f"{query}&limit=100", seed=seed) + rows(f"{query}&limit=100&offset=100", seed=seed)


def ids(found: Rows) -> list[int]:
    return [row["app_id"] for row in found]


def test_a_row_is_an_app_with_its_rank_its_tokens_as_digits_and_its_requests() -> None:
    for row in rows():
        assert list(row) == ["rank", "app_id", "app_name", "total_tokens", "total_requests"]
        assert row["total_tokens"] == str(int(row["total_tokens"]))
        assert 0 < row["total_requests"] < int(row["total_tokens"])
        assert row["app_name"]


def test_there_are_more_apps_than_can_be_read_and_ids_are_unique() -> None:
    assert len({app.app_id for app in APPS}) == len({app.slug for app in APPS}) == len(APPS) >= 230
    assert len(all_rows()) == 200


def test_a_page_has_50_apps_by_default() -> None:
    assert rows() == rows("limit=50&offset=0") == all_rows()[:50]


def test_the_resolved_span_is_echoed_with_a_start_before_the_data_moved() -> None:
    assert document()["meta"] == {"start_date": "2026-05-18", "end_date": "2026-06-17"}
    early = document("start_date=2024-06-01&end_date=2025-01-03")
    assert early["meta"] == {"start_date": "2025-01-01", "end_date": "2025-01-03"}
    assert len(early["data"]) == 50


def test_the_day_in_progress_has_the_tokens_of_its_hours_so_far() -> None:
    midnight = NOW.replace(hour=0)
    today = "start_date=2026-06-18&end_date=2026-06-18&category=coding"
    by_hour = [
        {row["app_id"]: int(row["total_tokens"]) for row in rows(today, midnight + timedelta(hours=hours))}
        for hours in (0, 6, 12, 24)
    ]
    assert by_hour[0] == {}
    for app, tokens in by_hour[3].items():
        assert [counts.get(app) for counts in by_hour[1:]] == [tokens // 4, tokens // 2, tokens]


def test_a_span_that_reaches_into_the_future_is_echoed_and_has_the_tokens_up_to_now() -> None:
    late = document("start_date=2026-06-16&end_date=2026-07-31")
    assert late["meta"]["end_date"] == "2026-07-31"
    assert late["data"] == rows("start_date=2026-06-16&end_date=2026-06-18")
    assert rows("start_date=2026-06-19&end_date=2026-06-19") == []
    assert rows("start_date=2026-06-19&end_date=2026-06-19&sort=trending") == []


@settings(max_examples=examples(20))
@given(st.integers(20, 100), st.integers(), st.sampled_from(["", "category=coding", "sort=trending"]))
def test_pages_follow_each_other_without_gap_or_overlap(limit: int, seed: int, query: str) -> None:
    one_day = f"{query}&start_date=2026-06-17"
    whole = all_rows(one_day, seed)
    for offset in range(0, 101, limit):
        assert rows(f"{one_day}&limit={limit}&offset={offset}", seed=seed) == whole[offset : offset + limit]


@settings(max_examples=examples(10))
@given(st.integers(), st.sampled_from(["popular", "trending"]))
def test_ranks_are_absolute_and_count_from_one(seed: int, sort: str) -> None:
    ranks = [row["rank"] for row in all_rows(f"sort={sort}", seed)]
    assert ranks == list(range(1, len(ranks) + 1))


@settings(max_examples=examples(10))
@given(st.integers())
def test_popular_apps_are_sorted_by_tokens(seed: int) -> None:
    found = all_rows("sort=popular", seed)
    assert found == sorted(found, key=lambda row: (-int(row["total_tokens"]), row["app_id"]))
    assert found == all_rows(seed=seed)


def test_trending_leaves_out_apps_that_do_not_grow_and_has_another_order() -> None:
    popular, trending = all_rows("category=coding"), all_rows("category=coding&sort=trending")
    assert 0 < len(trending) < len(popular)
    assert set(ids(trending)) < set(ids(popular))
    assert ids(trending) != [app for app in ids(popular) if app in set(ids(trending))]
    tokens = {row["app_id"]: row["total_tokens"] for row in popular}
    assert all(row["total_tokens"] == tokens[row["app_id"]] for row in trending)


def test_trending_ranks_by_tokens_above_the_mean_of_the_three_spans_before() -> None:
    now, *before = (
        {row["app_id"]: int(row["total_tokens"]) for row in all_rows(f"category=creative&start_date={a}&end_date={b}")}
        for a, b in (
            ("2026-06-01", "2026-06-10"),
            ("2026-05-22", "2026-05-31"),
            ("2026-05-12", "2026-05-21"),
            ("2026-05-02", "2026-05-11"),
        )
    )
    excess = {app: now[app] - sum(span[app] for span in before) / 3 for app in now}
    expected = sorted((app for app in excess if excess[app] > 0), key=lambda app: (-excess[app], app))
    found = all_rows("category=creative&sort=trending&start_date=2026-06-01&end_date=2026-06-10")
    assert ids(found) == expected


@settings(max_examples=examples(15))
@given(st.dates(date(2025, 1, 1), date(2026, 5, 1)), st.integers(0, 20), st.integers(0, 20))
def test_tokens_of_adjacent_spans_add_up(start: date, first: int, second: int) -> None:
    middle = start + timedelta(days=first)
    end = middle + timedelta(days=second + 1)
    whole, *parts = (
        {row["app_id"]: int(row["total_tokens"]) for row in all_rows(f"category=coding&start_date={a}&end_date={b}")}
        for a, b in ((start, end), (start, middle), (middle + timedelta(days=1), end))
    )
    assert whole == {app: sum(part[app] for part in parts) for app in whole}


def test_the_subcategories_make_up_their_category_and_the_categories_all_apps() -> None:
    assert {app.category for app in APPS} == set(SUBCATEGORIES)
    for category, subcategories in SUBCATEGORIES.items():
        whole = set(ids(all_rows(f"category={category}")))
        parts = [set(ids(all_rows(f"category={category}&subcategory={part}"))) for part in subcategories]
        assert all(parts)
        assert whole == set[int]().union(*parts)
        assert len(whole) == sum(map(len, parts))


def test_a_subcategory_needs_no_category_and_ranks_anew() -> None:
    found = rows("subcategory=legal")
    assert found == rows("category=productivity&subcategory=legal")
    assert [row["rank"] for row in found] == list(range(1, len(found) + 1))


def test_filters_do_not_change_the_figures_of_an_app() -> None:
    whole = {row["app_id"]: row["total_tokens"] for row in all_rows()}
    shared = [row for row in rows("subcategory=game") if row["app_id"] in whole]
    assert len(shared) > 5
    assert all(row["total_tokens"] == whole[row["app_id"]] for row in shared)


def test_the_name_of_an_app_can_change_and_its_id_stays() -> None:
    one, two = (
        {row["app_id"]: row["app_name"] for row in all_rows(f"category=coding&end_date={end}")}
        for end in ("2026-06-10", "2026-06-11")
    )
    assert set(one) == set(two)
    assert 0 < sum(one[app] != two[app] for app in one) < len(one)


def test_another_seed_has_another_market() -> None:
    found = rows(seed=1)
    assert found != rows(seed=2)
    app_rankings._standings.cache_clear()
    assert found == rows(seed=1)


def test_the_figures_are_the_same_on_every_machine() -> None:
    assert rows()[0] == {
        "rank": 1,
        "app_id": 1259,
        "app_name": "Alder Easel",
        "total_tokens": "1751618317587",
        "total_requests": 137284921,
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("category=cooking", "Invalid category 'cooking': the allowed values are 'coding', 'creative', "),
        ("subcategory=soup", "Invalid subcategory 'soup': the allowed values are 'cli-agent', "),
        ("sort=newest", "Invalid sort 'newest': the allowed values are 'popular', 'trending'."),
        ("category=coding&subcategory=legal", "subcategory 'legal' does not belong to category 'coding'."),
        ("limit=0", "Invalid limit '0': give an integer from 1 to 100."),
        ("limit=101", "Invalid limit '101': give an integer from 1 to 100."),
        ("limit=ten", "Invalid limit 'ten': give an integer from 1 to 100."),
        ("offset=-1", "Invalid offset '-1': give an integer from 0 to 100."),
        ("offset=101", "Invalid offset '101': give an integer from 0 to 100."),
        ("start_date=2025-01-01&end_date=2026-01-02", "From start_date to end_date are 367 days: "),
        ("start_date=2026-06-02&end_date=2026-06-01", "start_date 2026-06-02 is after end_date 2026-06-01."),
        ("end_date=2024-12-31", "end_date 2024-12-31 is before 2025-01-01"),
        ("end_date=2026-02-30", "Invalid end_date '2026-02-30'"),
    ],
)
def test_an_invalid_query_is_rejected(query: str, message: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        document(query)
    assert str(caught.value).startswith(message)
