"""AiohttpTransport over real sockets: what the contract suite cannot ask of every transport."""

import asyncio
import gc
import gzip
import inspect
import ssl
import traceback
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult
from leaks import shows
from multidict import CIMultiDict
from patience import PATIENCE, turn_until
from raw_server import RawServer, answer, closing_after, raw_server, sending

from openrouter_rankings import (
    AiohttpTransport,
    ConfigurationError,
    InvalidResponseError,
    RankingsError,
    Request,
    RequestTimeoutError,
    TransportError,
)
from openrouter_rankings.transports.aiohttp import environment_proxy

KEY = "sk-or-v1-0123456789abcdef"
MIB = 1024 * 1024


def get(url: str, timeout: float | None = 10.0) -> Request:
    return Request("GET", url, {"Authorization": f"Bearer {KEY}"}, timeout)


@asynccontextmanager
async def opened(transport: AiohttpTransport) -> AsyncGenerator[AiohttpTransport]:
    try:
        yield transport
    finally:
        await transport.aclose()


async def failure_of(transport: AiohttpTransport, request: Request) -> RankingsError:
    with pytest.raises(RankingsError) as caught:
        await transport.send(request)
    assert shows(caught.value, KEY) == []
    return caught.value


@pytest.fixture(autouse=True, scope="module")
def everything_is_closed() -> Iterator[None]:
    yield
    gc.collect()  # an unclosed session or connection warns here, and a warning fails the test that ran last


async def test_an_exchange_at_the_end_of_a_program_needs_no_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = aiohttp.TCPConnector

    def connector(**settings: Any) -> aiohttp.TCPConnector:
        if "resolver" not in settings:
            raise RuntimeError("can't create new thread at interpreter shutdown")
        return usual(**settings)

    for module in (aiohttp, aiohttp.client):
        monkeypatch.setattr(module, "TCPConnector", connector)
    async with raw_server(sending(answer(b"{}"))) as server, opened(AiohttpTransport()) as transport:
        assert (await transport.send(get(server.url))).status == 200


async def test_one_connection_serves_calls_in_a_row() -> None:
    async with raw_server(sending(answer(b"{}"))) as server, opened(AiohttpTransport()) as transport:
        for _ in range(3):
            await transport.send(get(server.url))
    assert (server.connections, len(server.heads)) == (1, 3)


async def test_the_timeout_covers_a_body_that_stops_coming() -> None:
    stalled = sending(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"half a body")
    async with raw_server(stalled) as server, opened(AiohttpTransport()) as transport:
        error = await failure_of(transport, get(server.url, timeout=0.05))
    assert isinstance(error, RequestTimeoutError)
    assert "0.05 s" in str(error)


async def test_a_lost_connection_is_not_tried_again_behind_the_callers_back() -> None:
    async with raw_server(closing_after()) as server, opened(AiohttpTransport()) as transport:
        error = await failure_of(transport, get(server.url))
    assert isinstance(error.__cause__, aiohttp.ServerDisconnectedError)
    assert len(server.heads) == 1


async def test_a_body_of_just_the_allowed_size_is_read() -> None:
    async with raw_server(sending(answer(b"x" * 1000))) as server, opened(AiohttpTransport(max_body=1000)) as transport:
        assert len((await transport.send(get(server.url))).body) == 1000


async def test_a_body_over_the_allowed_size_is_given_up_while_reading() -> None:
    endless = sending(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"x" * MIB)
    async with raw_server(endless) as server, opened(AiohttpTransport(max_body=1000)) as transport:
        error = await failure_of(transport, get(server.url))
        await asyncio.wait_for(server.closed_by_client.wait(), PATIENCE)
    assert isinstance(error, InvalidResponseError)
    assert "larger than the allowed 1000 bytes" in str(error)


async def test_the_allowed_size_counts_decompressed_bytes() -> None:
    bomb = gzip.compress(b"\0" * (64 * MIB))
    assert len(bomb) < MIB
    async with raw_server(sending(answer(bomb, b"Content-Encoding: gzip"))) as server:
        async with opened(AiohttpTransport(max_body=MIB)) as transport:
            assert isinstance(await failure_of(transport, get(server.url)), InvalidResponseError)


@pytest.mark.parametrize(
    ("coding", "body"), [(b"gzip", gzip.compress(b'{"a": 1}', mtime=0)), (b"deflate", zlib.compress(b'{"a": 1}'))]
)
async def test_a_compressed_body_arrives_decompressed(coding: bytes, body: bytes) -> None:
    async with raw_server(sending(answer(body, b"Content-Encoding: " + coding))) as server:
        async with opened(AiohttpTransport()) as transport:
            assert (await transport.send(get(server.url))).body == b'{"a": 1}'


async def test_a_body_that_is_not_what_its_coding_says_is_a_transport_error() -> None:
    async with raw_server(sending(answer(b"no gzip at all", b"Content-Encoding: gzip"))) as server:
        async with opened(AiohttpTransport()) as transport:
            assert isinstance(await failure_of(transport, get(server.url)), TransportError)


async def test_a_redirect_is_not_followed() -> None:
    async with raw_server(sending(answer(b"{}"))) as elsewhere:
        location = f"Location: {elsewhere.url}".encode()
        async with raw_server(sending(answer(b"", location, status=b"302 Found"))) as server:
            async with opened(AiohttpTransport()) as transport:
                assert (await transport.send(get(server.url))).status == 302
        assert elsewhere.heads == []


async def test_cookies_of_the_service_are_not_kept() -> None:
    async with raw_server(sending(answer(b"{}", b"Set-Cookie: visit=1"))) as server:
        # A cookie jar passes over addresses such as 127.0.0.1 by itself, and keeps the cookies of a name.
        url = f"http://localhost:{server.port}/"
        async with opened(AiohttpTransport()) as transport:
            for _ in range(2):
                await transport.send(get(url))
    assert b"cookie" not in server.heads[1].lower()


async def test_plain_http_to_another_machine_is_refused() -> None:
    async with opened(AiohttpTransport()) as transport:
        error = await failure_of(transport, get("http://api.test/v1"))
    assert isinstance(error, ConfigurationError)
    assert "allow_plain_http" in str(error)


async def test_plain_http_to_another_machine_is_sent_if_asked_for() -> None:
    async with raw_server(sending(answer(b"{}"))) as server:
        async with opened(AiohttpTransport(allow_plain_http=True)) as transport:
            # 0.0.0.0 is no loopback address, and reaches this machine all the same.
            assert (await transport.send(get(f"http://0.0.0.0:{server.port}/"))).status == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_plain_http_to_the_loopback_is_sent(host: str) -> None:
    async with raw_server(sending(answer(b"{}"))) as server, opened(AiohttpTransport()) as transport:
        assert (await transport.send(get(f"http://{host}:{server.port}/"))).status == 200


@pytest.mark.parametrize("host", ["[::1]", "127.1.2.3", "api.localhost"])
async def test_every_name_of_the_loopback_counts_as_it(host: str) -> None:
    async with raw_server(sending()) as server:
        port = server.port
    async with opened(AiohttpTransport()) as transport:
        # Nobody listens there any more; what counts is that the attempt was made.
        assert type(await failure_of(transport, get(f"http://{host}:{port}/"))) is TransportError


@pytest.mark.parametrize(
    "url", ["http://localhost.evil.test/", "http://127.0.0.1.evil.test/", "ftp://127.0.0.1/", "/v1", "https://["]
)
async def test_what_only_looks_like_the_loopback_is_refused(url: str) -> None:
    async with opened(AiohttpTransport()) as transport:
        assert isinstance(await failure_of(transport, get(url)), ConfigurationError)


async def test_a_session_of_the_callers_is_used_and_left_open() -> None:
    async with raw_server(sending(answer(b"{}"))) as server:
        async with aiohttp.ClientSession(headers={"X-From": "session"}) as session:
            async with opened(AiohttpTransport(session=session)) as transport:
                await transport.send(get(server.url))
            assert not session.closed
    assert b"X-From: session" in server.heads[0]


async def test_the_settings_of_a_callers_session_do_not_change_what_a_response_is() -> None:
    body = gzip.compress(b"no")
    async with raw_server(sending(answer(body, b"Content-Encoding: gzip", status=b"404 Not Found"))) as server:
        async with aiohttp.ClientSession(raise_for_status=True, auto_decompress=False) as session:
            response = await AiohttpTransport(session=session).send(get(server.url))
    assert (response.status, response.body) == (404, b"no")


async def test_the_timeout_of_a_callers_session_does_not_end_an_exchange() -> None:
    async with raw_server(sending(answer(b"{}"))) as server:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1e-6)) as session:
            assert (await AiohttpTransport(session=session).send(get(server.url))).status == 200


async def test_nothing_of_an_answer_that_a_callers_session_refuses_stays_in_the_error() -> None:
    async def refuse(request: aiohttp.ClientRequest, _: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        history: Any = (KEY,)
        raise aiohttp.ClientResponseError(request.request_info, history, headers=CIMultiDict({"X-Echo": KEY}))

    async with aiohttp.ClientSession(middlewares=(refuse,)) as session:
        await failure_of(AiohttpTransport(session=session), get("http://127.0.0.1:9/"))


async def test_a_closed_session_of_the_callers_is_a_configuration_error() -> None:
    session = aiohttp.ClientSession()
    await session.close()
    error = await failure_of(AiohttpTransport(session=session), get("http://127.0.0.1:9/"))
    assert isinstance(error, ConfigurationError)
    assert "closed" in str(error)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # aiohttp advises against it; callers do it
async def test_a_session_with_credentials_of_its_own_is_a_configuration_error() -> None:
    async with aiohttp.ClientSession(auth=aiohttp.BasicAuth("user", "password")) as session:
        error = await failure_of(AiohttpTransport(session=session), get("http://127.0.0.1:9/"))
    assert isinstance(error, ConfigurationError)


def test_a_second_event_loop_is_told_apart() -> None:
    transport = AiohttpTransport()

    async def call() -> None:
        async with raw_server(sending(answer(b"{}"))) as server:
            await transport.send(get(server.url))

    async def close() -> None:
        await transport.aclose()

    with asyncio.Runner() as first:
        first.run(call())
        with pytest.raises(ConfigurationError, match="another event loop"):
            asyncio.run(call())
        first.run(close())


async def test_a_refused_connection_is_a_transport_error_with_its_cause() -> None:
    async with raw_server(sending()) as server:
        url = server.url
    async with opened(AiohttpTransport()) as transport:
        error = await failure_of(transport, get(url))
    assert type(error) is TransportError
    assert isinstance(error.__cause__, aiohttp.ClientConnectorError)


class NoSuchHost(AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        raise OSError(f"no such host: {host}")

    async def close(self) -> None:
        pass


async def test_a_host_that_does_not_resolve_is_a_transport_error() -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NoSuchHost())) as session:
        error = await failure_of(AiohttpTransport(session=session), get("https://api.test/"))
    assert type(error) is TransportError
    assert "api.test" in str(error)


@pytest.mark.parametrize(
    "garbage",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nAuthorization: Bearer " + KEY.encode() + b"\r\nbad header " + KEY.encode() + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + KEY.encode() + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + KEY.encode() + b"\r\n",
    ],
)
async def test_an_answer_that_is_not_http_is_a_transport_error_without_the_key(garbage: bytes) -> None:
    async with raw_server(closing_after(garbage)) as server, opened(AiohttpTransport()) as transport:
        assert type(await failure_of(transport, get(server.url))) is TransportError


async def test_the_cause_of_an_answer_that_is_not_http_has_no_fields_of_the_request() -> None:
    async with raw_server(closing_after(b"not http at all\r\n\r\n")) as server:
        async with opened(AiohttpTransport()) as transport:
            cause = (await failure_of(transport, get(server.url))).__cause__
    assert isinstance(cause, aiohttp.ClientResponseError)
    assert dict(cause.request_info.headers) == {}
    assert (cause.headers, cause.history) == (None, ())
    assert str(cause.request_info.real_url) == server.url
    assert cause.args == (cause.request_info, ())


async def test_a_short_key_hides_no_failure_that_does_not_repeat_it() -> None:
    async with raw_server(sending()) as server:
        url = server.url
    async with opened(AiohttpTransport()) as transport:
        with pytest.raises(TransportError, match="Cannot connect to host") as caught:
            # The source code that failed has this word, and so has a traceback.
            await transport.send(Request("GET", url, {"Authorization": "Bearer key"}))
    assert isinstance(caught.value.__cause__, aiohttp.ClientConnectorError)


async def test_a_header_that_would_split_the_request_is_refused() -> None:
    async with raw_server(sending(answer(b"{}"))) as server, opened(AiohttpTransport()) as transport:
        error = await failure_of(transport, Request("GET", server.url, {"X-Title": "a\r\nX-Forged: b"}))
    assert isinstance(error, ConfigurationError)
    assert server.heads == []


async def test_a_cancelled_call_closes_its_connection() -> None:
    async with raw_server(sending()) as server, opened(AiohttpTransport()) as transport:
        call = asyncio.ensure_future(transport.send(get(server.url, timeout=None)))
        await turn_until(lambda: server.heads)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(server.closed_by_client.wait(), PATIENCE)


async def test_closing_while_a_call_is_under_way_ends_the_call() -> None:
    async with raw_server(sending()) as server:
        transport = AiohttpTransport()
        call = asyncio.ensure_future(failure_of(transport, get(server.url, timeout=None)))
        await turn_until(lambda: server.heads)
        await transport.aclose()
        assert isinstance(await asyncio.wait_for(call, PATIENCE), TransportError)


async def test_a_transport_that_was_never_used_closes_without_a_session() -> None:
    transport = AiohttpTransport()
    await transport.aclose()
    assert transport._session is None


# -- proxies ---------------------------------------------------------------------------------------------------------


async def test_a_proxy_is_asked_for_the_whole_url() -> None:
    async with raw_server(sending(answer(b"{}"))) as proxy:
        async with opened(AiohttpTransport(proxy=proxy.url, allow_plain_http=True)) as transport:
            await transport.send(get("http://api.test/v1"))
    assert proxy.heads[0].startswith(b"GET http://api.test/v1 HTTP/1.1")


async def test_the_environments_proxy_is_used_only_if_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with raw_server(sending(answer(b"{}"))) as proxy, raw_server(sending(answer(b"{}"))) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        remote = "http://api.test/v1"
        async with (
            opened(AiohttpTransport(allow_plain_http=True)) as distrusting,
            opened(AiohttpTransport(trust_env=True, allow_plain_http=True)) as trusting,
        ):
            await failure_of(distrusting, get(remote))
            assert proxy.heads == []
            await trusting.send(get(remote))
            assert proxy.heads[0].startswith(f"GET {remote} HTTP/1.1".encode())
            await trusting.send(get(server.url))
            assert len(proxy.heads) == 1
    # What ~/.netrc says of a host does not take the place of the key.
    assert all(f"Bearer {KEY}".encode() in head for head in proxy.heads + server.heads)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machines_loopback_is_asked_without_the_environments_proxy(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", "http://proxy.test:3128")
    assert environment_proxy(f"http://{host}:8765/api/v1") is None


@pytest.mark.parametrize(
    ("no_proxy", "url"),
    [
        ("gateway.test", "https://gateway.test:8443/v1"),
        ("gateway.test:8443", "https://gateway.test:8443/v1"),
        ("2001:db8::1", "https://[2001:db8::1]:8443/v1"),
    ],
)
def test_a_host_that_the_environment_excepts_is_asked_without_its_proxy(
    no_proxy: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert environment_proxy(url) is None
    assert environment_proxy("https://api.test:8443/v1") == "http://proxy.test:3128"


async def test_the_key_does_not_go_in_clear_text_through_a_proxy_on_another_machine() -> None:
    async with opened(AiohttpTransport(proxy="http://me:secret@proxy.test:3128")) as transport:
        error = await failure_of(transport, get("http://127.0.0.1:8765/api/v1"))
    assert type(error) is ConfigurationError
    assert "by a proxy" in str(error)
    assert "secret" not in str(error)


async def test_a_proxy_that_refuses_is_named_without_its_password() -> None:
    refusal = sending(answer(b"", status=b"407 Proxy Authentication Required"))
    async with raw_server(refusal) as proxy:
        with_password = proxy.url.replace("//", "//me:secret@")
        async with opened(AiohttpTransport(proxy=with_password)) as transport:
            error = await failure_of(transport, get("https://api.test/v1"))
    assert "//***@127.0.0.1" in str(error)
    assert "secret" not in "".join(traceback.format_exception(error))


async def test_a_proxy_that_refuses_is_a_transport_error_without_the_key() -> None:
    refusal = sending(answer(b"", status=b"407 Proxy Authentication Required"))
    async with raw_server(refusal) as proxy, opened(AiohttpTransport(proxy=proxy.url)) as transport:
        error = await failure_of(transport, get("https://api.test/v1"))
    assert type(error) is TransportError


@pytest.mark.parametrize(
    "proxy",
    [
        "not a url",
        "",
        "user:secret@host",
        "socks5://user:secret@host:1",
        "http://user:secret@[host",
        "http://user:sec/secret@host",
        "http://user:#secret@host",
        "http://user:my secret@host",
        "http://",
        5,
        b"x",
    ],
)
def test_a_proxy_that_is_not_the_url_of_one_is_refused_without_its_password(proxy: Any) -> None:
    with pytest.raises(ConfigurationError, match="proxy must be the URL") as caught:
        AiohttpTransport(proxy=proxy)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["user:secret@[host:1", "socks5://user:secret@host:1", "http://user:sec/secret@host"])
async def test_a_proxy_of_the_environment_that_is_none_is_refused_by_its_name_without_its_password(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    async with opened(AiohttpTransport(trust_env=True)) as transport:
        error = await failure_of(transport, get("https://api.test/v1"))
    assert type(error) is ConfigurationError
    assert "environment's proxy for https (HTTPS_PROXY)" in str(error)
    assert "secret" not in "".join(traceback.format_exception(error))


def test_an_environment_without_a_proxy_or_with_an_empty_one_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    assert environment_proxy("https://api.test/v1") is None
    monkeypatch.setenv("https_proxy", "")
    assert environment_proxy("https://api.test/v1") is None


async def test_a_host_and_port_in_the_environment_are_an_http_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(sending(answer(b"{}"))) as proxy:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        async with opened(AiohttpTransport(trust_env=True, allow_plain_http=True)) as transport:
            assert (await transport.send(get("http://api.test/v1"))).status == 200
    assert proxy.heads[0].startswith(b"GET http://api.test/v1 HTTP/1.1")


@pytest.mark.parametrize("before", [0, 60, 80])
async def test_a_key_that_aiohttp_cuts_off_with_a_long_line_is_not_shown(before: int) -> None:
    key = f"sk-or-v1-{'0123456789abcdef' * 4}"
    line = b"x" * before + key.encode() + b"x" * 10_000
    request = Request("GET", "", {"Authorization": f"Bearer {key}"}, 10.0)
    async with raw_server(sending(answer(b"{}", b"Echo: " + line))) as server, opened(AiohttpTransport()) as transport:
        error = await failure_of(transport, attrs.evolve(request, url=server.url))
    assert type(error) is TransportError
    assert shows(error, key[:16]) == []


async def test_a_key_that_an_error_of_aiohttp_repeats_in_another_form_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded = "".join(f"%{ord(letter):02x}" for letter in KEY)

    async def fail(*_: object, **__: object) -> None:
        raise aiohttp.ClientError(f"cannot read {encoded}")

    monkeypatch.setattr(aiohttp.ClientSession, "_request", fail)
    async with opened(AiohttpTransport()) as transport:
        error = await failure_of(transport, get("http://localhost:1/"))
    assert "it repeated the API key" in str(error)
    assert encoded not in "".join(traceback.format_exception(error))


# -- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def https(authority: trustme.CA) -> AsyncIterator[RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with raw_server(sending(answer(b"{}")), context) as server:
        yield server


async def test_a_certificate_of_an_unknown_authority_is_a_transport_error(https: RawServer) -> None:
    async with opened(AiohttpTransport()) as transport:
        error = await failure_of(transport, get(f"https://localhost:{https.port}/"))
    assert "certificate is not trusted" in str(error)
    assert https.heads == []


async def test_a_ca_bundle_of_the_callers_is_trusted(https: RawServer, authority: trustme.CA, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.cert_pem.bytes())
    async with opened(AiohttpTransport(ca_bundle=bundle)) as transport:
        assert (await transport.send(get(f"https://localhost:{https.port}/"))).status == 200


async def test_an_ssl_context_of_the_callers_is_used(https: RawServer, authority: trustme.CA) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with opened(AiohttpTransport(ssl=context)) as transport:
        assert (await transport.send(get(f"https://localhost:{https.port}/"))).status == 200


async def test_tls_to_a_port_that_speaks_none_is_a_transport_error() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server, opened(AiohttpTransport()) as transport:
        port = server.sockets[0].getsockname()[1]
        assert type(await failure_of(transport, get(f"https://127.0.0.1:{port}/"))) is TransportError


def test_a_ca_bundle_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing.pem"):
        AiohttpTransport(ca_bundle=tmp_path / "missing.pem")
    (tmp_path / "empty.pem").write_text("no certificate\n")
    with pytest.raises(ConfigurationError, match="empty.pem"):
        AiohttpTransport(ca_bundle=tmp_path / "empty.pem")


def test_the_defaults_are_those_of_the_documentation() -> None:
    defaults = {name: p.default for name, p in inspect.signature(AiohttpTransport).parameters.items()}
    assert defaults["max_body"] == 16 * 1024 * 1024
    assert AiohttpTransport(max_body=1)._max_body == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("session", 5),
        ("ssl", True),
        ("ca_bundle", 5),
        ("trust_env", "no"),
        ("allow_plain_http", "no"),
    ],
)
def test_an_argument_of_a_wrong_type_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        AiohttpTransport(**{name: value})


async def test_arguments_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="ca_bundle"):
        AiohttpTransport(ssl=ssl.create_default_context(), ca_bundle="ca.pem")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigurationError, match="trust_env"):
            AiohttpTransport(session=session, trust_env=True)
    with pytest.raises(ConfigurationError, match="max_body"):
        AiohttpTransport(max_body=0)
