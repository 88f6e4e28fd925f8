"""The emulated benchmarks have the four shapes of rows, filtered as the service filters them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.models.benchmarks import BenchmarkType, SearchSurface
from openrouter_rankings.testing.routes import benchmarks
from openrouter_rankings.testing.routes.query import BadQueryError, Query

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)

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


def document(query: str = "", seed: int = 0) -> dict[str, Any]:
    return benchmarks.answer(Query(query), NOW, seed)


def rows(query: str = "", seed: int = 0) -> list[Row]:
    found: list[Row] = document(query, seed)["data"]
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


@settings(max_examples=examples(15))
@given(st.integers())
def test_figures_are_within_their_bounds(seed: int) -> None:
    for row in rows(seed=seed):
        assert all(0 <= row.get(field, 0) <= 1 for field in ("accuracy", "primary_score"))
        assert 0 <= row.get("win_rate", 0) <= 100
        if "total_tasks" in row:
            assert row["total_tasks"] > 0
            assert datetime.fromisoformat(row["last_run_timestamp"]) < NOW


def test_places_sum_to_the_total_or_are_all_null() -> None:
    stats = [row["tournament_stats"] for row in of_shape("design-arena")]
    for places in stats:
        assert list(places) == ["first_place", "second_place", "third_place", "fourth_place", "total"]
        *counts, total = places.values()
        assert {None} == {*counts, total} or sum(counts) == total
    assert {type(places["total"]) for places in stats} == {int, type(None)}


def test_a_model_that_openrouter_does_not_have_has_no_price() -> None:
    for row in of_shape("design-arena"):
        assert (row["pricing"] is None) == ("/" not in row["model_permaslug"])


def test_widesearch_is_scored_by_item_and_the_other_search_benchmarks_by_accuracy() -> None:
    metrics = {(row["benchmark_type"], row["primary_metric"]) for row in of_shape("search")}
    assert metrics == {
        ("search_browsecomp", "accuracy"),
        ("search_hle", "accuracy"),
        ("search_dsqa", "accuracy"),
        ("search_widesearch", "f1_by_item"),
    }


def test_the_run_configuration_is_included_only_on_request() -> None:
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
    ("source=artificial-analysis&task_type=agentic", lambda row: row.get("agentic_index") is not None),
    (
        "source=design-arena&task_type=coding",
        lambda row: row.get("arena") == "models" and row["category"] == "codecategories",
    ),
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
def test_a_filter_narrows_the_rows_it_applies_to_and_keeps_their_order(
    query: str, keeps: Callable[[Row], bool]
) -> None:
    found = rows(query)
    assert found == [row for row in rows() if keeps(row)]
    assert len(found) > 3


@settings(max_examples=examples(25))
@given(st.integers(1, 400))
def test_max_results_keeps_the_first_rows(most: int) -> None:
    assert rows(f"max_results={most}") == rows()[:most]


@pytest.mark.parametrize(
    "query",
    [
        "source=artificial-analysis&task_type=search",
        "source=design-arena&task_type=agentic",
        "source=design-arena&category=unknown",
        "benchmark_type=search_hle&search_engine=unknown",
    ],
)
def test_an_answer_can_be_empty(query: str) -> None:
    answer = document(query)
    assert answer["data"] == []
    assert answer["meta"]["model_count"] == 0


# Search rows: one per model and benchmark


def configurations(benchmark_type: str, seed: int) -> list[Row]:
    """Every configuration that was run, the one with the best score first."""
    kind = BenchmarkType(benchmark_type)
    return sorted(benchmarks._search(kind, {}, NOW.date(), seed), key=lambda row: -row["primary_score"])


SEARCHES = st.sampled_from(["search_browsecomp", "search_hle", "search_dsqa", "search_widesearch"])


@settings(max_examples=examples(20))
@given(SEARCHES, st.integers())
def test_a_search_row_is_the_best_configuration_of_the_model_with_at_least_100_tasks(kind: str, seed: int) -> None:
    found = rows(f"benchmark_type={kind}&include_run_config=true", seed)
    assert len({row["model_permaslug"] for row in found}) == len(found) > 3
    for row in found:
        others = [each for each in configurations(kind, seed) if each["model_permaslug"] == row["model_permaslug"]]
        assert row == next(each for each in others if each["total_tasks"] >= 100)
    assert found == sorted(found, key=lambda row: -row["primary_score"])


def test_some_configuration_with_a_higher_score_has_too_few_tasks() -> None:
    best = {row["model_permaslug"]: row["primary_score"] for row in rows("benchmark_type=search_hle")}
    runs = configurations("search_hle", seed=0)
    assert any(run["primary_score"] > best[run["model_permaslug"]] for run in runs)
    assert {run["search_surface"] for run in runs} == set(SearchSurface)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("search_engine=dowser", {"search_engine": "dowser"}),
        ("search_surface=plugin", {"search_surface": "plugin"}),
        ("search_engine=spyglass&search_surface=server-tool&benchmark_type=search_hle",
         {"search_engine": "spyglass", "search_surface": "server-tool", "benchmark_type": "search_hle"}),
        ("search_engine=dowser&task_type=search", {"search_engine": "dowser"}),
    ],
)  # fmt: skip
def test_a_search_filter_leaves_only_the_best_search_rows_that_match(query: str, fields: dict[str, str]) -> None:
    found = rows(query)
    assert len(found) > 3
    assert all(shape(row) == "search" and fields.items() <= row.items() for row in found)
    keys = [(row["benchmark_type"], row["model_permaslug"]) for row in found]
    assert len(set(keys)) == len(keys)
    for row in found:
        runs = [run for run in configurations(row["benchmark_type"], 0) if fields.items() <= run.items()]
        enough = [run for run in runs if run["total_tasks"] >= 100 and run["model_permaslug"] == row["model_permaslug"]]
        assert row["primary_score"] == enough[0]["primary_score"]


@pytest.mark.parametrize(
    "query",
    [
        "source=artificial-analysis&search_engine=dowser",
        "search_engine=unknown",
        "task_type=coding&search_surface=plugin",
        "benchmark_type=gpqa_diamond&search_engine=dowser",
    ],
)
def test_a_search_filter_leaves_no_other_rows(query: str) -> None:
    assert rows(query) == []


def test_instants_come_with_and_without_milliseconds() -> None:
    for name in ("classic", "search"):
        assert {"." in row["last_run_timestamp"] for row in of_shape(name)} == {True, False}


# Meta


def test_an_answer_that_spans_sources_has_no_citation() -> None:
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
            "https://www.designarena.ai",
            "Source: Design Arena (www.designarena.ai) via OpenRouter (openrouter.ai/rankings).",
        ),
        (
            "openrouter",
            "https://openrouter.ai/rankings",
            "Source: OpenRouter evals (openrouter.ai) via OpenRouter (openrouter.ai/rankings).",
        ),
    ],
)
@pytest.mark.parametrize("rest", ["", "&max_results=1", "&task_type=coding", "&search_engine=unknown"])
def test_an_answer_from_one_source_has_its_url_and_citation(source: str, url: str, citation: str, rest: str) -> None:
    meta = document(f"source={source}{rest}")["meta"]
    assert (meta["source"], meta["source_url"], meta["citation"]) == (source, url, citation)


def test_rows_of_one_source_are_cited_even_if_no_source_was_requested() -> None:
    meta = document("task_type=search")["meta"]
    assert (meta["source"], meta["task_type"]) == (None, "search")
    assert meta["source_url"] == "https://openrouter.ai/rankings"


def test_an_empty_answer_without_a_source_has_no_citation() -> None:
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
def test_an_invalid_query_is_rejected(query: str, message: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        document(query)
    assert str(caught.value).startswith(message)
