"""The commands ``import`` and ``export``: files into the archive, and out of it."""

import asyncio
import csv
import gzip
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archived import DAY, ONE_DAY, daily, encoded, morning_after, sessions, tasks
from command_line import COMMAND, Call, started
from patience import PATIENCE, wait_until

from openrouter_rankings.cli.commands import import_


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.sqlite3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "answers").mkdir()
    return tmp_path / "answers"


@pytest.fixture
def take(path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Call]:
    monkeypatch.setenv("OPENROUTER_RANKINGS_DB", str(path))
    return lambda *arguments: Call("import", *map(str, arguments), key="")


@pytest.fixture
def give(path: Path) -> Callable[..., Call]:
    return lambda *arguments: Call("export", "--db", str(path), *map(str, arguments), key="")


def write(file: Path, content: bytes) -> Path:
    file.write_bytes(gzip.compress(content) if file.name.endswith(".gz") else content)
    at = morning_after(DAY).timestamp()
    os.utime(file, (at, at))
    return file


def test_files_and_folders_are_imported_and_a_repetition_finds_them_unchanged(
    take: Callable[..., Call], folder: Path, tmp_path: Path
) -> None:
    write(folder / "1.json", tasks())
    write(folder / "2.json.gz", daily())
    envelope = {"requests": [{"response": json.loads(sessions())}]}
    other = write(tmp_path / "envelope.json", encoded(envelope))
    first = take(folder, other)
    assert (first.status, first.out, first.err) == (0, "3 new, 0 unchanged, 0 revisions, 0 refused\n", "")
    second = take(folder, other)
    assert (second.status, second.out) == (0, "0 new, 3 unchanged, 0 revisions, 0 refused\n")


def test_what_is_refused_is_told_with_its_file_and_reason(take: Callable[..., Call], folder: Path) -> None:
    write(folder / "1.json", tasks())
    write(folder / "2.json", tasks(share=0.1))
    write(folder / "3.json", b"{]")
    write(folder / "4.json", tasks(synthetic=True))
    call = take(folder)
    assert (call.status, call.out) == (1, "1 new, 0 unchanged, 1 revision, 2 refused\n")
    first, second = call.err.splitlines()
    assert first.startswith(f"refused: {folder}/3.json: it is not JSON (")
    assert second == f"refused: {folder}/4.json: its figures are synthetic: add --synthetic to archive them"
    document = json.loads(take(folder, "--format", "json", "--quiet").out)
    assert [document[name] for name in ("new", "unchanged", "revision", "refused")] == [0, 2, 0, 2]
    assert document["refusals"][1] == {"source": f"{folder}/4.json", "reason": "its figures are synthetic"}
    assert take(folder, "--synthetic").out.endswith(" 1 refused\n")


@pytest.mark.parametrize(
    "narrowed",
    [
        ("tasks", "--tag", "math"),
        ("tasks", "--macro", "code"),
        ("tasks", "--models", "--top", "3"),
        ("models", "--top", "5"),
        ("models", "--merge-variants"),
        ("models", "--by-day", "--top", "5"),
        ("models", "--by-day", "--merge-variants"),
        ("apps", "--top", "5"),
        ("sessions", "--top", "5"),
        ("benchmarks", "--top", "1"),
    ],
    ids=" ".join,
)
def test_a_part_of_an_answer_says_so_and_is_not_archived(
    take: Callable[..., Call], tmp_path: Path, narrowed: tuple[str, ...]
) -> None:
    part = tmp_path / "part.json"
    assert Call(*narrowed, "--sample", "-f", "json", "-o", str(part)).status == 0
    assert json.loads(part.read_bytes())["narrowed"] is True
    call = take(part, "--synthetic")
    assert (call.status, call.err) == (1, f"refused: {part}: it is a part of an answer\n")
    # Shown again, it still is one.
    again = Call(narrowed[0], "--input", str(part), "-f", "json")
    assert (again.status, json.loads(again.out)["narrowed"]) == (0, True)


@pytest.mark.parametrize("command", ["tasks", "models", "apps --top 100", "sessions", "benchmarks"])
def test_a_whole_answer_in_our_json_is_archived(take: Callable[..., Call], tmp_path: Path, command: str) -> None:
    whole = tmp_path / "whole.json"
    Call(*command.split(), "--sample", "-f", "json", "-o", str(whole))
    assert "narrowed" not in json.loads(whole.read_bytes())
    assert take(whole, "--synthetic").out == "1 new, 0 unchanged, 0 revisions, 0 refused\n"


def test_many_refusals_are_cut_short(take: Callable[..., Call], folder: Path) -> None:
    for number in range(22):
        write(folder / f"{number}.json", b"[]")
    call = take(folder, "--quiet")
    assert (call.status, call.out) == (1, "")
    assert len(call.err.splitlines()) == 21
    assert call.err.endswith("refused: 2 more; --format json lists the first thousand.\n")


def test_parameters_that_the_files_do_not_state_are_given(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path
) -> None:
    weeks = daily(DAY - 20 * ONE_DAY, DAY, days=[DAY - 16 * ONE_DAY, DAY - 9 * ONE_DAY])
    write(folder / "weeks.json", weeks)
    assert 'import it with its parameters, such as {"period": "week"}' in take(folder).err
    assert take(folder, "--param", "period=week", "--param", "modality=text").status == 0
    line = json.loads(give("models").out)
    assert line["parameters"] == {"modality": "text", "period": "week"}


@pytest.mark.parametrize("given", ["period", "=week", ""])
def test_a_parameter_has_a_name_and_a_value(take: Callable[..., Call], folder: Path, given: str) -> None:
    call = take(folder, "--param", given)
    assert call.status == 2
    assert "is not NAME=VALUE, such as category=science." in call.err


def test_a_file_that_does_not_exist_is_an_error_of_usage_and_begins_no_archive(
    take: Callable[..., Call], path: Path, tmp_path: Path
) -> None:
    assert take(tmp_path / "missing.json").status == 2
    assert not path.exists()


def stored(path: Path) -> int:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        (count,) = connection.execute("SELECT count(*) FROM openrouter_rankings_archive").fetchone()
        return int(count)
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_an_interrupted_import_keeps_what_was_stored_and_can_be_repeated(
    take: Callable[..., Call], folder: Path, path: Path, tmp_path: Path
) -> None:
    for number in range(101):
        write(folder / f"{number:03}.json", tasks(share=number / 1000))
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with started("import", "--db", str(path), str(folder), str(pipe)) as process:
        # The first hundred are stored, and the end of the pipe is waited for.
        with pipe.open("wb"):
            wait_until(lambda: path.exists() and stored(path) == 100)
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, "")
    assert err == "Interrupted. What was archived stays; the same command goes on with the rest.\n"
    assert take(folder).out == "0 new, 100 unchanged, 1 revision, 0 refused\n"


def test_a_terminal_shows_the_progress_and_keeps_none_of_it(folder: Path, path: Path) -> None:
    write(folder / "1.json", tasks())
    command = [*COMMAND, "import", "--db", str(path), str(folder)]
    ours, theirs = pty.openpty()
    try:
        run = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm"},
            timeout=PATIENCE,
            check=False,
        )
        os.close(theirs)
        said = os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
    assert (run.returncode, run.stdout) == (0, b"1 new, 0 unchanged, 0 revisions, 0 refused\n")
    assert "Importing: 0 of 1 files" in said
    assert said.endswith("\r\x1b[2K")


def test_an_export_of_lines_makes_an_equal_archive(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path, tmp_path: Path
) -> None:
    write(folder / "1.json", tasks())
    write(folder / "2.json", daily())
    take(folder)
    target = tmp_path / "all.jsonl.gz"
    call = give("-o", target)
    assert (call.status, call.out, call.err) == (0, "", f"Wrote 2 answers to {target}.\n")
    assert gzip.decompress(target.read_bytes()).decode() == give().out
    copy = tmp_path / "copy.sqlite3"
    assert take("--db", copy, target).out == "2 new, 0 unchanged, 0 revisions, 0 refused\n"
    assert Call("export", "--db", str(copy)).out == give().out


@pytest.mark.parametrize("name", ["backup", "backup.json", "backup.gz", "models.ndjson"])
def test_an_export_that_could_not_be_imported_is_refused(give: Callable[..., Call], tmp_path: Path, name: str) -> None:
    for existing in (False, True):
        if existing:
            (tmp_path / name).touch()
        call = give("-o", tmp_path / name)
        assert call.status == 2
        assert "does not end in .jsonl or .jsonl.gz, and `import` would not read it." in " ".join(call.err.split())


@pytest.mark.parametrize("name", ["ALL.JSONL", "All.jsonl.GZ"])
def test_the_case_of_the_name_of_an_export_is_of_no_account(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path, tmp_path: Path, name: str
) -> None:
    write(folder / "1.json", tasks())
    take(folder)
    exported = tmp_path / "exported"
    exported.mkdir()
    assert give("-o", exported / name).status == 0
    assert (exported / name).read_bytes().startswith(b"\x1f\x8b") is name.endswith("GZ")
    for where in (exported, exported / name):
        assert take(where).out == "0 new, 1 unchanged, 0 revisions, 0 refused\n"


def test_a_dash_exports_to_stdout_and_a_device_is_written_to(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "1.json", tasks())
    take(folder)
    monkeypatch.chdir(folder)
    assert give("-o", "-").out == give().out != ""
    assert give("-o", os.devnull).status == 0
    assert [file.name for file in folder.iterdir()] == ["1.json"]


def test_chosen_data_sets_and_days_are_exported(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path, tmp_path: Path
) -> None:
    for number in range(3):
        write(folder / f"{number}.json", tasks(DAY + number * ONE_DAY))
    write(folder / "daily.json", daily())
    take(folder)
    days = ("--start", str(DAY + ONE_DAY), "--end", str(DAY + 2 * ONE_DAY))
    assert [json.loads(line)["date"] for line in give("tasks", *days).out.splitlines()] == ["2026-06-18", "2026-06-19"]
    call = give("tasks", *days, "--by-date", "-o", tmp_path / "out", "--quiet")
    assert (call.status, call.err) == (0, "")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["2026-06-18.jsonl", "2026-06-19.jsonl"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tables_are_files_in_a_folder(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path, tmp_path: Path, form: str
) -> None:
    if form == "parquet":
        pytest.importorskip("polars")
    write(folder / "1.json", tasks())
    write(folder / "2.json", daily())
    take(folder)
    call = give("models", "-f", form, "-o", tmp_path / "tables")
    assert call.status == 0
    assert call.err.startswith(f"Wrote 1 files to {tmp_path / 'tables'}. They have no place for the citation")
    (file,) = (tmp_path / "tables").iterdir()
    assert file.name == f"rankings_daily.{form}"
    if form == "csv":
        rows: list[dict[str, Any]] = list(csv.DictReader(file.read_text().splitlines()))
        assert [row["synthetic"] for row in rows] == ["False", "False"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("-f", "csv"), "Several files need a folder: give --output."),
        (("--by-date",), "Several files need a folder: give --output."),
        (("-o", "models.csv"), "Tables are several files: give a folder and --format csv."),
        (("--start", "soon"), '"soon" is not a day'),
    ],
)
def test_a_mistake_is_an_error_of_usage(give: Callable[..., Call], arguments: tuple[str, ...], problem: str) -> None:
    call = give(*arguments)
    assert call.status == 2
    assert problem in " ".join(call.err.split())


def test_a_package_that_parquet_needs_is_named(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "1.json", tasks())
    take(folder)
    monkeypatch.setitem(sys.modules, "polars", None)
    call = give("-f", "parquet", "-o", tmp_path / "tables")
    assert call.status == 2
    assert "needs polars, which is not installed: pip install" in call.err
    assert list((tmp_path / "tables").iterdir()) == []


def test_an_export_that_cannot_be_written_leaves_the_earlier_one(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path, tmp_path: Path
) -> None:
    write(folder / "1.json", tasks())
    take(folder)
    call = give("-o", folder)
    assert call.status == 1
    assert call.err == f"error: The export to {folder} cannot be written: Is a directory.\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["answers", "mine.sqlite3"]


def test_no_export_replaces_the_archive_or_another_database(
    take: Callable[..., Call], give: Callable[..., Call], folder: Path, path: Path
) -> None:
    write(folder / "1.json", tasks())
    take(folder)
    before = path.read_bytes()
    for target in (path, path.parent / "link"):
        if target != path:
            target.symlink_to(path)
        call = give("tasks", "-o", target)
        assert call.status == 2
        assert "is a SQLite database, such as an archive, and is not replaced" in " ".join(call.err.split())
    assert path.read_bytes() == before
    assert stored(path) == 1


def test_without_an_archive_an_export_makes_nothing(give: Callable[..., Call], tmp_path: Path) -> None:
    call = give("-o", tmp_path / "all.jsonl")
    assert call.status == 1
    assert "`openrouter-rankings collect` begins one" in call.err
    assert list(tmp_path.iterdir()) == []


def test_progress_is_for_a_terminal_alone(
    take: Callable[..., Call], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "1.json", tasks())
    assert take(folder).err == ""
    monkeypatch.setattr("openrouter_rankings.cli.terminal.has_cursor", lambda _: True)
    assert "Importing: 1 of 1 files\r\x1b[2K" in take(folder).err


async def test_an_import_that_is_cancelled_says_how_to_go_on(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def cancelled(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("openrouter_rankings.history.import_files", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await import_._import([str(folder)], {}, str(path), synthetic=False)
    assert capsys.readouterr().err == (
        "Interrupted. What was archived stays; the same command goes on with the rest.\n"
    )
