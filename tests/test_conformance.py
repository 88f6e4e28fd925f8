"""The client and the emulation, each tested against the service's published contract."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from functools import cache
from typing import Any
from urllib.parse import urlencode

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openapi import (
    BASE_URL,
    CONTRACT,
    PATHS,
    check_answer,
    check_error,
    check_request,
    query_of,
    unmarked,
    values,
    wrong_values,
)
from openapi_spec_validator import validate
from property_tests import examples

from openrouter_rankings import App, RankingsClient, Window
from openrouter_rankings.clock import FakeClock
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.models.app_rankings import SUBCATEGORIES, AppCategory, AppSort, AppSubcategory
from openrouter_rankings.models.benchmarks import Arena, BenchmarkSource, BenchmarkType, SearchSurface, TaskType
from openrouter_rankings.models.rankings_daily import ContextBucket, LanguageType, Modality, Period, RankingsCategory
from openrouter_rankings.models.session_cost import TurnRange
from openrouter_rankings.models.synthetic import SYNTHETIC
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

KEY = "sk-or-v1-conformance"
FIRST_DAY = date(2025, 1, 1)
NOW = datetime(2028, 7, 15, 12, tzinfo=UTC)
YESTERDAY = date(2028, 7, 14)
DAY = timedelta(days=1)
APP = App("https://example.org", "Conformance", ("cli-agent", "programming-app"))

TASKS = "/classifications/task"
RANKINGS = "/datasets/rankings-daily"
APPS = "/datasets/app-rankings"
COSTS = "/datasets/session-cost"
BENCHMARKS = "/benchmarks"


# The contract


def test_the_contract_is_a_valid_openapi_description() -> None:
    validate(CONTRACT)


SPAN_META = {
    "as_of": "2028-07-15T12:00:00.000Z",
    "version": "v1",
    "start_date": "2028-07-14",
    "end_date": "2028-07-14",
}
DAILY_ROW = {"date": "2028-07-14", "model_permaslug": "northwind/gale-1:free", "total_tokens": "9223372036854775807"}


def daily_answer(row: Mapping[str, object], meta: Mapping[str, object]) -> Response:
    body = json.dumps({"data": [row], "meta": meta}).encode()
    return Response(200, {"Content-Type": "application/json"}, body)


@pytest.mark.parametrize("as_of", ["2028-07-15T12:00:00.000Z", "2028-07-15T12:00:00Z"])
def test_a_conforming_answer_is_accepted_with_and_without_milliseconds(as_of: str) -> None:
    check_answer(raw(RANKINGS), daily_answer(DAILY_ROW, SPAN_META | {"as_of": as_of}))


def test_the_service_has_no_field_with_the_name_of_the_synthetic_mark() -> None:
    assert f"'{SYNTHETIC}'" not in repr(CONTRACT)


@pytest.mark.parametrize(
    ("row", "meta", "fault"),
    [
        (DAILY_ROW | {"share": 0.1}, SPAN_META, r"data\[0\]: Additional properties .*'share'"),
        (DAILY_ROW | {"total_tokens": 5}, SPAN_META, r"data\[0\]\.total_tokens: 5 is not of type 'string'"),
        (DAILY_ROW | {"total_tokens": "5e9"}, SPAN_META, r"total_tokens: '5e9' does not match"),
        (DAILY_ROW | {"date": "2028-02-30"}, SPAN_META, r"date: '2028-02-30' is not a 'date'"),
        ({}, SPAN_META, r"data\[0\]: 'date' is a required property"),
        (DAILY_ROW, SPAN_META | {"as_of": "2028-07-15"}, r"meta\.as_of: '2028-07-15' is not a 'date-time'"),
        (
            DAILY_ROW,
            SPAN_META | {"as_of": "2028-07-15T12:00:00.0Z"},
            r"as_of: '2028-07-15T12:00:00\.0Z' does not match",
        ),
        (DAILY_ROW, SPAN_META | {"source": None}, r"meta: Additional properties .*'source'"),
    ],
)
def test_an_answer_that_differs_from_the_contract_is_rejected(
    row: Mapping[str, object], meta: Mapping[str, object], fault: str
) -> None:
    with pytest.raises(AssertionError, match=fault):
        check_answer(raw(RANKINGS), daily_answer(row, meta))


@pytest.mark.parametrize(
    ("path", "name", "known"),
    [
        (TASKS, "window", Window),
        (RANKINGS, "period", Period),
        (RANKINGS, "modality", Modality),
        (RANKINGS, "context_bucket", ContextBucket),
        (RANKINGS, "category", RankingsCategory),
        (RANKINGS, "language_type", LanguageType),
        (APPS, "category", AppCategory),
        (APPS, "subcategory", AppSubcategory),
        (APPS, "sort", AppSort),
        (COSTS, "turn_range", TurnRange),
        (BENCHMARKS, "source", BenchmarkSource),
        (BENCHMARKS, "task_type", TaskType),
        (BENCHMARKS, "benchmark_type", BenchmarkType),
        (BENCHMARKS, "search_surface", SearchSurface),
        (BENCHMARKS, "arena", Arena),
    ],
)
def test_an_enumeration_has_the_values_of_the_contract(path: str, name: str, known: type[StrEnum]) -> None:
    assert {member.value for member in known} == set(PATHS[path][name]["enum"])


def test_each_subcategory_of_the_contract_belongs_to_one_category() -> None:
    members = [each.value for group in SUBCATEGORIES.values() for each in group]
    assert sorted(members) == sorted(PATHS[APPS]["subcategory"]["enum"])
    assert {group.value for group in SUBCATEGORIES} == set(PATHS[APPS]["category"]["enum"])


# The client


class Wire:
    """The emulated service without limits, and the exchanges with it."""

    def __init__(self) -> None:
        self.exchanges: list[tuple[Request, Response]] = []
        self.clock = FakeClock(NOW)
        self._service = FakeTransport(EmulatedAPI(per_minute=10**6, per_day=10**6), clock=self.clock)

    async def send(self, request: Request) -> Response:
        response = await self._service.send(request)
        self.exchanges.append((request, response))
        return response

    async def aclose(self) -> None:
        await self._service.aclose()

    def check(self) -> None:
        for request, response in self.exchanges:
            assert response.status == 200, f"{request.url}: {response.body!r}"
            check_request(request)

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(unmarked(response).body) for _, response in self.exchanges]


def client_of(wire: Wire) -> RankingsClient:
    return RankingsClient(KEY, transport=wire, retry=None, quota=None, cache=None, app=APP)


Arguments = dict[str, Any]


def without_mark(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in {SYNTHETIC, "period", "estimate"}}


def either(known: type[StrEnum]) -> st.SearchStrategy[str]:
    return st.sampled_from([*known, *(member.value for member in known)])


def optional(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Arguments]:
    return st.fixed_dictionaries({}, optional=strategies)


def merged(*strategies: st.SearchStrategy[Arguments]) -> st.SearchStrategy[Arguments]:
    return st.tuples(*strategies).map(lambda parts: {name: value for part in parts for name, value in part.items()})


@st.composite
def spans(draw: st.DrawFn, longest: int) -> Arguments:
    """A span of at most ``longest`` days, with either end given or not; it can start before the data."""
    last = draw(st.none() | st.dates(FIRST_DAY, YESTERDAY))
    days = draw(st.none() | st.integers(1, longest))
    ends = {} if last is None else {"end_date": last}
    return ends if days is None else {"start_date": (last or YESTERDAY) - (days - 1) * DAY, **ends}


def as_text_or_not(span: Arguments) -> st.SearchStrategy[Arguments]:
    return st.fixed_dictionaries({name: st.sampled_from([day, day.isoformat()]) for name, day in span.items()})


MEASURED = optional(period=either(Period), modality=either(Modality), context_bucket=either(ContextBucket))
SAMPLED = merged(
    optional(period=st.sampled_from([Period.WEEK, Period.MONTH, "week", "month"])),
    st.fixed_dictionaries({"category": either(RankingsCategory)})
    | st.fixed_dictionaries({"language_type": either(LanguageType)}),
)
DAYS = spans(10).flatmap(as_text_or_not)
GROUPED = optional(category=either(AppCategory), sort=either(AppSort)) | st.sampled_from(
    [{"category": group, "subcategory": each} for group, members in SUBCATEGORIES.items() for each in members]
)
SLUGS = st.sampled_from(["northwind/gale-1", "vendor/model:free", "a b&c=d/é+%"])
RESULTS = optional(
    task_type=either(TaskType),
    benchmark_type=either(BenchmarkType),
    include_run_config=st.booleans(),
    search_engine=SLUGS,
    search_surface=either(SearchSurface),
    max_results=st.integers(1, 10**6),
)

ARGUMENTS: Mapping[str, st.SearchStrategy[Arguments]] = {
    "get_task_classifications": optional(window=either(Window)),
    "get_rankings_daily": merged(DAYS, MEASURED | SAMPLED),
    "get_app_rankings": merged(
        DAYS,
        GROUPED | optional(subcategory=either(AppSubcategory)),
        optional(limit=st.integers(1, 100), offset=st.integers(0, 100)),
    ),
    "get_session_cost": optional(
        app_slug=SLUGS,
        model=SLUGS,
        turn_range=either(TurnRange),
        limit=st.integers(1, 500),
        offset=st.integers(0, 5000),
    ),
    "get_benchmarks": merged(RESULTS, optional(source=either(BenchmarkSource)))
    | merged(
        RESULTS,
        st.fixed_dictionaries({"source": st.sampled_from([BenchmarkSource.DESIGN_ARENA, "design-arena"])}),
        optional(arena=either(Arena), category=SLUGS),
    ),
}


def sent(value: object) -> str:
    """A parameter as it stands in the query."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.value if isinstance(value, Enum) else value)


@pytest.mark.parametrize("operation", ARGUMENTS)
@given(data=st.data())
@settings(max_examples=examples(20))
async def test_parameters_are_sent_as_the_contract_requires_and_the_answer_is_returned_whole(
    operation: str, data: st.DataObject
) -> None:
    arguments = data.draw(ARGUMENTS[operation])
    wire = Wire()
    async with client_of(wire) as client:
        answer = await getattr(client, operation)(**arguments)
    wire.check()
    [(request, _)] = wire.exchanges
    [document] = wire.documents()
    asked = query_of(request)
    assert asked | {name: sent(value) for name, value in arguments.items() if name != "start_date"} == asked
    assert asked.keys() - {"window"} == arguments.keys() - {"window"}
    assert asked.get("start_date") == first_day_sent(arguments)
    assert without_mark(answer.to_dict()) == document


def first_day_sent(arguments: Arguments) -> str | None:
    return max(sent(arguments["start_date"]), sent(FIRST_DAY)) if "start_date" in arguments else None


@given(spans(4 * 366), MEASURED | SAMPLED)
@example({"start_date": YESTERDAY - 365 * DAY}, {})
@settings(max_examples=examples(5))
async def test_a_span_of_years_is_requested_in_parts_that_conform(span: Arguments, filters: Arguments) -> None:
    wire = Wire()
    async with client_of(wire) as client:
        answer = await client.get_rankings_daily(**span, **filters)
    wire.exchanges.sort(key=lambda exchange: query_of(exchange[0]).get("start_date", ""))
    for request, _ in wire.exchanges:
        check_request(request)
    assert {response.status for _, response in wire.exchanges} == {200}
    parts = [document["meta"] for document in wire.documents()]
    assert all(parse(part["end_date"]) - parse(part["start_date"]) < 366 * DAY for part in parts)
    assert all(parse(after["start_date"]) - parse(part["end_date"]) == DAY for part, after in itertools.pairwise(parts))
    assert answer.to_dict()["data"] == [row for document in wire.documents() for row in document["data"]]
    assert (sent(answer.meta.start_date), sent(answer.meta.end_date)) == (parts[0]["start_date"], parts[-1]["end_date"])


@pytest.mark.parametrize("operation", ["get_rankings_daily", "get_app_rankings"])
@pytest.mark.parametrize("ends", [{}, {"end_date": YESTERDAY}])
async def test_the_longest_span_of_the_contract_takes_one_request(operation: str, ends: Arguments) -> None:
    wire = Wire()
    async with client_of(wire) as client:
        answer = await getattr(client, operation)(start_date=YESTERDAY - 365 * DAY, **ends)
    [(request, response)] = wire.exchanges
    check_request(request)
    assert response.status == 200
    assert answer.meta.end_date - answer.meta.start_date == 365 * DAY


def parse(day: str) -> date:
    return date.fromisoformat(day)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("iter_app_rankings", {}),
        ("iter_app_rankings", {"category": "coding", "subcategory": AppSubcategory.CLI_AGENT, "sort": "trending"}),
        ("iter_app_rankings", {"start_date": "2028-06-01", "end_date": date(2028, 6, 30)}),
        ("iter_session_cost", {}),
        ("iter_session_cost", {"app_slug": "no-such-app", "model": "no/such-model", "turn_range": TurnRange.ONE}),
    ],
)
async def test_each_page_of_a_list_is_requested_as_the_contract_requires_and_returned_whole(
    operation: str, arguments: Arguments
) -> None:
    wire = Wire()
    async with client_of(wire) as client:
        async with aclosing(getattr(client, operation)(**arguments).pages()) as pages:
            given_pages = [without_mark(page.to_dict()) async for page in pages]
    wire.check()
    assert given_pages == wire.documents()
    assert [int(query_of(request)["offset"]) for request, _ in wire.exchanges] == [
        number * int(query_of(wire.exchanges[0][0])["limit"]) for number in range(len(given_pages))
    ]


EVERY_PARAMETER: Mapping[str, tuple[str, tuple[Arguments, ...]]] = {
    TASKS: ("get_task_classifications", ({"window": "7d"},)),
    RANKINGS: (
        "get_rankings_daily",
        (
            {"period": "day", "modality": "text", "context_bucket": "1K"},
            {"start_date": "2028-07-01", "end_date": "2028-07-14", "category": "marketing/seo"},
            {"language_type": "natural"},
        ),
    ),
    APPS: (
        "get_app_rankings",
        (
            {"category": "productivity", "subcategory": "legal", "sort": "popular", "limit": 1, "offset": 0},
            {"start_date": "2028-07-01", "end_date": "2028-07-14"},
        ),
    ),
    COSTS: (
        "get_session_cost",
        ({"app_slug": "an-app", "model": "vendor/model", "turn_range": "1-turn", "limit": 1, "offset": 0},),
    ),
    BENCHMARKS: (
        "get_benchmarks",
        (
            {"source": "design-arena", "arena": "models", "category": "svg", "task_type": "coding", "max_results": 1},
            {
                "benchmark_type": "search_hle",
                "include_run_config": False,
                "search_engine": "native",
                "search_surface": "plugin",
            },
        ),
    ),
}


@pytest.mark.parametrize("path", PATHS)
async def test_every_parameter_of_the_contract_can_be_sent(path: str) -> None:
    operation, calls = EVERY_PARAMETER[path]
    wire = Wire()
    async with client_of(wire) as client:
        for arguments in calls:
            await getattr(client, operation)(**arguments)
    wire.check()
    assert {name for request, _ in wire.exchanges for name in query_of(request)} == PATHS[path].keys()
    declared = CONTRACT["components"]["parameters"].values()
    fields = {parameter["name"] for parameter in declared if parameter["in"] == "header"}
    assert all(fields <= set(request.headers) for request, _ in wire.exchanges)


# The emulation


def raw(path: str, query: Mapping[str, str] | None = None, *, method: str = "GET", key: str = KEY) -> Request:
    request = Request(method, f"{BASE_URL}{path}", {"Authorization": f"Bearer {key}"})
    return attrs.evolve(request, url=f"{request.url}?{urlencode(query)}") if query else request


def answered(request: Request, api: EmulatedAPI | None = None) -> Response:
    return (api or EmulatedAPI()).reply(request, NOW.timestamp()).response


def rows(request: Request) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(answered(request).body)["data"]
    return listed


@cache
def texts(path: str, name: str) -> tuple[str, ...]:
    """Values for the free text ``name``: some that the emulation knows, and one that it does not."""
    column = "model_permaslug" if name == "model" else name
    everything = {BENCHMARKS: rows(raw(path)), COSTS: rows(raw(path, {"limit": "500"}))}[path]
    known = sorted({row[column] for row in everything if row.get(column)})
    assert known
    return (*known[:3], "no-such-one")


def queries(path: str, *names: str) -> st.SearchStrategy[dict[str, str]]:
    """Any of the parameters ``names``, with valid values."""
    chosen: dict[str, st.SearchStrategy[str]] = {}
    for name in names:
        schema = PATHS[path][name]
        free = schema["type"] == "string" and not schema.keys() & {"enum", "format"}
        chosen[name] = values(schema, days=(FIRST_DAY, YESTERDAY), texts=texts(path, name) if free else ())
    return st.fixed_dictionaries({}, optional=chosen)


def others(path: str, *names: str) -> tuple[str, ...]:
    return tuple(name for name in PATHS[path] if name not in names)


def allowed(path: str) -> st.SearchStrategy[dict[str, str]]:
    """Valid queries, also by the rules that are only in the descriptions of the contract."""
    days = spans(10).map(lambda span: {name: day.isoformat() for name, day in span.items()})
    if path == RANKINGS:
        measured = queries(path, "period", "modality", "context_bucket")
        sampled = queries(path, "category") | queries(path, "language_type")
        weekly = optional(period=st.sampled_from(["week", "month"]))
        return merged(days, measured | merged(sampled.filter(bool), weekly))
    if path == APPS:
        grouped = queries(path, *others(path, "start_date", "end_date", "category"))
        return merged(days, grouped | queries(path, *others(path, "start_date", "end_date", "subcategory")))
    if path == BENCHMARKS:
        general = queries(path, *others(path, "arena", "category"))
        arenas = merged(queries(path, *others(path, "source")), st.just({"source": "design-arena"}))
        return general | arenas
    return queries(path, *PATHS[path])


@pytest.mark.parametrize("path", PATHS)
@given(data=st.data())
@settings(max_examples=examples(15))
def test_a_valid_query_gets_a_conforming_answer(path: str, data: st.DataObject) -> None:
    request = raw(path, data.draw(allowed(path)))
    check_request(request)
    response = answered(request)
    assert response.status == 200, f"{request.url}: {response.body!r}"
    check_answer(request, unmarked(response))


WRONG = [
    (path, {name: value})
    for path, parameters in PATHS.items()
    for name, schema in parameters.items()
    for value in wrong_values(schema)
]

# Rules that are only in the descriptions of the contract.
EXCLUDED = [
    (RANKINGS, {"category": "legal", "language_type": "natural"}),
    (RANKINGS, {"category": "legal", "modality": "text"}),
    (RANKINGS, {"category": "legal", "context_bucket": "1K"}),
    (RANKINGS, {"category": "legal", "period": "day"}),
    (RANKINGS, {"language_type": "natural", "modality": "text"}),
    (RANKINGS, {"language_type": "natural", "context_bucket": "1K"}),
    (RANKINGS, {"language_type": "natural", "period": "day"}),
    (RANKINGS, {"end_date": "2024-12-31"}),
    (RANKINGS, {"start_date": "2026-01-01", "end_date": "2027-01-03"}),
    (RANKINGS, {"start_date": "2026-01-01"}),
    (APPS, {"end_date": "2024-12-31"}),
    (APPS, {"start_date": "2026-01-01", "end_date": "2027-01-03"}),
    (APPS, {"start_date": "2026-01-01"}),
    (APPS, {"category": "coding", "subcategory": "roleplay"}),
    (BENCHMARKS, {"source": "openrouter", "arena": "models"}),
    (BENCHMARKS, {"source": "artificial-analysis", "category": "svg"}),
]


@pytest.mark.parametrize(("path", "query"), [*WRONG, *EXCLUDED])
def test_an_invalid_query_is_a_400(path: str, query: dict[str, str]) -> None:
    request = raw(path, query)
    response = answered(request)
    assert response.status == 400
    check_answer(request, response)
    check_error(response)


@pytest.mark.parametrize("path", PATHS)
def test_every_other_error_has_the_error_body_of_the_contract(path: str) -> None:
    limited = EmulatedAPI(per_minute=1, keys=[KEY])
    assert answered(raw(path), limited).status == 200
    requests = [raw(path, key="unknown"), raw(path, method="POST"), raw(f"{path}/"), raw(path)]
    errors = [answered(request, limited) for request in requests]
    errors.append(answered(raw(path), EmulatedAPI(faults=[500])))
    assert [response.status for response in errors] == [401, 405, 404, 429, 500]
    for response in errors:
        check_answer(raw(path), response)
        check_error(response)


@pytest.mark.parametrize(
    ("path", "query", "columns"),
    [
        (COSTS, {"limit": "500"}, ("turn_range",)),
        (BENCHMARKS, {}, ("source", "benchmark_type", "search_surface", "arena")),
    ],
)
def test_the_emulation_keeps_to_the_values_known_today_where_the_contract_is_open(
    path: str, query: dict[str, str], columns: tuple[str, ...]
) -> None:
    for column in columns:
        found = {row[column] for row in rows(raw(path, query)) if column in row}
        assert found
        assert found <= set(PATHS[path][column]["enum"])


def test_the_rows_of_a_day_are_sorted_by_tokens_with_other_last() -> None:
    listed = rows(raw(RANKINGS))
    assert len({(row["date"], row["model_permaslug"]) for row in listed}) == len(listed)
    days = [list(group) for _, group in itertools.groupby(listed, key=lambda row: row["date"])]
    assert len(days) == 31
    for day in days:
        models = [row for row in day if row["model_permaslug"] != "other"]
        assert models == sorted(models, key=lambda row: (-int(row["total_tokens"]), row["model_permaslug"]))
        assert len(models) <= 50
        assert day[: len(models)] == models


def test_ranks_are_absolute_under_an_offset() -> None:
    assert rows(raw(APPS, {"offset": "10", "limit": "5"})) == rows(raw(APPS))[10:15]
    assert [row["rank"] for row in rows(raw(APPS))] == list(range(1, len(rows(raw(APPS))) + 1))


@pytest.mark.parametrize("asked", [True, False])
def test_only_search_results_have_a_run_config_and_only_on_request(asked: bool) -> None:
    listed = rows(raw(BENCHMARKS, {"include_run_config": str(asked).lower()}))
    assert [("run_config" in row) for row in listed] == [asked and "search_engine" in row for row in listed]


def test_all_four_shapes_of_results_are_emulated() -> None:
    shapes = {(row["source"], "search_engine" in row) for row in rows(raw(BENCHMARKS))}
    assert shapes == {
        ("artificial-analysis", False),
        ("design-arena", False),
        ("openrouter", False),
        ("openrouter", True),
    }
