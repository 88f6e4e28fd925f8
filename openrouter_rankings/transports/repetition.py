"""How a call that began with a failure is repeated: ``backoff`` runs the attempts, and the clock does the waiting."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, cast

import attrs
import backoff

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import QuotaExceededError
from openrouter_rankings.events import RetryScheduled, about, notify
from openrouter_rankings.log import logger
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.retry_after import requested_wait
from openrouter_rankings.transports.deadline import latest_start
from openrouter_rankings.transports.outcome import Outcome, is_failure, outcome_of
from openrouter_rankings.transports.protocol import Transport

if TYPE_CHECKING:
    from backoff.types import Details

__all__ = ["Repetition"]

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 3600.0

# Callers who were asked to wait are spread over a tenth of the wait, within these bounds in seconds.
_SPREAD = 0.1
_LEAST_SPREAD = 0.2
_MOST_SPREAD = 5.0


@attrs.define(kw_only=True)
class Repetition:
    """One call that began with a failure, in the parts that ``backoff`` asks for.

    Attributes:
        transport: sends each attempt.
        request: what is repeated.
        clock: the time to wait in.
        max_attempts: as in ``RetryPolicy``.
        max_wait: as in ``RetryPolicy``.
        outcome: how the last attempt ended.
        attempts: how many there were.
        wait: seconds until the next one.
        refused: whether the quota refused one.
    """

    transport: Transport
    request: Request
    clock: Clock
    max_attempts: int
    max_wait: float
    outcome: Outcome
    attempts: int = 0
    wait: float = 0.0
    refused: bool = False

    async def run(self) -> Outcome:
        """The outcome of the last attempt."""
        attempts = backoff.on_predicate(
            self.waits,
            is_failure,
            max_tries=self.max_attempts,
            jitter=None,
            on_backoff=self.pause,
            logger=None,
        )
        return await attempts(self.attempt)()

    async def attempt(self) -> Outcome:
        # The first attempt was made before there was a need for a loop: most calls never have one.
        if self.attempts:
            extensions = {**self.request.extensions, "resend_count": self.attempts}
            try:
                self.outcome = await outcome_of(self.transport, attrs.evolve(self.request, extensions=extensions))
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
        pauses = backoff.expo(factor=_FIRST_PAUSE, max_value=min(self.max_wait, _LONGEST_PAUSE))
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
        if asked > min(self.max_wait, remaining):
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
