"""The operations of the four data sets on a client: what they send, join, tell and remember."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from patience import turn_until

from openrouter_rankings import (
    BadRequestError,
    ConfigurationError,
    InvalidResponseError,
    ListChangedError,
    Quota,
    QuotaExceededError,
    RankingsClient,
    Request,
    Response,
    RetryPolicy,
    endpoints,
)
from openrouter_rankings.testing import FakeClock, FakeTransport

JSON = {"Content-Type": "application/json", "Cache-Control": "private, max-age=60, stale-while-revalidate=300"}
META = {"version": "v1", "start_date": "2025-12-01", "end_date": "2025-12-31"}

Answerer = Callable[[Request], Response]


def parameters_of(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def answer(data: list[Any], as_of: str = "2026-01-01T00:00:00.000Z", **meta: Any) -> Response:
    return Response(200, JSON, json.dumps({"data": data, "meta": {"as_of": as_of} | META | meta}).encode())


def daily(request: Request) -> Response:
    """A model and the others on each day of the span that is asked for."""
    asked = parameters_of(request)
    first, last = date.fromisoformat(asked["start_date"]), date.fromisoformat(asked["end_date"])
    rows = [
        {"date": (first + timedelta(n)).isoformat(), "model_permaslug": slug, "total_tokens": tokens}
        for n in range((last - first).days + 1)
        for slug, tokens in (("northwind/gale-2", "9007199254740993"), ("other", "7"))
    ]
    return answer(rows, start_date=asked["start_date"], end_date=asked["end_date"])


def apps(total: int) -> Answerer:
    def answer_page(request: Request) -> Response:
        asked = parameters_of(request)
        first = int(asked["offset"])
        ranks = range(first + 1, min(total, first + int(asked["limit"])) + 1)
        return answer([app_row(rank) for rank in ranks])

    return answer_page


def app_row(rank: int, app_id: int | None = None) -> dict[str, Any]:
    return {
        "rank": rank,
        "app_id": app_id or rank,
        "app_name": f"App {rank}",
        "total_tokens": str(10**9 - rank),
        "total_requests": 5,
    }


def session_costs(total: int) -> Answerer:
    def answer_page(request: Request) -> Response:
        asked = parameters_of(request)
        numbers = range(int(asked["offset"]), min(total, int(asked["offset"]) + int(asked["limit"])))
        rows = [
            {
                "app_slug": "heron",
                "app_name": "Heron",
                "turn_range": "1-turn",
                "model_permaslug": f"saltmarsh/m-{number}",
                "median_session_cost_usd": 0.25,
            }
            for number in numbers
        ]
        return answer(rows, window_days=7, window_end_date="2025-12-31")

    return answer_page


def later() -> FakeClock:
    """A clock after the spans that are asked for: of days to come there is nothing to ask."""
    return FakeClock(datetime(2030, 1, 1, tzinfo=UTC))


def client_on(script: Any, **options: Any) -> tuple[RankingsClient, FakeTransport]:
    transport = FakeTransport(script, clock=later())
    return RankingsClient("key", transport=transport, **options), transport


async def test_two_years_of_days_are_two_requests_and_one_answer() -> None:
    client, transport = client_on(daily)
    rankings = await client.get_rankings_daily(start_date="2025-01-01", end_date=date(2026, 12, 31))
    assert len(transport.requests) == 2
    days = [row.date for row in rankings.data if not row.is_other]
    assert days == [date(2025, 1, 1) + timedelta(n) for n in range(730)]
    assert (rankings.meta.start_date, rankings.meta.end_date) == (date(2025, 1, 1), date(2026, 12, 31))
    assert rankings.data[0].total_tokens == 9007199254740993


async def test_parts_are_asked_for_at_the_same_time() -> None:
    under_way = most = 0

    class Counting(FakeTransport):
        async def send(self, request: Request) -> Response:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            try:
                return await super().send(request)
            finally:
                under_way -= 1

    client = RankingsClient("key", transport=Counting(daily, clock=later()))
    await client.get_rankings_daily(start_date="2025-01-01", end_date="2029-12-31")
    assert most == 5


async def test_parts_keep_to_the_quota() -> None:
    client, transport = client_on(daily, quota=Quota(per_minute=3))
    await client.get_rankings_daily(start_date="2025-01-01", end_date="2029-12-31")
    assert len(transport.requests) == 5
    assert transport.clock.monotonic() >= 60


async def test_progress_is_told_from_nothing_to_all() -> None:
    told: list[tuple[int, int]] = []
    client, _ = client_on(daily)
    await client.get_rankings_daily(
        start_date="2025-01-01", end_date="2027-06-30", progress=lambda done, total: told.append((done, total))
    )
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


async def test_progress_that_fails_ends_the_call_with_its_failure() -> None:
    def fail(done: int, _: int) -> None:
        if done:
            raise RuntimeError("closed")

    client, _ = client_on(daily)
    with pytest.raises(RuntimeError, match="closed"):
        await client.get_rankings_daily(start_date="2025-01-01", end_date="2027-06-30", progress=fail)


async def test_a_part_that_fails_is_the_callers_and_ends_the_others() -> None:
    hanging = asyncio.Event()

    class OneFails(FakeTransport):
        async def send(self, request: Request) -> Response:
            if parameters_of(request)["start_date"] == "2025-01-01":
                return await super().send(request)
            try:
                await asyncio.Event().wait()
            finally:
                hanging.set()
            raise AssertionError

    refusal = Response(400, JSON, b'{"error": {"code": 400, "message": "No."}}')
    client = RankingsClient("key", transport=OneFails(lambda _: refusal, clock=later()), cache=None)
    with pytest.raises(BadRequestError, match="No"):
        await client.get_rankings_daily(start_date="2025-01-01", end_date="2026-12-31")
    assert hanging.is_set()


async def test_a_cancelled_call_leaves_no_part_under_way() -> None:
    ended = 0

    class Hanging(FakeTransport):
        async def send(self, request: Request) -> Response:
            nonlocal ended
            self.requests.append(request)
            try:
                await asyncio.Event().wait()
            finally:
                ended += 1
            raise AssertionError

    transport = Hanging([], clock=later())
    client = RankingsClient("key", transport=transport, cache=None)
    call = asyncio.ensure_future(client.get_rankings_daily(start_date="2025-01-01", end_date="2026-12-31"))
    await turn_until(lambda: len(transport.requests) >= 2)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert ended == 2
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_joined_answer_is_as_old_as_its_oldest_part() -> None:
    client, transport = client_on(daily)
    await client.get_rankings_daily(start_date="2025-01-01", end_date="2026-01-01")
    await transport.clock.sleep(40)
    whole = await client.get_rankings_daily(start_date="2025-01-01", end_date="2026-12-31")
    assert len(transport.requests) == 2
    assert client.provenance(whole).age == pytest.approx(40)
    assert not client.provenance(whole).stale
    await transport.clock.sleep(30)
    assert client.provenance(whole).stale


async def test_a_joined_answer_without_a_cache_has_no_provenance() -> None:
    client, _ = client_on(daily, cache=None)
    whole = await client.get_rankings_daily(start_date="2025-01-01", end_date="2026-12-31")
    with pytest.raises(ConfigurationError, match="not from this client's cache"):
        client.provenance(whole)


async def test_a_span_without_an_end_leaves_it_to_the_service() -> None:
    def ends_yesterday(request: Request) -> Response:
        asked = {"end_date": "2026-01-01"} | parameters_of(request)
        return daily(Request("GET", f"https://api.test/?start_date={asked['start_date']}&end_date={asked['end_date']}"))

    # The fake's clock stands at the first of January 2026: the data ends the day before.
    transport = FakeTransport(ends_yesterday)
    client = RankingsClient("key", transport=transport)
    await transport.clock.sleep(86400)
    await client.get_rankings_daily(start_date="2025-01-01")
    assert [parameters_of(request) for request in transport.requests] == [{"start_date": "2025-01-01"}]
    await transport.clock.sleep(86400)
    await client.get_rankings_daily(start_date="2025-01-01")
    assert [parameters_of(request) for request in transport.requests[1:]] == [
        {"start_date": "2025-01-01", "end_date": "2026-01-01"},
        {"start_date": "2026-01-02"},
    ]


async def test_all_apps_are_two_pages() -> None:
    client, transport = client_on(apps(230))
    ranks = [app.rank async for app in client.iter_app_rankings(category="coding", sort="trending")]
    assert ranks == list(range(1, 201))
    assert [parameters_of(request) for request in transport.requests] == [
        {"category": "coding", "sort": "trending", "limit": "100", "offset": "0"},
        {"category": "coding", "sort": "trending", "limit": "100", "offset": "100"},
    ]


async def test_a_ranking_that_ends_early_is_one_page() -> None:
    client, transport = client_on(apps(80))
    assert len([app async for app in client.iter_app_rankings()]) == 80
    assert len(transport.requests) == 1


async def test_an_app_that_moves_to_the_next_page_meanwhile_is_told() -> None:
    def moving(request: Request) -> Response:
        if parameters_of(request)["offset"] == "0":
            return apps(200)(request)
        return answer([app_row(101, app_id=100)])

    client, _ = client_on(moving)
    with pytest.raises(ListChangedError, match="100 came twice"):
        [app async for app in client.iter_app_rankings()]


async def test_all_session_costs_are_read_up_to_where_the_service_ends() -> None:
    client, transport = client_on(session_costs(6000))
    slugs = [row.model_permaslug async for row in client.iter_session_cost(app_slug="heron")]
    assert len(set(slugs)) == len(slugs) == 5500
    assert [parameters_of(request)["offset"] for request in transport.requests] == [
        str(offset) for offset in range(0, 5001, 500)
    ]


async def test_session_costs_that_move_meanwhile_are_told() -> None:
    def moving(request: Request) -> Response:
        offset = 0 if parameters_of(request)["offset"] == "0" else 499
        url = f"https://api.test/?limit=500&offset={offset}"
        return session_costs(700)(Request("GET", url))

    client, _ = client_on(moving)
    with pytest.raises(ListChangedError, match="saltmarsh/m-499"):
        [row async for row in client.iter_session_cost()]


@pytest.mark.parametrize(
    "iterate",
    [
        lambda client: client.iter_app_rankings(category="game", subcategory=""),
        lambda client: client.iter_session_cost(model=""),
    ],
)
def test_a_mistake_in_an_iteration_is_told_before_it_begins(iterate: Callable[[RankingsClient], Any]) -> None:
    client, transport = client_on(apps(1))
    with pytest.raises(ConfigurationError):
        iterate(client)
    assert not transport.requests


async def test_a_mistake_costs_no_request() -> None:
    client, transport = client_on([])
    mistakes = [
        client.get_rankings_daily(start_date="2026-02-30"),
        client.get_app_rankings(limit=0),
        client.get_session_cost(offset=-1),
        client.get_benchmarks(arena="models", source="openrouter"),
    ]
    for mistake in mistakes:
        with pytest.raises(ConfigurationError):
            await mistake
    assert not transport.requests
    assert (await client.quota()).day.used == 0


async def test_every_operation_takes_the_options_of_a_call() -> None:
    benchmarks = answer([], source=None, source_url=None, citation=None, model_count=0, task_type=None)
    scripts: list[tuple[Any, Callable[[RankingsClient, Any], Any]]] = [
        (
            daily,
            lambda client, options: client.get_rankings_daily(
                start_date="2025-12-01", end_date="2025-12-02", **options
            ),
        ),
        (apps(9), lambda client, options: client.get_app_rankings(limit=5, offset=0, **options)),
        (apps(9), lambda client, options: anext(client.iter_app_rankings(**options))),
        (session_costs(9), lambda client, options: client.get_session_cost(limit=5, offset=0, **options)),
        (session_costs(9), lambda client, options: anext(client.iter_session_cost(**options))),
        (lambda _: benchmarks, lambda client, options: client.get_benchmarks(**options)),
    ]
    options = {"timeout": 2.5, "headers": {"X-Trace": "1"}, "retry": RetryPolicy(max_attempts=1), "fresh": True}
    for script, call in scripts:
        client, transport = client_on(script)
        await call(client, options)
        await call(client, options)
        assert [(request.timeout, request.headers["X-Trace"]) for request in transport.requests] == [(2.5, "1")] * 2


@pytest.mark.parametrize(
    ("method", "given", "said"),
    [
        ("get_task_classifications", "windw", "Did you mean 'window'?"),
        ("get_rankings_daily", "start", "Did you mean 'start_date'?"),
        ("get_app_rankings", "catgory", "Did you mean 'category'?"),
        ("iter_app_rankings", "subcategry", "Did you mean 'subcategory'?"),
        ("get_session_cost", "app", "Did you mean 'app_slug'?"),
        ("get_benchmarks", "timout", "Did you mean 'timeout'?"),
        ("iter_session_cost", "turns", "It takes app_slug, model, turn_range, timeout, "),
        ("fetch", "maxage", "Did you mean 'max_age'?"),
    ],
)
async def test_a_misspelt_keyword_names_the_right_one_and_sends_nothing(method: str, given: str, said: str) -> None:
    client, transport = client_on([])
    arguments = [endpoints.task_classifications("7d")] if method == "fetch" else []

    async def call() -> None:
        await getattr(client, method)(*arguments, **{given: 3})

    with pytest.raises(TypeError) as caught:
        await call()
    assert str(caught.value).startswith(f"{method} has no parameter or option {given!r}. {said}")
    assert not transport.requests


async def test_data_sets_share_the_budget_of_a_key() -> None:
    client, _ = client_on(apps(9), quota=Quota(per_day=2), cache=None)
    await client.get_app_rankings(limit=5, offset=0)
    await client.get_app_rankings(limit=6, offset=0)
    with pytest.raises(QuotaExceededError):
        await client.get_session_cost()


async def test_a_renamed_field_is_told_with_its_place() -> None:
    rows = [app_row(1), {name: value for name, value in app_row(2).items() if name != "total_tokens"}]
    client, _ = client_on([answer(rows)])
    with pytest.raises(InvalidResponseError) as caught:
        await client.get_app_rankings()
    assert caught.value.problems == ("data[1].total_tokens: missing",)
