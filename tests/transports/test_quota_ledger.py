"""The rule of the quota, as a pure function."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.transports.quota_ledger import Ledger, Limits, close_gate, give_back, take

LIMITS = Limits(per_minute=3, per_day=5, margin=2.0)

moments = st.floats(0, 1e6)


def test_the_windows_are_longer_than_a_minute_and_a_day_by_the_margin() -> None:
    assert (LIMITS.minute, LIMITS.day, LIMITS.pace) == (62.0, 86402.0, 62.0 / 3)


def test_a_fraction_of_the_limits_is_rounded_down_but_is_at_least_one_request() -> None:
    assert Limits(30, 500, 2.0).fraction(0.25) == Limits(7, 125, 2.0)
    assert LIMITS.fraction(0.01) == Limits(1, 1, 2.0)


def test_the_fourth_request_waits_until_the_first_leaves_the_minute() -> None:
    ledger = Ledger()
    assert [take(ledger, now, LIMITS).wait for now in (0.0, 10.0, 20.0)] == [0.0, 0.0, 0.0]
    refused = take(ledger, 30.0, LIMITS)
    assert (refused.at, refused.wait, refused.of_the_day) == (62.0, 32.0, False)
    assert take(ledger, 62.0, LIMITS).wait == 0


def test_the_sixth_request_of_a_day_waits_until_the_first_leaves_the_day() -> None:
    ledger = Ledger([0.0, 100.0, 200.0, 300.0, 400.0])
    refused = take(ledger, 500.0, LIMITS)
    assert (refused.at, refused.of_the_day) == (86402.0, True)
    assert take(ledger, 86402.0, LIMITS).wait == 0


def test_a_day_that_frees_before_the_minute_does_is_not_what_is_waited_for() -> None:
    ledger = Ledger([0.0, 86390.0, 86390.0, 86391.0, 86392.0])
    refused = take(ledger, 86401.0, LIMITS)
    assert (refused.at, refused.of_the_day) == (86390.0 + 62, False)


def test_a_closed_gate_lets_nothing_through_and_opens_at_the_pace() -> None:
    ledger = Ledger([0.0])
    close_gate(ledger, 1.0, LIMITS, seconds=100.0)
    assert take(ledger, 2.0, LIMITS).at == 101.0
    assert take(ledger, 101.0, LIMITS).wait == 0
    assert take(ledger, 101.0, LIMITS).at == pytest.approx(101.0 + LIMITS.pace)
    # A minute later the pace is over.
    ledger = Ledger([0.0], gate=100.0)
    assert [take(ledger, 162.0, LIMITS).wait for _ in range(3)] == [0, 0, 0]


def test_a_gate_is_never_opened_earlier_by_a_later_answer() -> None:
    ledger = Ledger()
    close_gate(ledger, 0.0, LIMITS, seconds=100.0)
    close_gate(ledger, 1.0, LIMITS, seconds=0.0)
    assert ledger.gate == 100.0


def test_a_place_that_is_given_back_is_free_again() -> None:
    ledger = Ledger([1.0, 2.0])
    give_back(ledger, 3.0, LIMITS, at=1.0)
    give_back(ledger, 3.0, LIMITS, at=1.5)
    assert ledger.sent == [2.0]


def test_who_comes_after_others_gets_the_place_after_theirs() -> None:
    first = take(Ledger([0.0, 10.0, 20.0]), 30.0, LIMITS)
    assert [first.after(ahead, 1.0).at for ahead in range(2)] == [62.0, 72.0]
    assert first.after(1, 1.0).wait == 72.0 - 31.0
    # The fifth and last place of the day goes to the second; the third would be the day after.
    assert first.after(2, 1.0).of_the_day


def test_a_clock_that_was_set_back_blocks_for_a_window_and_no_longer() -> None:
    ledger = Ledger([5000.0, 5010.0, 5020.0])
    ledger.bring_to(100.0, LIMITS.day)
    assert take(ledger, 100.0, LIMITS).at == 162.0


def test_what_is_older_than_a_day_is_forgotten() -> None:
    ledger = Ledger([0.0, 10.0, 20.0])
    ledger.bring_to(86412.0, LIMITS.day)
    assert ledger.sent == [20.0]


@given(st.lists(moments), moments | st.just(-math.inf))
def test_a_ledger_survives_being_written_and_read(sent: list[float], gate: float) -> None:
    ledger = Ledger(sorted(sent), gate)
    assert Ledger.decode(ledger.encode()) == ledger


def test_no_text_is_an_empty_ledger() -> None:
    assert Ledger.decode(None) == Ledger()


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"1", b"null", b"{}", b'{"gate": 1}', b'{"gate": 1, "sent": 1}', b"\xff"]
)
def test_a_text_that_is_no_ledger_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        Ledger.decode(text)


@given(
    st.lists(st.tuples(st.floats(0, 40), st.none() | st.floats(0, 100)), max_size=60),
    st.integers(1, 5),
    st.integers(1, 20),
    st.floats(0, 5),
)
def test_no_sequence_of_arrivals_passes_a_limit_a_gate_or_the_pace(
    steps: list[tuple[float, float | None]], per_minute: int, per_day: int, margin: float
) -> None:
    limits = Limits(per_minute, per_day, margin)
    ledger, now, sent, gates = Ledger(), 0.0, list[float](), list[tuple[float, float]]()
    for pause, closure in steps:
        now += pause
        ledger.bring_to(now, limits.day)
        if take(ledger, now, limits).wait <= 0:
            sent.append(now)
        if closure is not None:
            close_gate(ledger, now, limits, seconds=closure)
            gates.append((now, now + closure))
    for first, last in zip(sent, sent[per_minute:], strict=False):
        assert last - first >= 60 + margin - 1e-6
    assert len(sent) <= per_day
    for closed, opened in gates:
        assert not [at for at in sent if closed < at < opened - 1e-6]
        after = [at for at in sent if opened < at < opened + limits.minute]
        assert all(later - earlier >= limits.pace - 1e-6 for earlier, later in itertools.pairwise(after))
