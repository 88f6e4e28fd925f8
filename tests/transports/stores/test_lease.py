"""Leases: who holds one, for how long, and what a clock that is set back does to it."""

from __future__ import annotations

import asyncio

import pytest
from store_place import Place

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.transports.stores import lease
from openrouter_rankings.transports.stores.lease import release, renew
from openrouter_rankings.transports.stores.location import open_store
from openrouter_rankings.transports.stores.memory import MemoryStore
from openrouter_rankings.transports.stores.protocol import Store


async def acquire(store: Store, key: str, holder: str, seconds: float) -> bool:
    return (await lease.acquire(store, key, holder, seconds)).granted


async def test_of_all_who_want_a_lease_one_acquires_it(place: Place) -> None:
    stores = [place.open(), place.open()]
    wins = await asyncio.gather(*(acquire(stores[number % 2], "lease", f"holder {number}", 60) for number in range(10)))
    assert wins.count(True) == 1


async def test_only_its_holder_renews_and_releases_a_lease(store: Store) -> None:
    assert await acquire(store, "lease", "a", 60)
    assert await renew(store, "lease", "b", 60) is False
    await release(store, "lease", "b")
    assert await renew(store, "lease", "a", 60)
    assert not await acquire(store, "lease", "b", 60)
    await release(store, "lease", "a")
    assert await store.get("lease") is None
    assert not await renew(store, "lease", "a", 60)
    assert await acquire(store, "lease", "b", 60)


async def test_not_even_its_holder_acquires_a_lease_a_second_time_unless_it_asks_for_that(store: Store) -> None:
    assert await acquire(store, "lease", "a", 60)
    assert not await acquire(store, "lease", "a", 60)
    assert (await lease.acquire(store, "lease", "a", 60, is_reentrant=True)).granted
    assert not (await lease.acquire(store, "lease", "b", 60, is_reentrant=True)).granted


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
    "value",
    [
        b"",
        b"0 9e9 a",
        b"5",
        b"null",
        b"[0, 9e9]",
        b'[0, Infinity, "a", ""]',
        b'[NaN, 9e9, "a", ""]',
        b'[0, NaN, "a", ""]',
        b'["x", "y", "a", ""]',
        b"[0, 1" + b"0" * 400 + b', "a", ""]',
        b"\xff\xff",
        b"[" * 10**5,
    ],
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


async def test_what_the_last_holder_left_is_told_to_the_next_and_kept_while_that_holds_the_lease(store: Store) -> None:
    await lease.acquire(store, "lease", "a", 60)
    await release(store, "lease", "a", note=lambda last, now: ("it was late", 3600))
    assert (await lease.acquire(store, "lease", "b", 60)).note == "it was late"
    assert await renew(store, "lease", "b", 60)
    refused = await lease.acquire(store, "lease", "c", 60)
    assert (refused.granted, refused.note, refused.until is not None) == (False, "it was late", True)
    await release(store, "lease", "b")
    again = await lease.acquire(store, "lease", "c", 60)
    assert (again.granted, again.note, again.until) == (True, "", None)


async def test_a_holder_can_leave_what_the_last_one_left(store: Store) -> None:
    for holder in ("a", "b"):
        await lease.acquire(store, "lease", holder, 60)
        await release(store, "lease", holder, note=lambda last, now: (f"{last}late, ", 3600))
    assert (await lease.acquire(store, "lease", "c", 60)).note == "late, late, "


async def test_what_the_last_holder_left_can_keep_others_from_the_lease() -> None:
    clock = FakeClock()
    store = MemoryStore(clock)
    await lease.acquire(store, "lease", "a", 60)
    await release(store, "lease", "a", note=lambda last, now: (str(now + 10), 3600))

    def is_early(note: str, now: float) -> bool:
        return now < float(note)

    refused = await lease.acquire(store, "lease", "b", 60, unless=is_early)
    assert (refused.granted, refused.until, refused.note) == (False, None, "10.0")
    clock.advance(10)
    assert (await lease.acquire(store, "lease", "b", 60, unless=is_early)).granted


async def test_what_a_holder_leaves_is_forgotten_after_its_time() -> None:
    clock = FakeClock()
    store = MemoryStore(clock)
    await lease.acquire(store, "lease", "a", 60)
    await release(store, "lease", "a", note=lambda last, now: ("it was late", 100))
    clock.advance(100)
    assert (await lease.acquire(store, "lease", "b", 60)).note == ""
