"""The stores that several processes share: one contract, and what happens when a store cannot be used."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import attrs
import pytest

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.cache import CachePolicy, CacheTransport
from openrouter_rankings.transports.cache_stores import (
    RecordStore,
    RedisRecords,
    SharedStore,
    SqliteRecords,
    StoreUnavailableError,
    open_store,
)
from openrouter_rankings.transports.fake import FakeTransport
from openrouter_rankings.transports.store_location import RedisServer, SqliteFile

REQUEST = Request("GET", "https://service.invalid/api/v1/tasks", {"Authorization": "Bearer sk-secret"})
ANSWER = Response(200, {"Content-Type": "application/json", "Cache-Control": "max-age=60"}, b"{}")


class RedisProcess(Protocol):
    """What these tests use of the server that the fixture starts."""

    url: str

    def start(self) -> None: ...

    def command(self, text: str) -> bytes: ...

    def stop(self) -> None: ...


def make(kind: str, request: pytest.FixtureRequest, max_entries: int = 3, max_bytes: int = 100) -> RecordStore:
    if kind == "redis":
        return RedisRecords(RedisServer(request.getfixturevalue("redis_url")), max_entries, max_bytes)
    return SqliteRecords(request.getfixturevalue("tmp_path") / "cache.sqlite3", max_entries, max_bytes)


@pytest.fixture(params=["sqlite", "redis"])
async def records(request: pytest.FixtureRequest) -> AsyncIterator[RecordStore]:
    store = make(request.param, request)
    yield store
    await store.aclose()
    await store.aclose()


# ---- the contract


async def test_a_record_is_found_under_its_name_until_it_is_deleted(records: RecordStore) -> None:
    assert await records.get("a") is None
    await records.put("a", b"\x00one\n", 1.0)
    assert await records.get("a") == b"\x00one\n"
    await records.put("a", b"two", 2.0)
    assert await records.get("a") == b"two"
    await records.delete("a")
    await records.delete("a")
    assert await records.get("a") is None


async def kept(records: RecordStore, names: str) -> str:
    return "".join([name for name in names if await records.get(name) is not None])


async def test_the_oldest_records_make_room_for_the_newest(records: RecordStore) -> None:
    for instant, name in enumerate("abacd"):
        await records.put(name, name.encode(), float(instant))
    assert await kept(records, "abcd") == "acd"


async def test_bytes_are_bounded_too(records: RecordStore) -> None:
    await records.put("a", b"x" * 60, 1.0)
    await records.put("b", b"x" * 30, 2.0)
    await records.put("c", b"x" * 50, 3.0)
    assert await kept(records, "abc") == "bc"
    await records.delete("b")
    await records.put("d", b"x" * 50, 4.0)
    assert await kept(records, "acd") == "cd"
    await records.put("e", b"x" * 101, 5.0)
    assert await records.get("e") is None


async def test_a_claim_is_given_once_until_it_ends(records: RecordStore) -> None:
    assert await records.claim("turn", 1000.0, 216.5)
    assert not await records.claim("turn", 1000.0, 216.5)
    assert not await records.claim("turn", 1216.0, 216.5)
    assert await records.claim("other", 1000.0, 216.5)
    assert await records.claim("turn", 1216.5, 216.5)


async def test_a_claim_can_be_shortened(records: RecordStore) -> None:
    await records.claim("turn", 1000.0, 216.0)
    await records.hold("turn", 1010.0, 60.0)
    assert not await records.claim("turn", 1069.0, 216.0)
    assert await records.claim("turn", 1070.0, 216.0)


async def test_a_claim_made_by_a_clock_that_ran_ahead_does_not_count(records: RecordStore) -> None:
    await records.claim("turn", 1_000_000.0, 216.0)
    assert await records.claim("turn", 1000.0, 216.0)


async def test_of_many_who_claim_at_once_one_gets_it(records: RecordStore) -> None:
    claims = await asyncio.gather(*(records.claim("turn", 1000.0, 216.0) for _ in range(20)))
    assert claims.count(True) == 1


async def test_many_operations_at_once_do_not_disturb_each_other(records: RecordStore) -> None:
    await asyncio.gather(*(records.put("a", bytes([65 + number]), float(number)) for number in range(20)))
    found = await asyncio.gather(*(records.get("a") for _ in range(20)))
    assert len(set(found)) == 1


# ---- records that are not ours


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\xff\n{}",
        b"[]\n{}",
        b"null\n{}",
        b'{"headers": []}\n{}',
        b'{"headers": {}, "varies": [1], "received_at": 1, "initial_age": 0}\n{}',
        b'{"headers": {}, "varies": [], "received_at": "x", "initial_age": 0}\n{}',
        b'{"headers": {}, "varies": [], "received_at": NaN, "initial_age": 0}\n{}',
        b'{"headers": {}, "varies": [], "received_at": 1, "initial_age": Infinity}\n{}',
        b"[" * 100_000,
    ],
)
async def test_a_record_that_cannot_be_read_counts_as_none(record: bytes, tmp_path: Path) -> None:
    wire = FakeTransport([ANSWER, ANSWER])
    policy = CachePolicy(store=tmp_path / "cache.sqlite3")
    first = CacheTransport(wire, policy, clock=wire.clock)
    name = (await first.fetch(REQUEST)).stored.name
    assert first._store is not None
    await first._store.put(name, record)
    other = CacheTransport(wire, policy, clock=wire.clock)
    assert (await other.fetch(REQUEST)).response.body == b"{}"
    assert len(wire.requests) == 2
    await other.aclose()
    await first.aclose()


# ---- a SQLite file that cannot be used


def foreign_table(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()


def no_database(path: Path) -> None:
    path.write_text("These are my notes, and no database at all.\n" * 100)


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("spoil", [foreign_table, no_database, a_folder])
async def test_a_file_that_is_none_of_ours_is_refused_before_anything_is_sent(spoil: Any, tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    wire = FakeTransport([ANSWER])
    cache = CacheTransport(wire, CachePolicy(store=path))
    with pytest.raises(ConfigurationError, match=r"cache\.sqlite3 cannot be used") as caught:
        await cache.fetch(REQUEST)
    assert "folder" in str(caught.value)
    assert wire.requests == []
    assert (path.read_bytes() if path.is_file() else None) == before
    await cache.aclose()


async def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    cache = CacheTransport(FakeTransport([]), CachePolicy(store=tmp_path / "missing" / "cache.sqlite3"))
    with pytest.raises(ConfigurationError, match="existing folder"):
        await cache.fetch(REQUEST)
    await cache.aclose()


async def test_the_file_may_hold_other_tables_of_this_library(tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE openrouter_rankings_quota (key)")
    connection.close()
    records = SqliteRecords(path, 3, 100)
    await records.put("a", b"1", 1.0)
    await records.aclose()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openrouter_rankings.transports.cache_stores._BUSY_TIMEOUT", 0.05)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("lock", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
async def test_a_new_file_that_stays_locked_is_a_clear_error(lock: str, tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE openrouter_rankings_x (y)")
    holder.execute(lock)
    records = SqliteRecords(path, 3, 100)
    with pytest.raises(ConfigurationError, match="locked"):
        await records.get("a")
    holder.close()
    assert await records.get("a") is None
    await records.aclose()


async def test_a_file_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    first = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    first.execute("CREATE TABLE openrouter_rankings_x (y)")
    first.execute("BEGIN IMMEDIATE")
    threading.Timer(0.1, first.close).start()
    records = SqliteRecords(path, 3, 100)
    await records.put("a", b"1", 1.0)
    assert await records.get("a") == b"1"
    await records.aclose()


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_is_locked_later_on_does_not_stop_the_cache(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "cache.sqlite3"
    clock = FakeClock()
    store = open_store(SqliteFile(path), 3, 100, clock)
    await store.put("a", b"1")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    await store.put("a", b"2")
    await store.put("a", b"3")
    assert await store.claim("turn", 216.0)
    clock.advance(30)
    await store.put("a", b"4")
    holder.close()
    assert await store.get("a") is None
    clock.advance(30)
    assert await store.get("a") == b"1"
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    await store.aclose()


_WRITER = """
import asyncio, sys
from pathlib import Path
from openrouter_rankings.transports.cache_stores import SqliteRecords

async def main():
    records = SqliteRecords(Path(sys.argv[1]), 50, 10_000)
    await records.put(sys.argv[2], b"0", 0.0)
    print("ready", flush=True)
    for number in range(int(sys.argv[3])):
        await records.put(f"{sys.argv[2]}-{number % 5}", b"x" * 100, float(number))
        assert await records.get(f"{sys.argv[2]}-{number % 5}")
    await records.aclose()

asyncio.run(main())
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WRITER, str(path), name, str(count)], stdout=subprocess.PIPE)  # noqa: S603 - our own program


async def test_several_processes_that_begin_together_share_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    writers = [writer(path, name, 50) for name in "abcd"]
    for process in writers:
        process.communicate(timeout=30)
    assert [process.returncode for process in writers] == [0, 0, 0, 0]
    records = SqliteRecords(path, 50, 10_000)
    assert [await records.get(f"{name}-4") for name in "abcd"] == [b"x" * 100] * 4
    await records.aclose()


async def test_a_process_killed_while_it_writes_leaves_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    process = writer(path, "a", 1_000_000)
    assert process.stdout
    process.stdout.readline()
    process.kill()
    process.communicate()
    records = SqliteRecords(path, 50, 10_000)
    assert await records.get("a") == b"0"
    await records.put("b", b"1", 1.0)
    await records.aclose()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


# ---- a Redis server that cannot be used


async def test_while_redis_is_away_the_cache_goes_on_with_its_memory(
    redis_process: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    redis_process.stop()
    wire = FakeTransport([ANSWER, ANSWER])
    clock = FakeClock()
    cache = CacheTransport(wire, CachePolicy(store=redis_process.url), clock=clock)
    first = await cache.fetch(REQUEST)
    assert (await cache.fetch(REQUEST)).response is first.response
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    redis_process.start()
    clock.advance(100)
    await cache.fetch(REQUEST)
    other = CacheTransport(FakeTransport([]), CachePolicy(store=redis_process.url), clock=clock)
    assert (await other.fetch(REQUEST)).handling == "hit"
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    await other.aclose()
    await cache.aclose()


async def test_a_redis_that_refuses_this_user_is_a_clear_error(redis_process: RedisProcess) -> None:
    redis_process.command("CONFIG SET requirepass secret")
    cache = CacheTransport(FakeTransport([]), CachePolicy(store=redis_process.url))
    with pytest.raises(ConfigurationError, match="refuses this user"):
        await cache.fetch(REQUEST)
    await cache.aclose()


@pytest.mark.parametrize("url", ["redis://host:port", "redis://:secret@host:6379/x?socket_timeout=soon"])
def test_a_url_that_cannot_be_read_is_a_clear_error_without_the_password(url: str) -> None:
    pytest.importorskip("redis")
    with pytest.raises(ConfigurationError, match="no URL of a Redis server") as caught:
        CacheTransport(FakeTransport([]), CachePolicy(store=url))
    assert "secret" not in str(caught.value)


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigurationError, match=r"pip install \"openrouter-rankings\[redis\]\""):
        open_store(RedisServer("redis://host"), 3, 100, FakeClock())


# ---- any store


@attrs.define
class BrokenStore:
    """A store whose every operation raises."""

    error: Exception
    wait: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def get(self, name: str) -> bytes | None:
        await self.wait.wait()
        raise self.error

    async def put(self, name: str, record: bytes, now: float) -> None:
        raise self.error

    async def delete(self, name: str) -> None:
        raise self.error

    async def claim(self, name: str, now: float, seconds: float) -> bool:
        raise self.error

    async def hold(self, name: str, now: float, seconds: float) -> None:
        raise self.error

    async def aclose(self) -> None:
        """Nothing to close."""


async def test_a_store_that_fails_counts_as_empty_and_free() -> None:
    broken = BrokenStore(StoreUnavailableError("away"))
    broken.wait.set()
    for operation in ("get", "put", "delete", "claim", "hold"):
        store = SharedStore(broken, FakeClock())
        arguments: dict[str, tuple[Any, ...]] = {"put": ("a", b""), "claim": ("a", 1.0), "hold": ("a", 1.0)}
        result = await getattr(store, operation)(*arguments.get(operation, ("a",)))
        assert result is (True if operation == "claim" else None)


async def test_a_cancelled_caller_leaves_the_operation_to_its_end_and_its_error_to_nobody() -> None:
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    broken = BrokenStore(ConfigurationError("no store"))
    store = SharedStore(broken, FakeClock())
    task = asyncio.create_task(store.get("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    broken.wait.set()
    await store.aclose()
    await asyncio.sleep(0)
    assert task.cancelled()
    assert reports == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_operation_cut_off_at_the_end_of_the_loop_is_cancelled_for_its_caller() -> None:
    store = SharedStore(BrokenStore(ConfigurationError("no store")), FakeClock())
    task = asyncio.create_task(store.get("a"))
    await asyncio.sleep(0)
    for operation in store._under_way:
        operation.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


def test_a_cache_in_memory_imports_neither_sqlite_nor_redis() -> None:
    program = (
        "import sys; from openrouter_rankings.transports.cache import CacheTransport; "
        "sys.exit(len({'sqlite3', 'redis'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603 - our own program
