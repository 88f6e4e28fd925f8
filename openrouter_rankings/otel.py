"""Spans and metrics by OpenTelemetry (extra ``otel``).

::

    from openrouter_rankings import AiohttpTransport, RankingsClient
    from openrouter_rankings.otel import Telemetry

    telemetry = Telemetry()
    client = RankingsClient(transport=telemetry.traced(AiohttpTransport()), on_event=telemetry.on_event)

Spans and ``http.client.request.duration`` follow the semantic conventions for HTTP. The package ``opentelemetry-api``
alone does nothing with them: the application chooses an SDK and exporters.

The metrics:

- ``http.client.request.duration`` (histogram, s): exchanges with the service; their number is that of the requests
- ``openrouter_rankings.cache.served`` (counter): calls answered by the cache, by ``openrouter_rankings.cache.how``
- ``openrouter_rankings.answer.age`` (histogram, s): the age of the answers that the cache served
- ``openrouter_rankings.retries`` (counter): requests that are repeated, by ``error.type``
- ``openrouter_rankings.quota.left`` (gauge): what the quota had left after the last request, by
  ``openrouter_rankings.quota.window``, which is "minute" or "day"
- ``openrouter_rankings.quota.wait`` (histogram, s): waits for a slot of the quota
- ``openrouter_rankings.quota.refused`` (counter): requests that the quota refused
- ``openrouter_rankings.decode.time`` (histogram, s): decoding of responses, on the event loop

Attributes of our own begin with ``openrouter_rankings.``. No attribute holds the API key.
"""

from __future__ import annotations

import asyncio
import time
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from openrouter_rankings import __version__
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.events import (
    Decoded,
    Event,
    QuotaAcquired,
    QuotaRefused,
    QuotaWaited,
    RetryScheduled,
    ServedFromCache,
)
from openrouter_rankings.installing import install_command
from openrouter_rankings.messages import Request, Response, key_of
from openrouter_rankings.redaction import redact_place

try:
    from opentelemetry.metrics import Histogram, MeterProvider, get_meter
    from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, TracerProvider, get_tracer
except ImportError as _error:
    raise ConfigurationError(
        f"openrouter_rankings.otel needs opentelemetry-api, which is not installed: {install_command('otel')}."
    ) from _error

if TYPE_CHECKING:
    from openrouter_rankings.clock import Clock
    from openrouter_rankings.transports.protocol import Transport

__all__ = ["Telemetry", "TracedTransport"]

_NAME = "openrouter_rankings"

# As the semantic conventions advise for the duration of HTTP requests.
_DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_WAITS = (0.1, 1, 2, 5, 10, 20, 30, 60, 120)
# From a minute, for which the service calls an answer fresh, to a day, after which the cache drops it.
_AGES = (1, 10, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600, 86400)

Attributes = dict[str, str | int | bool]


class Telemetry:
    """Makes spans and metrics of what a client does.

    Args:
        tracer_provider: makes the tracer; the global one if None.
        meter_provider: makes the meter; the global one if None.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer = get_tracer(_NAME, __version__, tracer_provider)
        meter = get_meter(_NAME, __version__, meter_provider)

        def histogram(name: str, description: str, bounds: tuple[float, ...]) -> Histogram:
            return meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=bounds)

        self._exchanges = histogram("http.client.request.duration", "Duration of HTTP client requests.", _DURATIONS)
        self._ages = histogram(f"{_NAME}.answer.age", "Age of answers served by the cache.", _AGES)
        self._waits = histogram(f"{_NAME}.quota.wait", "Waits for a slot of the quota.", _WAITS)
        self._decoding = histogram(f"{_NAME}.decode.time", "Decoding of responses.", _DURATIONS)
        self._served = meter.create_counter(f"{_NAME}.cache.served", "{call}", "Calls answered by the cache.")
        self._retries = meter.create_counter(f"{_NAME}.retries", "{retry}", "Requests that are repeated.")
        self._refused = meter.create_counter(f"{_NAME}.quota.refused", "{request}", "Requests the quota refused.")
        self._left = meter.create_gauge(f"{_NAME}.quota.left", "{request}", "Requests the quota has left.")

    def traced(self, transport: Transport) -> TracedTransport:
        """``transport`` with a client span and a measured duration for each exchange.

        Place it innermost, so that each attempt has a span of its own, in the context of the call that sends it.
        """
        return TracedTransport(transport, self._tracer, self._exchanges)

    def on_event(self, event: Event) -> None:
        """Count an event; the client's ``on_event``."""
        about: Attributes = {"http.request.method": event.method, "url.template": event.path}
        match event:
            case ServedFromCache(age=age, how=how):
                served = about | {f"{_NAME}.cache.how": how}
                self._served.add(1, served)
                if how != "repeated failure":
                    self._ages.record(age, served)
            case RetryScheduled(reason=reason):
                self._retries.add(1, about | {"error.type": str(reason)})
            case QuotaAcquired(minute_remaining=minute, day_remaining=day):
                self._left.set(minute, {f"{_NAME}.quota.window": "minute"})
                self._left.set(day, {f"{_NAME}.quota.window": "day"})
            case QuotaWaited(wait=wait):
                self._waits.record(wait, about)
            case QuotaRefused(background=background):
                self._refused.add(1, about | {f"{_NAME}.background": background})
            case Decoded(seconds=seconds, valid=valid):
                self._decoding.record(seconds, about | {f"{_NAME}.valid": valid})
            case _:
                pass  # Exchanges have spans.


class TracedTransport:
    """A transport with a client span and a measured duration for each exchange. Made by ``Telemetry.traced``.

    Args:
        transport: sends the requests.
        tracer: makes the spans.
        durations: takes the durations in seconds.
    """

    def __init__(self, transport: Transport, tracer: Tracer, durations: Histogram) -> None:
        self._transport = transport
        self._tracer = tracer
        self._durations = durations
        # A client lives in the time of its transport.
        clock: Clock | None = getattr(transport, "clock", None)
        if clock is not None:
            self.clock: Clock = clock

    async def send(self, request: Request) -> Response:
        """Send ``request`` within a span; see ``Transport`` for what it raises."""
        url = _without_key(request)
        shared = _place_of(request.method, url)
        began = time.perf_counter()
        with self._tracer.start_as_current_span(
            f"{request.method} {shared['url.template']}",
            kind=SpanKind.CLIENT,
            attributes=shared | {"url.full": url} | _attributes_of(request),
            # An exception's text and traceback say no more than its class, and are not for a backend.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            outcome: Attributes = {}
            try:
                response = await self._transport.send(request)
                outcome = _outcome_of(response)
            except BaseException as error:
                cancelled = isinstance(error, asyncio.CancelledError)
                outcome = {"error.type": "cancelled" if cancelled else type(error).__name__}
                raise
            finally:
                span.set_attributes(outcome)
                if "error.type" in outcome:
                    span.set_status(Status(StatusCode.ERROR))
                self._durations.record(time.perf_counter() - began, shared | outcome)
        return response

    async def aclose(self) -> None:
        """Close the transport below."""
        await self._transport.aclose()


@lru_cache(maxsize=64)
def _place_of(method: str, url: str) -> Attributes:
    """What spans and durations say of a request: few different values, whatever is asked for."""
    parts = urlsplit(url)
    return {
        "http.request.method": method,
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
        "url.scheme": parts.scheme,
        "url.template": parts.path,
    }


def _without_key(request: Request) -> str:
    key = key_of(request)
    return redact_place(request.url, key)


def _attributes_of(request: Request) -> Attributes:
    """What spans alone say of a request."""
    attributes: Attributes = {}
    resends = request.extensions.get("resend_count")
    if resends:
        attributes["http.request.resend_count"] = resends
    if request.extensions.get("background"):
        attributes[f"{_NAME}.background"] = True
    return attributes


def _outcome_of(response: Response) -> Attributes:
    outcome: Attributes = {"http.response.status_code": response.status}
    return outcome | {"error.type": str(response.status)} if response.status >= 400 else outcome
