"""A client that tells where its answers come from, and what it waits for."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from openrouter_rankings.cli.streams import trace
from openrouter_rankings.client import CallOptions, RankingsClient
from openrouter_rankings.messages import Request, Response, key_of
from openrouter_rankings.models.synthetic import SYNTHETIC, is_synthetic
from openrouter_rankings.redaction import redact_place
from openrouter_rankings.render.listing import printable
from openrouter_rankings.transports.protocol import Transport

if TYPE_CHECKING:
    from openrouter_rankings.endpoints import Endpoint

__all__ = ["ObservedClient", "Pauses", "Wire"]

T = TypeVar("T")


class Wire:
    """A transport that knows what is under way.

    Attributes:
        in_flight: how many requests are with the service now.
        answers: the bodies that the service gave.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.in_flight: int = 0
        self.answers: list[bytes] = []

    async def send(self, request: Request) -> Response:
        key = key_of(request)
        target = redact_place(request.url.partition(urlsplit(request.url).netloc)[2], key)
        began = time.monotonic()
        self.in_flight += 1
        try:
            response = await self._transport.send(request)
        finally:
            self.in_flight -= 1
        if response.status == 200:
            self.answers.append(response.body)
        seconds = time.monotonic() - began
        size = len(response.body)
        trace(printable(f"{request.method} {target}: {response.status} in {seconds:.2f} s, {size:,} bytes."))
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


class ObservedClient(RankingsClient):
    """Notes of its answers whether they come from the cache, and whether they say that they are invented.

    Attributes:
        wire: the innermost transport.
        has_cached: an answer came from the cache.
        has_synthetic: an answer says that its figures are invented.
    """

    def __init__(self, wire: Wire, **settings: Any) -> None:
        super().__init__(transport=wire, **settings)
        self.wire = wire
        self.has_cached: bool = False
        self.has_synthetic: bool = False

    async def reset_quota(self) -> None:
        """Forget what was sent to this service with this key, and its last 429.

        Raises:
            StoreError: the quota's store cannot be used.
        """
        await self._kept_quota().reset(Request("GET", self._base_url, self._headers))

    async def _exchange(self, endpoint: Endpoint[T], options: CallOptions) -> tuple[T, Response]:
        value, response = await super()._exchange(endpoint, options)
        trace(printable(f"{endpoint.target}: {response.headers.get('Cache-Status', 'not cached')}."))
        self.has_cached |= not any(response.body is body for body in self.wire.answers)
        self.has_synthetic |= _says_synthetic(response.body)
        return value, response


def _says_synthetic(body: bytes) -> bool:
    # Few answers hold the word, and only those are parsed for it.
    return SYNTHETIC.encode() in body and is_synthetic(json.loads(body))


class Pauses(logging.Handler):
    """Notes until when the client waits before it sends a request again.

    Attributes:
        until: the instant on the monotonic clock.
    """

    def __init__(self) -> None:
        super().__init__()
        self.until: float = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        self.until = time.monotonic() + getattr(record, "wait", 0.0)
