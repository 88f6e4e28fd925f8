"""The transport that answers from memory."""

from __future__ import annotations

import asyncio
import itertools
import pickle
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import AsyncMock, Mock

import attrs
import pytest

from openrouter_rankings.clock import FakeClock, SystemClock
from openrouter_rankings.errors import ConfigurationError, RankingsError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.fake import Emulation, FakeScriptError, FakeTransport, Reply
from openrouter_rankings.transports.protocol import Transport

OK = Response(200, {"Content-Type": "application/json"}, b"0123456789")
BUSY = Response(503)


def get(path: str = "/a", timeout: float | None = 30.0) -> Request:
    return Request("GET", f"https://service.invalid{path}", {"Authorization": "Bearer sk-secret"}, timeout)


@attrs.define
class OneReply:
    """An emulation that always replies the same, and notes when it was asked."""

    it: Reply
    asked_at: list[float] = attrs.field(factory=list)

    def reply(self, request: Request, now: float) -> Reply:
        self.asked_at.append(now)
        return self.it


def test_a_fake_is_a_transport_with_a_clock_of_its_own() -> None:
    transport: Transport = FakeTransport([])
    assert isinstance(getattr(transport, "clock"), FakeClock)  # noqa: B009 - not part of the protocol


def test_a_given_clock_is_the_one_in_use() -> None:
    clock = SystemClock()
    assert FakeTransport([], clock=clock).clock is clock


async def test_a_list_is_played_in_its_order_and_what_was_sent_is_listed() -> None:
    transport = FakeTransport([BUSY, OK])
    assert [await transport.send(get("/a")), await transport.send(get("/b"))] == [BUSY, OK]
    assert transport.requests == [get("/a"), get("/b")]


async def test_a_later_change_of_the_list_does_not_change_the_script() -> None:
    script = [OK]
    transport = FakeTransport(script)
    script.clear()
    assert await transport.send(get()) is OK


async def test_any_iterable_is_a_script() -> None:
    transport = FakeTransport(response for response in (BUSY, OK))
    assert [await transport.send(get()), await transport.send(get())] == [BUSY, OK]


async def test_an_exception_in_the_script_is_raised_as_it_is() -> None:
    error, bug = TransportError("The connection was reset."), ZeroDivisionError()
    transport = FakeTransport([error, bug, OK])
    for expected in (error, bug):
        with pytest.raises(type(expected)) as caught:
            await transport.send(get())
        assert caught.value is expected
    assert await transport.send(get()) is OK
    assert len(transport.requests) == 3


def answer(request: Request) -> Response:
    return Response(200, {}, request.url.encode())


async def answer_later(request: Request) -> Response:
    await asyncio.sleep(0)
    return answer(request)


class AnswersLater:
    async def __call__(self, request: Request) -> Response:
        return await answer_later(request)


@pytest.mark.parametrize("handler", [answer, answer_later, AnswersLater()])
async def test_a_function_answers_all_requests_or_one_step_of_the_script(
    handler: Callable[[Request], Response | Awaitable[Response]],
) -> None:
    everything = FakeTransport(handler)
    for path in ("/a", "/b", "/c"):
        assert (await everything.send(get(path))).body == f"https://service.invalid{path}".encode()
    assert len(everything.requests) == 3
    mixed = FakeTransport([BUSY, handler, OK])
    assert (await mixed.send(get())) is BUSY
    assert (await mixed.send(get("/x"))).body == b"https://service.invalid/x"
    assert (await mixed.send(get())) is OK


async def test_what_a_function_raises_is_raised() -> None:
    def refuse(request: Request) -> Response:
        raise TransportError(f"No route for {request.method}.")

    with pytest.raises(TransportError, match="No route for GET"):
        await FakeTransport(refuse).send(get())


async def test_the_end_of_the_script_is_an_error_that_says_what_was_sent() -> None:
    transport = FakeTransport([OK, BUSY])
    await transport.send(get())
    await transport.send(get())
    with pytest.raises(FakeScriptError, match=r"has 2 steps, and request 3 is GET .*/extra: add") as caught:
        await transport.send(get("/extra"))
    assert isinstance(caught.value, RankingsError)
    assert isinstance(caught.value, AssertionError)
    assert "secret" not in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own pickle


async def test_an_empty_script_answers_nothing() -> None:
    with pytest.raises(FakeScriptError, match="has 0 steps, and request 1 is GET"):
        await FakeTransport([]).send(get())


async def test_concurrent_requests_each_get_one_step() -> None:
    transport = FakeTransport([Response(200, {}, str(number).encode()) for number in range(50)])
    answers = await asyncio.gather(*(transport.send(get()) for _ in range(50)))
    assert sorted(int(answer.body) for answer in answers) == list(range(50))


async def test_a_closed_fake_sends_nothing_and_can_be_closed_again() -> None:
    transport = FakeTransport([OK])
    await transport.aclose()
    await transport.aclose()
    with pytest.raises(ConfigurationError, match="open a new one"):
        await transport.send(get())
    assert transport.requests == []


def test_an_emulation_is_what_has_a_reply() -> None:
    assert isinstance(OneReply(Reply(OK)), Emulation)
    assert not isinstance([OK], Emulation)
    assert not isinstance(answer, Emulation)


async def test_an_emulation_answers_all_requests_and_is_told_the_time() -> None:
    clock, service = FakeClock(), OneReply(Reply(OK))
    transport = FakeTransport(service, clock=clock)
    assert await transport.send(get()) is OK
    clock.advance(90)
    assert await transport.send(get()) is OK
    assert service.asked_at == [clock.time() - 90, clock.time()]
    assert len(transport.requests) == 2
    assert clock.sleeps == []


@pytest.mark.parametrize(("delay", "timeout"), [(5.0, 30.0), (30.0, 30.0), (1e6, None)])
async def test_a_reply_within_the_timeout_comes_after_its_delay(delay: float, timeout: float | None) -> None:
    clock = FakeClock()
    assert await FakeTransport(OneReply(Reply(OK, delay=delay)), clock=clock).send(get(timeout=timeout)) is OK
    assert clock.monotonic() == delay


@pytest.mark.parametrize("reset", [False, True])
async def test_a_reply_after_the_timeout_is_a_timeout_error_at_the_timeout(*, reset: bool) -> None:
    clock = FakeClock()
    transport = FakeTransport(OneReply(Reply(OK, delay=30.1, reset=reset)), clock=clock)
    with pytest.raises(RequestTimeoutError, match="within 30 s"):
        await transport.send(get())
    assert clock.monotonic() == 30


async def test_delays_of_concurrent_requests_do_not_add_up() -> None:
    clock = FakeClock()
    transport = FakeTransport(OneReply(Reply(OK, delay=20)), clock=clock)
    await asyncio.gather(*(transport.send(get()) for _ in range(100)))
    assert clock.monotonic() == 20


async def test_a_request_in_its_delay_is_cancelled_at_once() -> None:
    clock = FakeClock()
    task = asyncio.create_task(FakeTransport(OneReply(Reply(OK, delay=20)), clock=clock).send(get()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.monotonic() == 0


async def test_a_reset_is_a_transport_error_after_the_delay_with_its_cause() -> None:
    clock = FakeClock()
    transport = FakeTransport(OneReply(Reply(OK, delay=2, reset=True)), clock=clock)
    with pytest.raises(TransportError, match="reset") as caught:
        await transport.send(get())
    assert isinstance(caught.value.__cause__, ConnectionResetError)
    assert not isinstance(caught.value, RequestTimeoutError)
    assert clock.monotonic() == 2


@pytest.mark.parametrize("cut_after", [0, 1, 9])
async def test_a_cut_body_is_a_transport_error(cut_after: int) -> None:
    with pytest.raises(TransportError, match=f"closed after {cut_after} bytes"):
        await FakeTransport(OneReply(Reply(OK, cut_after=cut_after))).send(get())


@pytest.mark.parametrize("cut_after", [None, 10, 11])
async def test_a_cut_after_the_end_of_the_body_cuts_nothing(cut_after: int | None) -> None:
    assert await FakeTransport(OneReply(Reply(OK, cut_after=cut_after))).send(get()) is OK


async def test_a_script_may_be_endless() -> None:
    transport = FakeTransport(itertools.repeat(BUSY))
    for _ in range(3):
        assert await transport.send(get()) == BUSY


async def test_a_mock_is_a_function() -> None:
    assert await FakeTransport(Mock(return_value=OK)).send(get()) == OK
    assert await FakeTransport(AsyncMock(return_value=OK)).send(get()) == OK


async def test_the_class_of_an_exception_is_raised_too() -> None:
    with pytest.raises(TransportError):
        await FakeTransport([TransportError]).send(get())


@pytest.mark.parametrize(("script", "said"), [([503], "not 503"), (OK, "not Response")])
async def test_what_is_no_step_is_a_configuration_error(script: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        await FakeTransport(script).send(get())
