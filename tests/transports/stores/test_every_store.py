"""The contract of a store, which every engine keeps and a user's own store must keep."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import Any

import pytest
from patience import PATIENCE, turn
from store_place import Place

from openrouter_rankings.transports.stores.protocol import Change, Store, Update

HOUR = 3600.0


def to(value: bytes | None, expires_in: float = HOUR) -> Change[bytes | None]:
    """A change to ``value``, whose result is the value before."""
    return lambda present, _: Update(present, value, expires_in)


def increment(present: bytes | None, _: float) -> Update[int]:
    number = int(present or b"0") + 1
    return Update(number, str(number).encode(), HOUR)


async def value_in(store: Store, key: str = "key") -> bytes | None:
    """The value as ``get`` and ``update`` see it."""
    seen = await store.update(key, lambda present, _: Update(present, present))
    assert await store.get(key) == seen
    return seen


async def gone(place: Place, store: Store, key: str) -> None:
    """Return when ``key`` has expired."""
    deadline = time.monotonic() + PATIENCE
    while await store.get(key) is not None:
        assert time.monotonic() < deadline
        await place.moment()


def test_every_engine_is_a_store(store: Store) -> None:
    assert isinstance(store, Store)


async def test_a_key_without_a_value_has_none(store: Store) -> None:
    assert await value_in(store) is None


@pytest.mark.parametrize("value", [b"", b"\x00\xff", b"text", bytes(range(256)) * 5000], ids=len)
async def test_a_value_comes_back_as_it_was_put(store: Store, value: bytes) -> None:
    await store.put("key", value, HOUR)
    assert await value_in(store) == value


async def test_a_value_takes_the_place_of_an_earlier_one(store: Store) -> None:
    await store.put("key", b"old", HOUR)
    await store.put("key", b"new", HOUR)
    assert await value_in(store) == b"new"


async def test_a_deleted_value_is_gone_and_deleting_none_does_nothing(store: Store) -> None:
    await store.put("key", b"value", HOUR)
    await store.put("other", b"other", HOUR)
    for _ in range(2):
        await store.delete("key")
        assert await value_in(store) is None
    assert await value_in(store, "other") == b"other"


async def test_keys_that_are_much_alike_have_values_of_their_own(store: Store) -> None:
    keys = ["key", "KEY", "key ", "k%y", "k_y", "clé", "'; DROP TABLE", "a\nb", "{x}", "https://x.test/?q=1&p=2"]
    for key in keys:
        await store.put(key, key.encode(), HOUR)
    assert [await value_in(store, key) for key in keys] == [key.encode() for key in keys]


async def test_a_value_expires(place: Place, store: Store) -> None:
    await store.put("lasting", b"value", HOUR)
    await store.put("put", b"value", 0.05)
    await store.update("updated", to(b"value", 0.05))
    await gone(place, store, "put")
    await gone(place, store, "updated")
    assert [await value_in(store, key) for key in ("put", "updated", "lasting")] == [None, None, b"value"]


async def test_a_value_that_is_put_again_expires_later(place: Place, store: Store) -> None:
    for expires_in in (0.02, HOUR):
        await store.put("key", b"value", expires_in)
    await store.put("other", b"value", 0.02)
    await gone(place, store, "other")
    assert await value_in(store) == b"value"


async def test_an_endless_value_is_kept(store: Store) -> None:
    await store.put("key", b"value", float("inf"))
    assert await value_in(store) == b"value"


async def test_an_update_sees_the_value_and_replaces_or_deletes_it(store: Store) -> None:
    assert await store.update("key", to(b"one")) is None
    assert await store.update("key", to(b"two")) == b"one"
    assert await value_in(store) == b"two"
    assert await store.update("key", to(None)) == b"two"
    assert await value_in(store) is None
    assert await store.update("key", to(None)) is None


async def test_an_update_to_the_same_value_lets_it_expire_as_before(place: Place, store: Store) -> None:
    seen = None
    while seen is None:  # On a busy machine it may have expired before the update.
        await store.put("key", b"value", 0.05)
        seen = await store.update("key", to(b"value", HOUR))
    await gone(place, store, "key")


async def test_the_time_of_an_update_is_that_of_the_store(place: Place, store: Store) -> None:
    times: list[float] = []

    def note(present: bytes | None, now: float) -> Update[None]:
        times.append(now)
        return Update(None, present)

    for _ in range(3):
        await store.update("key", note)
        await place.moment()
    assert times == sorted(times)


async def test_a_change_that_raises_changes_nothing_and_stops_nobody(store: Store) -> None:
    def fail(present: bytes | None, _: float) -> Update[None]:
        raise LookupError("a mistake in the rule")

    await store.put("key", b"value", HOUR)
    with pytest.raises(LookupError, match="a mistake in the rule"):
        await store.update("key", fail)
    assert await store.update("key", to(b"new")) == b"value"
    assert await value_in(store) == b"new"


async def test_updates_by_many_tasks_all_count(store: Store) -> None:
    numbers = await asyncio.gather(*(store.update("key", increment) for _ in range(25)))
    assert sorted(numbers) == list(range(1, 26))


async def test_updates_by_two_clients_all_count_and_each_sees_the_other(place: Place) -> None:
    stores = [place.open(), place.open()]
    numbers = await asyncio.gather(*(stores[number % 2].update("key", increment) for number in range(20)))
    assert sorted(numbers) == list(range(1, 21))
    await stores[0].put("other", b"value", HOUR)
    assert await value_in(stores[1], "other") == b"value"
    await stores[1].delete("other")
    assert await value_in(stores[0], "other") is None


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancelled_update_is_carried_out_or_not_and_nothing_between(store: Store, turns: int) -> None:
    await store.put("key", b"1", HOUR)
    update = asyncio.create_task(store.update("key", increment))
    await turn(turns)
    update.cancel()
    await asyncio.wait({update})
    number = await store.update("key", increment)
    assert number in {2, 3}
    assert await value_in(store) == str(number).encode()


async def test_a_store_closes_more_than_once(place: Place) -> None:
    store = place.open()
    await store.put("key", b"value", HOUR)
    await store.aclose()
    await store.aclose()
    assert await place.open().get("key") == b"value"


WORKER = """
import asyncio, sys
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.transports.stores.location import open_store
from openrouter_rankings.transports.stores.protocol import Update

def increment(present, now):
    number = int(present or b"0") + 1
    return Update(number, str(number).encode(), 3600.0)

async def main(location, count):
    store = open_store(location, SystemClock())
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(count)):
        print(await store.update("key", increment))
    await store.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_updates_by_processes_that_start_together_all_count(place: Place) -> None:
    assert place.location
    command = [sys.executable, "-c", WORKER, place.location, "50"]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    workers = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]
    assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n"] * 4
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("\n")
        worker.stdin.flush()
    ends = [worker.communicate(timeout=PATIENCE) for worker in workers]
    assert [errors for _, errors in ends] == [""] * 4
    assert sorted(int(number) for output, _ in ends for number in output.split()) == list(range(1, 201))
