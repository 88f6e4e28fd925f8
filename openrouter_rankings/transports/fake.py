"""A transport that answers from memory, for tests."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Protocol, cast, runtime_checkable

import attrs

from openrouter_rankings.clock import Clock, FakeClock
from openrouter_rankings.errors import ConfigurationError, RankingsError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Request, Response

__all__ = ["Emulation", "FakeScriptError", "FakeTransport", "Reply"]


@attrs.frozen
class Reply:
    """A response, and what happens to it on the wire.

    Attributes:
        response: what the service answers.
        delay: seconds before the first byte.
        cut_after: the connection closes after this many bytes of the body; None sends all of it.
        reset: the connection is reset instead of an answer.
    """

    response: Response
    delay: float = 0.0
    cut_after: int | None = None
    reset: bool = False


@runtime_checkable
class Emulation(Protocol):
    """A service in memory: a function of the request and of the time."""

    def reply(self, request: Request, now: float) -> Reply:
        """The reply to ``request``, which arrives at ``now`` (epoch seconds)."""
        ...


Handler = Callable[[Request], Response | Awaitable[Response]]
Step = Response | BaseException | type[BaseException] | Handler


class FakeScriptError(RankingsError, AssertionError):
    """The code under test sent more requests than the script of its ``FakeTransport`` has answers for."""


class FakeTransport:
    """Answers from a script: a test needs no network and does not wait.

    Args:
        script: a list that is played in order, whose items are a ``Response``, an exception to raise, or a
            function from ``Request`` to ``Response`` (which may be async); or one such function for all requests; or an
            ``EmulatedAPI``.
        clock: the time that passes in delays, timeouts and, through the client, in retries; a new ``FakeClock`` if not
            given.

    Attributes:
        requests: what was sent, in order.
        clock: the clock in use.
    """

    def __init__(self, script: Iterable[Step] | Handler | Emulation, *, clock: Clock | None = None) -> None:
        self.requests: list[Request] = []
        self.clock: Clock = FakeClock() if clock is None else clock
        self._script = script if callable(script) or isinstance(script, Emulation) else _steps(script)
        self._played = 0
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Play the next step of the script; see ``Transport`` for what it raises."""
        if self._closed:
            raise ConfigurationError("This transport is closed: open a new one.")
        self.requests.append(request)
        if callable(self._script):
            return await _play(self._script, request)
        if isinstance(self._script, Emulation):
            return await self._carry(self._script.reply(request, self.clock.time()), request.timeout)
        return await _play(self._next(self._script, request), request)

    async def aclose(self) -> None:
        """Refuse further requests. Repeating it does nothing."""
        self._closed = True

    def _next(self, steps: Iterator[Step], request: Request) -> Step:
        for step in steps:
            self._played += 1
            return step
        raise FakeScriptError(
            f"The script of FakeTransport has {self._played} steps, and request {len(self.requests)} is "
            f"{request.method} {request.url}: add a step, or find out why it was sent."
        )

    async def _carry(self, reply: Reply, timeout: float | None) -> Response:
        if timeout is not None and reply.delay > timeout:
            await self.clock.sleep(timeout)
            raise RequestTimeoutError(
                f"No whole answer within {timeout:g} s: raise the timeout, or see why it is slow."
            )
        if reply.delay:
            await self.clock.sleep(reply.delay)
        if reply.reset:
            raise TransportError("The connection was reset before an answer came.") from ConnectionResetError()
        if reply.cut_after is not None and reply.cut_after < len(reply.response.body):
            raise TransportError(f"The connection closed after {reply.cut_after} bytes of the body.")
        return reply.response


def _steps(script: Iterable[Step]) -> Iterator[Step]:
    if not isinstance(script, Iterable):
        raise ConfigurationError(f"A script is a list, a function or an EmulatedAPI, not {type(script).__name__}.")
    # A list that is changed later stays as it was; a generator may be endless.
    return iter(tuple(script) if isinstance(script, Sequence) else script)


async def _play(step: Step, request: Request) -> Response:
    if isinstance(step, Response):
        return step
    if isinstance(step, BaseException) or (isinstance(step, type) and issubclass(step, BaseException)):
        raise step
    if not callable(step):
        raise ConfigurationError(f"A step of a script is a Response, an exception or a function, not {step!r}.")
    answer = cast("Handler", step)(request)
    return await answer if inspect.isawaitable(answer) else answer
