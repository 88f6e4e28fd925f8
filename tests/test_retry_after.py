"""How long a service asks to wait, read without trusting it."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrouter_rankings.messages import Response
from openrouter_rankings.retry_after import requested_wait

INSTANT = datetime(2026, 6, 18, 12, 0, 0, tzinfo=UTC)
NOW = INSTANT.timestamp()
MONTH = 31 * 86400


def asks(retry_after: str, status: int = 429) -> float | None:
    return requested_wait(Response(status, {"Retry-After": retry_after}), NOW)


def resets(reset: str, fields: Mapping[str, str] | None = None, status: int = 429) -> float | None:
    return requested_wait(Response(status, {"X-RateLimit-Reset": reset, **(fields or {})}), NOW)


def in_body(headers: Any) -> bytes:
    return json.dumps({"error": {"code": 429, "message": "m", "metadata": {"headers": headers}}}).encode()


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("0", 0.0),
        ("1", 1.0),
        ("30", 30.0),
        (" 30 ", 30.0),
        ("+30", 30.0),
        ("030", 30.0),
        ("2.5", 2.5),
        ("2.", 2.0),
        ("-1", 0.0),
        ("-0", 0.0),
        ("-0000", 0.0),
        ("-99999", 0.0),
        (str(MONTH), float(MONTH)),
    ],
)
def test_a_delay_in_seconds_is_that_wait(text: str, wait: float) -> None:
    assert asks(text) == wait
    assert math.copysign(1.0, asks(text) or 0.0) == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "inf",
        "-inf",
        "Infinity",
        "nan",
        "1e3",
        "1_000",
        "0x10",
        "30s",
        "30 seconds",
        "5 min",
        "1:30",
        "--1",
        ".",
        "-",
        "\u0661\u0662",
        "\uff13\uff10",
        str(MONTH + 1),
        "1750000000",
        "1750000000000",
        "9" * 400,
        "0." + "0" * 400 + "1",
        "Jan",
        "2026-06-18T12:00:30Z",
        "Thu, 18 Jun 2026 25:00:00 GMT",
        "Thu, 31 Feb 2026 12:00:00 GMT",
        "Thu, 18 Jun 99999999999 12:00:00 GMT",
        "Thu, 18 Jun 2026 12:00:00 +99999999999999",
        "Thu, 18 Jun 2027 12:00:00 GMT",
        "\x00",
        "\ud800",
    ],
)
def test_what_cannot_be_read_or_is_absurd_counts_as_not_said(text: str) -> None:
    assert asks(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Thu, 18 Jun 2026 12:00:30 GMT",
        "Thursday, 18-Jun-26 12:00:30 GMT",
        "Thu Jun 18 12:00:30 2026",
        "Thu, 18 Jun 2026 12:00:30 -0000",
        "Thu, 18 Jun 2026 12:00:30 +0000",
        "Thu, 18 Jun 2026 14:00:30 +0200",
        "Thu, 18 Jun 2026 12:00:30 UTC",
        "Thu, 18 Jun 2026 12:00:30",
    ],
)
def test_an_http_date_is_the_wait_until_then(text: str) -> None:
    assert asks(text) == 30.0


@pytest.fixture
def machine_in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.skipif(sys.platform == "win32", reason="the zone of the process cannot be set there")
@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_a_date_is_utc_wherever_the_machine_is(machine_in_tokyo: None, zone: str) -> None:
    assert asks(f"Thu, 18 Jun 2026 12:00:30 {zone}") == 30.0
    assert asks("Thu Jun 18 12:00:30 2026") == 30.0


@pytest.mark.parametrize(
    "text",
    ["Thu, 18 Jun 2026 11:59:59 GMT", "Thu Jan  1 00:00:00 1970", "Monday, 01-Jan-01 00:00:00 GMT",
     "Mon, 01 Jan 0001 00:00:00 +1400"],
)  # fmt: skip
def test_a_date_that_has_passed_is_a_wait_of_nothing(text: str) -> None:
    assert asks(text) == 0.0


@pytest.mark.parametrize("status", [200, 301, 429, 500, 503])
def test_a_retry_after_counts_with_any_status(status: int) -> None:
    assert asks("30", status) == 30.0


def test_an_answer_that_says_nothing_asks_for_no_wait() -> None:
    assert requested_wait(Response(429), NOW) is None


@pytest.mark.parametrize("status", [200, 400, 500, 502, 503])
def test_a_reset_counts_on_a_429_only(status: int) -> None:
    body = in_body({"X-RateLimit-Reset": str(int(NOW) + 30)})
    assert resets(str(int(NOW) + 30), status=status) is None
    assert requested_wait(Response(status, {}, body), NOW) is None
    assert requested_wait(Response(429, {}, body), NOW) == 30.0


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        (f"{NOW + 30:.0f}", 30.0),
        (f"{NOW + 30:.1f}", 30.0),
        (f"{(NOW + 30) * 1000:.0f}", 30.0),
        (f"{NOW * 1000 + 1500:.0f}", 1.5),
        (f" {NOW + 30:.0f} ", 30.0),
        (f"{NOW - 30:.0f}", 0.0),
        (f"{(NOW - 30) * 1000:.0f}", 0.0),
        ("1000000000", 0.0),
        (f"{NOW + MONTH:.0f}", float(MONTH)),
    ],
)
def test_a_reset_is_an_instant_in_epoch_seconds_or_milliseconds(text: str, wait: float) -> None:
    assert resets(text) == pytest.approx(wait)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "inf",
        "nan",
        "0",
        "30",
        "60000",
        "-1",
        "999999999",
        "99999999999",
        "100000000000000",
        f"{NOW + MONTH + 1:.0f}",
        f"{(NOW + 30) * 1e6:.0f}",
        "Thu, 18 Jun 2026 12:00:30 GMT",
    ],
)
def test_a_reset_that_is_no_sensible_instant_counts_as_not_said(text: str) -> None:
    assert resets(text) is None


def test_the_retry_after_comes_before_the_reset() -> None:
    reset = f"{NOW + 30:.0f}"
    assert resets(reset, {"Retry-After": "5"}) == 5.0
    assert resets(reset, {"Retry-After": "0"}) == 0.0
    assert resets(reset, {"Retry-After": "garbage"}) == 30.0


@pytest.mark.parametrize("value", ["30", 30, 30.0, " 30"])
def test_the_body_may_hold_the_fields_as_text_or_number_in_any_case(value: object) -> None:
    for name in ("Retry-After", "retry-after"):
        assert requested_wait(Response(429, {}, in_body({name: value})), NOW) == 30.0
    epoch = NOW + 30
    for reset in (epoch, int(epoch), str(int(epoch)), epoch * 1000, int(epoch * 1000)):
        assert requested_wait(Response(429, {}, in_body({"X-RATELIMIT-RESET": reset})), NOW) == 30.0


def test_the_header_fields_come_before_those_in_the_body() -> None:
    body = in_body({"Retry-After": "7", "X-RateLimit-Reset": NOW + 70})
    assert requested_wait(Response(429, {"Retry-After": "5"}, body), NOW) == 5.0
    assert requested_wait(Response(429, {"Retry-After": "garbage"}, body), NOW) == 7.0
    body = in_body({"X-RateLimit-Reset": NOW + 70})
    assert resets(f"{NOW + 50:.0f}") == 50.0
    assert requested_wait(Response(429, {"X-RateLimit-Reset": f"{NOW + 50:.0f}"}, body), NOW) == 50.0
    assert requested_wait(Response(429, {"X-RateLimit-Reset": "garbage"}, body), NOW) == 70.0


def test_a_retry_after_in_the_body_comes_before_a_reset_in_the_header() -> None:
    response = Response(429, {"X-RateLimit-Reset": f"{NOW + 50:.0f}"}, in_body({"Retry-After": "7"}))
    assert requested_wait(response, NOW) == 7.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"error": null}',
        b'{"error": {}}',
        b'{"error": {"metadata": null}}',
        b'{"error": {"metadata": []}}',
        b'{"error": {"metadata": {}}}',
        b'{"error": {"metadata": {"headers": null}}}',
        b'{"error": {"metadata": {"headers": ["Retry-After", "5"]}}}',
        in_body({"Retry-After": None}),
        in_body({"Retry-After": True}),
        in_body({"Retry-After": ["5"]}),
        in_body({"Retry-After": {"5": 5}}),
        in_body({"Retry-After": math.nan}),
        in_body({"Retry-After": math.inf}),
        in_body({"X-RateLimit-Reset": 1e300}),
    ],
)
def test_a_body_of_any_other_shape_says_nothing(body: bytes) -> None:
    assert requested_wait(Response(429, {}, body), NOW) is None


def test_instants_are_measured_against_the_date_of_the_answer() -> None:
    fields = {"Date": "Thu, 18 Jun 2020 12:00:00 GMT"}
    late = {"Retry-After": "Thu, 18 Jun 2020 12:00:30 GMT"}
    assert requested_wait(Response(503, fields | late), NOW) == 30.0
    reset = str(int(datetime(2020, 6, 18, 12, 1, tzinfo=UTC).timestamp()))
    assert resets(reset, fields) == 60.0
    assert requested_wait(Response(429, fields, in_body({"x-ratelimit-reset": reset})), NOW) == 60.0


def test_a_delay_does_not_depend_on_the_date_of_the_answer() -> None:
    fields = {"Date": "Thu, 18 Jun 2020 12:00:00 GMT", "Retry-After": "30"}
    assert requested_wait(Response(503, fields), NOW) == 30.0


@pytest.mark.parametrize("date", ["", "garbage", "12"])
def test_without_a_readable_date_instants_are_measured_against_this_machine(date: str) -> None:
    fields = {"Date": date, "Retry-After": "Thu, 18 Jun 2026 12:00:30 GMT"}
    assert requested_wait(Response(503, fields), NOW) == 30.0


@given(st.integers(-MONTH, MONTH), st.sampled_from([0, 1, -5, 12]))
def test_any_date_in_reach_is_read_to_the_second(seconds: int, zone: int) -> None:
    instant = (INSTANT + timedelta(seconds=seconds)).astimezone(timezone(timedelta(hours=zone)))
    assert asks(format_datetime(instant)) == max(0.0, seconds)


@given(st.floats(0, MONTH), st.sampled_from([1, 1000]))
def test_any_reset_in_reach_is_read(seconds: float, unit: int) -> None:
    assert resets(f"{(NOW + seconds) * unit:.3f}") == pytest.approx(seconds, abs=0.002)


# Near what a parser of numbers or dates reads, where its faults are.
fragments = st.sampled_from(
    [*"0159 -+.,:;/()eE", "Thu,", "Thu", "18", "Jun", "-Jun-", "2026", "26", "9999", "12:00:00", "12.00", "GMT", "EST",
     "-0000", "+99999", "inf", "nan", "\u0661", "\ud800", "\x00"]
)  # fmt: skip
texts = st.text() | st.lists(fragments, max_size=10).map("".join) | st.lists(fragments, max_size=8).map(" ".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
field_names = st.sampled_from(["Retry-After", "X-RateLimit-Reset", "retry-after", "Date"])
bodies = (
    st.binary()
    | st.dictionaries(field_names, json_values).map(in_body)
    | json_values.map(lambda value: json.dumps({"error": {"metadata": value}}).encode())
    | json_values.map(in_body)
)


@settings(deadline=None)
@given(st.sampled_from([200, 429, 500, 503]), st.lists(st.tuples(field_names, texts)), bodies, st.floats(0, 4e9))
def test_any_answer_asks_for_a_finite_wait_that_is_not_negative_or_for_none(
    status: int, fields: list[tuple[str, str]], body: bytes, now: float
) -> None:
    wait = requested_wait(Response(status, fields, body), now)
    assert wait is None or 0 <= wait <= MONTH


@pytest.mark.parametrize(("text", "wait"), [("120, 30", 120.0), ("1,2", 2.0), ("30, soon", None)])
def test_a_field_sent_twice_asks_for_the_longer_wait(text: str, wait: float | None) -> None:
    assert requested_wait(Response(429, {"Retry-After": text}), 0.0) == wait
