"""Mistakes that type checkers must find: each has a comment for mypy and one for pyright.

A comment without an error beneath it is an error itself, in both checkers. Never run.
"""

from __future__ import annotations

import datetime

from openrouter_rankings import (
    App,
    CachePolicy,
    Quota,
    RankingsClient,
    Request,
    Response,
    RetryPolicy,
    TaskClassifications,
)
from openrouter_rankings.testing import FakeTransport


class WithoutEnd:
    async def send(self, request: Request) -> Response:
        return Response(200)


class OfAnotherAnswer:
    async def send(self, request: Request) -> bytes:
        return b""

    async def aclose(self) -> None: ...


class StoreOfText:
    async def get(self, key: str) -> str | None:
        return None


def clients() -> None:
    RankingsClient(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RankingsClient("key", WithoutEnd())  # type: ignore[call-arg,arg-type]  # pyright: ignore[reportCallIssue]
    RankingsClient(timeout="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RankingsClient(retry=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RankingsClient(quota=Quota)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RankingsClient(cache="cache.sqlite3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RankingsClient(app="My app")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RankingsClient(retries=None)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RankingsClient(transport=WithoutEnd())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RankingsClient(transport=OfAnotherAnswer())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def settings() -> None:
    RetryPolicy(3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RetryPolicy(max_attempts=2.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Quota(per_minute="30")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Quota(store=StoreOfText())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    CachePolicy(default_max_age=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    CachePolicy().max_age = 5.0  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    App(name="My app")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def calls(client: RankingsClient) -> None:
    await client.get_task_classifications(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.get_task_classifications(timeot=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await client.get_task_classifications(fresh="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.get_task_classifications(headers=[])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.get_task_classifications(retry=2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.get_rankings_daily("2026-01-01")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await client.get_rankings_daily(start_date=20260101)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.get_rankings_daily(progress=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.get_app_rankings(limit="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.get_session_cost(period="day")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await client.get_benchmarks(include_run_config="true")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.iter_app_rankings(limit=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    print(client.get_task_classifications().as_of)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    with client:  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        pass


def answers(tasks: TaskClassifications, response: Response) -> None:
    tasks.as_of = datetime.date(2026, 1, 1)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    tasks.top(3, by="cost")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tasks.top("3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tasks.classifications.append(tasks.classifications[0])  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    response.headers["Age"] = "5"  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    response.extensions["mine"] = 5  # type: ignore[index]  # pyright: ignore[reportIndexIssue]


def tests() -> None:
    FakeTransport([503])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    FakeTransport(lambda request: None)  # type: ignore[arg-type,return-value]  # pyright: ignore[reportArgumentType]
