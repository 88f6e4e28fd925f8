"""OpenRouter's rankings data for async Python: which tasks its traffic serves, and which models serve each task.

Importing this package loads nothing else. Each name below is loaded when it is first used, so that a program which only
reads values never loads aiohttp.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openrouter_rankings.client import CallOptions, Fetched, Progress, RankingsClient
    from openrouter_rankings.clock import Clock
    from openrouter_rankings.errors import (
        APIError,
        BadRequestError,
        ConfigurationError,
        InternalServerError,
        InvalidResponseError,
        ListChangedError,
        QuotaExceededError,
        RankingsError,
        RequestTimeoutError,
        StoreError,
        StoreUnreachableError,
        TooManyRequestsError,
        TransportError,
        UnauthorizedError,
        UnknownModelError,
        UnknownTagError,
    )
    from openrouter_rankings.messages import Headers, Request, Response
    from openrouter_rankings.models.app_rankings import (
        AppCategory,
        AppRankings,
        AppRankingsItem,
        AppSort,
        AppSubcategory,
    )
    from openrouter_rankings.models.benchmarks import (
        Arena,
        ArtificialAnalysisBenchmark,
        Benchmark,
        BenchmarkPricing,
        Benchmarks,
        BenchmarksMeta,
        BenchmarkSource,
        BenchmarkType,
        DesignArenaBenchmark,
        OpenRouterBenchmark,
        OpenRouterSearchBenchmark,
        SearchRunConfig,
        SearchSurface,
        TaskType,
        TournamentStats,
        UnknownBenchmark,
    )
    from openrouter_rankings.models.data_set import DataSet, DataSetMeta, join_pages
    from openrouter_rankings.models.rankings_daily import (
        ContextBucket,
        LanguageType,
        Modality,
        ModelTokens,
        Period,
        RankingsCategory,
        RankingsDaily,
        RankingsDailyItem,
    )
    from openrouter_rankings.models.scalar_types import Timestamp
    from openrouter_rankings.models.session_cost import SessionCost, SessionCostItem, SessionCostMeta, TurnRange
    from openrouter_rankings.models.task_classifications import (
        MacroCategory,
        ModelShare,
        TaskClassification,
        TaskClassifications,
        Window,
    )
    from openrouter_rankings.paging import Paged
    from openrouter_rankings.provenance import Provenance
    from openrouter_rankings.settings import App
    from openrouter_rankings.transports.aiohttp import AiohttpTransport
    from openrouter_rankings.transports.cache.policy import CachePolicy
    from openrouter_rankings.transports.cache.transport import CacheTransport
    from openrouter_rankings.transports.protocol import Transport
    from openrouter_rankings.transports.quota.policy import Quota
    from openrouter_rankings.transports.quota.status import QuotaStatus, QuotaWindow
    from openrouter_rankings.transports.quota.transport import QuotaTransport
    from openrouter_rankings.transports.retry import RetryPolicy, RetryTransport
    from openrouter_rankings.transports.stores.protocol import Store, Update
    from openrouter_rankings.watching import Change
else:
    # Hidden from type checkers, to which it would mean that every name exists.
    def __getattr__(name: str) -> Any:
        """Load the public name ``name``."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


__version__ = "0.1.0"
"""The version of this package."""

__all__ = [
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

_NAMES = {
    "client": ("CallOptions", "Fetched", "Progress", "RankingsClient"),
    "clock": ("Clock",),
    "errors": (
        "APIError",
        "BadRequestError",
        "ConfigurationError",
        "InternalServerError",
        "InvalidResponseError",
        "ListChangedError",
        "QuotaExceededError",
        "RankingsError",
        "RequestTimeoutError",
        "StoreError",
        "StoreUnreachableError",
        "TooManyRequestsError",
        "TransportError",
        "UnauthorizedError",
        "UnknownModelError",
        "UnknownTagError",
    ),
    "messages": ("Headers", "Request", "Response"),
    "models.app_rankings": (
        "AppCategory",
        "AppRankings",
        "AppRankingsItem",
        "AppSort",
        "AppSubcategory",
    ),
    "models.benchmarks": (
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
    ),
    "models.data_set": (
        "DataSet",
        "DataSetMeta",
        "join_pages",
    ),
    "models.rankings_daily": (
        "ContextBucket",
        "LanguageType",
        "Modality",
        "ModelTokens",
        "Period",
        "RankingsCategory",
        "RankingsDaily",
        "RankingsDailyItem",
    ),
    "models.scalar_types": ("Timestamp",),
    "models.session_cost": (
        "SessionCost",
        "SessionCostItem",
        "SessionCostMeta",
        "TurnRange",
    ),
    "models.task_classifications": (
        "MacroCategory",
        "ModelShare",
        "TaskClassification",
        "TaskClassifications",
        "Window",
    ),
    "paging": ("Paged",),
    "provenance": ("Provenance",),
    "settings": ("App",),
    "transports.aiohttp": ("AiohttpTransport",),
    "transports.cache.policy": ("CachePolicy",),
    "transports.cache.transport": ("CacheTransport",),
    "transports.protocol": ("Transport",),
    "transports.quota.policy": ("Quota",),
    "transports.quota.status": ("QuotaStatus", "QuotaWindow"),
    "transports.quota.transport": ("QuotaTransport",),
    "transports.retry": ("RetryPolicy", "RetryTransport"),
    "transports.stores.protocol": ("Store", "Update"),
    "watching": ("Change",),
}

_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __dir__() -> list[str]:
    return __all__
