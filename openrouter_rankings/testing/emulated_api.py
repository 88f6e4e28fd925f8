"""The Data API in memory: a function of the request and of the time, without I/O."""

from __future__ import annotations

import itertools
import json
import math
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import formatdate
from functools import lru_cache
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.testing.routes import ROUTES, Route
from openrouter_rankings.testing.routes.query import BadQueryError, Query
from openrouter_rankings.transports.fake import Reply

__all__ = ["EmulatedAPI", "Fault"]

_VERSION = "v1"
_CACHE_CONTROL = "private, max-age=60, stale-while-revalidate=300"
_MINUTE = 60.0
_DAY = 86400.0
_NO_HEADERS: Mapping[str, str] = {}


def _check_status(_fault: Fault, _attribute: attrs.Attribute[int | None], status: int | None) -> None:
    if status is not None and status not in range(200, 600):
        raise ConfigurationError(f"A fault's status is an HTTP status from 200 to 599 or None, not {status!r}.")


def _check_not_negative(_fault: Fault, attribute: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None and not value >= 0:
        raise ConfigurationError(f"A fault's {attribute.name} is zero or more, not {value!r}.")


@attrs.frozen
class Fault:
    """How the service misbehaves once. What is not given stays as in the answer that it would have given.

    Attributes:
        status: answers with this status (200 to 599) instead. From 400 on the body is the service's error body, below
            it is empty, unless ``body`` is given. A 429 made so has no ``Retry-After``, as the real one may have none:
            give it in ``headers``.
        headers: header fields to add or to replace.
        body: the body instead, as bytes.
        delay: seconds before the first byte of the answer.
        cut_after: the connection closes after this many bytes of the body.
        reset: the connection is reset instead of an answer.

    Raises:
        ConfigurationError: ``status`` is no status, or ``delay`` or ``cut_after`` is negative.
    """

    status: int | None = attrs.field(default=None, validator=_check_status)
    headers: Headers = attrs.field(converter=Headers, default=Headers(()))
    body: bytes | None = None
    delay: float = attrs.field(default=0.0, validator=_check_not_negative)
    cut_after: int | None = attrs.field(default=None, validator=_check_not_negative)
    reset: bool = False


class EmulatedAPI:
    """Answers as the Data API documents it, below any base URL, with synthetic figures.

    It knows ``/classifications/task``, ``/datasets/rankings-daily``, ``/datasets/app-rankings``,
    ``/datasets/session-cost`` and ``/benchmarks``. Give it to ``FakeTransport`` or to ``serve``. Vendors, models, apps
    and figures are invented; tags and the values of parameters are the real ones. The figures depend on the query, the
    seed and the day alone, and reach up to the day before the request's, in UTC.

    Checked in this order: the path (404), the method (405), the key (401), both limits (429), the query (400). The
    limits are sliding windows over the times of arrival: any 60 s for each key, and any 24 h for the account, to which
    all the keys belong. A request that gets past them takes a place in both, whatever it is answered then. One that
    they refuse takes none, so that ``Retry-After`` is exactly when the next place is free. Nor does a 401 take one.

    Args:
        seed: another seed gives another market.
        per_minute: requests allowed in any 60 s for each key.
        per_day: requests allowed in any 24 h for the account.
        keys: the accepted keys; None accepts every key that is not empty.
        faults: how to misbehave, see ``misbehave``; may be endless, such as ``itertools.repeat(503)``.

    Attributes:
        requests: what arrived, in order.

    Raises:
        ConfigurationError: a limit is below 1, or ``keys`` is a single string.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        per_minute: int = 30,
        per_day: int = 500,
        keys: Collection[str] | None = None,
        faults: Iterable[Fault | int | None] = (),
    ) -> None:
        if isinstance(keys, str):
            raise ConfigurationError("keys is a collection of keys, such as ['test-key'], and not one string.")
        self.requests: list[Request] = []
        self._seed = seed
        self._keys = None if keys is None else frozenset(keys)
        self._faults: Iterator[Fault | int | None] = iter(faults)
        self._day = _Limit("a day for this account", per_day, _DAY)
        minute = _Limit("a minute for this key", per_minute, _MINUTE)
        self._minutes: defaultdict[str, _Limit] = defaultdict(minute.fresh)

    def misbehave(self, *faults: Fault | int | None) -> None:
        """Add to the script of faults, which is played one for each request that arrives; after it the service behaves.

        A fault changes only what comes back: its request is counted in ``requests`` and in the limits like any other.

        Args:
            faults: each a ``Fault``; or a status, short for ``Fault(status)``; or None to behave.
        """
        self._faults = itertools.chain(self._faults, faults)

    def reply(self, request: Request, now: float) -> Reply:
        """What the service does with ``request`` when it arrives at ``now`` (epoch seconds).

        Raises:
            ConfigurationError: the script of faults has something else than a ``Fault``, a status or None.
        """
        self.requests.append(request)
        ordinary = self._answer(request, now)
        step = next(self._faults, None)
        if step is None:
            return Reply(ordinary)
        return _apply(step if isinstance(step, Fault) else Fault(step), ordinary, now)

    def _answer(self, request: Request, now: float) -> Response:
        url = urlsplit(request.url)
        route = _route(url.path)
        if route is None:
            return _error(404, f"There is nothing at {url.path}.", now)
        if request.method != "GET":
            return _error(405, f"{request.method} is not allowed here: use GET.", now, headers={"Allow": "GET"})
        key = _bearer_key(request.headers)
        if not key:
            return _error(401, "No API key was sent: send Authorization: Bearer <key>.", now)
        if self._keys is not None and key not in self._keys:
            return _error(401, "This API key is not known.", now)
        return self._refusal(key, now) or self._document(route, url.query, now)

    def _refusal(self, key: str, now: float) -> Response | None:
        limits = (self._minutes[key], self._day)
        # Of two spent limits the one that frees its place later is told: before that a retry is in vain.
        limit = max(limits, key=_Limit.free_at)
        if limit.free_at() > now:
            return _too_many_requests(limit, now)
        for each in limits:
            each.take(now)
        return None

    def _document(self, route: Route, query: str, now: float) -> Response:
        instant = datetime.fromtimestamp(now, UTC)
        try:
            data, meta = _encoded(route, query, instant.date(), self._seed)
        except BadQueryError as error:
            return _error(400, str(error), now)
        headers = _json_headers(now) | {"Cache-Control": _CACHE_CONTROL}
        return Response(200, headers, _body(data, meta, instant))


class _Limit:
    """At most ``count`` requests in any ``period`` seconds."""

    def __init__(self, name: str, count: int, period: float) -> None:
        if count < 1:
            raise ConfigurationError(f"The limit {name!r} is at least 1 request, not {count!r}.")
        self.name = name
        self.count = count
        self._period = period
        self._taken: deque[float] = deque(maxlen=count)

    def fresh(self) -> _Limit:
        return _Limit(self.name, self.count, self._period)

    def free_at(self) -> float:
        return self._taken[0] + self._period if len(self._taken) == self.count else -math.inf

    def take(self, now: float) -> None:
        self._taken.append(now)


def _route(path: str) -> Route | None:
    return next((route for end, route in ROUTES.items() if path.endswith(end)), None)


# Few, since an answer can be of 2 MB.
@lru_cache(maxsize=16)
def _encoded(route: Route, query: str, today: date, seed: int) -> tuple[bytes, Mapping[str, Any] | None]:
    """The data as JSON, and what is said of it whenever that day it is asked for."""
    document = route(Query(query), today, seed)
    return _json(document["data"]), document.get("meta")


def _body(data: bytes, meta: Mapping[str, Any] | None, instant: datetime) -> bytes:
    if meta is None:
        return b'{"data":%b}' % data
    as_of = instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return b'{"data":%b,"meta":%b}' % (data, _json({"as_of": as_of, "version": _VERSION, **meta}))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _bearer_key(headers: Headers) -> str:
    scheme, _, key = headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _too_many_requests(limit: _Limit, now: float) -> Response:
    headers = {
        "Retry-After": str(math.ceil(limit.free_at() - now)),
        "X-RateLimit-Limit": str(limit.count),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(math.ceil(limit.free_at() * 1000)),
    }
    message = f"Rate limit exceeded: {limit.count} requests {limit.name}."
    return _error(429, message, now, headers=headers, metadata={"headers": headers})


def _error(
    status: int,
    message: str,
    now: float,
    *,
    headers: Mapping[str, str] = _NO_HEADERS,
    metadata: Mapping[str, Any] | None = None,
) -> Response:
    error = {"code": status, "message": message, "metadata": metadata}
    document = {"error": error, "user_id": None, "openrouter_metadata": None}
    return Response(status, {**_json_headers(now), **headers}, _json(document))


def _json_headers(now: float) -> dict[str, str]:
    return {"Content-Type": "application/json", "Date": formatdate(now, usegmt=True)}


def _apply(fault: Fault, ordinary: Response, now: float) -> Reply:
    base = ordinary if fault.status is None else _status_alone(fault.status, now)
    body = base.body if fault.body is None else fault.body
    response = Response(base.status, base.headers.merge(fault.headers), body)
    return Reply(response, delay=fault.delay, cut_after=fault.cut_after, reset=fault.reset)


def _status_alone(status: int, now: float) -> Response:
    if status < 400:
        return Response(status, {"Date": formatdate(now, usegmt=True)})
    return _error(status, f"{responses.get(status, 'Unknown error')}.", now)
