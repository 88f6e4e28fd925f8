"""The stores of the quota: one contract for all, then what each promises on its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import math
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Protocol, cast

import pytest

from openrouter_rankings.clock import Clock, FakeClock, SystemClock
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports import quota_redis, quota_sqlite, quota_stores, redis_client
from openrouter_rankings.transports.quota import Quota, QuotaTransport
from openrouter_rankings.transports.quota_ledger import Ledger, Limits, close_gate, take
from openrouter_rankings.transports.quota_stores import open_store
from openrouter_rankings.transports.store_location import RedisServer, key_hash, store_location

REQUEST = Request("GET", "https://rankings.test/x", {"Authorization": "Bearer sk-secret"})
MINUTE = 62.0


class RedisProcess(Protocol):
    """What the fixture ``redis_process`` gives."""

    url: str

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def command(self, text: str) -> bytes: ...


class Service:
    """Answers with 200, or as it is told; counts the requests."""

    def __init__(self) -> None:
        self.sent = 0
        self.answer = Response(200)

    async def send(self, request: Request) -> Response:
        self.sent += 1
        return self.answer

    async def aclose(self) -> None:
        pass


@contextlib.asynccontextmanager
async def opened(quota: Quota, clock: Clock | None = None) -> AsyncGenerator[QuotaTransport]:
    transport = QuotaTransport(Service(), quota, clock=clock)
    try:
        yield transport
    finally:
        await transport.aclose()


async def send_all(transport: QuotaTransport, count: int) -> int:
    """Try ``count`` requests at once; how many were sent."""
    outcomes = await asyncio.gather(*(transport.send(REQUEST) for _ in range(count)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {Response, QuotaExceededError}, outcomes
    return sum(isinstance(outcome, Response) for outcome in outcomes)


@pytest.fixture(params=["sqlite", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "redis":
        return cast("str", request.getfixturevalue("redis_url"))
    return str(tmp_path / "quota.sqlite3")


@pytest.fixture(params=["memory", "sqlite", "redis"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "redis":
        return cast("str", request.getfixturevalue("redis_url"))
    return str(tmp_path / "quota.sqlite3") if request.param == "sqlite" else None


async def test_a_store_lets_through_what_the_minute_allows(location: str | None) -> None:
    clock = FakeClock()
    async with opened(Quota(per_minute=3, store=location, max_wait=0), clock) as transport:
        assert await send_all(transport, 5) == 3
        clock.advance(MINUTE - 0.001)
        assert await send_all(transport, 1) == 0
        clock.advance(0.002)
        assert await send_all(transport, 5) == 3
        assert (await transport.status(REQUEST)).day.used == 6


async def test_a_store_lets_waiting_callers_through_in_order(location: str | None) -> None:
    clock = FakeClock()
    order: list[tuple[int, float]] = []
    async with opened(Quota(per_minute=2, store=location, max_wait=math.inf), clock) as transport:

        async def call(number: int) -> None:
            await transport.send(REQUEST)
            order.append((number, clock.monotonic()))

        await asyncio.gather(*(call(number) for number in range(5)))
    assert [number for number, _ in order] == list(range(5))
    assert [at for _, at in order] == pytest.approx([0, 0, MINUTE, MINUTE, 2 * MINUTE])


async def test_a_store_refuses_when_the_day_is_spent(location: str | None) -> None:
    clock = FakeClock()
    async with opened(Quota(per_day=2, store=location), clock) as transport:
        assert await send_all(transport, 3) == 2
        clock.advance(86402.001)
        assert await send_all(transport, 3) == 2


async def test_a_store_keeps_the_gate_closed_after_a_429(location: str | None) -> None:
    clock, service = FakeClock(), Service()
    service.answer = Response(429, {"Retry-After": "100"})
    transport = QuotaTransport(service, Quota(store=location, max_wait=0), clock=clock)
    await transport.send(REQUEST)
    clock.advance(99.9)
    assert await send_all(transport, 2) == 0
    clock.advance(0.2)
    assert await send_all(transport, 2) == 1
    await transport.aclose()


async def test_two_transports_on_one_store_share_its_places_and_its_gate(shared: str) -> None:
    clock = FakeClock()
    quota = Quota(per_minute=30, store=shared, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert sum(await asyncio.gather(send_all(first, 40), send_all(second, 40))) == 30
        assert (await first.status(REQUEST)).minute == (await second.status(REQUEST)).minute
        clock.advance(MINUTE + 0.001)
        cast("Service", first._transport).answer = Response(429, {"Retry-After": "3600"})
        await first.send(REQUEST)
        with pytest.raises(QuotaExceededError, match="The service wants no requests now"):
            await second.send(REQUEST)


async def test_what_was_counted_outlives_the_transport(shared: str) -> None:
    clock = FakeClock()
    quota = Quota(per_minute=3, store=shared, max_wait=0)
    async with opened(quota, clock) as transport:
        assert await send_all(transport, 2) == 2
    async with opened(quota, clock) as transport:
        assert await send_all(transport, 2) == 1


async def test_the_status_of_a_lowered_limit_tells_when_there_is_a_place_again(shared: str) -> None:
    clock = FakeClock()
    async with opened(Quota(store=shared), clock) as transport:
        for _ in range(3):
            await transport.send(REQUEST)
            clock.advance(10)
    async with opened(Quota(per_minute=2, store=shared), clock) as transport:
        minute = (await transport.status(REQUEST)).minute
    assert (minute.limit, minute.used, minute.remaining) == (2, 3, 0)
    assert minute.frees_at is not None
    assert (minute.frees_at - clock.now()).total_seconds() == pytest.approx(10 + MINUTE - 30, abs=0.002)


async def test_a_clock_that_is_set_back_blocks_a_shared_store_for_a_window_only(shared: str) -> None:
    quota = Quota(per_minute=2, store=shared, max_wait=0)
    later, earlier = FakeClock(), FakeClock()
    later.advance(3600)
    async with opened(quota, later) as transport:
        assert await send_all(transport, 2) == 2
    async with opened(quota, earlier) as transport:
        assert await send_all(transport, 1) == 0
        earlier.advance(MINUTE + 0.001)
        assert await send_all(transport, 1) == 1


async def test_the_end_waits_for_what_a_cancelled_caller_left_under_way(shared: str) -> None:
    clock = FakeClock()
    async with opened(Quota(store=shared), clock) as transport:
        call = asyncio.create_task(transport.send(REQUEST))
        await asyncio.sleep(0)
        call.cancel()
    async with opened(Quota(store=shared), clock) as transport:
        assert (await transport.status(REQUEST)).day.used == 0


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_caller_whose_answer_from_the_store_comes_after_the_end_does_not_wait(shared: str) -> None:
    clock = FakeClock()
    transport = QuotaTransport(Service(), Quota(per_minute=1, store=shared, max_wait=math.inf), clock=clock)
    await transport.send(REQUEST)
    call = asyncio.create_task(transport.send(REQUEST))
    for _ in range(2):
        await asyncio.sleep(0)
    await transport.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await call
    assert clock.sleeps == []


async def test_a_gate_closes_even_if_the_caller_who_closes_it_is_cancelled(shared: str) -> None:
    clock = FakeClock()
    store = open_store(store_location(shared), Limits(30, 500, 2.0), clock, 0.25)
    closing = asyncio.create_task(store.update("key", functools.partial(close_gate, seconds=100.0)))
    for _ in range(2):
        await asyncio.sleep(0)
    closing.cancel()
    assert (await store.take("key")).wait == 100.0
    assert closing.cancelled()
    await store.aclose()


async def test_the_store_is_not_touched_before_its_first_use(tmp_path: Path) -> None:
    async with opened(Quota(store=tmp_path / "quota.sqlite3")):
        pass
    assert names(tmp_path) == []


async def test_neither_the_key_nor_its_plain_hash_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    async with opened(Quota(store=path)) as transport:
        await transport.send(REQUEST)
    assert b"sk-secret" not in path.read_bytes()
    assert key_hash(REQUEST).encode() in path.read_bytes()


async def refused_file(path: Path) -> ConfigurationError:
    async with opened(Quota(store=path)) as transport:
        with pytest.raises(ConfigurationError) as caught:
            await transport.send(REQUEST)
        assert cast("Service", transport._transport).sent == 0
    assert str(path) in str(caught.value)
    return caught.value


async def test_a_file_that_another_program_locks_is_a_configuration_error_until_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_sqlite, "_BUSY_TIMEOUT", 0.02)
    path = tmp_path / "quota.sqlite3"
    async with opened(Quota(store=path)) as transport:
        await transport.send(REQUEST)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigurationError, match="is locked by another program") as caught:
            await transport.send(REQUEST)
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        other.close()
        await transport.send(REQUEST)
        assert (await transport.status(REQUEST)).day.used == 2


async def test_a_read_only_file_is_a_configuration_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "quota.sqlite3"
    async with opened(Quota(store=path)) as transport:
        await transport.send(REQUEST)

    def connect_read_only(database: Path, **options: Any) -> sqlite3.Connection:
        return sqlite3.Connection(f"file:{database}?mode=ro", uri=True, **options)

    # A file's mode does not stop an administrator, who may run the tests.
    monkeypatch.setattr(sqlite3, "connect", connect_read_only)
    assert "is read-only" in str(await refused_file(path))


async def test_a_file_that_is_no_database_is_a_configuration_error_and_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes. " * 100)
    assert "is no SQLite file" in str(await refused_file(path))
    assert path.read_text() == "These are my notes. " * 100


async def test_the_database_of_another_program_is_a_configuration_error_and_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "addresses.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE addresses (name)")
    before = path.read_bytes()
    assert "was not made by this version" in str(await refused_file(path))
    assert path.read_bytes() == before


async def test_the_file_may_be_shared_with_the_other_stores_of_the_library(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE openrouter_rankings_cache (name)")
    async with opened(Quota(store=path)) as transport:
        await transport.send(REQUEST)


async def test_a_ledger_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    async with opened(Quota(store=path)) as transport:
        await transport.send(REQUEST)
    with contextlib.closing(sqlite3.connect(path, timeout=0.1)) as connection:
        connection.execute("UPDATE openrouter_rankings_quota SET ledger = 'something else'")
        connection.commit()
        async with opened(Quota(store=path)) as transport:
            with pytest.raises(ConfigurationError, match="was not made by this version"):
                await transport.send(REQUEST)
            # It does not stay locked for others.
            connection.execute("DELETE FROM openrouter_rankings_quota")
            connection.commit()
            await transport.send(REQUEST)


async def test_a_folder_that_does_not_exist_is_a_configuration_error(tmp_path: Path) -> None:
    assert "cannot be opened or made" in str(await refused_file(tmp_path / "no" / "quota.sqlite3"))


async def test_an_error_of_sqlite_without_a_code_is_a_configuration_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise sqlite3.InterfaceError("odd")

    monkeypatch.setattr(sqlite3, "connect", fail)
    assert "cannot be used (odd)" in str(await refused_file(tmp_path / "quota.sqlite3"))


async def test_a_caller_cancelled_while_the_store_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes. " * 100)
    async with opened(Quota(store=path)) as transport:
        call = asyncio.create_task(transport.send(REQUEST))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_failure_that_comes_after_its_caller_has_left_is_nobodys_noise(tmp_path: Path) -> None:
    noise: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    (tmp_path / "store.sqlite3").write_text("no database at all, and long enough to be looked at" * 20)
    async with opened(Quota(store=tmp_path / "store.sqlite3")) as transport:
        asking = asyncio.create_task(transport.status("key"))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
    gc.collect()
    await asyncio.sleep(0)
    assert noise == []


async def test_work_that_the_event_loop_cancels_at_its_end_is_nobodys_noise(tmp_path: Path) -> None:
    async with opened(Quota(store=tmp_path / "store.sqlite3")) as transport:
        asking = asyncio.create_task(transport.status("key"))
        await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.wait({asking})
    assert asking.cancelled()


async def test_a_place_that_cannot_be_given_back_stays_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(quota_sqlite, "_BUSY_TIMEOUT", 0.02)
    store = open_store(store_location(tmp_path / "quota.sqlite3"), Limits(30, 500, 2.0), FakeClock(), 0.25)
    taking = asyncio.create_task(store.take("key"))
    await asyncio.sleep(0)
    taking.cancel()
    await asyncio.sleep(0)

    def lock(ledger: Ledger, now: float, limits: Limits) -> None:
        raise sqlite3.OperationalError("locked")

    monkeypatch.setattr(quota_stores, "give_back", lambda *args, **_: lock(*args))
    await store.aclose()
    monkeypatch.undo()
    assert len((await store.take("key")).ledger.sent) == 2
    await store.aclose()
    gc.collect()
    assert caplog.records == []


WORKER = """
import asyncio, sys
from openrouter_rankings.errors import QuotaExceededError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.quota import Quota, QuotaTransport

class Service:
    async def send(self, request):
        print("sent", flush=True)
        return Response(200)

    async def aclose(self):
        pass

async def call(transport, request):
    try:
        await transport.send(request)
    except QuotaExceededError:
        pass

async def main(store, per_minute, count):
    quota = Quota(store=store, per_minute=int(per_minute), per_day=100_000, max_wait=0)
    transport = QuotaTransport(Service(), quota)
    request = Request("GET", "https://rankings.test/x", {"Authorization": "Bearer sk-secret"})
    print("ready", flush=True)
    sys.stdin.readline()
    await asyncio.gather(*(call(transport, request) for _ in range(int(count))))
    await transport.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


def worker(store: str, per_minute: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", WORKER, store, str(per_minute), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_processes_that_start_together_on_one_store_send_what_one_may_send(shared: str) -> None:
    workers = [worker(shared, 30, 25) for _ in range(4)]
    assert [read_line(process) for process in workers] == ["ready"] * 4
    for process in workers:
        begin(process)
    ends = [process.communicate(timeout=30) for process in workers]
    assert [errors for _, errors in ends] == [""] * 4
    assert sum(output.count("sent") for output, _ in ends) == 30


async def test_a_process_killed_in_the_middle_leaves_a_whole_file_that_knows_what_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    for at_least in (1, 4, 9):
        before = 0
        if path.exists():
            async with opened(Quota(store=path)) as transport:
                before = (await transport.status(REQUEST)).day.used
        with worker(str(path), 100_000, 500) as process:
            read_line(process)
            begin(process)
            sent = sum(read_line(process) == "sent" for _ in range(at_least))
            process.kill()
            sent += process.communicate()[0].count("sent")
        async with opened(Quota(per_day=100_000, store=path)) as transport:
            counted = (await transport.status(REQUEST)).day.used - before
        # It may have died between taking a place and sending.
        assert counted in {sent, sent + 1}
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_without_the_package_redis_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigurationError, match=r'pip install "openrouter-rankings\[redis\]"'):
        QuotaTransport(Service(), Quota(store="redis://localhost"))


def test_a_redis_url_that_cannot_be_read_is_a_configuration_error_without_the_password() -> None:
    pytest.importorskip("redis")
    with pytest.raises(ConfigurationError, match="redis://host:6379/0") as caught:
        QuotaTransport(Service(), Quota(store="redis://user:sesame@host:port/0"))
    assert caught.value.__cause__ is None
    assert "sesame" not in str(caught.value)


async def test_a_redis_server_that_refuses_the_password_is_a_configuration_error(redis_process: RedisProcess) -> None:
    redis_process.command("CONFIG SET requirepass sesame")
    for url in (redis_process.url, redis_process.url.replace("//", "//:mistaken@")):
        async with opened(Quota(store=url)) as transport:
            with pytest.raises(ConfigurationError, match="refuses this user"):
                await transport.send(REQUEST)
    async with opened(Quota(store=redis_process.url.replace("//", "//:sesame@"))) as transport:
        await transport.send(REQUEST)


async def test_what_another_program_put_into_redis_is_a_configuration_error(redis_process: RedisProcess) -> None:
    redis_process.command(f"SET openrouter-rankings:quota:{key_hash(REQUEST)} something")
    async with opened(Quota(store=redis_process.url)) as transport:
        with pytest.raises(ConfigurationError, match="was not made by this version"):
            await transport.send(REQUEST)


async def test_the_time_of_the_redis_server_counts_and_not_that_of_each_machine(redis_url: str) -> None:
    class FastClock(SystemClock):
        def time(self) -> float:
            return super().time() + 3600

    quota = Quota(per_minute=2, store=redis_url, max_wait=0)
    async with opened(quota) as first, opened(quota, FastClock()) as second:
        assert await send_all(first, 2) == 2
        assert await send_all(second, 2) == 0


async def test_a_write_of_another_in_between_is_seen(redis_process: RedisProcess) -> None:
    name = f"openrouter-rankings:quota:{key_hash(REQUEST)}"

    class MeddlingClock(FakeClock):
        meddled = False

        def time(self) -> float:
            if not self.meddled:
                self.meddled = True
                redis_process.command(f'SET {name} \'{{"gate":null,"sent":[{super().time()}]}}\'')
            return super().time()

    limits = Limits(per_minute=1, per_day=500, margin=2.0)
    ledgers = quota_redis.RedisLedgers(RedisServer(redis_process.url), limits, MeddlingClock(), 0.25)
    assert (await ledgers.update(key_hash(REQUEST), take)).wait == pytest.approx(MINUTE)
    await ledgers.aclose()


async def test_a_ledger_in_redis_expires_when_it_no_longer_matters(redis_process: RedisProcess) -> None:
    async with opened(Quota(store=redis_process.url)) as transport:
        await transport.send(REQUEST)
    seconds = redis_process.command(f"TTL openrouter-rankings:quota:{key_hash(REQUEST)}")
    assert 86000 < int(seconds.strip().lstrip(b":")) <= 86403


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "openrouter_rankings"]


async def test_without_its_redis_server_it_says_so_once_and_counts_in_memory_at_a_fraction_of_the_rate(
    redis_process: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    redis_process.stop()
    clock = FakeClock()
    url = redis_process.url.replace("//", "//:sesame@")
    async with opened(Quota(per_minute=8, store=url, max_wait=0, fallback_fraction=0.25), clock) as transport:
        assert await send_all(transport, 8) == 2
        clock.advance(MINUTE + 0.001)
        assert await send_all(transport, 8) == 2
        status = await transport.status(REQUEST)
        assert (status.minute.limit, status.minute.used, status.day.limit) == (2, 2, 125)
    (warning,) = warnings_of(caplog)
    assert "counting in memory, at 0.25 of the rate" in warning
    assert "sesame" not in warning


async def test_what_was_known_before_the_redis_server_left_counts_on(redis_process: RedisProcess) -> None:
    clock = FakeClock()
    quota = Quota(per_minute=8, store=redis_process.url, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert await send_all(first, 3) == 3
        assert (await second.status(REQUEST)).day.used == 3
        redis_process.stop()
        assert await send_all(second, 8) == 0
        clock.advance(MINUTE + 0.001)
        assert await send_all(second, 8) == 2


async def test_a_redis_server_that_returns_is_told_what_was_sent_without_it(
    redis_process: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "openrouter_rankings")
    clock, service = FakeClock(), Service()
    quota = Quota(per_minute=8, store=redis_process.url, max_wait=0)
    transport = QuotaTransport(service, quota, clock=clock)
    await transport.send(REQUEST)
    redis_process.stop()
    service.answer = Response(429, {"Retry-After": "1000"})
    await transport.send(REQUEST)
    redis_process.start()
    # Another process told it of its own, before this one asks it again.
    async with opened(quota, clock) as other:
        await other.send(REQUEST)
    assert (await transport.status(REQUEST)).minute.limit == 2
    clock.advance(10)
    status = await transport.status(REQUEST)
    assert (status.minute.limit, status.minute.used) == (8, 2)
    async with opened(quota, clock) as other:
        status = await other.status(REQUEST)
        assert status.minute.used == 2
        assert status.closed_until is not None
    await transport.aclose()
    assert [message.partition(" server ")[2][:8] for message in warnings_of(caplog)] == ["cannot b", "can be u"]


async def test_a_redis_server_that_lost_everything_is_told_what_is_known_here(redis_process: RedisProcess) -> None:
    clock = FakeClock()
    async with opened(Quota(per_minute=8, store=redis_process.url), clock) as transport:
        assert await send_all(transport, 3) == 3
        redis_process.command("FLUSHALL")
        assert await send_all(transport, 1) == 1
        async with opened(Quota(store=redis_process.url), clock) as other:
            assert (await other.status(REQUEST)).day.used == 4


async def test_a_redis_server_that_closed_an_idle_connection_is_not_unreachable(
    redis_process: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(Quota(store=redis_process.url)) as transport:
        await transport.send(REQUEST)
        redis_process.command("CLIENT KILL TYPE normal")
        await transport.send(REQUEST)
        assert (await transport.status(REQUEST)).day.used == 2
    assert warnings_of(caplog) == []


async def test_a_redis_server_that_does_not_answer_counts_as_unreachable(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("redis")
    monkeypatch.setattr(redis_client, "_TIMEOUT", 0.05)
    release = asyncio.Event()
    connections = 0

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await release.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with opened(Quota(store=f"redis://127.0.0.1:{port}")) as transport:
            await transport.send(REQUEST)
            await transport.send(REQUEST)
        release.set()
    assert connections == 1
    assert len(warnings_of(caplog)) == 1


def test_the_memory_store_needs_neither_sqlite_nor_redis() -> None:
    script = (
        "import sys; from openrouter_rankings.transports.quota import Quota, QuotaTransport; QuotaTransport(None); "
        "print([name for name in ('sqlite3', 'redis') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout.strip() == "[]"
