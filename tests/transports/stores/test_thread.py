"""A store's own thread runs its calls in order, and nothing waits for a call that hangs."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from noise import no_noise
from patience import turn_until

from openrouter_rankings.transports.stores.thread import BlockingThread


@pytest.fixture
def go() -> Iterator[threading.Event]:
    """Ends the calls that wait for it; at the end of the test at the latest."""
    event = threading.Event()
    yield event
    event.set()


def ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "openrouter_rankings store"]


async def until_no_thread_is_left() -> None:
    await turn_until(lambda: not ours())


async def test_calls_run_one_after_the_other_in_one_thread_which_ends_when_it_is_told_to() -> None:
    thread = BlockingThread()
    ran: list[tuple[int, threading.Thread]] = []

    def note(number: int) -> int:
        ran.append((number, threading.current_thread()))
        return number

    assert await asyncio.gather(*(thread.run(partial(note, number)) for number in range(5))) == [*range(5)]
    assert [number for number, _ in ran] == [*range(5)]
    assert len({each for _, each in ran}) == 1
    assert threading.current_thread() not in {each for _, each in ran}
    closed: list[bool] = []
    await thread.end(lambda: closed.append(True))
    assert closed == [True]
    await until_no_thread_is_left()


async def test_what_a_call_raises_reaches_its_caller() -> None:
    thread = BlockingThread()

    def fail() -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await thread.run(fail)
    assert await thread.run(lambda: 5) == 5
    await thread.end(lambda: None)


async def test_without_a_call_there_is_no_thread_and_nothing_to_end() -> None:
    # Those of earlier tests may be about to end.
    before = ours()
    await BlockingThread().end(lambda: pytest.fail("There is nothing to end."))
    assert set(ours()) <= set(before)


async def test_after_the_end_the_next_call_begins_another_thread() -> None:
    thread = BlockingThread()
    for number in range(2):
        assert await thread.run(partial(abs, -number)) == number
        await thread.end(lambda: None)
    await until_no_thread_is_left()


async def test_a_call_whose_caller_has_left_before_it_begins_is_left_out_and_the_end_is_not(
    go: threading.Event,
) -> None:
    thread = BlockingThread()
    ran: list[str] = []
    hanging = asyncio.create_task(thread.run(go.wait))
    leaving = asyncio.create_task(thread.run(lambda: ran.append("left")))
    await asyncio.sleep(0)
    ending = asyncio.create_task(thread.end(lambda: ran.append("end")))
    await asyncio.sleep(0)
    for task in (leaving, ending):
        task.cancel()
        await asyncio.wait({task})
    go.set()
    assert await hanging
    await until_no_thread_is_left()
    assert ran == ["end"]


async def test_a_call_that_ends_after_its_caller_has_left_is_not_reported(go: threading.Event) -> None:
    async with no_noise():
        thread = BlockingThread()
        caller = asyncio.create_task(thread.run(go.wait))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait({caller})
        go.set()
        assert await thread.run(lambda: 5) == 5
        await thread.end(lambda: None)


def test_a_call_that_outlives_its_event_loop_ends_without_a_word(go: threading.Event) -> None:
    thread = BlockingThread()
    tasks: set[asyncio.Task[bool]] = set()

    async def leave() -> None:
        tasks.add(asyncio.create_task(thread.run(go.wait)))
        await asyncio.sleep(0)

    async def again() -> int:
        go.set()
        return await thread.run(lambda: 5)

    asyncio.run(leave())
    assert asyncio.run(again()) == 5
    asyncio.run(thread.end(lambda: None))


async def test_a_thread_that_nobody_ended_ends_with_its_owner() -> None:
    thread = BlockingThread()
    await thread.run(lambda: None)
    del thread
    gc.collect()
    await until_no_thread_is_left()


async def test_a_call_is_made_where_it_comes_from_when_no_thread_can_be_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        # What Python 3.12 says while it ends.
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    thread = BlockingThread()
    assert await thread.run(threading.current_thread) is threading.current_thread()
    assert await thread.run(lambda: 5) == 5
    closed_in: list[threading.Thread] = []
    await thread.end(lambda: closed_in.append(threading.current_thread()))
    assert closed_in == [threading.current_thread()]
