"""Cache entries: a response with what is needed to use it again, and the same as bytes for a store."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

import attrs

from openrouter_rankings.clock import Clock
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.transports.cache.freshness import (
    NO_DIRECTIVES,
    Freshness,
    RequestDirectives,
    is_usable_on_error,
    varying_fields,
)
from openrouter_rankings.transports.identity import digest

__all__ = [
    "CacheEntry",
    "Candidate",
    "Times",
    "conditional",
    "decode_entry",
    "encode_entry",
    "freshen",
    "kept_headers",
    "received_at",
    "varies_of",
    "with_cache_status",
]

# Fields of the connection rather than of the response (RFC 9111, 3.1), and those that may carry credentials.
_NOT_KEPT = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

# Fields of the stored body, which a 304 has no say in (RFC 9111, 3.2; RFC 9110, 15.4.5).
_OF_THE_BODY = frozenset({"content-encoding", "content-length", "content-range", "content-type"})

# Seconds by which the clocks of two machines on one store may differ.
_LARGEST_SKEW = 300.0

_CACHE_NAME = "openrouter-rankings"

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class Times(NamedTuple):
    """When a response came and how long it may be used.

    Attributes:
        freshness: how long it may be used.
        received_at: when it came, in epoch seconds.
        initial_age: its age in seconds when it came.
        kept_since: when it came, on the monotonic clock.
    """

    freshness: Freshness
    received_at: float
    initial_age: float
    kept_since: float

    def age(self, clock: Clock) -> float:
        """The age in seconds.

        The wall clock can be set back, and the monotonic one can stand still while the machine sleeps: neither may make
        a response younger.
        """
        resident = max(clock.time() - self.received_at, clock.monotonic() - self.kept_since)
        return self.initial_age + resident


class Candidate(NamedTuple):
    """An entry as one request sees it.

    Attributes:
        freshness: how long it may be used.
        age: its age in seconds.
        matches: whether it is for this request, by the fields that it varies with (RFC 9111, 4.1).
    """

    freshness: Freshness
    age: float
    matches: bool = True

    def is_usable_on_error(self, directives: RequestDirectives = NO_DIRECTIVES) -> bool:
        """Whether it may be served instead of an error."""
        return self.matches and is_usable_on_error(self.freshness, self.age, directives)


@attrs.define(eq=False)
class CacheEntry:
    """One response of the service, with what is needed to use it again.

    Attributes:
        key: the key that it is kept under.
        response: the response; its extensions hold the value that was decoded from it.
        times: when it came, and how long it may be used.
        varies: each request field that it depends on, with the digest of its value.
        fetched_status: the status that the service sent: 304 where it confirmed an earlier response.
    """

    key: str
    response: Response
    times: Times
    varies: tuple[tuple[str, str], ...] = ()
    fetched_status: int = 200
    _shown: tuple[tuple[int, str, int], Response] | None = attrs.field(init=False, default=None)

    @property
    def size(self) -> int:
        """The bytes that it takes, about; what was decoded from it is not counted."""
        return len(self.response.body) + sum(map(len, chain.from_iterable(self.response.headers.items())))

    def candidate(self, request: Request, clock: Clock) -> Candidate:
        """This entry as ``request`` sees it now."""
        return Candidate(self.times.freshness, self.times.age(clock), self.matches(request))

    def matches(self, request: Request) -> bool:
        """Whether ``request`` has the same values in the fields that the response varies with (RFC 9111, 4.1)."""
        return not self.varies or self.varies == _digests(request, (field for field, _ in self.varies))

    def response_for(self, age: float, handling: str) -> Response:
        """The response with ``Age`` in whole seconds and ``Cache-Status`` (RFC 9211); one object while these last."""
        label = math.floor(age), handling, math.floor(self.times.freshness.lifetime - age)
        if self._shown is None or self._shown[0] != label:
            self._shown = label, self._labelled(*label)
        return self._shown[1]

    def _labelled(self, age: int, handling: str, ttl: int) -> Response:
        handling = f"{handling}; ttl={ttl}" if self.response.status == 200 else handling
        return with_cache_status(self.response, handling, {"Age": str(age)}, times=self.times)


def with_cache_status(
    response: Response, handling: str, others: Mapping[str, str] = _NO_FIELDS, **extensions: object
) -> Response:
    """The response with what the cache did added to its ``Cache-Status`` (RFC 9211), with ``others`` and extensions."""
    upstream = response.headers.get("Cache-Status")
    status = f"{_CACHE_NAME}; {handling}"
    fields = {**others, "Cache-Status": f"{upstream}, {status}" if upstream else status}
    headers = response.headers.merge(fields)
    return Response(response.status, headers, response.body, MappingProxyType({**response.extensions, **extensions}))


def varies_of(request: Request, response: Response) -> tuple[tuple[str, str], ...]:
    """What ``CacheEntry.varies`` is for this response to this request."""
    fields = varying_fields(response)
    return _digests(request, fields) if fields else ()


def conditional(request: Request, entry: CacheEntry) -> Request:
    """``request`` with the validators of ``entry`` (RFC 9110, 13.1), so that the service may answer 304."""
    stored = entry.response.headers
    validators = {"If-None-Match": stored.get("ETag"), "If-Modified-Since": stored.get("Last-Modified")}
    fields = {name: value for name, value in validators.items() if value is not None}
    return request.with_headers(request.headers.merge(fields)) if fields else request


def freshen(entry: CacheEntry, headers: Headers) -> Response | None:
    """The stored response with the fields of a 304 (RFC 9111, 4.3.4); None if the 304 is about another response."""
    stored = entry.response.headers
    if "ETag" in headers and "ETag" in stored and _opaque(headers["ETag"]) != _opaque(stored["ETag"]):
        return None
    news = kept_headers(headers).without(_OF_THE_BODY)
    # The age of the stored response ends with its validation.
    return entry.response.with_headers(stored.without({"age", "date"}).merge(news))


def kept_headers(headers: Headers) -> Headers:
    """The fields that may be kept: without those of the connection, and without cookies."""
    named = headers.get("Connection")
    kept = headers.without(_NOT_KEPT)
    return kept if named is None else kept.without({name.strip().lower() for name in named.split(",")})


def encode_entry(entry: CacheEntry) -> bytes:
    """The entry as bytes for a store: a line of JSON and the body. What a policy decides is not in it."""
    head = {
        "received_at": entry.times.received_at,
        "initial_age": entry.times.initial_age,
        "headers": dict(entry.response.headers),
        "varies": entry.varies,
    }
    return json.dumps(head).encode() + b"\n" + entry.response.body


def decode_entry(
    key: str, record: bytes, clock: Clock, freshness_of: Callable[[Headers, float], Freshness]
) -> CacheEntry:
    """The entry that ``encode_entry`` made ``record`` of.

    Args:
        key: the key that the record is kept under.
        record: what the store gave.
        clock: the time by which the entry ages.
        freshness_of: what the policy makes of the header fields, and of the time in epoch seconds when they came.

    Raises:
        ValueError: it is no such record.
    """
    line, _, body = record.partition(b"\n")
    try:
        head: Mapping[str, Any] = json.loads(line)
        headers = Headers({str(field): str(value) for field, value in head["headers"].items()})
        varies = tuple((str(field), str(digest)) for field, digest in head["varies"])
        received_at, initial_age = float(head["received_at"]), float(head["initial_age"])
    except (TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError("The record is not a cache entry.") from error
    if not (math.isfinite(received_at) and 0 <= initial_age < math.inf):
        raise ValueError("The record has no times.")
    if received_at > clock.time() + _LARGEST_SKEW:
        raise ValueError("The record was written by a clock that has since been set back, so its age is unknown.")
    kept_since = clock.monotonic() - max(0.0, clock.time() - received_at)
    times = Times(freshness_of(headers, received_at), received_at, initial_age, kept_since)
    return CacheEntry(key, Response(200, headers, body), times, varies)


def received_at(record: bytes) -> float:
    """When the response of an encoded entry came, in epoch seconds; not a number (nan) if it is no such record."""
    try:
        return float(json.loads(record.partition(b"\n")[0])["received_at"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return math.nan


def _digests(request: Request, fields: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Each field with the digest of its value in the request, so that no credentials are kept; empty if absent."""
    values = ((field, request.headers.get(field, "")) for field in fields)
    return tuple((field, digest(value) if value else "") for field, value in values)


def _opaque(etag: str) -> str:
    # Weak comparison (RFC 9110, 8.8.3.2): a GET asks for no more.
    return etag.strip().removeprefix("W/")
