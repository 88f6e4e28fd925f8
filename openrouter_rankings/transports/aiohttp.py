"""HTTP over the network, through aiohttp. No other module of the client imports aiohttp."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import ssl as tls
import traceback
import urllib.request
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

from openrouter_rankings.errors import (
    ConfigurationError,
    InvalidResponseError,
    RequestTimeoutError,
    TransportError,
)
from openrouter_rankings.messages import Request, Response, key_of
from openrouter_rankings.redaction import shows_key
from openrouter_rankings.transports.home_loop import HomeLoop

__all__ = ["AiohttpTransport", "environment_proxy", "is_loopback"]

_MIB = 1024 * 1024

_USER_INFO = re.compile(r"//[^/\s]+@")

# The first characters of a key that tell more than that it is one, such as "sk-or-v1-".
_TELLING_PART = 12

# The exchange is timed as a whole, by `asyncio.timeout`; aiohttp's own limits, such as a session's, stay out of it.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=None)


class AiohttpTransport:
    """Sends requests over HTTP with aiohttp.

    Connections are kept and reused. Redirects are not followed: they would carry the key elsewhere. The whole body is
    read, within the request's timeout and within ``max_body``. A transport belongs to the event loop of its first
    request.

    Args:
        session: your own session, which is used as it is and never closed here. (aiohttp itself repeats a request when
            a connection of such a session breaks.) If not given, one is made for the first request and closed by
            ``aclose``.
        proxy: the URL of an HTTP proxy, such as ``http://proxy:3128``; it can have a user and a password.
        ca_bundle: a file of CA certificates in PEM format, to trust instead of the system's.
        ssl: your own SSL context; excludes ``ca_bundle``.
        trust_env: take proxies from the environment (``HTTPS_PROXY``, ``NO_PROXY``), but for this machine's loopback.
            Not with ``session``, which has its own setting.
        max_body: the most bytes of body to accept, counted decompressed.
        allow_plain_http: allow ``http://`` to other hosts than this machine's loopback. It shows the key to everyone on
            the way.

    Raises:
        ConfigurationError: the arguments exclude each other, or the CA bundle cannot be read.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession | None = None,
        proxy: str | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        ssl: tls.SSLContext | None = None,
        trust_env: bool = False,
        max_body: int = 16 * _MIB,
        allow_plain_http: bool = False,
    ) -> None:
        _check_type("session", session, aiohttp.ClientSession)
        _check_type("ssl", ssl, tls.SSLContext)
        _check_type("trust_env", trust_env, bool)
        _check_type("allow_plain_http", allow_plain_http, bool)
        if session is not None and trust_env:
            raise ConfigurationError("trust_env goes to the session: give one of trust_env and session, not both.")
        if ssl is not None and ca_bundle is not None:
            raise ConfigurationError("Give one of ssl and ca_bundle, not both.")
        if type(max_body) is not int or max_body < 1:
            raise ConfigurationError(f"max_body must be a whole number of at least 1 byte, not {max_body!r}.")
        self._session = session
        self._owns_session = session is None
        self._trust_env = trust_env
        self._max_body = max_body
        self._allow_plain_http = allow_plain_http
        self._proxy = None if proxy is None else _checked_proxy(proxy)
        self._ssl = ssl or (True if ca_bundle is None else _context_of(ca_bundle))
        self._home = HomeLoop()
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Send ``request`` over the network; see ``Transport`` for what it raises."""
        proxy = self._proxy or (environment_proxy(request.url) if self._trust_env else None)
        self._check_scheme(request.url, proxy)
        session = self._ready_session()
        try:
            async with asyncio.timeout(request.timeout):
                return await self._exchange(session, request, proxy)
        except _LostConnectionError as lost:
            failure = _translate(lost.original, request)
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as error:
            failure = _translate(error, request)
        # Raised out here, the failure has no other link to the original than the one that `_translate` made.
        raise failure

    async def aclose(self) -> None:
        """Close the connections, unless the session is the caller's own. Repeating it does nothing."""
        self._closed = True
        if self._session is not None and self._owns_session:
            await self._session.close()

    def _check_scheme(self, url: str, proxy: str | None) -> None:
        scheme, host, stays_here = _origin(url)
        if scheme == "https":
            return
        # A proxy on another machine is sent the key before any loopback is.
        by_proxy = proxy is not None and not is_loopback(urlsplit(proxy).hostname or "")
        if scheme == "http" and (self._allow_plain_http or (stays_here and not by_proxy)):
            return
        raise ConfigurationError(
            f"Refusing to send the API key to {scheme}://{host}{' by a proxy' if by_proxy else ''}: use https, or "
            "AiohttpTransport(allow_plain_http=True) for plain http to another machine."
        )

    def _ready_session(self) -> aiohttp.ClientSession:
        self._home.check()
        if self._closed:
            raise ConfigurationError("This transport is closed: open a new one.")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_connector(), cookie_jar=aiohttp.DummyCookieJar(), middlewares=(_send_once,)
            )
        return self._session

    async def _exchange(self, session: aiohttp.ClientSession, request: Request, proxy: str | None) -> Response:
        async with session.request(
            request.method,
            request.url,
            headers=request.headers,
            timeout=_NO_TIMEOUT,
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=True,
            proxy=proxy,
            ssl=self._ssl,
        ) as response:
            body = await self._read(response)
            return Response(response.status, response.headers, body)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_body:
                raise InvalidResponseError(("", f"the body is larger than the allowed {self._max_body} bytes"))
        return b"".join(chunks)


class _LostConnectionError(Exception):
    def __init__(self, original: Exception) -> None:
        super().__init__()
        self.original = original


def _connector() -> aiohttp.TCPConnector:
    try:
        return aiohttp.TCPConnector()
    except RuntimeError:
        # The resolver of aiodns starts a thread, which Python refuses while a program ends; this one needs none then.
        return aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # aiohttp would send a GET again by itself when the connection breaks, unseen by the retry policy and the quota. An
    # error that it does not know stops it.
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _LostConnectionError(error) from error


def _check_type(name: str, value: object, kind: type) -> None:
    if not (value is None or isinstance(value, kind)):
        raise ConfigurationError(f"{name} must be a {kind.__name__}, not {type(value).__name__}.")


def _context_of(ca_bundle: str | os.PathLike[str]) -> tls.SSLContext:
    try:
        return tls.create_default_context(cafile=ca_bundle)
    except (OSError, TypeError) as error:
        raise ConfigurationError(f"The ca_bundle {str(ca_bundle)!r} cannot be used: {error}.") from error


def _checked_proxy(proxy: str, source: str = "proxy") -> str:
    try:
        parts = urlsplit(proxy)
        # An @ further on ends a password that is not written as a URL has it.
        is_whole = "@" not in parts.path + parts.query + parts.fragment and " " not in proxy and proxy.isprintable()
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and is_whole
    except (ValueError, TypeError, AttributeError):
        usable = False
    if not (isinstance(proxy, str) and usable):
        # The refusal shows no part of it: it can hold a password.
        raise ConfigurationError(
            f"{source} must be the URL of an HTTP proxy, such as http://proxy:3128, with the special characters of a "
            "password percent-encoded."
        )
    return proxy


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL; None for none, as for this machine's loopback.

    Raises:
        ConfigurationError: what it names is no HTTP proxy.
    """
    # A session's own trust_env would also read ~/.netrc and put what it finds there in the place of the key.
    parts = urlsplit(url)
    host = parts.hostname or ""
    # NO_PROXY can name a host with its port, or an IPv6 address without brackets.
    if is_loopback(host) or urllib.request.proxy_bypass(host) or urllib.request.proxy_bypass(parts.netloc):
        return None
    proxy = urllib.request.getproxies().get(parts.scheme)
    if not proxy:
        return None
    source = f"The environment's proxy for {parts.scheme} ({parts.scheme.upper()}_PROXY)"
    # A host and a port alone are an HTTP proxy, as to other programs.
    return _checked_proxy(proxy if "://" in proxy else f"http://{proxy}", source)


def _translate(error: Exception, request: Request) -> ConfigurationError | TransportError:
    _forget_headers(error)
    key = key_of(request)
    # Without the lines of source code, which cannot hold the key, but do hold words such as "key".
    shown = "".join(traceback.format_exception(error, limit=0))
    # aiohttp cuts a long line off, which may be within the key.
    shows_the_key = shows_key(shown, key[:_TELLING_PART])
    said = "it repeated the API key, so it is not shown" if shows_the_key else str(error) or type(error).__name__
    failure = _failure(error, _USER_INFO.sub("//***@", said), request.timeout)
    # A proxy that refuses is named with its password.
    if not (shows_the_key or _USER_INFO.search(shown)):
        failure.__cause__ = error
    return failure


def _failure(error: Exception, said: str, timeout: float | None) -> ConfigurationError | TransportError:
    if isinstance(error, TimeoutError):
        return RequestTimeoutError(
            f"No whole answer within {timeout} s: raise the timeout, or see if the service is up."
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return TransportError(
            f"The server's certificate is not trusted: {said}. A CA bundle can be given to the transport."
        )
    if isinstance(error, (ValueError, RuntimeError, aiohttp.NonHttpUrlClientError)):
        return ConfigurationError(f"The request could not be sent as it is set up: {said}.")
    return TransportError(f"The exchange failed: {said.rstrip('.')}. Check the network, the proxy and base_url.")


def _forget_headers(error: Exception) -> None:
    """Take the request's headers, which hold the key, and the answer's, which may repeat it, out of aiohttp's error."""
    if isinstance(error, aiohttp.ClientResponseError):
        info = error.request_info
        no_headers = CIMultiDictProxy(CIMultiDict[str]())
        error.request_info = aiohttp.RequestInfo(info.url, info.method, no_headers, info.real_url)
        error.history = ()
        error.headers = None
        error.args = (error.request_info, error.history)


@lru_cache(maxsize=64)
def _origin(url: str) -> tuple[str, str, bool]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConfigurationError(f"{url!r} is not a URL: {error}.") from error
    host = parts.hostname or ""
    return parts.scheme, host, is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's loopback interface."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
