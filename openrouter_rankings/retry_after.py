"""When to retry, as the service says: ``Retry-After`` and ``X-RateLimit-Reset``, read without trusting them.

A pure function of the response and of the time. What cannot be read, or is absurd, is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from openrouter_rankings.messages import Headers, Response, error_object, http_date

__all__ = ["requested_wait"]

# The longest limit of the service is a day's; a wait beyond this is a mistake, such as an instant given as a delay.
_LONGEST_SENSIBLE_WAIT = 31 * 86400.0

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,15})?", re.ASCII)

# An epoch of this many or more is in milliseconds: as seconds it would be the year 5138.
_FIRST_MILLISECONDS = 1e11

# 2001-09-09. A "reset" before it is no instant; some services send a delay there.
_FIRST_SENSIBLE_EPOCH = 1e9


def requested_wait(response: Response, now: float) -> float | None:
    """Seconds from the response until the service wants the next request; None if it does not say.

    ``Retry-After`` (RFC 9110, 10.2.3: a delay in seconds or an HTTP date) comes first. On a 429 ``X-RateLimit-Reset``
    is next, an instant in epoch seconds or milliseconds. Either is looked for in the header fields and then in
    ``error.metadata.headers`` of the body. An instant is measured against the answer's own ``Date`` where it has one,
    so that a wrong clock on this machine does no harm. A moment that has passed is a wait of zero.

    Args:
        response: the answer.
        now: this machine's time, in epoch seconds.
    """
    sources = [response.headers, *_headers_in_body(response)]
    sent_at = http_date(response.headers.get("Date", ""))
    reference = now if sent_at is None else sent_at
    for source in sources:
        wait = _read_retry_after(source.get("Retry-After", ""), reference)
        if wait is not None:
            return wait
    if response.status == 429:
        for source in sources:
            wait = _read_reset(source.get("X-RateLimit-Reset", ""), reference)
            if wait is not None:
                return wait
    return None


def _headers_in_body(response: Response) -> list[Headers]:
    error = error_object(response.body) or {}
    metadata = error.get("metadata")
    headers: Any = metadata.get("headers") if isinstance(metadata, Mapping) else None
    if not isinstance(headers, Mapping):
        return []
    return [Headers({name: str(value) for name, value in headers.items()})]


def _read_retry_after(text: str, reference: float) -> float | None:
    # Sent twice, as by the service and a proxy before it, the field reads as a list: the longer wait suits both.
    delays = [_number(part) for part in text.split(",")]
    if None not in delays:
        return _sensible(max(delay for delay in delays if delay is not None))
    instant = http_date(text)
    return None if instant is None else _sensible(instant - reference)


def _read_reset(text: str, reference: float) -> float | None:
    epoch = _number(text)
    if epoch is None or epoch < _FIRST_SENSIBLE_EPOCH:
        return None
    if epoch >= _FIRST_MILLISECONDS:
        epoch /= 1000
    return _sensible(epoch - reference)


def _sensible(delay: float) -> float | None:
    return None if delay > _LONGEST_SENSIBLE_WAIT else max(0.0, delay)


def _number(text: str) -> float | None:
    stripped = text.strip()
    return float(stripped) if _NUMBER.fullmatch(stripped) else None
