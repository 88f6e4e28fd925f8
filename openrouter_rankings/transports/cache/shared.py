"""Cache entries in a store, shared among processes, with leases on what one of them asks for."""

from __future__ import annotations

import json
import math
from secrets import token_hex

from openrouter_rankings.clock import Clock
from openrouter_rankings.transports.cache.entry import received_at
from openrouter_rankings.transports.cache.exchange_lease import ExchangeLease
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.stores import lease
from openrouter_rankings.transports.stores.guard import GuardedStore, or_else
from openrouter_rankings.transports.stores.protocol import Change, Store, Update

__all__ = ["SharedEntries", "indexed", "open_shared"]

_INDEX = "cache:index"

# Seconds without an attempt after a failure of the store: every call would wait for its failure otherwise.
_PAUSE = 30.0

_LONGEST_KEPT = 30 * 86400.0


class SharedEntries:
    """Encoded entries and leases in a store. While it cannot be used, there are no entries, and every lease is free.

    Args:
        store: where they are.
        policy: how many of them are kept.
        clock: the time in which leases are renewed.
    """

    def __init__(self, store: GuardedStore, policy: CachePolicy, clock: Clock) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._holder = token_hex(8)

    async def get(self, key: str) -> bytes | None:
        """The encoded entry of ``key``, if there is one."""
        return await or_else(self._store.get(f"cache:{key}"), None)

    def put(self, key: str, record: bytes, expires_in: float) -> None:
        """Keep ``record`` for at most ``expires_in`` seconds; the oldest records are dropped.

        Nobody waits for it but ``aclose``. A lease that is released afterwards is released after it.
        """
        self._store.later(lambda store: self._put(store, key, record, min(expires_in, _LONGEST_KEPT)))

    async def discard(self, key: str) -> None:
        """Forget the entry of ``key``, if there is one."""
        await or_else(self._store.delete(f"cache:{key}"), None)

    def lease(
        self,
        key: str,
        *,
        by: str,
        fields: str = "",
        patience: float = math.inf,
        secret: str = "",
        insistent: bool = False,
    ) -> ExchangeLease:
        """The lease on the exchange of ``key``; for its arguments see there."""
        return ExchangeLease(
            self._store, self._clock, key, by=by, fields=fields, patience=patience, secret=secret, insistent=insistent
        )

    async def take_turn(self, name: str, seconds: float) -> float:
        """Take the turn of ``name`` for ``seconds``, unless a process has it.

        Returns the seconds until that one's turn ends; 0 if this process has taken it now.
        """
        free = lease.Claim(granted=True, now=0.0)
        claim = await or_else(lease.acquire(self._store, f"turn:{name}", self._holder, seconds), free)
        return 0.0 if claim.until is None else claim.until - claim.now

    async def hold_turn(self, name: str, seconds: float) -> None:
        """Let the turn that this process took end ``seconds`` from now."""
        await or_else(lease.renew(self._store, f"turn:{name}", self._holder, seconds), False)

    async def aclose(self) -> None:
        await self._store.aclose()

    async def _put(self, store: Store, key: str, record: bytes, expires_in: float) -> None:
        change = indexed(key, len(record), self._policy.max_entries, self._policy.max_bytes)
        dropped = await store.update(_INDEX, change)
        for each in dropped:
            await store.delete(f"cache:{each}")
        if key not in dropped:
            await store.update(f"cache:{key}", _newest(record, expires_in, self._clock))


def open_shared(policy: CachePolicy, clock: Clock) -> SharedEntries:
    """The entries in the store that the policy names.

    Raises:
        ConfigurationError: it names none, the store needs a package that is not installed, or its URL cannot be read.
    """
    return SharedEntries(GuardedStore(policy.store, clock, pause=_PAUSE, user="The cache"), policy, clock)


def indexed(key: str, size: int, max_entries: int, max_bytes: int) -> Change[tuple[str, ...]]:
    """A change of the index that makes ``key`` its newest member, and results in the keys that make room for it.

    The order of the index, and no clock, says which records are the oldest.
    """

    def change(value: bytes | None, _: float) -> Update[tuple[str, ...]]:
        sizes = _read_index(value)
        sizes.pop(key, None)
        sizes[key] = size
        total = sum(sizes.values())
        dropped: list[str] = []
        while len(sizes) > max_entries or total > max_bytes:
            oldest = next(iter(sizes))
            total -= sizes.pop(oldest)
            dropped.append(oldest)
        return Update(tuple(dropped), json.dumps(sizes).encode(), _LONGEST_KEPT)

    return change


def _newest(record: bytes, expires_in: float, clock: Clock) -> Change[None]:
    """A change that keeps ``record``, unless a later one is there: it may have waited for the store for long."""

    def change(value: bytes | None, _: float) -> Update[None]:
        # One from the future, which a clock that is ahead wrote, may be the older one.
        is_later = value is not None and received_at(record) < received_at(value) <= clock.time()
        return Update(None, value if is_later else record, expires_in)

    return change


def _read_index(value: bytes | None) -> dict[str, int]:
    """The size of each record by its key, oldest first; empty if the index is damaged: each record expires anyway."""
    try:
        sizes = json.loads(value or b"{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(sizes, dict) or not all(type(size) is int and size >= 0 for size in sizes.values()):
        return {}
    return sizes
