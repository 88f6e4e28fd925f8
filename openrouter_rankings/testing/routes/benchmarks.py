"""``GET /benchmarks``, with synthetic scores of invented models, in the four shapes of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any, TypeVar

from openrouter_rankings.models.benchmarks import Arena, BenchmarkSource, BenchmarkType, SearchSurface, TaskType
from openrouter_rankings.testing.routes.market import MODELS, dice, price_of
from openrouter_rankings.testing.routes.query import BadQueryError, Query

__all__ = ["answer"]

T = TypeVar("T")
_Row = dict[str, Any]
_Filter = Callable[[_Row], bool]

_AA, _DA, _OR = BenchmarkSource.ARTIFICIAL_ANALYSIS, BenchmarkSource.DESIGN_ARENA, BenchmarkSource.OPENROUTER

# The page of each source, and its name in a citation.
_PAGES: Mapping[BenchmarkSource, tuple[str, str]] = {
    _AA: ("https://artificialanalysis.ai", "Artificial Analysis (artificialanalysis.ai)"),
    _DA: ("https://www.designarena.ai", "Design Arena (www.designarena.ai)"),
    _OR: ("https://openrouter.ai/rankings", "OpenRouter evals (openrouter.ai)"),
}

_CATEGORIES: Mapping[Arena, tuple[str, ...]] = {
    Arena.MODELS: ("codecategories", "uicomponent", "gamedev", "3d", "dataviz", "image", "video", "svg"),
    Arena.BUILDERS: ("codecategories", "uicomponent"),
    Arena.AGENTS: ("codecategories", "gamedev"),
}

# Only this task type is documented to match a category of Design Arena.
_TASK_CATEGORY: Mapping[TaskType, str] = {TaskType.CODING: "codecategories"}

_SEARCH = "search_"

_TASK_BENCHMARKS: Mapping[TaskType, frozenset[str]] = {
    TaskType.CODING: frozenset(),
    TaskType.INTELLIGENCE: frozenset({BenchmarkType.GPQA_DIAMOND}),
    TaskType.AGENTIC: frozenset({BenchmarkType.TAU_BENCH_VERIFIED_AIRLINE}),
    TaskType.SEARCH: frozenset(kind for kind in BenchmarkType if kind.startswith(_SEARCH)),
}

_TASKS_IN_A_RUN: Mapping[BenchmarkType, int] = {
    BenchmarkType.GPQA_DIAMOND: 198,
    BenchmarkType.TAU_BENCH_VERIFIED_AIRLINE: 50,
    BenchmarkType.SEARCH_BROWSECOMP: 50,
    BenchmarkType.SEARCH_HLE: 60,
    BenchmarkType.SEARCH_DSQA: 45,
    BenchmarkType.SEARCH_WIDESEARCH: 40,
}

# A search configuration with fewer tasks is not ranked.
_LEAST_TASKS = 100

_ENGINES = ("beachcomb", "dowser", "spyglass")
_EFFORTS = (None, "low", "medium", "high")

# Design Arena's own id of a model that OpenRouter does not have.
_ELSEWHERE = "gale-atelier"


def answer(query: Query, now: datetime, seed: int) -> dict[str, Any]:
    """The rows that match the query.

    ``search_engine``, ``search_surface`` and a ``search_*`` ``benchmark_type`` leave search rows only. A classic
    ``benchmark_type`` narrows OpenRouter's rows, and ``arena`` and ``category`` narrow Design Arena's; neither affects
    the rows of other sources. ``max_results`` has no upper bound, and by default there is no limit.

    Raises:
        BadQueryError: a value is not allowed, or ``arena`` or ``category`` is given with a source other than Design
            Arena.
    """
    source, task_type = query.member("source", BenchmarkSource), query.member("task_type", TaskType)
    configuration = _given(
        search_engine=query.text("search_engine"), search_surface=query.member("search_surface", SearchSurface)
    )
    filters = _filters(query, source, task_type, search_only=bool(configuration))
    most = query.integer("max_results", 1, None, None)
    with_run_config = query.flag("include_run_config")
    every_row = _rows(configuration, now.date(), seed)
    rows = [row for row in every_row if all(keeps(row) for keeps in filters)][:most]
    data = rows if with_run_config else [_without_run_config(row) for row in rows]
    return {"data": data, "meta": _meta(rows, source, task_type)}


def _filters(
    query: Query, source: BenchmarkSource | None, task_type: TaskType | None, *, search_only: bool
) -> list[_Filter]:
    benchmark_type = query.member("benchmark_type", BenchmarkType)
    fields = _given(
        source=source,
        benchmark_type=benchmark_type,
        arena=_arena(query, source),
        category=_design_arena_only(source, "category", query.text("category")),
    )
    filters = [_having(name, value) for name, value in fields.items()]
    if task_type is not None:
        filters.append(lambda row: _is_about(row, task_type))
    if search_only or (benchmark_type is not None and benchmark_type.startswith(_SEARCH)):
        filters.append(lambda row: "search_engine" in row)
    return filters


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _arena(query: Query, source: BenchmarkSource | None) -> Arena | None:
    arena = _design_arena_only(source, "arena", query.member("arena", Arena))
    return Arena.MODELS if arena is None and source is _DA else arena


def _design_arena_only(source: BenchmarkSource | None, name: str, value: T) -> T:
    if value is not None and source not in {None, _DA}:
        raise BadQueryError(f"{name} is allowed with source {_DA.value!r} only.")
    return value


def _having(name: str, value: str) -> _Filter:
    """Keeps rows with this value, and rows that do not have the field."""
    return lambda row: row.get(name, value) == value


def _is_about(row: _Row, task_type: TaskType) -> bool:
    if row["source"] == _AA:
        return row.get(f"{task_type}_index") is not None
    if row["source"] == _DA:
        return _TASK_CATEGORY.get(task_type) == str(row["category"])
    return row["benchmark_type"] in _TASK_BENCHMARKS[task_type]


def _without_run_config(row: _Row) -> _Row:
    return {name: value for name, value in row.items() if name != "run_config"}


def _meta(rows: Iterable[_Row], source: BenchmarkSource | None, task_type: TaskType | None) -> dict[str, Any]:
    sources: set[BenchmarkSource | None] = {BenchmarkSource(row["source"]) for row in rows} or {source}
    only = sources.pop() if len(sources) == 1 else None
    page, name = _PAGES[only] if only is not None else (None, None)
    return {
        "source": source,
        "source_url": page,
        "citation": None if name is None else f"Source: {name} via OpenRouter (openrouter.ai/rankings).",
        "model_count": len({row["model_permaslug"] for row in rows}),
        "task_type": task_type,
    }


def _rows(configuration: Mapping[str, str], today: date, seed: int) -> Iterator[_Row]:
    yield from _descending(_artificial_analysis(seed), "intelligence_index")
    for arena, categories in _CATEGORIES.items():
        for category in categories:
            yield from _descending(_design_arena(arena, category, seed), "elo")
    for benchmark_type in BenchmarkType:
        if benchmark_type.startswith(_SEARCH):
            yield from _best(_search(benchmark_type, configuration, today, seed))
        else:
            yield from _descending(_classic(benchmark_type, today, seed), "accuracy")


def _descending(rows: Iterable[_Row], field: str) -> list[_Row]:
    return sorted(rows, key=lambda row: -(row[field] or 0))


def _best(configurations: Iterable[_Row]) -> list[_Row]:
    """The highest-scoring configuration of each model, among those with enough tasks; the best model first."""
    ranked = _descending((row for row in configurations if row["total_tasks"] >= _LEAST_TASKS), "primary_score")
    best: dict[str, _Row] = {}
    for row in ranked:
        best.setdefault(row["model_permaslug"], row)
    return list(best.values())


def _identity(source: BenchmarkSource, model: str) -> _Row:
    name = model.rpartition("/")[2].replace("-", " ").title()
    return {"source": source.value, "model_permaslug": model, "display_name": name}


def _artificial_analysis(seed: int) -> Iterator[_Row]:
    for number, model in enumerate(MODELS):
        lasting = dice(seed, _AA, model)
        intelligence, coding, agentic = (round(20 + 60 * lasting.random(), 1) for _ in range(3))
        yield _identity(_AA, model) | {
            "intelligence_index": None if number % 11 == 6 else intelligence,
            "coding_index": None if number % 7 == 3 else coding,
            "agentic_index": None if number % 5 == 2 else agentic,
            "pricing": None if number % 9 == 4 else price_of(model, seed).per_token(),
        }


def _design_arena(arena: Arena, category: str, seed: int) -> Iterator[_Row]:
    for number, model in enumerate([*MODELS[::3], _ELSEWHERE]):
        lasting = dice(seed, _DA, arena, category, model)
        strength, pace = lasting.random(), lasting.random()
        places = [int(400 * lasting.random()) for _ in range(4)]
        yield _identity(_DA, model) | {
            "arena": arena.value,
            "category": category,
            "elo": round(1000 + 400 * strength, 1),
            "win_rate": round(25 + 50 * strength, 2),
            "avg_generation_time_ms": None if number % 4 == 1 else round(2000 + 90_000 * pace, 1),
            "tournament_stats": _tournament_stats(places, known=number % 5 != 3),
            "pricing": None if model == _ELSEWHERE else price_of(model, seed).per_token(),
        }


def _tournament_stats(places: list[int], *, known: bool) -> dict[str, int | None]:
    names = ("first_place", "second_place", "third_place", "fourth_place", "total")
    return {name: count if known else None for name, count in zip(names, [*places, sum(places)], strict=True)}


def _classic(benchmark_type: BenchmarkType, today: date, seed: int) -> Iterator[_Row]:
    for number, model in enumerate(MODELS[::2]):
        lasting = dice(seed, benchmark_type, model)
        runs = 1 + number % 3
        yield _identity(_OR, model) | {
            "benchmark_type": benchmark_type.value,
            "accuracy": round(0.2 + 0.7 * lasting.random(), 4),
            "accuracy_stddev": None if runs == 1 else round(0.03 * lasting.random(), 4),
            "avg_cost_per_task": None if number % 6 == 5 else round(0.2 * lasting.random(), 5),
            "total_tasks": runs * _TASKS_IN_A_RUN[benchmark_type],
            "last_run_timestamp": _last_run(today, number),
        }


def _search(benchmark_type: BenchmarkType, configuration: Mapping[str, str], today: date, seed: int) -> Iterator[_Row]:
    """The runs of every search configuration that matches."""
    for number, (model, engine, surface) in enumerate(product(MODELS[1::3], _ENGINES, SearchSurface)):
        fields = {"search_engine": engine, "search_surface": surface.value}
        if configuration.items() <= fields.items():
            lasting = dice(seed, benchmark_type, model, engine, surface)
            yield _identity(_OR, model) | {
                "benchmark_type": benchmark_type.value,
                "primary_metric": "f1_by_item" if benchmark_type is BenchmarkType.SEARCH_WIDESEARCH else "accuracy",
                "primary_score": round(0.1 + 0.8 * lasting.random(), 4),
                "total_tasks": (1 + number % 5) * _TASKS_IN_A_RUN[benchmark_type],
                "avg_cost_per_task": None if number % 8 == 6 else round(0.4 * lasting.random(), 5),
                "avg_latency_per_task_ms": None if number % 10 == 7 else round(1e5 * lasting.random(), 1),
                **fields,
                "last_run_timestamp": _last_run(today, number),
                "run_config": _run_config(number),
            }


def _run_config(number: int) -> dict[str, Any]:
    return {
        "max_agent_turns": None if number % 6 == 4 else 10 + 10 * (number % 3),
        "reasoning_effort": _EFFORTS[number % len(_EFFORTS)],
        "temperature": None if number % 3 == 1 else 0.5,
    }


def _last_run(today: date, number: int) -> str:
    monday = today - timedelta(days=today.weekday(), weeks=1 + number % 4)
    # The service writes instants with and without milliseconds.
    return f"{monday}T12:00:00{'.250' if number % 2 else ''}Z"
