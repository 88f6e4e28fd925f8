"""Retries as a transport: when the service asks for it, or after a growing pause."""

from __future__ import annotations

import attrs

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.outcome import Outcome, is_failure, outcome_of
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.validators import is_count, is_number

__all__ = ["RetryPolicy", "RetryTransport"]


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
        outcome = await outcome_of(self._transport, request)
        if is_failure(outcome):
            outcome = await self._repeated(request, policy, outcome)
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    async def _repeated(self, request: Request, policy: RetryPolicy, outcome: Outcome) -> Outcome:
        # Most programs never need it.
        from openrouter_rankings.transports.repetition import Repetition

        repetition = Repetition(
            transport=self._transport,
            request=request,
            clock=self._clock,
            max_attempts=policy.max_attempts,
            max_wait=policy.max_wait,
            outcome=outcome,
        )
        return await repetition.run()

    async def aclose(self) -> None:
        """Close the transport below."""
        await self._transport.aclose()
