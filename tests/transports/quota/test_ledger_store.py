"""The quota on each store: shared by clients and processes, damaged, lost, unreachable and back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from noise import no_noise
from patience import PATIENCE, turn, turn_until
from redis_process import RedisProcess
from user_store import UserStore

from openrouter_rankings.clock import Clock, FakeClock, SystemClock
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError, StoreError, StoreUnreachableError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.identity import key_hash
from openrouter_rankings.transports.quota.ledger import Ledger
from openrouter_rankings.transports.quota.ledger_store import _Copies, _Copy
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.quota.transport import QuotaTransport
from openrouter_rankings.transports.stores.location import StoreSetting

REQUEST = Request("GET", "https://rankings.test/x", {"Authorization": "Bearer sk-secret"})
KEY = f"quota:https://rankings.test:{key_hash(REQUEST)}"
MINUTE = 62.0


class Service:
    """Answers with 200, or with ``answer``; counts the requests."""

    def __init__(self) -> None:
        self.sent = 0
        self.answer = Response(200)

    async def send(self, request: Request) -> Response:
        self.sent += 1
        return self.answer

    async def aclose(self) -> None:
        pass


class Network(UserStore):
    """A user's store that can be cut off."""

    def cut(self) -> None:
        def fail(_: str) -> None:
            raise StoreUnreachableError("The network is down.")

        self.fail = fail

    def mend(self) -> None:
        self.fail = lambda _: None


@contextlib.asynccontextmanager
async def opened(quota: Quota, clock: Clock | None = None) -> AsyncGenerator[QuotaTransport]:
    transport = QuotaTransport(Service(), quota, clock=clock)
    try:
        yield transport
    finally:
        await transport.aclose()


def service_of(transport: QuotaTransport) -> Service:
    return cast("Service", transport._transport)


async def send_all(transport: QuotaTransport, count: int) -> int:
    """Try ``count`` requests at once; how many were sent."""
    outcomes = await asyncio.gather(*(transport.send(REQUEST) for _ in range(count)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {Response, QuotaExceededError}, outcomes
    return sum(isinstance(outcome, Response) for outcome in outcomes)


async def used(store: StoreSetting, clock: Clock) -> int:
    """The requests of a day, as another client counts them."""
    async with opened(Quota(store=store), clock) as transport:
        return (await transport.status(REQUEST)).day.used


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "openrouter_rankings"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", "redis", "user"])
def shared(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> StoreSetting:
    if request.param == "redis":
        return cast("str", request.getfixturevalue("redis_url"))
    return str(tmp_path / "quota.sqlite3") if request.param == "sqlite" else UserStore(clock)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "redis":
        return cast("str", request.getfixturevalue("redis_url"))
    return str(tmp_path / "quota.sqlite3") if request.param == "sqlite" else None


async def test_a_store_lets_through_what_the_minute_allows(clock: FakeClock, location: str | None) -> None:
    async with opened(Quota(per_minute=3, store=location, max_wait=0), clock) as transport:
        assert await send_all(transport, 5) == 3
        clock.advance(MINUTE - 0.001)
        assert await send_all(transport, 1) == 0
        clock.advance(0.002)
        assert await send_all(transport, 5) == 3
        assert (await transport.status(REQUEST)).day.used == 6


async def test_a_store_lets_waiting_callers_through_in_order(clock: FakeClock, location: str | None) -> None:
    order: list[tuple[int, float]] = []
    async with opened(Quota(per_minute=2, store=location, max_wait=math.inf), clock) as transport:

        async def call(number: int) -> None:
            await transport.send(REQUEST)
            order.append((number, clock.monotonic()))

        await asyncio.gather(*(call(number) for number in range(5)))
    assert [number for number, _ in order] == list(range(5))
    assert [at for _, at in order] == pytest.approx([0, 0, MINUTE, MINUTE, 2 * MINUTE])


async def test_a_store_refuses_when_the_day_is_spent(clock: FakeClock, location: str | None) -> None:
    async with opened(Quota(per_day=2, store=location), clock) as transport:
        assert await send_all(transport, 3) == 2
        clock.advance(86402.001)
        assert await send_all(transport, 3) == 2


async def test_a_store_blocks_after_a_429(clock: FakeClock, location: str | None) -> None:
    service = Service()
    service.answer = Response(429, {"Retry-After": "100"})
    transport = QuotaTransport(service, Quota(store=location, max_wait=0), clock=clock)
    await transport.send(REQUEST)
    clock.advance(99.9)
    assert await send_all(transport, 2) == 0
    clock.advance(0.2)
    assert await send_all(transport, 2) == 1
    await transport.aclose()


async def test_two_transports_on_one_store_share_its_slots_and_its_pauses(
    clock: FakeClock, shared: StoreSetting
) -> None:
    quota = Quota(per_minute=30, store=shared, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert sum(await asyncio.gather(send_all(first, 40), send_all(second, 40))) == 30
        assert (await first.status(REQUEST)).minute == (await second.status(REQUEST)).minute
        clock.advance(MINUTE + 0.001)
        service_of(first).answer = Response(429, {"Retry-After": "3600"})
        await first.send(REQUEST)
        with pytest.raises(QuotaExceededError, match="The service wants no requests now"):
            await second.send(REQUEST)


async def test_what_was_counted_outlives_the_transport(clock: FakeClock, shared: StoreSetting) -> None:
    quota = Quota(per_minute=3, store=shared, max_wait=0)
    async with opened(quota, clock) as transport:
        assert await send_all(transport, 2) == 2
    async with opened(quota, clock) as transport:
        assert await send_all(transport, 2) == 1


async def test_a_client_with_a_smaller_margin_forgets_nothing_that_counts_for_another(
    clock: FakeClock, shared: StoreSetting
) -> None:
    wide, narrow = Quota(per_day=1, store=shared, margin=3600), Quota(store=shared, margin=0)
    async with opened(wide, clock) as first, opened(narrow, clock) as second:
        await first.send(REQUEST)
        clock.advance(86401)
        assert (await second.status(REQUEST)).day.used == 0
        await second.send(REQUEST)
        with pytest.raises(QuotaExceededError, match="budget of 1 requests"):
            await first.send(REQUEST)


async def test_the_status_of_a_lowered_limit_has_the_time_of_the_next_slot(
    clock: FakeClock, shared: StoreSetting
) -> None:
    async with opened(Quota(store=shared), clock) as transport:
        for _ in range(3):
            await transport.send(REQUEST)
            clock.advance(10)
    async with opened(Quota(per_minute=2, store=shared), clock) as transport:
        minute = (await transport.status(REQUEST)).minute
    assert (minute.limit, minute.used, minute.remaining) == (2, 3, 0)
    assert minute.frees_at is not None
    assert (minute.frees_at - clock.now()).total_seconds() == pytest.approx(10 + MINUTE - 30, abs=0.002)


async def test_a_clock_that_is_set_back_blocks_a_shared_store_for_a_window_only(shared: StoreSetting) -> None:
    quota = Quota(per_minute=2, store=shared, max_wait=0)
    later, earlier = FakeClock(), FakeClock()
    later.advance(3600)
    if isinstance(shared, UserStore):
        shared._clock = later
    async with opened(quota, later) as transport:
        assert await send_all(transport, 2) == 2
    if isinstance(shared, UserStore):
        shared._clock = earlier
    async with opened(quota, earlier) as transport:
        assert await send_all(transport, 1) == 0
        earlier.advance(MINUTE + 0.001)
        assert await send_all(transport, 1) == 1


class WallClock(FakeClock):
    """A clock whose time of day can be set forward, by ``ahead`` seconds."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


@pytest.mark.parametrize("ahead", [2.0, 120.0, 86300.0])
async def test_a_clock_that_is_set_forward_frees_no_slot_of_the_minute(tmp_path: Path, ahead: float) -> None:
    clock, path = WallClock(), tmp_path / "quota.sqlite3"
    quota = Quota(per_minute=30, store=path, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        for transport in (first, second):
            assert await send_all(transport, 15) == 15
        clock.ahead = ahead
        # Only the second one knows of all that was sent.
        assert await send_all(second, 40) == 0
        assert await send_all(first, 40) == 0
        assert await used(path, clock) == 30
        clock.advance(MINUTE - 0.001)
        assert await send_all(first, 40) == 0
        clock.advance(0.002)
        assert await send_all(first, 40) == 30


async def test_a_day_does_not_last_longer_when_the_clock_goes_on_while_the_machine_sleeps(tmp_path: Path) -> None:
    clock = WallClock()
    async with opened(Quota(per_day=1, store=tmp_path / "quota.sqlite3"), clock) as transport:
        assert await send_all(transport, 1) == 1
        clock.advance(MINUTE + 1)
        clock.ahead = 86400.0
        assert await send_all(transport, 2) == 1


@pytest.mark.parametrize("back", [50.0, 3600.0, 10 * 86400.0])
async def test_a_pause_ends_for_all_when_the_clock_was_set_back(location: str | None, back: float) -> None:
    later, earlier = FakeClock(), FakeClock()
    later.advance(back)
    async with opened(Quota(store=location), later) as transport:
        service_of(transport).answer = Response(429, {"Retry-After": "100"})
        await transport.send(REQUEST)
    async with opened(Quota(store=location, max_wait=0), earlier) as transport:
        if location is not None:
            closed_until = (await transport.status(REQUEST)).closed_until
            assert closed_until == earlier.now() + timedelta(seconds=100)
            assert await send_all(transport, 1) == 0
        earlier.advance(100)
        assert await send_all(transport, 1) == 1


async def test_the_end_waits_for_what_a_cancelled_caller_left_under_way(clock: FakeClock, shared: StoreSetting) -> None:
    for turns in range(4):
        async with opened(Quota(store=shared), clock) as transport:
            call = asyncio.create_task(transport.send(REQUEST))
            await turn(turns)
            call.cancel()
        assert await used(shared, clock) == 0


async def test_a_caller_whose_answer_from_the_store_comes_after_the_end_does_not_wait(
    clock: FakeClock, shared: StoreSetting
) -> None:
    transport = QuotaTransport(Service(), Quota(per_minute=1, store=shared, max_wait=math.inf), clock=clock)
    await transport.send(REQUEST)
    call = asyncio.create_task(transport.send(REQUEST))
    await turn(2)
    await transport.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await call
    assert clock.sleeps == []


async def test_a_caller_cancelled_while_the_store_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes. " * 100)
    async with no_noise(), opened(Quota(store=path)) as transport:
        call = asyncio.create_task(transport.send(REQUEST))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        del call
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_slot_that_cannot_be_released_stays_counted(clock: FakeClock) -> None:
    store = Network(clock)
    async with no_noise(), opened(Quota(store=store), clock) as transport:
        call = asyncio.create_task(transport.send(REQUEST))
        await turn_until(lambda: store.values)
        call.cancel()
        store.cut()
        await asyncio.wait({call})
        assert call.cancelled()
    store.mend()
    assert await used(store, clock) == 1


async def test_one_who_leaves_in_the_moment_of_a_failure_releases_nothing(clock: FakeClock) -> None:
    store = Network(clock)
    async with no_noise(), opened(Quota(store=store), clock) as transport:
        await transport.send(REQUEST)

        def fail(_: str) -> None:
            store.mend()
            call.cancel()
            raise StoreError("broken")

        store.fail = fail
        call = asyncio.create_task(transport.send(REQUEST))
        await asyncio.wait({call})
        assert call.cancelled()
    assert store.operations == ["update", "update", "update"]
    assert await used(store, clock) == 1


async def test_neither_the_key_nor_its_plain_hash_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    async with opened(Quota(store=path)) as transport:
        await transport.send(REQUEST)
    assert b"sk-secret" not in path.read_bytes()
    assert key_hash(REQUEST).encode() in path.read_bytes()


async def test_a_file_that_cannot_be_used_is_an_error_and_nothing_is_sent(tmp_path: Path) -> None:
    async with opened(Quota(store=tmp_path / "no" / "quota.sqlite3")) as transport:
        for operation in (transport.send(REQUEST), transport.status(REQUEST)):
            with pytest.raises(StoreError, match="its folder must exist"):
                await operation
        assert service_of(transport).sent == 0


@pytest.mark.parametrize(
    "value", [b"", b"null", b'{"gate": true, "sent": [1e400]}', b"ledger 2" + b"\xff" * 32, b"x" * 2**20]
)
async def test_a_damaged_ledger_is_forgotten_and_logged_once(
    clock: FakeClock, value: bytes, shared: StoreSetting, caplog: pytest.LogCaptureFixture
) -> None:
    quota = Quota(per_minute=2, store=shared, max_wait=0)
    async with opened(quota, clock) as transport:
        await transport._ledgers._store.put(KEY, value, 3600)
        assert await send_all(transport, 3) == 2
        assert (await transport.status(REQUEST)).day.used == 2
    assert messages(caplog) == [f"The quota's count {KEY} was damaged: it is forgotten, and begun anew"]
    assert "sk-secret" not in caplog.text


async def test_a_damaged_ledger_is_begun_with_what_is_known_here(clock: FakeClock, shared: StoreSetting) -> None:
    async with opened(Quota(per_minute=2, store=shared, max_wait=0), clock) as transport:
        await transport.send(REQUEST)
        await transport._ledgers._store.put(KEY, b"damaged", 3600)
        assert await send_all(transport, 2) == 1


async def test_a_ledger_is_forgotten_when_it_no_longer_matters(clock: FakeClock, shared: StoreSetting) -> None:
    async with opened(Quota(store=shared), clock) as transport:
        await transport.send(REQUEST)
        assert await transport._ledgers._store.get(KEY) is not None
        clock.advance(89999.5)
        await transport.status(REQUEST)
        assert await transport._ledgers._store.get(KEY) is not None
        clock.advance(1.5)
        await transport.status(REQUEST)
        assert await transport._ledgers._store.get(KEY) is None


async def test_what_one_client_resets_another_that_has_seen_it_does_not_restore(
    clock: FakeClock, shared: StoreSetting
) -> None:
    quota = Quota(per_minute=2, store=shared, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert await send_all(first, 1) == 1
        service_of(first).answer = Response(429, {"Retry-After": "1000"})
        assert await send_all(first, 1) == 1
        clock.advance(1)
        await second.reset(REQUEST)
        for transport in (second, first):
            status = await transport.status(REQUEST)
            assert (status.day.used, status.closed_until) == (0, None)
        service_of(first).answer = Response(200)
        assert await send_all(second, 1) == 1
        assert await send_all(first, 2) == 1


@pytest.mark.parametrize("shared", ["sqlite", "user"], indirect=True)
async def test_an_emptied_ledger_is_forgotten_when_what_was_in_it_would_no_longer_matter(
    clock: FakeClock, shared: StoreSetting
) -> None:
    async with opened(Quota(store=shared), clock) as transport:
        await transport.send(REQUEST)
        await transport.reset(REQUEST)
        for seconds, is_kept in ((89999.5, True), (1.5, False)):
            clock.advance(seconds)
            await transport.status(REQUEST)
            assert (await transport._ledgers._store.get(KEY) is not None) is is_kept


async def test_two_clients_go_on_counting_together_when_their_file_is_deleted(clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    quota = Quota(per_minute=30, store=path, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert await send_all(first, 10) == 10
        assert await send_all(second, 10) == 10
        path.unlink()
        # The first one to use the new file restores what it has seen.
        assert await send_all(second, 40) == 10
        assert await send_all(first, 40) == 0
        assert await used(path, clock) == 30


async def test_an_earlier_state_of_the_file_is_completed_with_what_was_sent_since(
    clock: FakeClock, tmp_path: Path
) -> None:
    path, backup = tmp_path / "quota.sqlite3", tmp_path / "backup.sqlite3"
    quota = Quota(per_minute=30, store=path, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert await send_all(first, 10) == 10
        shutil.copy(path, backup)
        assert await send_all(first, 5) == 5
        assert await send_all(second, 5) == 5
        for sent in (10, 0):
            shutil.copy(backup, tmp_path / "copy")
            (tmp_path / "copy").replace(path)
            assert await send_all(second, 40) == sent
            assert await send_all(first, 40) == 0
            assert await used(path, clock) == 30


async def test_an_earlier_state_is_noticed_even_when_others_have_written_to_it_as_often_since(clock: FakeClock) -> None:
    store = UserStore(clock)
    quota = Quota(per_minute=30, store=store, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert await send_all(first, 1) == await send_all(second, 1) == 1
        earlier = dict(store.values)
        clock.advance(0.01)
        assert await send_all(second, 14) == 14
        store.values = earlier
        clock.advance(0.01)
        assert await send_all(first, 14) == 14
        assert await send_all(second, 40) == 0
        assert await used(store, clock) == 30


async def test_after_an_earlier_state_was_completed_a_reset_still_holds_for_all(clock: FakeClock) -> None:
    store = UserStore(clock)
    quota = Quota(store=store)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert await send_all(first, 1) == 1
        earlier = dict(store.values)
        assert await send_all(first, 9) == 9
        store.values = earlier
        clock.advance(1)
        assert (await first.status(REQUEST)).day.used == 10
        await second.reset(REQUEST)
        assert (await first.status(REQUEST)).day.used == 0


async def test_a_file_replaced_by_another_counts_what_both_know(clock: FakeClock, tmp_path: Path) -> None:
    path, other = tmp_path / "quota.sqlite3", tmp_path / "other.sqlite3"
    async with opened(Quota(store=other), clock) as elsewhere:
        assert await send_all(elsewhere, 7) == 7
    clock.advance(1)
    async with opened(Quota(per_minute=30, store=path, max_wait=0), clock) as transport:
        assert await send_all(transport, 20) == 20
        other.replace(path)
        assert await send_all(transport, 40) == 3
        assert await used(path, clock) == 30


async def test_what_one_client_of_this_process_sent_counts_for_another_when_their_file_is_deleted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "quota.sqlite3"
    quota = Quota(per_minute=3, store=path, max_wait=0)
    async with opened(quota) as first, opened(quota) as second:
        assert await send_all(first, 1) == 1
        assert await send_all(second, 2) == 2
        path.unlink()
        assert await send_all(first, 1) == 0
    path.unlink()
    async with opened(quota) as third:
        assert await send_all(third, 1) == 0


WORKER = """
import asyncio, sys
from openrouter_rankings.errors import QuotaExceededError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.quota.transport import QuotaTransport

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
    return subprocess.Popen(
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


@pytest.mark.parametrize("location", ["sqlite", "redis"], indirect=True)
def test_processes_that_start_together_on_one_store_send_what_one_may_send(location: str) -> None:
    workers = [worker(location, 30, 25) for _ in range(4)]
    assert [read_line(process) for process in workers] == ["ready"] * 4
    for process in workers:
        begin(process)
    ends = [process.communicate(timeout=PATIENCE) for process in workers]
    assert [errors for _, errors in ends] == [""] * 4
    assert sum(output.count("sent") for output, _ in ends) == 30


async def test_a_process_killed_in_the_middle_leaves_a_whole_file_that_knows_what_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    for at_least in (1, 4, 9):
        before = await used(path, SystemClock())
        with worker(str(path), 100_000, 500) as process:
            read_line(process)
            begin(process)
            for _ in range(at_least):
                assert read_line(process) == "sent"
            process.kill()
            assert process.stdout is not None
            sent = at_least + process.stdout.read().count("sent")
        # It may have died between acquiring a slot and sending.
        assert await used(path, SystemClock()) - before in {sent, sent + 1}
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_while_its_store_is_unreachable_it_says_so_once_and_counts_here_at_a_fraction_of_the_rate(
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Network(clock)
    store.cut()
    async with opened(Quota(per_minute=8, store=store, max_wait=0, fallback_fraction=0.25), clock) as transport:
        assert await send_all(transport, 8) == 2
        clock.advance(MINUTE + 0.001)
        assert await send_all(transport, 8) == 2
        status = await transport.status(REQUEST)
        assert (status.minute.limit, status.minute.used, status.day.limit) == (2, 2, 125)
    assert messages(caplog) == [
        "The quota counts in this process, at 0.25 of the rate, until its store can be reached: The network is down."
    ]


async def test_without_the_store_from_the_start_times_are_those_of_our_clock(clock: FakeClock) -> None:
    clock.advance(1000)
    store = Network(clock)
    store.cut()
    async with opened(Quota(store=store), clock) as transport:
        service_of(transport).answer = Response(429, {"Retry-After": "100"})
        await transport.send(REQUEST)
        closed_until = (await transport.status(REQUEST)).closed_until
    assert closed_until == clock.now() + timedelta(seconds=100)


async def test_an_unreachable_store_is_asked_again_after_ten_seconds(clock: FakeClock) -> None:
    store = Network(clock)
    store.cut()
    async with opened(Quota(store=store), clock) as transport:
        for seconds in (0, 9.9, 0.1, 9.9, 0.1):
            clock.advance(seconds)
            await transport.send(REQUEST)
    assert len(store.operations) == 3


async def test_what_was_known_before_the_store_became_unreachable_counts_on(clock: FakeClock) -> None:
    store = Network(clock)
    quota = Quota(per_minute=8, store=store, max_wait=0)
    async with opened(quota, clock) as first, opened(quota, clock) as second:
        assert await send_all(first, 3) == 3
        assert (await second.status(REQUEST)).day.used == 3
        store.cut()
        assert await send_all(second, 8) == 0
        clock.advance(MINUTE + 0.001)
        assert await send_all(second, 8) == 2


async def test_what_was_sent_without_the_store_is_added_to_it_when_it_is_back(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "openrouter_rankings")
    store = Network(clock)
    quota = Quota(per_minute=8, store=store, max_wait=0)
    async with opened(quota, clock) as transport, opened(quota, clock) as other:
        await transport.send(REQUEST)
        store.cut()
        service_of(transport).answer = Response(429, {"Retry-After": "1000"})
        await transport.send(REQUEST)
        store.mend()
        # Another client has sent and counted one before this one asks the store again.
        await other.send(REQUEST)
        assert (await transport.status(REQUEST)).minute.limit == 2
        clock.advance(10)
        status = await transport.status(REQUEST)
        assert (status.minute.limit, status.minute.used) == (8, 3)
        status = await other.status(REQUEST)
        assert status.minute.used == 3
        assert status.closed_until is not None
        assert (status.closed_until - clock.now()).total_seconds() == pytest.approx(990, abs=0.002)
    assert [message.partition(",")[0] for message in messages(caplog)] == [
        "The quota counts in this process",
        "The quota counts in its store again",
    ]


async def test_requests_sent_without_the_store_are_added_in_the_time_of_the_store() -> None:
    ours, theirs = FakeClock(), FakeClock()
    ours.advance(1000)
    theirs.advance(10 * 86400)
    store = Network(theirs)
    quota = Quota(per_minute=8, store=store, max_wait=0)
    store.cut()
    async with opened(quota, ours) as transport, opened(quota, theirs) as other:
        # Not once has this process seen the time of the store.
        assert await send_all(transport, 2) == 2
        store.mend()
        for clock in (ours, theirs):
            clock.advance(10)
        assert (await transport.status(REQUEST)).minute.used == 2
        for clock in (ours, theirs):
            clock.advance(MINUTE - 11)
        assert (await other.status(REQUEST)).minute.used == 2
        for clock in (ours, theirs):
            clock.advance(2)
        assert (await other.status(REQUEST)).minute.used == 0


async def test_without_the_store_time_goes_on_from_that_of_the_store() -> None:
    ours, theirs = FakeClock(), FakeClock()
    theirs.advance(10 * 86400)
    store = Network(theirs)
    async with opened(Quota(per_minute=4, store=store, max_wait=0), ours) as transport:
        assert await send_all(transport, 1) == 1
        store.cut()
        assert await send_all(transport, 1) == 0
        ours.advance(MINUTE - 1)
        assert await send_all(transport, 1) == 0
        ours.advance(1.001)
        assert await send_all(transport, 2) == 1


async def test_a_ledger_that_the_store_has_lost_is_restored(clock: FakeClock) -> None:
    store = Network(clock)
    async with opened(Quota(per_minute=8, store=store), clock) as transport:
        service_of(transport).answer = Response(429, {"Retry-After": "1000"})
        await transport.send(REQUEST)
        store.values.clear()
        status = await transport.status(REQUEST)
        assert (status.day.used, status.closed_until) == (1, clock.now() + timedelta(seconds=1000))
    assert await used(store, clock) == 1


async def test_the_ledgers_that_are_remembered_are_a_thousand_at_most(clock: FakeClock) -> None:
    store = Network(clock)
    store.cut()
    async with opened(Quota(store=store), clock) as transport:
        for number in range(1100):
            await transport.send(Request("GET", "https://rankings.test/x", {"Authorization": f"Bearer {number}"}))
        assert len(transport._ledgers._copies) == 1000


def test_a_later_state_of_a_ledger_makes_no_room_for_an_earlier_one_and_another_ledger_does() -> None:
    copies = _Copies()
    states = [_Copy(Ledger(identity=of, revision=at), 0.0, 0.0) for of, at in [(1, 2), (1, 1), (1, 2), (2, 0)]]
    for state, kept in zip(states, (0, 0, 2, 3), strict=True):
        copies.put("place", "key", state)
        assert copies.get("place", "key") is states[kept]


async def test_what_was_sent_without_a_redis_server_is_added_to_it_when_it_is_back(
    clock: FakeClock, redis_process: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "openrouter_rankings")
    url = redis_process.url
    async with opened(Quota(per_minute=8, store=url, max_wait=0), clock) as transport:
        await transport.send(REQUEST)
        redis_process.stop()
        await transport.send(REQUEST)
        redis_process.start()
        clock.advance(10)
        assert (await transport.status(REQUEST)).minute.used == 2
        assert await used(url, clock) == 2
    seconds = int(redis_process.command(f"TTL openrouter-rankings:{KEY}").strip().lstrip(b":"))
    assert 86400 <= seconds <= 90001
    first, second = messages(caplog)
    assert "until its store can be reached: The Redis server cannot be used now (ConnectionError" in first
    assert second == "The quota counts in its store again"


async def test_a_redis_server_that_refuses_this_user_is_an_error_and_nothing_is_sent(
    redis_process: RedisProcess,
) -> None:
    redis_process.command("ACL SETUSER reader on >sesame ~* +ping +client +hello +auth")
    async with opened(Quota(store=redis_process.url.replace("//", "//reader:sesame@"))) as transport:
        with pytest.raises(StoreError, match="refuses this user"):
            await transport.send(REQUEST)
        assert service_of(transport).sent == 0


def test_a_quota_in_memory_needs_neither_sqlite_nor_redis() -> None:
    script = (
        "import sys; from openrouter_rankings.transports.quota.transport import QuotaTransport; QuotaTransport(None); "
        "print([name for name in ('sqlite3', 'redis') if name in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
