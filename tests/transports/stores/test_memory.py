"""The store in the memory of this process: its bounds, its threads, and who shares it."""

from __future__ import annotations

import asyncio
import threading

from openrouter_rankings.clock import FakeClock, SystemClock
from openrouter_rankings.transports.stores.memory import MemoryStore, process_memory
from openrouter_rankings.transports.stores.protocol import Update

HOUR = 3600.0


async def present(store: MemoryStore, *keys: str) -> list[str]:
    return [key for key in keys if await store.get(key) is not None]


async def test_one_value_more_than_it_keeps_drops_the_longest_unwritten() -> None:
    store = MemoryStore(FakeClock(), max_entries=3)
    for key in ("a", "b", "c", "a"):
        await store.put(key, b"value", HOUR)
    await store.update("d", lambda _, __: Update(None, b"value", HOUR))
    await store.get("c")
    assert await present(store, "a", "b", "c", "d") == ["a", "c", "d"]


async def test_expired_values_make_room_before_older_ones_that_are_still_good() -> None:
    clock = FakeClock()
    store = MemoryStore(clock, max_entries=3)
    await store.put("old", b"value", HOUR)
    await store.put("short", b"value", 10)
    await store.put("short too", b"value", 10)
    clock.advance(10)
    await store.put("new", b"value", HOUR)
    assert await present(store, "old", "new") == ["old", "new"]
    assert len(store._entries) == 2


def test_threads_with_an_event_loop_each_count_together() -> None:
    store = MemoryStore(SystemClock())

    def increment(value: bytes | None, _: float) -> Update[None]:
        return Update(None, str(int(value or b"0") + 1).encode(), HOUR)

    async def count() -> None:
        for _ in range(500):
            await store.update("key", increment)

    threads = [threading.Thread(target=lambda: asyncio.run(count())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asyncio.run(store.get("key")) == b"2000"


def test_those_on_the_systems_clock_share_one_memory_and_every_other_clock_has_its_own() -> None:
    assert process_memory(SystemClock()) is process_memory(SystemClock())
    clock = FakeClock()
    assert process_memory(clock) is not process_memory(clock)
    assert process_memory(clock) is not process_memory(SystemClock())


async def test_closing_it_takes_nothing_from_others() -> None:
    store = MemoryStore(FakeClock())
    await store.put("key", b"value", HOUR)
    await store.aclose()
    assert await store.get("key") == b"value"
