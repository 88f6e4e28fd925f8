"""Criteria for picking a model, other than its popularity: scores and prices of the benchmarks answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import attrgetter

import attrs

from openrouter_rankings.analysis.slugs import SlugIndex
from openrouter_rankings.models.benchmarks import (
    ArtificialAnalysisBenchmark,
    Benchmark,
    BenchmarkPricing,
    Benchmarks,
    DesignArenaBenchmark,
    OpenRouterBenchmark,
    OpenRouterSearchBenchmark,
)
from openrouter_rankings.models.item import Item

__all__ = ["POPULARITY_CRITERION", "PRICE_CRITERION", "Criterion", "Reason", "criteria_in"]

POPULARITY_CRITERION = "popularity"
PRICE_CRITERION = "price"

_MOST_NAMED = 5

# Most requests read several times as many tokens as they write.
_PROMPT_PARTS, _COMPLETION_PARTS = 3, 1


@attrs.frozen
class Reason(Item):
    """A part of a score.

    Attributes:
        criterion: ``popularity``, ``price``, or the benchmark.
        text: what is known, for people.
        contribution: its part of the score; those of all reasons sum to the score.
        citation: the line to cite.
        subject: what the value is of: the pattern for ``popularity``, else the criterion.
        value: the share (0 to 1) of the traffic, the score, or the price in US dollars for a million tokens; None if it
            is not known.
    """

    criterion: str
    text: str
    contribution: float
    citation: str
    subject: str
    value: float | None


@attrs.frozen
class _Reading:
    value: float
    citation: str


@attrs.frozen
class Criterion:
    """What a benchmarks answer has of one criterion.

    Attributes:
        name: the name of the score in the API, or ``price``.
        readings: the best reading of each model.
        citation: the lines to cite for all readings.
    """

    name: str
    readings: Mapping[str, _Reading] = attrs.field(hash=False)
    citation: str

    def rate(self, models: Collection[str]) -> Iterator[tuple[str, Reason]]:
        """Each model with a contribution from 0, for the worst of them or an unknown one, to 1 for the best."""
        index = SlugIndex.of(self.readings)
        fitting = {model: index.fitting(model) for model in models}
        known = {model: self.readings[slugs[0]] for model, slugs in fitting.items() if len(slugs) == 1}
        scaled = _scaled({model: reading.value for model, reading in known.items()})
        for model in models:
            if model in known:
                reading = known[model]
                value = _for_people(self.name, reading.value)
                text = self._known(value)
                yield model, Reason(self.name, text, scaled[model], reading.citation, self.name, value)
            else:
                text = self._unknown(fitting[model])
                yield model, Reason(self.name, text, 0.0, self.citation, self.name, None)

    def _known(self, value: float) -> str:
        if self.name == PRICE_CRITERION:
            blend = f"{_PROMPT_PARTS} parts prompt, {_COMPLETION_PARTS} part completion"
            return f"price ${value:,.2f} per million tokens ({blend})"
        return f"{self.name} {value:.4g}"

    def _unknown(self, fitting: Sequence[str]) -> str:
        why = f"ambiguous ({', '.join(fitting[:_MOST_NAMED])})" if fitting else "unknown"
        return f"{self.name} {why}: counts as 0"


def _for_people(name: str, value: float) -> float:
    # Zero is added because a price of 0 would be -0.
    return -value * 1e6 + 0.0 if name == PRICE_CRITERION else value


def _scaled(values: Mapping[str, float]) -> dict[str, float]:
    # Halves, because the difference of two large numbers may be infinite.
    halves = {model: value / 2 for model, value in values.items()}
    worst = min(halves.values(), default=0.0)
    spread = max(halves.values(), default=0.0) - worst
    return {model: (half - worst) / spread if spread else 1.0 for model, half in halves.items()}


def criteria_in(benchmarks: Benchmarks) -> dict[str, Criterion]:
    """The criteria that a benchmarks answer has, by name; of several rows for a model the best counts.

    They are ``intelligence_index``, ``coding_index`` and ``agentic_index``; ``arena/category`` of Design Arena, which
    goes by Elo; each ``benchmark_type``, which goes by ``accuracy`` or ``primary_score``; and ``price``.
    """
    found: defaultdict[str, dict[str, _Reading]] = defaultdict(dict)
    for row in benchmarks.data:
        for name, value in _values(row):
            model, reading = str(row.model_permaslug), _Reading(value, benchmarks.citation_of(row))
            found[name][model] = max(reading, found[name].get(model, reading), key=attrgetter("value"))
    return {name: Criterion(name, readings, _citation(readings)) for name, readings in found.items()}


def _citation(readings: Mapping[str, _Reading]) -> str:
    return "\n".join(dict.fromkeys(reading.citation for reading in readings.values()))


def _values(row: Benchmark) -> Iterator[tuple[str, float]]:
    """The values of a row by criterion; a greater one is better, so that a price is negative."""
    match row:
        case ArtificialAnalysisBenchmark():
            for name in ("intelligence_index", "coding_index", "agentic_index"):
                if (value := getattr(row, name)) is not None:
                    yield name, value
            yield from _prices(row.pricing)
        case DesignArenaBenchmark():
            yield f"{row.arena}/{row.category}", row.elo
            yield from _prices(row.pricing)
        case OpenRouterBenchmark():
            yield row.benchmark_type, row.accuracy
        case OpenRouterSearchBenchmark():
            yield row.benchmark_type, row.primary_score
        case _:
            return


def _prices(pricing: BenchmarkPricing | None) -> Iterator[tuple[str, float]]:
    if pricing is not None:
        blended = _PROMPT_PARTS * float(pricing.prompt) + _COMPLETION_PARTS * float(pricing.completion)
        yield PRICE_CRITERION, -blended / (_PROMPT_PARTS + _COMPLETION_PARTS)
