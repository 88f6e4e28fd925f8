"""Every error of the library.

::

    RankingsError                              base of all
    ├── ConfigurationError (ValueError)        the caller made a mistake; nothing was sent
    │   └── StoreError                         the quota's or the cache's store cannot be used
    │       └── StoreUnreachableError          there is no connection to it
    ├── TransportError                         the exchange failed: DNS, refused, reset, TLS, a cut body
    │   └── RequestTimeoutError (TimeoutError) it took longer than the request's timeout
    ├── APIError                               the service answered with something other than a 2XX
    │   ├── BadRequestError                    400
    │   ├── UnauthorizedError                  401
    │   ├── TooManyRequestsError               429
    │   └── InternalServerError                500
    ├── InvalidResponseError                   a 2XX that breaks the contract of the Data API
    ├── QuotaExceededError                     our own quota has no slot in time; nothing was sent
    ├── ListChangedError                       a list changed while its pages were read
    ├── UnknownModelError (KeyError)           an answer has no such model
    └── UnknownTagError (KeyError)             an answer has no task of that tag

Errors compare by identity, survive pickling with all their attributes, and never contain the API key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar

__all__ = [
    "APIError",
    "BadRequestError",
    "ConfigurationError",
    "InternalServerError",
    "InvalidResponseError",
    "ListChangedError",
    "QuotaExceededError",
    "RankingsError",
    "RequestTimeoutError",
    "StoreError",
    "StoreUnreachableError",
    "TooManyRequestsError",
    "TransportError",
    "UnauthorizedError",
    "UnknownModelError",
    "UnknownTagError",
]

_EXCERPT_BYTES = 200
_MAX_LISTED_PROBLEMS = 10
_MAX_PROBLEM_CHARACTERS = 200
_MAX_MESSAGE_CHARACTERS = 1000


def _restore(cls: type[RankingsError], args: tuple[Any, ...]) -> RankingsError:
    error = cls.__new__(cls)
    error.args = args
    return error


class RankingsError(Exception):
    """Base of every error that this library raises."""

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call __init__ with the message alone, and the subclasses' __init__ asks for more.
        return _restore, (type(self), self.args), self.__dict__.copy()


class ConfigurationError(RankingsError, ValueError):
    """A mistake in an argument or in the set-up: no key, an implausible window, a bad URL. Nothing was sent."""


class StoreError(ConfigurationError):
    """A store of the quota or the cache cannot be used: a locked or foreign file, a full disk, a refused user."""


class StoreUnreachableError(StoreError):
    """There is no connection to the store just now."""


class TransportError(RankingsError):
    """The exchange failed before a whole answer arrived: DNS, refused, reset, TLS, a cut body.

    The original exception, where there is one, is ``__cause__``.
    """


class RequestTimeoutError(TransportError, TimeoutError):
    """The answer, body included, took longer than the request's timeout or the call's deadline."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


class APIError(RankingsError):
    """The service answered with something other than a 2XX.

    Attributes:
        status: the HTTP status.
        code: ``error.code`` of the body, documented to equal the status; None when the body has no such member.
        message: ``error.message`` of the body; empty when the body has no such member (a proxy's page, an empty body).
        metadata: ``error.metadata`` of the body, or None.
        headers: the answer's headers, case-insensitive.
        body: the answer's body as received, with the API key redacted.
    """

    advice = "If it persists, see https://status.openrouter.ai."

    def __init__(
        self,
        *,
        status: int,
        code: int | None = None,
        message: str = "",
        metadata: Mapping[str, Any] | None = None,
        headers: Mapping[str, str],
        body: bytes = b"",
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.metadata = metadata
        self.headers = headers
        self.body = body
        said = f": {_shortened(message.rstrip('.'), _MAX_MESSAGE_CHARACTERS)}" if message else ""
        super().__init__(f"The service answered {status} {_phrase(status)}{said}. {self._advise()}")

    def _advise(self) -> str:
        if self.status == 304:
            return "Leave out If-None-Match and If-Modified-Since: the cache sends them by itself."
        if 300 <= self.status < 400:
            return "Redirects are not followed, because they would carry the key elsewhere: check base_url."
        if self.status == 403:
            return "This key may not read the rankings: check it."
        if self.status == 404:
            return "Check base_url: it ends in /api/v1."
        return self.advice


class BadRequestError(APIError):
    """400: the service rejected a parameter, for example a ``window`` that it does not offer."""

    advice = "Check the parameters: the message names the one that was rejected."


class UnauthorizedError(APIError):
    """401: the API key is missing, wrong or revoked."""

    advice = "Check the API key, given as api_key or in OPENROUTER_API_KEY."


class TooManyRequestsError(APIError):
    """429: over 30 requests a minute for the key, or over 500 a day for the account.

    Attributes:
        retry_after: seconds to wait, counted from the answer; None if the service did not say.
        retry_at: the same as an instant (aware, in UTC); None if the service did not say.
    """

    advice = "The service allows 30 requests a minute per key and 500 a day per account."

    def __init__(
        self,
        *,
        status: int = 429,
        code: int | None = None,
        message: str = "",
        metadata: Mapping[str, Any] | None = None,
        headers: Mapping[str, str],
        body: bytes = b"",
        retry_after: float | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        self.retry_after = retry_after
        self.retry_at = retry_at
        super().__init__(status=status, code=code, message=message, metadata=metadata, headers=headers, body=body)

    def _advise(self) -> str:
        if self.retry_after is None:
            return self.advice
        at = f", at {self.retry_at:%Y-%m-%d %H:%M:%S} UTC" if self.retry_at else ""
        return f"Ask again in {self.retry_after:.12g} s{at}. {self.advice}"


class InternalServerError(APIError):
    """500: the service failed."""


def _excerpt(body: bytes) -> str:
    if len(body) <= _EXCERPT_BYTES:
        return repr(body)
    return f"{body[:_EXCERPT_BYTES]!r}... ({len(body)} bytes)"


class InvalidResponseError(RankingsError):
    """The service answered with a 2XX that breaks the contract of the Data API.

    Attributes:
        problems: each fault as ``"place: what is wrong"``, for example
            ``"data.classifications[3].token_share: expected a number, got null"``; at most ``MAX_PROBLEMS``.
        path: the place of the first fault (``"data.classifications[3].token_share"``); empty when the fault is in the
            answer as a whole, such as a body that is not JSON.
        body: what was received of the body, with the API key redacted.
        MAX_PROBLEMS: decoding stops after so many faults, so that a hostile answer costs no more than a good one.
    """

    MAX_PROBLEMS: ClassVar[int] = 100

    def __init__(self, first: tuple[str, str], *others: tuple[str, str], body: bytes = b"") -> None:
        self.path: str = first[0]
        found = (first, *others)[: self.MAX_PROBLEMS]
        self.problems: tuple[str, ...] = tuple(f"{path}: {what}" if path else what for path, what in found)
        self.body = body
        begins = f"The body begins {_excerpt(body)}. " if body else ""
        super().__init__(
            f"The answer is not what the Data API promises: {_listed(self.problems)}. {begins}"
            "The service may have changed: look for a newer openrouter-rankings."
        )


def _listed(problems: Sequence[str]) -> str:
    listed = list(map(_shortened, problems[:_MAX_LISTED_PROBLEMS]))
    more = len(problems) - len(listed)
    if more:
        others = ", and possibly others" if len(problems) == InvalidResponseError.MAX_PROBLEMS else ""
        listed.append(f"and {more} more{others}")
    return "; ".join(listed)


def _shortened(text: str, most: int = _MAX_PROBLEM_CHARACTERS) -> str:
    # A lone surrogate, which JSON and header fields can hold, could not be printed.
    printable = text[:most].encode(errors="replace").decode()
    return printable if len(text) <= most else f"{printable}..."


class QuotaExceededError(RankingsError):
    """Our own quota has no slot: the day's budget is spent, or a slot would come too late. Nothing was sent.

    Attributes:
        retry_at: when the next request may be sent (aware, UTC).
        retry_after: seconds until then, counted from the refusal.
    """

    def __init__(self, message: str, *, retry_at: datetime, retry_after: float) -> None:
        self.retry_at = retry_at
        self.retry_after = retry_after
        super().__init__(message)


class ListChangedError(RankingsError):
    """A list changed while its pages were read: some of its rows repeat, or are missing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The list changed between two of its pages: {what}. Read it again, with fresh=True.")


class UnknownModelError(RankingsError, KeyError):
    """An answer has no row for the model.

    Attributes:
        model: the slug that was looked up.
        suggestions: similar slugs of the answer, the most similar first.
    """

    def __init__(self, model: str, suggestions: Iterable[str] = ()) -> None:
        self.model = model
        self.suggestions: tuple[str, ...] = tuple(suggestions)
        super().__init__(f"The answer has no model {model!r}.{_meant(self.suggestions)}")

    def __str__(self) -> str:
        # A KeyError would show its message as a quoted key.
        return str(self.args[0])


class UnknownTagError(RankingsError, KeyError):
    """An answer has no task with the tag.

    Attributes:
        tag: the tag that was looked up.
        suggestions: similar tags of the answer, the most similar first.
    """

    def __init__(self, tag: str, suggestions: Iterable[str] = ()) -> None:
        self.tag = tag
        self.suggestions: tuple[str, ...] = tuple(suggestions)
        super().__init__(f"The answer has no task {tag!r}.{_meant(self.suggestions)}")

    def __str__(self) -> str:
        # A KeyError would show its message as a quoted key.
        return str(self.args[0])


def _meant(suggestions: Iterable[str]) -> str:
    named = " or ".join(map(repr, suggestions))
    return f" Did you mean {named}?" if named else ""
