"""What is used of a quota, and when more can be sent."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import attrs

from openrouter_rankings.clock import Clock
from openrouter_rankings.transports.quota.ledger import Ledger, Limits

__all__ = ["QuotaStatus", "QuotaWindow", "instant", "status_of"]


@attrs.frozen
class QuotaWindow:
    """The requests of a minute, or of a day.

    Attributes:
        limit: how many may be sent.
        used: how many were sent within the window that ends now.
        frees_at: when one more can be sent than now (aware, UTC); None if none is used.
    """

    limit: int
    used: int
    frees_at: datetime | None

    @property
    def remaining(self) -> int:
        """How many may still be sent now."""
        return max(0, self.limit - self.used)


@attrs.frozen
class QuotaStatus:
    """What is used of a quota, and what remains.

    Attributes:
        minute: the requests of the last minute.
        day: the requests of the last day.
        closed_until: until when the service wants no request at all (aware, UTC); None if it has not said so.
        waiting: how many callers of this client wait for a slot.
    """

    minute: QuotaWindow
    day: QuotaWindow
    closed_until: datetime | None
    waiting: int


def status_of(ledger: Ledger, now: float, limits: Limits, *, clock: Clock) -> QuotaStatus:
    """What the ledger and the limits say at ``now``. How many wait is not in a ledger: it has 0."""

    def window(limit: int, seconds: float) -> QuotaWindow:
        sent = [at for at in ledger.sent if at > now - seconds]
        next_free = sent[max(0, len(sent) - limit)] + seconds - now if sent else None
        return QuotaWindow(limit, len(sent), None if next_free is None else instant(clock, next_free))

    return QuotaStatus(
        minute=window(limits.per_minute, limits.minute),
        day=window(limits.per_day, limits.day),
        closed_until=instant(clock, ledger.blocked_until - now) if ledger.blocked_until > now else None,
        waiting=0,
    )


def instant(clock: Clock, seconds: float) -> datetime:
    """The instant so many ``seconds`` from now (aware, UTC)."""
    # Rounded up, so that a caller who comes at that instant does not come too early.
    return datetime.fromtimestamp(math.ceil((clock.time() + seconds) * 1000) / 1000, UTC)
