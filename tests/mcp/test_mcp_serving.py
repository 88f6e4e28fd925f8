"""The server as a process of its own: over stdin and stdout, and over HTTP on a real socket."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("mcp.server.mcpserver")
pytest.importorskip("click")

from mcp import Client, StdioServerParameters
from patience import PATIENCE

COMMAND = (sys.executable, "-m", "openrouter_rankings", "mcp", "--sample")

INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
CALL: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "quota", "arguments": {}},
}


@contextmanager
def started(*arguments: str, **changes: str) -> Generator[subprocess.Popen[str]]:
    """The command, killed at the end of the context. ``changes`` are for its environment."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | changes,
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
    async with Client(server) as client:
        result = await client.call_tool("tasks", {"limit": 2})
    assert result.structured_content is not None
    assert [row["rank"] for row in result.structured_content["rows"]] == [1, 2]


def test_at_the_end_of_stdin_it_ends_and_stdout_had_nothing_but_messages() -> None:
    with started() as process:
        initialized(process)
        out, err = process.communicate(json.dumps(CALL) + "\n", timeout=PATIENCE)
    (message,) = map(json.loads, out.splitlines())
    assert message["id"] == 2
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_in_good_order_although_stdin_goes_on(sent: signal.Signals, status: int) -> None:
    with started() as process:
        initialized(process)
        process.send_signal(sent)
        assert process.wait(PATIENCE) == status
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_client_that_has_gone_before_it_read_the_answer_ends_it_quietly() -> None:
    with started() as process:
        initialized(process)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdout.close()
        send(process, CALL)
        process.stdin.close()
        assert (process.wait(PATIENCE), process.stderr.read()) == (0, "")


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
            results = [await client.call_tool("quota", {}) for client in (one, another)]
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    assert all(result.structured_content is not None for result in results)


def test_over_http_a_web_page_elsewhere_is_refused_and_sigterm_ends_it() -> None:
    with over_http() as (process, url):
        address = url.split("/")[2]
        assert posted(address, {"Origin": "http://evil.example"}) == 403
        assert posted(address, {"Host": "evil.example"}) == 421
        assert posted(address, {}) == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def posted(address: str, headers: dict[str, str]) -> int:
    """The status of an answer to a client that begins."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    accepted = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    try:
        connection.request("POST", "/mcp", json.dumps(INITIALIZE), accepted | headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_a_port_in_use_is_an_error_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--http", "--port", port], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "choose another port, or 0" in done.stderr
