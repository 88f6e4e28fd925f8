"""How long an answer may be used: the arithmetic of RFC 9111 for a private cache, and of RFC 5861. Pure, no clock."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache

import attrs

from openrouter_rankings.messages import Headers, Response, http_date

__all__ = [
    "NO_WISHES",
    "Freshness",
    "Use",
    "Wishes",
    "cache_control",
    "freshness_of",
    "initial_age",
    "is_storable",
    "is_usable_on_error",
    "use_of",
    "varying_fields",
    "wishes_of",
]

_DIRECTIVE = re.compile(r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*))?""")
_DELTA_SECONDS = re.compile(r"[0-9]+", re.ASCII)

# RFC 9111, 1.2.2: what a cache takes for a number of seconds that is too large for it.
_MOST_SECONDS = 2**31
_MOST_DIGITS = 10


class Use(Enum):
    """What may be done with a stored answer for one request."""

    FRESH = auto()
    """Give it."""
    ACCEPTED = auto()
    """Give it: it is stale, within what the caller accepts."""
    REVALIDATE = auto()
    """Give it, and refresh it behind the caller."""
    UNUSABLE = auto()
    """Ask the service."""


@attrs.frozen
class Freshness:
    """What an answer's fields and the policy allow, in seconds.

    Attributes:
        lifetime: the age up to which it is fresh.
        stale_while_revalidate: how long after that it may be given while it is refreshed.
        stale_if_error: how long after its lifetime it may be given instead of an error.
        must_revalidate: it may never be given stale.
    """

    lifetime: float
    stale_while_revalidate: float = 0.0
    stale_if_error: float = 0.0
    must_revalidate: bool = False


@attrs.frozen
class Wishes:
    """What one request asks of the cache, as its ``Cache-Control`` says it (RFC 9111, 5.2.1).

    Attributes:
        no_cache: nothing stored will do.
        no_store: the answer may not be stored, either.
        max_age: the greatest age that will do, in seconds; None for any.
        max_stale: how long after its lifetime an answer will still do, in seconds.
    """

    no_cache: bool = False
    no_store: bool = False
    max_age: float | None = None
    max_stale: float = 0.0


NO_WISHES = Wishes()


def cache_control(*, fresh: bool = False, max_age: float | None = None) -> str | None:
    """The ``Cache-Control`` of a request for a call's options; None if there is nothing to say.

    Args:
        fresh: nothing stored will do.
        max_age: the greatest age that will do, in seconds, even if the service calls it stale by then. A bare
            ``max-age`` would only narrow what the service allows, hence the ``max-stale``.
    """
    if fresh:
        return "no-cache"
    return None if max_age is None else f"max-age={max_age:.0f}, max-stale"


def wishes_of(headers: Headers) -> Wishes:
    """What the request with these fields asks of the cache. A number that cannot be read counts as the strictest."""
    value = headers.get("Cache-Control")
    if value is None:
        return NO_WISHES
    directives = _directives(value)
    max_stale = directives.get("max-stale", "0")
    return Wishes(
        no_cache="no-cache" in directives,
        no_store="no-store" in directives,
        max_age=_seconds(directives["max-age"]) if "max-age" in directives else None,
        max_stale=math.inf if max_stale == "" else _seconds(max_stale),
    )


def is_storable(response: Response) -> bool:
    """Whether the answer may be kept: a 200 in JSON that does not forbid it and does not vary with everything."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return (
        response.status == 200
        and media_type == "application/json"
        and "no-store" not in _directives(response.headers.get("Cache-Control", ""))
        and "*" not in varying_fields(response)
    )


def varying_fields(response: Response) -> tuple[str, ...]:
    """The request's fields that the answer depends on, in lower case."""
    names = (name.strip().lower() for name in response.headers.get("Vary", "").split(","))
    return tuple(sorted({name for name in names if name}))


def freshness_of(
    headers: Headers, *, max_age: float | None, stale_while_revalidate: float | None, stale_if_error: float | None
) -> Freshness:
    """What the answer's fields allow; an argument that is not None replaces what they say.

    What forbids, such as ``no-cache`` and ``must-revalidate``, cannot be replaced. There is no guessing from
    ``Last-Modified``: an answer that does not say how long it is fresh is stale at once.
    """
    directives = _directives(headers.get("Cache-Control", ""))
    no_cache = "no-cache" in directives
    lifetime = _stated_lifetime(headers, directives) if max_age is None else max_age
    return Freshness(
        lifetime=0.0 if no_cache else lifetime,
        stale_while_revalidate=_either(stale_while_revalidate, directives, "stale-while-revalidate"),
        stale_if_error=_either(stale_if_error, directives, "stale-if-error"),
        must_revalidate=no_cache or "must-revalidate" in directives,
    )


def initial_age(headers: Headers, *, requested_at: float, received_at: float, timeout: float | None) -> float:
    """The answer's age in seconds when it arrived (RFC 9111, 4.2.3).

    Args:
        headers: the answer's fields.
        requested_at: when the request left the cache, in epoch seconds.
        received_at: when the answer came back, in epoch seconds.
        timeout: the longest that one exchange takes. What is over it was spent waiting, in the quota or between
            attempts, and made no answer older.
    """
    delay = min(max(0.0, received_at - requested_at), math.inf if timeout is None else timeout)
    sent_at = http_date(headers.get("Date", ""))
    apparent_age = 0.0 if sent_at is None else received_at - sent_at
    return max(0.0, apparent_age, _seconds(headers.get("Age", "0")) + delay)


def use_of(freshness: Freshness, age: float, wishes: Wishes = NO_WISHES) -> Use:
    """What may be done with a stored answer of this age, in seconds."""
    if wishes.no_cache or (wishes.max_age is not None and age > wishes.max_age):
        return Use.UNUSABLE
    staleness = age - freshness.lifetime
    if staleness < 0:
        return Use.FRESH
    if freshness.must_revalidate:
        return Use.UNUSABLE
    if wishes.max_stale and staleness <= wishes.max_stale:
        return Use.ACCEPTED
    if wishes.max_age is None and staleness < freshness.stale_while_revalidate:
        return Use.REVALIDATE
    return Use.UNUSABLE


def is_usable_on_error(freshness: Freshness, age: float, wishes: Wishes = NO_WISHES) -> bool:
    """Whether a stored answer of this age may be given where the service gives none.

    A ``max-age`` of the request does not matter here: an older answer, marked as such, is better than an error. But
    who asked for ``no-cache`` wants the error.
    """
    if wishes.no_cache:
        return False
    staleness = age - freshness.lifetime
    return staleness < 0 or (not freshness.must_revalidate and staleness < freshness.stale_if_error)


def _stated_lifetime(headers: Headers, directives: Mapping[str, str]) -> float:
    if "max-age" in directives:
        return _seconds(directives["max-age"])
    expires = http_date(headers.get("Expires", ""))
    date = http_date(headers.get("Date", ""))
    return 0.0 if expires is None or date is None else max(0.0, expires - date)


def _either(replacement: float | None, directives: Mapping[str, str], name: str) -> float:
    return _seconds(directives.get(name, "0")) if replacement is None else replacement


@lru_cache(maxsize=64)
def _directives(value: str) -> Mapping[str, str]:
    # Of a directive that is given twice, the first one counts (RFC 9111, 4.2.1).
    return {name.lower(): argument.strip('"') for name, argument in reversed(_DIRECTIVE.findall(value))}


def _seconds(text: str) -> float:
    stripped = text.strip()
    if not _DELTA_SECONDS.fullmatch(stripped):
        return 0.0
    significant = stripped.lstrip("0")
    return float(_MOST_SECONDS if len(significant) > _MOST_DIGITS else min(int(significant or "0"), _MOST_SECONDS))
