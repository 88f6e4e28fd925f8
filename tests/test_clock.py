"""The clock that tests turn, and the system's."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import PATIENCE, settle, turn

from openrouter_rankings.clock import Clock, FakeClock, SystemClock

delays = st.lists(st.integers(1, 1000).map(float), max_size=30)


def test_a_fake_clock_starts_at_a_fixed_instant() -> None:
    clock = FakeClock()
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
    assert clock.time() == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert clock.monotonic() == 0.0


def test_a_fake_clock_starts_where_it_is_told() -> None:
    start = datetime(2030, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert FakeClock(start).now() == start


async def test_a_sleep_moves_both_times_and_is_listed() -> None:
    clock = FakeClock()
    begin = clock.time()
    await clock.sleep(3600.5)
    assert clock.time() - begin == clock.monotonic() == 3600.5
    assert clock.sleeps == [3600.5]


async def test_nothing_waits_in_reality(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[object] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_at", lambda *arguments, **_: timers.append(arguments))
    clock = FakeClock()
    for _ in range(100):
        await clock.sleep(86400)
    assert clock.monotonic() == 8_640_000
    assert timers == []


async def test_concurrent_sleepers_do_not_add_up() -> None:
    clock = FakeClock()
    await asyncio.gather(*(clock.sleep(30) for _ in range(500)))
    assert clock.monotonic() == 30


@settings(deadline=None)
@given(delays)
def test_sleepers_wake_at_their_deadlines_in_their_order(seconds: list[float]) -> None:
    clock, woken = FakeClock(), list[tuple[float, int]]()

    async def sleeper(number: int, delay: float) -> None:
        await clock.sleep(delay)
        assert clock.monotonic() == delay
        woken.append((delay, number))

    async def main() -> None:
        await asyncio.gather(*(sleeper(number, delay) for number, delay in enumerate(seconds)))

    asyncio.run(main())
    assert woken == sorted((delay, number) for number, delay in enumerate(seconds))
    assert clock.monotonic() == max(seconds, default=0.0)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 50).map(float), min_size=1, max_size=5), min_size=1, max_size=8))
def test_tasks_that_sleep_again_and_again_each_keep_their_own_time(plans: list[list[float]]) -> None:
    clock, woken = FakeClock(), list[float]()

    async def walk(plan: list[float]) -> None:
        due = 0.0
        for delay in plan:
            due += delay
            await clock.sleep(delay)
            await settle()
            assert clock.monotonic() == due
            woken.append(due)

    async def main() -> None:
        await asyncio.gather(*map(walk, plans))

    asyncio.run(main())
    assert woken == sorted(woken)
    assert clock.monotonic() == max(map(sum, plans))


async def test_a_cancelled_sleeper_does_not_move_time() -> None:
    clock = FakeClock()
    long, short = asyncio.create_task(clock.sleep(1000)), asyncio.create_task(clock.sleep(1))
    await settle()
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long
    await short
    await clock.sleep(1)
    assert clock.monotonic() == 2


async def test_the_next_sleeper_wakes_when_the_first_is_cancelled() -> None:
    clock = FakeClock()
    first, second = asyncio.create_task(clock.sleep(1)), asyncio.create_task(clock.sleep(5))
    await settle()
    first.cancel()
    await second
    assert first.cancelled()
    assert clock.monotonic() == 5


async def test_when_all_sleepers_are_cancelled_time_stands_still() -> None:
    clock = FakeClock()
    sleepers = [asyncio.create_task(clock.sleep(delay)) for delay in (1, 2, 3)]
    await settle()
    for sleeper in sleepers:
        sleeper.cancel()
    await asyncio.gather(*sleepers, return_exceptions=True)
    await turn(100)
    assert clock.monotonic() == 0
    await clock.sleep(4)
    assert clock.monotonic() == 4


async def test_a_sleep_within_a_timeout_that_ends_first_is_cancelled_at_once() -> None:
    class Standing(FakeClock):
        def advance(self, seconds: float) -> None:
            raise AssertionError(seconds)

    clock = Standing()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await clock.sleep(5)
    assert clock.monotonic() == 0


async def test_advance_wakes_those_who_are_due_and_only_them() -> None:
    clock, woken = FakeClock(), list[float]()

    async def sleeper(delay: float) -> None:
        await clock.sleep(delay)
        woken.append(delay)

    tasks = [asyncio.create_task(sleeper(delay)) for delay in (7.0, 3.0, 5.0)]
    await settle()
    clock.advance(5)
    await settle()
    assert woken == [3.0, 5.0]
    assert clock.monotonic() == 5
    await asyncio.gather(*tasks)
    assert clock.monotonic() == 7


async def test_advance_passes_over_a_sleeper_that_was_just_cancelled() -> None:
    clock = FakeClock()
    sleeper = asyncio.create_task(clock.sleep(1))
    await settle()
    sleeper.cancel()
    clock.advance(2)
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    assert clock.monotonic() == 2


def test_advance_needs_no_event_loop_and_never_goes_back() -> None:
    clock = FakeClock()
    clock.advance(10)
    clock.advance(-5)
    assert clock.monotonic() == 10
    assert clock.sleeps == []


@pytest.mark.parametrize("seconds", [0, 0.0, -1, -1e9])
async def test_a_sleep_of_nothing_lets_others_run_and_takes_no_time(seconds: float) -> None:
    clock, ran = FakeClock(), list[str]()

    async def other() -> None:
        ran.append("other")

    task = asyncio.create_task(other())
    await clock.sleep(seconds)
    assert ran == ["other"]
    await task
    assert clock.monotonic() == 0
    assert clock.sleeps == [seconds]


def test_one_clock_serves_one_event_loop_after_another() -> None:
    clock = FakeClock()

    async def abandon_a_sleeper() -> None:
        task = asyncio.create_task(clock.sleep(1000))
        await clock.sleep(2)
        assert not task.done()

    asyncio.run(abandon_a_sleeper())
    asyncio.run(clock.sleep(3))
    asyncio.run(abandon_a_sleeper())
    assert clock.monotonic() == 7


def test_a_loop_that_ended_under_a_sleeper_does_not_hold_up_the_next() -> None:
    clock = FakeClock()
    sleeper = clock.sleep(1000)

    async def fall_asleep_for_good() -> None:
        sleeper.send(None)

    asyncio.run(fall_asleep_for_good())
    sleeper.close()
    asyncio.run(clock.sleep(3))
    assert clock.monotonic() == 3


async def test_time_stands_still_while_tasks_are_still_falling_asleep() -> None:
    clock = FakeClock()

    async def dawdle(turns: int) -> None:
        await turn(turns)
        await clock.sleep(1)

    await asyncio.gather(*(dawdle(turns) for turns in range(0, 200, 5)))
    assert clock.monotonic() == 1


async def test_one_loop_carries_several_clocks() -> None:
    one, other = FakeClock(), FakeClock()
    await asyncio.gather(one.sleep(5), other.sleep(7), one.sleep(1))
    assert (one.monotonic(), other.monotonic()) == (5, 7)


async def test_both_clocks_are_clocks() -> None:
    clocks: list[Clock] = [SystemClock(), FakeClock()]
    for clock in clocks:
        begin = clock.monotonic()
        await clock.sleep(0.001)
        # The machine's timer may wake a little before a deadline, within its resolution.
        assert clock.monotonic() - begin > 0.0005


async def test_the_system_clock_tells_the_time_of_the_machine_and_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SystemClock()
    monkeypatch.setattr(time, "time", lambda: 5.0)
    assert clock.time() == 5.0
    sleeper = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
async def test_a_sleep_without_an_end_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        await FakeClock().sleep(seconds)


async def test_a_task_that_only_lets_others_run_does_not_stop_time() -> None:
    clock = FakeClock()
    done = asyncio.Event()

    async def spin() -> None:
        while not done.is_set():
            await clock.sleep(0)

    spinning = asyncio.ensure_future(spin())
    await clock.sleep(5)
    done.set()
    await spinning
    assert clock.monotonic() == 5


def test_a_loop_that_was_closed_over_a_sleeper_does_not_stop_time() -> None:
    clock = FakeClock()
    loop = asyncio.new_event_loop()
    sleeper = loop.create_task(clock.sleep(5))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    asyncio.run(clock.sleep(10))
    assert clock.monotonic() == 10
    with pytest.MonkeyPatch.context() as patch:  # the task can only be left behind; asyncio would report it
        patch.setattr(loop, "call_exception_handler", lambda _: None)
        del sleeper


def test_a_clock_is_moved_from_another_thread() -> None:
    clock = FakeClock()
    asleep = threading.Event()

    async def sleep() -> None:
        with clock.standing_still():
            sleeper = asyncio.create_task(clock.sleep(60))
            await asyncio.sleep(0)
            asleep.set()
            await asyncio.wait_for(sleeper, PATIENCE)

    with ThreadPoolExecutor() as pool:
        slept = pool.submit(asyncio.run, sleep(), debug=True)
        assert asleep.wait(PATIENCE)
        clock.advance(60)
        slept.result(PATIENCE)
    assert clock.monotonic() == 60


def test_loops_in_two_threads_sleep_on_one_clock() -> None:
    clock = FakeClock()

    async def sleep_often() -> None:
        for _ in range(100):
            await asyncio.wait_for(clock.sleep(1), PATIENCE)

    with ThreadPoolExecutor() as pool:
        for slept in [pool.submit(asyncio.run, sleep_often(), debug=True) for _ in range(2)]:
            slept.result(PATIENCE)
    assert clock.sleeps == [1] * 200
