"""The ledgers of a client in their store, and in this process while the store cannot be reached."""

from __future__ import annotations

import asyncio
import math
import threading
from bisect import bisect_right
from collections import OrderedDict
from functools import partial
from secrets import randbits
from typing import Generic, NamedTuple, TypeVar

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import StoreUnreachableError
from openrouter_rankings.forks import in_each_child
from openrouter_rankings.log import logger
from openrouter_rankings.transports.quota.ledger import Ledger, Limits, Rule, Slot, acquire, release
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.stores.guard import GuardedStore
from openrouter_rankings.transports.stores.location import place_of
from openrouter_rankings.transports.stores.protocol import Change, Update

__all__ = ["LedgerStore"]

T = TypeVar("T")

# Seconds until a store that could not be reached is asked again.
_PAUSE = 10.0

# Seconds by which two clocks that nobody has set may seem to differ from one look at both to the next.
_JITTER = 1.0

# Ledgers that this process remembers; the one that was not used for the longest makes room.
_MOST_COPIES = 1000


class _Copy(NamedTuple):
    """A ledger as this process saw it last, with what it did on its own since.

    Attributes:
        ledger: in the time of the store, as far as that is known.
        seen_at: when the store gave it, in that time.
        offset: the time of the store less the monotonic clock, as it was known then.
        value: the ledger as the store has it; None if that is not known.
    """

    ledger: Ledger
    seen_at: float
    offset: float
    value: bytes | None = None

    def decode(self, value: bytes) -> Ledger:
        """The ledger in ``value``. Raises ``ValueError`` if it is damaged."""
        # The memory of this process gives back the same object, which need not be read again.
        return self.ledger.copy() if value is self.value else Ledger.decode(value)

    def is_missed_by(self, ledger: Ledger, offset: float) -> bool:
        """Whether ``ledger`` lacks what this copy knows: it is another one, or goes on from an earlier state."""
        own = self.ledger
        if ledger.identity != own.identity or ledger.revision < own.revision:
            return True
        # Writing to an earlier state brings its revision up again, but not its instants. After a reset all are gone.
        known = bisect_right(own.sent, self.seen_at)
        if not known or own.sent[known - 1] in ledger or abs(offset - self.offset) >= _JITTER:
            return False
        return not set(own.sent[:known]).isdisjoint(ledger.sent)

    def keep_last_minute(self, ledger: Ledger, now: float, offset: float, limits: Limits) -> None:
        """Where the store's clock was set forward, move what this copy has of the last minute in ``ledger`` with it.

        The rest stays, because it looks the same when this machine has slept.
        """
        shift = offset - self.offset
        if shift >= _JITTER:
            since = now - shift - limits.minute
            ledger.move(self.ledger.sent[bisect_right(self.ledger.sent, since) :], shift)

    def add_to(self, ledger: Ledger, offset: float, *, everything: bool) -> None:
        """Add to ``ledger`` what the store does not know: ``everything`` if it has lost its own."""
        own, shift = self.ledger, offset - self.offset
        if abs(shift) < _JITTER:
            # The same instant is to stay the same number.
            shift = 0.0
        if everything:
            ledger.complete([at + shift for at in own.sent])
        else:
            ledger.add_sent([at + shift for at in own.sent[bisect_right(own.sent, self.seen_at) :]])
        if everything or own.blocked_at > self.seen_at:
            ledger.add_pause(own.blocked_at + shift, own.blocked_until + shift)
        if ledger.identity == own.identity:
            ledger.revision = max(ledger.revision, own.revision)


class _Copies:
    """Ledgers as this process saw them last. The one that was not used for the longest makes room."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: OrderedDict[tuple[str, str], _Copy] = OrderedDict()

    def forget_other_threads(self) -> None:
        """Free the lock in a child process, where the thread that held it at the fork does not exist."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._copies)

    def get(self, place: str, key: str) -> _Copy | None:
        """The copy of the ledger of ``key`` in the store at ``place``."""
        return self._copies.get((place, key))

    def put(self, place: str, key: str, copy: _Copy) -> None:
        """Remember ``copy``, unless another client has seen a later state meanwhile."""
        with self._lock:
            known = self._copies.get((place, key), copy).ledger
            if known.identity != copy.ledger.identity or known.revision <= copy.ledger.revision:
                self._copies[place, key] = copy
            self._copies.move_to_end((place, key))
            if len(self._copies) > _MOST_COPIES:
                self._copies.popitem(last=False)


_OF_THIS_PROCESS = _Copies()
in_each_child(lambda: _OF_THIS_PROCESS.forget_other_threads())


class _Outcome(NamedTuple, Generic[T]):
    """What a rule gave, and the ledger to remember."""

    result: T
    copy: _Copy
    was_damaged: bool


class LedgerStore:
    """Applies one rule at a time to a key's ledger, for everyone who shares the store.

    While the store cannot be reached, this process goes on from the ledger that it saw last, within a fraction of the
    limits, and adds what it sent to the store's ledger afterwards. Where the store has lost a ledger, or has another or
    an earlier one in its place, all that any client of this process has seen is added.

    Args:
        quota: the limits and the store.
        clock: the time.

    Raises:
        ConfigurationError: the store needs a package that is not installed, or its URL cannot be read.
    """

    def __init__(self, quota: Quota, clock: Clock) -> None:
        self._store = GuardedStore(quota.store, clock)
        self._clock = clock
        self._limits = Limits(quota.per_minute, quota.per_day, quota.margin)
        self._fallback_fraction = quota.fallback_fraction
        place = place_of(quota.store)
        is_shared = place is not None and isinstance(clock, SystemClock)
        self._place = place or ""
        self._copies = _OF_THIS_PROCESS if is_shared else _Copies()
        self._offset = clock.time() - clock.monotonic()
        self._unreachable_until: float | None = None

    async def acquire(self, key: str) -> Slot:
        """Acquire a slot of ``key`` if there is one now. A caller who is cancelled meanwhile leaves none acquired.

        Raises:
            StoreError: the store cannot be used.
        """
        slots: list[Slot] = []

        def rule(ledger: Ledger, now: float, limits: Limits) -> Slot:
            slots.append(acquire(ledger, now, limits))
            return slots[-1]

        def undo(ledger: Ledger, now: float, limits: Limits) -> None:
            # By now the store has applied the rule, or it never will.
            if slots:
                release(ledger, slots[-1])

        try:
            return await self.update(key, rule)
        except asyncio.CancelledError:
            self._store.later(lambda store: store.update(key, self._change(key, undo)))
            raise

    async def update(self, key: str, rule: Rule[T]) -> T:
        """Apply ``rule`` to the ledger of ``key``.

        Raises:
            StoreError: the store cannot be used.
        """
        if self._unreachable_until is not None and self._clock.monotonic() < self._unreachable_until:
            return self._update_copy(key, rule)
        try:
            outcome = await self._store.update(key, self._change(key, rule))
        except StoreUnreachableError as error:
            self._note_unreachable(error)
            return self._update_copy(key, rule)
        self._note_reachable()
        if outcome.was_damaged:
            logger.warning("The quota's count %s was damaged: it is forgotten, and begun anew", key)
        self._offset = outcome.copy.offset
        self._copies.put(self._place, key, outcome.copy)
        return outcome.result

    async def aclose(self) -> None:
        """Finish what is under way, and close the store unless it is the user's."""
        await self._store.aclose()

    def _change(self, key: str, rule: Rule[T]) -> Change[_Outcome[T]]:
        return partial(_apply, rule=rule, limits=self._limits, copy=self._copy(key), clock=self._clock)

    def _copy(self, key: str) -> _Copy:
        return self._copies.get(self._place, key) or _Copy(Ledger(), -math.inf, self._offset)

    def _update_copy(self, key: str, rule: Rule[T]) -> T:
        copy = self._copy(key)._replace(value=None)
        self._copies.put(self._place, key, copy)
        # Requests that the store does not know are recognised by being later than its last answer.
        now = max(self._clock.monotonic() + self._offset, math.nextafter(copy.seen_at, math.inf))
        limits = self._limits.fraction(self._fallback_fraction)
        copy.ledger.bring_to(now, limits)
        return rule(copy.ledger, now, limits)

    def _note_unreachable(self, error: StoreUnreachableError) -> None:
        if self._unreachable_until is None:
            logger.warning(
                "The quota counts in this process, at %g of the rate, until its store can be reached: %s",
                self._fallback_fraction,
                error,
            )
        self._unreachable_until = self._clock.monotonic() + _PAUSE

    def _note_reachable(self) -> None:
        if self._unreachable_until is not None:
            self._unreachable_until = None
            logger.info("The quota counts in its store again")


def _apply(
    value: bytes | None, now: float, *, rule: Rule[T], limits: Limits, copy: _Copy, clock: Clock
) -> Update[_Outcome[T]]:
    try:
        known, was_damaged = None if value is None else copy.decode(value), False
    except ValueError:
        known, was_damaged = None, True
    offset = now - clock.monotonic()
    ledger = known or Ledger(identity=randbits(63))
    copy.keep_last_minute(ledger, now, offset, limits)
    if value is None or value is not copy.value:
        copy.add_to(ledger, offset, everything=copy.is_missed_by(ledger, offset))
    ledger.bring_to(now, limits)
    mattered_for = ledger.matters_for(now, limits)
    result = rule(ledger, now, limits)
    # An emptied ledger stays as long: if it were gone, the others would restore what they have seen.
    kept_for = max(mattered_for, ledger.matters_for(now, limits))
    encoded = ledger.encode_after(value)
    kept = encoded if kept_for > 0 or encoded == value else None
    return Update(_Outcome(result, _Copy(ledger, now, offset, kept), was_damaged), kept, kept_for)
