"""How long a response may be used: the arithmetic of RFC 9111 for a private cache, and of RFC 5861. Pure, no clock."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from openrouter_rankings.messages import Headers, Response, http_date

__all__ = [
    "NO_DIRECTIVES",
    "Freshness",
    "RequestDirectives",
    "Use",
    "freshness_of",
    "initial_age",
    "is_storable",
    "is_usable_on_error",
    "request_cache_control",
    "request_directives",
    "use_of",
    "varying_fields",
]

_DIRECTIVE = re.compile(r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*))?""")
_DELTA_SECONDS = re.compile(r"[0-9]+", re.ASCII)

# The three forms of an HTTP date, which are case-sensitive and always in GMT (RFC 9110, 5.6.7).
_DAY = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_TIME = r"\d\d:\d\d:\d\d"
_HTTP_DATE = (
    rf"(?:{_DAY}), \d\d (?:{_MONTH}) \d{{4}} {_TIME} GMT"
    rf"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d\d-(?:{_MONTH})-\d\d {_TIME} GMT"
    rf"|(?:{_DAY}) (?:{_MONTH}) [ \d]\d {_TIME} \d{{4}}"
)

# RFC 9111, 1.2.2: what a cache takes for a number of seconds that is too large for it.
_MOST_SECONDS = 2**31
_MOST_DIGITS = 10


class Use(Enum):
    """What may be done with a stored response for one request."""

    FRESH = auto()
    """Serve it."""
    ACCEPTED = auto()
    """Serve it: it is stale, within what the request accepts."""
    REVALIDATE = auto()
    """Serve it, and refresh it in the background."""
    UNUSABLE = auto()
    """Ask the service."""


class Freshness(NamedTuple):
    """What a response's fields and the policy allow, in seconds.

    Attributes:
        lifetime: the age up to which it is fresh.
        stale_while_revalidate: how long after that it may be served while it is refreshed.
        stale_if_error: how long after its lifetime it may be served instead of an error.
        must_revalidate: it may never be served stale.
    """

    lifetime: float
    stale_while_revalidate: float = 0.0
    stale_if_error: float = 0.0
    must_revalidate: bool = False

    @property
    def usable_for(self) -> float:
        """The age up to which it may be of any use."""
        return self.lifetime + max(self.stale_while_revalidate, self.stale_if_error)


class RequestDirectives(NamedTuple):
    """The ``Cache-Control`` of a request (RFC 9111, 5.2.1), in seconds.

    Attributes:
        no_cache: nothing stored will do without asking the service.
        no_store: the response may not be stored, either.
        only_if_cached: the service may not be asked.
        max_age: the greatest age that will do; None for any.
        min_fresh: how long the response must stay fresh.
        max_stale: how long after its lifetime a response will still do.
    """

    no_cache: bool = False
    no_store: bool = False
    only_if_cached: bool = False
    max_age: float | None = None
    min_fresh: float = 0.0
    max_stale: float = 0.0


NO_DIRECTIVES = RequestDirectives()


def request_cache_control(*, fresh: bool = False, max_age: float | None = None) -> str | None:
    """The ``Cache-Control`` of a request for a call's options; None if there is nothing to say.

    Args:
        fresh: nothing stored will do.
        max_age: the greatest age that will do, in seconds, even if the service calls it stale by then. A bare
            ``max-age`` would only narrow what the service allows, hence the ``max-stale``.
    """
    if fresh:
        return "no-cache"
    if max_age is None or max_age == math.inf:
        return None if max_age is None else "max-stale"
    return f"max-age={math.floor(max_age)}, max-stale"


def request_directives(headers: Headers) -> RequestDirectives:
    """The directives of the request with these fields. A number that cannot be read counts as the strictest."""
    value = headers.get("Cache-Control")
    if value is None:
        return NO_DIRECTIVES
    directives = _directives(value)
    max_stale = directives.get("max-stale", "0")
    return RequestDirectives(
        no_cache="no-cache" in directives,
        no_store="no-store" in directives,
        only_if_cached="only-if-cached" in directives,
        max_age=_seconds(directives["max-age"]) if "max-age" in directives else None,
        min_fresh=_seconds(directives.get("min-fresh", "0"), unreadable=math.inf),
        max_stale=math.inf if max_stale == "" else _seconds(max_stale),
    )


def is_storable(response: Response) -> bool:
    """Whether the response may be kept: a 200 in JSON that does not forbid it and does not vary with everything."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return (
        response.status == 200
        and media_type == "application/json"
        and "no-store" not in _directives(response.headers.get("Cache-Control", ""))
        and "*" not in varying_fields(response)
    )


def varying_fields(response: Response) -> tuple[str, ...]:
    """The request's fields that the response depends on (RFC 9110, 12.5.5), in lower case."""
    vary = response.headers.get("Vary")
    if vary is None:
        return ()
    names = (name.strip().lower() for name in vary.split(","))
    return tuple(sorted({name for name in names if name}))


def freshness_of(
    headers: Headers,
    *,
    received_at: float,
    default_max_age: float,
    max_age: float | None,
    stale_while_revalidate: float | None,
    stale_if_error: float | None,
) -> Freshness:
    """What a response's fields allow.

    What they forbid, by ``no-cache`` or ``must-revalidate``, no argument can allow.

    Args:
        headers: the response's fields.
        received_at: when it arrived, in epoch seconds; it stands in for a missing ``Date`` (RFC 9110, 6.6.1).
        default_max_age: the lifetime where the fields say nothing of it. Nothing is guessed from ``Last-Modified``.
        max_age: replaces the stated lifetime, if not None.
        stale_while_revalidate: replaces what the fields say, if not None.
        stale_if_error: replaces what the fields say, if not None.
    """
    directives = _directives(headers.get("Cache-Control", ""))
    no_cache = "no-cache" in directives
    lifetime = max_age
    if lifetime is None:
        lifetime = _stated_lifetime(headers, directives, received_at)
    if lifetime is None:
        lifetime = default_max_age
    return Freshness(
        lifetime=0.0 if no_cache else min(lifetime, _MOST_SECONDS),
        stale_while_revalidate=_either(stale_while_revalidate, directives, "stale-while-revalidate"),
        stale_if_error=_either(stale_if_error, directives, "stale-if-error"),
        must_revalidate=no_cache or "must-revalidate" in directives,
    )


def initial_age(headers: Headers, *, requested_at: float, received_at: float, timeout: float | None) -> float:
    """The response's age in seconds when it arrived.

    RFC 9111, 4.2.3, without its ``apparent_age``: a response without ``Age`` comes from the origin itself (5.1), so a
    ``Date`` far from now shows that this machine's clock is wrong, and not that the response is old.

    Args:
        headers: the response's fields.
        requested_at: when the request left the cache, in epoch seconds.
        received_at: when the response came back, in epoch seconds.
        timeout: the longest that one exchange takes. Any excess was time in the queue of the quota or in backoff, in
            which the response did not age.
    """
    delay = min(max(0.0, received_at - requested_at), math.inf if timeout is None else timeout)
    age = headers.get("Age")
    # Of a list the first member counts (RFC 9111, 5.1).
    return delay if age is None else delay + _seconds(age.partition(",")[0])


def use_of(freshness: Freshness, age: float, directives: RequestDirectives = NO_DIRECTIVES) -> Use:
    """What may be done with a stored response of this age, in seconds."""
    if directives.no_cache or (directives.max_age is not None and age > directives.max_age):
        return Use.UNUSABLE
    staleness = age - freshness.lifetime
    if staleness < 0 and staleness <= -directives.min_fresh:
        return Use.FRESH
    if freshness.must_revalidate or directives.min_fresh:
        return Use.UNUSABLE
    if directives.max_stale and staleness <= directives.max_stale:
        return Use.ACCEPTED
    if directives.max_age is None and staleness < freshness.stale_while_revalidate:
        return Use.REVALIDATE
    return Use.UNUSABLE


def is_usable_on_error(freshness: Freshness, age: float, directives: RequestDirectives = NO_DIRECTIVES) -> bool:
    """Whether a stored response of this age, in seconds, may be served instead of an error.

    A ``max-age`` or ``min-fresh`` of the request does not matter here: an older response, marked as such, is better
    than an error. But a request with ``no-cache`` gets the error.
    """
    if directives.no_cache:
        return False
    staleness = age - freshness.lifetime
    return staleness < 0 or (not freshness.must_revalidate and staleness < freshness.stale_if_error)


def _stated_lifetime(headers: Headers, directives: Mapping[str, str], received_at: float) -> float | None:
    if "max-age" in directives:
        return _seconds(directives["max-age"])
    if "Expires" not in headers:
        return None
    # An invalid date is in the past (RFC 9111, 5.3).
    expires = _strict_http_date(headers["Expires"])
    date = _strict_http_date(headers.get("Date", ""))
    return 0.0 if expires is None else max(0.0, expires - (received_at if date is None else date))


def _strict_http_date(text: str) -> float | None:
    return http_date(text) if re.fullmatch(_HTTP_DATE, text, re.ASCII) else None


def _either(replacement: float | None, directives: Mapping[str, str], name: str) -> float:
    return _seconds(directives.get(name, "0")) if replacement is None else replacement


@lru_cache(maxsize=64)
def _directives(value: str) -> Mapping[str, str]:
    # Of a directive that is given twice, the first one counts (RFC 9111, 4.2.1).
    return {name.lower(): argument.strip('"') for name, argument in reversed(_DIRECTIVE.findall(value))}


def _seconds(text: str, unreadable: float = 0.0) -> float:
    stripped = text.strip()
    if not _DELTA_SECONDS.fullmatch(stripped):
        return unreadable
    significant = stripped.lstrip("0")
    return float(_MOST_SECONDS if len(significant) > _MOST_DIGITS else min(int(significant or "0"), _MOST_SECONDS))
