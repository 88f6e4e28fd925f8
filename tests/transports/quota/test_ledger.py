"""The rule of the quota, as pure functions, and what is left of a damaged ledger."""

from __future__ import annotations

import itertools
import json
import math
import struct
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.transports.quota.ledger import Ledger, Limits, acquire, block, release

LIMITS = Limits(per_minute=3, per_day=5, margin=2.0)

moments = st.floats(0, 1e6)


def brought_to(ledger: Ledger, now: float) -> Ledger:
    ledger.bring_to(now, LIMITS)
    return ledger


def blocked(at: float, until: float) -> Ledger:
    return Ledger([], at, until)


def test_the_windows_are_longer_than_a_minute_and_a_day_by_the_margin() -> None:
    assert (LIMITS.minute, LIMITS.day, LIMITS.interval) == (62.0, 86402.0, 62.0 / 3)


def test_a_fraction_of_the_limits_is_rounded_down_but_is_at_least_one_request() -> None:
    assert Limits(30, 500, 2.0).fraction(0.25) == Limits(7, 125, 2.0)
    assert LIMITS.fraction(0.01) == Limits(1, 1, 2.0)


def test_the_fourth_request_waits_until_the_first_leaves_the_minute() -> None:
    ledger = Ledger()
    assert [acquire(ledger, now, LIMITS).wait for now in (0.0, 10.0, 20.0)] == [0.0, 0.0, 0.0]
    refused = acquire(ledger, 30.0, LIMITS)
    assert (refused.at, refused.wait, refused.of_the_day) == (62.0, 32.0, False)
    assert acquire(ledger, 62.0, LIMITS).wait == 0


def test_the_sixth_request_of_a_day_waits_until_the_first_leaves_the_day() -> None:
    ledger = Ledger([0.0, 100.0, 200.0, 300.0, 400.0])
    refused = acquire(ledger, 500.0, LIMITS)
    assert (refused.at, refused.of_the_day) == (86402.0, True)
    assert acquire(ledger, 86402.0, LIMITS).wait == 0


def test_a_day_that_frees_before_the_minute_does_is_not_what_is_waited_for() -> None:
    ledger = Ledger([0.0, 86390.0, 86390.0, 86391.0, 86392.0])
    refused = acquire(ledger, 86401.0, LIMITS)
    assert (refused.at, refused.of_the_day) == (86390.0 + 62, False)


def test_nothing_is_sent_while_blocked_and_then_at_the_minimum_interval() -> None:
    ledger = Ledger([0.0])
    block(ledger, 1.0, LIMITS, seconds=100.0)
    assert acquire(ledger, 2.0, LIMITS).at == 101.0
    assert acquire(ledger, 101.0, LIMITS).wait == 0
    assert acquire(ledger, 101.0, LIMITS).at == pytest.approx(101.0 + LIMITS.interval)
    # A minute later the interval no longer matters.
    ledger = Ledger([0.0], 50.0, 100.0)
    assert [acquire(ledger, 162.0, LIMITS).wait for _ in range(3)] == [0, 0, 0]


def test_a_pause_is_never_shortened_by_a_later_answer() -> None:
    ledger = Ledger()
    block(ledger, 0.0, LIMITS, seconds=100.0)
    block(ledger, 1.0, LIMITS, seconds=0.0)
    assert (ledger.blocked_at, ledger.blocked_until) == (0.0, 100.0)
    block(ledger, 2.0, LIMITS, seconds=200.0)
    assert (ledger.blocked_at, ledger.blocked_until) == (2.0, 202.0)


def test_a_slot_that_is_released_is_free_again_and_one_that_was_not_acquired_frees_nothing() -> None:
    ledger = Ledger()
    slots = [acquire(ledger, now, LIMITS) for now in (1.0, 2.0, 3.0, 63.0, 64.0)]
    assert [slot.wait > 0 for slot in slots] == [False, False, False, False, False]
    refused = acquire(ledger, 64.0, LIMITS)
    release(ledger, refused)
    release(ledger, slots[1])
    release(ledger, slots[1])
    assert list(ledger.sent) == [1.0, 3.0, 63.0, 64.0]


def test_requests_that_a_clock_has_left_in_the_future_count_as_sent_now() -> None:
    ledger = brought_to(Ledger([5000.0, 5010.0, 5020.0]), 100.0)
    assert acquire(ledger, 100.0, LIMITS).at == 162.0


def test_a_clock_that_was_set_back_in_part_moves_only_what_is_in_the_future() -> None:
    assert list(brought_to(Ledger([10.0, 20.0, 30.0]), 25.0).sent) == [10.0, 20.0, 25.0]


@pytest.mark.parametrize(
    ("now", "at", "until"),
    [
        # In the middle of a pause from 1000 to 1100, by more than it has lasted, or by less.
        (900.0, 900.0, 1000.0),
        (-1e9, -1e9, -1e9 + 100),
        (1000.0, 1000.0, 1100.0),
        (1010.0, 1000.0, 1100.0),
        (2000.0, 1000.0, 1100.0),
    ],
)
def test_a_pause_never_lasts_longer_from_now_than_the_service_asked(now: float, at: float, until: float) -> None:
    ledger = brought_to(blocked(1000.0, 1100.0), now)
    assert (ledger.blocked_at, ledger.blocked_until) == (at, until)


@given(st.floats(-1e9, 1e9), st.floats(0, 31 * 86400), st.lists(st.floats(-1e9, 1e9), max_size=10))
def test_whatever_the_clock_does_a_pause_ends_after_its_length(
    start: float, seconds: float, jumps: list[float]
) -> None:
    ledger = Ledger()
    block(ledger, start, LIMITS, seconds=seconds)
    for now in jumps:
        ledger.bring_to(now, LIMITS)
        assert acquire(ledger, now, Limits(1000, 1000, 0)).wait <= seconds + 1e-3
        del ledger.sent[:]


def test_of_the_instants_to_be_moved_only_those_in_the_ledger_are_and_each_once() -> None:
    ledger = Ledger([1.0, 2.0, 2.0, 3.0, 9.0])
    ledger.move([2.0, 3.0, 4.0], 5.0)
    assert list(ledger.sent) == [1.0, 2.0, 7.0, 8.0, 9.0]


def test_what_is_older_than_a_day_with_the_largest_margin_is_forgotten() -> None:
    assert list(brought_to(Ledger([0.0, 10.0, 20.0]), 90010.0).sent) == [20.0]


def test_a_ledger_that_others_have_filled_is_cut_to_what_can_matter() -> None:
    sent = [float(number) / 1000 for number in range(200_000)]
    assert list(brought_to(Ledger(list(sent)), 200.0).sent) == sent[-100_000:]
    ledger = Ledger(list(sent))
    ledger.bring_to(200.0, Limits(30, 150_000, 2.0))
    assert list(ledger.sent) == sent[-150_000:]


def test_a_ledger_matters_until_its_last_request_and_its_pause_do_not() -> None:
    assert Ledger().matters_for(10.0, LIMITS) == 0
    assert Ledger([5.0]).matters_for(10.0, LIMITS) == 90000 - 5
    assert blocked(0.0, 100.0).matters_for(10.0, LIMITS) == 90 + 62
    assert blocked(0.0, 1e6).matters_for(10.0, LIMITS) == 1e6 - 10 + 62
    assert blocked(0.0, 5.0).matters_for(100.0, LIMITS) == 0


@given(st.lists(moments), st.none() | st.tuples(moments, st.floats(0, 31 * 86400)))
def test_a_ledger_survives_being_written_and_read(sent: list[float], pause: tuple[float, float] | None) -> None:
    ledger = Ledger(sorted(sent))
    if pause:
        ledger.add_pause(pause[0], sum(pause))
    assert Ledger.decode(ledger.encode()) == ledger


def test_a_ledger_is_written_in_the_same_way_on_every_machine() -> None:
    value = Ledger([1.0, 2.0], 3.0, 4.0, 5, 6).encode()
    assert value == b"ledger 2" + struct.pack("<2Q4d", 5, 6, 3.0, 4.0, 1.0, 2.0)


def test_where_numbers_are_kept_the_other_way_round_instants_are_turned_for_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = Ledger([1.0, 2.0], 3.0, 4.0, 5, 6)
    turned = ">2d" if sys.byteorder == "little" else "<2d"
    monkeypatch.setattr(sys, "byteorder", "big")
    value = ledger.encode()
    assert value.endswith(struct.pack(turned, 1.0, 2.0))
    assert Ledger.decode(value) == ledger


@pytest.mark.parametrize("revision", [0, 5, 2**64 - 1])
def test_a_ledger_that_differs_from_what_is_stored_gets_a_new_revision(revision: int) -> None:
    ledger = Ledger([1.0], identity=7, revision=revision)
    value = ledger.encode()
    assert ledger.encode_after(value) == value
    ledger.add_sent([2.0])
    changed = Ledger.decode(ledger.encode_after(value))
    assert (list(changed.sent), changed.identity, changed.revision) == ([1.0, 2.0], 7, (revision + 1) % 2**64)


def encoded(*numbers: float) -> bytes:
    return b"ledger 2" + bytes(16) + struct.pack(f"<{len(numbers)}d", *numbers)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"ledger 2",
        b"ledger 2" + bytes(24),
        b"ledger 1" + bytes(32),
        encoded(0, 1)[:-1],
        encoded(0, 1) + b"x",
        encoded(0, 1, math.nan),
        encoded(0, 1, 1, math.inf),
        encoded(0, 1, -math.inf, 1),
        encoded(0, 1, 2, 1),
        encoded(math.nan, 1),
        encoded(0, math.nan),
        encoded(0, math.inf),
        encoded(-math.inf, 1),
        encoded(2, 1),
        encoded(0, 33 * 86400),
        json.dumps({"gate": None, "sent": [1.0, 2.0]}).encode(),
        json.dumps([True, 10**400]).encode(),
        b"null",
    ],
)
def test_a_damaged_ledger_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="It is not a ledger|It is a damaged ledger"):
        Ledger.decode(value)


@given(st.binary(max_size=200) | st.lists(st.floats(), min_size=2, max_size=20).map(lambda n: encoded(*n)))
def test_of_any_bytes_a_usable_ledger_or_none_is_read(value: bytes) -> None:
    try:
        ledger = Ledger.decode(value)
    except ValueError:
        return
    ledger.bring_to(100.0, LIMITS)
    slot = acquire(ledger, 100.0, LIMITS)
    assert 0 <= slot.wait <= 33 * 86400
    assert Ledger.decode(ledger.encode()) == ledger


def test_a_megabyte_of_requests_is_read_in_no_time() -> None:
    ledger = Ledger([float(number) for number in range(131_072)])
    begun = time.process_time()
    Ledger.decode(ledger.encode()).bring_to(131_072.0, LIMITS)
    # It takes some milliseconds.
    assert time.process_time() - begun < 2


@given(
    st.lists(st.tuples(st.floats(0, 40), st.none() | st.floats(0, 100)), max_size=60),
    st.integers(1, 5),
    st.integers(1, 20),
    st.floats(0, 5),
)
def test_no_sequence_of_arrivals_passes_a_limit_a_pause_or_the_interval(
    steps: list[tuple[float, float | None]], per_minute: int, per_day: int, margin: float
) -> None:
    limits = Limits(per_minute, per_day, margin)
    ledger, now, sent, pauses = Ledger(), 0.0, list[float](), list[tuple[float, float]]()
    for gap, pause in steps:
        now += gap
        ledger.bring_to(now, limits)
        if acquire(ledger, now, limits).wait <= 0:
            sent.append(now)
        if pause is not None:
            block(ledger, now, limits, seconds=pause)
            pauses.append((now, now + pause))
    for first, last in zip(sent, sent[per_minute:], strict=False):
        assert last - first >= 60 + margin - 1e-6
    assert len(sent) <= per_day
    for start, end in pauses:
        assert not [at for at in sent if start < at < end - 1e-6]
        after = [at for at in sent if end < at < end + limits.minute]
        assert all(later - earlier >= limits.interval - 1e-6 for earlier, later in itertools.pairwise(after))
