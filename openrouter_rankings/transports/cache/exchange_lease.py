"""The lease on one exchange: of the processes on a store, one asks the service, and the others learn how it ended."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from secrets import token_hex

import attrs

from openrouter_rankings.clock import Clock
from openrouter_rankings.transports.cache.circuit_breaker import FailureStreak
from openrouter_rankings.transports.cache.failure_note import decode_note, note_of
from openrouter_rankings.transports.stores import lease
from openrouter_rankings.transports.stores.guard import GuardedStore, or_else

__all__ = ["Attempt", "ExchangeLease"]

# A lease is renewed while its holder asks, so that it can be short: it ends soon after its holder died.
_LEASE = 10.0
_RENEWAL = 4.0

# Seconds for which it is renewed: longer than a call with the usual retries takes. An exchange without a time limit may
# never end, and the others, who do have one, would wait for it for good.
_LONGEST_HELD = 300.0

# Seconds beyond its pause for which a failure is remembered, so that the next one is known to be in a row with it.
_REMEMBERED = 3600.0


@attrs.frozen
class Attempt:
    """What became of an attempt to be the one who asks.

    Attributes:
        granted: whether this process is to ask the service.
        is_failed: whether the service is not to be asked, since the failures of others are the answer.
        streak: the failures in a row that others met; None if there are none.
    """

    granted: bool
    is_failed: bool
    streak: FailureStreak | None


class ExchangeLease:
    """The lease on the exchange of one question. While the store cannot be used, every lease is free.

    Args:
        store: where it is.
        clock: the time in which it is renewed.
        key: the key of the question's entry.
        by: a name for how the question is asked.
        fields: the hash of its header fields.
        patience: the seconds that the question gives an exchange.
        secret: the API key, which others must not be told.
        insistent: whether a failure that others met before is no answer.
    """

    def __init__(
        self,
        store: GuardedStore,
        clock: Clock,
        key: str,
        *,
        by: str,
        fields: str,
        patience: float,
        secret: str,
        insistent: bool,
    ) -> None:
        self._store = store
        self._clock = clock
        self._key = f"lease:{key}"
        self._holder = token_hex(8)
        self._by = by
        self._fields = fields
        self._patience = patience
        self._secret = secret
        self._insistent = insistent
        self._waiting_since = math.inf
        self._other: tuple[float, float] | None = None
        self._streak: FailureStreak | None = None
        self._is_answered = False

    async def acquire(self) -> Attempt:
        """Whether this process is the one to ask; then it asks within ``held``."""
        free = lease.Claim(granted=True, now=0.0)
        acquiring = lease.acquire(
            self._store, self._key, self._holder, _LEASE, unless=self._is_answer, is_reentrant=True
        )
        try:
            claim = await or_else(acquiring, free)
        except asyncio.CancelledError:
            # The store may still grant it, to a caller who has left.
            self._release()
            raise
        note = decode_note(claim.note)
        streak = None if note is None else note.streak(claim.now, self._clock.monotonic())
        if claim.until is None:
            return Attempt(claim.granted, not claim.granted, streak)
        self._waiting_since = min(self._waiting_since, claim.now)
        return Attempt(self._is_abandoned(claim.until), is_failed=False, streak=streak)

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[None]:
        """Renews the acquired lease within the block, for five minutes at most, and releases it at its end."""
        renewal = asyncio.get_running_loop().create_task(self._renew())
        try:
            yield
            self._is_answered = True
        finally:
            renewal.cancel()
            self._release()
            await asyncio.wait({renewal})

    def fail(self, streak: FailureStreak) -> None:
        """Tell the others with the release how the exchange failed."""
        self._streak = streak

    def _is_answer(self, text: str, now: float) -> bool:
        note = decode_note(text)
        if note is None or not note.streak(now, now).is_for(self._fields):
            return False
        if self._insistent:
            note = attrs.evolve(note, pause=0.0)
        return note.answers(self._by, self._patience, self._waiting_since, now)

    def _is_abandoned(self, until: float) -> bool:
        """Whether the holder has not renewed its lease for its whole length, and the store's time stands still."""
        now = self._clock.monotonic()
        if self._other is None or self._other[0] != until:
            self._other = until, now
        return now - self._other[1] > _LEASE

    def _release(self) -> None:
        # Nobody waits for it: a store that hangs must not hold up a caller whose deadline has passed.
        self._store.later(lambda store: lease.release(store, self._key, self._holder, note=self._note))

    def _note(self, last: str, now: float) -> tuple[str, float]:
        """What others are to know, and for how many seconds."""
        # An attempt that was given up shows nothing: what was known before is still all that is known.
        note = None if self._is_answered else decode_note(last)
        if self._streak is not None and self._streak.outcome is not None:
            note = note_of(self._streak, self._by, self._secret, now, self._clock.monotonic())
        return ("", 0.0) if note is None else (note.encode(), max(0.0, note.at + note.pause + _REMEMBERED - now))

    async def _renew(self) -> None:
        for _ in range(int(_LONGEST_HELD / _RENEWAL)):
            await self._clock.sleep(_RENEWAL)
            await or_else(lease.renew(self._store, self._key, self._holder, _LEASE), False)
