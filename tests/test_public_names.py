"""The public surface: what can be imported, and what importing it costs."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import openrouter_rankings
from openrouter_rankings import testing

PUBLIC = [
    "APIError",
    "AiohttpTransport",
    "App",
    "AppCategory",
    "AppRankings",
    "AppRankingsItem",
    "AppSort",
    "AppSubcategory",
    "Arena",
    "ArtificialAnalysisBenchmark",
    "BadRequestError",
    "Benchmark",
    "BenchmarkPricing",
    "BenchmarkSource",
    "BenchmarkType",
    "Benchmarks",
    "BenchmarksMeta",
    "CachePolicy",
    "CacheTransport",
    "CallOptions",
    "Change",
    "Clock",
    "ConfigurationError",
    "ContextBucket",
    "DataSet",
    "DataSetMeta",
    "DesignArenaBenchmark",
    "Fetched",
    "Headers",
    "InternalServerError",
    "InvalidResponseError",
    "LanguageType",
    "ListChangedError",
    "MacroCategory",
    "Modality",
    "ModelShare",
    "ModelTokens",
    "OpenRouterBenchmark",
    "OpenRouterSearchBenchmark",
    "Paged",
    "Period",
    "Progress",
    "Provenance",
    "Quota",
    "QuotaExceededError",
    "QuotaStatus",
    "QuotaTransport",
    "QuotaWindow",
    "RankingsCategory",
    "RankingsClient",
    "RankingsDaily",
    "RankingsDailyItem",
    "RankingsError",
    "Request",
    "RequestTimeoutError",
    "Response",
    "RetryPolicy",
    "RetryTransport",
    "SearchRunConfig",
    "SearchSurface",
    "SessionCost",
    "SessionCostItem",
    "SessionCostMeta",
    "Store",
    "StoreError",
    "StoreUnreachableError",
    "TaskClassification",
    "TaskClassifications",
    "TaskType",
    "Timestamp",
    "TooManyRequestsError",
    "TournamentStats",
    "Transport",
    "TransportError",
    "TurnRange",
    "UnauthorizedError",
    "UnknownBenchmark",
    "UnknownModelError",
    "UnknownTagError",
    "Update",
    "Window",
    "__version__",
    "join_pages",
]


def test_the_public_names_are_these_and_sorted() -> None:
    assert openrouter_rankings.__all__ == sorted(PUBLIC)
    assert dir(openrouter_rankings) == openrouter_rankings.__all__


@pytest.mark.parametrize("package", [openrouter_rankings, testing])
def test_every_public_name_is_there(package: Any) -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_every_public_class_is_the_one_of_its_module() -> None:
    for name, module in openrouter_rankings._HOMES.items():
        assert getattr(openrouter_rankings, name) is getattr(import_module(f"openrouter_rankings.{module}"), name)


@pytest.mark.parametrize("package", [openrouter_rankings, testing])
def test_a_name_that_is_not_there_is_an_attribute_error(package: Any) -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        package.Nonsense  # noqa: B018 - the access is what is tested


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_the_package_loads_neither_aiohttp_nor_anything_else_of_weight() -> None:
    loaded = loaded_after("import openrouter_rankings")
    assert loaded.isdisjoint({"aiohttp", "attrs", "attr", "cattrs", "backoff", "asyncio", "msgspec"})


@pytest.mark.parametrize(
    "statement",
    [
        "from openrouter_rankings import TaskClassifications, RetryPolicy, Request",
        "from openrouter_rankings.testing import EmulatedAPI, FakeTransport",
        "from openrouter_rankings import RankingsClient as C, testing; C('key', transport=testing.FakeTransport([]))",
        "import openrouter_rankings.testing.pytest_plugin",
    ],
)
def test_aiohttp_is_loaded_only_for_the_network(statement: str) -> None:
    assert "aiohttp" not in loaded_after(statement)


def test_no_extra_is_loaded_with_the_client() -> None:
    loaded = loaded_after("from openrouter_rankings import RankingsClient; RankingsClient('key')")
    assert loaded.isdisjoint({"asyncpg", "click", "matplotlib", "msgspec", "pandas", "polars", "redis", "rich"})


def test_the_package_says_that_it_is_typed() -> None:
    assert Path(openrouter_rankings.__file__).with_name("py.typed").exists()
