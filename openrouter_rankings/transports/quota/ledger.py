"""What was sent with one key, and when the next request may go: pure functions of ledger, time and limits."""

from __future__ import annotations

import math
import struct
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import attrs

__all__ = ["Ledger", "Limits", "Rule", "Slot", "acquire", "block", "forget", "next_slot", "release"]

T = TypeVar("T")

# A ledger as bytes, all of it little-endian: this name, the identity, the revision and the pause, and then each instant
# of sending as a double.
_HEADER = struct.Struct("<8sQQ2d")
_MAGIC = b"ledger 2"
_REVISIONS = 2**64

# Seconds. Longer than the longest wait that a service can ask for (see retry_after).
_LONGEST_BLOCK = 32 * 86400.0

# Seconds that an instant of sending can matter: a day with the largest margin.
_KEPT = 86400.0 + 3600.0

# Instants in a ledger, whatever is in the store; more only for a daily limit above it.
_MOST_KEPT = 100_000


class Limits(NamedTuple):
    """How many requests may be sent, and the seconds within which they are counted.

    Attributes:
        per_minute: the requests of a minute.
        per_day: the requests of a day.
        margin: seconds by which both windows are counted longer than they are.
    """

    per_minute: int
    per_day: int
    margin: float

    @property
    def minute(self) -> float:
        """Seconds of the minute, with the margin."""
        return 60.0 + self.margin

    @property
    def day(self) -> float:
        """Seconds of the day, with the margin."""
        return 86400.0 + self.margin

    @property
    def interval(self) -> float:
        """The minimum interval in seconds when the minute's requests are spread evenly."""
        return self.minute / self.per_minute

    def fraction(self, fraction: float) -> Limits:
        """These limits times ``fraction``, and at least one request each."""
        return Limits(max(1, int(self.per_minute * fraction)), max(1, int(self.per_day * fraction)), self.margin)


def _instants(values: Iterable[float]) -> array[float]:
    return array("d", values)


@attrs.define(on_setattr=attrs.setters.NO_OP)
class Ledger:
    """What was sent with one key, in the time of its store.

    Attributes:
        sent: when each request of the last day was sent, ascending. An array is copied and encoded as a whole, and most
            of what is done with a ledger is that.
        blocked_at: when the service last asked for a pause.
        blocked_until: the end of that pause.
        identity: a random number, given when the ledger was begun; under another one it is another ledger.
        revision: how often it was written.
    """

    sent: array[float] = attrs.field(factory=lambda: _instants(()), converter=_instants)
    blocked_at: float = -math.inf
    blocked_until: float = -math.inf
    identity: int = 0
    revision: int = 0

    def __contains__(self, at: float) -> bool:
        """Whether a request was sent at this very instant."""
        place = bisect_left(self.sent, at)
        return place < len(self.sent) and self.sent[place] == at

    def bring_to(self, now: float, limits: Limits) -> None:
        """Forget what no longer matters, and move to ``now`` what a clock that has been set back left in the future.

        All of that was sent before this moment, so it is safe to call it newer. A pause keeps its length, so that it
        ends whatever the clock did.
        """
        sent = self.sent
        if sent and sent[-1] > now:
            sent[:] = _instants(min(at, now) for at in sent)
        del sent[: max(bisect_right(sent, now - _KEPT), len(sent) - max(_MOST_KEPT, limits.per_day))]
        if self.blocked_at > now:
            self.blocked_until = now + (self.blocked_until - self.blocked_at)
            self.blocked_at = now

    def add_sent(self, instants: Sequence[float]) -> None:
        """Add requests that were not known here."""
        if instants:
            self.sent = _instants(sorted([*self.sent, *instants]))

    def complete(self, instants: Sequence[float]) -> None:
        """Add those of ``instants`` that are not in the ledger already."""
        self.add_sent(list((Counter(instants) - Counter(self.sent)).elements()))

    def move(self, instants: Sequence[float], seconds: float) -> None:
        """Make those of ``instants`` that are in the ledger later by ``seconds``."""
        moved = Counter(instants) & Counter(self.sent)
        others = Counter(self.sent) - moved
        self.sent = _instants(sorted([*others.elements(), *(at + seconds for at in moved.elements())]))

    def add_pause(self, start: float, end: float) -> None:
        """Send nothing until ``end``. A pause that ends later stays."""
        if end > self.blocked_until:
            self.blocked_at, self.blocked_until = start, end

    def matters_for(self, now: float, limits: Limits) -> float:
        """Seconds from ``now`` until the ledger is as good as an empty one; 0 if it is."""
        ends = self.sent[-1] + _KEPT if self.sent else -math.inf
        return max(0.0, ends - now, self.blocked_until + limits.minute - now)

    def copy(self) -> Ledger:
        """An equal ledger, to be changed."""
        return Ledger(self.sent, self.blocked_at, self.blocked_until, self.identity, self.revision)

    def encode(self) -> bytes:
        return self._header() + _little_endian(self.sent).tobytes()

    def encode_after(self, value: bytes | None) -> bytes:
        """The ledger as bytes, in a new revision if it differs from ``value``."""
        encoded = self.encode()
        if encoded == value:
            return encoded
        self.revision = (self.revision + 1) % _REVISIONS
        return self._header() + encoded[_HEADER.size :]

    def _header(self) -> bytes:
        return _HEADER.pack(_MAGIC, self.identity, self.revision, self.blocked_at, self.blocked_until)

    @classmethod
    def decode(cls, value: bytes) -> Ledger:
        """The ledger in ``value``.

        Raises:
            ValueError: it is not what ``encode`` writes.
        """
        if len(value) < _HEADER.size or len(value) % 8 or not value.startswith(_MAGIC):
            raise ValueError("It is not a ledger.")
        _, identity, revision, blocked_at, blocked_until = _HEADER.unpack_from(value)
        sent = _instants(())
        sent.frombytes(value[_HEADER.size :])
        sent = _little_endian(sent)
        # The sum is finite only if each instant is.
        if not (_is_pause(blocked_at, blocked_until) and math.isfinite(sum(sent)) and sorted(sent) == list(sent)):
            raise ValueError("It is a damaged ledger.")
        return cls(sent, blocked_at, blocked_until, identity, revision)


def _little_endian(sent: array[float]) -> array[float]:
    """``sent`` between the byte order of this machine and that of a stored ledger."""
    if sys.byteorder == "big":
        sent = sent[:]
        sent.byteswap()
    return sent


def _is_pause(start: float, end: float) -> bool:
    return start == end == -math.inf or 0 <= end - start <= _LONGEST_BLOCK


def next_slot(sent: Sequence[float], blocked_until: float, now: float, limits: Limits) -> tuple[float, bool]:
    """When the next request may be sent, and whether it is the day's budget that it waits for.

    At most ``per_minute`` in any minute and ``per_day`` in any day; none before ``blocked_until``, and in the minute
    after that no two closer than the minimum interval.
    """
    at = max(now, blocked_until)
    if len(sent) >= limits.per_minute:
        at = max(at, sent[-limits.per_minute] + limits.minute)
    if sent and at < blocked_until + limits.minute:
        at = max(at, sent[-1] + limits.interval)
    if len(sent) >= limits.per_day and sent[-limits.per_day] + limits.day > at:
        return sent[-limits.per_day] + limits.day, True
    return at, False


class Slot(NamedTuple):
    """When a request may be sent, in the time of the store.

    Attributes:
        now: the time of this answer.
        at: when the slot is. One that is now has been acquired.
        of_the_day: whether the day's budget is what it waits for.
        ledger: the key's ledger, with the slot if it was acquired.
        limits: the limits that were applied.
    """

    now: float
    at: float
    of_the_day: bool
    ledger: Ledger
    limits: Limits

    @property
    def wait(self) -> float:
        """Seconds until the slot; 0 if it was acquired."""
        return self.at - self.now


Rule = Callable[[Ledger, float, Limits], T]
"""Reads and changes a ledger, given the time of the store and the limits that apply."""


def acquire(ledger: Ledger, now: float, limits: Limits) -> Slot:
    """Acquire a slot if there is one now."""
    at, of_the_day = next_slot(ledger.sent, ledger.blocked_until, now, limits)
    if at <= now:
        ledger.sent.append(now)
    return Slot(now, at, of_the_day, ledger, limits)


def release(ledger: Ledger, slot: Slot) -> None:
    """Free ``slot``, if it was acquired."""
    if slot.wait <= 0 and slot.at in ledger:
        ledger.sent.remove(slot.at)


def forget(ledger: Ledger, now: float, limits: Limits) -> None:
    """Forget all that was sent, and the pause that the service asked for."""
    del ledger.sent[:]
    ledger.blocked_at = ledger.blocked_until = -math.inf


def block(ledger: Ledger, now: float, limits: Limits, *, seconds: float) -> None:
    """Send nothing for ``seconds``, as the service asks."""
    ledger.add_pause(now, now + seconds)
