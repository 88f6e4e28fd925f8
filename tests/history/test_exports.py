"""Writing the archive out."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from archived import DAY, FETCHED, ONE_DAY, apps, benchmarks, contents, daily, morning_after, sessions, tasks

from openrouter_rankings import AppRankings, Benchmarks, RankingsDaily, SessionCost, TaskClassifications
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history import (
    Archive,
    ArchiveError,
    ArchiveFormatError,
    export_lines,
    export_tables,
    import_files,
    tables,
)

HOUR = timedelta(hours=1)


pytestmark = pytest.mark.usefixtures("no_blocking_call")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "rankings.sqlite3")


async def fill(archive: Archive) -> None:
    """Every data set, revisions there and back, several parameters, and a day in progress."""
    for hour, share in enumerate([0.4, 0.4, 0.3, 0.4, 0.4]):
        await archive.add(TaskClassifications, tasks(share=share), fetched_at=FETCHED + hour * HOUR)
    await archive.add(TaskClassifications, tasks(DAY + ONE_DAY), fetched_at=morning_after(DAY + ONE_DAY))
    early = FETCHED - 6 * HOUR
    await archive.add(RankingsDaily, daily(DAY - ONE_DAY, as_of=early), fetched_at=early)
    await archive.add(RankingsDaily, daily(DAY - ONE_DAY), fetched_at=FETCHED)
    await archive.add(RankingsDaily, daily(tokens=5), {"category": "marketing/seo"}, fetched_at=morning_after(DAY))
    await archive.add(RankingsDaily, daily(DAY, DAY + ONE_DAY, as_of=FETCHED), fetched_at=FETCHED)
    await archive.add(AppRankings, apps(names=["We\rir", '=1+1,"quoted"']), {"limit": 100}, fetched_at=FETCHED)
    await archive.add(SessionCost, sessions(), fetched_at=FETCHED)
    await archive.add(Benchmarks, benchmarks(), fetched_at=FETCHED)


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz"])
async def test_an_export_of_lines_makes_an_equal_archive(path: str, tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    async with Archive(path) as archive, Archive(tmp_path / "copy.sqlite3") as copy:
        await fill(archive)
        assert await export_lines(archive, target) == 10
        report = await import_files(copy, [target])
        assert report.refused == 0
        assert await contents(copy) == await contents(archive)
        again = tmp_path / "again.jsonl"
        await export_lines(copy, again)
    content = target.read_bytes()
    assert again.read_bytes() == (gzip.decompress(content) if name.endswith("gz") else content)
    assert names(tmp_path) == sorted(["again.jsonl", "copy.sqlite3", "rankings.sqlite3", name])


async def test_a_line_has_all_that_the_archive_knows(path: str, tmp_path: Path) -> None:
    async with Archive(path) as archive:
        await fill(archive)
        (first, *_) = await archive.revisions(TaskClassifications, DAY)
        await export_lines(archive, tmp_path / "all.jsonl", [TaskClassifications], end=DAY)
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [line["revision"] for line in lines] == [1, 2, 3]
    assert [len(line["seen"]) for line in lines] == [2, 1, 2]
    assert lines[0] | {"seen": []} == {
        "data_set": "task-classifications",
        "parameters": {},
        "first": "2026-06-11",
        "date": "2026-06-17",
        "revision": 1,
        "content_hash": first.content_hash,
        "citation": "Source: OpenRouter (openrouter.ai/rankings), as of 2026-06-17.",
        "licence": "Licensed under CC BY 4.0.",
        "seen": [],
        "body": tasks().decode(),
    }
    assert lines[0]["seen"][0]["fetched_at"] == "2026-06-18T05:00:00.000000+00:00"


async def test_lines_by_date_are_files_by_date(path: str, tmp_path: Path) -> None:
    async with Archive(path) as archive, Archive(tmp_path / "copy.sqlite3") as copy:
        await fill(archive)
        assert await export_lines(archive, tmp_path / "out", by_date=True) == 10
        assert names(tmp_path / "out") == ["2026-06-17.jsonl", "2026-06-18.jsonl"]
        await import_files(copy, [tmp_path / "out"])
        assert await contents(copy) == await contents(archive)
        await export_lines(archive, tmp_path / "one", start=DAY + ONE_DAY, by_date=True)
        assert names(tmp_path / "one") == ["2026-06-18.jsonl"]


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


async def test_tables_have_the_newest_figures_of_complete_dates(path: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with Archive(path) as archive:
        await fill(archive)
        written = await export_tables(archive, out)
        joined = await archive.rankings_daily()
    assert sorted(each.name for each in written) == names(out)
    assert {each.stem for each in written} == {
        "task_classifications_tasks",
        "task_classifications_models",
        "task_classifications_macro_categories",
        "rankings_daily",
        "app_rankings",
        "session_cost",
        "benchmarks",
    }
    assert [(row["as_of"], row["usage_share"]) for row in rows(out / "task_classifications_tasks.csv")] == [
        ("2026-06-17", "0.4"),
        ("2026-06-18", "0.4"),
    ]
    assert rows(out / "task_classifications_tasks.csv")[0]["fetched_at"] == "2026-06-18T08:00:00+00:00"
    daily_rows = rows(out / "rankings_daily.csv")
    assert joined is not None
    assert [(row["date"], row["total_tokens"]) for row in daily_rows if not row["parameters"]] == [
        (str(row.date), str(row.total_tokens)) for row in joined.data
    ]
    assert {row["is_estimate"] for row in daily_rows if row["parameters"] == "category=marketing%2Fseo"} == set()
    assert [row["app_name"] for row in rows(out / "app_rankings.csv")] == ["We\rir", '=1+1,"quoted"']
    assert rows(out / "benchmarks.csv")[0]["pricing_prompt"] == "0.000001"
    assert rows(out / "benchmarks.csv")[0]["coding_index"] == ""


async def test_tables_by_date_are_folders_by_date(path: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with Archive(path) as archive:
        await fill(archive)
        written = await export_tables(archive, out, "csv", [RankingsDaily, TaskClassifications], by_date=True)
    assert sorted(str(each.relative_to(out)) for each in written) == [
        "2026-06-16/rankings_daily.csv",
        "2026-06-17/rankings_daily.csv",
        "2026-06-17/task_classifications_macro_categories.csv",
        "2026-06-17/task_classifications_models.csv",
        "2026-06-17/task_classifications_tasks.csv",
        "2026-06-18/task_classifications_macro_categories.csv",
        "2026-06-18/task_classifications_models.csv",
        "2026-06-18/task_classifications_tasks.csv",
    ]
    assert {row["date"] for row in rows(out / "2026-06-16" / "rankings_daily.csv")} == {"2026-06-16"}


async def test_an_answer_without_models_has_no_table_of_models(path: str, tmp_path: Path) -> None:
    document = json.loads(tasks())
    document["data"]["classifications"][0]["models"] = []
    async with Archive(path) as archive:
        await archive.add(TaskClassifications, json.dumps(document).encode(), fetched_at=FETCHED)
        written = await export_tables(archive, tmp_path / "out")
    assert {each.stem for each in written} == {"task_classifications_tasks", "task_classifications_macro_categories"}


@pytest.mark.parametrize("rows_at_once", [1, 50_000])
async def test_parquet_has_the_types_and_values_of_the_records(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    polars = pytest.importorskip("polars")
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", rows_at_once)
    out = tmp_path / "out"
    async with Archive(path) as archive:
        await fill(archive)
        cheap = benchmarks(FETCHED + ONE_DAY).replace(b"0.000001", b"0.00000000000001")
        await archive.add(Benchmarks, cheap, fetched_at=FETCHED + ONE_DAY)
        written = await export_tables(archive, out, "parquet")
        joined = await archive.rankings_daily()
    assert len(written) == 7
    assert sorted(written) == sorted(out.iterdir())
    frame = polars.read_parquet(out / "rankings_daily.parquet").filter(polars.col("parameters") == "")
    assert joined is not None
    assert frame.drop("parameters", "synthetic").to_dicts() == joined.to_records()
    tasks_frame = polars.read_parquet(out / "task_classifications_tasks.parquet")
    assert tasks_frame["as_of"].to_list() == [DAY, DAY + ONE_DAY]
    assert tasks_frame["fetched_at"].to_list()[0] == FETCHED + 3 * HOUR
    prices = polars.read_parquet(out / "benchmarks.parquet")["pricing_prompt"].to_list()
    assert [float(price) for price in prices] == [0.000001, 0.00000000000001]


async def test_a_format_is_csv_or_parquet(path: str, tmp_path: Path) -> None:
    wrong: Any = "xlsx"
    async with Archive(path) as archive:
        await fill(archive)
        with pytest.raises(ConfigurationError, match='exported as "csv" or "parquet", not \'xlsx\''):
            await export_tables(archive, tmp_path / "out", wrong)


async def test_an_empty_archive_exports_nothing(path: str, tmp_path: Path) -> None:
    async with Archive(path) as archive:
        assert await export_lines(archive, tmp_path / "all.jsonl") == 0
        assert await export_tables(archive, tmp_path / "out") == ()
    assert (tmp_path / "all.jsonl").read_bytes() == b""


@pytest.mark.parametrize("table_format", ["csv", "parquet"])
async def test_an_export_that_cannot_be_written_leaves_nothing(path: str, tmp_path: Path, table_format: Any) -> None:
    if table_format == "parquet":
        pytest.importorskip("polars")
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    async with Archive(path) as archive:
        await fill(archive)
        with pytest.raises(ArchiveError, match="cannot be written: (File exists|Not a directory)"):
            await export_lines(archive, in_the_way / "all.jsonl")
        with pytest.raises(ArchiveError, match="cannot be written: (File exists|Not a directory)"):
            await export_tables(archive, in_the_way / "out", table_format)


@pytest.mark.parametrize("table_format", ["csv", "parquet"])
async def test_a_damaged_answer_ends_an_export_without_an_incomplete_file(
    path: str, tmp_path: Path, table_format: Any
) -> None:
    if table_format == "parquet":
        pytest.importorskip("polars")
    async with Archive(path) as archive:
        await fill(archive)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE openrouter_rankings_archive SET body = x'ffff' WHERE data_set = 'session-cost'")
    connection.close()
    out = tmp_path / "out"
    out.mkdir()
    async with Archive(path) as archive:
        with pytest.raises(ArchiveFormatError, match="session-cost of 2026-06-17 cannot be read"):
            await export_lines(archive, out / "all.jsonl")
        with pytest.raises(ArchiveFormatError, match="session-cost of 2026-06-17 cannot be read"):
            await export_tables(archive, out, table_format)
    assert list(out.iterdir()) == []


async def test_an_export_replaces_an_earlier_one_only_when_it_is_complete(path: str, tmp_path: Path) -> None:
    target = tmp_path / "all.jsonl"
    target.write_text("earlier")
    async with Archive(path) as archive:
        await fill(archive)
        with pytest.raises(ConfigurationError, match="must be a day"):
            await export_lines(archive, target, start="yesterday")
        assert target.read_text() == "earlier"
        await export_lines(archive, target)
    assert target.read_text() != "earlier"
    assert names(tmp_path) == ["all.jsonl", "rankings.sqlite3"]


async def test_dates_bound_an_export(path: str, tmp_path: Path) -> None:
    async with Archive(path) as archive:
        await fill(archive)
        await export_tables(archive, tmp_path / "out", "csv", [TaskClassifications], start=date(2026, 6, 18))
    assert [row["as_of"] for row in rows(tmp_path / "out" / "task_classifications_tasks.csv")] == ["2026-06-18"]


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """Every file that this process writes ends there, as on a full disk."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "csv", "parquet"])
async def test_a_full_disk_ends_an_export_with_an_error_and_leaves_the_earlier_one(
    path: str, tmp_path: Path, form: Any
) -> None:
    if form == "parquet":
        pytest.importorskip("polars")
    out = tmp_path / "out"
    out.mkdir()
    async with Archive(path) as archive:
        await fill(archive)

        async def export() -> None:
            if form in {"csv", "parquet"}:
                await export_tables(archive, out, form)
            else:
                await export_lines(archive, out / f"all.{form}")

        await export()
        before = {file: file.read_bytes() for file in out.iterdir()}
        with files_of_at_most(10), pytest.raises(ArchiveError, match="cannot be written: .*File too large"):
            await export()
    assert {file: file.read_bytes() for file in out.iterdir()} == before


async def test_an_export_follows_a_link_and_keeps_the_permissions_of_the_file(path: str, tmp_path: Path) -> None:
    target, link = tmp_path / "target.jsonl", tmp_path / "link.jsonl"
    target.touch(mode=0o600)
    link.symlink_to(target)
    async with Archive(path) as archive:
        await fill(archive)
        await export_lines(archive, link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o600
    assert len(target.read_text().splitlines()) == 10


async def test_what_is_no_file_is_written_directly(path: str) -> None:
    async with Archive(path) as archive:
        await fill(archive)
        await export_lines(archive, os.devnull)
    assert not Path(os.devnull).is_file()


async def test_two_exports_to_one_file_at_once_leave_one_of_them_whole(path: str, tmp_path: Path) -> None:
    async with Archive(path) as archive:
        await fill(archive)
        await asyncio.gather(*(export_lines(archive, tmp_path / "all.jsonl") for _ in range(3)))
    assert names(tmp_path) == ["all.jsonl", "rankings.sqlite3"]
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 10


async def test_a_folder_that_cannot_be_opened_does_not_fail_an_export(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open

    def refuse(path: str, flags: int, *rest: Any, **options: Any) -> int:
        if Path(path).is_dir():
            raise OSError(1, "Operation not permitted")
        return original(path, flags, *rest, **options)

    async with Archive(path) as archive:
        await fill(archive)
        monkeypatch.setattr(os, "open", refuse)
        assert await export_lines(archive, tmp_path / "all.jsonl") == 10
