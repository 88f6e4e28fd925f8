"""The circuit breaker: how long the service is left alone after failures in a row."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.errors import InvalidResponseError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Response
from openrouter_rankings.transports.cache.circuit_breaker import CircuitBreaker, FailureStreak
from openrouter_rankings.transports.outcome import Failure

FAILED = Response(503, body=b"x" * 100)
INVALID = InvalidResponseError(("data", "missing"), body=b"x" * 100)


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker(longest_pause=216, max_streaks=10)


def fail(breaker: CircuitBreaker, now: float, outcome: object = FAILED) -> float:
    assert isinstance(outcome, (Response, TransportError, InvalidResponseError))
    return breaker.record_failure("key", outcome, now, older=None, asked=None)


def test_the_first_two_failures_make_no_pause_and_the_third_a_fifteenth_of_the_time_since_the_first(
    breaker: CircuitBreaker,
) -> None:
    assert [fail(breaker, now) for now in (0, 100, 300, 600)] == [0, 0, 20, 40]


def test_the_pause_grows_no_longer_than_its_limit(breaker: CircuitBreaker) -> None:
    assert [fail(breaker, now) for now in (0, 0, 216 * 15 - 15, 216 * 15, 1e6)] == [0, 0, 215, 216, 216]


def test_the_circuit_is_open_from_the_third_failure_on(breaker: CircuitBreaker) -> None:
    opened = []
    for now in range(4):
        fail(breaker, now)
        opened.append(breaker.is_open("key", 30.0))
    assert opened == [False, False, True, True]


@pytest.mark.parametrize("keys", ["kkk", "abcdef"])
def test_that_hasty_callers_gave_up_opens_no_circuit_for_one_who_would_wait(breaker: CircuitBreaker, keys: str) -> None:
    late = RequestTimeoutError("late")
    for key in keys:
        breaker.record_failure(key, late, 0, older=None, asked=None, patience=0.5)
    assert [breaker.is_open("k", patience) for patience in (0.5, 30.0)] == [True, False]
    breaker.record_failure("k", FAILED, 0, older=None, asked=None, patience=0.5)
    assert breaker.is_open("k", 30.0)


def test_a_success_ends_the_streak(breaker: CircuitBreaker) -> None:
    for now in (0, 100, 200):
        fail(breaker, now)
    breaker.record_success("key", 300)
    assert breaker.streak("key") is None
    assert fail(breaker, 1000) == 0


def test_a_streak_ends_as_well_when_another_process_has_a_newer_response(breaker: CircuitBreaker) -> None:
    fail(breaker, 0)
    breaker.end("key")
    assert breaker.streak("key") is None


def patience_after(breaker: CircuitBreaker, outcome: Response | TransportError, patience: float) -> float | None:
    breaker.record_failure("key", outcome, 0, older=None, asked=None, patience=patience)
    streak = breaker.streak("key")
    return None if streak is None else streak.patience


def test_a_streak_knows_the_longest_that_an_exchange_was_waited_for_in_vain(breaker: CircuitBreaker) -> None:
    late = RequestTimeoutError("late")
    assert [patience_after(breaker, late, seconds) for seconds in (5.0, 30.0, 5.0)] == [5.0, 30.0, 30.0]
    assert patience_after(breaker, Response(503), 600.0) == 30.0
    breaker.learn("key", FailureStreak(0.0, 4, 20.0, Failure.of(late), patience=10.0), 0)
    assert patience_after(breaker, late, 20.0) == 30.0
    breaker.learn("key", FailureStreak(0.0, 4, 20.0, Failure.of(late), patience=60.0), 0)
    assert patience_after(breaker, late, 20.0) == 60.0


def questions(names: str, api_key: str = "one") -> list[str]:
    """Keys as the entries of one API key have them."""
    return [f"{api_key} GET {name}" for name in names]


def fail_each(breaker: CircuitBreaker, now: float, *keys: str, outcome: Response = FAILED) -> list[float]:
    return [breaker.record_failure(key, outcome, now, older=None, asked=None) for key in keys]


def test_six_failures_in_a_row_open_the_circuits_of_all_questions(breaker: CircuitBreaker) -> None:
    for number in range(5):
        assert not breaker.is_open("new", 30.0)
        assert fail_each(breaker, number * 60.0, str(number)) == [0]
    assert fail_each(breaker, 300, "5") == [20]
    assert breaker.is_open("new", 30.0)
    breaker.record_success("other", 150)
    assert not breaker.is_open("new", 30.0)


def test_the_pauses_are_as_many_times_as_long_as_there_are_questions_that_pause(breaker: CircuitBreaker) -> None:
    keys = questions("abcdef")
    assert fail_each(breaker, 0, *keys) == [0, 0, 0, 0, 0, 10]
    assert fail_each(breaker, 300, *keys) == [20, 40, 60, 80, 100, 120]
    # Two of them have paused long enough, and nobody asks for them.
    assert fail_each(breaker, 345, keys[2]) == [4 * 345 / 15]


@pytest.mark.parametrize(("names", "most"), [("a", 270), ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN", 375)])
def test_many_failing_questions_together_leave_a_part_of_the_days_budget(names: str, most: int) -> None:
    breaker = CircuitBreaker(longest_pause=432, max_streaks=256)
    asked = 0
    for now in range(0, 86400, 30):
        for key in questions(names):
            streak = breaker.streak(key)
            if streak is None or now >= streak.retry_at:
                fail_each(breaker, now, key)
                asked += 1
    assert asked <= most


def test_when_the_service_is_well_again_the_others_recover_one_by_one(breaker: CircuitBreaker) -> None:
    keys = questions("abcdef")
    fail_each(breaker, 0, *keys)
    fail_each(breaker, 150, *keys)
    for well, next_one in itertools.pairwise(keys):
        breaker.record_success(well, 155)
        streak = breaker.streak(next_one)
        assert streak is not None
        assert streak.retry_at == 155


def test_the_questions_of_another_api_key_do_not_make_the_pauses_longer(breaker: CircuitBreaker) -> None:
    fail_each(breaker, 0, *questions("abc", "revoked"), outcome=Response(404))
    assert fail_each(breaker, 0, *questions("ab"), outcome=Response(404)) == [60, 120]


def test_refused_questions_do_not_make_the_pauses_of_failing_ones_longer(breaker: CircuitBreaker) -> None:
    fail_each(breaker, 0, *questions("abc"), outcome=Response(404))
    assert breaker.record_failure("one GET d", FAILED, 0, older=0, asked=None) == 60
    assert breaker.record_failure("one GET e", FAILED, 0, older=0, asked=None) == 120
    assert fail_each(breaker, 0, "one GET f", outcome=Response(404)) == [240]


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_success_ends_the_pauses_of_all_questions_for_which_the_same_api_key_was_refused(
    breaker: CircuitBreaker, status: int
) -> None:
    ours, theirs = questions("abc"), questions("abc", "other")
    fail_each(breaker, 0, *ours, *theirs, outcome=Response(status))
    breaker.record_success("one GET new", 5)
    assert [_retry_at(breaker, key) for key in ours] == [5, 5, 5]
    assert [_retry_at(breaker, key) for key in theirs] == [10, 20, 30]


def test_a_question_that_is_refused_again_after_the_success_of_others_pauses_whatever_they_meet(
    breaker: CircuitBreaker,
) -> None:
    for now in (0, 10):
        fail_each(breaker, now, "one GET a", outcome=Response(403))
        breaker.record_success("one GET b", now + 5)
    assert _retry_at(breaker, "one GET a") == 20


def test_questions_with_invalid_responses_recover_one_by_one(breaker: CircuitBreaker) -> None:
    keys = questions("abc")
    for key in keys:
        breaker.record_failure(key, INVALID, 0, older=None, asked=None)
    breaker.record_success("one GET new", 5)
    assert [_retry_at(breaker, key) for key in keys] == [5, 120, 180]
    breaker.record_success(keys[0], 6)
    assert [_retry_at(breaker, key) for key in keys[1:]] == [6, 180]


def test_a_question_is_released_until_it_fails_again(breaker: CircuitBreaker) -> None:
    fail_each(breaker, 0, "one GET a", outcome=Response(402))
    breaker.record_success("one GET b", 5)
    released = [_streak(breaker, "one GET a").is_released]
    fail_each(breaker, 5, "one GET a", outcome=Response(402))
    assert [*released, _streak(breaker, "one GET a").is_released] == [True, False]


def test_what_is_learned_of_another_process_does_not_let_a_refused_question_be_released_again(
    breaker: CircuitBreaker,
) -> None:
    fail_each(breaker, 0, "one GET a", outcome=Response(403))
    breaker.record_success("one GET b", 5)
    breaker.learn("one GET a", FailureStreak(0.0, 2, 70.0, Response(403)), 10)
    breaker.record_success("one GET b", 15)
    assert _retry_at(breaker, "one GET a") == 70


def _streak(breaker: CircuitBreaker, key: str) -> FailureStreak:
    streak = breaker.streak(key)
    assert streak is not None
    return streak


def _retry_at(breaker: CircuitBreaker, key: str) -> float:
    return _streak(breaker, key).retry_at


@pytest.mark.parametrize(
    ("status", "pauses"), [(400, [60, 60, 100, 3600]), (404, [60, 60, 100, 3600]), (401, [10, 60, 100, 3600])]
)
def test_a_refused_request_is_left_alone_for_long_and_one_for_its_key_for_a_moment_first(
    breaker: CircuitBreaker, status: int, pauses: list[float]
) -> None:
    assert [fail(breaker, now, Response(status)) for now in (0, 900, 1500, 1e6)] == pauses


def test_refusals_say_nothing_of_other_questions(breaker: CircuitBreaker) -> None:
    for number in range(9):
        fail_each(breaker, 0, str(number), outcome=Response(400))
    assert not breaker.is_open("new", 30.0)
    breaker.record_success("new", 0)
    streak = breaker.streak("0")
    assert streak is not None
    assert streak.retry_at == 60


def test_an_invalid_response_makes_a_pause_of_a_minute_at_least(breaker: CircuitBreaker) -> None:
    assert [fail(breaker, now, INVALID) for now in (0, 60, 120, 1500, 1e6)] == [60, 60, 60, 100, 3600]


@pytest.mark.parametrize(
    ("older", "asked", "pause"),
    [(0, None, 60), (1799, None, 60), (3000, None, 100), (1e6, None, 216), (10, 600, 600), (10, 5, 60)],
)
def test_with_an_older_response_the_pause_is_a_minute_a_thirtieth_of_its_age_or_what_the_service_asks(
    breaker: CircuitBreaker, older: float, asked: float | None, pause: float
) -> None:
    assert breaker.record_failure("key", FAILED, 1000, older=older, asked=asked) == pause
    streak = breaker.streak("key")
    assert streak is not None
    assert streak.retry_at == 1000 + pause


def test_a_limit_of_our_own_makes_one_pause_and_leaves_no_outcome_to_repeat(breaker: CircuitBreaker) -> None:
    assert breaker.pause("key", 0, older=3000) == 100
    assert breaker.pause("key", 99, older=3000) is None
    streak = breaker.streak("key")
    assert streak is not None
    assert (streak.count, streak.outcome) == (0, None)
    assert breaker.pause("key", 100, older=3000) == 100


def test_a_limit_of_our_own_makes_longer_pauses_the_more_questions_pause(breaker: CircuitBreaker) -> None:
    assert [breaker.pause(key, 0, older=3000) for key in questions("abc")] == [100, 200, 300]


def test_a_limit_of_our_own_makes_room_like_a_failure(breaker: CircuitBreaker) -> None:
    for number in range(11):
        breaker.pause(f"one GET {number}", 1000.0 * number, older=3000)
    assert [breaker.streak(f"one GET {number}") is None for number in range(3)] == [True, False, False]


def test_a_limit_of_our_own_does_not_end_a_streak_of_failures(breaker: CircuitBreaker) -> None:
    for now in (0, 100, 200):
        fail(breaker, now)
    breaker.pause("key", 500, older=1)
    streak = breaker.streak("key")
    assert streak is not None
    assert (streak.since, streak.count, streak.outcome) == (0, 3, None)


def test_an_error_is_kept_as_a_copy_that_its_first_handler_cannot_change(breaker: CircuitBreaker) -> None:
    error = TransportError("down")
    fail(breaker, 0, error)
    error.add_note("mine")
    streak = breaker.streak("key")
    assert streak is not None
    assert isinstance(streak.outcome, Failure)
    kept = streak.outcome.error
    assert (str(kept), hasattr(kept, "__notes__")) == ("down", False)
    assert streak.outcome.error is not kept


def test_the_streaks_of_twenty_thousand_failing_questions_are_bounded() -> None:
    breaker = CircuitBreaker(longest_pause=216, max_streaks=5)
    for number in range(20_000):
        breaker.record_failure(f"one GET {number}", Response(503, body=b"x" * 4096), 0, older=None, asked=None)
    kept = [number for number in range(20_000) if breaker.streak(f"one GET {number}")]
    assert kept == list(range(19_995, 20_000))


def test_streaks_whose_pause_is_over_make_room_first_and_then_the_least_recently_used() -> None:
    breaker = CircuitBreaker(longest_pause=216, max_streaks=3)
    a, b, c, d, e, f = questions("abcdef")
    fail_each(breaker, 0, a, b, outcome=Response(404))
    fail_each(breaker, 0, c, d)
    assert [key for key in (a, b, c, d) if breaker.streak(key)] == [a, b, d]
    # The pause of d, its first failure, was over at once.
    fail_each(breaker, 1, e, outcome=Response(404))
    assert [key for key in (b, a, d, e) if breaker.streak(key)] == [b, a, e]
    breaker.learn(f, FailureStreak(0.0, 1, 60.0), 1)
    assert [key for key in (a, b, e, f) if breaker.streak(key)] == [a, e, f]


@pytest.mark.parametrize("size", [4096, 4097])
@pytest.mark.parametrize("is_invalid", [False, True])
def test_a_long_body_of_a_failure_is_dropped_and_the_streak_is_not(
    breaker: CircuitBreaker, size: int, is_invalid: bool
) -> None:
    body = b"x" * size
    fail(breaker, 0, InvalidResponseError(("data", "missing"), body=body) if is_invalid else Response(503, body=body))
    outcome = _streak(breaker, "key").outcome
    kept = outcome.error if isinstance(outcome, Failure) else outcome
    assert isinstance(kept, (Response, InvalidResponseError))
    assert len(kept.body) == (size if size == 4096 else 0)


def test_an_error_of_a_user_that_cannot_be_copied_is_kept_as_it_is(breaker: CircuitBreaker) -> None:
    class UncopyableError(InvalidResponseError):
        def __deepcopy__(self, memo: object) -> UncopyableError:
            raise TypeError("no copy")

        def __copy__(self) -> UncopyableError:
            raise TypeError("no copy")

    error = UncopyableError(("", "no"), body=b"x" * 5000)
    fail(breaker, 0, error)
    assert len(error.body) == 5000
    assert _streak(breaker, "key").is_futile


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=30), st.floats(0, 1e4))
def test_no_pause_that_the_service_did_not_ask_for_passes_the_limit(steps: list[float], limit: float) -> None:
    breaker = CircuitBreaker(limit)
    now = 0.0
    for step in steps:
        now += step
        assert 0 <= fail(breaker, now) <= limit
        assert math.isfinite(now)
