"""A user's store whose answers are checked is a store like any other."""

from __future__ import annotations

from user_store import UserStore

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.transports.stores.checked import CheckedStore
from openrouter_rankings.transports.stores.protocol import Store, Update


async def test_every_operation_reaches_the_store_behind_it_the_end_too() -> None:
    behind = UserStore(FakeClock())
    store = CheckedStore(behind)
    assert isinstance(store, Store)
    await store.put("key", b"value", 60)
    assert await store.update("key", lambda present, _: Update(present, b"new", 60)) == b"value"
    assert await store.get("key") == b"new"
    await store.delete("key")
    assert await store.get("key") is None
    await store.aclose()
    assert behind.closed == 1
