"""The command ``collect``: what it archives, what it says, and how it ends."""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from command_line import COMMAND, KEY, Call, started
from patience import PATIENCE, wait_until

from openrouter_rankings.cli.commands import collect
from openrouter_rankings.history import Collected, CollectReport, Outcome
from openrouter_rankings.testing import EmulatedAPI, Fault

DAY = date(2026, 6, 17)


@pytest.fixture
def faults() -> list[Fault]:
    return []


@pytest.fixture
def api(faults: list[Fault]) -> EmulatedAPI:
    return EmulatedAPI(keys=[KEY], faults=_played(faults))


def _played(faults: list[Fault]) -> Iterator[Fault]:
    while True:
        yield faults.pop(0) if faults else Fault()


@pytest.fixture
def run(server: str) -> Callable[..., Call]:
    def call(*arguments: str, key: str = KEY) -> Call:
        return Call("collect", "--base-url", server, "--synthetic", *arguments, key=key)

    return call


def archived(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        (count,) = connection.execute("SELECT count(*) FROM openrouter_rankings_archive").fetchone()
        return int(count)
    finally:
        connection.close()


def test_chosen_data_sets_are_archived_and_a_second_call_finds_nothing_new(
    run: Callable[..., Call], api: EmulatedAPI, tmp_path: Path
) -> None:
    path = tmp_path / "home" / ".local" / "share" / "openrouter-rankings" / "archive.sqlite3"
    first = run("tasks", "benchmarks")
    assert (first.status, first.err) == (0, "")
    assert [line.partition(" (")[0] for line in first.out.splitlines()] == ["tasks: 1 new", "benchmarks: 1 new"]
    assert archived(path) == 2
    second = run("benchmarks", "tasks")
    assert (second.status, second.err) == (0, "")
    assert [line.partition(" (")[0] for line in second.out.splitlines()] == [
        "tasks: nothing new, 1 unchanged",
        "benchmarks: nothing new, 1 unchanged",
    ]
    assert len(api.requests) == 4


def test_invented_figures_are_refused_unless_they_are_asked_for(server: str, tmp_path: Path) -> None:
    call = Call("collect", "tasks", "--base-url", server, "--db", str(tmp_path / "mine.sqlite3"))
    assert (call.status, call.out) == (1, "tasks: 1 refused\n")
    assert call.err == "tasks: refused: its figures are synthetic: add --synthetic to archive them\n"
    assert archived(tmp_path / "mine.sqlite3") == 0


def test_one_that_fails_does_not_stop_the_others(run: Callable[..., Call], faults: list[Fault], tmp_path: Path) -> None:
    faults += [Fault(400)]
    call = run("tasks", "benchmarks", "--db", str(tmp_path / "mine.sqlite3"))
    assert call.status == 1
    assert call.out.startswith("tasks: 1 failed\nbenchmarks: 1 new (")
    assert call.err.startswith("tasks: failed: The service answered 400")
    assert archived(tmp_path / "mine.sqlite3") == 1


def test_a_quiet_call_prints_failures_alone(run: Callable[..., Call], faults: list[Fault]) -> None:
    call = run("tasks", "--quiet")
    assert (call.status, call.out, call.err) == (0, "", "")
    faults += [Fault(400)]
    call = run("tasks", "--quiet")
    assert (call.status, call.out) == (1, "")
    assert call.err.startswith("tasks: failed: The service answered 400")


def test_json_has_an_object_for_each_data_set_with_its_problems(run: Callable[..., Call], faults: list[Fault]) -> None:
    faults += [Fault(400)]
    call = run("tasks", "benchmarks", "--format", "json", "--quiet")
    tasks, benchmarks = map(json.loads, call.out.splitlines())
    assert tasks["data_set"] == "task-classifications"
    assert (tasks["failed"], tasks["new"], tasks["first"], tasks["date"]) == (1, 0, None, None)
    (problem,) = tasks["problems"]
    assert (problem["parameters"], problem["outcome"]) == ({}, "failed")
    assert problem["problem"].startswith("The service answered 400")
    assert (benchmarks["data_set"], benchmarks["new"], benchmarks["problems"]) == ("benchmarks", 1, [])
    assert benchmarks["date"] == benchmarks["first"]


def test_a_share_of_the_day_is_left_to_others(run: Callable[..., Call], api: EmulatedAPI) -> None:
    call = run("tasks", "benchmarks", "--keep", "100%")
    assert (call.status, call.out) == (1, "tasks: 1 postponed\nbenchmarks: 1 postponed\n")
    assert "tasks: postponed: 500 requests of the day's 500 are left, and 500 are kept.\n" in call.err
    assert api.requests == []


def test_the_daily_rankings_are_asked_for_from_a_day_on(run: Callable[..., Call], api: EmulatedAPI) -> None:
    since = datetime.now(UTC).date() - timedelta(weeks=2)
    call = run("models", "--since", "2w")
    assert (call.status, call.err) == (0, "")
    assert call.out.startswith(f"models: 20 new ({since} to ")
    assert len(api.requests) == 20


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--keep", "110%"), '"110%" is not a share, such as 10% or 0.1'),
        (("--keep", "some"), '"some" is not a share'),
        (("--since", "soon"), '"soon" is not a day'),
        (("--since", "today"), "is not over: only days before today are asked for."),
        (("models", "--since", "2999-01-01"), "2999-01-01 is not over: only days before today are asked for."),
        (("weather",), "'weather' is not one of 'tasks', 'models', 'apps', 'sessions', 'benchmarks'"),
    ],
)
def test_a_mistake_is_an_error_of_usage_and_sends_nothing(
    arguments: tuple[str, ...], problem: str, run: Callable[..., Call], api: EmulatedAPI
) -> None:
    call = run(*arguments)
    assert call.status == 2
    assert problem in " ".join(call.err.split())
    assert api.requests == []


def test_without_a_key_nothing_is_begun(run: Callable[..., Call], tmp_path: Path) -> None:
    call = run("tasks", "--db", str(tmp_path / "mine.sqlite3"), key="")
    assert call.status == 4
    assert list(tmp_path.iterdir()) == []


def test_a_cache_folder_that_cannot_be_used_is_done_without(
    run: Callable[..., Call], cache_folder: Path, tmp_path: Path
) -> None:
    cache_folder.parent.mkdir(parents=True)
    cache_folder.write_text("a file")
    call = run("tasks", "--db", str(tmp_path / "mine.sqlite3"))
    assert call.status == 0
    assert call.err.startswith("Went on without the cache folder.")
    assert archived(tmp_path / "mine.sqlite3") == 1


def test_a_mistake_in_the_url_is_told_as_such(tmp_path: Path) -> None:
    call = Call("collect", "--db", str(tmp_path / "mine.sqlite3"), "--base-url", "localhost")
    assert call.status == 2
    assert "--base-url" in call.err


def test_an_interrupt_keeps_what_was_archived_and_says_so(
    server: str, api: EmulatedAPI, faults: list[Fault], tmp_path: Path
) -> None:
    path = tmp_path / "mine.sqlite3"
    faults += [Fault(), Fault(delay=60)]
    arguments = ("tasks", "benchmarks", "--synthetic", "--base-url", server, "--db", str(path))
    with started("collect", *arguments) as process:
        wait_until(lambda: len(api.requests) == 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "")
    assert out.startswith("tasks: 1 new (")
    assert archived(path) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_output_that_cannot_be_written_is_a_failure_after_all_is_archived(server: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.sqlite3"
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [*COMMAND, "collect", "tasks", "--synthetic", "--base-url", server, "--db", str(path)],
            env=os.environ | {"OPENROUTER_API_KEY": KEY},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert (run.returncode, run.stderr) == (1, "error: Cannot write the output: No space left on device.\n")
    assert archived(path) == 1


def _collected(
    data_set: str = "rankings-daily",
    outcome: Outcome = Outcome.NEW,
    problem: str | None = None,
    first: date | None = DAY,
    **parameters: str,
) -> Collected:
    return Collected(data_set, parameters, first, first and DAY, outcome, problem)


def test_lines_count_outcomes_and_name_the_days() -> None:
    report = CollectReport(
        (
            _collected("benchmarks"),
            _collected(outcome=Outcome.REVISION, first=date(2026, 6, 1)),
            _collected(outcome=Outcome.REVISION),
            _collected("app-rankings", Outcome.UNCHANGED),
            _collected("app-rankings", Outcome.REVISION),
        )
    )
    assert list(collect.text_lines(report)) == [
        "models: 2 revisions (2026-06-01 to 2026-06-17)",
        "apps: 1 unchanged, 1 revision (2026-06-17)",
        "benchmarks: 1 new (2026-06-17)",
    ]


def test_a_problem_that_several_requests_had_is_one_line() -> None:
    failed = (Outcome.FAILED, "No whole\nanswer of base_url.", None)
    report = CollectReport(
        (
            _collected("rankings-daily", *failed, category="marketing/seo"),
            _collected("rankings-daily", *failed, category="science"),
            _collected("rankings-daily", Outcome.REFUSED, "it is empty", None, category="marketing/seo"),
        )
    )
    assert list(collect.problems(report)) == [
        "models (2 requests): failed: No whole answer of --base-url.",
        "models (category=marketing/seo): refused: it is empty",
    ]
