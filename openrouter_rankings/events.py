"""What a client does, as a stream of typed events: ``RankingsClient(on_event=...)``.

Each event is a value with the method and the path of its request, never the key. They come in the order of what
happens, on the event loop of the client, and a callback must not block. An exception of a callback is logged, and
changes nothing for the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict
from urllib.parse import urlsplit

import attrs

from openrouter_rankings.log import logger
from openrouter_rankings.messages import Request, key_of
from openrouter_rankings.redaction import redact_place

__all__ = [
    "Decoded",
    "Event",
    "ExchangeFailed",
    "How",
    "OnEvent",
    "QuotaAcquired",
    "QuotaRefused",
    "QuotaWaited",
    "RequestSent",
    "ResponseReceived",
    "RetryScheduled",
    "ServedFromCache",
    "about",
    "notify",
]


@attrs.frozen(kw_only=True)
class Event:
    """Base of all events.

    Attributes:
        method: the HTTP method of the request.
        path: the path of its URL, without the query and the key.
    """

    method: str
    path: str


@attrs.frozen(kw_only=True)
class RequestSent(Event):
    """A request goes out to the service.

    Attributes:
        background: whether it is a background refresh, for which no caller waits.
    """

    background: bool


@attrs.frozen(kw_only=True)
class ResponseReceived(Event):
    """A response arrived, of whatever status.

    Attributes:
        status: the HTTP status.
        size: the bytes of the body, decompressed.
        seconds: how long the exchange took.
        background: whether it was a background refresh.
    """

    status: int
    size: int
    seconds: float
    background: bool


@attrs.frozen(kw_only=True)
class ExchangeFailed(Event):
    """An exchange ended without a response.

    Attributes:
        error: the name of the error's class, such as ``RequestTimeoutError``; "cancelled" where nobody waits for the
            answer any more, as after a deadline.
        seconds: how long the exchange took.
        background: whether it was a background refresh.
    """

    error: str
    seconds: float
    background: bool


@attrs.frozen(kw_only=True)
class RetryScheduled(Event):
    """An attempt failed, and another one follows.

    Attributes:
        attempt: the number of the attempt that failed, from 1.
        reason: its HTTP status, or the name of its error's class.
        wait: seconds of the pause before it. Where the quota is full by then, ``QuotaWaited`` says what comes on top.
    """

    attempt: int
    reason: int | str
    wait: float


@attrs.frozen(kw_only=True)
class QuotaAcquired(Event):
    """A request has its slot of the quota, and goes out.

    Attributes:
        minute_remaining: how many more requests the quota has for this minute.
        day_remaining: how many more it has for this day.
    """

    minute_remaining: int
    day_remaining: int


@attrs.frozen(kw_only=True)
class QuotaWaited(Event):
    """A request queues for a slot of the quota.

    Attributes:
        wait: the seconds until its slot, as far as known.
    """

    wait: float


@attrs.frozen(kw_only=True)
class QuotaRefused(Event):
    """The quota has no slot in time. Nothing was sent.

    Attributes:
        retry_after: seconds until the next slot.
        background: whether it was a background refresh.
    """

    retry_after: float
    background: bool


How = Literal["fresh", "stale", "instead of an error", "repeated failure"]
"""How the cache answers a call.

- ``"stale"``: while the response is refreshed, or because the call accepts it.
- ``"instead of an error"``: the service failed, and there is an older response.
- ``"repeated failure"``: the service failed before, and is being left alone.
"""


@attrs.frozen(kw_only=True)
class ServedFromCache(Event):
    """A call is answered by the cache.

    Attributes:
        age: the age of the response in seconds; of a repeated failure, the seconds since the first one in a row.
        how: how the cache answers.
    """

    age: float
    how: How


@attrs.frozen(kw_only=True)
class Decoded(Event):
    """A response was decoded.

    Attributes:
        seconds: how long that took, on the event loop.
        valid: whether it is what the service promises.
    """

    seconds: float
    valid: bool


OnEvent = Callable[[Event], object]
"""A callback for each event."""


class About(TypedDict):
    """What every event says of its request."""

    method: str
    path: str


def about(request: Request) -> About:
    """What every event says of ``request``."""
    key = key_of(request)
    return {"method": request.method, "path": redact_place(urlsplit(request.url).path, key)}


def notify(request: Request, event: Event) -> None:
    """Call the request's ``"on_event"``. Check first whether there is one, to avoid building an event for nobody."""
    on_event: OnEvent = request.extensions["on_event"]
    try:
        on_event(event)
    except Exception:
        logger.exception("on_event raised an exception for %r", event)
