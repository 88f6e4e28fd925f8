"""How the emulated service encodes its answers: the success body and the error body, with their header fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import formatdate
from http.client import responses
from typing import Any

from openrouter_rankings.messages import Response
from openrouter_rankings.models.synthetic import SYNTHETIC

__all__ = ["bare_response", "encoded", "error_response", "json_headers", "success_body"]

_VERSION = "v1"
_NO_HEADERS: Mapping[str, str] = {}


def encoded(value: Any) -> bytes:
    """``value`` as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def json_headers(now: float) -> dict[str, str]:
    """The header fields of any JSON answer, made at ``now`` (epoch seconds)."""
    return {"Content-Type": "application/json", "Date": formatdate(now, usegmt=True)}


def success_body(data: bytes, meta: Mapping[str, Any] | None, instant: datetime) -> bytes:
    """The body of a 200, marked as synthetic; ``meta`` gains ``as_of``, the time of the answer, and ``version``."""
    if meta is None:
        return b'{"data":%b,"%b":true}' % (data, SYNTHETIC.encode())
    whole = encoded({"as_of": _timestamp(instant), "version": _VERSION, **meta})
    return b'{"data":%b,"meta":%b,"%b":true}' % (data, whole, SYNTHETIC.encode())


def error_response(
    status: int,
    message: str,
    now: float,
    *,
    headers: Mapping[str, str] = _NO_HEADERS,
    metadata: Mapping[str, Any] | None = None,
) -> Response:
    """The service's JSON error, made at ``now`` (epoch seconds)."""
    error = {"code": status, "message": message, "metadata": metadata}
    document = {"error": error, "user_id": None, "openrouter_metadata": None}
    return Response(status, {**json_headers(now), **headers}, encoded(document))


def bare_response(status: int, now: float) -> Response:
    """An answer of which only the status is known: the error body from 400 on, no body below."""
    if status < 400:
        return Response(status, {"Date": formatdate(now, usegmt=True)})
    return error_response(status, f"{responses.get(status, 'Unknown error')}.", now)


def _timestamp(instant: datetime) -> str:
    # Like the service, without milliseconds where there are none.
    precision = "milliseconds" if instant.microsecond >= 1000 else "seconds"
    return instant.isoformat(timespec=precision).replace("+00:00", "Z")
