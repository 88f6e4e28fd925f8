"""The server as a process of its own: over stdin and stdout, and over HTTP on a real socket."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp.server.mcpserver")

from assistant import INITIALIZE, call_of
from command_line import KEY, Call
from mcp import Client, StdioServerParameters, stdio_client
from mcp.server.mcpserver import MCPServer
from patience import PATIENCE

import openrouter_rankings.mcp
from openrouter_rankings import ConfigurationError
from openrouter_rankings.cli.answers import sample_client
from openrouter_rankings.cli.commands import mcp as mcp_command
from openrouter_rankings.cli.question import Origin
from openrouter_rankings.cli.service import lasting_client
from openrouter_rankings.mcp import Sources
from openrouter_rankings.testing import EmulatedAPI, serve_in_thread


@pytest.fixture(autouse=True)
def _collected_again() -> Generator[None]:
    """What the command keeps from the garbage collector stays only as long as its process, and this one goes on."""
    yield
    gc.unfreeze()


COMMAND = (sys.executable, "-m", "openrouter_rankings", "mcp", "--sample")


@contextmanager
def started(*arguments: str) -> Generator[subprocess.Popen[str]]:
    """The command, killed at the end of the context."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def send(process: subprocess.Popen[str], message: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()


def received(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    message: dict[str, Any] = json.loads(process.stdout.readline())
    return message


def initialized(process: subprocess.Popen[str]) -> None:
    """Wait until the server has answered for the first time."""
    send(process, INITIALIZE)
    assert received(process)["result"]["serverInfo"]["name"] == "openrouter-rankings"
    send(process, {"jsonrpc": "2.0", "method": "notifications/initialized"})


async def test_the_sdks_client_starts_it_and_calls_a_tool() -> None:
    environment = {
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "PYTHONSAFEPATH": os.environ.get("PYTHONSAFEPATH", ""),
    }
    server = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:]], env=environment)
    async with Client(stdio_client(server)) as client:
        result = await client.call_tool("tasks", {"limit": 2})
    assert result.structured_content is not None
    assert [row["rank"] for row in result.structured_content["rows"]] == [1, 2]


def test_at_the_end_of_stdin_it_ends_and_stdout_had_nothing_but_messages() -> None:
    with started() as process:
        initialized(process)
        send(process, call_of("quota"))
        # The SDK cancels calls that are under way when stdin ends.
        assert received(process)["id"] == 2
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_client_that_no_longer_reads_ends_it_although_stdin_goes_on() -> None:
    with started() as process:
        initialized(process)
        send(process, call_of("tasks"))
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_in_good_order_although_stdin_goes_on(sent: signal.Signals, status: int) -> None:
    with started() as process:
        initialized(process)
        process.send_signal(sent)
        assert process.wait(PATIENCE) == status
        assert process.stderr is not None
        assert process.stderr.read() == ""


@contextmanager
def over_http() -> Generator[tuple[subprocess.Popen[str], str]]:
    with started("--http", "--port", "0") as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("Serving MCP at http://127.0.0.1:")
        yield process, line.split()[3]


async def test_over_http_several_clients_call_tools_and_ctrl_c_ends_it_in_good_order() -> None:
    with over_http() as (process, url):
        async with Client(url) as one, Client(url) as another:
            results = [await client.call_tool("tasks", {"limit": 1}) for client in (one, another)]
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    assert all(result.structured_content is not None for result in results)


def test_a_port_in_use_is_an_error_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        call = Call("mcp", "--sample", "--http", "--port", port)
    assert call.status == 2
    assert f"Cannot listen on 127.0.0.1:{port}" in call.err
    assert "choose another port, or 0" in call.err


def test_sigterm_ends_the_command_in_good_order(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    async def serve(server: MCPServer, listener: socket.socket) -> None:
        with listener:
            try:
                signal.raise_signal(signal.SIGTERM)
                await asyncio.sleep(PATIENCE)
            finally:
                closed.append(True)

    monkeypatch.setattr(openrouter_rankings.mcp, "serve_http", serve)
    call = Call("mcp", "--sample", "--http", "--port", "0")
    assert (call.status, closed) == (0, [True])
    assert call.err.startswith("Serving MCP at http://127.0.0.1:")


def test_ctrl_c_ends_the_command_with_the_status_of_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(server: MCPServer) -> None:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(PATIENCE)

    monkeypatch.setattr(openrouter_rankings.mcp, "serve_stdio", serve)
    assert Call("mcp", "--sample").status == 130


async def asked(origin: Origin) -> tuple[bool, int]:
    """Whether the tasks that the command's client gives are invented, and how many requests its quota counts."""
    async with await mcp_command._connect(origin, sample=False) as client:
        answer = await client.get_task_classifications()
        return answer.synthetic, (await client.quota()).day.used


def test_the_sample_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)

    async def is_invented() -> bool:
        async with await mcp_command._connect(Origin(), sample=True) as client:
            return (await client.get_task_classifications()).synthetic

    assert asyncio.run(is_invented())


def test_the_sample_has_no_limit_although_its_clock_stands_still() -> None:
    async def ask() -> int:
        async with sample_client() as client:
            return len([await client.get_app_rankings(limit=1 + n, retry=None) for n in range(40)])

    assert asyncio.run(ask()) == 40


def test_the_server_of_the_sample_knows_that_it_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Sources] = []

    async def serve(server: MCPServer, sources: Sources, port: int | None) -> None:
        given.append(sources)

    monkeypatch.setattr(mcp_command, "_serve", serve)
    for arguments in ((), ("--sample",)):
        assert Call("mcp", "--db", str(tmp_path / "archive.sqlite3"), *arguments).status == 0
    assert [sources.is_sample for sources in given] == [False, True]


def test_without_a_key_the_error_says_where_it_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="set OPENROUTER_API_KEY in its configuration, or to start it with"):
        asyncio.run(asked(Origin()))


@pytest.mark.parametrize("max_wait", [None, 60.0])
def test_answers_and_counts_are_those_of_the_other_commands(
    max_wait: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    api = EmulatedAPI(keys=[KEY])
    with serve_in_thread(api) as url:
        assert Call("tasks", "--base-url", url).status == 0
        assert asyncio.run(asked(Origin(base_url=url, max_wait=max_wait))) == (True, 1)
    assert len(api.requests) == 1


@pytest.mark.parametrize("collects", [True, False])
def test_the_garbage_collector_is_off_while_the_server_is_made_and_then_as_it_was(
    collects: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(sources: Sources) -> MCPServer:
        assert not gc.isenabled()
        raise ConfigurationError("no server")

    monkeypatch.setattr(openrouter_rankings.mcp, "make_server", make)
    if not collects:
        gc.disable()
    try:
        call = Call("mcp", "--sample")
        assert gc.isenabled() is collects
    finally:
        gc.enable()
    assert "no server" in call.err


def test_a_cache_folder_that_cannot_be_used_is_reported_and_done_without(
    cache_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache_folder.parent.parent.mkdir(parents=True)
    cache_folder.parent.write_text("no folder")

    async def day_used() -> int:
        async with await lasting_client(Origin()) as client:
            return (await client.quota()).day.used

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENROUTER_API_KEY", "sk-nobody-else-counts-with")
        assert asyncio.run(day_used()) == 0
    assert "Went on without the cache folder." in capsys.readouterr().err


def test_a_count_that_cannot_be_read_is_reported_and_done_without(
    cache_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache_folder.mkdir(parents=True)
    (cache_folder / "quota.sqlite3").write_text("This is not a database, and it is long enough to be read as one." * 9)
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-nobody-counts-with-this-one")

    async def day_used() -> int:
        async with await lasting_client(Origin()) as client:
            return (await client.quota()).day.used

    assert asyncio.run(day_used()) == 0
    assert "is not a SQLite file" in capsys.readouterr().err


def test_a_mistake_in_the_settings_is_not_taken_for_a_folder_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    with pytest.raises(ConfigurationError, match="base_url"):
        asyncio.run(lasting_client(Origin(base_url="no URL")))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "8766"), "--port needs --http"),
        (("--sample", "--base-url", "http://127.0.0.1:8765/api/v1"), "--sample and --base-url"),
        (("--http", "--port", "65536"), "65536"),
    ],
)
def test_a_mistake_in_the_command_is_an_error(arguments: tuple[str, ...], said: str) -> None:
    call = Call("mcp", *arguments)
    assert call.status == 2
    assert said in call.err


def test_without_the_sdk_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("openrouter_rankings.mcp")]:
        monkeypatch.delitem(sys.modules, name)
    # What is there in version 1 of the SDK.
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    call = Call("mcp")
    assert call.status == 2
    assert "needs the package mcp, version 2 or later" in call.err
    assert "[mcp]" in call.err
