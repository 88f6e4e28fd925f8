"""The Data API in memory: a function of the request and the time, without I/O."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.testing.faults import Fault, FaultScript
from openrouter_rankings.testing.rate_limits import RateLimits, Refusal
from openrouter_rankings.testing.responses import encoded, error_response, json_headers, success_body
from openrouter_rankings.testing.routes import ROUTES, Route
from openrouter_rankings.testing.routes.query import BadQueryError, Query
from openrouter_rankings.transports.fake import Reply

__all__ = ["EmulatedAPI", "RetryHint"]

RetryHint = Literal["retry-after", "headers", "metadata"]
"""Where a 429 says when to retry: in ``Retry-After``, in ``X-RateLimit-*`` fields, or in the error's metadata."""

_RETRY_HINTS: tuple[RetryHint, ...] = get_args(RetryHint)
_CACHE_CONTROL = "private, max-age=60, stale-while-revalidate=300"

# Twenty times the requests that the service allows in a day.
_LOGGED_REQUESTS = 10_000


class EmulatedAPI:
    """Answers as the Data API is documented to, below any base URL, with synthetic figures.

    It knows ``/classifications/task``, ``/datasets/rankings-daily``, ``/datasets/app-rankings``,
    ``/datasets/session-cost`` and ``/benchmarks``. Pass it to ``FakeTransport`` or to ``serve``. Vendors, models, apps
    and figures are invented; tags and parameter values are the real ones. Every 200 says so: its JSON has
    ``"synthetic": true`` beside ``data``. The figures depend on the query, the seed and the time of the request alone.

    A request is checked in this order: path (404), method (405), key (401), both limits (429), query (400). The limits
    are sliding windows over the times of arrival: any 60 s per key, and any 24 h for the account, to which all keys
    belong. A request that passes the limits counts towards both, whatever the answer; one that fails before, or at the
    limits, counts towards neither. ``Retry-After`` is therefore exactly when the next request is allowed.

    Args:
        seed: selects the market; equal seeds give equal figures.
        per_minute: requests allowed in any 60 s for each key.
        per_day: requests allowed in any 24 h for the account.
        keys: the accepted keys; None accepts any key that is not empty.
        faults: faults to inject, as for ``misbehave``; may be endless, such as ``itertools.repeat(503)``.
        retry_hints: how a 429 of the limits says when to retry, in any combination: ``"retry-after"`` is the
            ``Retry-After`` field, ``"headers"`` the ``X-RateLimit-*`` fields, ``"metadata"`` the same fields in
            ``error.metadata.headers`` of the body. By default all three; empty gives a 429 that says nothing.
        cache_control_everywhere: send the ``Cache-Control`` that is documented for classifications with every data set.

    Attributes:
        requests: the last 10,000 requests, in order of arrival.

    Raises:
        ConfigurationError: a limit is below 1, ``keys`` or ``retry_hints`` is a single string, or a hint is unknown.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        per_minute: int = 30,
        per_day: int = 500,
        keys: Collection[str] | None = None,
        faults: Iterable[Fault | int | None] = (),
        retry_hints: Collection[RetryHint] = _RETRY_HINTS,
        cache_control_everywhere: bool = False,
    ) -> None:
        if isinstance(keys, str):
            raise ConfigurationError("keys must be a collection of keys, such as ['test-key'], not a single string.")
        if isinstance(retry_hints, str) or not set(retry_hints) <= set(_RETRY_HINTS):
            raise ConfigurationError(f"retry_hints must be a collection of {_RETRY_HINTS}, not {retry_hints!r}.")
        self.requests: list[Request] = []
        self._seed = seed
        self._keys = None if keys is None else frozenset(keys)
        self._limits = RateLimits(per_minute, per_day)
        self._retry_hints = frozenset(retry_hints)
        self._cache_control_everywhere = cache_control_everywhere
        self._faults = FaultScript()
        self._faults.extend(faults)

    def misbehave(self, *faults: Fault | int | None) -> None:
        """Inject faults: one per request, in order, after those already waiting; then the service behaves again.

        A fault changes the answer only: its request counts towards the limits and is listed in ``requests`` like any
        other.

        Args:
            faults: each a ``Fault``; or a status, short for ``Fault(status)``; or None for an ordinary answer.
        """
        self._faults.extend(faults)

    def reply(self, request: Request, now: float) -> Reply:
        """What the service does with ``request`` when it arrives at ``now`` (epoch seconds).

        Raises:
            ConfigurationError: the next step of the script is not a ``Fault``, a status or None.
        """
        self.requests.append(request)
        del self.requests[:-_LOGGED_REQUESTS]
        return self._faults.next().applied_to(self._answer(request, now), now)

    def _answer(self, request: Request, now: float) -> Response:
        url = urlsplit(request.url)
        route = next((route for end, route in ROUTES.items() if url.path.endswith(end)), None)
        if route is None:
            return error_response(404, f"There is nothing at {url.path}.", now)
        if request.method != "GET":
            message = f"{request.method} is not allowed here: use GET."
            return error_response(405, message, now, headers={"Allow": "GET"})
        key = _bearer_key(request.headers)
        if not key:
            return error_response(401, "No API key was sent: send Authorization: Bearer <key>.", now)
        if self._keys is not None and key not in self._keys:
            return error_response(401, "This API key is not known.", now)
        refusal = self._limits.admit(key, now)
        if refusal is not None:
            return self._too_many_requests(refusal, now)
        return self._document(route, url.query, now)

    def _document(self, route: Route, query: str, now: float) -> Response:
        instant = datetime.fromtimestamp(now, UTC)
        minute = instant.replace(second=0, microsecond=0)
        try:
            data, meta = _encoded(route, query, minute if route.live else minute.replace(hour=0, minute=0), self._seed)
        except BadQueryError as error:
            return error_response(400, str(error), now)
        headers = json_headers(now)
        if route.has_cache_control or self._cache_control_everywhere:
            headers["Cache-Control"] = _CACHE_CONTROL
        return Response(200, headers, success_body(data, meta, instant))

    def _too_many_requests(self, refusal: Refusal, now: float) -> Response:
        retry_after = {"Retry-After": str(math.ceil(refusal.retry_at - now))}
        limit_fields = {
            "X-RateLimit-Limit": str(refusal.limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(math.ceil(refusal.retry_at * 1000)),
        }
        hints = self._retry_hints
        headers = (retry_after if "retry-after" in hints else {}) | (limit_fields if "headers" in hints else {})
        metadata = {"headers": limit_fields} if "metadata" in hints else None
        message = f"Rate limit exceeded: {refusal.limit} requests {refusal.scope}."
        return error_response(429, message, now, headers=headers, metadata=metadata)


# Few entries, since an answer can have 2 MB.
@lru_cache(maxsize=16)
def _encoded(route: Route, query: str, now: datetime, seed: int) -> tuple[bytes, Mapping[str, Any] | None]:
    """The data as JSON and what it says of itself, for a ``now`` cut down to what the route depends on."""
    document = route.answer(Query(query), now, seed)
    return encoded(document["data"]), document.get("meta")


def _bearer_key(headers: Headers) -> str:
    scheme, _, key = headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
