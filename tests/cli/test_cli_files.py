"""Output into files and pipes: whole or not at all, and in the form that its name says."""

import csv
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import COMMAND, Call
from patience import PATIENCE, wait_until

from openrouter_rankings.cli.files import write_whole


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_nothing_else_is_left_in_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    path.write_text("old")
    write_whole(str(path), "new\n")
    assert path.read_bytes() == b"new\n"
    assert entries(tmp_path) == ["answer.csv"]


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    usual, own = tmp_path / "usual", tmp_path / "own"
    reference = tmp_path / "reference"
    reference.touch()
    own.touch(mode=0o640)
    own.chmod(0o640)
    for path in (usual, own):
        write_whole(str(path), "")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (usual, own, reference)]
    assert modes == [modes[2], 0o640, modes[2]]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(str(link), "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_what_is_no_file_is_written_directly() -> None:
    write_whole(os.devnull, "text")
    assert not Path(os.devnull).is_file()


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "answer.csv"
    path.write_text("old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(str(path), "new")
    assert path.read_text() == "old"
    assert entries(tmp_path) == ["answer.csv"]


def test_a_folder_that_cannot_be_opened_does_not_fail_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open

    def refuse(path: str, flags: int, *rest: Any, **options: Any) -> int:
        if Path(path).is_dir():
            raise OSError(1, "Operation not permitted")
        return original(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)
    write_whole(str(tmp_path / "link"), "new")
    assert (tmp_path / "link").read_text() == "new"


_WRITER = """
import sys
from openrouter_rankings.cli.files import write_whole
print("ready", flush=True)
while True:
    for letter in "ab":
        write_whole(sys.argv[1], letter * 200_000)
"""


# More of them on demand: `KILLS=200 pytest tests/cli/test_cli_files.py -k killed`.
KILLS = int(os.environ.get("KILLS", "5"))


@pytest.mark.skipif(os.name != "posix", reason="the system has no kill -9")
def test_a_process_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "answer"
    for attempt in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            wait_until(path.exists)
            # Nothing is waited for: the kills are spread over the moments of a write.
            time.sleep(attempt % 40 * 0.0013)
            process.send_signal(signal.SIGKILL)
        text = path.read_text()
        assert text in {"a" * 200_000, "b" * 200_000}


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.json", "{\n"), ("a.csv", "as_of,"), ("a.CSV", "as_of,"), ("a.md", "## Synthetic"), ("a.txt", "Synthetic")],
)
def test_the_form_is_that_of_the_suffix(name: str, begins: str, tmp_path: Path) -> None:
    call = Call("tasks", "--sample", "-o", str(tmp_path / name))
    assert (call.status, call.out) == (0, "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_no_table_is_written_into_a_file_that_is_called_a_picture(tmp_path: Path) -> None:
    call = Call("tasks", "--sample", "-o", str(tmp_path / "a.png"))
    assert call.status == 2
    assert "`openrouter-rankings chart` draws pictures." in call.err
    assert entries(tmp_path) == []


def test_a_dash_for_a_file_is_stdout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Call("tasks", "--sample", "-o", "-").out == Call("tasks", "--sample").out
    assert entries(tmp_path) == []


def test_a_form_that_is_given_outranks_the_suffix(tmp_path: Path) -> None:
    Call("tasks", "--sample", "-o", str(tmp_path / "a.txt"), "-f", "json")
    assert json.loads((tmp_path / "a.txt").read_text(encoding="utf-8"))["synthetic"] is True


def test_a_table_in_a_file_is_not_cut_and_has_no_colours(tmp_path: Path) -> None:
    Call("tasks", "--sample", "-o", str(tmp_path / "a"), columns=40)
    text = (tmp_path / "a").read_text(encoding="utf-8")
    assert "agent:multi_step_planning" in text
    assert "…" not in text
    assert "\x1b" not in text


def test_a_table_in_a_pipe_is_not_cut() -> None:
    text = Call("tasks", "--sample", columns=None).out
    assert "agent:multi_step_planning" in text
    assert "…" not in text


def test_a_failed_run_leaves_yesterdays_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("yesterday's")
    assert Call("tasks", "--sample", "--tag", "nosuch", "-o", str(path)).status == 1
    assert path.read_text() == "yesterday's"
    assert entries(tmp_path) == ["a.csv"]


def test_a_folder_that_does_not_exist_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    call = Call("tasks", "-o", str(tmp_path / "none" / "a.csv"), key="")
    assert call.status == 2
    assert "There is no folder " in call.err


def test_no_answer_replaces_a_database(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE answers (body)")
    before = path.read_bytes()
    for command in (("tasks",), ("chart", "task-treemap", "-f", "svg")):
        call = Call(*command, "--sample", "-o", str(path))
        assert call.status == 2
        assert "is a SQLite database, such as an archive, and is not replaced" in " ".join(call.err.split())
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_read_can_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("yesterday's")
    original = Path.open

    def refuse(self: Path, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if self == path and "r" in mode:
            raise PermissionError(13, "Permission denied")
        return original(self, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert Call("tasks", "--sample", "-o", str(path)).status == 0
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8").startswith("as_of,")


def test_a_file_that_cannot_be_written_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "replace", refuse)
    call = Call("tasks", "--sample", "-o", str(tmp_path / "a.csv"))
    assert (call.status, call.err) == (1, f"error: Cannot write {tmp_path / 'a.csv'}: Read-only file system.\n")
    assert entries(tmp_path) == []


def test_quiet_leaves_only_failures_on_stderr(tmp_path: Path) -> None:
    assert Call("tasks", "--sample", "-q", "-o", str(tmp_path / "a.csv")).err == ""
    assert Call("tasks", "--sample", "-q", "--tag", "nosuch").err.startswith("error: ")


def test_chosen_columns_and_their_order_are_those_of_the_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    Call("tasks", "--sample", "--columns", "tag, usage_share", "--sort", "tag", "--top", "2", "-o", str(path))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["tag", "usage_share"]
    assert [row[0] for row in rows[1:]] == ["agent:memory_extraction", "agent:multi_step_planning"]


def test_the_top_of_a_sorted_table_is_the_top_of_all_rows() -> None:
    whole = Call("apps", "--sample", "-f", "csv", "--top", "200").rows()
    most = max(whole, key=lambda row: int(row["total_requests"]))
    assert Call("apps", "--sample", "-f", "csv", "--sort", "total_requests", "--top", "1").rows() == [most]


@pytest.mark.parametrize("option", [("--columns", "tag"), ("--sort", "tag")])
def test_json_has_neither_columns_nor_an_order_of_its_own(option: tuple[str, str]) -> None:
    call = Call("tasks", "--sample", "-f", "json", *option)
    assert call.status == 2
    assert f"{option[0]} has no effect on JSON, which keeps the API's shape." in call.err


def test_an_unknown_column_is_a_mistake_in_the_command() -> None:
    call = Call("tasks", "--sample", "--columns", "tags")
    assert call.status == 2
    assert 'There is no column "tags". Did you mean "tag"?' in call.err


def test_one_csv_has_all_models_of_all_tasks() -> None:
    rows = Call("tasks", "--sample", "--models", "-f", "csv").rows()
    assert len({row["tag"] for row in rows}) == 29
    assert len(rows) > 29 * 5
    assert {"display_name", "macro_category", "id", "tag_usage_share"} <= rows[0].keys()


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_an_answer_without_rows_says_so(form: str) -> None:
    call = Call("benchmarks", "--sample", "--category", "nope", "-f", form)
    assert call.status == 0
    assert "No rows." in (call.out if form in {"table", "markdown"} else call.err)


def closed(stream: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    shell = f'exec "$@" {stream}>&-'
    return subprocess.run(
        ["/bin/sh", "-c", shell, "sh", *COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.skipif(os.name != "posix", reason="the system has no such shell")
def test_what_is_said_never_reaches_stdout_where_stderr_is_closed() -> None:
    usual = Call("tasks", "--sample", "-f", "csv", columns=None)
    result = closed("2", "tasks", "--sample", "-f", "csv")
    assert usual.err != ""
    assert (result.returncode, result.stdout) == (0, usual.out)
    failed = closed("2", "tasks", "--sample", "--tag", "nosuch")
    assert (failed.returncode, failed.stdout) == (1, "")


@pytest.mark.skipif(os.name != "posix", reason="the system has no such shell")
def test_where_stdout_is_closed_a_file_is_written_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert closed("1", "tasks", "--sample", "-o", str(path)).returncode == 0
    assert path.read_text(encoding="utf-8").startswith("as_of,")
    assert closed("1", "tasks", "--sample").returncode in {0, 1}
