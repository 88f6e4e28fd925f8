"""A store in memory that counts what is asked of it."""

from __future__ import annotations

from typing import TypeVar

from openrouter_rankings.testing import FakeClock
from openrouter_rankings.transports.stores.memory import MemoryStore
from openrouter_rankings.transports.stores.protocol import Change

T = TypeVar("T")


class CountingStore:
    """A user's own store, as far as the clients can tell.

    Attributes:
        operations: how many there were so far.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.operations = 0
        self._memory = MemoryStore(clock)

    async def get(self, key: str) -> bytes | None:
        self.operations += 1
        return await self._memory.get(key)

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        self.operations += 1
        await self._memory.put(key, value, expires_in)

    async def delete(self, key: str) -> None:
        self.operations += 1
        await self._memory.delete(key)

    async def update(self, key: str, change: Change[T]) -> T:
        self.operations += 1
        return await self._memory.update(key, change)

    async def aclose(self) -> None:
        """It is nobody's to close."""
