"""Answers as the cache keeps them, as it gives them, and as a record in a store."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, TypeVar, cast

import attrs

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import RankingsError
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.transports.freshness import Freshness, varying_fields
from openrouter_rankings.transports.single_flight import Failure

__all__ = [
    "Answer",
    "AnswerMemory",
    "StoredAnswer",
    "record_of",
    "stored_answer",
    "stored_answer_of",
    "without_unkept_fields",
]

T = TypeVar("T")

# Fields of the connection rather than of the answer (RFC 9111, 3.1), and what may carry credentials.
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

_MOST = 10**15 - 1

_CACHE_NAME = "openrouter-rankings"


@attrs.define(eq=False)
class StoredAnswer:
    """One answer of the service, with what is needed to use it again.

    Attributes:
        name: what it is stored under.
        response: the answer; one object for as long as this answer is kept.
        freshness: how long it may be used.
        received_at: when it came, in epoch seconds.
        initial_age: its age in seconds when it came.
        kept_since: when it came, on the monotonic clock.
        varies: each request field that it depends on, with the digest of its value.
        retry_at: after an error, the time on the monotonic clock before which the service is not asked again.
        refused: a refresh was refused, by a 401 for example: the next caller is to hear it, not to get this answer.
    """

    name: str
    response: Response
    freshness: Freshness
    received_at: float
    initial_age: float
    kept_since: float
    varies: tuple[tuple[str, str], ...] = ()
    retry_at: float = -math.inf
    refused: bool = False
    _decoded: tuple[Any] | Failure | None = attrs.field(init=False, default=None)
    _shown: tuple[str, Response] | None = attrs.field(init=False, default=None)

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.response.body) + sum(len(name) + len(value) for name, value in self.response.headers.items())

    def age(self, clock: Clock) -> float:
        """Its age in seconds.

        The wall clock can be set back, and the monotonic one can stand still while the machine sleeps: neither may make
        an answer younger.
        """
        resident = max(clock.time() - self.received_at, clock.monotonic() - self.kept_since, 0.0)
        return self.initial_age + resident

    def suits(self, request: Request) -> bool:
        """Whether the request has the same values as the first one in all fields that the answer depends on."""
        return not self.varies or self.varies == _digests_of(request, (field for field, _ in self.varies))

    def without_content(self) -> StoredAnswer:
        """What tells its age, without the response and what was made of it: those may be long forgotten by then."""
        return attrs.evolve(self, response=Response(self.response.status))

    def decode(self, decode: Callable[[Response], T]) -> T:
        """What ``decode`` makes of the response; it is called once, and whoever comes later gets the same object.

        Raises:
            RankingsError: ``decode`` raised it; it too is kept, and each caller gets a copy.
        """
        if self._decoded is None:
            self._decoded = _attempt(decode, self.response)
        if isinstance(self._decoded, Failure):
            raise self._decoded.exception()
        return cast("T", self._decoded[0])

    def shown(self, age: str, cache_status: str) -> Response:
        """The response with ``Age`` and ``Cache-Status``; built once for each of their values."""
        label = f"{age} {cache_status}"
        if self._shown is None or self._shown[0] != label:
            before = self.response.headers.get("Cache-Status")
            chain = f"{before}, {cache_status}" if before else cache_status
            headers = self.response.headers.merge({"Age": age, "Cache-Status": chain})
            self._shown = label, attrs.evolve(self.response, headers=headers)
        return self._shown[1]


@attrs.frozen(eq=False)
class Answer:
    """An answer that the cache gives: the response, and what it is worth.

    Attributes:
        stored: the answer as it is kept; the same object for all who get the same answer.
        age: seconds since the service made it.
        stale: it was kept, and is older than the service or the policy calls fresh.
        handling: what the cache did, in the terms of ``Cache-Status`` (RFC 9211): ``hit``, or ``fwd=`` with the reason
            for which the service was asked.
    """

    stored: StoredAnswer
    age: float
    stale: bool
    handling: str

    @property
    def response(self) -> Response:
        """The service's response as it came, without ``Age`` and ``Cache-Status``; one object for one answer."""
        return self.stored.response

    @property
    def cache_status(self) -> str:
        """The value of ``Cache-Status``, such as ``openrouter-rankings; hit; ttl=42``."""
        if self.response.status != 200:
            return f"{_CACHE_NAME}; {self.handling}"
        return f"{_CACHE_NAME}; {self.handling}; ttl={_whole(self.stored.freshness.lifetime - self.age)}"

    def decode(self, decode: Callable[[Response], T]) -> T:
        """What ``decode`` makes of the response, called once for an answer however many callers get it.

        It must be the same function of the response for all requests of one URL.

        Raises:
            RankingsError: ``decode`` raised it.
        """
        return self.stored.decode(decode)

    def to_response(self) -> Response:
        """The response with the fields ``Age`` (whole seconds) and ``Cache-Status``."""
        return self.stored.shown(str(_whole(self.age)), self.cache_status)


class AnswerMemory:
    """The answers in this process's memory; the least recently used ones make room.

    Args:
        max_entries: how many answers at most.
        max_bytes: how many bytes they may take together; an answer that alone takes more is not kept.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._answers: OrderedDict[str, StoredAnswer] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def get(self, name: str) -> StoredAnswer | None:
        """The answer of that name, which is now the most recently used one."""
        answer = self._answers.get(name)
        if answer is not None:
            self._answers.move_to_end(name)
        return answer

    def put(self, answer: StoredAnswer) -> None:
        """Keep ``answer`` in place of an earlier one of its name."""
        self.discard(answer.name)
        size = answer.size
        if size > self._max_bytes:
            return
        self._answers[answer.name] = answer
        self._sizes[answer.name] = size
        self._bytes += size
        while len(self._answers) > self._max_entries or self._bytes > self._max_bytes:
            self.discard(next(iter(self._answers)))

    def discard(self, name: str) -> None:
        """Forget the answer of that name, if there is one."""
        self._answers.pop(name, None)
        self._bytes -= self._sizes.pop(name, 0)


def without_unkept_fields(response: Response) -> Response:
    """The response as it may be kept: without the fields of the connection, and without cookies."""
    headers = response.headers
    dropped = _NOT_KEPT | {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    kept = {name: value for name, value in headers.items() if name.lower() not in dropped}
    return attrs.evolve(response, headers=kept)


def _digests_of(request: Request, fields: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Each field with the digest of its value in the request, so that no credentials are kept; empty if absent."""
    return tuple((field, _digest(request.headers.get(field, ""))) for field in fields)


def stored_answer(
    name: str,
    request: Request,
    response: Response,
    *,
    freshness: Freshness,
    received_at: float,
    initial_age: float,
    kept_since: float,
) -> StoredAnswer:
    """The answer to ``request``, ready to be kept."""
    return StoredAnswer(
        name,
        response,
        freshness,
        received_at,
        initial_age,
        kept_since,
        _digests_of(request, varying_fields(response)),
    )


def record_of(answer: StoredAnswer) -> bytes:
    """The answer as bytes for a store: a line of JSON and the body. What a policy decides is not in it."""
    head = {
        "received_at": answer.received_at,
        "initial_age": answer.initial_age,
        "headers": dict(answer.response.headers),
        "varies": answer.varies,
    }
    return json.dumps(head).encode() + b"\n" + answer.response.body


def stored_answer_of(
    name: str, record: bytes, clock: Clock, freshness_of: Callable[[Headers], Freshness]
) -> StoredAnswer | None:
    """The answer that ``record_of`` made ``record`` of; None if it is not such a record."""
    line, _, body = record.partition(b"\n")
    try:
        head: Any = json.loads(line)
        headers = Headers({str(field): str(value) for field, value in head["headers"].items()})
        varies = tuple((str(field), str(digest)) for field, digest in head["varies"])
        received_at, initial_age = float(head["received_at"]), float(head["initial_age"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not (math.isfinite(received_at) and math.isfinite(initial_age)):
        return None
    kept_since = clock.monotonic() - max(0.0, clock.time() - received_at)
    return StoredAnswer(
        name, Response(200, headers, body), freshness_of(headers), received_at, initial_age, kept_since, varies
    )


def _attempt(decode: Callable[[Response], T], response: Response) -> tuple[T] | Failure:
    try:
        return (decode(response),)
    except RankingsError as error:
        return Failure(error)


def _digest(value: str) -> str:
    return blake2b(value.encode(), key=b"openrouter-rankings", digest_size=16).hexdigest() if value else ""


def _whole(seconds: float) -> int:
    # An Integer of a structured field has at most 15 digits (RFC 9651, 3.3.1); a policy's lifetime may be infinite.
    return math.floor(max(-_MOST, min(seconds, _MOST)))
