"""Checks what a user's store returns."""

from __future__ import annotations

import math
from typing import TypeVar

from openrouter_rankings.errors import StoreError
from openrouter_rankings.transports.stores.protocol import Change, Store, Update

__all__ = ["CheckedStore"]

T = TypeVar("T")


class CheckedStore:
    """Wraps a user's store, so that the layers above can rely on what it returns.

    - A value that is not bytes counts as none.
    - What an update results in is the rule's own result, whatever the store returns.

    Args:
        store: the store behind it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> bytes | None:
        return _bytes_or_none(await self._store.get(key))

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        await self._store.put(key, value, expires_in)

    async def delete(self, key: str) -> None:
        await self._store.delete(key)

    async def update(self, key: str, change: Change[T]) -> T:
        """Apply ``change`` to the value of ``key`` in one step.

        Raises:
            StoreError: the store did not apply it, or gave it no time.
        """
        results: list[T] = []

        def checked(value: object, now: object) -> Update[T]:
            update = change(_bytes_or_none(value), _time(now))
            results.append(update.result)
            return update

        await self._store.update(key, checked)
        if not results:
            raise StoreError("The store's update returned without calling the change that it was given.")
        return results[-1]

    async def aclose(self) -> None:
        await self._store.aclose()


def _bytes_or_none(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None


def _time(now: object) -> float:
    if isinstance(now, (int, float)) and math.isfinite(now):
        return now
    raise StoreError("The store's update gives no time to the change that it is given: seconds, as a float.")
