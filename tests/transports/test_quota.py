"""The transport that keeps to the limits: waiting, refusing, the gate, and what a cancelled caller leaves."""

from __future__ import annotations

import asyncio
import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError, TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.testing import EmulatedAPI
from openrouter_rankings.transports.fake import FakeTransport
from openrouter_rankings.transports.quota import Quota, QuotaTransport
from openrouter_rankings.transports.store_location import key_hash

REQUEST = Request("GET", "https://rankings.test/x", {"Authorization": "Bearer one"})
OTHER_KEY = Request("GET", "https://rankings.test/x", {"Authorization": "Bearer two"})
MINUTE = 62.0
PACE = MINUTE / 3


class Service:
    """Answers from a queue of responses, then with 200; notes when each request came."""

    def __init__(self, clock: FakeClock, *answers: Response) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.times: list[float] = []
        self.closed = 0

    async def send(self, request: Request) -> Response:
        self.times.append(self.clock.monotonic())
        await asyncio.sleep(0)
        return self.answers.pop(0) if self.answers else Response(200)

    async def aclose(self) -> None:
        self.closed += 1


def tower(quota: Quota | None = None, *answers: Response) -> tuple[QuotaTransport, Service, FakeClock]:
    clock = FakeClock()
    service = Service(clock, *answers)
    return QuotaTransport(service, quota or Quota(per_minute=3, max_wait=math.inf), clock=clock), service, clock


def calls(transport: QuotaTransport, count: int) -> list[asyncio.Task[Response]]:
    return [asyncio.create_task(transport.send(REQUEST)) for _ in range(count)]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "mistake",
    [
        {"per_minute": 0},
        {"per_minute": 1.5},
        {"per_minute": True},
        {"per_day": 0},
        {"per_day": "500"},
        {"margin": -1},
        {"margin": math.inf},
        {"margin": math.nan},
        {"max_wait": -1},
        {"max_wait": "60"},
        {"fallback_fraction": 0},
        {"fallback_fraction": 1.1},
        {"store": ""},
        {"store": "https://x.test"},
        {"store": 5},
    ],
)
def test_a_quota_that_makes_no_sense_is_a_configuration_error_that_names_the_setting(mistake: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(mistake))):
        Quota(**mistake)


def test_the_default_quota_is_that_of_the_service() -> None:
    quota = Quota()
    assert (quota.per_minute, quota.per_day, quota.store, quota.max_wait) == (30, 500, None, 60.0)


def test_the_password_of_a_store_is_not_shown() -> None:
    assert "secret" not in repr(Quota(store="redis://user:secret@localhost"))


async def test_the_layer_without_settings_lets_a_request_through() -> None:
    transport = QuotaTransport(FakeTransport([Response(200)]))
    assert (await transport.send(REQUEST)).status == 200
    await transport.aclose()


async def test_over_the_rate_callers_wait_and_leave_in_the_order_of_their_arrival() -> None:
    transport, service, clock = tower()
    order: list[int] = []

    async def call(number: int) -> None:
        await transport.send(REQUEST)
        order.append(number)

    await asyncio.gather(*(call(number) for number in range(8)))
    assert order == list(range(8))
    assert service.times == [0, 0, 0, MINUTE, MINUTE, MINUTE, 2 * MINUTE, 2 * MINUTE]
    assert clock.sleeps == [MINUTE, MINUTE]


async def test_keys_do_not_share_places() -> None:
    transport, service, _ = tower(Quota(per_minute=1, max_wait=0))
    await transport.send(REQUEST)
    await transport.send(OTHER_KEY)
    assert service.times == [0, 0]


async def test_with_the_defaults_the_next_minute_is_waited_for_and_the_one_after_is_not() -> None:
    transport, service, _ = tower(Quota())
    outcomes = await asyncio.gather(*(transport.send(REQUEST) for _ in range(61)), return_exceptions=True)
    assert service.times == [0.0] * 30 + [MINUTE] * 30
    assert [type(outcome) for outcome in outcomes[60:]] == [QuotaExceededError]


async def test_a_wait_beyond_max_wait_is_refused_at_once_and_says_when_to_come_again() -> None:
    transport, service, clock = tower(Quota(per_minute=3, max_wait=10))
    await asyncio.gather(*calls(transport, 3))
    clock.advance(20)
    with pytest.raises(QuotaExceededError, match="within max_wait, 10 s; nothing was sent") as caught:
        await transport.send(REQUEST)
    assert caught.value.retry_at == clock.now() + timedelta(seconds=42)
    assert (clock.sleeps, len(service.times)) == ([], 3)
    clock.advance(42)
    await transport.send(REQUEST)


async def test_a_caller_is_refused_at_once_if_those_ahead_leave_no_place_in_time() -> None:
    transport, _, clock = tower(Quota(per_minute=3, max_wait=70))
    waiting = calls(transport, 6)
    await settle()
    with pytest.raises(QuotaExceededError) as caught:
        await transport.send(REQUEST)
    assert caught.value.retry_at == clock.now() + timedelta(seconds=2 * MINUTE)
    await asyncio.gather(*waiting)


async def test_max_wait_zero_never_waits() -> None:
    transport, _, clock = tower(Quota(per_minute=1, max_wait=0))
    await transport.send(REQUEST)
    clock.advance(61)
    with pytest.raises(QuotaExceededError):
        await transport.send(REQUEST)
    assert clock.sleeps == []


async def test_a_spent_day_is_refused_at_once_and_comes_back_24_hours_after_its_first_request() -> None:
    transport, service, clock = tower(Quota(per_day=2, max_wait=math.inf))
    await transport.send(REQUEST)
    clock.advance(100)
    await transport.send(REQUEST)
    with pytest.raises(QuotaExceededError, match="budget of 2 requests is spent; nothing was sent") as caught:
        await transport.send(REQUEST)
    assert caught.value.retry_at == datetime(2026, 1, 2, 0, 0, 2, tzinfo=UTC)
    assert (clock.sleeps, len(service.times)) == ([], 2)
    clock.advance((caught.value.retry_at - clock.now()).total_seconds())
    await transport.send(REQUEST)


async def test_the_service_never_has_to_refuse_while_requests_travel_up_to_the_margin() -> None:
    clock = FakeClock()
    delays = itertools.cycle((2.0, 0.0, 0.5, 1.9, 0.1))
    wire = FakeTransport(EmulatedAPI(), clock=clock)

    async def carry(request: Request) -> Response:
        await clock.sleep(next(delays))
        return await wire.send(request)

    transport = QuotaTransport(FakeTransport(carry, clock=clock), Quota(max_wait=math.inf), clock=clock)
    request = Request("GET", "https://rankings.test/api/v1/classifications/task", {"Authorization": "Bearer one"})
    outcomes = await asyncio.gather(*(transport.send(request) for _ in range(510)), return_exceptions=True)
    statuses = Counter(outcome.status if isinstance(outcome, Response) else type(outcome) for outcome in outcomes)
    assert statuses == {200: 500, QuotaExceededError: 10}
    assert clock.monotonic() < 17 * MINUTE


async def test_every_attempt_counts_whether_it_fails_or_not() -> None:
    clock = FakeClock()
    inner = FakeTransport([TransportError("reset"), Response(500)], clock=clock)
    transport = QuotaTransport(inner, Quota(), clock=clock)
    with pytest.raises(TransportError, match="reset"):
        await transport.send(REQUEST)
    await transport.send(REQUEST)
    assert (await transport.status(REQUEST)).day.used == 2


async def test_a_429_closes_the_gate_to_everyone_and_opens_it_at_the_pace() -> None:
    transport, service, clock = tower(None, Response(429, {"Retry-After": "100"}))
    await transport.send(REQUEST)
    clock.advance(1)
    await asyncio.gather(*calls(transport, 3))
    assert service.times == [0, 100, pytest.approx(100 + PACE), pytest.approx(100 + 2 * PACE)]


async def test_a_429_does_not_close_the_gate_to_another_key() -> None:
    transport, service, _ = tower(None, Response(429, {"Retry-After": "100"}))
    await transport.send(REQUEST)
    await transport.send(OTHER_KEY)
    assert service.times == [0, 0]


async def test_a_429_that_does_not_say_closes_the_gate_for_20_seconds() -> None:
    transport, service, _ = tower(None, Response(429))
    await asyncio.gather(*calls(transport, 1))
    await transport.send(REQUEST)
    assert service.times == [0, pytest.approx(PACE)]
    transport, service, _ = tower(Quota(), Response(429))
    await transport.send(REQUEST)
    await transport.send(REQUEST)
    assert service.times == [0, 20]


async def test_a_429_sends_away_at_once_those_whose_wait_became_too_long() -> None:
    transport, service, clock = tower(Quota(per_minute=3, max_wait=70))

    async def answer(request: Request) -> Response:
        await clock.sleep(5)
        return Response(429, {"Retry-After": "3600"})

    transport = QuotaTransport(FakeTransport(answer, clock=clock), Quota(per_minute=3, max_wait=70), clock=clock)
    outcomes = await asyncio.gather(*calls(transport, 6), return_exceptions=True)
    assert clock.monotonic() == 5
    refusals = [outcome for outcome in outcomes if isinstance(outcome, QuotaExceededError)]
    assert len(refusals) == 3
    assert all("The service wants no requests now" in str(refusal) for refusal in refusals)
    assert {refusal.retry_at for refusal in refusals} == {clock.now() + timedelta(seconds=3600)}
    assert not service.times


async def test_what_a_caller_has_waited_already_counts_when_a_429_makes_it_wait_longer() -> None:
    clock = FakeClock()

    async def answer(request: Request) -> Response:
        await clock.sleep(40)
        return Response(429, {"Retry-After": "30"})

    transport = QuotaTransport(FakeTransport(answer, clock=clock), Quota(per_minute=1), clock=clock)
    outcomes = await asyncio.gather(*calls(transport, 2), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Response, QuotaExceededError]
    assert clock.monotonic() == 40


async def test_the_status_of_an_unused_key_is_all_free() -> None:
    transport, _, _ = tower(Quota())
    status = await transport.status(REQUEST)
    assert (status.minute.used, status.minute.remaining, status.minute.frees_at) == (0, 30, None)
    assert (status.day.used, status.day.remaining, status.day.frees_at) == (0, 500, None)
    assert (status.closed_until, status.waiting) == (None, 0)


async def test_the_status_tells_what_is_used_and_when_it_frees_without_sending() -> None:
    transport, service, clock = tower(Quota(per_minute=3, per_day=10))
    start = clock.now()
    await transport.send(REQUEST)
    clock.advance(30)
    await asyncio.gather(*calls(transport, 2))
    clock.advance(40)
    waiting = calls(transport, 3)
    await settle()
    status = await transport.status(key_hash(REQUEST))
    assert (status.minute.used, status.minute.remaining, status.waiting) == (3, 0, 2)
    assert status.minute.frees_at == start + timedelta(seconds=30 + MINUTE)
    assert (status.day.used, status.day.remaining) == (4, 6)
    assert status.day.frees_at == start + timedelta(days=1, seconds=2)
    assert len(service.times) == 4
    await asyncio.gather(*waiting)


async def test_the_status_tells_until_when_the_service_wants_no_request() -> None:
    transport, _, clock = tower(None, Response(429, {"Retry-After": "100"}))
    await transport.send(REQUEST)
    assert (await transport.status(REQUEST)).closed_until == clock.now() + timedelta(seconds=100)
    clock.advance(100)
    assert (await transport.status(REQUEST)).closed_until is None


async def test_closing_sends_those_who_wait_away_and_closes_the_transport() -> None:
    transport, service, clock = tower()
    waiting = calls(transport, 6)
    await settle()
    await transport.aclose()
    await transport.aclose()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Response] * 3 + [ConfigurationError] * 3
    assert (service.closed, clock.monotonic()) == (2, 0)
    with pytest.raises(ConfigurationError, match="closed"):
        await transport.status(REQUEST)


async def test_a_429_that_comes_after_the_end_is_passed_on() -> None:
    clock = FakeClock()

    async def answer(request: Request) -> Response:
        await transport.aclose()
        return Response(429)

    transport = QuotaTransport(FakeTransport(answer, clock=clock), clock=clock)
    assert (await transport.send(REQUEST)).status == 429


@pytest.mark.parametrize("leaver", range(3, 8))
async def test_a_cancelled_waiter_gives_its_place_to_the_next(leaver: int) -> None:
    transport, service, clock = tower()
    tasks = calls(transport, 8)
    await settle()
    tasks[leaver].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [n == leaver for n in range(8)]
    assert service.times == [0, 0, 0, MINUTE, MINUTE, MINUTE, 2 * MINUTE]
    assert (await transport.status(REQUEST)).day.used == 7
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert clock.monotonic() == 2 * MINUTE


Interrupt = Callable[["asyncio.Task[Any]", "asyncio.Future[Any] | None"], object]


def while_it_waits(task: asyncio.Task[Any], _: asyncio.Future[Any] | None) -> None:
    task.cancel()


def when_it_has_what_it_waited_for(task: asyncio.Task[Any], awaited: asyncio.Future[Any] | None) -> None:
    if awaited is None:
        task.cancel()
    else:
        awaited.add_done_callback(lambda _: task.cancel())


class Interrupted:
    """Awaits ``work``, and calls ``interrupt`` at its await number ``at``.

    Attributes:
        came: whether the work came so far.
    """

    def __init__(self, work: Coroutine[Any, Any, Response], at: int, interrupt: Interrupt) -> None:
        self._work = work
        self._at = at
        self._interrupt = interrupt
        self.came = False

    def __await__(self) -> Generator[Any, Any, Response]:
        task = asyncio.current_task()
        assert task is not None
        awaits = self._work.__await__()
        awaited: Any = next(awaits)
        for number in itertools.count():
            if number == self._at:
                self.came = True
                self._interrupt(task, awaited)
            try:
                yield awaited
            except asyncio.CancelledError as error:
                step = functools.partial(awaits.throw, error)
            else:
                step = functools.partial(next, awaits)
            try:
                awaited = step()
            except StopIteration as stop:
                return cast("Response", stop.value)
        raise AssertionError

    async def run(self) -> Response:
        return await self


@pytest.fixture(params=["memory", "sqlite", "redis"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "redis":
        return cast("str", request.getfixturevalue("redis_url"))
    return str(tmp_path / "quota.sqlite3") if request.param == "sqlite" else None


@pytest.mark.parametrize("interrupt", [while_it_waits, when_it_has_what_it_waited_for])
async def test_a_caller_cancelled_at_any_await_point_loses_no_place_and_stops_nobody(
    location: str | None, interrupt: Interrupt
) -> None:
    quota = Quota(per_minute=2, store=location, max_wait=math.inf)
    at = -1
    came = True
    while came:
        at += 1
        clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=2 * at))
        service = Service(clock, Response(200), Response(429, {"Retry-After": "5"}))
        transport = QuotaTransport(service, quota, clock=clock)
        await transport.send(REQUEST)
        # The second call meets a 429, the third waits for the gate, and the fourth is the one that is cancelled.
        others = calls(transport, 2)
        interrupted = Interrupted(transport.send(REQUEST), at, interrupt)
        cancelled = asyncio.create_task(interrupted.run())
        others += calls(transport, 2)
        assert [response.status for response in await asyncio.gather(*others)] == [429, 200, 200, 200]
        await asyncio.wait({cancelled})
        await transport.send(REQUEST)
        status = await transport.status(REQUEST)
        assert (status.day.used, status.waiting) == (len(service.times), 0)
        assert len(service.times) in ({6, 7} if interrupted.came else {7})
        assert all(later - earlier >= MINUTE for earlier, later in zip(service.times, service.times[2:], strict=False))
        await transport.aclose()
        await settle()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        came = interrupted.came
    # It waits for its turn, for its place and for the answer.
    assert at >= 3


@settings(max_examples=60, deadline=None)
@given(
    arrivals=st.lists(st.floats(0, 100) | st.just(0.0), min_size=1, max_size=25),
    per_minute=st.integers(1, 6),
)
def test_every_caller_leaves_at_the_earliest_moment_that_the_limit_allows(
    arrivals: list[float], per_minute: int
) -> None:
    arrivals.sort()
    expected: list[float] = []
    for arrival in arrivals:
        full = expected[-per_minute] + MINUTE if len(expected) >= per_minute else 0.0
        expected.append(max(arrival, full))

    async def run() -> list[float]:
        transport, service, clock = tower(Quota(per_minute=per_minute, max_wait=math.inf))

        async def call(arrival: float) -> None:
            await clock.sleep(arrival)
            await transport.send(REQUEST)

        await asyncio.gather(*map(call, arrivals))
        return service.times

    assert asyncio.run(run()) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    visits=st.lists(st.tuples(st.floats(0, 200), st.none() | st.floats(0, 150)), min_size=1, max_size=25),
    per_minute=st.integers(1, 5),
    closures=st.lists(st.integers(0, 90), max_size=3),
)
def test_whoever_comes_and_leaves_the_limit_holds_and_nobody_waits_for_a_leaver(
    visits: list[tuple[float, float | None]], per_minute: int, closures: list[int]
) -> None:
    async def run() -> tuple[list[float], int, int]:
        answers = [Response(429, {"Retry-After": str(seconds)}) for seconds in closures]
        transport, service, clock = tower(Quota(per_minute=per_minute, max_wait=math.inf), *answers)

        async def visit(arrival: float, patience: float | None) -> None:
            await clock.sleep(arrival)
            call = asyncio.create_task(transport.send(REQUEST))
            if patience is not None:
                await clock.sleep(patience)
                call.cancel()
            await asyncio.wait({call})

        await asyncio.gather(*(visit(*each) for each in visits))
        status = await transport.status(REQUEST)
        return service.times, status.day.used, status.waiting

    times, used, waiting = asyncio.run(run())
    assert (used, waiting) == (len(times), 0)
    assert all(last - first >= MINUTE - 1e-6 for first, last in zip(times, times[per_minute:], strict=False))
    assert len(times) >= sum(1 for _, patience in visits if patience is None)
    rounds = math.ceil(len(times) / per_minute)
    assert times[-1] <= 200 + rounds * MINUTE + sum(closures) + len(closures) * MINUTE


async def test_it_knows_without_a_wait_whether_there_is_a_place_now() -> None:
    transport, _, clock = tower()
    assert transport.has_place(REQUEST)
    for _ in range(3):
        assert transport.has_place(REQUEST)
        await transport.send(REQUEST)
    assert not transport.has_place(REQUEST)
    assert transport.has_place(OTHER_KEY)
    clock.advance(MINUTE)
    assert transport.has_place(REQUEST)


async def test_there_is_no_place_while_others_wait_for_one() -> None:
    transport, _, _ = tower()
    waiting = calls(transport, 4)
    await settle()
    assert not transport.has_place(REQUEST)
    await asyncio.gather(*waiting)
