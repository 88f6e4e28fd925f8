"""Deadlines: no wait, no pause and no exchange goes beyond them, and nothing is left running."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.deadline import Deadline, DeadlineTransport, deadline_of, latest_start, within
from openrouter_rankings.transports.fake import FakeTransport


@pytest.fixture
async def clock() -> AsyncIterator[FakeClock]:
    yield FakeClock()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def finish_after(clock: FakeClock, seconds: float) -> str:
    await clock.sleep(seconds)
    return "done"


def request(**extensions: Any) -> Request:
    return Request("GET", "https://service.invalid/", extensions=extensions)


async def test_work_that_ends_in_time_gives_its_result(clock: FakeClock) -> None:
    assert await within(clock, Deadline(5), finish_after(clock, 4)) == "done"
    assert clock.monotonic() == 4


async def test_work_that_takes_longer_is_cancelled_at_the_deadline(clock: FakeClock) -> None:
    ended: list[float] = []

    async def work() -> None:
        try:
            await clock.sleep(100)
        finally:
            ended.append(clock.monotonic())

    with pytest.raises(RequestTimeoutError, match="deadline"):
        await within(clock, Deadline(5), work())
    assert ended == [5]


async def test_a_deadline_that_has_passed_leaves_no_time(clock: FakeClock) -> None:
    clock.advance(10)
    with pytest.raises(RequestTimeoutError):
        await within(clock, Deadline(5), finish_after(clock, 1))
    assert clock.monotonic() == 10


@pytest.mark.parametrize("deadline", [None, Deadline()])
async def test_without_a_deadline_work_takes_as_long_as_it_takes(clock: FakeClock, deadline: Deadline | None) -> None:
    assert await within(clock, deadline, finish_after(clock, 1e6)) == "done"


async def test_the_error_of_the_work_is_raised_as_it_is(clock: FakeClock) -> None:
    error = TransportError("down")

    async def fail() -> None:
        raise error

    with pytest.raises(TransportError) as caught:
        await within(clock, Deadline(5), fail())
    assert caught.value is error


async def test_a_result_that_comes_with_the_cancellation_is_not_lost(clock: FakeClock) -> None:
    async def stubborn() -> str:
        try:
            await clock.sleep(100)
        except asyncio.CancelledError:
            return "saved"
        return "late"

    assert await within(clock, Deadline(5), stubborn()) == "saved"


async def test_a_cancelled_caller_ends_the_work(clock: FakeClock) -> None:
    call = asyncio.create_task(within(clock, Deadline(5), finish_after(clock, 3)))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


def test_a_request_has_to_start_by_its_deadline_and_by_its_policys_end() -> None:
    assert latest_start(request()) == math.inf
    assert latest_start(request(start_by=7.0)) == 7
    assert latest_start(request(deadline=Deadline(5))) == 5
    assert latest_start(request(deadline=Deadline(5), start_by=7.0)) == 5
    assert latest_start(request(deadline=Deadline(9), start_by=7.0)) == 7
    assert deadline_of(request()) is None


async def test_the_transport_ends_a_call_at_its_deadline_and_closes_the_one_below(clock: FakeClock) -> None:
    async def slow(_: Request) -> Response:
        await clock.sleep(10)
        return Response(200)

    wire = FakeTransport(slow, clock=clock)
    transport = DeadlineTransport(wire, clock)
    assert (await transport.send(request())).status == 200
    with pytest.raises(RequestTimeoutError):
        await transport.send(request(deadline=Deadline(12)))
    assert clock.monotonic() == 12
    await transport.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await transport.send(request())


def test_a_second_event_loop_gets_a_plain_error() -> None:
    transport = DeadlineTransport(FakeTransport(lambda _: Response(200)), FakeClock())
    asyncio.run(_send(transport))
    with pytest.raises(ConfigurationError, match="event loop"):
        asyncio.run(_send(transport))


async def _send(transport: DeadlineTransport) -> None:
    await transport.send(request())
