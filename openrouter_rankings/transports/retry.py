"""Retries as a transport: when the service asks for it, or after a growing pause."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, cast

import attrs
import backoff

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import QuotaExceededError, TransportError
from openrouter_rankings.log import logger
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.retry_after import requested_wait
from openrouter_rankings.transports.deadline import latest_start
from openrouter_rankings.transports.outcome import Outcome, is_failure
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.validators import is_count, is_number

if TYPE_CHECKING:
    from backoff.types import Details

__all__ = ["RetryPolicy", "RetryTransport"]

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 3600.0

# Callers who were asked to wait are spread over a tenth of the wait, within these bounds in seconds.
_SPREAD = 0.1
_LEAST_SPREAD = 0.2
_MOST_SPREAD = 5.0


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and for how long a call may be repeated.

    Attributes:
        max_attempts: how many requests one call may send, the first included; 1 never retries.
        max_wait: the most seconds that the service may ask to wait; if it asks for more, its error is raised
            immediately. After such a wait callers are spread over up to 5 s more, so that they do not return at once.
            Pauses that the service does not ask for are no longer than this.
        max_elapsed: seconds from the start of the call within which every attempt must be sent, the wait for the quota
            included. A wait that would pass this is not begun: the error is raised immediately.
    """

    max_attempts: int = attrs.field(default=4, validator=is_count)
    max_wait: float = attrs.field(default=60.0, validator=is_number(0))
    max_elapsed: float = attrs.field(default=120.0, validator=is_number(0))


class RetryTransport:
    """Repeats exchanges that may end better: a 429, a 5XX other than 501, and an exchange that failed.

    It never asks earlier than the service wants (``Retry-After``, ``X-RateLimit-Reset``), and a little later, so that a
    fleet does not return in one instant. Where the service does not say, the pauses grow exponentially from 1 s, with
    full jitter. The caller gets the outcome of the last attempt. Each retry is a record on the logger
    ``openrouter_rankings``.

    A request can bring a policy of its own, or None for no retries, as the extension ``"retry"``. No pause passes the
    deadline of its call.

    Args:
        transport: sends each attempt.
        policy: how often and for how long; None does not retry.
        clock: the time to wait in; the system's if not given.
    """

    def __init__(
        self,
        transport: Transport,
        policy: RetryPolicy | None = RetryPolicy(),
        *,
        clock: Clock | None = None,
    ) -> None:
        self._transport = transport
        self._policy = policy
        self._clock = clock or SystemClock()

    async def send(self, request: Request) -> Response:
        """The outcome of the last attempt; see ``Transport`` for what it raises."""
        policy: RetryPolicy | None = request.extensions.get("retry", self._policy)
        if policy is None:
            return await self._transport.send(request)
        began: float = request.extensions.get("began", self._clock.monotonic())
        start_by = began + policy.max_elapsed
        request = request.extended(start_by=start_by)
        outcome = await _attempt(self._transport, request)
        if is_failure(outcome):
            outcome = await self._repeat(_Call(self._transport, request, policy, self._clock, outcome))
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    async def _repeat(self, call: _Call) -> Outcome:
        attempts = backoff.on_predicate(
            call.waits,
            is_failure,
            max_tries=call.policy.max_attempts,
            jitter=None,
            on_backoff=call.pause,
            logger=None,
        )
        return await attempts(call.attempt)()

    async def aclose(self) -> None:
        """Close the transport below."""
        await self._transport.aclose()


async def _attempt(transport: Transport, request: Request) -> Outcome:
    try:
        return await transport.send(request)
    except TransportError as error:
        return error


@attrs.define
class _Call:
    """One call that began with a failure, in the parts that ``backoff`` asks for."""

    transport: Transport
    request: Request
    policy: RetryPolicy
    clock: Clock
    outcome: Outcome
    attempts: int = 0
    wait: float = 0.0
    refused: bool = False

    async def attempt(self) -> Outcome:
        # The first attempt was made before there was a need for a loop: most calls never have one.
        if self.attempts:
            extensions = {**self.request.extensions, "resend_count": self.attempts}
            try:
                self.outcome = await _attempt(self.transport, attrs.evolve(self.request, extensions=extensions))
            except QuotaExceededError:
                # The caller learns more from the failure that was to be repeated.
                self.refused = True
        self.attempts += 1
        return self.outcome

    def waits(self) -> Generator[float, Any, None]:
        """Decide on the wait after each outcome, and end when there is none to be had.

        ``backoff`` would sleep in real time and shorten a wait that does not fit. So it sleeps for 0 s, and
        ``pause`` waits on the clock instead.
        """
        pauses = backoff.expo(factor=_FIRST_PAUSE, max_value=min(self.policy.max_wait, _LONGEST_PAUSE))
        next(pauses)
        yield 0.0
        while not self.refused:
            wait = self._wait(pauses.send(None))
            if wait is None:
                return
            self.wait = wait
            yield 0.0

    def _wait(self, pause: float) -> float | None:
        """Seconds until the next attempt; None if there is to be none."""
        remaining = latest_start(self.request) - self.clock.monotonic()
        asked = self._asked_wait()
        if asked is None:
            wait = backoff.full_jitter(pause)
            return wait if wait <= remaining else None
        if asked > min(self.policy.max_wait, remaining):
            return None
        spread = min(max(asked * _SPREAD, _LEAST_SPREAD), _MOST_SPREAD, remaining - asked)
        return asked + backoff.full_jitter(spread)

    def _asked_wait(self) -> float | None:
        """Seconds that the service wants, or else the quota where the service did not say."""
        if not isinstance(self.outcome, Response):
            return None
        asked = requested_wait(self.outcome, self.clock.time())
        return self.outcome.extensions.get("blocked_for") if asked is None else asked

    async def pause(self, details: Details) -> None:
        from openrouter_rankings.events import RetryScheduled, about, notify

        outcome = cast("Outcome", details.get("value"))
        status = outcome.status if isinstance(outcome, Response) else None
        reason = status or type(outcome).__name__
        described = about(self.request)
        path = described["path"]
        if "on_event" in self.request.extensions:
            event = RetryScheduled(**described, attempt=details["tries"], reason=reason, wait=self.wait)
            notify(self.request, event)
        logger.warning(
            "%s %s: attempt %d got %s; trying again in %.1f s at the earliest",
            self.request.method,
            path,
            details["tries"],
            reason,
            self.wait,
            extra={"attempt": details["tries"], "status": status, "wait": self.wait, "path": path},
        )
        await self.clock.sleep(self.wait)
