"""The emulated service on a loopback socket."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from patience import PATIENCE, turn_until

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.testing.emulated_api import EmulatedAPI
from openrouter_rankings.testing.faults import Fault
from openrouter_rankings.testing.server import serve, serve_in_thread

PATH = "/classifications/task"
KEY = {"Authorization": "Bearer test-key"}
HEAD = b"GET /api/v1/classifications/task HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer test-key\r\n"


class EndlessClock(FakeClock):
    """A clock whose sleeps never end; it records when one begins and when one is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asleep.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=KEY) as session:
        yield session


@pytest.fixture(autouse=True)
def no_noise(caplog: pytest.LogCaptureFixture) -> object:
    caplog.set_level(logging.WARNING)
    yield
    assert caplog.record_tuples == []


async def connect(base_url: str, sent: bytes = HEAD + b"\r\n") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A raw connection on which ``sent`` was sent."""
    url = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def write_forever(writer: asyncio.StreamWriter, chunk: bytes) -> NoReturn:
    while True:
        writer.write(chunk)
        await writer.drain()


def server_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "openrouter-rankings-server"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def test_it_answers_over_http_like_the_service_in_memory(session: aiohttp.ClientSession) -> None:
    clock = FakeClock(datetime(2026, 6, 18, tzinfo=UTC))
    async with serve(EmulatedAPI(), clock=clock) as base_url, session.get(base_url + PATH) as answer:
        body = await answer.read()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "private, max-age=60, stale-while-revalidate=300"
    assert answer.headers["Date"] == "Thu, 18 Jun 2026 00:00:00 GMT"
    assert json.loads(body)["data"]["as_of"] == "2026-06-17"


async def test_it_uses_the_system_clock_by_default(session: aiohttp.ClientSession) -> None:
    before = datetime.now(UTC).date()
    async with serve(EmulatedAPI()) as base_url, session.get(base_url + PATH) as answer:
        as_of = datetime.fromisoformat((await answer.json())["data"]["as_of"]).date()
    assert (before - as_of).days <= 1
    assert as_of < datetime.now(UTC).date()


async def test_the_base_url_names_the_loopback_address_and_a_free_port() -> None:
    async with serve(EmulatedAPI()) as one, serve(EmulatedAPI()) as another:
        assert one != another
        assert urlsplit(one).hostname == "127.0.0.1"
        assert urlsplit(one).path == "/api/v1"


async def test_the_port_can_be_chosen() -> None:
    port = free_port()
    async with serve(EmulatedAPI(), port=port) as base_url:
        assert base_url == f"http://127.0.0.1:{port}/api/v1"


@pytest.mark.parametrize("host", ["0.0.0.0", "::1", "::", "192.0.2.1", "example.org", "", "127.1", "[127.0.0.1]"])  # noqa: S104 - what is refused
async def test_an_address_that_is_no_ipv4_loopback_address_is_a_configuration_error(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.0/8\) only, not on ") as caught:
        async with serve(EmulatedAPI(), host=host):
            pass
    assert str(caught.value).endswith(f"{host!r}.")


async def test_localhost_stands_for_the_ipv4_loopback_address(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses: list[str | None] = []

    class Site(web.TCPSite):
        def __init__(self, runner: web.BaseRunner, host: str | None, port: int, backlog: int) -> None:
            super().__init__(runner, host, port, backlog=backlog)
            addresses.append(host)

    monkeypatch.setattr(web, "TCPSite", Site)
    async with serve(EmulatedAPI(), host="localhost") as base_url:
        assert urlsplit(base_url).hostname == "localhost"
    assert addresses == ["127.0.0.1"]


async def test_the_service_sees_the_method_the_full_url_and_the_header_fields(session: aiohttp.ClientSession) -> None:
    api = EmulatedAPI()
    async with (
        serve(api) as base_url,
        session.post(f"{base_url}{PATH}?window=7d&x=%C3%A9", headers={"X-OpenRouter-Title": "Bot"}) as answer,
    ):
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET"
    (request,) = api.requests
    assert (request.method, request.url) == ("POST", f"{base_url}{PATH}?window=7d&x=%C3%A9")
    assert request.headers["authorization"] == "Bearer test-key"
    assert request.headers["X-OpenRouter-Title"] == "Bot"


async def test_errors_come_with_their_body_and_fields(session: aiohttp.ClientSession) -> None:
    async with serve(EmulatedAPI(faults=[Fault(429, headers={"Retry-After": "30"})])) as base_url:
        async with session.get(base_url + PATH) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "30")
            assert (await answer.json())["error"]["code"] == 429
        async with session.get(f"{base_url}/models") as answer:
            assert answer.status == 404


async def test_many_calls_at_once_are_each_answered(session: aiohttp.ClientSession) -> None:
    api = EmulatedAPI(per_minute=50)

    async def call() -> int:
        async with session.get(base_url + PATH) as answer:
            await answer.read()
            return answer.status

    async with serve(api) as base_url:
        statuses = await asyncio.gather(*(call() for _ in range(60)))
    assert sorted(statuses) == [200] * 50 + [429] * 10


async def test_a_connection_is_kept_for_the_next_request(session: aiohttp.ClientSession) -> None:
    async with serve(EmulatedAPI()) as base_url:
        url = urlsplit(base_url)
        connection = http.client.HTTPConnection(str(url.hostname), url.port)

        def call() -> tuple[int, object]:
            connection.request("GET", url.path + PATH, headers=KEY)
            with connection.getresponse() as answer:
                answer.read()
                return answer.status, connection.sock

        first = await asyncio.to_thread(call)
        second = await asyncio.to_thread(call)
        connection.close()
    assert first == second


# The wire


async def test_a_delay_is_waited_for_on_the_clock(session: aiohttp.ClientSession) -> None:
    clock = FakeClock()
    async with (
        serve(EmulatedAPI(faults=[Fault(delay=25.0)]), clock=clock) as base_url,
        session.get(base_url + PATH) as answer,
    ):
        assert answer.status == 200
    assert clock.sleeps == [25.0]


async def test_a_cut_body_promises_its_full_length_and_ends_before_it() -> None:
    async with serve(EmulatedAPI(faults=[Fault(body=b"0123456789", cut_after=4)])) as base_url:
        reader, writer = await connect(base_url)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: 10\r\n" in head
    assert body == b"0123"


async def test_a_cut_body_is_a_payload_error_to_a_client(session: aiohttp.ClientSession) -> None:
    async with (
        serve(EmulatedAPI(faults=[Fault(cut_after=1000)])) as base_url,
        session.get(base_url + PATH) as answer,
    ):
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_a_cut_before_the_first_byte_of_the_body_sends_the_head_alone() -> None:
    async with serve(EmulatedAPI(faults=[Fault(body=b"0123456789", cut_after=0)])) as base_url:
        reader, writer = await connect(base_url)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert b"Content-Length: 10" in head
    assert body == b""


async def test_a_cut_beyond_the_end_of_the_body_cuts_nothing(session: aiohttp.ClientSession) -> None:
    async with (
        serve(EmulatedAPI(faults=[Fault(body=b"whole", cut_after=5)])) as base_url,
        session.get(base_url + PATH) as answer,
    ):
        assert await answer.read() == b"whole"


async def test_a_reset_is_a_reset_of_the_connection() -> None:
    async with serve(EmulatedAPI(faults=[Fault(reset=True)])) as base_url:
        reader, writer = await connect(base_url)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_after_a_reset_the_next_request_is_answered(session: aiohttp.ClientSession) -> None:
    async with serve(EmulatedAPI(faults=[Fault(reset=True)])) as base_url:
        with pytest.raises(aiohttp.ClientOSError):
            await session.post(base_url + PATH)
        async with session.get(base_url + PATH) as answer:
            assert answer.status == 200


# Hostile requests


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + 100_000 * b"a" + b" HTTP/1.1\r\n\r\n",
        HEAD + b"X-Long: " + 100_000 * b"a" + b"\r\n\r\n",
        b"no HTTP at all\r\n\r\n",
    ],
)
async def test_a_head_that_is_too_long_or_malformed_is_a_400_that_the_service_does_not_see(
    head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    api = EmulatedAPI()
    async with asyncio.timeout(PATIENCE), serve(api) as base_url:
        reader, writer = await connect(base_url, head)
        status = await reader.readline()
        writer.close()
    assert status.split()[1] == b"400"
    assert api.requests == []
    assert {name for name, _, _ in caplog.record_tuples} <= {"openrouter_rankings.testing.server"}
    caplog.clear()


async def test_a_body_that_never_ends_is_cut_off_after_the_answer() -> None:
    async with asyncio.timeout(PATIENCE), serve(EmulatedAPI()) as base_url:
        reader, writer = await connect(base_url, HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        status = await reader.readline()
        with pytest.raises(ConnectionError):
            await write_forever(writer, b"10000\r\n" + 0x10000 * b"a" + b"\r\n")
        writer.close()
    assert status == b"HTTP/1.1 200 OK\r\n"


# Shutdown


async def test_a_client_that_disconnects_during_a_delay_ends_it_without_noise(session: aiohttp.ClientSession) -> None:
    clock = EndlessClock()
    async with serve(EmulatedAPI(faults=[Fault(delay=1)]), clock=clock) as base_url:
        _, writer = await connect(base_url)
        await clock.asleep.wait()
        writer.close()
        await asyncio.wait_for(clock.cancelled.wait(), PATIENCE)
        async with session.get(base_url + PATH) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("fault", [Fault(delay=1, reset=True), Fault(delay=1, cut_after=3), Fault(delay=1)])
async def test_it_shuts_down_with_a_request_in_a_delay(session: aiohttp.ClientSession, fault: Fault) -> None:
    clock = EndlessClock()
    async with asyncio.timeout(PATIENCE), serve(EmulatedAPI(faults=[fault]), clock=clock) as base_url:
        call = asyncio.create_task(session.request("GET", base_url + PATH))
        await clock.asleep.wait()
    assert clock.cancelled.is_set()
    with pytest.raises(aiohttp.ClientConnectionError):
        await call


YEAR = HEAD.replace(PATH.encode(), b"/datasets/rankings-daily?start_date=2025-01-01&end_date=2025-12-31")


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /api", HEAD + b"\r\n", 20 * (YEAR + b"\r\n"), HEAD + b"Content-Length: 100\r\n\r\nabc"],
    ids=["silent", "in its head", "idle", "reading nothing", "in its body"],
)
async def test_it_shuts_down_and_leaves_nothing_whatever_state_a_connection_is_in(sent: bytes) -> None:
    api = EmulatedAPI()
    async with asyncio.timeout(PATIENCE):
        async with serve(api) as base_url:
            reader, writer = await connect(base_url, sent)
            await turn_until(lambda: api.requests or b"\r\n\r\n" not in sent)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        writer.close()
        del reader
        gc.collect()


async def test_nothing_listens_after_the_context(session: aiohttp.ClientSession) -> None:
    async with serve(EmulatedAPI()) as base_url:
        pass
    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get(base_url + PATH)


async def test_an_error_inside_the_context_propagates_and_closes_the_server(session: aiohttp.ClientSession) -> None:
    base_url = ""
    with pytest.raises(ZeroDivisionError):
        async with serve(EmulatedAPI()) as base_url:
            raise ZeroDivisionError
    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get(base_url + PATH)


async def test_a_port_in_use_is_a_configuration_error_that_names_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"Cannot listen on 127\.0\.0\.1:{port}") as caught:
            async with serve(EmulatedAPI(), port=port):
                pass
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("port", [-1, 65536])
async def test_an_impossible_port_is_a_configuration_error(port: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port}"):
        async with serve(EmulatedAPI(), port=port):
            pass


# In a thread


def test_in_a_thread_it_serves_code_that_is_not_async() -> None:
    api = EmulatedAPI()
    with serve_in_thread(api) as base_url:
        url = urlsplit(base_url)
        connection = http.client.HTTPConnection(str(url.hostname), url.port)
        connection.request("GET", url.path + PATH, headers=KEY)
        with connection.getresponse() as answer:
            assert answer.status == 200
            assert json.loads(answer.read())["data"]["window_days"] == 7
        connection.close()
    assert [request.url for request in api.requests] == [base_url + PATH]


async def test_in_a_thread_it_serves_while_another_loop_runs(session: aiohttp.ClientSession) -> None:
    with serve_in_thread(EmulatedAPI()) as base_url:
        async with session.get(base_url + PATH) as answer:
            assert answer.status == 200


def test_in_a_thread_host_port_and_clock_can_be_chosen() -> None:
    port = free_port()
    clock = FakeClock(datetime(2026, 6, 18, tzinfo=UTC))
    with serve_in_thread(EmulatedAPI(), host="localhost", port=port, clock=clock) as base_url:
        assert base_url == f"http://localhost:{port}/api/v1"
        connection = http.client.HTTPConnection("localhost", port)
        connection.request("GET", PATH, headers=KEY)
        with connection.getresponse() as answer:
            assert answer.headers["Date"] == "Thu, 18 Jun 2026 00:00:00 GMT"
        connection.close()


def test_leaving_the_context_ends_the_thread_though_a_connection_is_open() -> None:
    with serve_in_thread(EmulatedAPI()) as base_url:
        connection = socket.create_connection(("127.0.0.1", urlsplit(base_url).port or 0))
        assert len(server_threads()) == 1
    assert server_threads() == []
    connection.close()


def test_in_a_thread_a_port_in_use_is_the_same_error_and_leaves_no_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with (
            pytest.raises(ConfigurationError, match=rf"Cannot listen on 127\.0\.0\.1:{port}"),
            serve_in_thread(EmulatedAPI(), port=port),
        ):
            pass
    assert server_threads() == []


def test_an_error_inside_the_context_propagates_and_ends_the_thread() -> None:
    with pytest.raises(ZeroDivisionError), serve_in_thread(EmulatedAPI()):
        raise ZeroDivisionError
    assert server_threads() == []
