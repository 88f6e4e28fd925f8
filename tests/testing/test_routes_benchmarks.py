"""The emulated benchmarks have the four shapes of rows, and narrow them as the service does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrouter_rankings.testing.routes import benchmarks
from openrouter_rankings.testing.routes.query import BadQueryError, Query

TODAY = date(2026, 6, 18)

Row = dict[str, Any]

IDENTITY = ["source", "model_permaslug", "display_name"]
SHAPES = {
    "artificial-analysis": [*IDENTITY, "intelligence_index", "coding_index", "agentic_index", "pricing"],
    "design-arena": [
        *IDENTITY, "arena", "category", "elo", "win_rate", "avg_generation_time_ms", "tournament_stats", "pricing",
    ],
    "classic": [
        *IDENTITY, "benchmark_type", "accuracy", "accuracy_stddev", "avg_cost_per_task", "total_tasks",
        "last_run_timestamp",
    ],
    "search": [
        *IDENTITY, "benchmark_type", "primary_metric", "primary_score", "total_tasks", "avg_cost_per_task",
        "avg_latency_per_task_ms", "search_engine", "search_surface", "last_run_timestamp",
    ],
}  # fmt: skip
NULLABLE = {
    "intelligence_index", "coding_index", "agentic_index", "pricing", "avg_generation_time_ms", "accuracy_stddev",
    "avg_cost_per_task", "avg_latency_per_task_ms",
}  # fmt: skip


def document(query: str = "", today: date = TODAY, seed: int = 0) -> dict[str, Any]:
    return benchmarks.answer(Query(query), today, seed)


def rows(query: str = "", seed: int = 0) -> list[Row]:
    found: list[Row] = document(query, seed=seed)["data"]
    return found


def shape(row: Row) -> str:
    if row["source"] != "openrouter":
        return str(row["source"])
    return "search" if row["benchmark_type"].startswith("search_") else "classic"


def of_shape(*names: str) -> list[Row]:
    return [row for row in rows() if shape(row) in names]


@pytest.mark.parametrize("name", SHAPES)
def test_there_are_several_rows_of_each_shape_with_nulls_where_they_are_allowed(name: str) -> None:
    found = of_shape(name)
    assert len(found) > 5
    for row in found:
        assert list(row) == SHAPES[name]
        assert all(value is not None or field in NULLABLE for field, value in row.items())
    for field in NULLABLE & set(SHAPES[name]):
        nulls = sum(row[field] is None for row in found)
        assert 0 < nulls < len(found)


def test_prices_are_decimal_numbers_in_dollars_per_token() -> None:
    for row in of_shape("artificial-analysis", "design-arena"):
        if row["pricing"] is not None:
            assert list(row["pricing"]) == ["prompt", "completion"]
            assert all("e" not in price.lower() and 0 < float(price) < 1e-3 for price in row["pricing"].values())


def test_a_model_has_one_price_in_all_rows() -> None:
    prices: dict[str, set[str]] = {}
    for row in of_shape("artificial-analysis", "design-arena"):
        if row["pricing"] is not None:
            prices.setdefault(row["model_permaslug"], set()).add(str(row["pricing"]))
    assert all(len(found) == 1 for found in prices.values())


@settings(max_examples=15)
@given(st.integers())
def test_figures_are_within_their_bounds(seed: int) -> None:
    for row in rows(seed=seed):
        assert all(0 <= row.get(field, 0) <= 1 for field in ("accuracy", "primary_score"))
        assert 0 <= row.get("win_rate", 0) <= 100
        if "total_tasks" in row:
            assert row["total_tasks"] > 0
            assert datetime.fromisoformat(row["last_run_timestamp"]).date() < TODAY


def test_places_add_up_to_the_tournaments_or_are_not_known() -> None:
    stats = [row["tournament_stats"] for row in of_shape("design-arena")]
    for places in stats:
        assert list(places) == ["first_place", "second_place", "third_place", "fourth_place", "total"]
        *counts, total = places.values()
        assert {None} == {*counts, total} or sum(counts) == total
    assert {type(places["total"]) for places in stats} == {int, type(None)}


def test_a_model_that_openrouter_does_not_have_has_no_price() -> None:
    for row in of_shape("design-arena"):
        assert (row["pricing"] is None) == ("/" not in row["model_permaslug"])


def test_widesearch_is_scored_by_item_and_the_other_searches_by_accuracy() -> None:
    metrics = {(row["benchmark_type"], row["primary_metric"]) for row in of_shape("search")}
    assert metrics == {
        ("search_browsecomp", "accuracy"),
        ("search_hle", "accuracy"),
        ("search_dsqa", "accuracy"),
        ("search_widesearch", "f1_by_item"),
    }


def test_the_configuration_of_a_run_is_there_only_when_asked_for() -> None:
    assert rows("include_run_config=false") == rows()
    found = rows("include_run_config=true")
    configs = [row.pop("run_config") for row in found if shape(row) == "search"]
    assert found == rows()
    for field in ("max_agent_turns", "reasoning_effort", "temperature"):
        values = {config[field] for config in configs}
        assert None in values
        assert len(values) > 1


# Filters

FILTERS: list[tuple[str, Callable[[Row], bool]]] = [
    ("source=artificial-analysis", lambda row: shape(row) == "artificial-analysis"),
    ("source=design-arena", lambda row: row.get("arena") == "models"),
    ("source=openrouter", lambda row: row["source"] == "openrouter"),
    ("source=design-arena&arena=agents", lambda row: row.get("arena") == "agents"),
    ("arena=builders", lambda row: row.get("arena", "builders") == "builders"),
    ("category=gamedev", lambda row: row.get("category", "gamedev") == "gamedev"),
    ("source=design-arena&category=svg", lambda row: row.get("category") == "svg"),
    ("benchmark_type=gpqa_diamond", lambda row: row.get("benchmark_type", "gpqa_diamond") == "gpqa_diamond"),
    ("benchmark_type=search_hle", lambda row: row.get("benchmark_type") == "search_hle"),
    ("search_engine=dowser", lambda row: row.get("search_engine", "dowser") == "dowser"),
    ("search_surface=plugin", lambda row: row.get("search_surface", "plugin") == "plugin"),
    ("source=openrouter&task_type=search", lambda row: shape(row) == "search"),
    ("task_type=search", lambda row: shape(row) == "search"),
    (
        "task_type=coding",
        lambda row: row.get("coding_index") is not None or row.get("category") == "codecategories",
    ),
    (
        "task_type=intelligence",
        lambda row: row.get("intelligence_index") is not None or row.get("benchmark_type") == "gpqa_diamond",
    ),
    (
        "task_type=agentic",
        lambda row: row.get("agentic_index") is not None
        or row.get("benchmark_type") == "tau_bench_verified_airline",
    ),
    (f"max_results={10**30}", lambda _: True),
]  # fmt: skip


@pytest.mark.parametrize(("query", "keeps"), FILTERS)
def test_a_filter_keeps_just_the_rows_it_is_about(query: str, keeps: Callable[[Row], bool]) -> None:
    found = rows(query)
    assert found == [row for row in rows() if keeps(row)]
    assert len(found) > 3


@settings(max_examples=25)
@given(st.integers(1, 400))
def test_no_more_rows_than_asked_for_are_given_and_they_are_the_first(most: int) -> None:
    assert rows(f"max_results={most}") == rows()[:most]


@pytest.mark.parametrize(
    "query",
    [
        "source=artificial-analysis&task_type=search",
        "source=design-arena&category=unknown",
        "benchmark_type=search_hle&search_engine=unknown",
    ],
)
def test_there_may_be_nothing(query: str) -> None:
    answer = document(query)
    assert answer["data"] == []
    assert answer["meta"]["model_count"] == 0


# What it says of itself


def test_an_answer_of_all_sources_has_no_citation_of_its_own() -> None:
    assert document()["meta"] == {
        "source": None,
        "source_url": None,
        "citation": None,
        "model_count": 25,
        "task_type": None,
    }


@pytest.mark.parametrize(
    ("source", "url", "citation"),
    [
        (
            "artificial-analysis",
            "https://artificialanalysis.ai",
            "Source: Artificial Analysis (artificialanalysis.ai) via OpenRouter (openrouter.ai/rankings).",
        ),
        (
            "design-arena",
            "https://designarena.ai",
            "Source: Design Arena (designarena.ai) via OpenRouter (openrouter.ai/rankings).",
        ),
        ("openrouter", "https://openrouter.ai", "Source: OpenRouter (openrouter.ai/rankings)."),
    ],
)
@pytest.mark.parametrize("rest", ["", "&max_results=1", "&task_type=coding", "&search_engine=unknown&task_type=search"])
def test_an_answer_of_one_source_says_how_to_cite_it(source: str, url: str, citation: str, rest: str) -> None:
    meta = document(f"source={source}{rest}")["meta"]
    assert (meta["source"], meta["source_url"], meta["citation"]) == (source, url, citation)


def test_rows_of_one_source_can_be_cited_though_all_were_asked_for() -> None:
    meta = document("task_type=search")["meta"]
    assert (meta["source"], meta["task_type"]) == (None, "search")
    assert meta["source_url"] == "https://openrouter.ai"


def test_an_empty_answer_of_all_sources_cites_none() -> None:
    assert document("benchmark_type=search_hle&search_engine=unknown")["meta"]["citation"] is None


@pytest.mark.parametrize("query", ["", "source=design-arena", "max_results=3", "task_type=agentic"])
def test_models_are_counted_once(query: str) -> None:
    answer = document(query)
    assert answer["meta"]["model_count"] == len({row["model_permaslug"] for row in answer["data"]})


def test_another_seed_has_other_figures() -> None:
    assert rows(seed=1) != rows(seed=2)
    assert rows(seed=1) == rows(seed=1)


def test_the_figures_are_the_same_on_every_machine() -> None:
    assert rows()[0] == {
        "source": "artificial-analysis",
        "model_permaslug": "ironbark/anvil-1",
        "display_name": "Anvil 1",
        "intelligence_index": 79.9,
        "coding_index": 62.6,
        "agentic_index": 40.7,
        "pricing": {"prompt": "0.00000157", "completion": "0.00000471"},
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("source=elsewhere", "Invalid source 'elsewhere': the allowed values are 'artificial-analysis', "),
        ("task_type=cooking", "Invalid task_type 'cooking': the allowed values are 'coding', 'intelligence', "),
        ("benchmark_type=mmlu", "Invalid benchmark_type 'mmlu': the allowed values are 'gpqa_diamond', "),
        ("search_surface=page", "Invalid search_surface 'page': the allowed values are 'server-tool', 'plugin'."),
        ("arena=circus", "Invalid arena 'circus': the allowed values are 'models', 'builders', 'agents'."),
        ("include_run_config=1", "Invalid include_run_config '1': the allowed values are 'true', 'false'."),
        ("max_results=0", "Invalid max_results '0': give an integer of at least 1."),
        ("source=openrouter&arena=models", "arena is allowed with source 'design-arena' only."),
        ("source=artificial-analysis&category=svg", "category is allowed with source 'design-arena' only."),
    ],
)
def test_what_the_service_does_not_allow_is_refused(query: str, message: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        document(query)
    assert str(caught.value).startswith(message)
