"""Watching on the command line: every data set, again each time it changes, until Ctrl-C."""

from __future__ import annotations

import re
import signal
from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from command_line import KEY, Call, started
from patience import PATIENCE

from openrouter_rankings import AppRankings, Change
from openrouter_rankings.cli import answers, watched
from openrouter_rankings.cli.observed import ObservedClient, Wire
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Fault, serve_in_thread

BEGAN = re.compile(r"Since \d\d:\d\d UTC\. The next look is at \d\d:\d\d UTC\.")
CHANGED = re.compile(r"Changed at \d\d:\d\d UTC \(rows: [\w, ]+\)\. The next look is at \d\d:\d\d UTC\.")


@pytest.fixture
def server() -> Generator[str]:
    with serve_in_thread(EmulatedAPI()) as base_url:
        yield base_url


@attrs.define
class Looks:
    """What a watch puts on the screen, in a time that takes none, until somebody presses Ctrl-C."""

    api: EmulatedAPI
    most: int = 2
    put: list[str] = attrs.field(factory=list[str])

    def open_client(self, *_: Any) -> ObservedClient:
        clock = FakeClock(datetime(2026, 9, 17, 12, tzinfo=UTC))
        return ObservedClient(Wire(FakeTransport(self.api, clock=clock)), api_key=KEY, clock=clock)

    def show(self, text: str) -> None:
        self.put.append(text)
        if len(self.put) == self.most:
            raise KeyboardInterrupt


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    made = Looks(EmulatedAPI())
    monkeypatch.setattr(watched, "open_client", made.open_client)
    monkeypatch.setattr(watched, "put", made.show)
    return made


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        ((), "Synthetic sample: tasks by share of requests, 7 days to 2026-09-16"),
        (("--tag", "math"), "Synthetic sample: models of Math (math) by share of requests, 7 days to 2026-09-16"),
        (("tasks", "--by", "tokens"), "Synthetic sample: tasks by share of tokens, 7 days to 2026-09-16"),
        (("models", "--top", "3"), "Synthetic sample: models by tokens, 2026-08-17 to 2026-09-16"),
        (("apps", "--category", "coding"), "Synthetic sample: apps, category coding, 2026-08-17 to 2026-09-16"),
        (
            ("sessions", "--turns", "1-turn"),
            "Synthetic sample: median costs of a session, turns 1-turn, 7 days to 2026-09-16",
        ),
    ],
)
def test_a_data_set_is_shown_and_shown_again_with_what_changed(
    arguments: tuple[str, ...], title: str, looks: Looks
) -> None:
    call = Call("watch", *arguments, columns=120)
    assert (call.status, call.out, call.err) == (130, "", "")
    first, second = looks.put
    assert first.startswith(title)
    assert BEGAN.search(first)
    assert CHANGED.search(second)
    assert "\x1b" not in first + second


def test_an_interval_beyond_the_calendar_is_refused_before_anything_is_asked(looks: Looks) -> None:
    call = Call("watch", "--every", "9999999d", key="")
    assert (call.status, looks.put) == (2, [])
    assert '"9999999d" is longer than 36500d, a hundred years.' in call.err


def test_benchmarks_are_shown_once_while_they_stay_the_same(looks: Looks) -> None:
    looks.most = 1
    assert Call("watch", "benchmarks", "--task-type", "coding", "--top", "1").status == 130
    assert BEGAN.search(looks.put[0])


def test_the_columns_and_the_order_can_be_chosen(looks: Looks) -> None:
    assert Call("watch", "apps", "--columns", "app_name,rank", "--sort", "app_name").status == 130
    names = [line.rsplit(maxsplit=1)[0].strip() for line in looks.put[0].splitlines()[4:14]]
    assert names == sorted(names)


def test_a_span_that_begins_so_many_days_ago_moves_on(looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    days = iter(range(100))
    monkeypatch.setattr(answers, "today", lambda _: date(2026, 9, 10) + timedelta(days=next(days) // 2))
    for command in ("models", "apps"):
        looks.put.clear()
        assert Call("watch", command, "--start", "2d").status == 130
    starts = [re.search(r"start_date=([\d-]+)", request.url) for request in looks.api.requests]
    assert len({start[1] for start in starts if start}) > 2


def test_an_answer_of_another_span_with_the_same_rows_is_told_as_a_change_without_rows() -> None:
    answer = AppRankings.from_dict(
        {
            "data": [],
            "meta": {"as_of": "2026-03-02T00:00:00Z", "version": "v1", "start_date": "2026-03-01"}
            | {"end_date": "2026-03-01"},
        }
    )
    said = watched._what_changed(Change(answer, answer), datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    assert said == "Changed at 09:30 UTC."


def test_watching_into_a_pipe_goes_on_over_a_failure_until_ctrl_c() -> None:
    api = EmulatedAPI(faults=[Fault(503, headers={"Retry-After": "1"})])
    with serve_in_thread(api) as base_url, started("watch", "apps", "-n", "2", "--base-url", base_url) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        lines = [watching.stdout.readline() for _ in range(10)]
        watching.send_signal(signal.SIGINT)
        status = watching.wait(PATIENCE)
        said = watching.stderr.read()
    assert status == 130
    assert lines[0].startswith("Synthetic sample: apps, ")
    assert BEGAN.fullmatch(lines[-2].strip())
    assert "503" in said


@pytest.mark.parametrize(
    ("arguments", "key", "status", "named"),
    [
        (("--every", "10s"), KEY, 2, "--every must be"),
        (("apps", "--every", "10s"), KEY, 2, "--every must be"),
        (("--tag", "math", "--macro", "code"), KEY, 2, "not both"),
        (("apps",), "", 4, "OPENROUTER_API_KEY"),
        (("--tag", "nosuch"), KEY, 1, "nosuch"),
        (("models", "--start", "nonsense"), KEY, 2, "nonsense"),
        (("models", "--start", "2026-03-01", "--end", "2026-02-01"), KEY, 2, "--start"),
        (("modles",), KEY, 2, 'Did you mean "models"?'),
        (("--top", "3", "models"), KEY, 2, "unexpected extra argument"),
        (("tasks", "--sample"), KEY, 2, "--sample"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    arguments: tuple[str, ...], key: str, status: int, named: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_RANKINGS_BASE_URL", server)
    call = Call("watch", *arguments, key=key)
    assert (call.status, call.out) == (status, "")
    assert named in call.err
    assert "Traceback" not in call.err


def test_the_help_names_the_data_sets_and_that_of_each_has_its_options_and_no_others() -> None:
    overview = Call("watch", "--help").out
    assert all(re.search(rf"^  {name} +[A-Z]", overview, re.MULTILINE) for name in ("tasks", "apps", "benchmarks"))
    apps = Call("watch", "apps", "-h").out
    assert all(option in apps for option in ("--category", "--every", "--base-url", "--sort", "--columns"))
    assert not any(option in apps for option in ("--input", "--refresh", "--no-cache", "--output", "--format"))
    assert "openrouter-rankings watch apps --category coding" in apps


def test_the_manual_page_has_each_data_set_that_can_be_watched() -> None:
    text = Call("man").out
    assert all(f"\n.SS watch {name}\n" in text for name in ("tasks", "models", "apps", "sessions", "benchmarks"))


def test_the_command_ends_when_the_watching_does(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    monkeypatch.setattr(watched, "watch", lambda _question, _origin, every, _table: seen.append(every))
    call = Call("watch", "--every", "1h")
    assert (call.status, call.out, seen) == (0, "", [3600.0])
