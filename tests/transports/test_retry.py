"""Asking again: after whom, when, how often, and what the caller gets in the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import turn, turn_until

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.fake import FakeScriptError, FakeTransport
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.retry import RetryPolicy, RetryTransport

SPENT = QuotaExceededError("spent", retry_at=datetime(2026, 1, 2, tzinfo=UTC), retry_after=3600.0)
OK = Response(200, {}, b"{}")
REQUEST = Request("GET", "https://service.invalid/api/v1/tasks?window=7d", {"Authorization": "Bearer sk-secret"})

# The most that is added to a wait that was asked for.
MOST_SPREAD = 5.0


def refused(status: int = 429, retry_after: float | str | None = None) -> Response:
    return Response(status, {} if retry_after is None else {"Retry-After": str(retry_after)})


@attrs.define
class Trial:
    """One transport under retries, and what it did."""

    script: list[Any]
    policy: RetryPolicy = attrs.field(factory=RetryPolicy)
    clock: FakeClock = attrs.field(factory=FakeClock)
    wire: FakeTransport = attrs.field(init=False)
    retrying: Transport = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.wire = FakeTransport(self.script, clock=self.clock)
        self.retrying = RetryTransport(self.wire, self.policy, clock=self.clock)

    async def send(self) -> Response:
        return await self.retrying.send(REQUEST)

    @property
    def attempts(self) -> int:
        return len(self.wire.requests)


@pytest.fixture
def longest_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance gives the upper bound each time."""
    monkeypatch.setattr(random, "uniform", lambda low, high: max(low, high))


@pytest.fixture
def shortest_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance gives the lower bound each time."""
    monkeypatch.setattr(random, "uniform", lambda low, high: min(low, high))


async def test_an_answer_comes_as_it_is_without_a_wait() -> None:
    trial = Trial([OK])
    assert await trial.send() is OK
    assert trial.wire.requests == [REQUEST]
    assert trial.clock.sleeps == []


async def test_three_refusals_of_half_a_minute_are_waited_out_on_the_clock() -> None:
    trial = Trial([refused(retry_after=30)] * 3 + [OK])
    assert await trial.send() is OK
    assert trial.attempts == 4
    assert 90 <= trial.clock.monotonic() <= 90 + 3 * MOST_SPREAD


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
async def test_a_busy_or_failing_service_is_asked_again_with_the_same_request(status: int) -> None:
    trial = Trial([refused(status), OK])
    assert await trial.send() is OK
    assert trial.wire.requests == [REQUEST, REQUEST]


async def test_each_attempt_says_how_often_the_request_was_sent_before() -> None:
    trial = Trial([refused(503)] * 3 + [OK])
    await trial.send()
    assert [sent.extensions.get("resend_count", 0) for sent in trial.wire.requests] == [0, 1, 2, 3]


@pytest.mark.parametrize("status", [200, 204, 301, 302, 304, 400, 401, 403, 404, 408, 413, 418, 425, 501, 600])
async def test_any_other_answer_is_final(status: int) -> None:
    answer = refused(status, retry_after=1)
    trial = Trial([answer])
    assert await trial.send() is answer
    assert trial.clock.sleeps == []


@pytest.mark.parametrize("error", [TransportError("reset"), RequestTimeoutError("late")])
async def test_a_failed_exchange_is_tried_again(error: TransportError) -> None:
    trial = Trial([error, OK])
    assert await trial.send() is OK
    assert trial.attempts == 2


@pytest.mark.parametrize(
    "error", [ConfigurationError("closed"), FakeScriptError("over"), ZeroDivisionError(), TimeoutError(), OSError()]
)
async def test_any_other_exception_is_raised_at_once(error: Exception) -> None:
    trial = Trial([error])
    with pytest.raises(type(error)) as caught:
        await trial.send()
    assert caught.value is error
    assert trial.attempts == 1
    assert trial.clock.sleeps == []


def in_seconds(seconds: float, clock: FakeClock) -> dict[str, str]:
    return {"Retry-After": f"{seconds:g}"}


def as_date(seconds: float, clock: FakeClock) -> dict[str, str]:
    return {"Retry-After": formatdate(clock.time() + seconds, usegmt=True)}


def as_date_against_a_clock_that_is_wrong(seconds: float, clock: FakeClock) -> dict[str, str]:
    return {"Date": formatdate(1e9, usegmt=True), "Retry-After": formatdate(1e9 + seconds, usegmt=True)}


def as_reset(seconds: float, clock: FakeClock) -> dict[str, str]:
    return {"X-RateLimit-Reset": f"{(clock.time() + seconds) * 1000:.0f}"}


forms = pytest.mark.parametrize("form", [in_seconds, as_date, as_date_against_a_clock_that_is_wrong, as_reset])
Form = Callable[[float, FakeClock], dict[str, str]]


@forms
@pytest.mark.parametrize("asked", [0, 1, 7, 30, 60])
async def test_it_never_asks_earlier_than_the_service_wants(form: Form, asked: float, shortest_draw: None) -> None:
    clock = FakeClock()
    trial = Trial([Response(429, form(asked, clock)), OK], clock=clock)
    assert await trial.send() is OK
    assert clock.monotonic() == pytest.approx(asked)
    assert clock.monotonic() >= asked


@forms
@pytest.mark.parametrize(("asked", "spread"), [(0, 0.2), (1, 0.2), (2, 0.2), (7, 0.7), (30, 3.0), (50, 5.0), (60, 5.0)])
async def test_it_asks_at_most_a_little_later(form: Form, asked: float, spread: float, longest_draw: None) -> None:
    clock = FakeClock()
    trial = Trial([Response(429, form(asked, clock)), OK], clock=clock)
    assert await trial.send() is OK
    assert clock.monotonic() == pytest.approx(asked + spread)


async def test_where_the_service_names_no_wait_that_of_the_quota_counts(shortest_draw: None) -> None:
    for response, wait in [
        (Response(429, extensions={"blocked_for": 25.0}), 25),
        (Response(429, {"Retry-After": "7"}, extensions={"blocked_for": 25.0}), 7),
    ]:
        trial = Trial([response, OK])
        assert await trial.send() is OK
        assert trial.clock.monotonic() == wait


@pytest.mark.parametrize("status", [500, 503])
async def test_a_failing_service_that_names_a_wait_is_obeyed(status: int, shortest_draw: None) -> None:
    trial = Trial([refused(status, 20), OK])
    assert await trial.send() is OK
    assert trial.clock.monotonic() == 20


async def test_callers_sent_away_together_do_not_return_in_one_instant() -> None:
    clock, returned = FakeClock(), list[float]()

    def answer(request: Request) -> Response:
        if clock.monotonic() == 0:
            return refused(retry_after=30)
        returned.append(clock.monotonic())
        return OK

    retrying = RetryTransport(FakeTransport(answer, clock=clock), clock=clock)
    await asyncio.gather(*(retrying.send(REQUEST) for _ in range(50)))
    assert len(set(returned)) == 50
    assert all(30 <= instant <= 33 for instant in returned)


failures = pytest.mark.parametrize(
    "failure", [refused(), refused(503), TransportError("reset"), refused(429, "garbage"), refused(429, "inf")]
)


@failures
async def test_without_a_wish_the_pauses_grow_up_to_twice_the_last(
    failure: Response | TransportError, longest_draw: None
) -> None:
    trial = Trial([failure] * 9, RetryPolicy(max_attempts=9, max_wait=20, max_elapsed=1000))
    if isinstance(failure, Response):
        await trial.send()
    else:
        with pytest.raises(TransportError):
            await trial.send()
    assert trial.clock.sleeps == [1, 2, 4, 8, 16, 20, 20, 20]


@failures
async def test_without_a_wish_a_pause_may_be_as_short_as_nothing(
    failure: Response | TransportError, shortest_draw: None
) -> None:
    trial = Trial([failure] * 3 + [OK])
    assert await trial.send() is OK
    assert trial.clock.sleeps == [0, 0, 0]


async def test_the_pauses_are_drawn_from_their_whole_range() -> None:
    pauses = list[float]()
    for _ in range(200):
        trial = Trial([refused(503), OK])
        await trial.send()
        pauses += trial.clock.sleeps
    assert 0 <= min(pauses) < 0.1
    assert 0.9 < max(pauses) <= 1


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_it_sends_no_more_than_the_policy_allows_and_gives_the_last_answer(attempts: int) -> None:
    answers = [Response(503, {}, str(number).encode()) for number in range(attempts)]
    trial = Trial(answers, RetryPolicy(max_attempts=attempts))
    assert await trial.send() is answers[-1]
    assert trial.attempts == attempts
    assert len(trial.clock.sleeps) == attempts - 1


async def test_the_error_of_the_last_attempt_is_raised_as_it_is_with_its_cause() -> None:
    first, last, cause = TransportError("first"), RequestTimeoutError("last"), ConnectionResetError()
    last.__cause__ = cause
    trial = Trial([first, refused(503), last], RetryPolicy(max_attempts=3))
    with pytest.raises(RequestTimeoutError) as caught:
        await trial.send()
    assert caught.value is last
    assert caught.value.__cause__ is cause
    assert caught.value.__context__ is None


async def test_an_answer_after_an_error_is_given_and_not_the_error() -> None:
    last = refused(503)
    trial = Trial([TransportError("first"), last], RetryPolicy(max_attempts=2))
    assert await trial.send() is last


@pytest.mark.parametrize("asked", [60.5, 61, 3600, 86400])
async def test_a_wait_over_the_longest_is_not_slept_and_the_answer_comes_at_once(asked: float) -> None:
    answer = refused(429, asked)
    trial = Trial([answer])
    assert await trial.send() is answer
    assert trial.clock.sleeps == []


async def test_a_wait_that_would_pass_the_longest_time_of_a_call_is_not_slept(shortest_draw: None) -> None:
    answers = [Response(429, {"Retry-After": "50"}, bytes([number])) for number in range(3)]
    trial = Trial(list(answers))
    assert await trial.send() is answers[2]
    assert trial.clock.monotonic() == 100


async def test_a_wait_that_just_fits_is_slept_without_a_spread(longest_draw: None) -> None:
    trial = Trial([refused(429, 40), OK], RetryPolicy(max_elapsed=40))
    assert await trial.send() is OK
    assert trial.clock.monotonic() == 40


async def test_a_spread_does_not_pass_the_longest_time_of_a_call(longest_draw: None) -> None:
    trial = Trial([refused(429, 40), OK], RetryPolicy(max_elapsed=41))
    assert await trial.send() is OK
    assert trial.clock.monotonic() == 41


@pytest.mark.parametrize("max_elapsed", [3, 6.9])
async def test_a_pause_that_would_pass_the_longest_time_of_a_call_is_not_slept(
    max_elapsed: float, longest_draw: None
) -> None:
    error = TransportError("reset")
    trial = Trial([error] * 4, RetryPolicy(max_elapsed=max_elapsed))
    with pytest.raises(TransportError) as caught:
        await trial.send()
    assert caught.value is error
    assert trial.clock.sleeps == [1, 2]


async def test_the_time_that_attempts_take_counts() -> None:
    clock = FakeClock()

    async def slow(request: Request) -> Response:
        await clock.sleep(30)
        return refused(503, 31)

    wire = FakeTransport(slow, clock=clock)
    assert (await RetryTransport(wire, RetryPolicy(max_elapsed=60), clock=clock).send(REQUEST)).status == 503
    assert len(wire.requests) == 1


async def test_no_time_for_retries_is_one_attempt(longest_draw: None) -> None:
    trial = Trial([refused(503)], RetryPolicy(max_elapsed=0))
    assert (await trial.send()).status == 503


async def test_the_time_of_each_call_begins_with_it(shortest_draw: None) -> None:
    trial = Trial([refused(429, 60), refused(429, 60), OK] * 2)
    for _ in range(2):
        assert await trial.send() is OK
    assert trial.clock.monotonic() == 240


@pytest.mark.parametrize("failure", [refused(503), TransportError("reset")])
async def test_a_retry_that_the_quota_refuses_ends_the_call_with_the_failure_that_was_to_be_repeated(
    failure: Response | TransportError,
) -> None:
    trial = Trial([failure, SPENT, OK])
    if isinstance(failure, Response):
        assert await trial.send() is failure
    else:
        with pytest.raises(TransportError, match="reset"):
            await trial.send()
    assert trial.attempts == 2


async def test_the_first_refusal_of_the_quota_is_raised() -> None:
    trial = Trial([SPENT])
    with pytest.raises(QuotaExceededError):
        await trial.send()


async def test_each_retry_is_one_record_with_its_facts(caplog: pytest.LogCaptureFixture, shortest_draw: None) -> None:
    caplog.set_level(logging.INFO)
    await Trial([refused(429, 7), TransportError("reset"), refused(503), OK]).send()
    path = "/api/v1/tasks"
    ours = [record for record in caplog.records if record.name == "openrouter_rankings"]
    names = ("attempt", "status", "wait", "path")
    assert [{name: vars(record)[name] for name in names} for record in ours] == [
        {"attempt": 1, "status": 429, "wait": 7.0, "path": path},
        {"attempt": 2, "status": None, "wait": 0.0, "path": path},
        {"attempt": 3, "status": 503, "wait": 0.0, "path": path},
    ]
    assert [record.getMessage() for record in ours] == [
        "GET /api/v1/tasks: attempt 1 got 429; trying again in 7.0 s at the earliest",
        "GET /api/v1/tasks: attempt 2 got TransportError; trying again in 0.0 s at the earliest",
        "GET /api/v1/tasks: attempt 3 got 503; trying again in 0.0 s at the earliest",
    ]
    assert {record.levelno for record in ours} == {logging.WARNING}


async def test_no_record_has_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await Trial([Response(429, {"X": "sk-secret"}, b"sk-secret"), OK]).send()
    assert len(caplog.records) >= 1
    assert all("sk-secret" not in repr(vars(record)) for record in caplog.records)


@pytest.mark.parametrize(
    "script",
    [[OK], [refused(404)], [refused(429, 3600)], [ConfigurationError("closed")]],
)
async def test_what_is_not_retried_leaves_no_record(caplog: pytest.LogCaptureFixture, script: list[Any]) -> None:
    with contextlib.suppress(ConfigurationError):
        await Trial(script).send()
    assert caplog.records == []


async def test_the_last_attempt_leaves_no_record(caplog: pytest.LogCaptureFixture) -> None:
    await Trial([refused(503)] * 4).send()
    assert len(caplog.records) == 3


async def test_cancellation_in_a_wait_ends_the_call_at_once() -> None:
    trial = Trial([refused(429, 30)])
    task = asyncio.create_task(trial.send())
    await turn_until(lambda: trial.clock.sleeps)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await turn(100)
    assert trial.clock.monotonic() == 0, "a sleeper was left behind"
    assert trial.attempts == 1


async def test_cancellation_in_an_attempt_is_not_retried() -> None:
    started = asyncio.Event()

    async def endless(request: Request) -> Response:
        started.set()
        return await asyncio.Future[Response]()

    wire = FakeTransport(endless)
    task = asyncio.create_task(RetryTransport(wire, clock=wire.clock).send(REQUEST))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(wire.requests) == 1


async def test_concurrent_calls_share_nothing(shortest_draw: None) -> None:
    clock, finished = FakeClock(), dict[str, float]()
    seen: dict[str, int] = {}

    def answer(request: Request) -> Response:
        seen[request.url] = seen.get(request.url, 0) + 1
        number = int(request.url.rpartition("/")[2])
        return OK if seen[request.url] > number % 4 else refused(429, number % 7)

    retrying = RetryTransport(FakeTransport(answer, clock=clock), clock=clock)

    async def call(number: int) -> None:
        request = Request("GET", f"https://service.invalid/{number}")
        assert await retrying.send(request) is OK
        finished[request.url] = clock.monotonic()

    await asyncio.gather(*map(call, range(60)))
    for number in range(60):
        url = f"https://service.invalid/{number}"
        assert seen[url] == number % 4 + 1
        assert finished[url] == (number % 4) * (number % 7)


async def test_closing_closes_the_transport_within() -> None:
    trial = Trial([OK])
    await trial.retrying.aclose()
    await trial.retrying.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await trial.send()


async def test_without_a_policy_or_a_clock_the_defaults_hold() -> None:
    wire = FakeTransport([refused(429, 61)])
    assert (await RetryTransport(wire).send(REQUEST)).status == 429
    assert len(wire.requests) == 1


def test_the_default_policy_is_four_attempts_in_two_minutes() -> None:
    assert RetryPolicy() == RetryPolicy(max_attempts=4, max_wait=60.0, max_elapsed=120.0)
    assert hash(RetryPolicy()) == hash(RetryPolicy(max_attempts=4))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(RetryPolicy(), "max_attempts", 1)  # noqa: B010 - type checkers know that it is frozen


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_attempts", 0),
        ("max_attempts", -1),
        ("max_attempts", math.nan),
        ("max_attempts", "4"),
        ("max_attempts", None),
        ("max_wait", -0.1),
        ("max_wait", math.nan),
        ("max_wait", "60"),
        ("max_elapsed", -1),
        ("max_elapsed", math.nan),
        ("max_elapsed", None),
    ],
)
def test_a_limit_that_is_no_number_or_too_small_is_a_configuration_error(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be .* at least [01], not {value!r}"):
        RetryPolicy(**{name: value})


async def test_limits_may_be_infinite(longest_draw: None) -> None:
    policy = RetryPolicy(max_attempts=9, max_wait=math.inf, max_elapsed=math.inf)
    trial = Trial([refused(429, 86400)] * 2 + [refused(503)] * 6 + [OK], policy)
    assert await trial.send() is OK
    assert trial.clock.sleeps == [86405, 86405, 4, 8, 16, 32, 64, 128]


outcomes = st.one_of(
    st.just(OK),
    st.builds(refused, st.sampled_from([200, 404, 429, 500, 501, 503]), st.none() | st.integers(-5, 200)),
    st.builds(refused, st.just(429), st.floats() | st.text(max_size=4)),
    st.builds(TransportError, st.just("reset")),
    st.builds(RequestTimeoutError, st.just("late")),
)


@settings(deadline=None)
@given(
    st.lists(outcomes, min_size=12, max_size=12),
    st.lists(st.floats(0, 40), min_size=12, max_size=12),
    st.integers(1, 10),
    st.floats(0, 300),
    st.floats(0, 300),
)
def test_no_script_exceeds_the_policy_and_none_is_asked_too_early(
    script: list[Response | TransportError], takes: list[float], attempts: int, max_wait: float, max_elapsed: float
) -> None:
    clock, begun, ended = FakeClock(), list[float](), list[float]()

    async def play(request: Request) -> Response:
        number = len(begun)
        begun.append(clock.monotonic())
        await clock.sleep(takes[number])
        ended.append(clock.monotonic())
        outcome = script[number]
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    policy = RetryPolicy(max_attempts=attempts, max_wait=max_wait, max_elapsed=max_elapsed)

    async def main() -> Response | TransportError:
        try:
            return await RetryTransport(FakeTransport(play, clock=clock), policy, clock=clock).send(REQUEST)
        except TransportError as error:
            return error

    assert asyncio.run(main()) is script[len(begun) - 1]
    assert 1 <= len(begun) <= attempts
    assert begun[-1] <= max_elapsed + 1e-6 or len(begun) == 1
    waits = [begin - end for begin, end in zip(begun[1:], ended, strict=False)]
    assert sum(waits) <= max_elapsed + 1e-6
    assert all(wait <= max_wait + MOST_SPREAD + 1e-6 for wait in waits)
    for outcome, wait in zip(script, waits, strict=False):
        text = outcome.headers.get("Retry-After", "") if isinstance(outcome, Response) else ""
        assert wait >= (float(text) if text.isdecimal() and text.isascii() else 0.0) - 1e-6


@pytest.mark.parametrize("attempts", [2.5, math.inf, True, 0, "3"])
def test_attempts_are_counted_in_whole_numbers(attempts: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_attempts must be a whole number"):
        RetryPolicy(max_attempts=attempts)


async def test_pauses_without_a_bound_stay_finite_however_many(longest_draw: None) -> None:
    transport = FakeTransport([Response(500)] * 1500)
    policy = RetryPolicy(max_attempts=1500, max_wait=math.inf, max_elapsed=math.inf)
    await RetryTransport(transport, policy, clock=transport.clock).send(Request("GET", "https://service.invalid/a"))
    assert isinstance(transport.clock, FakeClock)
    assert max(transport.clock.sleeps) == 3600
