"""Watching an operation: the current answer, and then each one that differs, with what changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from patience import PATIENCE, turn_until

from openrouter_rankings import (
    AppRankings,
    Change,
    ConfigurationError,
    Quota,
    RankingsClient,
    StoreUnreachableError,
)
from openrouter_rankings.models.data_set import Answer
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Fault

A = TypeVar("A", bound=Answer)
KEY = "sk-or-v1-0123456789abcdef"


class Watched:
    """A client on the emulated service, and the time that both live in."""

    def __init__(self, *faults: Any, **options: Any) -> None:
        self.clock = FakeClock(datetime(2026, 9, 17, 12, tzinfo=UTC))
        self.api = EmulatedAPI(faults=faults)
        self.client = RankingsClient(KEY, transport=FakeTransport(self.api, clock=self.clock), **options)


@pytest.fixture
async def on() -> AsyncIterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(*faults: Any, **options: Any) -> Watched:
        made.append(Watched(*faults, **options))
        return made[-1]

    yield make
    for each in made:
        await each.client.aclose()


On = Callable[..., Watched]


async def first(changes: AsyncGenerator[Change[A]], count: int) -> list[Change[A]]:
    """The first changes, after which the watch is ended."""
    seen: list[Change[A]] = []
    async with aclosing(changes):
        async for change in changes:
            seen.append(change)
            if len(seen) == count:
                break
    return seen


@pytest.mark.parametrize("name", ["get_rankings_daily", "get_app_rankings", "get_session_cost"])
async def test_each_new_day_is_given_with_the_answer_before_it_and_the_rows_that_differ(name: str, on: On) -> None:
    watched = on()
    get: Callable[..., Any] = getattr(watched.client, name)
    one, two, three = await first(watched.client.watch(get, every=3600), 3)
    assert one.previous is None
    assert not one.differences()
    assert two.previous is one.answer
    assert three.previous is two.answer
    assert two.differences()
    assert watched.clock.time() == datetime(2026, 9, 19, 0, 0, tzinfo=UTC).timestamp()


async def test_the_parameters_of_the_operation_are_those_of_the_watch(on: On) -> None:
    watched = on()
    changes = watched.client.watch(watched.client.get_app_rankings, 3600, category="coding", limit=5, timeout=7)
    (change,) = await first(changes, 1)
    assert len(change.answer) == 5
    (request,) = watched.api.requests
    assert request.url.endswith("?category=coding&limit=5")
    assert request.timeout == 7


async def test_a_span_that_ends_with_the_last_day_moves_with_it(on: On) -> None:
    watched = on()
    changes = await first(watched.client.watch(watched.client.get_rankings_daily, every=3600), 2)
    assert [change.answer.meta.end_date for change in changes] == [date(2026, 9, 16), date(2026, 9, 17)]
    differences = changes[1].differences()
    assert {row.date for row in differences.entered} == {date(2026, 9, 17)}
    assert {row.date for row in differences.left} == {date(2026, 8, 17)}


async def test_an_answer_that_was_only_made_anew_is_no_change(on: On) -> None:
    watched = on()
    watching = asyncio.ensure_future(first(watched.client.watch(watched.client.get_session_cost, every=60), 2))
    await turn_until(lambda: len(watched.api.requests) >= 5)
    assert not watching.done()
    watching.cancel()
    await asyncio.wait({watching})


async def test_a_function_that_passes_max_age_on_can_be_watched(on: On) -> None:
    client = on().client
    asked: list[float | None] = []

    async def leading_apps(*, max_age: float | None = None) -> AppRankings:
        asked.append(max_age)
        return await client.get_app_rankings(limit=1, max_age=max_age)

    await first(client.watch(leading_apps, every=3600), 2)
    assert asked == [None, *[1800.0] * 12]
    (change,) = await first(client.watch(partial(client.get_app_rankings, limit=2)), 1)
    assert len(change.answer) == 2


async def test_watching_goes_on_over_failures_which_the_log_names_by_the_operation(
    on: On, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "openrouter_rankings")
    client = on(Fault(401), Fault(reset=True), retry=None).client
    assert len(await first(client.watch(client.get_benchmarks, every=60), 1)) == 1
    assert [record.getMessage().partition(" after")[0] for record in caplog.records] == [
        "get_benchmarks: watching continues"
    ] * 2
    assert KEY not in caplog.text


async def test_a_store_that_cannot_be_used_for_a_while_does_not_end_a_watch(on: On) -> None:
    client = on().client
    failures = iter([StoreUnreachableError("The store is away.")])

    async def get(*, max_age: float | None = None) -> AppRankings:
        for failure in failures:
            raise failure
        return await client.get_app_rankings(max_age=max_age)

    assert len(await first(client.watch(get), 1)) == 1


async def test_a_parameter_that_is_invalid_ends_the_watch(on: On, tmp_path: Path) -> None:
    client = on(quota=Quota(store=tmp_path / "quota.sqlite3")).client
    with pytest.raises(ConfigurationError, match="limit"):
        await first(client.watch(client.get_app_rankings, limit=1000), 1)


@pytest.mark.parametrize(
    ("every", "options", "named"),
    [
        (59.9, {}, "every"),
        ("7d", {}, "every"),
        (10**400, {}, "every"),
        (60, {"fresh": True}, "fresh"),
        (60, {"max_age": 5}, "max_age"),
    ],
)
async def test_a_watch_refuses_immediately_what_it_cannot_keep(
    every: Any, options: dict[str, Any], named: str, on: On
) -> None:
    client = on().client
    with pytest.raises(ConfigurationError, match=named):
        client.watch(client.get_app_rankings, every, **options)


async def test_an_answer_in_the_place_of_the_method_is_refused(on: On) -> None:
    client = on().client
    get: Any = await client.get_app_rankings()
    with pytest.raises(ConfigurationError, match="not AppRankings"):
        client.watch(get)


async def test_a_watch_ends_with_the_client_also_while_it_asks(on: On) -> None:
    watched = on(Fault(delay=3600))
    watching = asyncio.ensure_future(first(watched.client.watch(watched.client.get_benchmarks), 1))
    await turn_until(lambda: watched.api.requests)
    await watched.client.aclose()
    assert await asyncio.wait_for(watching, PATIENCE) == []
