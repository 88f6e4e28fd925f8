"""The one interface of every store: a few atomic operations on bytes, each under a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

__all__ = ["Change", "Store", "Update"]

T = TypeVar("T")


class Update(NamedTuple, Generic[T]):
    """What a ``Change`` makes of a value.

    Attributes:
        result: what ``update`` returns.
        value: the new value; None deletes it. One equal to the present value is not written again.
        expires_in: seconds until a new value is forgotten.
    """

    result: T
    value: bytes | None
    expires_in: float = 0.0


Change = Callable[[bytes | None, float], Update[T]]
"""A pure function of the present value (None if there is none) and of the store's time in seconds."""


@runtime_checkable
class Store(Protocol):
    """Keeps bytes by key, each until it expires, for everyone who shares the store.

    Every operation is atomic, also among processes. Each raises ``StoreError`` when the store cannot be used, and its
    subclass ``StoreUnreachableError`` when there is no connection to it. A value of another type counts as absent. A
    cancelled operation may or may not have been carried out.
    """

    async def get(self, key: str) -> bytes | None:
        """The value of ``key``; None if there is none, or if it has expired."""
        ...

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        """Keep ``value`` for ``expires_in`` seconds, in place of an earlier one."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the value of ``key``, if there is one."""
        ...

    async def update(self, key: str, change: Change[T]) -> T:
        """Apply ``change`` to the value of ``key`` in one step, and return its result.

        ``change`` may be called in another thread, and again if another process wrote in between.
        """
        ...

    async def aclose(self) -> None:
        """Finish what is under way, and close. Repeating it does nothing."""
        ...
