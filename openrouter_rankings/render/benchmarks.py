"""Benchmarks as a table: one score of each row, whatever its shape, ranked within its benchmark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count, islice
from typing import Any

import attrs

from openrouter_rankings.models.benchmarks import (
    ArtificialAnalysisBenchmark,
    Benchmark,
    BenchmarkPricing,
    Benchmarks,
    DesignArenaBenchmark,
    OpenRouterBenchmark,
    OpenRouterSearchBenchmark,
    TaskType,
)
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table, per_million, subject

__all__ = ["benchmarks", "leading_index", "scored"]

# Of the three scores of a row of Artificial Analysis the one that the type of task is about.
_INDICES: Mapping[str | None, str] = {
    TaskType.INTELLIGENCE: "intelligence_index",
    TaskType.CODING: "coding_index",
    TaskType.AGENTIC: "agentic_index",
}
_INDEX_NOTICE = "Artificial Analysis: {index} is shown, one of three indices."

_COLUMNS: Columns = {
    "rank": int,
    "benchmark": str | None,
    "score": float | None,
    "metric": str | None,
}

_FIELDS = (
    Field("rank", "#"),
    Field("source", "Source", spare=2),
    Field("benchmark", "Benchmark"),
    Field("score", "Score"),
    Field("metric", "Metric", spare=3),
    Field("pricing_prompt", "In $/M", per_million, spare=1),
    Field("pricing_completion", "Out $/M", per_million, spare=1),
    Field("model_permaslug", "Model"),
)


def benchmarks(answer: Benchmarks, asked: Asked, *, top: int | None = None, cut_at: int | None = None) -> Table:
    """The ``top`` rows of each benchmark (all if None), ranked by score; scores of different benchmarks do not compare.

    Args:
        answer: the rows.
        asked: what is known of them apart from themselves.
        top: how many rows of each benchmark; all if None.
        cut_at: the number of rows at which the service cuts an answer. One of just so many may not be whole.
    """
    index = leading_index(answer)
    received = len(answer.data)
    may_be_cut = received == cut_at
    ranked = [pair for rows in _by_benchmark(answer.data, index) for pair in islice(zip(count(1), rows), top)]
    answer = attrs.evolve(answer, data=tuple(row for _, row in ranked))
    added = [{"rank": rank, **_score(row, index)} for rank, row in ranked]
    records = zip(added, answer.to_records(), strict=True)
    return Table(
        answer=answer,
        asked=asked,
        subject=subject("benchmarks", asked, f"as of {answer.meta.as_of.utc.date()}"),
        fields=_FIELDS,
        records=Records({**answer.columns, **_COLUMNS}, [{**score, **row} for score, row in records]),
        plain=answer.to_dict,
        narrowed=len(ranked) < received,
        remarks=tuple(_remarks(answer, index, cut_at if may_be_cut else None)),
    )


def _remarks(answer: Benchmarks, index: str, cut_at: int | None) -> Iterable[str]:
    if answer.of_type(ArtificialAnalysisBenchmark):
        yield _INDEX_NOTICE.format(index=index)
    if cut_at is not None:
        yield f"The service gave just {cut_at} rows, and may have left out more."


def _by_benchmark(rows: Iterable[Benchmark], index: str) -> Iterable[list[Benchmark]]:
    """The rows of each benchmark, in the order in which the benchmarks occur: the best score first, none last."""
    groups: defaultdict[tuple[str, str | None], list[Benchmark]] = defaultdict(list)
    for row in rows:
        scored_as = scored(row, index)
        name = row.benchmark_type if isinstance(row, OpenRouterSearchBenchmark) else scored_as["benchmark"]
        groups[row.source, name].append(row)
    return (sorted(group, key=lambda row: _descending(scored(row, index)["score"])) for group in groups.values())


def _descending(score: float | None) -> tuple[bool, float]:
    return score is None, -(score or 0.0)


def leading_index(answer: Benchmarks) -> str:
    """Which of Artificial Analysis' three indices the answer is about; the intelligence index if it names none."""
    return _INDICES.get(answer.meta.task_type, _INDICES[TaskType.INTELLIGENCE])


def scored(row: Benchmark, index: str) -> dict[str, Any]:
    """One score of a row, whatever its shape: source, benchmark, score, metric, the two prices and model_permaslug.

    Args:
        row: any row.
        index: the field of a row of Artificial Analysis that is its score.
    """
    match row:
        case ArtificialAnalysisBenchmark():
            return _record(row, index.removesuffix("_index"), getattr(row, index), "index", row.pricing)
        case DesignArenaBenchmark():
            return _record(row, f"{row.arena}/{row.category}", row.elo, "elo", row.pricing)
        case OpenRouterBenchmark():
            return _record(row, row.benchmark_type, row.accuracy, "accuracy")
        case OpenRouterSearchBenchmark():
            run = f"{row.benchmark_type} ({row.search_engine}, {row.search_surface})"
            return _record(row, run, row.primary_score, row.primary_metric)
        case _:
            return _record(row, None, None, None)


def _score(row: Benchmark, index: str) -> dict[str, Any]:
    values = scored(row, index)
    return {name: values[name] for name in ("benchmark", "score", "metric")}


def _record(
    row: Benchmark,
    benchmark: str | None,
    score: float | None,
    metric: str | None,
    pricing: BenchmarkPricing | None = None,
) -> dict[str, Any]:
    return {
        "source": row.source,
        "benchmark": benchmark,
        "score": score,
        "metric": metric,
        "prompt": pricing and pricing.prompt,
        "completion": pricing and pricing.completion,
        "model_permaslug": row.model_permaslug,
    }
