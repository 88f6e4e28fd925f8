"""Taking answers in from files."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from archived import DAY, FETCHED, ONE_DAY, apps, benchmarks, contents, daily, encoded, morning_after, sessions, tasks

from openrouter_rankings import AppRankings, Benchmarks, RankingsDaily, SessionCost, TaskClassifications
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history import Archive, ArchiveError, export_lines, import_files, imports, sources

KINDS: list[tuple[type[Any], bytes]] = [
    (TaskClassifications, tasks()),
    (RankingsDaily, daily()),
    (AppRankings, apps()),
    (SessionCost, sessions()),
    (Benchmarks, benchmarks()),
]


pytestmark = pytest.mark.usefixtures("no_blocking_call")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "rankings.sqlite3")


def write(file: Path, content: bytes, modified: datetime = FETCHED) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(content) if file.name.endswith(".gz") else content)
    os.utime(file, (modified.timestamp(), modified.timestamp()))


async def imported(path: str, *files: Path, **options: Any) -> tuple[int, int, int, int]:
    async with Archive(path) as archive:
        report = await import_files(archive, files, **options)
    assert len(report.refusals) == report.refused
    return report.new, report.unchanged, report.revisions, report.refused


async def everything(path: str) -> list[Any]:
    async with Archive(path) as archive:
        return await contents(archive)


async def test_each_data_set_is_recognised(path: str, folder: Path) -> None:
    for kind, body in KINDS:
        write(folder / f"{kind.__name__}.json", body)
    assert await imported(path, folder) == (5, 0, 0, 0)
    found = await everything(path)
    assert {(type(each.answer), each.body) for each in found} == set(KINDS)


async def test_a_folder_is_searched_for_answers_and_gzipped_ones(path: str, folder: Path) -> None:
    write(folder / "b" / "second.json.gz", tasks(DAY + ONE_DAY))
    write(folder / "a" / "c" / "first.json", tasks())
    write(folder / "notes.txt", b"not an answer")
    (folder / "folder.json").mkdir()
    assert await imported(path, folder, folder / "a" / "c" / "first.json") == (2, 1, 0, 0)


async def test_what_was_new_unchanged_a_revision_and_refused_is_reported(path: str, folder: Path) -> None:
    write(folder / "1.json", tasks())
    write(folder / "2.json", tasks(), FETCHED + ONE_DAY)
    write(folder / "3.json", tasks(share=0.1), FETCHED + 2 * ONE_DAY)
    write(folder / "4.json", tasks(synthetic=True))
    write(folder / "5.json", b"{}")
    write(folder / "6.json", b"<html>")
    write(folder / "7.json", b"[]")
    write(folder / "7b.json", b'{"data": [{"title": "a song"}]}')
    write(folder / "8.json.gz", tasks())
    (folder / "8.json.gz").write_bytes((folder / "8.json.gz").read_bytes()[:-20])
    write(folder / "9.json.gz", b"")
    (folder / "9.json.gz").write_bytes(b"not gzip")
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
    assert (report.new, report.unchanged, report.revisions, report.refused) == (1, 1, 1, 7)
    reasons = {Path(refusal.source).name: refusal.reason for refusal in report.refusals}
    assert reasons["4.json"] == "its figures are synthetic"
    assert reasons["5.json"] == "it is not an answer of a known data set, or is empty"
    assert reasons["7b.json"] == reasons["5.json"]
    assert reasons["6.json"].startswith("it is not JSON (")
    assert reasons["7.json"] == "it is not a JSON object"
    assert reasons["8.json.gz"].startswith("it cannot be read (Compressed file ended")
    assert reasons["9.json.gz"].startswith("it cannot be read (Not a gzipped file")


async def test_a_file_that_does_not_exist_is_an_error(path: str, folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no file or folder .*missing.json"):
        await imported(path, folder / "missing.json")


async def test_a_file_that_cannot_be_opened_is_refused(
    path: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    write(folder / "tasks.json", tasks())
    monkeypatch.setattr(sources, "_opened", forbid)
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
    assert report.refusals[0].reason == "it cannot be read ([Errno 13] Permission denied)"


async def test_an_answer_was_fetched_when_it_says_that_it_was_made(path: str, folder: Path) -> None:
    write(folder / "daily.json", daily(as_of=FETCHED), FETCHED + 9 * ONE_DAY)
    write(folder / "tasks.json", tasks(), FETCHED + 9 * ONE_DAY)
    await imported(path, folder)
    fetched = {type(each.answer): each.fetched_at for each in await everything(path)}
    assert fetched == {RankingsDaily: FETCHED, TaskClassifications: FETCHED + 9 * ONE_DAY}


async def test_an_instant_that_cannot_be_read_is_passed_over(path: str, folder: Path) -> None:
    body = json.loads(tasks())
    write(folder / "tasks.json", encoded(body | {"meta": {"as_of": "yesterday"}}))
    write(folder / "more.json", encoded(json.loads(tasks(DAY - ONE_DAY)) | {"meta": {"as_of": 5}}))
    await imported(path, folder)
    assert {each.fetched_at for each in await everything(path)} == {FETCHED}


async def test_a_file_older_than_its_answer_is_refused(path: str, folder: Path) -> None:
    write(folder / "tasks.json", tasks(), datetime(1980, 1, 1, tzinfo=UTC))
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
    assert report.refusals[0].reason == "its days, 2026-06-11 to 2026-06-17, do not fit an answer of 1980-01-01"


async def test_parameters_are_given_for_all_files(path: str, folder: Path) -> None:
    write(folder / "image.json", daily())
    await imported(path, folder, parameters={"modality": "image"})
    assert [each.parameters for each in await everything(path)] == [{"modality": "image"}]


async def test_an_envelope_holds_answers_as_values_and_as_text(path: str, folder: Path) -> None:
    at = "2026-06-19T08:00:00+02:00"
    requests = [
        {"response": json.loads(tasks())},
        {"response": tasks(DAY + ONE_DAY).decode(), "fetched_at": at},
        {
            "response": json.loads(daily()),
            "url": "https://openrouter.ai/api/v1/datasets/rankings-daily?modality=image&start_date=2026-06-17",
        },
    ]
    write(folder / "run.json", encoded({"requests": requests, "version": 3, "fetched_at": "2026-06-18T06:00:00Z"}))
    assert await imported(path, folder) == (3, 0, 0, 0)
    found = await everything(path)
    assert [(each.parameters, each.fetched_at.isoformat()) for each in found] == [
        ({"modality": "image"}, "2026-06-18T06:00:00+00:00"),
        ({}, "2026-06-18T06:00:00+00:00"),
        ({}, "2026-06-19T06:00:00+00:00"),
    ]
    assert found[2].body == tasks(DAY + ONE_DAY)
    assert json.loads(found[1].body) == json.loads(tasks())


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({}, "it is not a JSON object"),
        ("text", "it is not a JSON object"),
        ({"response": None}, "it is not a JSON object"),
        ({"response": "<html>"}, "it is not JSON"),
        ({"response": "\ud800"}, "it is not JSON"),
        ({"response": {}, "url": "https://[x/classifications/task"}, "it is not an answer of a known data set"),
        ({"response": {}, "url": "/api/v1/classifications/task"}, r"it cannot be decoded \(data: missing\)"),
        ({"response": {}, "url": "/api/v1/datasets/rankings-daily"}, r"it cannot be decoded \(data: missing\)"),
        (
            {"response": {"data": [{"date": []}, 5]}, "url": "/datasets/rankings-daily"},
            "it cannot be decoded",
        ),
    ],
)
async def test_a_part_of_an_envelope_that_is_no_answer_is_refused_alone(
    path: str, folder: Path, request_: Any, reason: str
) -> None:
    write(folder / "run.json", encoded({"requests": [request_, {"response": json.loads(tasks())}]}))
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
    assert (report.new, report.refused) == (1, 1)
    assert report.refusals[0].source.endswith("run.json requests[0]")
    assert re.match(reason, report.refusals[0].reason)


async def test_weeks_are_not_taken_for_days(path: str, folder: Path) -> None:
    mondays = [date(2026, 6, 1) + 7 * n * ONE_DAY for n in range(3)]
    body = daily(mondays[0], date(2026, 6, 21), days=mondays)
    write(folder / "weeks.json", body)
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
        assert report.refusals[0].reason.startswith("its rows are not days: import it with its parameters")
        assert (await import_files(archive, [folder], {"period": "week"})).new == 1
        assert (await import_files(archive, [folder], {"category": "science"})).new == 1


async def test_a_repeated_import_changes_nothing(path: str, folder: Path) -> None:
    for kind, body in KINDS:
        write(folder / f"{kind.__name__}.json", body)
    await imported(path, folder)
    before = await everything(path)
    assert await imported(path, folder) == (0, 5, 0, 0)
    assert await everything(path) == before


async def test_progress_counts_files(path: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "_ENTRIES_AT_ONCE", 2)
    for n in range(5):
        write(folder / f"{n}.json", tasks(DAY + n * ONE_DAY), morning_after(DAY + n * ONE_DAY))
    seen: list[tuple[int, int]] = []
    await imported(path, folder, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 5), (1, 5), (3, 5), (5, 5)]


async def test_there_may_be_no_file(path: str, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    assert await imported(path, folder, progress=lambda *numbers: seen.append(numbers)) == (0, 0, 0, 0)
    assert seen == [(0, 0), (0, 0)]


async def test_an_interrupted_import_keeps_what_was_stored_and_can_be_repeated(
    path: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "_BYTES_AT_ONCE", 1)
    for n in range(5):
        write(folder / f"{n}.json", tasks(DAY + n * ONE_DAY), morning_after(DAY + n * ONE_DAY))
    async with Archive(path) as archive:

        def cancel_after_two(done: int, _total: int) -> None:
            if done == 2:
                importing.cancel()

        importing = asyncio.ensure_future(import_files(archive, [folder], progress=cancel_after_two))
        with pytest.raises(asyncio.CancelledError):
            await importing
        assert len(await archive.dates(TaskClassifications)) >= 2
    new, unchanged, *_ = await imported(path, folder)
    assert (new + unchanged, len(await everything(path))) == (5, 5)
    assert unchanged >= 2


async def test_the_reasons_of_at_most_a_thousand_refusals_are_kept(path: str, folder: Path) -> None:
    write(folder / "run.json", encoded({"requests": [{}] * 1002}))
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
    assert (report.refused, len(report.refusals)) == (1002, 1000)


@pytest.mark.parametrize("name", ["long.json", "long.json.gz", "long.jsonl"])
async def test_a_file_that_is_too_long_is_refused_before_it_fills_the_memory(
    path: str, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sources, "MOST_BYTES", 1000)
    monkeypatch.setattr(sources, "_LONGEST_LINE", 1000)
    write(folder / name, b" " * 100_000_000 if name.endswith("gz") else b"x" * 1001)
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
    assert report.refusals[0].reason == "it has more than 1000 bytes"


async def test_an_archive_that_cannot_be_written_ends_the_import(path: str, folder: Path) -> None:
    write(folder / "tasks.json", tasks())
    async with Archive(path) as archive:
        await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)
        os.remove(path)  # noqa: PTH107 - the path is text
        with pytest.raises(ArchiveError, match="was deleted or replaced"):
            await import_files(archive, [folder])


@pytest.mark.parametrize(
    "change",
    [
        {"data_set": "songs"},
        {"seen": []},
        {"seen": 5},
        {"seen": [{"fetched_at": "2026-06-18T00:00:00", "complete": True, "sha256": ""}]},
        {"seen": [{"fetched_at": "2026-06-18T00:00:00Z", "complete": True, "sha256": "xyz"}]},
        {"body": 5},
        {"parameters": 5},
    ],
)
async def test_a_line_that_no_export_wrote_is_refused(path: str, folder: Path, change: dict[str, Any]) -> None:
    seen = [{"fetched_at": "2026-06-18T05:00:00+00:00", "complete": True, "sha256": "00"}]
    line = {"data_set": "task-classifications", "parameters": {}, "seen": seen, "body": tasks().decode()}
    write(folder / "lines.jsonl", encoded(line) + b"\n\n" + encoded(line | change))
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
    assert (report.new, report.refused) == (1, 1)
    assert report.refusals[0].source.endswith("lines.jsonl:3")
    assert report.refusals[0].reason.startswith("it is not a line of an export (")


async def test_an_answer_that_is_refused_is_refused_in_a_line_too(path: str, folder: Path) -> None:
    seen = [{"fetched_at": "2026-06-18T05:00:00+00:00", "complete": True, "sha256": "00"}]
    body = tasks(synthetic=True).decode()
    write(
        folder / "a.jsonl", encoded({"data_set": "task-classifications", "parameters": {}, "seen": seen, "body": body})
    )
    async with Archive(path) as archive:
        report = await import_files(archive, [folder])
    assert report.refusals[0].reason == "its figures are synthetic"


async def test_an_archive_for_trying_things_out_imports_invented_figures_and_its_own_export(
    path: str, folder: Path
) -> None:
    write(folder / "1.json", tasks(synthetic=True))
    async with Archive(path, synthetic=True) as archive:
        assert (await import_files(archive, [folder])).new == 1
        await export_lines(archive, folder / "2.jsonl")
        assert (await import_files(archive, [folder / "2.jsonl"])).unchanged == 1
