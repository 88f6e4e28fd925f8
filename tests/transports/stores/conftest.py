"""Every store there is, for the tests of what all of them promise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from store_place import Place
from user_store import UserStore

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.transports.stores.location import open_store
from openrouter_rankings.transports.stores.memory import MemoryStore
from openrouter_rankings.transports.stores.protocol import Store


@pytest.fixture(params=["memory", "sqlite", "redis", "user"])
def kind(request: pytest.FixtureRequest) -> str:
    return cast("str", request.param)


@pytest.fixture
async def place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    clock = FakeClock()
    opened: list[Store] = []

    def open_one(location: str) -> Store:
        opened.append(open_store(location, clock))
        return opened[-1]

    async def advance() -> None:
        clock.advance(0.01)

    async def wait() -> None:
        # Redis lets values expire in its own time, whatever clock we have.
        await asyncio.sleep(0.01)

    if kind in {"sqlite", "redis"}:
        is_sqlite = kind == "sqlite"
        location = str(tmp_path / "store.sqlite3") if is_sqlite else cast("str", request.getfixturevalue("redis_url"))
        yield Place(location, lambda: open_one(location), advance if is_sqlite else wait)
    else:
        store: Store = MemoryStore(clock) if kind == "memory" else UserStore(clock)
        yield Place(None, lambda: store, advance)
    for store in opened:
        await store.aclose()


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()
