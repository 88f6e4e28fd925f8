"""The transport that keeps to the limits: waiting, refusing, pauses of the service, and cancelled callers."""

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

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import settle, turn_until
from property_tests import examples
from user_store import HeldStore, UserStore

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError, StoreError, TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.testing import EmulatedAPI
from openrouter_rankings.transports.deadline import Deadline
from openrouter_rankings.transports.fake import FakeTransport
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.quota.transport import QuotaTransport
from openrouter_rankings.transports.stores.sqlite import SqliteStore

REQUEST = Request("GET", "https://rankings.test/x", {"Authorization": "Bearer one"})
OTHER_KEY = Request("GET", "https://rankings.test/x", {"Authorization": "Bearer two"})
MINUTE = 62.0
INTERVAL = MINUTE / 3


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


async def test_keys_do_not_share_slots() -> None:
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


async def test_a_caller_is_refused_at_once_if_those_ahead_leave_no_slot_in_time() -> None:
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


async def test_a_429_blocks_everyone_and_then_requests_go_at_the_minimum_interval() -> None:
    transport, service, clock = tower(None, Response(429, {"Retry-After": "100"}))
    await transport.send(REQUEST)
    clock.advance(1)
    await asyncio.gather(*calls(transport, 3))
    assert service.times == [0, 100, pytest.approx(100 + INTERVAL), pytest.approx(100 + 2 * INTERVAL)]


async def test_a_429_does_not_block_another_key() -> None:
    transport, service, _ = tower(None, Response(429, {"Retry-After": "100"}))
    await transport.send(REQUEST)
    await transport.send(OTHER_KEY)
    assert service.times == [0, 0]


async def test_a_429_that_does_not_say_blocks_for_20_seconds() -> None:
    transport, service, _ = tower(None, Response(429))
    await asyncio.gather(*calls(transport, 1))
    await transport.send(REQUEST)
    assert service.times == [0, pytest.approx(INTERVAL)]
    transport, service, _ = tower(Quota(), Response(429))
    await transport.send(REQUEST)
    await transport.send(REQUEST)
    assert service.times == [0, 20]


async def test_a_429_refuses_at_once_those_whose_wait_became_too_long() -> None:
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


async def test_the_status_has_what_is_used_and_when_it_frees_and_sends_nothing() -> None:
    transport, service, clock = tower(Quota(per_minute=3, per_day=10))
    start = clock.now()
    await transport.send(REQUEST)
    clock.advance(30)
    await asyncio.gather(*calls(transport, 2))
    clock.advance(40)
    waiting = calls(transport, 3)
    await settle()
    status = await transport.status(REQUEST)
    assert (status.minute.used, status.minute.remaining, status.waiting) == (3, 0, 2)
    assert status.minute.frees_at == start + timedelta(seconds=30 + MINUTE)
    assert (status.day.used, status.day.remaining) == (4, 6)
    assert status.day.frees_at == start + timedelta(days=1, seconds=2)
    assert len(service.times) == 4
    await asyncio.gather(*waiting)


async def test_the_status_has_the_end_of_a_pause() -> None:
    transport, _, clock = tower(None, Response(429, {"Retry-After": "100"}))
    await transport.send(REQUEST)
    assert (await transport.status(REQUEST)).closed_until == clock.now() + timedelta(seconds=100)
    clock.advance(100)
    assert (await transport.status(REQUEST)).closed_until is None


async def test_closing_refuses_those_who_wait_and_closes_the_transport() -> None:
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


async def test_a_429_that_comes_after_the_end_is_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()

    async def answer(request: Request) -> Response:
        await transport.aclose()
        return Response(429)

    transport = QuotaTransport(FakeTransport(answer, clock=clock), clock=clock)
    assert (await transport.send(REQUEST)).status == 429
    assert caplog.records == []


@pytest.mark.parametrize("leaver", range(3, 8))
async def test_a_cancelled_waiter_leaves_its_slot_to_the_next(leaver: int) -> None:
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
async def test_a_caller_cancelled_at_any_await_point_loses_no_slot_and_stops_nobody(
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
        # The second call meets a 429, the third waits for its end, and the fourth is the one that is cancelled.
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
    # It waits for its turn, for its slot and for the answer.
    assert at >= 3


@settings(max_examples=examples(60), deadline=None)
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


@settings(max_examples=examples(60), deadline=None)
@given(
    visits=st.lists(st.tuples(st.floats(0, 200), st.none() | st.floats(0, 150)), min_size=1, max_size=25),
    per_minute=st.integers(1, 5),
    closures=st.lists(st.integers(0, 90), max_size=3),
)
def test_the_limit_holds_and_nobody_waits_for_a_caller_who_left(
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


def with_extensions(**extensions: object) -> Request:
    return attrs.evolve(REQUEST, extensions=extensions)


async def test_services_do_not_share_slots_of_one_key() -> None:
    transport, service, _ = tower(Quota(per_minute=1, max_wait=0))
    await transport.send(REQUEST)
    for url in ("https://other.test/x", "http://rankings.test/x", "https://rankings.test:8443/x"):
        await transport.send(attrs.evolve(REQUEST, url=url))
    assert service.times == [0] * 4
    for url in ("https://rankings.test/y?z=1", "https://rankings.test"):
        with pytest.raises(QuotaExceededError):
            await transport.send(attrs.evolve(REQUEST, url=url))
    assert (await transport.status(REQUEST)).day.used == 1


async def test_a_refusal_says_in_how_many_seconds_the_next_request_can_go() -> None:
    transport, _, clock = tower(Quota(per_minute=1, max_wait=10))
    await transport.send(REQUEST)
    clock.advance(20)
    with pytest.raises(QuotaExceededError) as caught:
        await transport.send(REQUEST)
    assert caught.value.retry_after == 42


async def test_a_request_in_the_background_goes_where_there_is_a_slot() -> None:
    transport, service, _ = tower()
    await asyncio.gather(*(transport.send(with_extensions(background=True)) for _ in range(3)))
    assert len(service.times) == 3


async def test_a_request_in_the_background_that_would_have_to_wait_is_refused_at_once() -> None:
    transport, service, clock = tower()
    outcomes = await asyncio.gather(
        *(transport.send(with_extensions(background=True)) for _ in range(5)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Response] * 3 + [QuotaExceededError] * 2
    assert "in the background" in str(outcomes[3])
    assert (clock.sleeps, len(service.times)) == ([], 3)


async def test_a_request_in_the_background_never_goes_before_a_caller_who_waits() -> None:
    transport, service, clock = tower()
    waiting = calls(transport, 4)
    await settle()
    for seconds in (0, MINUTE - 1):
        clock.advance(seconds)
        with pytest.raises(QuotaExceededError, match="in the background") as caught:
            await transport.send(with_extensions(background=True))
    # The first slot is the caller's who waits.
    assert caught.value.retry_after == 1
    await asyncio.gather(*waiting)
    await transport.send(with_extensions(background=True))
    assert service.times == [0, 0, 0, MINUTE, MINUTE]


async def test_a_request_in_the_background_is_refused_when_a_429_blocks_before_its_turn() -> None:
    store = HeldStore(FakeClock())
    transport, service, _ = tower(Quota(store=store))
    requests = [REQUEST, with_extensions(background=True), REQUEST]
    sending = [asyncio.create_task(transport.send(request)) for request in requests]
    await settle()
    assert store.operations == ["update"]
    store.go.set()
    # Nobody waited for a slot, only for the store.
    assert [(await task).status for task in sending] == [200] * 3
    assert len(service.times) == 3


@pytest.mark.parametrize(
    ("extensions", "reason"),
    [
        ({"deadline": Deadline(61.9)}, "the deadline of the call"),
        ({"start_by": 61.9}, "max_elapsed of the retries"),
        ({"deadline": Deadline(61.9), "start_by": 10.0}, "the deadline of the call"),
        ({"deadline": Deadline(62.1), "start_by": 10.0}, "max_elapsed of the retries"),
    ],
)
async def test_a_wait_beyond_the_latest_start_is_refused_at_once_and_says_why(
    extensions: dict[str, Any], reason: str
) -> None:
    transport, service, clock = tower()
    await asyncio.gather(*calls(transport, 3))
    with pytest.raises(QuotaExceededError, match=f"The next slot comes after {reason}; nothing was sent"):
        await transport.send(with_extensions(**extensions))
    assert (clock.sleeps, len(service.times)) == ([], 3)


async def test_a_wait_within_the_latest_start_is_waited() -> None:
    transport, service, _ = tower()
    await asyncio.gather(*calls(transport, 3))
    await transport.send(with_extensions(deadline=Deadline(62.0), start_by=62.0))
    assert service.times[3:] == [MINUTE]


async def test_those_behind_others_are_refused_at_once_too_when_their_slot_would_come_too_late() -> None:
    transport, service, clock = tower()
    waiting = calls(transport, 6)
    await settle()
    with pytest.raises(QuotaExceededError, match="deadline"):
        await transport.send(with_extensions(deadline=Deadline(100.0)))
    assert clock.monotonic() == 0
    patient = asyncio.create_task(transport.send(with_extensions(deadline=Deadline(125.0))))
    await asyncio.gather(*waiting, patient)
    assert service.times[6:] == [2 * MINUTE]


async def test_a_deadline_that_has_moved_on_when_a_429_blocks_counts_as_it_is_then() -> None:
    clock = FakeClock()
    sent: list[float] = []

    async def answer(request: Request) -> Response:
        sent.append(clock.monotonic())
        await clock.sleep(5)
        return Response(429, {"Retry-After": "100"}) if len(sent) == 1 else Response(200)

    transport = QuotaTransport(FakeTransport(answer, clock=clock), Quota(per_minute=1, max_wait=math.inf), clock=clock)
    moving, fixed = Deadline(70.0), Deadline(130.0)
    first = asyncio.create_task(transport.send(REQUEST))
    waiting = [asyncio.create_task(transport.send(with_extensions(deadline=each))) for each in (moving, fixed)]
    await settle()
    moving.at = 110.0
    outcomes = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Response, Response, QuotaExceededError]
    assert sent == [0, 105]


async def test_a_429_refuses_those_amid_the_queue_whose_deadline_it_breaks_and_others_move_up() -> None:
    clock = FakeClock()
    service = Service(clock)
    ended: dict[int, float] = {}

    async def answer(request: Request) -> Response:
        response = await service.send(request)
        if len(service.times) == 1:
            await clock.sleep(5)
            return Response(429, {"Retry-After": "70"})
        return response

    transport = QuotaTransport(FakeTransport(answer, clock=clock), Quota(per_minute=1, max_wait=math.inf), clock=clock)

    async def call(number: int, deadline: float) -> None:
        try:
            await transport.send(with_extensions(deadline=Deadline(deadline)))
        except QuotaExceededError:
            assert clock.monotonic() == 5
        ended[number] = clock.monotonic()

    await asyncio.gather(*(call(*each) for each in enumerate((math.inf, math.inf, 130.0, 190.0))))
    assert service.times == [0, 75, 137]
    assert ended == {0: 5, 1: 75, 2: 5, 3: 137}


async def test_three_clients_of_one_key_one_after_the_other_send_what_one_may_send() -> None:
    sent = 0
    for _ in range(3):
        transport = QuotaTransport(FakeTransport(lambda _: Response(200)), Quota(max_wait=0))
        outcomes = await asyncio.gather(*calls(transport, 20), return_exceptions=True)
        sent += sum(isinstance(outcome, Response) for outcome in outcomes)
        await transport.aclose()
    assert sent == 30


async def test_a_client_on_a_clock_of_its_own_counts_by_itself() -> None:
    for _ in range(2):
        transport, service, _ = tower(Quota(per_minute=1, max_wait=0))
        await transport.send(REQUEST)
        assert len(service.times) == 1


async def test_ten_thousand_callers_at_once_are_queued_for_a_day_at_most_and_leave_nothing_behind() -> None:
    transport, _, _ = tower(Quota(max_wait=math.inf))
    tasks = calls(transport, 10_000)
    await settle()
    assert (await transport.status(REQUEST)).waiting == 470
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert Counter(type(outcome) for outcome in outcomes) == {
        Response: 30,
        QuotaExceededError: 9500,
        asyncio.CancelledError: 470,
    }
    assert transport._queues == {}


async def test_many_who_leave_make_room_for_others() -> None:
    transport, service, _ = tower(Quota(per_minute=1, max_wait=130))
    await transport.send(REQUEST)
    waiting = calls(transport, 2)
    await settle()
    with pytest.raises(QuotaExceededError):
        await transport.send(REQUEST)
    waiting[1].cancel()
    await settle()
    await transport.send(REQUEST)
    await waiting[0]
    assert service.times == [0, MINUTE, 2 * MINUTE]


async def test_one_who_comes_while_the_head_asks_for_a_slot_that_is_there_by_now_is_not_refused() -> None:
    clock = FakeClock()
    store = HeldStore(clock)
    store.go.set()
    transport = QuotaTransport(Service(clock), Quota(per_minute=2, store=store), clock=clock)
    await asyncio.gather(*calls(transport, 2))
    (waiting,) = calls(transport, 1)
    await turn_until(lambda: clock.sleeps)
    store.go.clear()
    clock.advance(MINUTE)
    await settle()
    background = asyncio.create_task(transport.send(with_extensions(background=True)))
    await settle()
    store.go.set()
    assert [(await task).status for task in (waiting, background)] == [200, 200]


async def test_one_who_leaves_in_the_moment_of_a_refusal_is_cancelled() -> None:
    transport, _, clock = tower(Quota(per_minute=1, max_wait=130))
    tasks = calls(transport, 3)
    await turn_until(lambda: clock.sleeps)
    queue = next(iter(transport._queues.values()))
    tasks[2].cancel()
    queue.refuse_all(lambda: QuotaExceededError("late", retry_at=clock.now(), retry_after=0))
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Response, Response, asyncio.CancelledError]


async def test_time_that_passes_in_the_store_does_not_make_the_next_minute_too_far() -> None:
    clock = FakeClock()

    class SlowStore(UserStore):
        async def _begin(self, operation: str) -> None:
            if not self.operations:
                clock.advance(0.3)
            await super()._begin(operation)

    service = Service(clock)
    transport = QuotaTransport(service, Quota(store=SlowStore(clock)), clock=clock)
    await asyncio.gather(*calls(transport, 31))
    assert service.times == [0.3] * 30 + [pytest.approx(MINUTE + 0.3)]


async def test_when_the_store_fails_all_who_wait_fail_with_it_and_nobody_else() -> None:
    store = HeldStore(FakeClock())

    def fail(_: str) -> None:
        raise StoreError("broken")

    transport, service, _ = tower(Quota(store=store))
    waiting = calls(transport, 8)
    await settle()
    store.fail = fail
    store.go.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["broken"] * 8
    assert len({id(outcome) for outcome in outcomes}) == 8
    assert store.operations == ["update"]
    store.fail = lambda _: None
    await transport.send(REQUEST)
    assert (len(service.times), transport._queues) == (1, {})


async def test_a_429_whose_pause_cannot_be_noted_is_passed_on_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    store = UserStore(FakeClock())

    def fail(_: str) -> None:
        if len(store.operations) > 1:
            raise StoreError("broken")

    store.fail = fail
    transport, _, _ = tower(Quota(store=store), Response(429, {"Retry-After": "5"}))
    assert (await transport.send(REQUEST)).status == 429
    assert "could not note that the service wants a pause: broken" in caplog.text
    with pytest.raises(StoreError, match="broken"):
        await transport.send(REQUEST)


async def test_a_cancelled_caller_with_a_429_still_blocks_the_others() -> None:
    clock = FakeClock()
    store = HeldStore(clock)
    store.go.set()

    async def answer(_: Request) -> Response:
        store.go.clear()
        return Response(429, {"Retry-After": "100"})

    transport = QuotaTransport(FakeTransport(answer, clock=clock), Quota(store=store), clock=clock)
    first = asyncio.create_task(transport.send(REQUEST))
    await settle()
    assert store.operations == ["update", "update"]
    first.cancel()
    await asyncio.wait({first})
    store.go.set()
    with pytest.raises(QuotaExceededError, match="The service wants no requests now"):
        await transport.send(REQUEST)
    assert clock.sleeps == []


async def test_the_transport_is_closed_even_if_its_store_cannot_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    close = SqliteStore.aclose

    async def fail(store: SqliteStore) -> None:
        await close(store)
        raise StoreError("broken")

    monkeypatch.setattr(SqliteStore, "aclose", fail)
    transport, service, _ = tower(Quota(store=tmp_path / "quota.sqlite3"))
    await transport.send(REQUEST)
    with pytest.raises(StoreError, match="broken"):
        await transport.aclose()
    assert service.closed == 1


async def test_a_store_of_the_users_is_not_closed() -> None:
    store = UserStore(FakeClock())
    transport, _, _ = tower(Quota(store=store))
    await transport.send(REQUEST)
    await transport.aclose()
    assert store.closed == 0


def test_a_second_event_loop_is_a_configuration_error() -> None:
    transport, _, _ = tower()
    asyncio.run(transport.send(REQUEST))
    for operation in (transport.send(REQUEST), transport.status(REQUEST)):
        with pytest.raises(ConfigurationError, match="one client per event loop"):
            asyncio.run(operation)


def test_without_asyncio_the_error_says_that_it_is_needed() -> None:
    transport, _, _ = tower()
    with pytest.raises(ConfigurationError, match="needs asyncio"):
        transport.send(REQUEST).send(None)
