"""The decision: what the cache does with a request, as a function of values and time alone."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.messages import Response
from openrouter_rankings.transports.cache.circuit_breaker import FailureStreak
from openrouter_rankings.transports.cache.decision import Action, decide
from openrouter_rankings.transports.cache.entry import Candidate
from openrouter_rankings.transports.cache.freshness import NO_DIRECTIVES, Freshness, RequestDirectives

SERVICE = Freshness(60, 300, 86400)
STRICT = Freshness(60, 300, 86400, must_revalidate=True)
NO_CACHE = RequestDirectives(no_cache=True)
ONLY_IF_CACHED = RequestDirectives(only_if_cached=True)

NOW = 1000.0
PAUSED = FailureStreak(since=0, count=4, retry_at=NOW + 5, outcome=Response(503))
PAUSED_BY_US = FailureStreak(since=0, retry_at=NOW + 5)
JUST_OVER = FailureStreak(since=0, count=4, retry_at=NOW - 5, outcome=Response(503))
LONG_OVER = FailureStreak(since=0, count=4, retry_at=NOW - 60, outcome=Response(503))


@pytest.mark.parametrize(
    ("candidate", "directives", "streak", "action", "reason"),
    [
        # Nothing is kept.
        (None, NO_DIRECTIVES, None, Action.FETCH, "fwd=uri-miss"),
        (None, NO_CACHE, None, Action.FETCH, "fwd=uri-miss"),
        (None, ONLY_IF_CACHED, None, Action.GIVE_UP, "fwd=uri-miss"),
        (None, NO_DIRECTIVES, PAUSED, Action.REPLAY, "hit"),
        (None, NO_DIRECTIVES, PAUSED_BY_US, Action.FETCH, "fwd=uri-miss"),
        (None, NO_DIRECTIVES, JUST_OVER, Action.FETCH, "fwd=uri-miss"),
        (None, NO_CACHE, PAUSED, Action.FETCH, "fwd=uri-miss"),
        # A fresh entry.
        (Candidate(SERVICE, 59), NO_DIRECTIVES, None, Action.SERVE, "hit"),
        (Candidate(SERVICE, 59), NO_DIRECTIVES, PAUSED, Action.SERVE, "hit"),
        (Candidate(SERVICE, 59), ONLY_IF_CACHED, None, Action.SERVE, "hit"),
        (Candidate(SERVICE, 100), ONLY_IF_CACHED, None, Action.SERVE, "hit"),
        (Candidate(SERVICE, 59), NO_CACHE, None, Action.FETCH, "fwd=request"),
        (Candidate(SERVICE, 59), RequestDirectives(max_age=5), None, Action.FETCH, "fwd=request"),
        # A stale one.
        (Candidate(SERVICE, 100), NO_DIRECTIVES, None, Action.SERVE_AND_REFRESH, "hit"),
        (Candidate(SERVICE, 100), RequestDirectives(max_stale=99), None, Action.SERVE, "hit"),
        (Candidate(STRICT, 100), NO_DIRECTIVES, None, Action.FETCH, "fwd=stale"),
        (Candidate(STRICT, 100), NO_DIRECTIVES, PAUSED, Action.REPLAY, "hit"),
        # One that only an outage excuses.
        (Candidate(SERVICE, 1000), NO_DIRECTIVES, None, Action.FETCH, "fwd=stale"),
        (Candidate(SERVICE, 1000), NO_DIRECTIVES, PAUSED, Action.SERVE_AND_REFRESH, "hit"),
        (Candidate(SERVICE, 1000), NO_DIRECTIVES, PAUSED_BY_US, Action.SERVE_AND_REFRESH, "hit"),
        (Candidate(SERVICE, 1000), NO_DIRECTIVES, JUST_OVER, Action.SERVE_AND_REFRESH, "hit"),
        (Candidate(SERVICE, 1000), NO_DIRECTIVES, LONG_OVER, Action.FETCH, "fwd=stale"),
        (Candidate(SERVICE, 1000), ONLY_IF_CACHED, PAUSED, Action.GIVE_UP, "fwd=stale"),
        # One for other fields.
        (Candidate(SERVICE, 1, matches=False), NO_DIRECTIVES, None, Action.FETCH, "fwd=vary-miss"),
        (Candidate(SERVICE, 1, matches=False), NO_DIRECTIVES, PAUSED, Action.REPLAY, "hit"),
        (Candidate(SERVICE, 1, matches=False), ONLY_IF_CACHED, None, Action.GIVE_UP, "fwd=vary-miss"),
        # One that is too old for anything.
        (Candidate(SERVICE, 1e6), NO_DIRECTIVES, PAUSED, Action.REPLAY, "hit"),
    ],
)
def test_the_decision_follows_from_entry_request_failures_and_time(
    candidate: Candidate | None,
    directives: RequestDirectives,
    streak: FailureStreak | None,
    action: Action,
    reason: str,
) -> None:
    assert decide(candidate, directives, streak, NOW) == (action, reason)


seconds = st.floats(0, 1e6)
candidates = st.none() | st.builds(
    Candidate, st.builds(Freshness, seconds, seconds, seconds, st.booleans()), seconds, st.booleans()
)
directives_ = st.builds(
    RequestDirectives,
    no_cache=st.booleans(),
    only_if_cached=st.booleans(),
    max_age=st.none() | seconds,
    max_stale=seconds | st.just(math.inf),
)
streaks = st.none() | st.builds(FailureStreak, seconds, st.integers(0, 9), seconds, st.none() | st.just(Response(503)))


@given(candidates, directives_, streaks, seconds)
def test_no_decision_breaks_what_the_request_or_the_service_forbids(
    candidate: Candidate | None, directives: RequestDirectives, streak: FailureStreak | None, now: float
) -> None:
    action, _ = decide(candidate, directives, streak, now)
    if action in {Action.SERVE, Action.SERVE_AND_REFRESH}:
        assert candidate is not None
        assert candidate.matches
        assert not directives.no_cache
        assert candidate.age < candidate.freshness.lifetime or not candidate.freshness.must_revalidate
    if directives.only_if_cached:
        assert action in {Action.SERVE, Action.GIVE_UP}
    if action is Action.REPLAY:
        assert streak is not None
        assert now < streak.retry_at
    if streak is None:
        assert action is not Action.REPLAY
