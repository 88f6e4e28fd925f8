"""The rows of the benchmarks: each source has one or two shapes of its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from openrouter_rankings.models.item import Item
from openrouter_rankings.models.scalar_types import Timestamp

__all__ = [
    "ArtificialAnalysisBenchmark",
    "Benchmark",
    "BenchmarkPricing",
    "DesignArenaBenchmark",
    "OpenRouterBenchmark",
    "OpenRouterSearchBenchmark",
    "SearchRunConfig",
    "TournamentStats",
    "UnknownBenchmark",
]


@attrs.frozen(repr=False)
class BenchmarkPricing(Item):
    """A model's list price at OpenRouter.

    Attributes:
        prompt: US dollars per prompt token.
        completion: US dollars per completion token.
    """

    prompt: Decimal
    completion: Decimal


@attrs.frozen(repr=False)
class ArtificialAnalysisBenchmark(Item):
    """A model's indices by Artificial Analysis. Higher is better; None means not measured.

    Attributes:
        source: ``artificial-analysis``.
        model_permaslug: the model.
        display_name: its display name.
        intelligence_index: the intelligence index.
        coding_index: the coding index.
        agentic_index: the agentic index.
        pricing: its price; None if unknown.
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
    """A model's places in tournaments; None means unknown.

    Attributes:
        first_place: the tournaments that it won.
        second_place: the tournaments in which it came second.
        third_place: the tournaments in which it came third.
        fourth_place: the tournaments in which it came fourth.
        total: all its tournaments.
    """

    first_place: int | None
    second_place: int | None
    third_place: int | None
    fourth_place: int | None
    total: int | None


@attrs.frozen(repr=False)
class DesignArenaBenchmark(Item):
    """A model's standing in one category of a Design Arena leaderboard.

    Attributes:
        source: ``design-arena``.
        model_permaslug: the model; Design Arena's own id if OpenRouter does not offer it (``pricing`` is None).
        display_name: its display name.
        arena: the arena, an ``Arena`` today; the set is open.
        category: the category within the arena.
        elo: the Elo rating.
        win_rate: the battles that it won, in percent (0 to 100).
        avg_generation_time_ms: the mean generation time in milliseconds; None if unknown.
        tournament_stats: its places in tournaments.
        pricing: its price; None if OpenRouter does not offer it.
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
        display_name: its display name.
        benchmark_type: the benchmark, a ``BenchmarkType`` today; the set is open.
        accuracy: the fraction (0 to 1) of tasks solved.
        accuracy_stddev: the standard deviation of the accuracy over runs; None for a single run.
        avg_cost_per_task: the mean cost of a task in US dollars; None if unknown.
        total_tasks: the number of tasks in all runs.
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
    """The configuration of a search benchmark run; None means not set.

    Attributes:
        max_agent_turns: the limit on agent turns.
        reasoning_effort: the reasoning effort that was requested.
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
        display_name: its display name.
        benchmark_type: the benchmark; begins with ``search_``.
        primary_metric: the metric of ``primary_score``: ``accuracy`` or ``f1_by_item`` today.
        primary_score: the score (0 to 1).
        total_tasks: the number of tasks in all runs.
        avg_cost_per_task: the mean cost of a task in US dollars; None if unknown.
        avg_latency_per_task_ms: the mean duration of a task in milliseconds; None if unknown.
        search_engine: the search engine.
        search_surface: how the model searched, a ``SearchSurface`` today; the set is open.
        last_run_timestamp: when it was last run.
        run_config: the run's configuration; None unless requested with ``include_run_config``.
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
    """A row of a source or shape that this library does not know.

    Attributes:
        fields: the row as the service sent it; it always has a ``source``.
    """

    fields: Mapping[str, Any] = attrs.field(hash=False)

    def to_dict(self) -> dict[str, Any]:
        return dict(self.fields)

    @property
    def source(self) -> str:
        """The source of the benchmark."""
        return str(self.fields["source"])

    @property
    def model_permaslug(self) -> str | None:
        """The model; None if the row does not name it."""
        return self._text("model_permaslug")

    @property
    def display_name(self) -> str | None:
        """The model's display name; None if the row has none."""
        return self._text("display_name")

    def _text(self, name: str) -> str | None:
        value = self.fields.get(name)
        # JSON can hold a lone surrogate, which cannot be written to a file or table.
        return value.encode(errors="replace").decode() if isinstance(value, str) else None


Benchmark = (
    ArtificialAnalysisBenchmark
    | DesignArenaBenchmark
    | OpenRouterBenchmark
    | OpenRouterSearchBenchmark
    | UnknownBenchmark
)
"""A row of the answer: a class for each shape."""
