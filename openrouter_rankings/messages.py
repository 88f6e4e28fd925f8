"""What travels through the transports: requests, responses and their headers. Values only, no I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, cast

import attrs

__all__ = ["Headers", "Request", "Response", "error_object", "http_date"]

_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

HeaderSource = Mapping[str, str] | Iterable[tuple[str, str]]


def _fold(source: HeaderSource) -> dict[str, tuple[str, str]]:
    pairs = cast("Mapping[str, str]", source).items() if isinstance(source, Mapping) else source
    fields: dict[str, tuple[str, str]] = {}
    for name, value in pairs:
        folded = name.lower()
        if folded in fields:
            first_name, first_value = fields[folded]
            fields[folded] = (first_name, f"{first_value}, {value}")
        else:
            fields[folded] = (name, value)
    return fields


@attrs.frozen(eq=False, repr=False)
class Headers(Mapping[str, str]):
    """HTTP fields under case-insensitive names; a field sent more than once reads as one list (RFC 9110, 5.2).

    Built from a mapping or from pairs. Its ``repr`` blots out the values that can carry credentials.
    """

    _fields: dict[str, tuple[str, str]] = attrs.field(converter=_fold)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        pairs = cast("Mapping[object, object]", other).items()
        return self._folded() == {name.lower() if isinstance(name, str) else name: value for name, value in pairs}

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(frozenset(self._folded().items()))

    def __repr__(self) -> str:
        shown = {name: "***" if name.lower() in _SECRET else value for name, value in self.items()}
        return f"Headers({shown!r})"

    def _folded(self) -> dict[str, str]:
        return {folded: value for folded, (_, value) in self._fields.items()}

    def merge(self, other: HeaderSource) -> Headers:
        """These fields, each replaced by the field of the same name in ``other``, and the rest of ``other``."""
        return Headers((self._fields | _fold(other)).values())


_NO_HEADERS = Headers(())


def _as_headers(source: HeaderSource) -> Headers:
    return source if isinstance(source, Headers) else Headers(source)


@attrs.frozen
class Request:
    """One request, complete: what a transport needs to know to send it.

    Attributes:
        method: the HTTP method.
        url: the absolute URL with its query.
        headers: the header fields; ``Authorization`` carries the key, so ``repr`` blots it out.
        timeout: seconds for the whole exchange, the body included; None for no limit.
    """

    method: str
    url: str
    headers: Headers = attrs.field(converter=_as_headers, default=_NO_HEADERS)
    timeout: float | None = 30.0


@attrs.frozen
class Response:
    """One answer, complete.

    Attributes:
        status: the HTTP status.
        headers: the header fields.
        body: the whole body, decompressed.
    """

    status: int
    headers: Headers = attrs.field(converter=_as_headers, default=_NO_HEADERS)
    body: bytes = attrs.field(default=b"", repr=lambda body: f"<{len(body)} bytes>")


def error_object(body: bytes) -> Mapping[str, Any] | None:
    """The ``error`` object of the service's JSON error body; None for any other body, such as a proxy's page."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else None


def http_date(text: str) -> float | None:
    """The instant of an HTTP date (RFC 9110, 5.6.7) in epoch seconds, in any of its three forms; None if it is none."""
    try:
        instant = parsedate_to_datetime(text)
        # A zone of -0000 reads as no zone at all (RFC 5322, 3.3); an HTTP date is always UTC.
        return (instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant).timestamp()
    except (ValueError, OverflowError):
        return None
