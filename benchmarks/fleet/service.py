"""The emulated service with its troubles: an outage, and a burst of refusals. Every answer says when it was made."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from http import HTTPStatus

import attrs

from openrouter_rankings import Request, Response, TaskClassifications
from openrouter_rankings.testing import EmulatedAPI, Reply

DAY = 86400.0


@attrs.frozen
class Span:
    """From ``start`` up to ``end``, in epoch seconds."""

    start: float = math.inf
    end: float = math.inf

    def __contains__(self, now: float) -> bool:
        return self.start <= now < self.end


@attrs.define
class TroubledService:
    """``EmulatedAPI`` with its real limits, but for an outage and a burst of 429s. Every request takes its place.

    Attributes:
        outage: when it gives no answer: in turn a 503, a reset, and silence.
        burst_after: the first request after this time finds another user of the account at work, ...
        burst_seconds: ... who has all places for so long.
        delay: seconds that an answer takes.
        arrivals: when each request arrived.
        refused_for_pace: how many came faster than the limits allow.
        refused_in_burst: how many the burst refused.
        failed: how many the outage failed.
        recovered_at: when the first good answer after the outage reached the fleet.
    """

    outage: Span = attrs.field(factory=Span)
    burst_after: float = math.inf
    burst_seconds: float = 0.0
    delay: float = 0.0
    arrivals: list[float] = attrs.field(factory=list)
    refused_for_pace: int = 0
    refused_in_burst: int = 0
    failed: int = 0
    recovered_at: float = math.inf
    _api: EmulatedAPI = attrs.field(factory=EmulatedAPI)
    _burst: Span = attrs.field(factory=Span)

    def reply(self, request: Request, now: float) -> Reply:
        """What the service does with ``request`` when it arrives at ``now``."""
        self.arrivals.append(now)
        ordinary = self._api.reply(request, now).response
        if ordinary.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.refused_for_pace += 1
            return Reply(ordinary, delay=self.delay)
        if now in self.outage:
            return self._failure(ordinary)
        if now >= self.burst_after and self._burst.start == math.inf:
            self._burst = Span(now, now + self.burst_seconds)
        if now in self._burst:
            self.refused_in_burst += 1
            # It does not say how long: the real one may not.
            return Reply(Response(429), delay=self.delay)
        if now >= self.outage.end:
            self.recovered_at = min(self.recovered_at, now + self.delay)
        return Reply(_stamped(ordinary, now), delay=self.delay)

    @property
    def most_in_a_day(self) -> int:
        """The most requests that arrived in any 24 hours."""
        begins = (bisect_left(self.arrivals, at - DAY) for at in self.arrivals)
        return max((number - begin for number, begin in enumerate(begins, start=1)), default=0)

    def _failure(self, ordinary: Response) -> Reply:
        self.failed += 1
        kinds = (Reply(Response(503), delay=self.delay), Reply(ordinary, reset=True), Reply(ordinary, delay=math.inf))
        return kinds[self.failed % len(kinds)]


def made_at(answer: TaskClassifications) -> float:
    """When ``TroubledService`` made this answer, in epoch seconds."""
    return float(answer.classifications[0].display_name)


def _stamped(response: Response, now: float) -> Response:
    """The answer with its first task alone, named with the present instant: the figures are the same all day.

    A fleet is about requests and ages. To decode the other tasks for a thousand clients takes most of the time.
    """
    document = json.loads(response.body)
    document["data"]["classifications"] = document["data"]["classifications"][:1]
    document["data"]["classifications"][0]["display_name"] = repr(now)
    return attrs.evolve(response, body=json.dumps(document).encode())
