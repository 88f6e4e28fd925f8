"""Events: a client tells what it does, in order, without the key, and at no cost to the call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from patience import turn_until

from openrouter_rankings import (
    APIError,
    ConfigurationError,
    InvalidResponseError,
    Quota,
    QuotaExceededError,
    RankingsClient,
    RankingsError,
    Request,
    Response,
)
from openrouter_rankings.events import (
    Decoded,
    Event,
    ExchangeFailed,
    QuotaAcquired,
    QuotaRefused,
    QuotaWaited,
    RequestSent,
    ResponseReceived,
    RetryScheduled,
    ServedFromCache,
)
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Fault
from openrouter_rankings.transports.observed import ObservedTransport

PATH = "/api/v1/classifications/task"
KEY = "sk-or-v1-0123456789abcdef"


class Run:
    """A client on the emulated service, the time that both live in, and what the client told."""

    def __init__(self, api: EmulatedAPI | None = None, **options: Any) -> None:
        self.clock = FakeClock(datetime(2026, 9, 17, 12, tzinfo=UTC))
        self.api = api or EmulatedAPI()
        self.events: list[Event] = []
        transport = FakeTransport(self.api, clock=self.clock)
        self.client = RankingsClient(KEY, transport=transport, on_event=self.events.append, **options)
        self.ask = self.client.get_task_classifications

    def told(self) -> list[Event]:
        """The events since the last look."""
        told, self.events[:] = list(self.events), []
        return told


@pytest.fixture
async def run() -> AsyncIterator[Callable[..., Run]]:
    made: list[Run] = []

    def make(*arguments: Any, **options: Any) -> Run:
        made.append(Run(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        await each.client.aclose()


Make = Callable[..., Run]


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_a_call_that_misses_is_sent_answered_and_decoded(run: Make) -> None:
    first = run(EmulatedAPI(faults=[Fault(delay=2)]))
    await first.ask()
    acquired, sent, received, decoded = first.told()
    assert acquired == QuotaAcquired(method="GET", path=PATH, minute_remaining=29, day_remaining=499)
    assert sent == RequestSent(method="GET", path=PATH, background=False)
    assert isinstance(received, ResponseReceived)
    assert (received.status, received.seconds, received.background, received.size > 1000) == (200, 2, False, True)
    assert decoded == Decoded(method="GET", path=PATH, seconds=0, valid=True)


async def test_a_key_in_the_path_of_the_service_is_not_told(run: Make) -> None:
    gateway = run(base_url=f"https://gateway.test/{KEY}/api/v1")
    with suppress(APIError):
        await gateway.ask()
    assert {event.path for event in gateway.told()} == {f"/***{PATH}"}


async def test_without_a_cache_a_call_is_sent_answered_and_decoded_too(run: Make) -> None:
    plain = run(cache=None)
    await plain.ask()
    assert kinds(plain.told()) == ["QuotaAcquired", "RequestSent", "ResponseReceived", "Decoded"]


async def test_a_cached_call_tells_how_old_its_answer_is(run: Make) -> None:
    warm = run()
    await warm.ask()
    warm.told()
    warm.clock.advance(30)
    await warm.ask()
    assert warm.told() == [ServedFromCache(method="GET", path=PATH, age=30, how="fresh")]
    warm.clock.advance(70)
    await warm.ask()
    await turn_until(lambda: any(isinstance(event, ResponseReceived) for event in warm.events))
    served, acquired, sent, received = warm.told()[:4]
    assert acquired == QuotaAcquired(method="GET", path=PATH, minute_remaining=29, day_remaining=498)
    assert served == ServedFromCache(method="GET", path=PATH, age=100, how="stale")
    assert sent == RequestSent(method="GET", path=PATH, background=True)
    assert isinstance(received, ResponseReceived)
    assert received.background


async def test_a_retry_tells_its_reason_and_the_time_that_really_passes(run: Make) -> None:
    flaky = run(EmulatedAPI(faults=[Fault(reset=True), Fault(429, headers={"Retry-After": "30"})]))
    await flaky.ask()
    told = flaky.told()
    assert kinds(told) == [
        "QuotaAcquired", "RequestSent", "ExchangeFailed", "RetryScheduled",
        "QuotaAcquired", "RequestSent", "ResponseReceived", "RetryScheduled",
        "QuotaAcquired", "RequestSent", "ResponseReceived", "Decoded",
    ]  # fmt: skip
    reset, limited = (event for event in told if isinstance(event, RetryScheduled))
    assert (reset.attempt, reset.reason) == (1, "TransportError")
    assert (limited.attempt, limited.reason, 30 <= limited.wait <= 36) == (2, 429, True)
    assert flaky.clock.monotonic() == pytest.approx(reset.wait + limited.wait)
    failed = next(event for event in told if isinstance(event, ExchangeFailed))
    assert (failed.error, failed.background) == ("TransportError", False)


async def test_after_a_429_that_says_nothing_the_retry_tells_the_pause_of_the_quota(
    run: Make, caplog: pytest.LogCaptureFixture
) -> None:
    limited = run(EmulatedAPI(faults=[Fault(429)], retry_hints=()))
    await limited.ask()
    scheduled = next(event for event in limited.told() if isinstance(event, RetryScheduled))
    assert 20 <= scheduled.wait <= 22
    assert limited.clock.monotonic() == pytest.approx(scheduled.wait, abs=0.1)
    assert f"trying again in {scheduled.wait:.1f} s" in caplog.text


async def test_a_retry_tells_its_pause_and_the_quota_what_comes_on_top(
    run: Make, caplog: pytest.LogCaptureFixture
) -> None:
    full = run(EmulatedAPI(faults=[503]), quota=Quota(per_minute=1))
    await full.ask()
    told = full.told()
    pause = next(event.wait for event in told if isinstance(event, RetryScheduled))
    queued = next(event.wait for event in told if isinstance(event, QuotaWaited))
    assert full.clock.monotonic() == pytest.approx(pause + queued)
    assert f"trying again in {pause:.1f} s at the earliest" in caplog.text


async def test_an_exchange_that_a_deadline_or_its_caller_ends_is_told_as_cancelled(run: Make) -> None:
    slow = run(EmulatedAPI(faults=[Fault(delay=20)]), deadline=2)
    with pytest.raises(RankingsError):
        await slow.ask()
    assert kinds(slow.told()) == ["QuotaAcquired", "RequestSent", "ExchangeFailed"]


async def test_a_wait_and_a_refusal_of_the_quota_are_told_once_each(run: Make) -> None:
    spent = run(quota=Quota(per_minute=1, per_day=2), cache=None)
    await spent.ask()
    await spent.ask()
    with pytest.raises(QuotaExceededError):
        await spent.ask()
    told = spent.told()
    assert [event.wait for event in told if isinstance(event, QuotaWaited)] == [pytest.approx(62)]
    refused = [event for event in told if isinstance(event, QuotaRefused)]
    assert [(event.background, event.retry_after > 80_000) for event in refused] == [(False, True)]


async def test_an_older_answer_and_a_repeated_failure_are_told_as_what_they_are(run: Make) -> None:
    down = run()
    await down.ask()
    down.clock.advance(7200)
    down.api.misbehave(503)
    await down.ask()
    assert [event for event in down.told() if isinstance(event, ServedFromCache)] == [
        ServedFromCache(method="GET", path=PATH, age=7200, how="instead of an error")
    ]
    broken = run(EmulatedAPI(faults=[Fault(body=b"{}")]))
    for _ in range(2):
        with pytest.raises(InvalidResponseError):
            await broken.ask()
        broken.clock.advance(10)
    told = broken.told()
    assert [event.valid for event in told if isinstance(event, Decoded)] == [False]
    assert told[-1] == ServedFromCache(method="GET", path=PATH, age=10, how="repeated failure")


async def test_no_event_has_the_key(run: Make) -> None:
    flaky = run(EmulatedAPI(faults=[503, Fault(reset=True)]))
    await flaky.ask()
    assert KEY not in repr(flaky.told())


async def test_an_exception_of_the_callback_is_logged_and_costs_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event) -> None:
        raise ZeroDivisionError

    async with RankingsClient(KEY, transport=FakeTransport(EmulatedAPI()), on_event=fail) as client:
        assert (await client.get_task_classifications()).window_days == 7
    assert "ZeroDivisionError" in caplog.text


def test_a_callback_that_is_none_is_refused() -> None:
    callback: Any = "print"
    with pytest.raises(ConfigurationError, match="on_event"):
        RankingsClient(KEY, transport=FakeTransport([]), on_event=callback)


async def test_without_a_handler_the_librarys_log_goes_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert any(
        isinstance(handler, logging.NullHandler) for handler in logging.getLogger("openrouter_rankings").handlers
    )
    transport = FakeTransport(EmulatedAPI(faults=[503] * 9))
    async with RankingsClient(KEY, transport=transport) as client:
        with pytest.raises((APIError, RankingsError)):
            await client.get_task_classifications()
    assert capsys.readouterr().err == ""


async def test_a_request_without_a_callback_passes_an_observed_transport_silently() -> None:
    transport = ObservedTransport(FakeTransport([Response(200)]), FakeClock())
    assert (await transport.send(Request("GET", "https://service.invalid/"))).status == 200
    await transport.aclose()


async def test_who_comes_when_there_is_a_slot_behind_one_who_is_about_to_wake_is_not_told_to_wait(run: Make) -> None:
    busy = run(quota=Quota(per_minute=2, max_wait=1000), cache=None, retry=None)
    await asyncio.gather(busy.ask(), busy.ask())
    waiting = asyncio.create_task(busy.ask())
    await asyncio.sleep(0)
    newcomer = asyncio.create_task(busy.ask())
    busy.clock.advance(62)
    await asyncio.gather(waiting, newcomer)
    assert [event.wait for event in busy.told() if isinstance(event, QuotaWaited)] == [pytest.approx(62)]


async def test_of_two_who_wait_each_is_told_once_however_often_the_slots_are_planned_anew(run: Make) -> None:
    busy = run(quota=Quota(per_minute=1, max_wait=1000), cache=None, retry=None)
    await asyncio.gather(*(busy.ask() for _ in range(4)))
    waits = [event.wait for event in busy.told() if isinstance(event, QuotaWaited)]
    assert waits == [pytest.approx(62), pytest.approx(124), pytest.approx(186)]
