"""Benchmarks as a listing: one score of each row, whatever its shape."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

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
from openrouter_rankings.models.data_set import Columns
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table, first_rows, per_million, subject

__all__ = ["benchmarks", "leading_index", "scored"]

# Of the three scores of a row of Artificial Analysis the one that the type of task is about.
_INDICES: Mapping[str | None, str] = {
    TaskType.INTELLIGENCE: "intelligence_index",
    TaskType.CODING: "coding_index",
    TaskType.AGENTIC: "agentic_index",
}
_INDEX_NOTICE = "Artificial Analysis: {index} is shown; csv and json have all indices."

_COLUMNS: Columns = {
    "source": str,
    "benchmark": str | None,
    "score": float | None,
    "metric": str | None,
    "prompt": Decimal | None,
    "completion": Decimal | None,
    "model_permaslug": str | None,
}

_FIELDS = (
    Field("source", "Source", spare=2),
    Field("benchmark", "Benchmark"),
    Field("score", "Score"),
    Field("metric", "Metric", spare=3),
    Field("prompt", "In $/M", per_million, spare=1),
    Field("completion", "Out $/M", per_million, spare=1),
    Field("model_permaslug", "Model"),
)


def benchmarks(answer: Benchmarks, asked: Asked, *, top: int | None = None) -> Table:
    """The first ``top`` rows (all if None), as the service orders them."""
    answer = first_rows(answer, top)
    index = leading_index(answer)
    has_indices = bool(answer.of_type(ArtificialAnalysisBenchmark))
    return Table(
        answer=answer,
        asked=asked,
        subject=subject("benchmarks", asked, f"as of {answer.meta.as_of.utc.date()}"),
        fields=_FIELDS,
        shown=Records(_COLUMNS, [scored(row, index) for row in answer.data]),
        exported=Records.of(answer),
        remarks=(_INDEX_NOTICE.format(index=index),) if has_indices else (),
    )


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
