"""The transport that asks again: when the service says, or after a growing pause."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import attrs
import backoff

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError, TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.retry_after import requested_wait
from openrouter_rankings.transports.protocol import Transport

if TYPE_CHECKING:
    from backoff.types import Details

__all__ = ["RetryPolicy", "RetryTransport"]

_logger = logging.getLogger("openrouter_rankings")

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 3600.0

# How far callers who were sent away together are spread: by a tenth of the wait, within these bounds in seconds.
_SPREAD = 0.1
_LEAST_SPREAD = 0.2
_MOST_SPREAD = 5.0

Outcome = Response | TransportError


def _at_least(minimum: float) -> Callable[[object, attrs.Attribute[Any], Any], None]:
    def check(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not (isinstance(value, (int, float)) and value >= minimum):
            raise ConfigurationError(f"{attribute.name} must be a number of at least {minimum:g}, not {value!r}.")

    return check


def _is_count(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number of at least 1, not {value!r}.")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how long a call may be repeated.

    Attributes:
        max_attempts: how many requests one call may send, the first included; 1 never retries.
        max_wait: the most seconds that the service may ask to wait. If it asks for more, its error is raised at once.
            Callers who were asked to wait are spread over at most 5 s on top. Pauses that it does not ask for stay
            below.
        max_elapsed: seconds from the start of the call within which the last attempt must begin. A wait that would pass
            it is not begun: the error is raised at once.
    """

    max_attempts: int = attrs.field(default=4, validator=_is_count)
    max_wait: float = attrs.field(default=60.0, validator=_at_least(0))
    max_elapsed: float = attrs.field(default=120.0, validator=_at_least(0))


class RetryTransport:
    """Repeats what is worth repeating: a 429, a 5XX other than 501, and an exchange that failed.

    It never asks earlier than the service wants (``Retry-After``, ``X-RateLimit-Reset``), and a little later, so that a
    fleet does not return in one instant. Without such a wish the pauses grow exponentially from 1 s, with full jitter.
    What the last attempt gave is what the caller gets. Each retry is a record on the logger ``openrouter_rankings``.

    Args:
        transport: what sends each attempt.
        policy: how often and how long.
        clock: the time to wait in; the system's if not given.
    """

    def __init__(self, transport: Transport, policy: RetryPolicy | None = None, *, clock: Clock | None = None) -> None:
        self._transport = transport
        self._policy = policy or RetryPolicy()
        self._clock = clock or SystemClock()

    async def send(self, request: Request) -> Response:
        started = self._clock.monotonic()
        outcome = await _attempt(self._transport, request)
        if _is_worth_repeating(outcome):
            outcome = await self._repeat(_Call(self._transport, request, self._policy, self._clock, started, outcome))
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    async def _repeat(self, call: _Call) -> Outcome:
        attempts = backoff.on_predicate(
            call.waits,
            _is_worth_repeating,
            max_tries=self._policy.max_attempts,
            jitter=None,
            on_backoff=call.pause,
            logger=None,
        )
        return await attempts(call.attempt)()

    async def aclose(self) -> None:
        await self._transport.aclose()


async def _attempt(transport: Transport, request: Request) -> Outcome:
    try:
        return await transport.send(request)
    except TransportError as error:
        return error


def _is_worth_repeating(outcome: Outcome) -> bool:
    if isinstance(outcome, TransportError):
        return True
    return outcome.status == 429 or (500 <= outcome.status <= 599 and outcome.status != 501)


@attrs.define
class _Call:
    """One call that began with a failure, in the parts that ``backoff`` asks for."""

    transport: Transport
    request: Request
    policy: RetryPolicy
    clock: Clock
    started: float
    first: Outcome | None
    wait: float = 0.0

    async def attempt(self) -> Outcome:
        # The first attempt was made before there was a need for a loop: most calls never have one.
        if self.first is None:
            return await _attempt(self.transport, self.request)
        outcome, self.first = self.first, None
        return outcome

    def waits(self) -> Generator[float, Any, None]:
        """Decide on the wait after each outcome, and end when there is none to be had.

        ``backoff`` would sleep in real time and shorten a wait that does not fit. So it is told to sleep for 0 s, and
        ``pause`` waits on the clock instead.
        """
        pauses = backoff.expo(factor=_FIRST_PAUSE, max_value=min(self.policy.max_wait, _LONGEST_PAUSE))
        next(pauses)
        outcome = yield 0.0
        while True:
            pause = pauses.send(None)
            remaining = self.policy.max_elapsed - (self.clock.monotonic() - self.started)
            wait = self._wait_after(outcome, pause, remaining)
            if wait is None:
                return
            self.wait = wait
            outcome = yield 0.0

    def _wait_after(self, outcome: Outcome, pause: float, remaining: float) -> float | None:
        asked = requested_wait(outcome, self.clock.time()) if isinstance(outcome, Response) else None
        if asked is None:
            wait = backoff.full_jitter(pause)
            return wait if wait <= remaining else None
        if asked > min(self.policy.max_wait, remaining):
            return None
        spread = min(max(asked * _SPREAD, _LEAST_SPREAD), _MOST_SPREAD, remaining - asked)
        return asked + backoff.full_jitter(spread)

    async def pause(self, details: Details) -> None:
        outcome = cast("Outcome", details.get("value"))
        status = outcome.status if isinstance(outcome, Response) else None
        path = urlsplit(self.request.url).path
        _logger.warning(
            "%s %s: attempt %d got %s; trying again in %.1f s",
            self.request.method,
            path,
            details["tries"],
            status or type(outcome).__name__,
            self.wait,
            extra={"attempt": details["tries"], "status": status, "wait": self.wait, "path": path},
        )
        await self.clock.sleep(self.wait)
