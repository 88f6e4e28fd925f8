"""A store that fails, hangs or is left, and what its users notice of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from noise import no_noise
from patience import settle, turn_until
from user_store import HeldStore, UserStore

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError, StoreError, StoreUnreachableError
from openrouter_rankings.transports.stores import guard, sqlite
from openrouter_rankings.transports.stores.guard import GuardedStore, or_else
from openrouter_rankings.transports.stores.location import StoreSetting
from openrouter_rankings.transports.stores.protocol import Store, Update
from openrouter_rankings.transports.stores.sqlite import SqliteStore

HOUR = 3600.0


def failing(error: Exception) -> Any:
    def fail(_: str) -> None:
        raise error

    return fail


@contextlib.asynccontextmanager
async def guarding(store: StoreSetting, clock: FakeClock | None = None, **options: Any) -> AsyncGenerator[GuardedStore]:
    guarded = GuardedStore(store, clock or FakeClock(), **options)
    try:
        yield guarded
    finally:
        await guarded.aclose()


def append(text: bytes) -> Any:
    return lambda present, _: Update(None, (present or b"") + text, HOUR)


async def test_it_is_a_store_that_does_what_the_store_behind_it_does() -> None:
    async with guarding(UserStore(FakeClock())) as guarded:
        assert isinstance(guarded, Store)
        await guarded.put("key", b"value", HOUR)
        assert await guarded.get("key") == b"value"
        assert await guarded.update("key", lambda present, _: Update(present, b"new", HOUR)) == b"value"
        await guarded.delete("key")
        assert await guarded.get("key") is None


async def test_a_cancelled_caller_does_not_cut_an_operation_off() -> None:
    store = HeldStore(FakeClock())
    async with guarding(store) as guarded:
        put = asyncio.create_task(guarded.put("key", b"value", HOUR))
        await turn_until(lambda: store.operations)
        put.cancel()
        with pytest.raises(asyncio.CancelledError):
            await put
        store.go.set()
        assert await guarded.get("key") == b"value"


async def test_operations_take_place_in_the_order_of_their_arrival() -> None:
    store = HeldStore(FakeClock())
    async with guarding(store) as guarded:
        updates = [asyncio.create_task(guarded.update("key", append(bytes([65 + n])))) for n in range(5)]
        await settle()
        updates[2].cancel()
        guarded.later(lambda store: store.update("key", append(b"later")))
        store.go.set()
        await asyncio.wait(updates)
        assert await guarded.get("key") == b"ABCDElater"


async def test_a_failure_whose_caller_has_left_is_not_reported_by_asyncio() -> None:
    store = HeldStore(FakeClock())
    store.fail = failing(StoreError("broken"))
    async with no_noise(), guarding(store) as guarded:
        for _ in range(2):
            call = asyncio.create_task(guarded.get("key"))
            await settle()
            call.cancel()
            await asyncio.wait({call})
            del call
            store.go.set()
            await settle()
        guarded.later(lambda store: store.update("key", append(b"x")))
        await settle()


async def test_work_that_the_event_loop_cancels_at_its_end_is_not_reported_by_asyncio() -> None:
    store = HeldStore(FakeClock())
    async with no_noise(), guarding(store) as guarded:
        call = asyncio.create_task(guarded.get("key"))
        await turn_until(lambda: store.operations)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.wait({call})
        assert call.cancelled()


async def test_those_who_waited_while_one_operation_failed_fail_with_it_each_with_an_error_of_its_own() -> None:
    store = HeldStore(FakeClock())
    cause = OSError("no disk")
    error = StoreError("broken")
    error.__cause__ = cause
    store.fail = failing(error)
    async with guarding(store) as guarded:
        calls = [asyncio.create_task(guarded.get(str(number))) for number in range(8)]
        await settle()
        store.go.set()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert store.operations == ["get"]
    assert [(type(each), str(each)) for each in outcomes] == [(StoreError, "broken")] * 8
    assert len({id(each) for each in outcomes}) == 8
    causes = [each.__cause__ for each in outcomes if isinstance(each, StoreError)]
    assert [(type(each), str(each)) for each in causes] == [(OSError, "no disk")] * 8
    assert len({id(each) for each in causes}) == 8


async def test_what_one_caller_notes_on_its_error_no_other_caller_sees() -> None:
    store = UserStore(FakeClock())
    error = StoreError("broken")
    error.__cause__ = OSError("no disk")
    for each in (error, error.__cause__):
        each.add_note("by the store")
    store.fail = failing(error)
    async with guarding(store, pause=30.0) as guarded:
        for number in range(3):
            with pytest.raises(StoreError) as caught:
                await guarded.get("key")
            for raised in (caught.value, caught.value.__cause__):
                assert raised is not None
                assert raised.__notes__ == ["by the store"]
                raised.add_note(f"by caller {number}")


async def test_the_failure_that_is_remembered_holds_no_frames_of_the_callers() -> None:
    store = UserStore(FakeClock())
    store.fail = failing(StoreError("broken"))
    async with guarding(store, pause=30.0) as guarded:
        for _ in range(2):
            with pytest.raises(StoreError):
                await guarded.get("key")
            assert guarded._failure is not None
            assert guarded._failure.error.__traceback__ is None


async def test_eight_callers_of_a_locked_file_wait_for_one_busy_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT", 0.1)
    path = tmp_path / "store.sqlite3"
    attempts = 0

    class Counting(SqliteStore):
        def _carry_out(self, work: Any) -> Any:
            nonlocal attempts
            attempts += 1
            return super()._carry_out(work)

    store = Counting(path, FakeClock())
    await store.put("key", b"value", HOUR)
    attempts = 0
    async with guarding(store) as guarded:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            outcomes = await asyncio.gather(*(guarded.get("key") for _ in range(8)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StoreError] * 8
        assert attempts == 1
        assert await guarded.get("key") == b"value"
    await store.aclose()


async def test_an_operation_after_a_failure_is_tried() -> None:
    store = UserStore(FakeClock())
    store.fail = failing(StoreError("broken"))
    async with guarding(store) as guarded:
        for _ in range(3):
            with pytest.raises(StoreError, match="broken"):
                await guarded.put("key", b"value", HOUR)
        assert len(store.operations) == 3
        store.fail = lambda _: None
        await guarded.put("key", b"value", HOUR)


async def test_within_the_pause_after_a_failure_every_operation_fails_at_once() -> None:
    clock = FakeClock()
    store = UserStore(clock)
    store.fail = failing(StoreError("broken"))
    async with guarding(store, clock, pause=30.0) as guarded:
        for _ in range(2):
            for seconds in (0, 29.9):
                clock.advance(seconds)
                with pytest.raises(StoreError, match="broken"):
                    await guarded.get("key")
            clock.advance(0.1)
        assert store.operations == ["get", "get"]
        store.fail = lambda _: None
        clock.advance(30)
        assert await guarded.get("key") is None


async def test_the_first_failure_and_the_recovery_are_logged_once_where_there_is_a_user_to_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "openrouter_rankings")
    store = UserStore(FakeClock())
    async with guarding(store, user="The cache") as guarded, guarding(store) as silent:
        for _ in range(2):
            store.fail = failing(StoreError("It is broken."))
            for each in (guarded, silent, guarded, silent):
                assert await or_else(each.get("key"), b"otherwise") == b"otherwise"
            store.fail = lambda _: None
            for each in (guarded, silent, guarded, silent):
                assert await or_else(each.get("key"), b"otherwise") is None
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "The cache continues without its store until it can be used: It is broken."),
        ("INFO", "The cache uses its store again"),
    ] * 2


async def test_what_a_store_of_the_users_raises_is_the_cause_of_a_store_error_that_shows_none_of_its_words() -> None:
    store = UserStore(FakeClock())
    mistake = LookupError("password sesame")
    store.fail = failing(mistake)
    async with guarding(store) as guarded:
        for _ in range(2):
            with pytest.raises(StoreError, match="The store raised LookupError") as caught:
                await guarded.get("key")
            assert caught.value.__cause__ is mistake
            assert "sesame" not in str(caught.value)


async def test_a_store_that_hangs_is_unreachable_after_a_while_and_those_who_waited_go_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "_TIME_LIMIT", 0.01)
    store = HeldStore(FakeClock())
    async with guarding(store) as guarded:
        outcomes = await asyncio.gather(*(guarded.get("key") for _ in range(3)), return_exceptions=True)
        assert [str(outcome) for outcome in outcomes] == ["The store did not answer within 0.01 s."] * 3
        assert {type(outcome) for outcome in outcomes} == {StoreUnreachableError}
        assert store.operations == ["get"]
        monkeypatch.setattr(guard, "_TIME_LIMIT", 60.0)
        store.go.set()
        assert await guarded.get("key") is None


async def test_a_time_out_of_the_stores_own_is_not_taken_for_ours() -> None:
    store = UserStore(FakeClock())
    store.fail = failing(TimeoutError())
    async with guarding(store) as guarded:
        with pytest.raises(StoreError, match="The store raised TimeoutError") as caught:
            await guarded.get("key")
    assert not isinstance(caught.value, StoreUnreachableError)


async def test_an_end_that_was_cancelled_can_be_repeated() -> None:
    store = HeldStore(FakeClock())
    guarded = GuardedStore(store, FakeClock())
    put = asyncio.create_task(guarded.put("key", b"value", HOUR))
    await turn_until(lambda: store.operations)
    end = asyncio.create_task(guarded.aclose())
    await settle()
    end.cancel()
    await asyncio.wait({end})
    store.go.set()
    await guarded.aclose()
    assert put.done()
    await put


async def test_an_unreachable_store_stays_one_for_all_who_waited() -> None:
    store = HeldStore(FakeClock())
    store.fail = failing(StoreUnreachableError("gone"))
    store.go.set()
    async with guarding(store) as guarded:
        outcomes = await asyncio.gather(*(guarded.get("key") for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreUnreachableError] * 3


@pytest.mark.parametrize("value", ["text", 5, None, bytearray(b"x"), object()])
async def test_a_value_that_is_not_bytes_counts_as_none(value: object) -> None:
    store = UserStore(FakeClock())
    store.values["key"] = value, FakeClock().time() + HOUR
    async with guarding(store) as guarded:
        assert await guarded.get("key") is None
        await guarded.update("key", append(b"new"))
        assert await guarded.get("key") == b"new"


async def test_an_update_results_in_what_the_rule_gave_whatever_the_store_returns() -> None:
    class Forgetful(UserStore):
        async def update(self, key: str, change: Any) -> Any:
            await super().update(key, change)

    async with guarding(Forgetful(FakeClock())) as guarded:
        assert await guarded.update("key", lambda present, _: Update("result", b"new", HOUR)) == "result"
        assert await guarded.get("key") == b"new"


async def test_of_a_rule_that_was_applied_again_the_last_result_counts() -> None:
    class Contended(UserStore):
        async def update(self, key: str, change: Any) -> Any:
            change(b"before", self._clock.time())
            return await super().update(key, change)

    async with guarding(Contended(FakeClock())) as guarded:
        assert await guarded.update("key", lambda present, _: Update(present, present)) is None


async def test_a_store_that_never_applies_the_rule_fails() -> None:
    class Idle(UserStore):
        async def update(self, key: str, change: Any) -> Any:
            return True

    async with guarding(Idle(FakeClock())) as guarded:
        with pytest.raises(StoreError, match="without calling the change"):
            await guarded.update("key", append(b"x"))


@pytest.mark.parametrize("now", [None, "12", float("nan"), float("inf")])
async def test_a_store_that_gives_the_rule_no_time_fails(now: object) -> None:
    class Timeless(UserStore):
        async def update(self, key: str, change: Any) -> Any:
            return change(None, now).result

    async with guarding(Timeless(FakeClock())) as guarded:
        with pytest.raises(StoreError, match="gives no time"):
            await guarded.update("key", append(b"x"))


async def test_the_end_waits_for_what_is_under_way_and_leaves_the_users_store_open() -> None:
    store = HeldStore(FakeClock())
    guarded = GuardedStore(store, FakeClock())
    put = asyncio.create_task(guarded.put("key", b"value", HOUR))
    await turn_until(lambda: store.operations)
    guarded.later(lambda store: store.update("key", append(b" and more")))
    put.cancel()
    end = asyncio.create_task(guarded.aclose())
    await settle()
    assert not end.done()
    store.go.set()
    await end
    await guarded.aclose()
    assert (await store.get("key"), store.closed) == (b"value and more", 0)


async def test_a_store_that_does_not_end_is_given_up_and_the_log_says_that_something_may_be_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(guard, "_CLOSING_LIMIT", 0.01)
    store = HeldStore(FakeClock())
    guarded = GuardedStore(store, FakeClock())
    put = asyncio.create_task(guarded.put("key", b"value", HOUR))
    await turn_until(lambda: store.operations)
    await guarded.aclose()
    assert "did not end within 0.01 s: what was being written may be lost" in caplog.text
    await asyncio.wait({put})
    assert put.cancelled()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_time_out_of_the_stores_own_at_the_end_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = GuardedStore(tmp_path / "store.sqlite3", FakeClock())
    await guarded.put("key", b"value", HOUR)
    close = guarded._store.aclose

    async def fail() -> None:
        await close()
        raise TimeoutError

    monkeypatch.setattr(guarded._store, "aclose", fail)
    with pytest.raises(TimeoutError):
        await guarded.aclose()


async def test_the_end_closes_a_store_that_was_opened_here(tmp_path: Path) -> None:
    guarded = GuardedStore(tmp_path / "store.sqlite3", FakeClock())
    await guarded.put("key", b"value", HOUR)
    store = guarded._store
    assert isinstance(store, SqliteStore)
    assert store._connection is not None
    await guarded.aclose()
    assert store._connection is None


async def test_after_the_end_every_operation_is_refused_and_what_was_for_later_is_dropped() -> None:
    store = UserStore(FakeClock())
    guarded = GuardedStore(store, FakeClock())
    await guarded.aclose()
    for operation in (guarded.get("key"), guarded.put("key", b"value", HOUR), guarded.delete("key")):
        with pytest.raises(StoreError, match="closed: open a new client"):
            await operation
    guarded.later(lambda store: store.update("key", append(b"x")))
    await settle()
    assert store.operations == []


async def test_the_memory_of_this_process_is_asked_without_a_task() -> None:
    async with guarding(None, FakeClock()) as guarded:
        with pytest.raises(StopIteration):
            guarded.put("key", b"value", HOUR).send(None)
        with pytest.raises(StopIteration, match="value"):
            guarded.get("key").send(None)


def test_a_second_event_loop_is_an_error_of_ours() -> None:
    guarded = GuardedStore(UserStore(FakeClock()), FakeClock())
    asyncio.run(guarded.put("key", b"value", HOUR))
    with pytest.raises(ConfigurationError, match="one client per event loop"):
        asyncio.run(guarded.get("key"))
