"""The requests of the four data sets: what is sent, and which mistakes are told before anything is."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from openrouter_rankings import (
    AppCategory,
    AppSort,
    AppSubcategory,
    Arena,
    BenchmarkSource,
    BenchmarkType,
    ConfigurationError,
    ContextBucket,
    LanguageType,
    Modality,
    Period,
    RankingsCategory,
    SearchSurface,
    TaskType,
    TurnRange,
    endpoints,
)
from openrouter_rankings.endpoints import Endpoint, request_of
from openrouter_rankings.messages import Headers
from openrouter_rankings.models.app_rankings import SUBCATEGORIES

LATEST = date(2026, 11, 22)
NOTHING: dict[str, dict[str, Any]] = {
    "rankings_daily": dict.fromkeys(
        ["start_date", "end_date", "period", "modality", "context_bucket", "category", "language_type"]
    )
    | {"latest": LATEST},
    "app_rankings": dict.fromkeys(["category", "subcategory", "sort", "start_date", "end_date", "limit", "offset"])
    | {"latest": LATEST},
    "session_cost": dict.fromkeys(["app_slug", "model", "turn_range", "limit", "offset"]),
    "benchmarks": dict.fromkeys(
        [
            *["source", "task_type", "benchmark_type", "include_run_config", "search_engine", "search_surface"],
            *["arena", "category", "max_results"],
        ]
    ),
}


def asked(operation: str, **parameters: Any) -> list[Endpoint[Any]]:
    build: Callable[..., Any] = getattr(endpoints, operation)
    made = build(**(NOTHING[operation] | parameters))
    return list(made) if isinstance(made, tuple) else [made]


def query_of(operation: str, **parameters: Any) -> dict[str, str]:
    (endpoint,) = asked(operation, **parameters)
    url = request_of(endpoint, "https://api.test/v1", Headers(()), None).url
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True)) if "?" in url else {}


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("rankings_daily", "/datasets/rankings-daily"),
        ("app_rankings", "/datasets/app-rankings"),
        ("session_cost", "/datasets/session-cost"),
        ("benchmarks", "/benchmarks"),
    ],
)
def test_what_is_not_given_is_left_to_the_service(operation: str, path: str) -> None:
    (endpoint,) = asked(operation)
    assert request_of(endpoint, "https://api.test/v1", Headers(()), None).url == f"https://api.test/v1{path}"


@pytest.mark.parametrize(
    ("operation", "parameters", "query"),
    [
        (
            "rankings_daily",
            {
                "start_date": date(2026, 1, 1),
                "end_date": "2026-01-31",
                "period": Period.WEEK,
                "modality": Modality.TOOL_CALLING,
                "context_bucket": ContextBucket.UP_TO_10K,
            },
            {
                "start_date": "2026-01-01",
                "end_date": "2026-01-31",
                "period": "week",
                "modality": "tool_calling",
                "context_bucket": "10K",
            },
        ),
        ("rankings_daily", {"category": RankingsCategory.MARKETING_SEO}, {"category": "marketing/seo"}),
        (
            "rankings_daily",
            {"language_type": LanguageType.NATURAL, "period": "month"},
            {"language_type": "natural", "period": "month"},
        ),
        (
            "app_rankings",
            {
                "category": AppCategory.CODING,
                "subcategory": AppSubcategory.CLI_AGENT,
                "sort": AppSort.TRENDING,
                "start_date": "2026-01-01",
                "end_date": "2026-12-31",
                "limit": 100,
                "offset": 100,
            },
            {
                "category": "coding",
                "subcategory": "cli-agent",
                "sort": "trending",
                "start_date": "2026-01-01",
                "end_date": "2026-12-31",
                "limit": "100",
                "offset": "100",
            },
        ),
        (
            "session_cost",
            {"app_slug": "a b", "model": "x/y:free", "turn_range": TurnRange.ONE, "limit": 500, "offset": 5000},
            {"app_slug": "a b", "model": "x/y:free", "turn_range": "1-turn", "limit": "500", "offset": "5000"},
        ),
        (
            "benchmarks",
            {
                "source": BenchmarkSource.DESIGN_ARENA,
                "task_type": TaskType.CODING,
                "benchmark_type": BenchmarkType.SEARCH_HLE,
                "include_run_config": True,
                "search_engine": "some&engine",
                "search_surface": SearchSurface.PLUGIN,
                "arena": Arena.AGENTS,
                "category": "3d",
                "max_results": 10**6,
            },
            {
                "source": "design-arena",
                "task_type": "coding",
                "benchmark_type": "search_hle",
                "include_run_config": "true",
                "search_engine": "some&engine",
                "search_surface": "plugin",
                "arena": "agents",
                "category": "3d",
                "max_results": "1000000",
            },
        ),
        (
            "benchmarks",
            {"include_run_config": False, "arena": "models"},
            {"include_run_config": "false", "arena": "models"},
        ),
    ],
)
def test_what_is_given_is_sent(operation: str, parameters: dict[str, Any], query: dict[str, str]) -> None:
    assert query_of(operation, **parameters) == query


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        *[("rankings_daily", name) for name in ("period", "modality", "context_bucket", "category", "language_type")],
        *[("app_rankings", name) for name in ("category", "subcategory", "sort")],
        ("session_cost", "turn_range"),
        *[("benchmarks", name) for name in ("source", "task_type", "benchmark_type", "search_surface")],
    ],
)
def test_a_value_that_the_service_may_have_learnt_is_sent(operation: str, name: str) -> None:
    assert query_of(operation, **{name: "brand-new"}) == {name: "brand-new"}


@pytest.mark.parametrize(
    ("operation", "parameters", "told"),
    [
        ("rankings_daily", {"start_date": "2026-02-30"}, "start_date must be a day.*'2026-02-30'"),
        ("rankings_daily", {"start_date": "2026-03-02", "end_date": "2026-03-01"}, "2026-03-02 is after 2026-03-01"),
        ("rankings_daily", {"end_date": "2024-12-31"}, "end_date must be 2025-01-01 or later.*2024-12-31"),
        ("rankings_daily", {"period": "Day"}, 'period must be one of "day", "week" or "month", not \'Day\''),
        ("rankings_daily", {"context_bucket": "1k"}, "context_bucket must be one of \"1K\".*not '1k'"),
        ("rankings_daily", {"modality": 5}, "modality must be one of .*not 5"),
        ("rankings_daily", {"category": "legal", "language_type": "natural"}, "category and language_type exclude"),
        ("rankings_daily", {"category": "legal", "modality": "text"}, "category and modality exclude each other"),
        ("rankings_daily", {"language_type": "natural", "context_bucket": "1K"}, "language_type and context_bucket"),
        ("rankings_daily", {"category": "new", "period": "day"}, 'period must be "week" or "month" with category'),
        ("rankings_daily", {"language_type": "natural", "period": Period.DAY}, 'period .* with language_type.*"day"'),
        ("app_rankings", {"end_date": "2024-12-31"}, "end_date must be 2025-01-01 or later"),
        ("app_rankings", {"start_date": "2025-01-01", "end_date": "2026-01-02"}, "at most 366 days, not 367"),
        ("app_rankings", {"start_date": "2025-01-01"}, "at most 366 days, not 691"),
        ("app_rankings", {"limit": 0}, "limit must be a whole number from 1 to 100, not 0"),
        ("app_rankings", {"limit": 101}, "from 1 to 100, not 101"),
        ("app_rankings", {"offset": 101}, "offset must be a whole number from 0 to 100, not 101"),
        (
            "app_rankings",
            {"category": "entertainment", "subcategory": "cli-agent"},
            'subcategory must be "roleplay" or "game" in the category "entertainment", not "cli-agent", .* "coding"',
        ),
        ("session_cost", {"limit": 501}, "limit must be a whole number from 1 to 500, not 501"),
        ("session_cost", {"offset": 5001}, "offset must be a whole number from 0 to 5000, not 5001"),
        ("session_cost", {"app_slug": ""}, "app_slug must be non-empty text"),
        ("session_cost", {"model": "a\nb"}, "model must be non-empty text"),
        ("session_cost", {"turn_range": ""}, 'turn_range must be one of "1-turn"'),
        ("benchmarks", {"max_results": 0}, "max_results must be a whole number of at least 1, not 0"),
        ("benchmarks", {"include_run_config": "yes"}, "include_run_config must be True or False, not 'yes'"),
        ("benchmarks", {"search_engine": " "}, "search_engine must be non-empty text"),
        ("benchmarks", {"arena": "models", "source": "openrouter"}, 'arena is for the source "design-arena" alone'),
        ("benchmarks", {"category": "3d", "source": "new"}, 'category is for .* and the source is "new"'),
    ],
)
def test_a_mistake_names_the_parameter_the_value_and_what_is_allowed(
    operation: str, parameters: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        asked(operation, **parameters)


@pytest.mark.parametrize(
    ("operation", "name"),
    [(operation, name) for operation, names in NOTHING.items() for name in names if name != "latest"],
)
def test_a_mistake_in_any_parameter_is_an_error_that_begins_with_its_name(operation: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} must be ") as caught:
        asked(operation, **{name: b"no"})
    assert "b'no'" in str(caught.value)


@pytest.mark.parametrize("category", [*AppCategory, "new"])
@pytest.mark.parametrize("subcategory", [*AppSubcategory, "new"])
def test_a_subcategory_goes_with_its_own_category_and_with_what_is_not_known(category: str, subcategory: str) -> None:
    homes = [group for group, members in SUBCATEGORIES.items() if subcategory in members]
    if "new" in {category, subcategory} or category in homes:
        assert query_of("app_rankings", category=category, subcategory=subcategory)["subcategory"] == subcategory
    else:
        with pytest.raises(ConfigurationError, match="^subcategory must be "):
            asked("app_rankings", category=category, subcategory=subcategory)


def test_every_subcategory_has_one_category() -> None:
    assert sorted(each for members in SUBCATEGORIES.values() for each in members) == sorted(AppSubcategory)


def test_a_long_span_is_several_requests_that_differ_in_their_dates_alone() -> None:
    parts = asked("rankings_daily", start_date="2025-01-01", end_date="2026-12-31", modality="text")
    assert [(part.query["start_date"], part.query["end_date"]) for part in parts] == [
        (date(2025, 1, 1), date(2026, 1, 1)),
        (date(2026, 1, 2), date(2026, 12, 31)),
    ]
    assert {part.query["modality"] for part in parts} == {"text"}


def test_weeks_of_a_sample_are_parted_at_a_monday_though_no_period_is_given() -> None:
    parts = asked("rankings_daily", start_date="2025-01-01", end_date="2026-12-31", category="legal")
    assert parts[1].query["start_date"] == date(2025, 12, 29)


META = b'{"as_of":"2026-01-01T00:00:00Z","version":"v1","start_date":"2025-12-01","end_date":"2025-12-31"}'
EMPTY = b'{"data":[],"meta":' + META + b"}"


@pytest.mark.parametrize(
    ("parameters", "period", "is_estimate"),
    [
        ({}, "day", False),
        ({"period": "month"}, "month", False),
        ({"modality": "text"}, "day", False),
        ({"category": "legal"}, "week", True),
        ({"language_type": "natural", "period": "month"}, "month", True),
    ],
)
def test_an_answer_knows_its_grain_and_whether_it_is_an_estimate(
    parameters: dict[str, Any], period: str, is_estimate: bool
) -> None:
    (endpoint,) = asked("rankings_daily", **parameters)
    answer = endpoint.decode(EMPTY)
    assert (answer.period, answer.is_estimate) == (period, is_estimate)
