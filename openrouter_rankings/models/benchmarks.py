"""``GET /benchmarks``: model scores in the benchmarks of several sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache, partial
from operator import eq
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import attrs

from openrouter_rankings.models.benchmark_rows import (
    ArtificialAnalysisBenchmark,
    Benchmark,
    BenchmarkPricing,
    DesignArenaBenchmark,
    OpenRouterBenchmark,
    OpenRouterSearchBenchmark,
    SearchRunConfig,
    TournamentStats,
    UnknownBenchmark,
)
from openrouter_rankings.models.data_set import DataSet
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.scalar_types import Columns, Timestamp
from openrouter_rankings.models.synthetic import NOTICE, SYNTHETIC

if TYPE_CHECKING:
    from cattrs import Converter

    from openrouter_rankings.models.converter import Decoder

__all__ = [
    "Arena",
    "ArtificialAnalysisBenchmark",
    "Benchmark",
    "BenchmarkPricing",
    "BenchmarkSource",
    "BenchmarkType",
    "Benchmarks",
    "BenchmarksMeta",
    "DesignArenaBenchmark",
    "OpenRouterBenchmark",
    "OpenRouterSearchBenchmark",
    "SearchRunConfig",
    "SearchSurface",
    "TaskType",
    "TournamentStats",
    "UnknownBenchmark",
    "decode_benchmarks",
]


class BenchmarkSource(StrEnum):
    """The sources of benchmarks."""

    ARTIFICIAL_ANALYSIS = "artificial-analysis"
    DESIGN_ARENA = "design-arena"
    OPENROUTER = "openrouter"


class TaskType(StrEnum):
    """What a benchmark measures."""

    CODING = "coding"
    INTELLIGENCE = "intelligence"
    AGENTIC = "agentic"
    SEARCH = "search"


class BenchmarkType(StrEnum):
    """OpenRouter's own benchmarks."""

    GPQA_DIAMOND = "gpqa_diamond"
    TAU_BENCH_VERIFIED_AIRLINE = "tau_bench_verified_airline"
    SEARCH_BROWSECOMP = "search_browsecomp"
    SEARCH_HLE = "search_hle"
    SEARCH_DSQA = "search_dsqa"
    SEARCH_WIDESEARCH = "search_widesearch"


class SearchSurface(StrEnum):
    """How a model searches in a search benchmark."""

    SERVER_TOOL = "server-tool"
    PLUGIN = "plugin"


class Arena(StrEnum):
    """The arenas of Design Arena."""

    MODELS = "models"
    BUILDERS = "builders"
    AGENTS = "agents"


B = TypeVar("B", bound=Benchmark)


@attrs.frozen(repr=False)
class BenchmarksMeta(Item):
    """What an answer says about itself.

    Attributes:
        as_of: when the data was last updated; even an empty answer has it.
        version: the version of the data set, ``v1``.
        source: the source that was asked for; None for all.
        source_url: the source's page; None if there are several sources.
        citation: the line to cite; None if there are several sources, each of which is cited by its own.
        model_count: the number of models in the answer.
        task_type: the task type that was asked for; None for all.
    """

    as_of: Timestamp
    version: str
    source: str | None
    source_url: str | None
    citation: str | None
    model_count: int
    task_type: str | None


_VIA_OPENROUTER = "via OpenRouter (openrouter.ai)"
_SOURCE_NAMES: Mapping[str, str] = {
    BenchmarkSource.ARTIFICIAL_ANALYSIS: f"Artificial Analysis (artificialanalysis.ai), {_VIA_OPENROUTER}",
    BenchmarkSource.DESIGN_ARENA: f"Design Arena (designarena.ai), {_VIA_OPENROUTER}",
    BenchmarkSource.OPENROUTER: "OpenRouter (openrouter.ai)",
}


@attrs.frozen(repr=False)
class Benchmarks(DataSet[Benchmark]):
    """The benchmark rows of one or all sources.

    Attributes:
        data: the rows, in the service's order.
        meta: their source, and when the data was updated.
    """

    data: tuple[Benchmark, ...]
    meta: BenchmarksMeta

    columns: ClassVar[Columns] = {
        "as_of": Timestamp,
        "source": str,
        "model_permaslug": str | None,
        "display_name": str | None,
        "pricing_prompt": Decimal | None,
        "pricing_completion": Decimal | None,
        "intelligence_index": float | None,
        "coding_index": float | None,
        "agentic_index": float | None,
        "arena": str | None,
        "category": str | None,
        "elo": float | None,
        "win_rate": float | None,
        "avg_generation_time_ms": float | None,
        "tournament_first_place": int | None,
        "tournament_second_place": int | None,
        "tournament_third_place": int | None,
        "tournament_fourth_place": int | None,
        "tournament_total": int | None,
        "benchmark_type": str | None,
        "accuracy": float | None,
        "accuracy_stddev": float | None,
        "primary_metric": str | None,
        "primary_score": float | None,
        "total_tasks": int | None,
        "avg_cost_per_task": float | None,
        "avg_latency_per_task_ms": float | None,
        "search_engine": str | None,
        "search_surface": str | None,
        "last_run_timestamp": Timestamp | None,
        "run_config_max_agent_turns": int | None,
        "run_config_reasoning_effort": str | None,
        "run_config_temperature": float | None,
    }

    @property
    def source_line(self) -> str:
        """The line by which measured figures are cited; if there are several sources, a line for each."""
        lines = dict.fromkeys(self._line(row.source) for row in self.data)
        return self.meta.citation or "\n".join(lines) or self._line(BenchmarkSource.OPENROUTER)

    @property
    def citations(self) -> dict[str, str]:
        """The line to cite for each source in the answer, in the order of the rows."""
        return {row.source: self.citation_of(row) for row in self.data}

    def citation_of(self, row: Benchmark) -> str:
        """The line to cite if only this row is quoted."""
        return NOTICE if self.synthetic else self.meta.citation or self._line(row.source)

    def _line(self, source: str) -> str:
        name = _SOURCE_NAMES.get(source, f"{source}, {_VIA_OPENROUTER}")
        return f"Source: {name}, as of {self.meta.as_of}."

    def of_type(self, kind: type[B]) -> tuple[B, ...]:
        """The rows of one class, in the service's order."""
        return tuple(row for row in self.data if isinstance(row, kind))

    def by_model(self, model_permaslug: str) -> tuple[Benchmark, ...]:
        """The rows of one model, in the service's order; empty if the answer has no such model."""
        return tuple(row for row in self.data if row.model_permaslug == model_permaslug)

    def to_dict(self) -> dict[str, Any]:
        """The answer as the service sends it, without the fields that this library does not know.

        Rows of an unknown source or shape keep all their fields. A search row without ``run_config`` leaves it out.
        """
        document: dict[str, Any] = {"data": [row.to_dict() for row in self.data], "meta": self.meta.to_dict()}
        return document | ({SYNTHETIC: True} if self.synthetic else {})

    def to_records(self, *, json: bool = False) -> list[dict[str, Any]]:
        """The rows as dictionaries with the keys of ``columns``: one wide table of all shapes.

        Columns that a row's shape does not have are None. A row of an unknown source or shape has only ``source``,
        ``model_permaslug`` and ``display_name``; its ``fields`` have the rest.

        Args:
            json: use values that JSON can hold: prices as text.
        """
        return super().to_records(json=json)

    def _label(self, row: Benchmark) -> str:
        return f"{row.model_permaslug} ({row.source})"

    @classmethod
    @cache
    def _decoder(cls) -> Decoder[Benchmarks]:
        from openrouter_rankings.models.converter import Decoder

        return Decoder(cls, register=_register)

    def _record(self, row: Benchmark, shared: Mapping[str, Any]) -> dict[str, Any]:
        values = {"as_of": shared["as_of"]} | _flat(row)
        return {name: values.get(name) for name in self.columns}


_PREFIXES: Mapping[type, str] = {
    BenchmarkPricing: "pricing_",
    TournamentStats: "tournament_",
    SearchRunConfig: "run_config_",
}


def _flat(row: Benchmark) -> dict[str, Any]:
    if isinstance(row, UnknownBenchmark):
        return {name: getattr(row, name) for name in ("source", "model_permaslug", "display_name")}
    flat: dict[str, Any] = {}
    for name, value in attrs.asdict(row, recurse=False).items():
        prefix = _PREFIXES.get(type(value))
        if prefix is None:
            flat[name] = value
        else:
            flat |= {f"{prefix}{inner}": part for inner, part in attrs.asdict(value).items()}
    return flat


_KnownBenchmark = (
    type[ArtificialAnalysisBenchmark]
    | type[DesignArenaBenchmark]
    | type[OpenRouterBenchmark]
    | type[OpenRouterSearchBenchmark]
)

# The fields that only one class has. A row with none of them is of a new shape. A row with some of them, but not all,
# breaks the contract.
_OWN_FIELDS: Mapping[_KnownBenchmark, frozenset[str]] = {
    ArtificialAnalysisBenchmark: frozenset({"intelligence_index", "coding_index", "agentic_index"}),
    DesignArenaBenchmark: frozenset({"arena", "elo", "win_rate", "tournament_stats", "avg_generation_time_ms"}),
    OpenRouterBenchmark: frozenset({"accuracy", "accuracy_stddev"}),
    OpenRouterSearchBenchmark: frozenset({"primary_metric", "primary_score", "search_engine", "search_surface"}),
}


@attrs.frozen
class _Sourced:
    source: str


def _kind(source: str, row: Mapping[str, Any]) -> _KnownBenchmark | None:
    match source:
        case BenchmarkSource.ARTIFICIAL_ANALYSIS:
            kind: _KnownBenchmark = ArtificialAnalysisBenchmark
        case BenchmarkSource.DESIGN_ARENA:
            kind = DesignArenaBenchmark
        case BenchmarkSource.OPENROUTER:
            kind = _openrouter_kind(row)
        case _:
            return None
    return None if _OWN_FIELDS[kind].isdisjoint(row) else kind


def _openrouter_kind(row: Mapping[str, Any]) -> _KnownBenchmark:
    benchmark_type = row.get("benchmark_type")
    if isinstance(benchmark_type, str):
        is_search = benchmark_type.startswith("search_")
    else:
        # Without a type, either class refuses the row.
        is_search = not _OWN_FIELDS[OpenRouterSearchBenchmark].isdisjoint(row)
    return OpenRouterSearchBenchmark if is_search else OpenRouterBenchmark


def _register(converter: Converter) -> None:
    def structure_row(row: Any, _: Any) -> Benchmark:
        kind = _kind(converter.structure(row, _Sourced).source, row)
        return UnknownBenchmark(dict(row)) if kind is None else converter.structure(row, kind)

    converter.register_structure_hook_func(partial(eq, Benchmark), structure_row)


decode_benchmarks: Callable[[bytes | str], Benchmarks] = Benchmarks.from_json
"""Read the body of a 200 response.

A row of an unknown source, or with none of the fields that distinguish the rows of its source, is an
``UnknownBenchmark``. Any other row must have all the fields of its class.
"""
