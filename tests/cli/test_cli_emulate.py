"""The command ``emulate``, as a process of its own and on a real socket where that matters."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from patience import PATIENCE, turn_until

from openrouter_rankings import RankingsClient
from openrouter_rankings.cli import program as commands
from openrouter_rankings.cli.commands import emulate
from openrouter_rankings.messages import Request
from openrouter_rankings.testing import EmulatedAPI

KEY = "sk-invented-key"
COMMAND = (sys.executable, "-m", "openrouter_rankings", "emulate")


class Emulation:
    """A running command, with the address that it announced."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.announced = [self.line(), self.line()]
        self.base_url = self.announced[1].split()[-1]

    def line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def ask(self, target: str, key: str = KEY) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=PATIENCE)
        connection.request("GET", url.path + target, headers={"Authorization": f"Bearer {key}"})
        with connection.getresponse() as answer:
            found = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return found

    def interrupt(self) -> tuple[int, list[str], str]:
        """The status, the rest of stderr, and stdout after Ctrl-C."""
        assert self.process.stderr is not None
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE)
        return status, self.process.stderr.read().splitlines(), self.process.stdout.read()


@contextmanager
def running(*options: str, cwd: Path | None = None) -> Generator[Emulation]:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd
    ) as process:
        try:
            yield Emulation(process)
        finally:
            process.kill()


def test_it_announces_its_address_and_says_that_its_figures_are_synthetic() -> None:
    with running() as emulation:
        status, _, body = emulation.ask("/classifications/task")
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/api/v1", emulation.base_url)
    assert emulation.announced == [
        f"Serving synthetic figures at {emulation.base_url} until Ctrl-C. To ask:\n",
        f"OPENROUTER_API_KEY=anything openrouter-rankings tasks --base-url {emulation.base_url}\n",
    ]
    assert status == 200
    assert json.loads(body)["synthetic"] is True


def test_it_reports_each_request_and_their_number_when_it_is_interrupted(tmp_path: Path) -> None:
    with running(cwd=tmp_path) as emulation:
        emulation.ask("/benchmarks?max_results=2")
        first = emulation.line()
        emulation.ask("/classifications/task?window=1d")
        emulation.ask("/benchmarks")
        status, lines, stdout = emulation.interrupt()
    assert re.fullmatch(r"[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z GET /api/v1/benchmarks\?max_results=2: 200\n", first)
    assert [line.partition(" ")[2] for line in lines[:2]] == [
        "GET /api/v1/classifications/task?window=1d: 400",
        "GET /api/v1/benchmarks: 200",
    ]
    assert lines[2:] == ["Served 3 requests: 2 with 200, 1 with 400."]
    assert (status, stdout) == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_frees_the_port_though_a_connection_is_open() -> None:
    with running() as emulation:
        url = urlsplit(emulation.base_url)
        with socket.create_connection((str(url.hostname), url.port or 0)):
            status, lines, _ = emulation.interrupt()
        with socket.create_server((str(url.hostname), url.port or 0)):
            assert (status, lines) == (130, ["Served 0 requests."])


def test_an_interrupt_does_not_wait_for_a_delayed_answer() -> None:
    with running("--delay", "3600") as emulation:
        url = urlsplit(emulation.base_url)
        with socket.create_connection((str(url.hostname), url.port or 0)) as connection:
            connection.sendall(b"GET /api/v1/benchmarks HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert emulation.line().endswith(" GET /api/v1/benchmarks: 401\n")
            status, lines, _ = emulation.interrupt()
    assert (status, lines) == (130, ["Served 1 request: 1 with 401."])


def test_the_limits_can_be_chosen() -> None:
    with running("--per-minute", "1", "--per-day", "2") as emulation:
        statuses = [emulation.ask("/benchmarks?max_results=1", key)[0] for key in ("a", "a", "b", "c")]
    assert statuses == [200, 429, 200, 429]


def test_only_the_chosen_keys_are_accepted_and_none_is_shown() -> None:
    with running("--key", KEY, "--key", "sk-another") as emulation:
        statuses = [emulation.ask("/benchmarks?max_results=1", key)[0] for key in (KEY, "sk-another", "sk-third")]
        _, lines, _ = emulation.interrupt()
    assert statuses == [200, 200, 401]
    assert emulation.announced[1].startswith("OPENROUTER_API_KEY=YOUR-KEY ")
    assert "sk-" not in "".join([*emulation.announced, *lines])


def test_faults_are_played_in_order_with_their_header_field() -> None:
    options = ("--fault", "503x2", "--fault", "429:Retry-After=Wed, 21 Oct 2026 07:28:00 GMT", "--fault", "500")
    with running(*options) as emulation:
        answers = [emulation.ask("/benchmarks?max_results=1") for _ in range(5)]
    assert [status for status, _, _ in answers] == [503, 503, 429, 500, 200]
    assert answers[2][1]["Retry-After"] == "Wed, 21 Oct 2026 07:28:00 GMT"


def test_it_goes_on_serving_when_nobody_reads_its_stderr() -> None:
    with running() as emulation:
        assert emulation.process.stderr is not None
        emulation.process.stderr.close()
        assert [emulation.ask("/benchmarks?max_results=1")[0] for _ in range(3)] == [200] * 3
        emulation.process.send_signal(signal.SIGINT)
        assert emulation.process.wait(PATIENCE) == 130


async def test_a_program_can_await_it_like_any_other_client(capsys: pytest.CaptureFixture[str]) -> None:
    serving = asyncio.create_task(emulate._serve(emulate._Reported(EmulatedAPI(seed=5)), "127.0.0.1", 0, "anything"))
    announced = ""

    def is_announced() -> bool:
        nonlocal announced
        announced += capsys.readouterr().err
        return "--base-url" in announced

    await turn_until(is_announced)
    async with RankingsClient("anything", base_url=announced.split()[-1]) as client:
        assert len((await client.get_task_classifications()).classifications) == 29
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert capsys.readouterr().err.endswith("\nServed 1 request: 1 with 200.\n")


# Options


def faults_of(*texts: str, delay: float = 0.0) -> list[tuple[int | None, dict[str, str], float]]:
    faults = [fault for text in texts for fault in emulate._parsed(text, delay)]
    return [(fault.status, dict(fault.headers), fault.delay) for fault in faults]


@pytest.mark.parametrize(
    ("text", "status", "headers", "times"),
    [
        ("503", 503, {}, 1),
        ("503x3", 503, {}, 3),
        ("429:Retry-After=30", 429, {"Retry-After": "30"}, 1),
        ("429:Retry-After=30x2", 429, {"Retry-After": "30"}, 2),
        ("200:ETag=", 200, {"ETag": ""}, 1),
        ("429:X-Note=a=b:cx", 429, {"X-Note": "a=b:cx"}, 1),
        ("429:X-Note=30x0", 429, {"X-Note": "30x0"}, 1),
    ],
)
def test_a_fault_is_a_status_with_a_header_field_and_a_number_of_times(
    text: str, status: int, headers: dict[str, str], times: int
) -> None:
    assert faults_of(text, delay=0.5) == [(status, headers, 0.5)] * times


def test_a_fault_of_very_many_times_takes_no_memory() -> None:
    assert next(iter(emulate._parsed("503x999999999", 0.0))).status == 503


@pytest.mark.parametrize(
    "text", ["", "5", "5030", "abc", "503x", "503x0", "503x-1", "503x1.5", "503:Retry-After", "429:=30", " 503", "٥٠٣"]
)
def test_a_malformed_fault_is_a_usage_error_with_an_example(text: str) -> None:
    result = CliRunner().invoke(commands.program, ["emulate", f"--fault={text}"])
    assert result.exit_code == 2
    assert f"{text!r} is not STATUS[:HEADER=VALUE][xN]" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--fault", "999"), "error: A fault's status must be an HTTP status from 200 to 599 or None, not 999."),
        (("--fault", "503:X Y=1"), "X Y"),
        (("--fault", "503:X=1\r\nY: 2"), "'503:X=1\\r\\nY: 2' is not STATUS"),
        (("--fault", "503:X=\x1b[2J"), "error: The header field X "),
        (("--delay", "nan"), "--delay"),
        (("--delay", "-1"), "--delay"),
        (("--per-minute", "0"), "--per-minute"),
        (("--per-day", "0"), "--per-day"),
        (("--port", "65536"), "--port"),
        (("--host", "0.0.0.0"), "error: The emulation listens on IPv4 loopback addresses (127.0.0.0/8) only"),  # noqa: S104 - what is refused
    ],
)
def test_an_impossible_option_is_a_usage_error(options: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(commands.program, ["emulate", *options])
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_port_in_use_is_an_error_that_names_the_address_and_reports_nothing_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(commands.program, ["emulate", "--port", str(port)])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: Cannot listen on 127.0.0.1:{port}")
    assert result.stderr.count("\n") == 1


# The report


def test_a_report_is_one_short_line_without_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    reported = emulate._Reported(EmulatedAPI())
    for target in ("/\x1b[2J\nforged: 200", f"/{'a' * 8000}"):
        reported.reply(Request("GET", f"http://127.0.0.1{target}", {"Authorization": f"Bearer {KEY}"}), 0.0)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "00:00:00Z GET /\N{REPLACEMENT CHARACTER}[2Jforged: 200: 404"
    assert second == f"00:00:00Z GET /{'a' * 199}...: 404"
