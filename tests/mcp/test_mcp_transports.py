"""The server over HTTP and over pipes, within this process."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import logging
import os
import select
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import IO, Any, cast

import pytest

pytest.importorskip("mcp.server.mcpserver")

from assistant import INITIALIZE, call_of, sources
from mcp import Client
from patience import PATIENCE

import openrouter_rankings.mcp.http
from openrouter_rankings import ConfigurationError, RankingsClient
from openrouter_rankings.mcp import Sources, listen, make_server, serve_http, serve_stdio


@asynccontextmanager
async def served_over_http(given: Sources | None = None) -> AsyncGenerator[str]:
    """The URL of a server, which is cancelled at the end."""
    listener, url = listen(0)
    async with given or sources() as figures:
        serving = asyncio.create_task(serve_http(make_server(figures), listener))
        try:
            yield url
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
    assert listener.fileno() == -1


async def test_several_clients_call_tools_over_http() -> None:
    async with served_over_http() as url, Client(url) as one, Client(url) as another:
        results = [await client.call_tool("tasks", {"limit": 1}) for client in (one, another)]
    assert results[0].structured_content is not None
    assert results[0].structured_content == results[1].structured_content


async def test_over_http_a_web_page_elsewhere_is_refused() -> None:
    async with served_over_http() as url:
        address = url.split("/")[2]
        headers: list[dict[str, str]] = [{"Origin": "http://evil.example"}, {"Host": "evil.example"}, {}]
        statuses = [await asyncio.to_thread(posted, address, each) for each in headers]
    assert statuses == [403, 421, 200]


async def test_a_call_that_is_cut_off_at_the_end_is_not_logged_as_an_error(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openrouter_rankings.mcp.http, "_GRACE", 0)
    log = logging.getLogger("uvicorn.error")
    level = log.level
    arrived = asyncio.Event()

    async def never() -> RankingsClient:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    figures = sources()
    figures.connect = never
    async with served_over_http(figures) as url:
        call = asyncio.create_task(asyncio.to_thread(posted, url.split("/")[2], {}, call_of("tasks")))
        await asyncio.wait_for(arrived.wait(), PATIENCE)
    with suppress(http.client.HTTPException, OSError):
        await call
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert log.level == level


def posted(address: str, headers: dict[str, str], message: dict[str, Any] = INITIALIZE) -> int:
    """The status of an answer to a message."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    accepted = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    try:
        connection.request("POST", "/mcp", json.dumps(message), accepted | headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_a_port_in_use_is_an_error() -> None:
    listener, url = listen(0)
    with listener, pytest.raises(ConfigurationError, match="choose another port, or 0"):
        listen(int(url.split(":")[2].partition("/")[0]))


class Pipes:
    """What the server takes for stdin and stdout, seen from the client.

    Attributes:
        to_server: where the client writes.
        from_server: where the client reads.
    """

    def __init__(self, to_server: io.FileIO, from_server: IO[bytes]) -> None:
        self.to_server = to_server
        self.from_server = from_server

    async def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message, and wait for the next one of the server."""
        self.to_server.write(json.dumps(message).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await asyncio.to_thread(self.from_server.readline))
        return answer


@contextmanager
def standard_pipes() -> Generator[Pipes]:
    """Pipes in place of stdin and stdout. Within a test, because pytest replaces what a fixture sets."""
    with (
        piped() as (stdin, to_server),
        piped() as (from_server, stdout),
        io.TextIOWrapper(io.BufferedReader(stdin), encoding="utf-8") as reader,
        # Unbuffered, so that nothing is left to write to a client that has gone.
        io.TextIOWrapper(cast("IO[bytes]", stdout), encoding="utf-8", write_through=True) as writer,
        io.BufferedReader(from_server) as client,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", reader)
        patch.setattr(sys, "stdout", writer)
        yield Pipes(to_server, client)


@contextmanager
def piped() -> Generator[tuple[io.FileIO, io.FileIO]]:
    reading, writing = os.pipe()
    with io.FileIO(reading, "r") as source, io.FileIO(writing, "w") as target:
        yield source, target


async def served(pipes: Pipes) -> asyncio.Task[None]:
    """A server over these pipes that has answered for the first time."""
    serving = asyncio.create_task(serve_stdio(make_server(sources())))
    answer = await pipes.answer(INITIALIZE)
    assert answer["result"]["serverInfo"]["name"] == "openrouter-rankings"
    return serving


async def test_the_end_of_stdin_ends_it() -> None:
    with standard_pipes() as pipes:
        original = sys.stdin
        serving = await served(pipes)
        pipes.to_server.close()
        await asyncio.wait_for(serving, PATIENCE)
        assert sys.stdin is original


async def test_a_cancellation_ends_it_although_stdin_goes_on() -> None:
    with standard_pipes() as pipes:
        serving = await served(pipes)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(serving, PATIENCE)
        # Ends the thread that still reads.
        pipes.to_server.close()


@pytest.mark.parametrize("closed", ["stdin", "stdout"])
async def test_without_stdin_or_stdout_the_error_says_what_to_do(closed: str) -> None:
    server = make_server(sources())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, closed, None)
        with pytest.raises(ConfigurationError, match="or serve over HTTP"):
            await serve_stdio(server)


async def test_a_client_that_no_longer_reads_ends_it_although_stdin_goes_on() -> None:
    with standard_pipes() as pipes:
        original = sys.stdin
        serving = await served(pipes)
        pipes.from_server.close()
        await asyncio.wait_for(serving, PATIENCE)
        assert sys.stdin is original


async def test_where_the_system_cannot_tell_the_next_answer_to_a_client_that_has_gone_ends_it_quietly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As on Windows.
    monkeypatch.delattr(select, "poll")
    with standard_pipes() as pipes:
        serving = await served(pipes)
        pipes.from_server.close()
        pipes.to_server.write(json.dumps(INITIALIZE).encode() + b"\n")
        pipes.to_server.close()
        await asyncio.wait_for(serving, PATIENCE)
