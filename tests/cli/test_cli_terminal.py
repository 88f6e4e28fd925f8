"""A terminal: colours, widths, and the line that tells what is waited for."""

import asyncio
import fcntl
import io
import logging
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import pytest
from command_line import COMMAND, KEY, Call
from patience import PATIENCE, turn_until

from openrouter_rankings import Quota, QuotaStatus, QuotaWindow
from openrouter_rankings.cli import screen, streams, waiting
from openrouter_rankings.cli.observed import ObservedClient, Wire
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.errors import StoreError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.render.listing import Column, Sheet
from openrouter_rankings.testing import EmulatedAPI, FakeTransport, Fault, serve_in_thread

ERASE_LINE = "\r\x1b[2K"


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self.process = process
        self.shown = ""
        self._descriptor = descriptor

    def read_until(self, text: str) -> str:
        """What is shown, as soon as it contains the text."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self._read()
        return self.shown

    def read_all(self) -> str:
        """What is shown until the command has ended."""
        while self._read():
            pass
        return self.shown

    def _read(self) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], PATIENCE)
        assert ready, f"Nothing more is shown after {self.shown!r}."
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # the other end is closed
            return False
        self.shown += data.decode()
        return bool(data)


@contextmanager
def terminal(*arguments: str, columns: int = 80, changes: Mapping[str, str] | None = None) -> Generator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = os.environ | {
        "OPENROUTER_API_KEY": KEY,
        "TERM": "xterm-256color",
        "PYTHONUTF8": "1",
        **(changes or {}),
    }
    for name in ("COLUMNS", "NO_COLOR", "COLORTERM"):
        environment = {key: value for key, value in environment.items() if key != name or name in (changes or {})}
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)


def visible(text: str) -> list[str]:
    """The lines without the codes for colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_table_fits_the_terminal_and_has_its_colours(columns: int) -> None:
    with terminal("tasks", "--sample", columns=columns) as shown:
        text = shown.read_all()
    assert max(map(len, visible(text))) <= columns
    assert "\x1b[1mSynthetic sample" in text
    assert ("\x1b[38;5;32m" in text) is (columns >= 80)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_left_out_where_they_are_not_wanted(name: str, value: str) -> None:
    with terminal("tasks", "--sample", "--top", "2", changes={name: value}) as shown:
        assert "\x1b" not in shown.read_all()


def test_a_terminal_of_few_colours_has_no_groups() -> None:
    with terminal("tasks", "--sample", "--top", "2", changes={"TERM": "vt220"}) as shown:
        text = shown.read_all()
    assert "\x1b[1m" in text
    assert "\x1b[38" not in text


def test_a_wait_counts_down_on_one_line_that_is_gone_at_the_end() -> None:
    api = EmulatedAPI(faults=[Fault(503, headers={"Retry-After": "3"})])
    with serve_in_thread(api) as base_url, terminal("tasks", "--base-url", base_url, "--top", "1") as shown:
        text = shown.read_all()
    left = [int(seconds) for seconds in re.findall(r"Asking again in (\d+) s", text)]
    assert left == sorted(left, reverse=True)
    assert 3 >= left[0] >= left[-1] >= 0
    assert "trying again in 3." in text
    assert f"{ERASE_LINE}\x1b[1mSynthetic sample" in text.replace("\r\n", "\n")


class Held(SystemClock):
    """Holds what the service delays until the test lets it go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    async def sleep(self, seconds: float) -> None:
        await asyncio.to_thread(self.go.wait, PATIENCE)


@pytest.fixture
def held() -> Iterator[Held]:
    clock = Held()
    yield clock
    clock.go.set()


def test_a_slow_answer_has_a_spinner_with_the_time(held: Held) -> None:
    api = EmulatedAPI(faults=[Fault(delay=1)])
    arguments = ("tasks", "--top", "1", "--base-url")
    with serve_in_thread(api, clock=held) as base_url, terminal(*arguments, base_url) as shown:
        shown.read_until("Asking: ")
        for turn in "|/-\\":
            shown.read_until(f"{turn} Asking: ")
        held.go.set()
        text = shown.read_all()
    passed = [int(seconds) for seconds in re.findall(r"Asking: (\d+) s", text)]
    assert passed == sorted(passed)
    assert text.count("Classification") == 1


def test_several_answers_are_counted(held: Held) -> None:
    api = EmulatedAPI(faults=[None, Fault(delay=1)])
    arguments = ("models", "--start", "2025-01-01", "--end", "2026-02-10", "--top", "1", "--base-url")
    with serve_in_thread(api, clock=held) as base_url, terminal(*arguments, base_url) as shown:
        shown.read_until(", 1 of 2 answers so far")
        held.go.set()
        assert shown.process.wait(PATIENCE) == 0


def test_ctrl_c_leaves_no_line_behind() -> None:
    api = EmulatedAPI(faults=repeat(Fault(503, headers={"Retry-After": "50"})))
    with serve_in_thread(api) as base_url, terminal("tasks", "--base-url", base_url) as shown:
        shown.read_until("Asking again in ")
        shown.process.send_signal(signal.SIGINT)
        assert shown.process.wait(PATIENCE) == 130
        assert shown.read_all().endswith(ERASE_LINE)


def test_watch_draws_the_table_in_place_until_ctrl_c() -> None:
    with serve_in_thread(EmulatedAPI()) as base_url, terminal("watch", "--base-url", base_url, "-n", "1") as shown:
        text = shown.read_until("The next look is at ")
        shown.process.send_signal(signal.SIGINT)
        assert shown.process.wait(PATIENCE) == 130
    assert "\x1b[H\x1b[2J\x1b[3J\x1b[1mSynthetic sample: tasks" in text


class Fake(io.StringIO):
    """A terminal within this process."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Fake]:
    """Makes stderr a terminal; called in the test itself, since pytest puts its own stderr back before that."""

    def make() -> Fake:
        fake = Fake()
        monkeypatch.setattr("sys.stderr", fake)
        return fake

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(waiting, "_SILENCE", 0.0)
    monkeypatch.setattr(waiting, "_TICK", 0.0)
    return make


def test_what_is_said_meanwhile_stands_above_the_line(stderr: Callable[[], Fake]) -> None:
    fake = stderr()
    with streams.StatusLine().in_use() as status:
        status.show("Waiting")
        streams.say("A word.")
        status.show("Waiting for a very long time")
    assert fake.getvalue() == (f"{ERASE_LINE}Waiting{ERASE_LINE}A word.\n{ERASE_LINE}Waiting for a very…{ERASE_LINE}")


async def texts_while(client: ObservedClient, fake: Fake, text: str) -> None:
    """Let the line be written until it holds the text."""
    async with waiting.reported_waits(client) as progress:
        progress(500, None)
        await turn_until(lambda: text in fake.getvalue())


def observed(transport: FakeTransport, quota: Quota | None = None) -> ObservedClient:
    return ObservedClient(Wire(transport), api_key=KEY, quota=quota or Quota(), cache=None, clock=SystemClock())


async def test_a_wait_for_a_slot_says_how_long_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with observed(FakeTransport(EmulatedAPI()), Quota(per_minute=1)) as client:
        await client.get_task_classifications()
        monkeypatch.setattr(waiting, "_SILENCE", PATIENCE)
        text = await waiting._Wait(client).text()
    assert re.fullmatch(r"Waiting (\d|[1-5]\d|6[0-2]) s for a slot in the quota", text)


async def test_rows_are_counted_where_nobody_knows_how_many_there_are(
    stderr: Callable[[], Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = stderr()
    monkeypatch.setenv("COLUMNS", "80")
    async with observed(FakeTransport(EmulatedAPI())) as client:
        await texts_while(client, fake, " s, 500 rows so far")
    assert re.search(r"\| Asking: \d+ s, 500 rows so far", fake.getvalue())


async def test_a_single_answer_is_not_counted(stderr: Callable[[], Fake]) -> None:
    stderr()
    async with observed(FakeTransport(EmulatedAPI())) as client:
        wait = waiting._Wait(client)
        wait.progress(0, 1)
        assert re.fullmatch(r"Asking: \d+ s", await wait.text())


async def test_how_many_answers_have_come_is_said(stderr: Callable[[], Fake]) -> None:
    stderr()
    async with observed(FakeTransport(EmulatedAPI())) as client:
        wait = waiting._Wait(client)
        wait.progress(1, 3)
        assert re.fullmatch(r"Asking: \d+ s, 1 of 3 answers so far", await wait.text())


async def test_a_pause_between_attempts_is_counted_down(stderr: Callable[[], Fake]) -> None:
    stderr()
    async with observed(FakeTransport(EmulatedAPI())) as client:
        wait = waiting._Wait(client)
        wait.pauses.handle(logging.makeLogRecord({"wait": 1000.0}))
        assert re.fullmatch(r"Asking again in (1000|9\d\d) s", await wait.text())
        assert await wait.own_limit() is None


async def test_a_count_that_another_program_locks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with observed(FakeTransport(EmulatedAPI())) as client:
        monkeypatch.setattr(client, "quota", asyncio.Event().wait)
        monkeypatch.setattr(waiting, "_SILENCE", 0.0)
        limit = await waiting._Wait(client).own_limit()
    assert limit == "Waiting for the file in which requests are counted, which another program has locked"


async def test_what_is_no_terminal_gets_one_sentence_about_a_wait(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_SILENCE", 0.0)

    class Wait:
        limits = iter([None, None, "Waiting 5 s for a slot in the quota"])

        async def own_limit(self) -> str | None:
            return next(self.limits)

    wait: Any = Wait()
    await waiting._report_once(wait)
    assert capsys.readouterr().err == (
        "Waiting 5 s for a slot in the quota. `openrouter-rankings quota` shows what is used.\n"
    )


async def test_a_quota_that_cannot_be_read_is_left_to_the_call(
    stderr: Callable[[], Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    stderr()

    async def fail() -> None:
        raise StoreError("The store is locked.")

    async with observed(FakeTransport(EmulatedAPI())) as client:
        monkeypatch.setattr(client, "quota", fail)
        monkeypatch.setattr(waiting, "_SILENCE", 5.0)
        assert await waiting._Wait(client).own_limit() is None


NOW = datetime(2026, 3, 4, tzinfo=UTC)


def window(remaining: int, seconds: float | None) -> QuotaWindow:
    return QuotaWindow(30, 30 - remaining, None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("minute", "day", "closed", "seconds"),
    [
        (window(1, 20), window(1, 3600), None, 0),
        (window(0, 20), window(1, 3600), None, 20),
        (window(0, 20), window(0, 3600), None, 3600),
        (window(30, None), window(30, None), 5, 5),
        (window(0, -1), window(30, None), None, 0),
    ],
)
def test_the_wait_for_a_slot_is_that_of_the_last_limit_to_give_one(
    minute: QuotaWindow, day: QuotaWindow, closed: float | None, seconds: float
) -> None:
    closed_until = None if closed is None else NOW + timedelta(seconds=closed)
    assert waiting.slot_wait(QuotaStatus(minute, day, closed_until, 0), NOW) == seconds


async def test_the_client_counts_what_is_in_flight() -> None:
    seen: list[int] = []

    def answer(_: Request) -> Response:
        seen.append(wire.in_flight)
        raise StoreError("no answer")

    wire = Wire(FakeTransport(answer))
    with pytest.raises(StoreError):
        await wire.send(Request("GET", "http://a/b"))
    assert (seen, wire.in_flight, wire.answers) == ([1], 0, [])


def test_verbose_reports_requests_cache_quota_and_time_and_never_the_key() -> None:
    with serve_in_thread(EmulatedAPI(keys=[KEY])) as base_url:
        calls = [Call("tasks", "--base-url", base_url, "--verbose") for _ in range(2)]
    first, second = (call.err for call in calls)
    assert re.search(
        r"^GET /api/v1/classifications/task\?window=7d: 200 in \d\.\d\d s, [\d,]+ bytes\.$", first, re.MULTILINE
    )
    assert re.search(r"fwd=uri-miss; fwd-status=200; stored; ttl=\d+\.$", first, re.MULTILINE)
    assert re.search(r"^The answer took \d\.\d\d s\.$", first, re.MULTILINE)
    assert "Quota: 1 of 30 requests used in the last minute, 1 of 500 in the last day.\n" in first
    assert "GET " not in second
    assert re.search(r": openrouter-rankings; hit; ttl=\d+\.$", second, re.MULTILINE)
    assert KEY not in first + second


SHEET = Sheet("T", (Column("Share", drawn=((1.0,),)), Column("Model")), (("", "a"),), ())


class Latin(Fake):
    encoding = "latin-1"


@pytest.mark.parametrize(("out", "drawn"), [(Fake, "██████"), (Latin, "######")])
def test_bars_are_of_what_the_encoding_has(out: type[Fake], drawn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", out())
    monkeypatch.setenv("COLUMNS", "80")
    assert drawn in screen.drawn(SHEET)


GROUPS = Sheet(
    "T",
    (Column("Tag", grouped=True), Column("Model")),
    (("code:a", "x"), ("new:b", "y")),
    ("A note.",),
    ("code", "new"),
)


@pytest.mark.parametrize(("term", "colour"), [("xterm-256color", "\x1b[38;5;32mcode:a\x1b[0m"), ("vt220", "\ncode:a")])
def test_each_row_has_the_colour_of_its_group_where_there_are_enough_colours(
    term: str, colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", Fake())
    monkeypatch.setenv("TERM", term)
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    text = screen.drawn(GROUPS)
    assert colour in text
    assert "\nnew:b" in text
    assert "\x1b[1mT\x1b[0m\n" in text
    assert "\x1b[2mA note.\x1b[0m\n" in text


def test_without_stdout_a_table_can_still_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert "█" in screen.drawn(SHEET)
    with pytest.raises(SystemExit):
        streams.put("data")


def test_a_reader_of_stderr_that_is_gone_does_not_stop_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    for stderr in (Gone(), None):
        monkeypatch.setattr("sys.stderr", stderr)
        streams.say("a word")
        streams.put("data")
    assert capsys.readouterr().out == "datadata"


def test_a_line_that_was_never_shown_needs_no_removal(stderr: Callable[[], Fake]) -> None:
    fake = stderr()
    with streams.StatusLine().in_use():
        streams.say("A word.")
    assert fake.getvalue() == "A word.\n"
