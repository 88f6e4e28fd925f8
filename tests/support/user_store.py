"""A store as a user might write one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from openrouter_rankings.clock import Clock
from openrouter_rankings.transports.stores.protocol import Change

__all__ = ["HeldStore", "UserStore"]

T = TypeVar("T")


class UserStore:
    """Values in a dict, behind a lock, after a wait such as a network has.

    Attributes:
        fail: called with the name of each operation before it is carried out; it may raise.
        operations: the name of each operation, in the order of their beginnings.
        closed: how often it was closed.
    """

    def __init__(self, clock: Clock) -> None:
        self.values: dict[str, tuple[Any, float]] = {}
        self.fail: Callable[[str], None] = lambda _: None
        self.operations: list[str] = []
        self.closed = 0
        self._clock = clock
        self._lock = asyncio.Lock()

    async def get(self, key: str) -> bytes | None:
        async with self._lock:
            await self._begin("get")
            value: bytes | None = self._read(key)
            return value

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        async with self._lock:
            await self._begin("put")
            self.values[key] = value, self._clock.time() + expires_in

    async def delete(self, key: str) -> None:
        async with self._lock:
            await self._begin("delete")
            self.values.pop(key, None)

    async def update(self, key: str, change: Change[T]) -> T:
        async with self._lock:
            await self._begin("update")
            present = self._read(key)
            update = change(present, self._clock.time())
            if update.value is None:
                self.values.pop(key, None)
            elif update.value != present:
                self.values[key] = update.value, self._clock.time() + update.expires_in
            return update.result

    async def aclose(self) -> None:
        self.closed += 1

    async def _begin(self, operation: str) -> None:
        self.operations.append(operation)
        await asyncio.sleep(0)
        self.fail(operation)

    def _read(self, key: str) -> Any:
        value, expires_at = self.values.get(key, (None, 0.0))
        return value if self._clock.time() < expires_at else None


class HeldStore(UserStore):
    """A user's store whose operations wait for ``go``."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.go = asyncio.Event()

    async def _begin(self, operation: str) -> None:
        self.operations.append(operation)
        await self.go.wait()
        self.fail(operation)
