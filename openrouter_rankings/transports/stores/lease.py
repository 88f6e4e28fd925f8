"""Leases: one task at a time for everyone who shares a store, and for a limited time."""

from __future__ import annotations

import math
from functools import partial

import attrs

from openrouter_rankings.transports.stores.protocol import Store, Update

__all__ = ["acquire", "release", "renew"]


async def acquire(store: Store, key: str, holder: str, seconds: float) -> bool:
    """Acquire the lease ``key`` for ``seconds``; False if it is held, even by ``holder`` itself.

    It ends by itself, so a holder that dies delays the others by no more than that.

    Raises:
        StoreError: the store cannot be used.
    """
    return await store.update(key, partial(_acquire, holder=holder, seconds=seconds))


async def renew(store: Store, key: str, holder: str, seconds: float) -> bool:
    """Let the lease ``key`` end ``seconds`` from now; whether ``holder`` still held it.

    Raises:
        StoreError: the store cannot be used.
    """
    return await store.update(key, partial(_renew, holder=holder, seconds=seconds))


async def release(store: Store, key: str, holder: str) -> None:
    """End the lease ``key``, if ``holder`` holds it.

    Raises:
        StoreError: the store cannot be used.
    """
    await store.update(key, partial(_release, holder=holder))


@attrs.frozen
class _Lease:
    """Who holds a lease, and from when until when in the time of the store."""

    holder: str
    since: float
    until: float

    def is_held(self, now: float) -> bool:
        # One that begins later than now was taken by a clock that has since been set back.
        return self.since <= now < self.until < math.inf

    def encode(self) -> bytes:
        return f"{self.since!r} {self.until!r} {self.holder}".encode()


def _decode(value: bytes | None) -> _Lease | None:
    try:
        since, until, holder = (value or b"").decode().split(" ", 2)
        return _Lease(holder, float(since), float(until))
    except ValueError:
        return None


def _held(value: bytes | None, now: float) -> _Lease | None:
    lease = _decode(value)
    return lease if lease is not None and lease.is_held(now) else None


def _acquire(value: bytes | None, now: float, *, holder: str, seconds: float) -> Update[bool]:
    if _held(value, now) is not None:
        return Update(False, value)
    return Update(True, _Lease(holder, now, now + seconds).encode(), seconds)


def _renew(value: bytes | None, now: float, *, holder: str, seconds: float) -> Update[bool]:
    lease = _held(value, now)
    if lease is None or lease.holder != holder:
        return Update(False, value)
    return Update(True, _Lease(holder, now, now + seconds).encode(), seconds)


def _release(value: bytes | None, now: float, *, holder: str) -> Update[None]:
    lease = _decode(value)
    return Update(None, None if lease is not None and lease.holder == holder else value)
