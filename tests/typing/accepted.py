"""Calls that must type-check, with the types that they must have. Read by mypy and pyright, and never run."""

from __future__ import annotations

import datetime
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar, assert_type

from openrouter_rankings import (
    AiohttpTransport,
    App,
    AppRankings,
    AppRankingsItem,
    AppSort,
    Benchmarks,
    CachePolicy,
    CacheTransport,
    CallOptions,
    Change,
    ModelShare,
    Paged,
    Period,
    Provenance,
    Quota,
    QuotaStatus,
    QuotaTransport,
    RankingsClient,
    RankingsDaily,
    Request,
    Response,
    RetryPolicy,
    RetryTransport,
    SessionCost,
    SessionCostItem,
    Store,
    TaskClassification,
    TaskClassifications,
    TooManyRequestsError,
    Transport,
    Update,
    Window,
)
from openrouter_rankings.analysis import Differences
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Fault, serve
from openrouter_rankings.transports.stores import protocol

T = TypeVar("T")


class UsersTransport:
    async def send(self, request: Request) -> Response:
        return Response(200, {"Content-Type": "application/json"}, b"{}")

    async def aclose(self) -> None: ...


class UsersStore:
    async def get(self, key: str) -> bytes | None:
        return None

    async def put(self, key: str, value: bytes, expires_in: float) -> None: ...

    async def delete(self, key: str) -> None: ...

    async def update(self, key: str, change: protocol.Change[T]) -> T:
        return change(None, 0.0).result

    async def aclose(self) -> None: ...


def clients() -> None:
    RankingsClient()
    RankingsClient("key")
    RankingsClient(transport=UsersTransport(), retry=None, quota=None, cache=None, timeout=None, deadline=None)
    RankingsClient(
        api_key="key",
        base_url="https://proxy.test/v1",
        timeout=5,
        deadline=60.5,
        retry=RetryPolicy(max_attempts=2, max_wait=5, max_elapsed=60.0),
        quota=Quota(per_minute=10, per_day=100, store=Path("quota.sqlite3"), max_wait=0),
        cache=CachePolicy(store="redis://localhost", max_age=None, stale_if_error=60),
        app=App(url="https://app.test", title="App", categories=["cli-agent"]),
        clock=SystemClock(),
    )
    RankingsClient(quota=Quota(store=UsersStore()), cache=CachePolicy(store=UsersStore()))
    store: Store = UsersStore()
    Quota(store=store)


async def calls(client: RankingsClient, options: CallOptions) -> None:
    assert_type(await client.get_task_classifications(), TaskClassifications)
    assert_type(await client.get_task_classifications(Window.SEVEN_DAYS, timeout=5, retry=None), TaskClassifications)
    assert_type(await client.get_task_classifications("30d", deadline=None, fresh=True), TaskClassifications)
    assert_type(await client.get_task_classifications(headers={"X-Trace": "1"}, max_age=60), TaskClassifications)
    assert_type(client.watch_task_classifications(every=3600), AsyncGenerator[TaskClassifications])
    assert_type(
        await client.get_rankings_daily(start_date="2026-01-01", end_date=datetime.date(2026, 2, 1), period=Period.DAY),
        RankingsDaily,
    )
    assert_type(await client.get_rankings_daily(progress=print, modality="text"), RankingsDaily)
    assert_type(await client.get_app_rankings(sort=AppSort.TRENDING, limit=10, offset=5, **options), AppRankings)
    assert_type(await client.get_session_cost(model="a/b", turn_range="1-turn"), SessionCost)
    assert_type(await client.get_benchmarks(source="openrouter", include_run_config=True), Benchmarks)
    assert_type(client.iter_app_rankings(category="coding"), Paged[AppRankings, AppRankingsItem])
    async for row in client.iter_session_cost(app_slug="a"):
        assert_type(row, SessionCostItem)
    assert_type(await client.quota(), QuotaStatus)


async def watches(client: RankingsClient) -> None:
    assert_type(client.watch(client.get_task_classifications), AsyncGenerator[Change[TaskClassifications]])
    assert_type(client.watch(client.get_task_classifications, 60, "7d"), AsyncGenerator[Change[TaskClassifications]])
    assert_type(client.watch(client.get_benchmarks, every=60, source="openrouter"), AsyncGenerator[Change[Benchmarks]])
    assert_type(client.watch(partial(client.get_session_cost, limit=5)), AsyncGenerator[Change[SessionCost]])
    async for change in client.watch(client.get_app_rankings, category="coding", deadline=5):
        assert_type(change.answer, AppRankings)
        assert_type(change.previous, AppRankings | None)
        assert_type(change.differences(), Differences[AppRankingsItem])
        assert_type(change.differences().changed[0].before.rank, int)
    async for tasks in client.watch(client.get_task_classifications):
        assert_type(tasks.differences().entered, tuple[TaskClassification, ...])


async def answers(client: RankingsClient) -> None:
    async with client as opened:
        assert_type(opened, RankingsClient)
        tasks = await opened.get_task_classifications()
    assert_type(tasks.as_of, datetime.date)
    assert_type(tasks.top(3, by="tokens"), tuple[TaskClassification, ...])
    assert_type(tasks.by_tag("math"), TaskClassification)
    assert_type(tasks.classifications[0].top_models(3, by="usage"), tuple[ModelShare, ...])
    assert_type(tasks.citation, str)
    assert_type(client.provenance(tasks), Provenance)


def errors(error: TooManyRequestsError) -> None:
    assert_type(error.status, int)
    assert_type(error.retry_after, float | None)
    assert_type(error.retry_at, datetime.datetime | None)
    assert_type(error.body, bytes)


def layers(wire: UsersTransport) -> Transport:
    quota = QuotaTransport(wire, Quota(), clock=FakeClock())
    return CacheTransport(RetryTransport(quota, None), CachePolicy())


async def tests() -> None:
    FakeTransport([Response(200), TimeoutError(), ConnectionError, lambda request: Response(404)])
    FakeTransport(lambda request: Response(request.timeout is None))
    FakeTransport(EmulatedAPI(faults=[503, Fault(delay=2.0), None]), clock=FakeClock())
    async with serve(EmulatedAPI()) as base_url:
        assert_type(base_url, str)
        RankingsClient("key", base_url=base_url, transport=AiohttpTransport(max_body=1000))


def messages(response: Response, fields: Mapping[str, str]) -> None:
    assert_type(Request("GET", "https://a.test", fields, None).timeout, float | None)
    assert_type(Request("GET", "https://a.test", [("Accept", "a"), ("Accept", "b")]).url, str)
    assert_type(response.headers.get("Age"), str | None)
    assert_type(response.headers.get("Age", ""), str)
    assert_type(response.headers["Age"], str)
    assert_type(Update(5, b"value", 60.0), Update[int])
