"""Leases: who holds one, for how long, and what a clock that is set back does to it."""

from __future__ import annotations

import asyncio

import pytest
from store_place import Place

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.transports.stores.lease import acquire, release, renew
from openrouter_rankings.transports.stores.location import open_store
from openrouter_rankings.transports.stores.memory import MemoryStore
from openrouter_rankings.transports.stores.protocol import Store


async def test_of_all_who_want_a_lease_one_acquires_it(place: Place) -> None:
    stores = [place.open(), place.open()]
    wins = await asyncio.gather(*(acquire(stores[number % 2], "lease", f"holder {number}", 60) for number in range(10)))
    assert wins.count(True) == 1


async def test_only_its_holder_renews_and_releases_a_lease(store: Store) -> None:
    assert await acquire(store, "lease", "a", 60)
    assert not await renew(store, "lease", "b", 60)
    await release(store, "lease", "b")
    assert await renew(store, "lease", "a", 60)
    assert not await acquire(store, "lease", "b", 60)
    await release(store, "lease", "a")
    assert not await renew(store, "lease", "a", 60)
    assert await acquire(store, "lease", "b", 60)


async def test_not_even_its_holder_acquires_a_lease_a_second_time(store: Store) -> None:
    assert await acquire(store, "lease", "a", 60)
    assert not await acquire(store, "lease", "a", 60)


async def test_leases_of_different_names_do_not_meet(store: Store) -> None:
    assert await acquire(store, "lease", "a", 60)
    assert await acquire(store, "other", "b", 60)


async def test_releasing_what_nobody_holds_does_nothing(store: Store) -> None:
    await release(store, "lease", "a")
    assert await store.get("lease") is None


async def test_a_lease_ends_by_itself_and_can_be_renewed_until_then() -> None:
    clock = FakeClock()
    store = MemoryStore(clock)
    assert await acquire(store, "lease", "a", 60)
    clock.advance(59)
    assert not await acquire(store, "lease", "b", 60)
    assert await renew(store, "lease", "a", 60)
    clock.advance(59)
    assert not await acquire(store, "lease", "b", 60)
    clock.advance(1)
    assert not await renew(store, "lease", "a", 60)
    assert await acquire(store, "lease", "b", 60)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
async def test_a_lease_of_a_clock_that_has_been_set_back_does_not_count(place: Place) -> None:
    later, earlier = FakeClock(), FakeClock()
    later.advance(3600)
    ahead, behind = open_store(place.location, later), open_store(place.location, earlier)
    assert await acquire(ahead, "lease", "a", 7200)
    assert not await renew(behind, "lease", "a", 60)
    assert await acquire(behind, "lease", "b", 60)
    await ahead.aclose()
    await behind.aclose()


@pytest.mark.parametrize(
    "value", [b"", b"a", b"1 2", b"0 inf a", b"nan 1e18 a", b"0 nan a", b"x y a", b"\xff\xff 1 a", b"9" * 10**6]
)
async def test_a_damaged_lease_counts_as_none(store: Store, value: bytes) -> None:
    await store.put("lease", value, 3600)
    assert not await renew(store, "lease", "a", 60)
    await release(store, "lease", "a")
    assert await acquire(store, "lease", "b", 60)
    assert not await acquire(store, "lease", "a", 60)


async def test_a_holder_may_have_any_name(store: Store) -> None:
    for holder in ("", " ", "a b", "é\n"):
        assert await acquire(store, "lease", holder, 60)
        assert await renew(store, "lease", holder, 60)
        await release(store, "lease", holder)
