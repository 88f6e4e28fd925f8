"""Answers of every data set with given texts for all their names."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from openrouter_rankings.models.app_rankings import AppRankings, AppRankingsItem
from openrouter_rankings.models.benchmarks import (
    ArtificialAnalysisBenchmark,
    Benchmark,
    BenchmarkPricing,
    Benchmarks,
    BenchmarksMeta,
    DesignArenaBenchmark,
    OpenRouterBenchmark,
    OpenRouterSearchBenchmark,
    TournamentStats,
    UnknownBenchmark,
)
from openrouter_rankings.models.data_set import DataSetMeta
from openrouter_rankings.models.rankings_daily import RankingsDaily, RankingsDailyItem
from openrouter_rankings.models.scalar_types import Timestamp
from openrouter_rankings.models.session_cost import SessionCost, SessionCostItem, SessionCostMeta
from openrouter_rankings.models.task_classifications import ModelShare, TaskClassification, TaskClassifications
from openrouter_rankings.render.chat import Answer, Options

AS_OF = Timestamp("2026-03-05T06:07:08.000Z")
DAY = date(2026, 3, 4)
META = DataSetMeta(AS_OF, "v1", DAY, DAY)


def tasks(names: Sequence[str]) -> TaskClassifications:
    """One task for each name, each with all names for models."""
    models = tuple(ModelShare(name, 0.5 - rank / 1000, 0.25) for rank, name in enumerate(names))
    rows = (
        TaskClassification(f"tag:{rank}", name, name, 0.5 - rank / 1000, 0.25, 0.5, 0.5, models)
        for rank, name in enumerate(names)
    )
    return TaskClassifications(DAY, 7, tuple(rows), ())


def daily(names: Sequence[str]) -> RankingsDaily:
    """One model for each name."""
    rows = (RankingsDailyItem(DAY, name, 10**12 - rank) for rank, name in enumerate(names))
    return RankingsDaily(tuple(rows), META)


def apps(names: Sequence[str]) -> AppRankings:
    """One app for each name."""
    rows = (AppRankingsItem(rank, rank, name, 5_000_000, 1_200) for rank, name in enumerate(names, 1))
    return AppRankings(tuple(rows), META)


def sessions(names: Sequence[str]) -> SessionCost:
    """One row for each name, which is in all its texts."""
    rows = (SessionCostItem(name, name, name, name, 0.0129) for name in names)
    return SessionCost(tuple(rows), SessionCostMeta(AS_OF, "v1", 7, DAY))


def benchmarks(names: Sequence[str]) -> Benchmarks:
    """One row for each name, of one shape after the other, cited in the first of these words."""
    rows = tuple(_SHAPES[rank % len(_SHAPES)](name) for rank, name in enumerate(names))
    meta = BenchmarksMeta(AS_OF, "v1", None, None, next(iter(names), None), len(rows), None)
    return Benchmarks(rows, meta)


def benchmarks_of_many_sources(names: Sequence[str]) -> Benchmarks:
    """One row of an unknown source for each name."""
    rows = tuple(UnknownBenchmark({"source": name, "model_permaslug": name}) for name in names)
    return Benchmarks(rows, BenchmarksMeta(AS_OF, "v1", None, None, None, len(rows), None))


_PRICING = BenchmarkPricing(Decimal("0.0000025"), Decimal("0.00001"))
_STATS = TournamentStats(1, None, None, None, 4)
_SHAPES: Sequence[Callable[[str], Benchmark]] = (
    lambda name: ArtificialAnalysisBenchmark(name, name, name, 61.5, 40.25, None, _PRICING),
    lambda name: DesignArenaBenchmark(name, name, name, name, name, 1312.0, 55.0, None, _STATS, None),
    lambda name: OpenRouterBenchmark(name, name, name, name, 0.875, None, 0.1, 198, AS_OF),
    lambda name: OpenRouterSearchBenchmark(name, name, name, name, name, 0.5, 100, None, None, name, name, AS_OF),
    lambda name: UnknownBenchmark({"source": name}),
)

KINDS: Mapping[str, tuple[Callable[[Sequence[str]], Answer], Options]] = {
    "tasks": (tasks, Options()),
    "models of a task": (tasks, Options(tag="tag:0")),
    "daily": (daily, Options()),
    "apps": (apps, Options()),
    "sessions": (sessions, Options()),
    "benchmarks": (benchmarks, Options()),
    "benchmarks of many sources": (benchmarks_of_many_sources, Options()),
}
"""Each message that there is: how to make its answer, and how to ask for it."""
