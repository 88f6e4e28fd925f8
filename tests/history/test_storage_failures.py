"""Files and servers that are no archive, or that fail: a clear error, and nothing damaged."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from archived import DAY, FETCHED, ONE_DAY, contents, tasks
from postgres_server import PostgresServer

from openrouter_rankings import TaskClassifications
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history import (
    Archive,
    ArchiveError,
    ArchiveFormatError,
    ArchiveMissingError,
    Outcome,
    schema,
    sqlite,
)

Execute = Callable[[str], None]


@pytest.fixture
def execute(request: pytest.FixtureRequest, location: str) -> Execute:
    """Runs SQL at ``location``, past the archive."""
    if location.startswith("postgresql://"):
        server: PostgresServer = request.getfixturevalue("postgres")
        return lambda sql: print(server.sql(location, sql))
    return lambda sql: _execute(location, sql)


def _execute(path: str | Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(sql)
    connection.close()


async def fill(location: str, days: int = 1) -> None:
    async with Archive(location) as archive:
        for n in range(days):
            await archive.add(TaskClassifications, tasks(DAY + n * ONE_DAY), fetched_at=FETCHED + n * ONE_DAY)


async def test_a_newer_archive_is_refused(location: str, execute: Execute) -> None:
    await fill(location)
    execute("INSERT INTO openrouter_rankings_archive_version VALUES (99)")
    with pytest.raises(ArchiveFormatError, match=r"is of version 99, .* up to version 1: install a newer"):
        await fill(location)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE openrouter_rankings_archive (body TEXT)",
        "CREATE TABLE openrouter_rankings_archive_version (number BIGINT)",
        "CREATE TABLE openrouter_rankings_archive_version (version BIGINT)",
        "CREATE TABLE openrouter_rankings_archive_version AS SELECT 'one' AS version",
        "CREATE TABLE openrouter_rankings_archive_version AS SELECT 0 AS version",
        "CREATE TABLE openrouter_rankings_archive_version AS SELECT 1 AS version",
    ],
)
async def test_tables_of_another_program_are_refused(location: str, execute: Execute, sql: str) -> None:
    execute(sql)
    with pytest.raises(ArchiveFormatError, match=r"not an archive|not those of an archive"):
        await fill(location)


async def test_an_archive_of_an_earlier_version_is_migrated_once(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(location)
    addition = ("ALTER TABLE openrouter_rankings_archive ADD COLUMN note TEXT",)
    later = [*schema.MIGRATIONS, addition]
    async with Archive(location) as archive:
        await asyncio.gather(*(schema.upgrade(archive.engine, later) for _ in range(3)))
        assert len(await contents(archive)) == 1
    with pytest.raises(ArchiveFormatError, match="is of version 2"):
        await fill(location)


async def test_a_migration_that_fails_leaves_the_archive_as_it_was(location: str) -> None:
    await fill(location)
    broken = [*schema.MIGRATIONS, ("ALTER TABLE openrouter_rankings_archive ADD COLUMN note TEXT", "nonsense")]
    async with Archive(location) as archive:
        with pytest.raises(ArchiveError):
            await schema.upgrade(archive.engine, broken)
        await schema.upgrade(archive.engine)
        assert await archive.add(TaskClassifications, tasks(share=0.1), fetched_at=FETCHED) is Outcome.REVISION


async def test_a_batch_is_stored_whole_or_not_at_all(location: str, execute: Execute) -> None:
    async with Archive(location) as archive:
        stored: list[object] = []

        async def add(day: int) -> None:
            stored.append(await archive.add(TaskClassifications, tasks(DAY + day * ONE_DAY), fetched_at=FETCHED))

        await add(0)
        execute("ALTER TABLE openrouter_rankings_archive RENAME COLUMN licence TO gone")
        with pytest.raises(ArchiveError, match="not those of an archive"):
            await add(1)
        execute("ALTER TABLE openrouter_rankings_archive RENAME COLUMN gone TO licence")
        assert len(await contents(archive)) == len(stored) == 1


@pytest.mark.parametrize("sql", ["SET body = 'x'", "SET size = 3", "SET size = 100000", "SET citation = ''"])
async def test_a_body_that_was_altered_is_damaged(location: str, execute: Execute, sql: str) -> None:
    await fill(location)
    execute(f"UPDATE openrouter_rankings_archive {sql}")
    async with Archive(location) as archive:
        if "citation" in sql:
            assert await archive.latest(TaskClassifications)
        else:
            with pytest.raises(ArchiveFormatError, match="task-classifications of 2026-06-17 cannot be read"):
                await archive.latest(TaskClassifications)


async def test_a_file_that_is_not_of_sqlite_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes. " * 100)
    with pytest.raises(ArchiveFormatError, match="notes.txt cannot be used: it is not a SQLite file"):
        await fill(str(path))
    assert path.read_text() == "These are notes. " * 100


async def test_a_file_of_another_program_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    _execute(path, "CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(ArchiveFormatError, match="it has the table songs"):
        await fill(str(path))
    assert path.read_bytes() == before


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rankings.sqlite3"
    await fill(str(path), days=30)
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(ArchiveFormatError, match="it is damaged"):
        await fill(str(path))


async def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rankings.sqlite3"
    await fill(str(path), days=30)
    os.truncate(path, 8192)
    with pytest.raises(ArchiveFormatError, match="it is damaged"):
        await fill(str(path), days=30)


async def test_a_full_disk_is_an_error_and_damages_nothing(tmp_path: Path) -> None:
    async with Archive(tmp_path / "rankings.sqlite3") as archive:
        await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)
        before = await contents(archive)
        assert isinstance(archive.engine, sqlite.SqliteEngine)
        assert archive.engine._opened is not None
        _, connection = archive.engine._opened
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        # Longer than what is left of the last page.
        long = tasks(padding=list(range(5000)))
        with pytest.raises(ArchiveError, match="the disk is full; nothing was written"):
            await archive.add(TaskClassifications, long, fetched_at=FETCHED)
        assert await contents(archive) == before
        connection.execute("PRAGMA max_page_count = 100000")
        assert await archive.add(TaskClassifications, long, fetched_at=FETCHED) is Outcome.REVISION
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="its folder must exist and be accessible"):
        await fill(str(tmp_path / "missing" / "rankings.sqlite3"))


async def test_an_archive_that_must_exist_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "rankings.sqlite3"
    with pytest.raises(ArchiveMissingError, match="There is no archive at"):
        async with Archive(path, create=False):
            pass
    assert not path.exists()
    await fill(str(path))
    async with Archive(path, create=False) as archive:
        assert await archive.dates(TaskClassifications)


async def test_a_name_that_sqlite_reads_as_memory_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    await fill(":memory:")
    assert (tmp_path / ":memory:").exists()


async def test_a_file_that_was_deleted_while_open_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "rankings.sqlite3"
    async with Archive(path) as archive:
        path.unlink()
        for _ in range(2):
            with pytest.raises(ArchiveError, match="was deleted or replaced while it was open"):
                await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)
            path.touch()


async def test_a_file_that_stays_locked_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT", 0.01)
    path = tmp_path / "rankings.sqlite3"
    await fill(str(path))
    async with Archive(path) as archive:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ArchiveError, match="another process keeps it locked"):
            await archive.add(TaskClassifications, tasks(share=0.1), fetched_at=FETCHED)
        other.execute("ROLLBACK")
        other.close()
        assert await archive.add(TaskClassifications, tasks(share=0.1), fetched_at=FETCHED) is Outcome.REVISION


# Root may write anywhere, so it becomes another user; who may not load modules from root's folders any more.
READ_ONLY = """
import asyncio, os, sys, tempfile
from archived import *
from openrouter_rankings import TaskClassifications
from openrouter_rankings.history import Archive, ArchiveError, sqlite

async def use(path):
    async with Archive(path) as archive:
        print(await archive.dates(TaskClassifications))
        try:
            await archive.add(TaskClassifications, tasks(share=0.1), fetched_at=FETCHED)
        except ArchiveError as error:
            print(error)

if os.getuid() == 0:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(use(f"{folder}/rankings.sqlite3"))
    print("---")
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(use(sys.argv[1]))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, as those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="archive-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def read_only(folder: Path) -> subprocess.CompletedProcess[str]:
    """What a user who may only read the folder gets of the archive in it."""
    folder.chmod(0o555)
    support = str(Path(__file__).parent.parent / "support")
    return subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(folder / "rankings.sqlite3")],
        env=os.environ | {"PYTHONPATH": support},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_archive_in_a_read_only_folder_can_be_read(open_folder: Path) -> None:
    path = open_folder / "rankings.sqlite3"
    asyncio.run(fill(str(path)))
    path.chmod(0o444)
    run = read_only(open_folder)
    dates, problem = run.stdout.splitlines()[-2:]
    assert dates == "(datetime.date(2026, 6, 17),)"
    assert "this user may not write to it" in problem


def test_no_archive_is_made_in_a_read_only_folder(open_folder: Path) -> None:
    run = read_only(open_folder)
    assert "its folder must exist and be accessible" in run.stderr
    assert list(open_folder.iterdir()) == []


async def test_the_extra_that_postgresql_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ConfigurationError, match=r"pip install .*\[postgres\]"):
        Archive("postgresql://host/database")


async def test_a_server_that_is_down_is_an_error_and_one_that_is_back_is_used(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    async with Archive(url) as archive:
        await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)
        await asyncio.to_thread(postgres.stop)
        for _ in range(2):
            with pytest.raises(ArchiveError, match=r"127\.0\.0\.1.*cannot be used") as failure:
                await archive.dates(TaskClassifications)
            assert "secret" not in f"{failure.value} {failure.value.__cause__!r}"
        await asyncio.to_thread(postgres.start)
        for _ in range(3):
            try:
                assert await archive.dates(TaskClassifications) == (DAY,)
                break
            except ArchiveError:
                continue
        else:
            raise AssertionError("the archive does not find its server again")


async def test_a_server_that_cannot_be_reached_is_an_error(unused_tcp_port: int) -> None:
    pytest.importorskip("asyncpg", reason="the package asyncpg is not installed")
    with pytest.raises(ArchiveError, match=f"127.0.0.1:{unused_tcp_port}/x cannot be used: the server cannot be"):
        await fill(f"postgresql://tester:secret@127.0.0.1:{unused_tcp_port}/x")


async def test_a_database_that_does_not_exist_is_an_error(postgres: PostgresServer) -> None:
    url = postgres.new_database() + "_missing"
    with pytest.raises(ArchiveError, match='the server reports an error .*"archive_.*_missing" does not exist'):
        await fill(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://tester:secret@host:port/x",
        "postgresql://tester:secret@h/x?sslmode=no",
        "postgresql://tester:secret@[h/x",
    ],
)
async def test_a_url_that_cannot_be_read_is_an_error_without_its_password(url: str) -> None:
    pytest.importorskip("asyncpg")
    with pytest.raises(ConfigurationError, match="is not the URL of a PostgreSQL database") as failure:
        await fill(url)
    assert "secret" not in f"{failure.value} {failure.value.__context__!r}"


@pytest.mark.parametrize("password", ["sec/ret", "12/ret", "sec?ret", "sec#ret"])
def test_a_password_that_is_not_encoded_is_an_error_that_shows_none_of_it(password: str) -> None:
    pytest.importorskip("asyncpg")
    with pytest.raises(ConfigurationError, match="percent-encoded") as failure:
        Archive(f"postgresql://tester:{password}@host/x")
    assert not {"sec", "ret", "12"} & set(re.split(r"\W", str(failure.value)))


def test_a_url_is_named_without_user_password_and_settings() -> None:
    pytest.importorskip("asyncpg")
    archive = Archive("postgresql://tester:s%2Fe@cret@host:5433/x?password=secret")
    assert archive.engine.name == "postgresql://host:5433/x"


async def test_a_database_without_an_archive_gets_none_by_being_read(location: str) -> None:
    if not location.startswith("postgresql://"):
        Path(location).touch()
    with pytest.raises(ArchiveMissingError, match="There is no archive at"):
        async with Archive(location, create=False):
            pass
    await fill(location)
    async with Archive(location, create=False) as archive:
        assert await archive.dates(TaskClassifications) == (DAY,)


async def test_a_database_that_is_read_only_can_be_read(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    await fill(url)
    async with Archive(f"{url}?default_transaction_read_only=on") as archive:
        assert await archive.dates(TaskClassifications) == (DAY,)
        with pytest.raises(ArchiveError, match="the database is read-only"):
            await archive.add(TaskClassifications, tasks(share=0.1), fetched_at=FETCHED)


async def test_a_user_without_a_privilege_gets_an_error(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    await fill(url)
    postgres.sql(url, "DROP ROLE IF EXISTS reader")
    postgres.sql(url, "CREATE ROLE reader LOGIN")
    with pytest.raises(ArchiveError, match="this user lacks a privilege"):
        await fill(url.replace("tester:secret", "reader"))


async def test_an_archive_in_postgresql_belongs_to_the_event_loop_that_opened_it(postgres: PostgresServer) -> None:
    async with Archive(postgres.new_database()) as archive:
        with pytest.raises(ConfigurationError, match="belongs to the event loop that opened it"):
            await asyncio.to_thread(asyncio.run, archive.dates(TaskClassifications))
