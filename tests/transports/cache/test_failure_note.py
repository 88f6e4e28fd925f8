"""What processes tell each other of a failure, and what they make of notes that others wrote or spoiled."""

from __future__ import annotations

import json
import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.errors import InvalidResponseError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Response
from openrouter_rankings.transports.cache.circuit_breaker import FailureStreak
from openrouter_rankings.transports.cache.failure_note import FailureNote, decode_note, note_of
from openrouter_rankings.transports.outcome import Failure

NOTE = FailureNote("me", at=1000.0, lasting=50.0, count=3, pause=20.0, outcome=503)


class OddTimeoutError(RequestTimeoutError):
    """An error of a user's own."""


def told(outcome: Response | Failure) -> tuple[str, Response | Failure | None]:
    """What is written of a failure, and what another process makes of it."""
    text = note_of(FailureStreak(0.0, 1, 0.0, outcome), "me", "sk-key", 1000.0, 0.0).encode()
    note = decode_note(text)
    assert note is not None
    return text, note.streak(1000.0, 0.0).outcome


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (TransportError("Refused: sk-key."), TransportError, "Refused: *** (met by another process on this store)."),
        (RequestTimeoutError("No."), RequestTimeoutError, "No (met by another process on this store)."),
        (OddTimeoutError(""), RequestTimeoutError, "met by another process on this store."),
        (
            InvalidResponseError(("data", "missing"), ("", "secret"), body=b"secret"),
            InvalidResponseError,
            "The answer is not what the Data API promises: data: missing (met by another process on this store).",
        ),
    ],
)
def test_of_an_error_its_class_and_a_few_words_are_told(
    error: TransportError, kind: type[Exception], words: str
) -> None:
    text, outcome = told(Failure.of(error))
    assert "sk-key" not in text
    assert "secret" not in text
    assert isinstance(outcome, Failure)
    assert type(outcome.error) is kind
    assert str(outcome.error).startswith(words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"error": {"message": "No window sk-key.", "secret": 1}}',
            "No window *** (met by another process on this store)",
        ),
        (b'{"error": {"message": 5, "secret": 1}}', "met by another process on this store"),
        (b"secret", "met by another process on this store"),
    ],
)
def test_of_a_response_its_status_and_its_message_are_told(body: bytes, words: str) -> None:
    text, outcome = told(Response(500, {"X-Secret": "secret"}, body))
    assert "sk-key" not in text
    assert "secret" not in text
    assert isinstance(outcome, Response)
    assert (outcome.status, dict(outcome.headers)) == (500, {"Content-Type": "application/json"})
    assert json.loads(outcome.body) == {"error": {"code": 500, "message": words}}


def test_no_more_than_two_hundred_characters_are_told_and_no_part_of_the_key() -> None:
    text, outcome = told(Failure.of(TransportError("x" * 195 + "sk-key" * 1000)))
    assert "sk-" not in text
    assert isinstance(outcome, Failure)
    assert len(str(outcome.error)) < 250


def test_without_a_key_to_look_for_no_words_are_told() -> None:
    failed = Failure.of(TransportError("Refused."))
    assert note_of(FailureStreak(0.0, 1, 0.0, failed), "me", "", 1000.0, 0.0).words == ""


@pytest.mark.parametrize(("status", "is_known"), [(399, False), (400, True), (599, True), (600, False)])
def test_the_status_of_a_failure_is_that_of_an_error(status: int, is_known: bool) -> None:
    assert (decode_note(attrs.evolve(NOTE, outcome=status).encode()) is not None) is is_known


@pytest.mark.parametrize(
    ("status", "now", "asked"), [(429, 1005.5, "15"), (503, 1019.9, "1"), (429, 1020.0, None), (500, 1000.0, None)]
)
def test_a_response_that_can_say_when_to_come_back_tells_what_remains_of_the_pause(
    status: int, now: float, asked: str | None
) -> None:
    streak = FailureNote("me", 1000.0, 0.0, 1, 20.0, status).streak(now, 0.0)
    assert isinstance(streak.outcome, Response)
    assert streak.outcome.headers.get("Retry-After") == asked
    assert streak.asked_until == (None if asked is None else pytest.approx(1020.0 - now))


def test_the_streak_of_another_process_has_its_times_on_this_machines_clock() -> None:
    streak = NOTE.streak(now=1010.0, monotonic=7.0)
    assert (streak.since, streak.retry_at, streak.count) == (-3.0 - 50.0, -3.0 + 20.0, 3)
    again = note_of(streak, "other", "", 1010.0, 7.0)
    assert (again.lasting, again.pause, again.count, again.outcome) == (60.0, 10.0, 3, 503)


@pytest.mark.parametrize(
    ("by", "waiting_since", "now", "is_answer"),
    [
        ("other", math.inf, 1000.0, True),
        ("other", math.inf, 1019.9, True),
        ("other", math.inf, 1020.0, False),
        ("other", math.inf, 999.0, False),
        ("me", 999.0, 1020.0, True),
        ("me", 1000.0, 1020.0, True),
        ("me", 1000.1, 1020.0, False),
        ("other", 999.0, 1020.0, False),
        ("me", 900.0, 999.0, False),
    ],
)
def test_a_failure_is_the_answer_during_its_pause_and_for_those_who_waited_for_the_same(
    by: str, waiting_since: float, now: float, is_answer: bool
) -> None:
    assert NOTE.answers(by, math.inf, waiting_since, now) is is_answer


@pytest.mark.parametrize(
    ("outcome", "patience", "is_answer"),
    [
        ("RequestTimeoutError", 2.0, True),
        ("RequestTimeoutError", 10.0, True),
        ("RequestTimeoutError", 12.5, True),
        ("RequestTimeoutError", 12.6, False),
        ("RequestTimeoutError", math.inf, False),
        ("TransportError", math.inf, True),
        (503, math.inf, True),
    ],
)
def test_that_it_took_too_long_is_no_answer_for_one_who_would_wait_longer(
    outcome: int | str, patience: float, is_answer: bool
) -> None:
    note = attrs.evolve(NOTE, outcome=outcome, patience=10.0)
    assert note.answers("me", patience, 1000.0, 1000.0) is is_answer
    assert note.streak(1000.0, 0.0).answers(patience) is is_answer


numbers = st.floats() | st.integers(-(10**400), 10**400) | st.none() | st.text(max_size=3)


@given(
    st.text(max_size=50)
    | st.tuples(
        st.text(), *[numbers] * 4, numbers | st.sampled_from(["TransportError"]), numbers, st.text(), st.text()
    ).map(json.dumps)
)
def test_of_any_text_a_usable_note_or_none_is_read(text: str) -> None:
    note = decode_note(text)
    if note is not None:
        streak = note.streak(1000.0, 5.0)
        assert streak.since <= 5.0
        assert streak.retry_at <= 5.0 + 32 * 86400
        assert isinstance(streak.outcome, (Response, Failure))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 10**5,
        '["me", 1, 1, 1, 1, 503, 0, ""]',
        '["me", 1, 1, 1, 1, 503, 0, "", "", ""]',
    ],
)
def test_what_is_no_note_counts_as_none(text: str) -> None:
    assert decode_note(text) is None


@pytest.mark.parametrize(
    ("field", "literal"),
    [
        ("at", "NaN"),
        ("at", "Infinity"),
        ("at", "-Infinity"),
        ("lasting", "-1"),
        ("lasting", "NaN"),
        ("lasting", "Infinity"),
        ("count", "NaN"),
        ("count", "Infinity"),
        ("pause", "-1"),
        ("pause", "1e9"),
        ("pause", "NaN"),
        ("pause", "Infinity"),
        ("outcome", "200"),
        ("outcome", "true"),
        ("outcome", "503.0"),
        ("outcome", '"KeyError"'),
        ("outcome", "null"),
        ("patience", "-1"),
        ("patience", "NaN"),
    ],
)
def test_a_note_with_a_spoiled_value_counts_as_none(field: str, literal: str) -> None:
    values = {name: json.dumps(value) for name, value in attrs.asdict(NOTE).items()}
    assert decode_note(f"[{', '.join(values.values())}]") == NOTE
    assert decode_note(f"[{', '.join((values | {field: literal}).values())}]") is None


def test_a_note_survives_being_written_and_read() -> None:
    assert decode_note(NOTE.encode()) == NOTE
