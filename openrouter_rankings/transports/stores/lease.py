"""Leases: one task at a time for everyone who shares a store, and for a limited time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial

import attrs

from openrouter_rankings.transports.stores.protocol import Store, Update

__all__ = ["Claim", "Note", "acquire", "release", "renew"]

Refusal = Callable[[str, float], bool]
"""Whether the note of the last holder, at the time of the store, keeps others from acquiring the lease."""

Note = Callable[[str, float], tuple[str, float]]
"""What to leave to the next holder and for how many seconds, by the last holder's note and the time of the store."""


@attrs.frozen
class Claim:
    """What became of an attempt to acquire a lease.

    Attributes:
        granted: whether it was acquired.
        now: the time of the store.
        until: when the lease of another holder ends, in the time of the store; None if there is none.
        note: what the last holder left; empty if it left nothing.
    """

    granted: bool
    now: float
    until: float | None = None
    note: str = ""


async def acquire(
    store: Store,
    key: str,
    holder: str,
    seconds: float,
    *,
    unless: Refusal = lambda note, now: False,
    is_reentrant: bool = False,
) -> Claim:
    """Acquire the lease ``key`` for ``seconds``, unless it is held.

    It ends by itself, so a holder that dies delays the others by no more than that.

    Args:
        store: where it is.
        key: its name.
        holder: who wants it.
        seconds: for how long.
        unless: looks at the last holder's note, and may keep it from being acquired.
        is_reentrant: whether ``holder`` acquires what it holds itself: a store whose reply was lost applies a change
            again. Only where no two tasks share a ``holder``.

    Raises:
        StoreError: the store cannot be used.
    """
    change = partial(_acquire, holder=holder, seconds=seconds, unless=unless, is_reentrant=is_reentrant)
    return await store.update(key, change)


async def renew(store: Store, key: str, holder: str, seconds: float) -> bool:
    """Let the lease ``key`` end ``seconds`` from now; whether ``holder`` still held it.

    Raises:
        StoreError: the store cannot be used.
    """
    return await store.update(key, partial(_renew, holder=holder, seconds=seconds))


async def release(store: Store, key: str, holder: str, *, note: Note = lambda last, now: ("", 0.0)) -> None:
    """End the lease ``key``, if ``holder`` holds it.

    Args:
        store: where it is.
        key: its name.
        holder: who has held it.
        note: what to leave to the next holder; empty for nothing.

    Raises:
        StoreError: the store cannot be used.
    """
    await store.update(key, partial(_release, holder=holder, note=note))


@attrs.frozen
class _Lease:
    """Who holds a lease, and from when until when in the time of the store."""

    since: float
    until: float
    holder: str
    note: str = ""

    def is_held(self, now: float) -> bool:
        # One that begins later than now was taken by a clock that has since been set back.
        return self.since <= now < self.until < math.inf

    def encode(self) -> bytes:
        return json.dumps(attrs.astuple(self)).encode()


_NONE = _Lease(0.0, 0.0, "")


def _decode(value: bytes | None) -> _Lease:
    try:
        since, until, holder, note = json.loads(value or b"")
        return _Lease(float(since), float(until), str(holder), str(note))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return _NONE


def _acquire(
    value: bytes | None, now: float, *, holder: str, seconds: float, unless: Refusal, is_reentrant: bool
) -> Update[Claim]:
    lease = _decode(value)
    if lease.is_held(now) and not (is_reentrant and lease.holder == holder):
        return Update(Claim(False, now, lease.until, lease.note), value)
    if unless(lease.note, now):
        return Update(Claim(False, now, None, lease.note), value, seconds)
    taken = _Lease(now, now + seconds, holder, lease.note)
    return Update(Claim(True, now, None, lease.note), taken.encode(), seconds)


def _renew(value: bytes | None, now: float, *, holder: str, seconds: float) -> Update[bool]:
    lease = _decode(value)
    if not lease.is_held(now) or lease.holder != holder:
        return Update(False, value)
    return Update(True, attrs.evolve(lease, since=now, until=now + seconds).encode(), seconds)


def _release(value: bytes | None, now: float, *, holder: str, note: Note) -> Update[None]:
    lease = _decode(value)
    if lease is _NONE or lease.holder != holder:
        return Update(None, value)
    left, seconds = note(lease.note, now)
    return Update(None, _Lease(now, now, "", left).encode() if left else None, seconds)
