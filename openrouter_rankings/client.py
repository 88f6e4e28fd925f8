"""The client: one method per operation of the Data API."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import attrs

from openrouter_rankings import __version__, endpoints
from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Headers
from openrouter_rankings.models.task_classifications import TaskClassifications, Window
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.retry import RetryPolicy, RetryTransport

__all__ = ["App", "RankingsClient"]

T = TypeVar("T")

_KEY_VARIABLE = "OPENROUTER_API_KEY"
_BASE_URL = "https://openrouter.ai/api/v1"

_KEY = re.compile(r"[!-~]+")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[^\x00-\x1f\x7f]*")


def _as_tuple(categories: str | Iterable[str]) -> tuple[str, ...]:
    return (categories,) if isinstance(categories, str) else tuple(categories)


@attrs.frozen
class App:
    """The app that asks, as OpenRouter attributes its traffic; every field is optional.

    Attributes:
        url: the app's URL, sent as ``HTTP-Referer``.
        title: its name, sent as ``X-OpenRouter-Title``.
        categories: its categories, such as ``cli-agent``, sent as ``X-OpenRouter-Categories``.
    """

    url: str | None = None
    title: str | None = None
    categories: tuple[str, ...] = attrs.field(default=(), converter=_as_tuple)

    def headers(self) -> dict[str, str]:
        """The header fields that carry what is known of the app."""
        fields = {
            "HTTP-Referer": self.url,
            "X-OpenRouter-Title": self.title,
            "X-OpenRouter-Categories": ",".join(self.categories),
        }
        return {name: value for name, value in fields.items() if value}


class RankingsClient:
    """Asks OpenRouter's Data API.

    An async context manager; without ``async with``, call ``aclose`` at the end. One client serves any number of
    concurrent calls, in one event loop.

    Args:
        api_key: any valid OpenRouter key; from the environment variable ``OPENROUTER_API_KEY`` if None.
        transport: what carries the requests; an ``AiohttpTransport`` if None. The client closes it at its own end.
        base_url: where the Data API is.
        timeout: seconds for one exchange with the service, the body included; None for no limit.
        retry: how often and how long failures are retried; None never retries.
        app: the app that asks, for OpenRouter's attribution.
        clock: the time to wait in; the transport's own if it has one (a fake's), else the system's.

    Raises:
        ConfigurationError: there is no key, or an argument cannot be used.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        transport: Transport | None = None,
        base_url: str = _BASE_URL,
        timeout: float | None = 30.0,
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008 - a frozen value, shown in the signature
        app: App | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._key = _checked_key(api_key)
        self._base_url = _checked_base_url(base_url)
        self._timeout = _checked_timeout(timeout)
        self._headers = _checked_headers(
            {
                "Authorization": f"Bearer {self._key}",
                "Accept": "application/json",
                "User-Agent": f"openrouter-rankings/{__version__}",
            }
            | (app.headers() if app else {})
        )
        self._wire = transport if transport is not None else _aiohttp_transport()
        self._clock: Clock = clock or getattr(transport, "clock", None) or SystemClock()
        self._transport = self._retrying(retry)

    def _retrying(self, policy: RetryPolicy | None) -> Transport:
        return self._wire if policy is None else RetryTransport(self._wire, policy, clock=self._clock)

    async def get_task_classifications(
        self,
        window: Window | str = Window.SEVEN_DAYS,
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TaskClassifications:
        """The market share of OpenRouter's traffic by task, and of each model within a task.

        Operation ``GET /classifications/task``.

        Args:
            window: the trailing window. The service offers ``"7d"`` only today; another is sent on, and the service
                answers 400 if it does not know it.
            timeout: seconds for one exchange; the client's if None.
            retry: the policy for this call; the client's if None. ``RetryPolicy(max_attempts=1)`` does not retry.
            headers: further header fields for this call.

        Raises:
            ConfigurationError: a parameter is implausible; nothing was sent.
            TransportError: no whole answer arrived, after all retries.
            APIError: the service refused: ``BadRequestError``, ``UnauthorizedError``, ``TooManyRequestsError``,
                ``InternalServerError``, or the base class for any other status.
            InvalidResponseError: the answer is not what the service promises.
        """
        return await self._ask(endpoints.task_classifications(window), timeout, retry, headers)

    async def _ask(
        self,
        endpoint: endpoints.Endpoint[T],
        timeout: float | None,
        retry: RetryPolicy | None,
        headers: Mapping[str, str] | None,
    ) -> T:
        fields = self._headers if headers is None else self._headers.merge(_checked_extra_headers(headers))
        seconds = self._timeout if timeout is None else _checked_timeout(timeout)
        request = endpoints.request_of(endpoint, self._base_url, fields, seconds)
        transport = self._transport if retry is None else self._retrying(retry)
        response = await transport.send(request)
        return endpoints.result_of(endpoint, response, key=self._key, now=self._clock.time())

    async def aclose(self) -> None:
        """Close the client and its transport. A session of the caller's own stays open. Repeating it does nothing."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _aiohttp_transport() -> Transport:
    from openrouter_rankings.transports.aiohttp import AiohttpTransport

    return AiohttpTransport()


def _checked_key(api_key: str | None) -> str:
    key = os.environ.get(_KEY_VARIABLE, "") if api_key is None else api_key
    source = f"The environment variable {_KEY_VARIABLE}" if api_key is None else "api_key"
    if not key:
        raise ConfigurationError(f"No API key: set the environment variable {_KEY_VARIABLE}, or give api_key.")
    if not _KEY.fullmatch(key):
        raise ConfigurationError(
            f"{source} is no API key: it has white space, a control character or a letter outside ASCII in it. A line "
            "end at its end, as from a file, must be cut off."
        )
    return key


def _checked_base_url(base_url: str) -> str:
    refusal = f"base_url must be an http or https URL, such as {_BASE_URL}, not {base_url!r}."
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:  # a broken IPv6 address, a port that is none
        raise ConfigurationError(refusal) from error
    if not usable:
        raise ConfigurationError(refusal)
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError("base_url must have no user, query or fragment: it is the beginning of every URL.")
    return base_url.rstrip("/")


def _checked_timeout(timeout: float | None) -> float | None:
    if timeout is not None and not (isinstance(timeout, (int, float)) and timeout > 0):
        raise ConfigurationError(f"timeout must be a positive number of seconds, or None, not {timeout!r}.")
    return timeout


def _checked_extra_headers(headers: Mapping[str, str]) -> Headers:
    checked = _checked_headers(headers)
    if "Authorization" in checked:
        raise ConfigurationError("The header field Authorization is made of the API key: give the key as api_key.")
    return checked


def _checked_headers(headers: Mapping[str, str]) -> Headers:
    for name, value in headers.items():
        if not _FIELD_NAME.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no name of a header field.")
        if not _FIELD_VALUE.fullmatch(value):
            raise ConfigurationError(f"The header field {name} has a control character in it, such as a line end.")
    return Headers(headers)
