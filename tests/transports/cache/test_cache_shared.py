"""Cache entries in a store: shared by processes, bounded, asked for once, and done without while the store fails."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from patience import turn, turn_until, wait_until
from stored import refreshed, stored

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import (
    InvalidResponseError,
    QuotaExceededError,
    RequestTimeoutError,
    StoreError,
    TransportError,
)
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.testing import EmulatedAPI, Fault, serve
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.cache.shared import indexed, open_shared
from openrouter_rankings.transports.cache.transport import CacheTransport
from openrouter_rankings.transports.deadline import Deadline
from openrouter_rankings.transports.fake import FakeTransport
from openrouter_rankings.transports.retry import RetryPolicy, RetryTransport
from openrouter_rankings.transports.stores.memory import MemoryStore
from openrouter_rankings.transports.stores.protocol import Change

URL = "https://service.invalid/api/v1/classifications/task?window=7d"
ENGINES = ["memory", "sqlite", "redis"]


def request(url: str = URL, **extensions: Any) -> Request:
    return Request("GET", url, {"Authorization": "Bearer sk-one"}, extensions=extensions)


def answer(body: bytes = b"1", **fields: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Response(200, {"Content-Type": "application/json", "Cache-Control": "max-age=60"} | named, body)


class UsersStore:
    """A store that a user wrote: a dictionary, which can be told to fail."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.values: dict[str, bytes] = {}
        self.operations: list[str] = []
        self.error: Exception | None = None
        self.closed = False

    async def get(self, key: str) -> bytes | None:
        self._note(f"get {key}")
        return self.values.get(key)

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        self._note(f"put {key}")
        self.values[key] = value

    async def delete(self, key: str) -> None:
        self._note(f"delete {key}")
        self.values.pop(key, None)

    async def update(self, key: str, change: Change[Any]) -> Any:
        self._note(f"update {key}")
        update = change(self.values.get(key), self.clock.time())
        if update.value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = update.value
        return update.result

    async def aclose(self) -> None:
        self.closed = True

    def _note(self, operation: str) -> None:
        self.operations.append(operation)
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=ENGINES)
def setting(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Any:
    """What a user gives as ``store=``."""
    if request.param == "redis":
        return request.getfixturevalue("redis_url")
    return UsersStore(clock) if request.param == "memory" else tmp_path / "cache.sqlite3"


@attrs.define
class Process:
    """A cache such as another process has it: with a memory of its own."""

    wire: FakeTransport
    cache: CacheTransport

    @property
    def sent(self) -> int:
        return len(self.wire.requests)

    async def until_sent(self, count: int = 1) -> None:
        """Return when so many requests have been sent."""
        await turn_until(lambda: self.sent >= count)

    async def ask(self, asked: Request | None = None) -> Response:
        """The response, when it is stored."""
        response = await self.cache.send(asked or request())
        await stored(self.cache)
        return response


@pytest.fixture
async def process(setting: Any, clock: FakeClock) -> AsyncIterator[Callable[..., Process]]:
    made: list[Process] = []

    def make(script: Any = (), **policy: Any) -> Process:
        wire = FakeTransport(script, clock=clock)
        made.append(Process(wire, CacheTransport(wire, CachePolicy(store=setting, **policy), clock=clock)))
        return made[-1]

    yield make
    for each in made:
        await each.cache.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


Make = Callable[..., Process]

# ---- misses


async def test_processes_with_an_empty_store_ask_once_for_each_question(process: Make) -> None:
    async def slow(asked: Request) -> Response:
        await processes[0].wire.clock.sleep(2)
        return answer(asked.url.encode())

    processes = [process(slow) for _ in range(4)]
    urls = [f"{URL}&n={number}" for number in range(5)]
    responses = await asyncio.gather(*(each.cache.send(request(url)) for each in processes for url in urls))
    assert [response.body.decode() for response in responses] == urls * 4
    assert sum(each.sent for each in processes) == 5


async def test_a_process_that_waits_takes_the_answer_as_soon_as_it_is_there(process: Make) -> None:
    async def slow(_: Request) -> Response:
        await first.wire.clock.sleep(62)
        return answer()

    first, second = process(slow), process()
    call = asyncio.create_task(first.cache.send(request()))
    await first.until_sent()
    assert (await second.cache.send(request())).body == b"1"
    await call
    assert 62 <= first.wire.clock.monotonic() < 63


async def test_a_process_that_died_while_it_asked_is_waited_for_ten_seconds(
    process: Make, setting: Any, clock: FakeClock
) -> None:
    died, alive = open_shared(CachePolicy(store=setting), clock), process([answer()])
    key = _key_of(request())
    assert (await died.lease(key, by="").acquire()).granted
    await died.aclose()
    assert (await alive.cache.send(request())).body == b"1"
    assert 9 < clock.monotonic() <= 11


async def test_an_exchange_that_never_ends_holds_the_others_up_for_five_minutes_only(
    process: Make, clock: FakeClock
) -> None:
    hanging, other = process(lambda _: asyncio.Future[Response]()), process([answer()])
    call = asyncio.create_task(hanging.cache.send(attrs.evolve(request(), timeout=None)))
    await hanging.until_sent()
    began = clock.monotonic()
    assert (await other.ask()).body == b"1"
    assert 300 <= clock.monotonic() - began < 315
    call.cancel()
    await asyncio.wait({call})
    assert (await process().ask()).body == b"1"


async def test_a_process_does_not_wait_for_the_lease_that_it_got_in_a_reply_that_was_lost(clock: FakeClock) -> None:
    class Repeating(UsersStore):
        async def update(self, key: str, change: Change[Any]) -> Any:
            if not self.operations.count(f"update {key}"):
                await super().update(key, change)
            return await super().update(key, change)

    wire = FakeTransport([answer()], clock=clock)
    cache = CacheTransport(wire, CachePolicy(store=Repeating(clock)), clock=clock)
    await cache.send(request())
    assert clock.monotonic() == 0
    await cache.aclose()


@pytest.mark.parametrize(
    "failure", [Response(503, body=b"sk-one"), TransportError("sk-one"), RequestTimeoutError("sk-one")]
)
async def test_those_who_wait_learn_how_the_exchange_failed_and_do_not_ask_in_turn(
    process: Make, setting: Any, clock: FakeClock, failure: Response | TransportError
) -> None:
    async def fail(_: Request) -> Response:
        await clock.sleep(2)
        if isinstance(failure, Response):
            return failure
        raise failure

    first, *others = (process(fail) for _ in range(4))
    calls = [asyncio.create_task(first.cache.send(request()))]
    await first.until_sent()
    calls += [asyncio.create_task(each.cache.send(request())) for each in others]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [each.sent for each in (first, *others)] == [1, 0, 0, 0]
    if isinstance(failure, Response):
        assert [getattr(outcome, "status", None) for outcome in outcomes] == [503] * 4
        assert all(
            "fwd-status=503" in outcome.headers["Cache-Status"] for outcome in outcomes if isinstance(outcome, Response)
        )
    else:
        assert [type(outcome) for outcome in outcomes] == [type(failure)] * 4
        assert {str(outcome) for outcome in outcomes[1:]} == {"*** (met by another process on this store)."}
    assert all("sk-one" not in f"{outcome} {getattr(outcome, 'body', '')}" for outcome in outcomes[1:])
    assert clock.monotonic() < 3


async def test_who_insists_and_waits_for_another_takes_its_failure_too(process: Make, clock: FakeClock) -> None:
    async def fail(_: Request) -> Response:
        await clock.sleep(2)
        raise TransportError("reset")

    first, other = process(fail), process()
    call = asyncio.create_task(first.cache.send(request()))
    await first.until_sent()
    insisting = attrs.evolve(request(), headers=request().headers.merge({"Cache-Control": "no-cache"}))
    with pytest.raises(TransportError, match="met by another process"):
        await other.cache.send(insisting)
    with pytest.raises(TransportError):
        await call


async def test_a_success_ends_the_failures_that_all_processes_count(process: Make, clock: FakeClock) -> None:
    outcomes = [Response(503)] * 3 + [answer(Cache_Control="max-age=1, must-revalidate")] + [Response(503)] * 2
    processes = [process([outcome]) for outcome in outcomes]
    for each in processes:
        await each.ask()
        clock.advance(150)
    # Two in a row make no pause.
    assert [each.sent for each in processes] == [1] * 6
    streak = processes[-1].cache._breaker.streak(_key_of(request()))
    assert streak is not None
    assert streak.count == 2


async def test_the_processes_count_failures_in_a_row_together(process: Make, clock: FakeClock) -> None:
    processes = [process(lambda _: Response(503)) for _ in range(4)]
    sent: list[int] = []
    for _ in range(4):
        clock.advance(150)
        for each in processes:
            assert (await each.ask()).status == 503
        sent.append(sum(each.sent for each in processes))
    # From the third failure on, one attempt in a fifteenth of the time since the first is enough for all.
    assert sent == [4, 5, 6, 7]


async def test_processes_count_the_deadlines_that_they_missed_together(process: Make, clock: FakeClock) -> None:
    async def hang(_: Request) -> Response:
        await clock.sleep(20)
        return answer()

    processes = [process(hang) for _ in range(3)]
    for _ in range(4):
        for each in processes:
            with pytest.raises(RequestTimeoutError, match="deadline"):
                await each.ask(request(deadline=Deadline(clock.monotonic() + 5)))
            await stored(each.cache)
        clock.advance(150)
    # As with other failures: three, and then one in a fifteenth of the time since the first.
    assert sum(each.sent for each in processes) == 6


async def test_a_caller_who_leaves_before_the_deadline_counts_as_no_failure(process: Make, clock: FakeClock) -> None:
    one = process(lambda _: clock.sleep(20))
    for asked in (request(), request(deadline=Deadline(clock.monotonic() + 500))):
        call = asyncio.create_task(one.cache.send(asked))
        await one.until_sent(one.sent + 1)
        call.cancel()
        await asyncio.wait({call})
    assert one.cache._breaker.streak(_key_of(request())) is None


@pytest.mark.parametrize(
    "options",
    [{"timeout": 2.0}, {"headers": request().headers.merge({"X-Other": "1"})}, {"extensions": {"retry": None}}],
    ids=["timeout", "headers", "retry"],
)
async def test_who_asks_with_other_options_is_not_answered_with_the_failure_that_it_waited_for(
    process: Make, clock: FakeClock, options: dict[str, Any]
) -> None:
    async def fail(_: Request) -> Response:
        await clock.sleep(2)
        raise TransportError("reset")

    first, other = process(fail), process([answer()])
    call = asyncio.create_task(first.cache.send(attrs.evolve(request(), **options)))
    await first.until_sent()
    assert (await other.cache.send(request())).status == 200
    with pytest.raises(TransportError):
        await call


async def test_a_refusal_of_a_field_that_one_process_adds_is_no_answer_for_the_others(process: Make) -> None:
    odd = attrs.evolve(request(), headers=request().headers.merge({"X-Odd": "1"}))
    first, other, third = process([Response(400)]), process([answer()]), process()
    assert (await first.ask(odd)).status == 400
    assert (await other.ask()).status == 200
    assert (await third.ask()).status == 200


async def test_a_refusal_of_different_fields_is_an_answer_for_all_processes(process: Make) -> None:
    asked = [attrs.evolve(request(), headers=request().headers.merge({"X-Trace": str(n)})) for n in range(4)]
    processes = [process([Response(404)]) for _ in asked]
    assert [(await each.ask(one)).status for each, one in zip(processes, asked, strict=True)] == [404] * 4
    assert [each.sent for each in processes] == [1, 1, 0, 0]


async def test_who_would_wait_longer_asks_where_the_others_gave_up(process: Make, clock: FakeClock) -> None:
    async def slow(_: Request) -> Response:
        await clock.sleep(10)
        return answer()

    hasty = [process(slow) for _ in range(4)]
    for each in hasty:
        with pytest.raises(RequestTimeoutError):
            await each.ask(request(deadline=Deadline(clock.monotonic() + 5)))
        await stored(each.cache)
    assert [each.sent for each in hasty] == [1, 1, 1, 0]
    patient = process(slow)
    assert (await patient.ask(request(deadline=Deadline(clock.monotonic() + 15)))).body == b"1"


@pytest.mark.parametrize("is_refused", [True, False])
async def test_an_attempt_that_was_given_up_leaves_what_others_noted(
    process: Make, clock: FakeClock, is_refused: bool
) -> None:
    async def give_up(_: Request) -> Response:
        if is_refused:
            raise QuotaExceededError("spent", retry_at=datetime.now(UTC), retry_after=60.0)
        leaver.cancel()
        return await asyncio.Future[Response]()

    for each in (process(lambda _: Response(503)) for _ in range(3)):
        await each.ask()
        clock.advance(150)
    leaving, other = process(give_up), process([Response(503)])
    leaver = asyncio.create_task(leaving.cache.send(request()))
    with pytest.raises(QuotaExceededError if is_refused else asyncio.CancelledError):
        await leaver
    await stored(leaving.cache)
    # The fourth failure in a row makes a pause of 30 s, and the first one would make none.
    await other.ask()
    third = process()
    assert ((await third.ask()).status, leaving.sent, other.sent, third.sent) == (503, 1, 1, 0)


async def test_attempts_that_were_given_up_do_not_prolong_what_others_noted(clock: FakeClock) -> None:
    spent = QuotaExceededError("spent", retry_at=datetime.now(UTC), retry_after=60.0)
    store, streak = MemoryStore(clock), None
    for outcome, later in [(None, 0)] * 3 + [(spent, 3000)] * 2 + [(None, 3000)]:
        clock.advance(later)
        wire = FakeTransport([outcome or Response(503)], clock=clock)
        cache = CacheTransport(wire, CachePolicy(store=store), clock=clock)
        with contextlib.nullcontext() if outcome is None else pytest.raises(QuotaExceededError):
            await cache.send(request())
        await stored(cache)
        streak = cache._breaker.streak(_key_of(request()))
    assert streak is not None
    assert streak.count == 1


async def test_no_cache_asks_the_service_beside_a_call_that_gets_what_others_noted(process: Make) -> None:
    first, second = process([Response(404)]), process([answer()])
    await first.ask()
    ask, key = second.cache._fetcher.fetch, _key_of(request())
    outcomes = await asyncio.gather(ask(key, request()), ask(key, request(), insistent=True))
    assert [entry.response.status for entry, _ in outcomes] == [404, 200]


async def test_no_cache_asks_the_service_whatever_other_processes_have_met(process: Make, clock: FakeClock) -> None:
    def refuse(_: Response) -> None:
        raise InvalidResponseError(("", "of another version"))

    first, second = process([answer()]), process([answer()])
    with pytest.raises(InvalidResponseError):
        await first.ask(request(decode=refuse))
    with pytest.raises(InvalidResponseError):
        await second.ask()
    assert second.sent == 0
    insisting = attrs.evolve(request(), headers=request().headers.merge({"Cache-Control": "no-cache"}))
    assert (await second.ask(insisting)).status == 200
    # Its success ends the failures for all.
    third = process([answer(b"3")])
    assert (await third.ask()).body == b"1"


async def test_a_lease_that_is_never_renewed_in_a_store_whose_time_stands_still_is_waited_for_ten_seconds() -> None:
    class Still(UsersStore):
        async def update(self, key: str, change: Change[Any]) -> Any:
            update = change(self.values.get(key), 1000.0)
            self.values[key] = update.value or b""
            return update.result

    clock = FakeClock()
    store = Still(clock)
    died = open_shared(CachePolicy(store=store), clock)
    assert (await died.lease(_key_of(request()), by="").acquire()).granted
    wire = FakeTransport([answer()], clock=clock)
    cache = CacheTransport(wire, CachePolicy(store=store), clock=clock)
    assert (await cache.send(request())).body == b"1"
    assert 10 < clock.monotonic() < 11
    await cache.aclose()
    await died.aclose()


async def test_the_wait_for_another_process_counts_for_max_elapsed(process: Make, clock: FakeClock) -> None:
    async def slow(_: Request) -> Response:
        await clock.sleep(100)
        return Response(503)

    holder = process(slow)
    wire = FakeTransport([Response(503)] * 9, clock=clock)
    policy = CachePolicy(store=holder.cache._policy.store)
    waiter = CacheTransport(RetryTransport(wire, RetryPolicy(max_elapsed=101), clock=clock), policy, clock=clock)
    call = asyncio.create_task(holder.cache.send(request()))
    await holder.until_sent()
    # With another timeout it does not take the failure for its own.
    assert (await waiter.send(attrs.evolve(request(), timeout=None))).status == 503
    assert clock.monotonic() < 102
    assert (await call).status == 503
    await waiter.aclose()


@pytest.mark.parametrize("status", [402, 503])
async def test_a_success_lets_the_other_questions_be_asked_whatever_the_store_has_noted(
    process: Make, clock: FakeClock, status: int
) -> None:
    failing = [True]
    one = process(lambda _: Response(status) if failing[0] else answer())
    urls = [f"{URL}&n={number}" for number in range(4)]
    for _ in range(4):
        for url in urls:
            assert (await one.ask(request(url))).status == status
        clock.advance(600)
    # The last failure of each, just before the service is well again.
    assert [(await one.ask(request(url))).status for url in urls] == [status] * 4
    failing[0] = False
    insisting = attrs.evolve(request(), headers=request().headers.merge({"Cache-Control": "no-cache"}))
    assert (await one.ask(insisting)).status == 200
    assert [(await one.ask(request(url))).status for url in urls] == [200] * 4


async def test_a_newer_answer_of_another_process_comes_before_a_failure_that_is_repeated(
    process: Make, clock: FakeClock
) -> None:
    first, second = process([Response(400)]), process([answer(b"2")])
    assert (await first.ask()).status == 400
    insisting = attrs.evolve(request(), headers=request().headers.merge({"Cache-Control": "no-cache"}))
    assert (await second.ask(insisting)).body == b"2"
    clock.advance(1)
    assert (await first.ask()).body == b"2"
    assert first.sent == 1


async def test_a_newer_answer_of_another_process_ends_the_failures(process: Make, clock: FakeClock) -> None:
    strict = answer(b"2", Cache_Control="max-age=5, must-revalidate")
    first, second = process([Response(400), answer(b"3")]), process([strict])
    assert (await first.ask()).status == 400
    insisting = attrs.evolve(request(), headers=request().headers.merge({"Cache-Control": "no-cache"}))
    await second.ask(insisting)
    clock.advance(1)
    assert (await first.ask()).body == b"2"
    clock.advance(10)
    assert (await first.ask()).body == b"3"


async def test_the_answer_to_a_question_with_other_fields_is_not_taken_for_ones_own(
    process: Make, clock: FakeClock
) -> None:
    async def slow(_: Request) -> Response:
        await clock.sleep(2)
        return answer(b"one", Vary="X-Other")

    first, other = process(slow), process([answer(b"two", Vary="X-Other")])
    call = asyncio.create_task(first.ask())
    await first.until_sent()
    asked = attrs.evolve(request(), headers=request().headers.merge({"X-Other": "1"}))
    assert (await other.ask(asked)).body == b"two"
    assert (await call).body == b"one"


async def test_an_older_response_is_served_without_a_wait_while_another_process_tries_again(
    process: Make, clock: FakeClock
) -> None:
    async def fail(_: Request) -> Response:
        if first.sent > 1:
            await clock.sleep(30)
        return answer() if first.sent == 1 else Response(503)

    first, second = process(fail), process()
    await first.ask()
    assert (await second.ask()).body == b"1"
    for sent in (2, 3):
        clock.advance(400)
        call = asyncio.create_task(first.cache.send(request()))
        await first.until_sent(sent)
        if sent == 2:
            assert (await call).body == b"1"
            await stored(first.cache)
    began = clock.monotonic()
    assert (await second.ask()).body == b"1"
    assert clock.monotonic() == began
    assert (await call).body == b"1"


@pytest.mark.parametrize(("status", "directives"), [(503, "no-cache"), (401, "")])
async def test_who_wants_no_older_response_waits_for_the_answer_that_another_process_asks_for(
    process: Make, clock: FakeClock, status: int, directives: str
) -> None:
    async def reply(_: Request) -> Response:
        if first.sent == 3:
            await clock.sleep(3)
        return [answer(b"1"), Response(status), answer(b"3")][first.sent - 1]

    first, second = process(reply), process()
    asked = attrs.evolve(request(), headers=request().headers.merge({"Cache-Control": directives}))
    await first.ask()
    assert (await second.ask()).body == b"1"
    clock.advance(400)
    await first.ask()
    clock.advance(1800)
    call = asyncio.create_task(first.cache.send(asked))
    await first.until_sent(3)
    assert (await second.ask(asked)).body == b"3"
    assert (await call).body == b"3"


async def test_the_first_new_answer_after_an_outage_reaches_the_other_processes_with_their_next_call(
    process: Make, clock: FakeClock
) -> None:
    failing = [True]
    processes = [process(lambda _: Response(503) if failing[0] else answer(b"2")) for _ in range(2)]
    failing[0] = False
    await processes[0].ask()
    failing[0] = True
    for _ in range(3):
        clock.advance(400)
        for each in processes:
            assert (await each.ask()).body == b"2"
            await refreshed(each.cache)
    failing[0] = False
    insisting = attrs.evolve(request(), headers=request().headers.merge({"Cache-Control": "no-cache"}))
    assert (await processes[0].ask(insisting)).headers["Age"] == "0"
    assert (await processes[1].ask()).headers["Age"] == "0"


SERVICE = "private, max-age=60, stale-while-revalidate=300"


async def test_warm_processes_look_into_the_store_about_once_a_minute_and_stay_up_to_date(clock: FakeClock) -> None:
    store, wire = UsersStore(clock), FakeTransport(lambda _: answer(Cache_Control=SERVICE), clock=clock)
    caches = [CacheTransport(wire, CachePolicy(store=store), clock=clock) for _ in range(4)]
    ages: list[int] = []
    for _ in range(360):
        for cache in caches:
            ages.append(int((await cache.send(request())).headers["Age"]))
            await refreshed(cache)
        clock.advance(10)
    # One at first, one a minute later, and then one every 216 s; a process sees it after 60 s at the latest.
    assert len(wire.requests) <= 2 + 3540 / 216
    assert max(ages) <= 216 + 60 + 10
    assert len(store.operations) <= 4 * 75
    for cache in caches:
        await cache.aclose()


async def test_a_newer_answer_found_in_the_store_does_not_hold_up_the_look_for_another(
    process: Make, clock: FakeClock
) -> None:
    urls = [URL, f"{URL}&n=1"]
    first, second = (process(lambda _, body=body: answer(body, Cache_Control=SERVICE)) for body in (b"1", b"2"))
    for url in urls:
        await first.ask(request(url))
    clock.advance(100)
    for url in urls:
        await second.ask(attrs.evolve(request(url), headers=request().headers.merge({"Cache-Control": "no-cache"})))
    for url in urls:
        assert (await first.ask(request(url))).body == b"1"
        await refreshed(first.cache)
    assert [(await first.ask(request(url))).body for url in urls] == [b"2", b"2"]
    assert first.sent == 2


async def test_each_process_has_turns_whatever_the_others_ask_for(clock: FakeClock) -> None:
    store = UsersStore(clock)
    kept = answer(Cache_Control="max-age=60, stale-while-revalidate=86400")
    wires = [FakeTransport(lambda _: kept, clock=clock) for _ in range(2)]
    caches = [CacheTransport(wire, CachePolicy(store=store), clock=clock) for wire in wires]
    for _ in range(3 * 3600):
        for number, cache in enumerate(caches):
            await cache.send(request(f"{URL}&n={number}"))
            await refreshed(cache)
        clock.advance(1)
    # Some fifty turns in all.
    assert all(len(wire.requests) > 5 for wire in wires)
    for cache in caches:
        await cache.aclose()


async def test_a_refresh_that_the_quota_denied_is_tried_again_a_minute_later(clock: FakeClock) -> None:
    sent: list[float] = []

    def reply(_: Request) -> Response:
        sent.append(clock.monotonic())
        if len(sent) == 2:
            raise QuotaExceededError("spent", retry_at=datetime.now(UTC), retry_after=1.0)
        return answer(Cache_Control=SERVICE)

    cache = CacheTransport(FakeTransport(reply, clock=clock), CachePolicy(store=UsersStore(clock)), clock=clock)
    for _ in range(200):
        await cache.send(request())
        await refreshed(cache)
        clock.advance(1)
    assert sent[:2] == [0, 60]
    assert 60 <= sent[2] - sent[1] <= 60 + 31
    await cache.aclose()


async def test_a_store_that_is_slow_at_times_does_not_keep_a_process_from_its_next_turn(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)
    waits = itertools.cycle([0.5, 0.0])

    class Slow(UsersStore):
        async def update(self, key: str, change: Change[Any]) -> Any:
            if key.startswith("turn:"):
                clock.advance(next(waits))
            return await super().update(key, change)

    wire = FakeTransport(lambda _: answer(Cache_Control=SERVICE), clock=clock)
    cache = CacheTransport(wire, CachePolicy(store=Slow(clock)), clock=clock)
    while clock.monotonic() < 500:
        await cache.send(request())
        await refreshed(cache)
        clock.advance(0.25)
    # One at first, and after 60, 276 and 493 s.
    assert len(wire.requests) == 4
    await cache.aclose()


def _key_of(asked: Request) -> str:
    from openrouter_rankings.transports.identity import key_hash

    return f"{key_hash(asked)} GET {asked.url}"


# ---- a store that is slow


class SlowStore(UsersStore):
    """A store whose writes of entries wait for ``go``."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.go = asyncio.Event()

    async def update(self, key: str, change: Change[Any]) -> Any:
        if key == f"cache:{_key_of(request())}":
            await self.go.wait()
        return await super().update(key, change)


async def test_an_answer_reaches_its_callers_while_it_is_being_stored_and_other_processes_still_wait_for_it() -> None:
    clock = FakeClock()
    store = SlowStore(clock)
    first, second = (FakeTransport([answer()], clock=clock) for _ in range(2))
    holder, waiter = (CacheTransport(wire, CachePolicy(store=store), clock=clock) for wire in (first, second))
    assert (await holder.send(request())).body == b"1"
    assert (await holder.send(request())).body == b"1"
    waiting = asyncio.create_task(waiter.send(request()))
    await turn(100)
    store.go.set()
    assert (await waiting).body == b"1"
    assert (len(first.requests), len(second.requests)) == (1, 0)
    await holder.aclose()
    await waiter.aclose()


@pytest.mark.parametrize(("ahead", "kept"), [(-1.0, b"2"), (0.0, b"2"), (100.0, b"1")])
async def test_an_answer_that_waited_for_the_store_does_not_replace_a_later_one_unless_that_has_a_time_to_come(
    ahead: float, kept: bytes
) -> None:
    clock = FakeClock()
    store = SlowStore(clock)
    slow, another = (
        CacheTransport(FakeTransport([answer()], clock=clock), CachePolicy(store=store), clock=clock) for _ in range(2)
    )
    await slow.send(request())
    await turn_until(lambda: "update cache:index" in store.operations)
    clock.advance(30)
    later: dict[str, Any] = {
        "headers": {"Content-Type": "application/json", "Cache-Control": "max-age=60"},
        "varies": [],
    }
    later |= {"received_at": clock.time() + ahead, "initial_age": 0.0}
    store.values[f"cache:{_key_of(request())}"] = json.dumps(later).encode() + b"\n2"
    store.go.set()
    await stored(slow)
    assert (await another.send(request())).body == kept
    for cache in (slow, another):
        await cache.aclose()


async def test_a_refusal_that_comes_after_a_newer_answer_of_another_process_leaves_that_in_the_store() -> None:
    clock = FakeClock()
    store = UsersStore(clock)

    async def refuse(_: Request) -> Response:
        await clock.sleep(5)
        head = {"headers": dict(answer().headers), "varies": [], "received_at": clock.time(), "initial_age": 0.0}
        store.values[f"cache:{_key_of(request())}"] = json.dumps(head).encode() + b"\n2"
        return Response(403)

    cache = CacheTransport(FakeTransport(refuse, clock=clock), CachePolicy(store=store), clock=clock)
    assert (await cache.send(request())).status == 403
    other = CacheTransport(FakeTransport([], clock=clock), CachePolicy(store=store), clock=clock)
    assert [(await each.send(request())).body for each in (cache, other)] == [b"2", b"2"]
    for each in (cache, other):
        await each.aclose()


async def test_the_end_waits_until_an_answer_is_stored() -> None:
    clock = FakeClock()
    store = SlowStore(clock)
    cache = CacheTransport(FakeTransport([answer()], clock=clock), CachePolicy(store=store), clock=clock)
    await cache.send(request())
    end = asyncio.create_task(cache.aclose())
    await turn(100)
    assert not end.done()
    store.go.set()
    await end
    assert f"cache:{_key_of(request())}" in store.values


# ---- entries


async def test_another_process_gets_the_entry_with_its_age_its_fields_and_its_value(process: Make) -> None:
    first, second = process([answer(Vary="Accept", ETag='"a"')]), process()
    wanted = request(decode=lambda response: [response.body])
    await first.ask(wanted)
    assert isinstance(first.wire.clock, FakeClock)
    first.wire.clock.advance(20)
    found = await second.cache.send(wanted)
    assert (found.headers["Age"], found.headers["ETag"], found.extensions["value"]) == ("20", '"a"', [b"1"])
    assert second.sent == 0


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{}",
        b"[]\nbody",
        b"null\nbody",
        b'{"headers": 5, "varies": [], "received_at": 0, "initial_age": 0}\nbody',
        b'{"headers": {}, "varies": 5, "received_at": 0, "initial_age": 0}\nbody',
        b'{"headers": {}, "varies": [], "received_at": NaN, "initial_age": 0}\nbody',
        b'{"headers": {}, "varies": [], "received_at": 1, "initial_age": Infinity}\nbody',
        b'{"headers": {}, "varies": [], "received_at": 1767225600, "initial_age": -1000}\nbody',
        b'{"headers": {}, "varies": [], "received_at": 1e999, "initial_age": 0}\nbody',
        b'{"headers": {}, "varies": [], "received_at": "x", "initial_age": 0}\nbody',
        b'{"headers": {}, "varies": [], "received_at": ' + b"1" * 400 + b', "initial_age": 0}\nbody',
        b"[" * 100_000,
        b"\xff\nbody",
    ],
)
async def test_a_record_that_cannot_be_read_is_forgotten(
    process: Make, setting: Any, clock: FakeClock, record: bytes
) -> None:
    spoiler = open_shared(CachePolicy(store=setting), clock)
    spoiler.put(_key_of(request()), record, 1000)
    await turn_until(lambda: not spoiler._store._under_way)
    reader = process([answer()])
    assert (await reader.ask()).body == b"1"
    assert await spoiler.get(_key_of(request())) != record
    await spoiler.aclose()


async def test_an_entry_that_this_version_cannot_decode_is_forgotten(process: Make) -> None:
    def refuse_the_first(response: Response) -> None:
        if response.body == b"1":
            raise InvalidResponseError(("", "of another version"))

    first, second = process([answer()]), process([answer(b"2")])
    await first.ask()
    assert (await second.cache.send(request(decode=refuse_the_first))).body == b"2"


async def test_an_entry_that_was_refused_by_the_service_is_forgotten_for_all(process: Make) -> None:
    first = process([answer(Cache_Control="max-age=60, stale-while-revalidate=300"), Response(401)])
    await first.ask()
    assert isinstance(first.wire.clock, FakeClock)
    first.wire.clock.advance(100)
    await first.ask()
    await refreshed(first.cache)
    second = process([Response(401)])
    assert (await second.cache.send(request())).status == 401


async def test_the_oldest_entries_make_room_in_the_store(process: Make) -> None:
    first = process(lambda asked: answer(asked.url.encode()), max_entries=3)
    for number in (1, 2, 3, 4):
        await first.ask(request(f"{URL}&n={number}"))
    reader = process(lambda _: answer(b"asked"), max_entries=3)
    bodies = [(await reader.cache.send(request(f"{URL}&n={number}"))).body for number in (4, 3, 2)]
    assert b"asked" not in bodies
    assert (await reader.cache.send(request(f"{URL}&n=1"))).body == b"asked"


# ---- the index


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 60)), max_size=40),
    st.integers(1, 5),
    st.integers(1, 100),
)
def test_the_index_keeps_to_its_limits_and_drops_the_oldest(
    puts: list[tuple[str, int]], max_entries: int, max_bytes: int
) -> None:
    value: bytes | None = None
    expected: dict[str, int] = {}
    for key, size in puts:
        update = indexed(key, size, max_entries, max_bytes)(value, 0.0)
        value = update.value
        expected.pop(key, None)
        expected[key] = size
        for dropped in update.result:
            assert dropped == next(iter(expected))
            del expected[dropped]
        assert json.loads(value or b"{}") == expected
        assert len(expected) <= max_entries
        assert sum(expected.values()) <= max_bytes


json_values = st.recursive(st.none() | st.floats() | st.text(), st.lists, max_leaves=5)


@given(st.binary(max_size=30) | json_values.map(json.dumps).map(str.encode))
@example(b"\xff")
@example(b"[" * 100_000)
@example(b"[]")
@example(b'{"a": -1}')
def test_a_damaged_index_begins_anew(value: bytes) -> None:
    update = indexed("a", 5, 3, 100)(value, 0.0)
    assert (update.result, json.loads(update.value or b"")) == ((), {"a": 5})


def test_an_entry_over_the_limit_is_dropped_itself() -> None:
    assert indexed("big", 101, 3, 100)(b'{"a": 5}', 0.0).result == ("a", "big")


# ---- a store that fails


async def test_a_failing_store_is_logged_once_and_done_without(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    store = UsersStore(clock)
    store.error = StoreError("full")
    wire = FakeTransport([answer(), answer(b"2")], clock=clock)
    cache = CacheTransport(wire, CachePolicy(store=store), clock=clock)
    assert (await cache.send(request())).body == b"1"
    assert (await cache.send(request())).body == b"1"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    tried = len(store.operations)
    clock.advance(29)
    await cache.send(request(f"{URL}&n=2"))
    assert len(store.operations) == tried
    store.error = None
    clock.advance(31 + 60)
    await cache.aclose()
    assert not store.closed


async def test_the_store_is_closed_even_if_the_transport_cannot_be(
    process: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = process([answer()])
    await one.ask()

    async def fail() -> None:
        raise OSError("cannot close")

    with monkeypatch.context() as patch:
        patch.setattr(one.wire, "aclose", fail)
        with pytest.raises(OSError, match="cannot close"):
            await one.cache.aclose()
    assert one.cache._shared is not None
    with pytest.raises(StoreError, match="closed"):
        await one.cache._shared._store.get("key")


async def test_a_bug_in_a_users_store_costs_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    store = UsersStore(clock)
    store.error = ZeroDivisionError("a bug")
    wire = FakeTransport([answer()], clock=clock)
    cache = CacheTransport(wire, CachePolicy(store=store), clock=clock)
    assert (await cache.send(request())).body == b"1"
    assert "ZeroDivisionError" in caplog.text
    await cache.aclose()


async def test_a_shared_cache_that_is_warm_asks_the_store_at_most_twice_a_minute() -> None:
    clock = FakeClock()
    store = UsersStore(clock)
    service = CacheTransport(
        FakeTransport(lambda _: answer(Cache_Control="max-age=60, stale-while-revalidate=300"), clock=clock),
        CachePolicy(store=store),
        clock=clock,
    )
    await service.send(request())
    store.operations.clear()
    minutes = 120
    for _ in range(minutes * 6):
        clock.advance(10)
        await service.send(request())
        await refreshed(service)
    assert len(store.operations) <= 2 * minutes
    await service.aclose()


# ---- real processes

_ASK = """
import asyncio, sys
from openrouter_rankings import CachePolicy, Quota, RankingsClient
from openrouter_rankings.transports.cache import exchange_lease

async def main():
    base_url, store, lease = sys.argv[1:]
    exchange_lease._LEASE, exchange_lease._RENEWAL = float(lease), float(lease) / 4
    client = RankingsClient("sk-key", base_url=base_url, quota=Quota(store=store), cache=CachePolicy(store=store))
    async with client:
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(client.get_task_classifications(), client.get_benchmarks(), client.get_app_rankings())

asyncio.run(main())
"""


def asking(base_url: str, store: Path, lease: float = 10.0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _ASK, base_url, str(store), str(lease)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def _begin(processes: list[subprocess.Popen[str]]) -> None:
    for each in processes:
        assert each.stdout is not None
        await asyncio.to_thread(each.stdout.readline)
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()


async def _end(processes: list[subprocess.Popen[str]]) -> list[int]:
    for each in processes:
        await asyncio.to_thread(each.communicate)
    return [each.returncode for each in processes]


async def test_four_real_processes_with_an_empty_file_ask_once_for_each_question(tmp_path: Path) -> None:
    api = EmulatedAPI(faults=[Fault(delay=0.3)] * 3)
    async with serve(api) as base_url:
        processes = [asking(base_url, tmp_path / "store.sqlite3") for _ in range(4)]
        await _begin(processes)
        assert await _end(processes) == [0] * 4
    assert len(api.requests) == 3


async def test_a_real_process_killed_while_it_asks_leaves_the_question_to_the_others(tmp_path: Path) -> None:
    api = EmulatedAPI(faults=[Fault(delay=30)] * 3)
    async with serve(api) as base_url:
        doomed = asking(base_url, tmp_path / "store.sqlite3", lease=1.0)
        await _begin([doomed])
        await asyncio.to_thread(wait_until, lambda: len(api.requests) >= 3)
        heir = asking(base_url, tmp_path / "store.sqlite3", lease=1.0)
        await _begin([heir])
        os.kill(doomed.pid, signal.SIGKILL)
        assert await _end([heir]) == [0]
        assert await _end([doomed]) == [-signal.SIGKILL]
    assert len(api.requests) == 6


async def test_an_entry_that_alone_is_over_the_limit_is_not_put_into_the_store(process: Make) -> None:
    first = process([answer(b"x" * 2000)], max_bytes=1000)
    await first.ask()
    assert first.cache._shared is not None
    assert await first.cache._shared.get(_key_of(request())) is None
    second = process([answer(b"2")], max_bytes=1000)
    assert (await second.cache.send(request())).body == b"2"


async def test_a_caller_who_leaves_while_the_lease_is_granted_leaves_no_lease_behind(
    setting: Any, clock: FakeClock
) -> None:
    shared = open_shared(CachePolicy(store=setting), clock)

    async def idle() -> None:
        await turn_until(lambda: not shared._store._under_way)

    for turns in range(12):
        leaving = shared.lease("key", by="")
        leaver = asyncio.create_task(leaving.acquire())
        await turn(turns)
        is_over = leaver.done()
        leaver.cancel()
        await asyncio.wait({leaver})
        await idle()
        if is_over:
            async with leaving.held():
                pass
            await idle()
        next_one = shared.lease("key", by="")
        assert (await next_one.acquire()).granted
        async with next_one.held():
            pass
        await idle()
    await shared.aclose()


async def test_an_entry_from_a_clock_that_was_set_back_is_asked_for_again(process: Make, clock: FakeClock) -> None:
    first = process([answer()])
    await first.ask()
    clock._start -= 20 * 86400
    second = process([answer(b"2")])
    assert (await second.cache.send(request())).body == b"2"
