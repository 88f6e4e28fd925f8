"""``GET /benchmarks``: how models score in benchmarks of several sources, each of which has rows of its own shape."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache, partial
from operator import eq
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import attrs

from openrouter_rankings.models.data_set import Columns, DataSet, Timestamp
from openrouter_rankings.models.item import Item

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
    """Who made the benchmark."""

    ARTIFICIAL_ANALYSIS = "artificial-analysis"
    DESIGN_ARENA = "design-arena"
    OPENROUTER = "openrouter"


class TaskType(StrEnum):
    """What the benchmark is about."""

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
    """How a search benchmark searched."""

    SERVER_TOOL = "server-tool"
    PLUGIN = "plugin"


class Arena(StrEnum):
    """The arenas of Design Arena."""

    MODELS = "models"
    BUILDERS = "builders"
    AGENTS = "agents"


@attrs.frozen(repr=False)
class BenchmarkPricing(Item):
    """What a model costs at OpenRouter, in US dollars per token.

    Attributes:
        prompt: for a token of the prompt.
        completion: for a token of the completion.
    """

    prompt: Decimal
    completion: Decimal


@attrs.frozen(repr=False)
class ArtificialAnalysisBenchmark(Item):
    """A model's indices by Artificial Analysis; higher is better, None is not measured.

    Attributes:
        source: ``artificial-analysis``.
        model_permaslug: the model.
        display_name: its name for people.
        intelligence_index: the index of intelligence.
        coding_index: the index of coding.
        agentic_index: the index of agentic work.
        pricing: what it costs; None if that is not known.
    """

    source: str
    model_permaslug: str
    display_name: str
    intelligence_index: float | None
    coding_index: float | None
    agentic_index: float | None
    pricing: BenchmarkPricing | None


@attrs.frozen(repr=False)
class TournamentStats(Item):
    """How often a model came in at which place; None is not known.

    Attributes:
        first_place: tournaments won.
        second_place: times that it came in second.
        third_place: times that it came in third.
        fourth_place: times that it came in fourth.
        total: tournaments in all.
    """

    first_place: int | None
    second_place: int | None
    third_place: int | None
    fourth_place: int | None
    total: int | None


@attrs.frozen(repr=False)
class DesignArenaBenchmark(Item):
    """A model's standing in one category of a Design Arena.

    Attributes:
        source: ``design-arena``.
        model_permaslug: the model; where OpenRouter does not have it (``pricing`` is None), Design Arena's own id.
        display_name: its name for people.
        arena: the arena, an ``Arena`` today; the set is open.
        category: the category within the arena.
        elo: the Elo rating.
        win_rate: battles won, in percent (0 to 100).
        avg_generation_time_ms: the mean time of an answer in milliseconds; None if not known.
        tournament_stats: its places.
        pricing: what it costs; None if OpenRouter does not have it.
    """

    source: str
    model_permaslug: str
    display_name: str
    arena: str
    category: str
    elo: float
    win_rate: float
    avg_generation_time_ms: float | None
    tournament_stats: TournamentStats
    pricing: BenchmarkPricing | None


@attrs.frozen(repr=False)
class OpenRouterBenchmark(Item):
    """A model's score in one of OpenRouter's own benchmarks.

    Attributes:
        source: ``openrouter``.
        model_permaslug: the model.
        display_name: its name for people.
        benchmark_type: the benchmark, a ``BenchmarkType`` today; the set is open.
        accuracy: the fraction (0 to 1) of tasks solved.
        accuracy_stddev: its standard deviation over the runs; None for a single run.
        avg_cost_per_task: the mean cost of a task in US dollars; None if not known.
        total_tasks: tasks over all runs.
        last_run_timestamp: when it was last run.
    """

    source: str
    model_permaslug: str
    display_name: str
    benchmark_type: str
    accuracy: float
    accuracy_stddev: float | None
    avg_cost_per_task: float | None
    total_tasks: int
    last_run_timestamp: Timestamp


@attrs.frozen(repr=False)
class SearchRunConfig(Item):
    """The configuration that a search benchmark was run with; None is not set.

    Attributes:
        max_agent_turns: the greatest number of turns.
        reasoning_effort: how hard the model was told to think.
        temperature: the sampling temperature.
    """

    max_agent_turns: int | None
    reasoning_effort: str | None
    temperature: float | None


@attrs.frozen(repr=False)
class OpenRouterSearchBenchmark(Item):
    """A model's best score in one of OpenRouter's search benchmarks.

    Attributes:
        source: ``openrouter``.
        model_permaslug: the model.
        display_name: its name for people.
        benchmark_type: the benchmark; begins with ``search_``.
        primary_metric: what ``primary_score`` is: ``accuracy`` or ``f1_by_item`` today.
        primary_score: the score (0 to 1).
        total_tasks: tasks over all runs.
        avg_cost_per_task: the mean cost of a task in US dollars; None if not known.
        avg_latency_per_task_ms: the mean time of a task in milliseconds; None if not known.
        search_engine: the search engine.
        search_surface: how it searched, a ``SearchSurface`` today; the set is open.
        last_run_timestamp: when it was last run.
        run_config: the configuration; None unless asked for with ``include_run_config``.
    """

    source: str
    model_permaslug: str
    display_name: str
    benchmark_type: str
    primary_metric: str
    primary_score: float
    total_tasks: int
    avg_cost_per_task: float | None
    avg_latency_per_task_ms: float | None
    search_engine: str
    search_surface: str
    last_run_timestamp: Timestamp
    run_config: SearchRunConfig | None = None

    def to_dict(self) -> dict[str, Any]:
        plain = super().to_dict()
        if self.run_config is None:
            del plain["run_config"]
        return plain


@attrs.frozen(repr=False)
class UnknownBenchmark(Item):
    """A row of a source or of a shape that this library does not know.

    Attributes:
        fields: the row as the service gave it; it has a ``source``.
    """

    fields: Mapping[str, Any] = attrs.field(hash=False)

    def to_dict(self) -> dict[str, Any]:
        return dict(self.fields)

    @property
    def source(self) -> str:
        """Who made the benchmark."""
        return str(self.fields["source"])

    @property
    def model_permaslug(self) -> str | None:
        """The model; None if the row does not name it."""
        return self._text("model_permaslug")

    @property
    def display_name(self) -> str | None:
        """The model's name for people; None if the row does not give it."""
        return self._text("display_name")

    def _text(self, name: str) -> str | None:
        value = self.fields.get(name)
        # JSON can hold half a surrogate pair, and no file or table takes it.
        return value.encode(errors="replace").decode() if isinstance(value, str) else None


Benchmark = (
    ArtificialAnalysisBenchmark
    | DesignArenaBenchmark
    | OpenRouterBenchmark
    | OpenRouterSearchBenchmark
    | UnknownBenchmark
)
"""A row of the answer: one class for each shape."""

B = TypeVar("B", bound=Benchmark)


@attrs.frozen(repr=False)
class BenchmarksMeta(Item):
    """What an answer says of itself.

    Attributes:
        as_of: when the data was last updated; an empty answer has one too.
        version: the version of the data set, ``v1``.
        source: the source that was asked for; None where all were.
        source_url: its page; None where there are several sources.
        citation: the line to cite; None where there are several sources, each of which is to be cited.
        model_count: how many models there are in the answer.
        task_type: the type of task that was asked for; None where all were.
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
    """The rows of all sources that were asked for.

    Attributes:
        data: the rows, as the service orders them.
        meta: where they are from, and when the data was updated.
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
    def citation(self) -> str:
        """The line that the service asks for where its figures are quoted; one line per source if there are several."""
        return self.meta.citation or "\n".join(self.citations.values()) or self._line(BenchmarkSource.OPENROUTER)

    @property
    def citations(self) -> dict[str, str]:
        """The line to cite for each source that occurs, in the order in which they occur."""
        return {row.source: self.citation_of(row) for row in self.data}

    def citation_of(self, row: Benchmark) -> str:
        """The line to cite where only this row is quoted."""
        return self.meta.citation or self._line(row.source)

    def _line(self, source: str) -> str:
        name = _SOURCE_NAMES.get(source, f"{source}, {_VIA_OPENROUTER}")
        return f"Source: {name}, as of {self.meta.as_of}."

    def of_type(self, kind: type[B]) -> tuple[B, ...]:
        """The rows of one class, as the service orders them."""
        return tuple(row for row in self.data if isinstance(row, kind))

    def by_model(self, model_permaslug: str) -> tuple[Benchmark, ...]:
        """The rows of one model, as the service orders them; none if the answer has no such model."""
        return tuple(row for row in self.data if row.model_permaslug == model_permaslug)

    def to_dict(self) -> dict[str, Any]:
        """The answer as the service gives it, without the fields that this library does not know.

        Rows of an unknown source or shape have all their fields. A search row without ``run_config`` does not name it.
        """
        return {"data": [row.to_dict() for row in self.data], "meta": self.meta.to_dict()}

    def to_records(self, *, json: bool = False) -> list[dict[str, Any]]:
        """The rows as dictionaries with the keys of ``columns``: one wide table of all shapes.

        What a row's shape does not have is None. A row of an unknown source or shape has only ``source``,
        ``model_permaslug`` and ``display_name``; the rest of it is in its ``fields``.

        Args:
            json: whether the values are to be such as JSON can hold: instants and prices as text.
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

# A row that has none of the fields that only its class has is of a new shape. A row that has some of them and lacks one
# is a broken promise.
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
        # The type is missing, and whichever class is chosen will say so.
        is_search = not _OWN_FIELDS[OpenRouterSearchBenchmark].isdisjoint(row)
    return OpenRouterSearchBenchmark if is_search else OpenRouterBenchmark


def _register(converter: Converter) -> None:
    def structure_row(row: Any, _: Any) -> Benchmark:
        kind = _kind(converter.structure(row, _Sourced).source, row)
        return UnknownBenchmark(dict(row)) if kind is None else converter.structure(row, kind)

    converter.register_structure_hook_func(partial(eq, Benchmark), structure_row)


decode_benchmarks = Benchmarks.from_json
"""Read the body of a 200 response.

A row of an unknown source, or with none of the fields that only its source's rows have, is an ``UnknownBenchmark``. Any
other row must have all the fields of its class.
"""
