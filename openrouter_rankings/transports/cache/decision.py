"""What a cache does with a request: a pure decision, from the entry, the request, the failures so far and the time."""

from __future__ import annotations

import math
from enum import Enum, auto

from openrouter_rankings.transports.cache.circuit_breaker import FailureStreak
from openrouter_rankings.transports.cache.entry import Candidate
from openrouter_rankings.transports.cache.freshness import RequestDirectives, Use, use_of

__all__ = ["Action", "decide"]

# After a pause, callers still get the older response for so many seconds while a refresh tries the service again.
_GRACE = 60.0


class Action(Enum):
    """What to do with a request."""

    SERVE = auto()
    """Serve the entry."""
    SERVE_AND_REFRESH = auto()
    """Serve the entry, which is stale, and refresh it in the background."""
    REPLAY = auto()
    """Repeat the last failure."""
    FETCH = auto()
    """Ask the service."""
    GIVE_UP = auto()
    """Answer 504: there is no entry to serve, and the request forbids asking the service (RFC 9111, 5.2.1.7)."""


def decide(
    candidate: Candidate | None,
    directives: RequestDirectives,
    streak: FailureStreak | None,
    now: float,
    patience: float = math.inf,
) -> tuple[Action, str]:
    """What to do with a request, and why in the terms of ``Cache-Status`` (RFC 9211).

    Args:
        candidate: the entry under the request's key; None if there is none.
        directives: what the request asks for.
        streak: the failures in a row for this key; None if the last exchange went well.
        now: the time on the monotonic clock.
        patience: the seconds that the request gives an exchange.
    """
    reason = "fwd=uri-miss"
    if candidate is not None:
        use = use_of(candidate.freshness, candidate.age, directives) if candidate.matches else Use.UNUSABLE
        if use is Use.FRESH or use is Use.ACCEPTED:
            return Action.SERVE, "hit"
        if use is Use.REVALIDATE:
            return Action.SERVE if directives.only_if_cached else Action.SERVE_AND_REFRESH, "hit"
        reason = _reason(candidate)
    if directives.only_if_cached:
        return Action.GIVE_UP, reason
    if streak is not None and not directives.no_cache:
        if candidate is not None and candidate.is_usable_on_error(directives):
            if now < streak.retry_at + _GRACE:
                return Action.SERVE_AND_REFRESH, "hit"
        elif streak.outcome is not None and now < streak.retry_at and streak.answers(patience):
            return Action.REPLAY, "hit"
    return Action.FETCH, reason


def _reason(candidate: Candidate) -> str:
    if not candidate.matches:
        return "fwd=vary-miss"
    # A fresh entry gets here only if the request would not have it.
    return "fwd=request" if candidate.age < candidate.freshness.lifetime else "fwd=stale"
