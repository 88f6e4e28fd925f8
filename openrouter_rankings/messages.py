"""Requests, responses and their header fields: immutable values, no I/O."""

from __future__ import annotations

import json
from collections.abc import Collection, ItemsView, Iterable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar, cast, overload

import attrs

__all__ = ["Extensions", "Headers", "Request", "Response", "error_object", "http_date", "key_of"]

T = TypeVar("T")

_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

HeaderSource = Mapping[str, str] | Iterable[tuple[str, str]]


class _Fields(dict[str, tuple[str, str]]):
    """Each field's name and value under its name in lower case."""


def _fold(source: HeaderSource | _Fields) -> _Fields:
    if isinstance(source, _Fields):
        return source
    pairs = cast("Mapping[str, str]", source).items() if isinstance(source, Mapping) else source
    fields = _Fields()
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
    """HTTP fields by case-insensitive name; a field sent more than once is joined into one list (RFC 9110, 5.2).

    Built from a mapping or from pairs. Its ``repr`` redacts the values that can carry credentials.
    """

    _fields: _Fields = attrs.field(converter=_fold)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    @overload
    def get(self, key: str, default: None = None, /) -> str | None: ...
    @overload
    def get(self, key: str, default: str | T, /) -> str | T: ...
    def get(self, key: str, default: str | T | None = None, /) -> str | T | None:
        field = self._fields.get(key.lower())
        return default if field is None else field[1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def items(self) -> ItemsView[str, str]:
        return dict(self._fields.values()).items()

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

    def has_any(self, names: Collection[str]) -> bool:
        """Whether one of ``names``, which are in lower case, is among the fields."""
        return not self._fields.keys().isdisjoint(names)

    def _folded(self) -> dict[str, str]:
        return {folded: value for folded, (_, value) in self._fields.items()}

    def merge(self, other: HeaderSource) -> Headers:
        """These fields, overridden and extended by those of ``other``."""
        fields = _Fields(self._fields)
        fields.update(_fold(other))
        return Headers(fields)

    def without(self, names: Collection[str]) -> Headers:
        """These fields but for those of ``names``, which are in lower case."""
        if self._fields.keys().isdisjoint(names):
            return self
        return Headers(_Fields((name, field) for name, field in self._fields.items() if name not in names))


_NO_HEADERS = Headers(())


def _as_headers(source: HeaderSource) -> Headers:
    return source if isinstance(source, Headers) else Headers(source)


Extensions = Mapping[str, Any]
"""What layers on this side of the wire tell each other along with a message; it is never sent."""

_NO_EXTENSIONS: Extensions = MappingProxyType({})


def _read_only(extensions: Extensions) -> Extensions:
    return extensions if isinstance(extensions, MappingProxyType) else MappingProxyType(dict(extensions))


@attrs.frozen
class Request:
    """One complete request: everything a transport needs to send it.

    Two requests are equal when they are the same on the wire, whatever their extensions.

    Attributes:
        method: the HTTP method.
        url: the absolute URL with its query.
        headers: the header fields; ``repr`` redacts ``Authorization``, which carries the key.
        timeout: seconds for the whole exchange, the body included; None for no limit.
        extensions: what the call wants of the layers it passes through; read-only, and left out of pickles:

            - ``"retry"`` (``RetryPolicy | None``): how the retry layer repeats it, in place of that layer's own policy.
            - ``"deadline"`` (``Deadline``): when the call has to end. A wait that would pass it is not begun.
            - ``"began"`` (float, on the clock's ``monotonic``): when the call began, if that was before this layer.
            - ``"start_by"`` (float, on the clock's ``monotonic``): when this attempt has to be sent at the latest.
            - ``"resend_count"`` (int): how often it was sent before; the retry layer adds it when it repeats a request.
            - ``"background"`` (bool): nobody waits for the answer, so the quota refuses it rather than let it queue.
            - ``"decode"`` (``Callable[[Response], object]``): makes the value of a 2XX response; one that it refuses
              with ``InvalidResponseError`` counts as a failure of the service.
            - ``"on_event"`` (``OnEvent``): is called with each event of the request.
    """

    method: str
    url: str
    headers: Headers = attrs.field(converter=_as_headers, default=_NO_HEADERS)
    timeout: float | None = 30.0
    extensions: Extensions = attrs.field(converter=_read_only, default=_NO_EXTENSIONS, eq=False, repr=False)

    def extended(self, **more: Any) -> Request:
        """This request with more extensions, in place of those with the same names."""
        # What `attrs.evolve` does, at a fifth of the time: each layer does this to each request.
        return Request(self.method, self.url, self.headers, self.timeout, MappingProxyType({**self.extensions, **more}))

    def with_headers(self, headers: Headers) -> Request:
        """This request with other header fields."""
        return Request(self.method, self.url, headers, self.timeout, self.extensions)

    def __reduce__(self) -> tuple[Any, ...]:
        # A pickle is for another process, where functions and deadlines of this one mean nothing.
        return Request, (self.method, self.url, self.headers, self.timeout)


@attrs.frozen
class Response:
    """One complete response.

    Attributes:
        status: the HTTP status.
        headers: the header fields.
        body: the whole body, decompressed.
        extensions: what the layers it passed through say of it; read-only, and left out of pickles:

            - ``"value"``: what the request's ``"decode"`` made of it. The cache adds it.
            - ``"times"`` (``Times``): when it came, and how long it may be used. The cache adds them.
            - ``"blocked_for"`` (float): seconds for which the quota sends nothing after this 429.
    """

    status: int
    headers: Headers = attrs.field(converter=_as_headers, default=_NO_HEADERS)
    body: bytes = attrs.field(default=b"", repr=lambda body: f"<{len(body)} bytes>")
    extensions: Extensions = attrs.field(converter=_read_only, default=_NO_EXTENSIONS, eq=False, repr=False)

    def extended(self, **more: Any) -> Response:
        """This response with more extensions, in place of those with the same names."""
        return Response(self.status, self.headers, self.body, MappingProxyType({**self.extensions, **more}))

    def with_headers(self, headers: Headers) -> Response:
        """This response with other header fields."""
        if headers is self.headers:
            return self
        return Response(self.status, headers, self.body, self.extensions)

    def __reduce__(self) -> tuple[Any, ...]:
        # As for a request.
        return Response, (self.status, self.headers, self.body)


def key_of(request: Request) -> str:
    """The API key that ``request`` carries; empty if there is none."""
    return request.headers.get("Authorization", "").rpartition(" ")[2]


def error_object(body: bytes) -> Mapping[str, Any] | None:
    """The ``error`` member of a JSON error body; None if there is no such object, as in a proxy's page."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else None


def http_date(text: str) -> float | None:
    """The instant of an HTTP date (RFC 9110, 5.6.7) in epoch seconds, in any of its forms; None if it is invalid."""
    try:
        instant = parsedate_to_datetime(text)
        # A zone of -0000 reads as no zone at all (RFC 5322, 3.3); an HTTP date is always UTC.
        return (instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant).timestamp()
    except (ValueError, OverflowError):
        return None
