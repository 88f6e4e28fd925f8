"""The store in a SQLite file: who may read it, what happens to it, and what it says when it cannot be used."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from patience import PATIENCE
from property_tests import examples

from openrouter_rankings.clock import Clock, FakeClock, SystemClock
from openrouter_rankings.errors import StoreError
from openrouter_rankings.transports.stores import sqlite
from openrouter_rankings.transports.stores.protocol import Update
from openrouter_rankings.transports.stores.sqlite import SqliteStore

HOUR = 3600.0


@contextlib.asynccontextmanager
async def opened(path: Path, clock: Clock | None = None, **bounds: int) -> AsyncGenerator[SqliteStore]:
    store = SqliteStore(path, clock or FakeClock(), **bounds)
    try:
        yield store
    finally:
        await store.aclose()
        assert store._connection is None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not wait for a locked file."""
    monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT", 0.02)


def run(path: Path, statement: str, *values: object) -> list[Any]:
    """Execute ``statement`` as another program would."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def keys(path: Path) -> list[str]:
    return [key for (key,) in run(path, "SELECT key FROM openrouter_rankings_store ORDER BY rowid")]


async def refused(store: SqliteStore) -> StoreError:
    """The error of each operation, which is the same."""

    def change(present: bytes | None, _: float) -> Update[None]:
        raise AssertionError("It has no value to change.")

    for operation in (store.get("key"), store.put("key", b"value", HOUR), store.delete("key")):
        with pytest.raises(StoreError):
            await operation
    with pytest.raises(StoreError) as caught:
        await store.update("key", change)
    # A connection in a bad state would be of no use later.
    assert store._connection is None
    assert str(store._path) in str(caught.value)
    return caught.value


async def test_the_file_is_not_touched_before_its_first_use(path: Path) -> None:
    async with opened(path):
        pass
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix", reason="Other systems have no such modes.")
async def test_a_new_file_is_for_this_user_alone_whatever_the_umask(path: Path) -> None:
    umask = os.umask(0)
    try:
        async with opened(path) as store:
            await store.put("key", b"value", HOUR)
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="Other systems have no such modes.")
async def test_a_file_that_was_there_keeps_its_mode(path: Path) -> None:
    path.touch()
    path.chmod(0o640)
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
    assert path.stat().st_mode & 0o777 == 0o640


async def test_there_is_one_file_and_no_other_beside_it(path: Path) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        assert list(path.parent.iterdir()) == [path]


async def test_a_file_with_a_write_ahead_log_gets_the_rollback_journal(path: Path) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
    assert run(path, "PRAGMA journal_mode = WAL") == [("wal",)]
    async with opened(path) as store:
        assert await store.get("key") == b"value"
        assert list(path.parent.iterdir()) == [path]
    assert run(path, "PRAGMA journal_mode") == [("delete",)]


async def test_a_path_stays_where_it_was_when_the_program_changes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(Path(":memory:")) as store:
        await store.put("key", b"value", HOUR)
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert await store.get("key") == b"value"
    assert keys(tmp_path / ":memory:") == ["key"]


async def test_all_who_have_a_file_open_notice_that_it_was_deleted(path: Path) -> None:
    async with opened(path) as first, opened(path) as second:
        for store in (first, second):
            await store.put("old", b"old", HOUR)
        path.unlink()
        await first.put("key", b"value", HOUR)
        assert await second.get("old") is None
        assert await second.get("key") == b"value"


async def test_all_who_have_a_file_open_notice_that_it_was_replaced(path: Path) -> None:
    other = path.with_name("other.sqlite3")
    async with opened(other) as store:
        await store.put("key", b"other", HOUR)
    async with opened(path) as first, opened(path) as second:
        for store in (first, second):
            await store.put("key", b"value", HOUR)
        other.replace(path)
        assert [await store.get("key") for store in (first, second)] == [b"other", b"other"]


async def test_a_file_replaced_by_that_of_another_program_is_left_as_it_is(path: Path) -> None:
    other = path.with_name("addresses.db")
    run(other, "CREATE TABLE addresses (name)")
    content = other.read_bytes()
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        other.replace(path)
        assert "a table 'addresses' of another program: name another file" in str(await refused(store))
    assert path.read_bytes() == content


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
async def test_the_file_of_another_program_is_left_as_it_is(path: Path, journal: str) -> None:
    run(path, f"PRAGMA journal_mode = {journal}")
    run(path, "CREATE TABLE openrouterXrankings_x (name)")
    content = path.read_bytes()
    async with opened(path) as store:
        assert "is left as it is, because it has a table 'openrouterXrankings_x'" in str(await refused(store))
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "columns", ["key, value, expires_at", "key TEXT PRIMARY KEY NOT NULL, value BLOB, expires_at REAL NOT NULL"]
)
async def test_a_table_of_another_version_is_refused(path: Path, columns: str) -> None:
    run(path, f"CREATE TABLE openrouter_rankings_store ({columns}, size)")
    async with opened(path) as store:
        await refused(store)
    run(path, "DROP TABLE openrouter_rankings_store")
    run(path, f"CREATE TABLE openrouter_rankings_store ({columns})")
    async with opened(path) as store:
        assert "from another version" in str(await refused(store))


async def test_a_table_of_the_library_in_the_same_file_does_no_harm(path: Path) -> None:
    run(path, "CREATE TABLE openrouter_rankings_archive (name)")
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
    assert keys(path) == ["key"]


@pytest.mark.parametrize("value", ["text", "", 5, 1.5, float("inf")])
async def test_a_value_of_a_foreign_type_counts_as_none_and_is_overwritten(path: Path, value: object) -> None:
    seen: list[bytes | None] = []

    def change(present: bytes | None, _: float) -> Update[None]:
        seen.append(present)
        return Update(None, b"new", HOUR)

    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        run(path, "UPDATE openrouter_rankings_store SET value = ?", value)
        assert await store.get("key") is None
        await store.update("key", change)
        assert (seen, await store.get("key")) == ([None], b"new")
        run(path, "UPDATE openrouter_rankings_store SET value = ?", value)
        await store.put("key", b"newer", HOUR)
        assert await store.get("key") == b"newer"


async def test_an_instant_of_a_foreign_type_makes_a_value_none(path: Path) -> None:
    async with opened(path) as store:
        for instant in ("never", b"\xff"):
            await store.put("key", b"value", HOUR)
            run(path, "UPDATE openrouter_rankings_store SET expires_at = ?", instant)
            assert await store.get("key") is None
        await store.put("key", b"value", HOUR)
        assert await store.get("key") == b"value"


async def test_a_locked_file_is_an_error_until_it_is_free(path: Path, impatient: None) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            error = await refused(store)
        assert "is locked by another program: close that program" in str(error)
        assert isinstance(error.__cause__, sqlite3.OperationalError)
        assert await store.get("key") == b"value"


async def test_once_a_store_has_waited_for_a_locked_file_no_other_waits_for_it_too(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(path) as quota, opened(path) as cache:
        await quota.put("key", b"value", HOUR)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT", 0.02)
            await refused(cache)
            # A later call waits again; in this test none is later, however busy the machine is.
            assert sqlite._locked_until[path] <= time.monotonic() + 1
            sqlite._locked_until[path] = math.inf
            monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT", 2 * PATIENCE)
            async with asyncio.timeout(PATIENCE):
                await refused(quota)
        assert await quota.get("key") == b"value"
        assert path not in sqlite._locked_until


def test_of_locked_files_only_those_of_the_last_second_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = dict.fromkeys((Path(str(number)) for number in range(100)), time.monotonic() - 1)
    monkeypatch.setattr(sqlite, "_locked_until", long_ago | {Path("now"): math.inf})
    sqlite._note_locked(Path("new"))
    assert sqlite._locked_until.keys() == {Path("now"), Path("new")}


async def test_a_file_can_be_read_while_another_writes_but_not_yet_commits(path: Path, impatient: None) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("DELETE FROM openrouter_rankings_store")
            assert await store.get("key") == b"value"
            other.execute("COMMIT")
        assert await store.get("key") is None


async def test_a_file_that_is_read_only_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect_read_only(database: Path, **options: Any) -> sqlite3.Connection:
        return sqlite3.Connection(f"file:{database}?mode=ro", uri=True, **options)

    # A file's mode does not stop an administrator, who may run the tests.
    monkeypatch.setattr(sqlite3, "connect", connect_read_only)
    async with opened(path) as store:
        assert "is read-only: let this user write to it" in str(await refused(store))


async def test_a_full_disk_is_an_error_and_the_file_stays_whole(path: Path) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        assert store._connection is not None
        store._connection.execute("PRAGMA max_page_count = 8")
        with pytest.raises(StoreError, match="is on a full disk: make room there"):
            await store.put("other", bytes(100_000), HOUR)
        assert await store.get("key") == b"value"


async def test_a_file_that_is_not_a_database_is_an_error_and_left_as_it_is(path: Path) -> None:
    path.write_text("These are my notes. " * 100)
    async with opened(path) as store:
        assert "is not a SQLite file, and is left as it is" in str(await refused(store))
    assert path.read_text() == "These are my notes. " * 100


async def test_a_damaged_file_is_an_error_that_says_to_delete_it(path: Path) -> None:
    async with opened(path) as store:
        await store.put("key", bytes(50_000), HOUR)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    async with opened(path) as store:
        with pytest.raises(StoreError, match="is damaged: delete it, and a new one is made"):
            await store.get("key")
        path.unlink()
        assert await store.get("key") is None


async def test_a_damaged_name_of_a_table_is_an_error_that_says_to_delete_the_file(path: Path) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"tableopenrouter", b"table\x80penrouter"))
    async with opened(path) as store:
        # SQLite's message repeats the name, which is no text.
        assert "is damaged: delete it, and a new one is made" in str(await refused(store))


async def test_a_file_that_was_emptied_is_used_again_after_one_error_at_most(path: Path) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        os.truncate(path, 0)
        with contextlib.suppress(StoreError):
            await store.put("key", b"new", HOUR)
        await store.put("key", b"newer", HOUR)
        assert await store.get("key") == b"newer"


@pytest.mark.parametrize("name", ["no/store.sqlite3", "file/store.sqlite3"])
async def test_a_file_that_cannot_be_made_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    async with opened(tmp_path / name) as store:
        error = await refused(store)
    assert "cannot be made or opened" in str(error)
    assert "its folder must exist, and this user may write there" in str(error)
    assert isinstance(error.__cause__, OSError)


async def test_a_folder_is_an_error(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert "is not a regular file: name another path" in str(await refused(store))


async def test_a_pipe_which_would_be_waited_for_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    async with opened(tmp_path / "pipe") as store:
        assert "is not a regular file: name another path" in str(await refused(store))


async def test_an_error_of_sqlite_without_a_code_is_an_error_of_ours(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise sqlite3.InterfaceError("odd")

    monkeypatch.setattr(sqlite3, "connect", fail)
    async with opened(path) as store:
        assert "cannot be used: delete it, or name another file (odd)" in str(await refused(store))


async def test_a_file_that_is_deleted_between_the_look_and_the_writing_is_made_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        identity = store._identity
        path.unlink()
        monkeypatch.setattr(sqlite, "_identity", lambda _: identity)
        await store.put("key", b"new", HOUR)
        monkeypatch.undo()
        assert await store.get("key") == b"new"


async def test_a_file_that_is_deleted_again_and_again_is_an_error_that_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(path) as store:
        await store.put("key", b"value", HOUR)
        look = store._current

        def look_and_delete() -> sqlite3.Connection:
            connection = look()
            path.unlink()
            return connection

        monkeypatch.setattr(store, "_current", look_and_delete)
        with pytest.raises(StoreError, match="was deleted or replaced in this moment: try again"):
            await store.put("key", b"value", HOUR)


@given(st.binary(max_size=3000), st.integers(0, 8192))
@example(junk=b"\x80", at=4000)  # A damaged name, which SQLite's own message quotes.
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_overwrites_a_part_of_the_file_raises_nothing_but_our_errors(
    tmp_path: Path, junk: bytes, at: int
) -> None:
    path = tmp_path / "store.sqlite3"

    async def meet() -> None:
        async with opened(path) as store:
            await store.put("key", bytes(3000), HOUR)
        content = bytearray(path.read_bytes())
        content[at : at + len(junk)] = junk
        path.write_bytes(content)
        async with opened(path) as store:
            for operation in (store.get("key"), store.put("key", b"value", HOUR), store.delete("key")):
                with contextlib.suppress(StoreError):
                    await operation

    try:
        asyncio.run(meet())
    finally:
        for file in tmp_path.iterdir():
            file.unlink()


async def test_expired_values_are_deleted_when_another_is_written(path: Path) -> None:
    clock = FakeClock()
    async with opened(path, clock) as store:
        for number in range(3):
            await store.put(f"short {number}", b"value", 10)
        await store.put("long", b"value", 20)
        clock.advance(9)
        await store.put("early", b"value", 20)
        assert len(keys(path)) == 5
        clock.advance(1)
        await store.update("late", lambda _, __: Update(None, b"value", 20))
    assert keys(path) == ["long", "early", "late"]


async def test_beyond_its_number_of_values_the_longest_unwritten_goes(path: Path) -> None:
    async with opened(path, max_entries=3) as store:
        for key in ("a", "b", "c", "a", "d"):
            await store.put(key, b"value", HOUR)
        await store.get("c")
        assert keys(path) == ["c", "a", "d"]


async def test_beyond_its_bytes_the_longest_unwritten_goes_and_the_file_grows_no_further(path: Path) -> None:
    async with opened(path, max_bytes=200_000) as store:
        for number in range(30):
            await store.put(str(number), bytes(30_000), HOUR)
        assert keys(path) == [str(number) for number in range(25, 30)]
        assert path.stat().st_size < 300_000
        await store.put("too large", bytes(250_000), HOUR)
        assert keys(path) == []
        await store.put("key", b"value", HOUR)
        assert await store.get("key") == b"value"


async def test_where_even_an_empty_file_is_too_large_nothing_is_kept(path: Path) -> None:
    async with opened(path, max_bytes=1) as store:
        await store.put("key", b"value", HOUR)
        assert await store.get("key") is None


async def test_a_clock_that_was_set_back_makes_values_last_and_the_newest_still_stay(path: Path) -> None:
    later, earlier = FakeClock(), FakeClock()
    later.advance(10 * HOUR)
    async with opened(path, later, max_entries=2) as store:
        await store.put("a", b"value", HOUR)
        await store.put("b", b"value", HOUR)
    async with opened(path, earlier, max_entries=2) as store:
        assert await store.get("a") == b"value"
        await store.put("c", b"value", HOUR)
    assert keys(path) == ["b", "c"]


WRITER = """
import asyncio, pathlib, sys
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.transports.stores.sqlite import SqliteStore

async def main(path, pause):
    store = SqliteStore(pathlib.Path(path), SystemClock())
    for number in range(10**9):
        await store.put("key", bytes([number % 256]) * 20000, 3600.0)
        await asyncio.sleep(float(pause))
        if number == 3:
            print("writing", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@contextlib.contextmanager
def writing(path: Path, pause: float) -> Generator[subprocess.Popen[bytes]]:
    """A process that writes values of 20,000 equal bytes, with a pause after each."""
    command = [sys.executable, "-c", WRITER, str(path), str(pause)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"writing\n"
            yield process
        finally:
            process.kill()


def is_whole(value: bytes | None) -> bool:
    return value is not None and value == value[:1] * 20000


async def test_readers_get_whole_values_while_another_process_writes(path: Path) -> None:
    with writing(path, pause=0.005) as writer:
        async with opened(path, SystemClock()) as store:
            first = await store.get("key")
            assert is_whole(first)
            async with asyncio.timeout(PATIENCE):
                while (value := await store.get("key")) == first:
                    pass
            assert is_whole(value)
        assert writer.poll() is None


async def test_a_process_that_is_killed_while_it_writes_leaves_a_whole_file(path: Path) -> None:
    with writing(path, pause=0.0) as writer:
        writer.kill()
        writer.wait()
    async with opened(path, SystemClock()) as store:
        assert is_whole(await store.get("key"))
    assert run(path, "PRAGMA integrity_check") == [("ok",)]


_HANGING = """
import asyncio, logging, sqlite3, sys, threading
from openrouter_rankings import CachePolicy, Quota, RankingsClient
from openrouter_rankings.testing import EmulatedAPI, FakeTransport
from openrouter_rankings.transports.stores import guard

logging.basicConfig()
guard._TIME_LIMIT = guard._CLOSING_LIMIT = 0.05
sqlite3.connect = lambda *_, **__: threading.Event().wait()

async def main():
    settings = {"quota": Quota(store=sys.argv[1]), "cache": CachePolicy(store=sys.argv[1])}
    async with RankingsClient("key", transport=FakeTransport(EmulatedAPI()), **settings) as client:
        print((await client.get_task_classifications()).window_days)

asyncio.run(main())
"""


def test_a_file_that_hangs_holds_up_neither_the_call_nor_the_end_of_the_program(path: Path) -> None:
    command = [sys.executable, "-c", _HANGING, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "7\n"
    assert "did not answer within 0.05 s" in ended.stderr
