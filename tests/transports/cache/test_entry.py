"""Cache entries: what is kept of a response, and what a store gives back of it."""

from __future__ import annotations

import math
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.transports.cache.entry import (
    CacheEntry,
    Times,
    decode_entry,
    encode_entry,
    freshen,
    kept_headers,
    received_at,
    varies_of,
)
from openrouter_rankings.transports.cache.freshness import Freshness

# RFC 9111, 3.1 and RFC 9110, 7.6.1, apart from the fields that Connection names; and cookies.
OF_THE_CONNECTION = [
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
]


def freshness_of(_: Headers, received_at: float) -> Freshness:
    return Freshness(received_at)


def decoded(head: bytes, clock: FakeClock | None = None) -> CacheEntry:
    return decode_entry("key", head + b"\nbody", clock or FakeClock(), freshness_of)


@pytest.mark.parametrize("field", OF_THE_CONNECTION)
def test_no_field_of_the_connection_is_kept(field: str) -> None:
    assert kept_headers(Headers({field.lower(): "x", field.upper(): "x", "X-Kept": "1"})) == {"X-Kept": "1"}


def test_the_fields_that_connection_names_are_not_kept() -> None:
    headers = {"Connection": "close,  X-Hop ,x-other", "X-HOP": "1", "X-Other": "1", "X": "1", "Close": "1"}
    assert kept_headers(Headers(headers)) == {"X": "1"}


@pytest.mark.parametrize(
    "times",
    [
        b'"received_at": NaN, "initial_age": 0',
        b'"received_at": 0, "initial_age": NaN',
        b'"received_at": Infinity, "initial_age": 0',
        b'"received_at": -Infinity, "initial_age": 0',
        b'"received_at": 1, "initial_age": Infinity',
        b'"received_at": 1e999, "initial_age": 0',
    ],
)
def test_a_record_without_finite_times_is_no_entry(times: bytes) -> None:
    with pytest.raises(ValueError, match="no times"):
        decoded(b'{"headers": {}, "varies": [], ' + times + b"}")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"5",
        b'{"headers": 5, "varies": [], "received_at": 0, "initial_age": 0}',
        b'{"headers": {}, "varies": 5, "received_at": 0, "initial_age": 0}',
        b'{"headers": {}, "varies": [["a"]], "received_at": 0, "initial_age": 0}',
        b'{"headers": {}, "varies": [], "received_at": "x", "initial_age": 0}',
        b'{"headers": {}, "varies": [], "received_at": null, "initial_age": 0}',
        b'{"headers": {}, "varies": [], "received_at": ' + b"1" * 400 + b', "initial_age": 0}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_record_of_another_shape_is_no_entry(head: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decoded(head)


fields = st.dictionaries(st.from_regex(r"[A-Za-z-]{1,9}", fullmatch=True), st.text(max_size=9), max_size=4)


@given(fields, st.binary(max_size=50), st.floats(0, 1e6), st.floats(0, 1e10))
def test_an_entry_comes_back_as_it_was_and_ages_on(
    headers: dict[str, str], body: bytes, age: float, elapsed: float
) -> None:
    clock = FakeClock()
    asked = Request("GET", "https://service.invalid/", {"Accept": "x"})
    response = Response(200, headers | {"Vary": "Accept, X-Absent"}, body)
    times = Times(Freshness(60), clock.time(), age, clock.monotonic())
    entry = CacheEntry("key", response, times, varies_of(asked, response))
    clock.advance(elapsed)
    again = decode_entry("key", encode_entry(entry), clock, freshness_of)
    assert (again.response.status, again.response.headers, again.response.body) == (200, response.headers, body)
    assert again.varies == entry.varies
    assert again.matches(asked)
    assert again.times.age(clock) == pytest.approx(age + elapsed, abs=0.001)
    assert again.times.freshness == Freshness(times.received_at)
    clock._start -= 5 + elapsed
    assert again.times.age(clock) == pytest.approx(age + elapsed, abs=0.001)


def test_an_entry_from_a_clock_that_was_ahead_is_not_younger_than_it_came() -> None:
    clock = FakeClock()
    entry = decoded(
        f'{{"headers": {{}}, "varies": [], "received_at": {clock.time() + 250}, "initial_age": 7}}'.encode(), clock
    )
    assert entry.times.age(clock) == 7
    clock.advance(10)
    assert entry.times.age(clock) == 17


def test_neither_the_values_that_a_response_varies_with_nor_their_plain_hashes_are_kept() -> None:
    asked = Request("GET", "https://service.invalid/", {"Accept": "secret"})
    ((_, digest),) = varies_of(asked, Response(200, {"Vary": "Accept"}))
    assert digest not in {"secret", blake2b(b"secret", digest_size=16).hexdigest()}
    assert varies_of(Request("GET", asked.url), Response(200, {"Vary": "Accept"})) == (("accept", ""),)


@pytest.mark.parametrize(
    "record", [b"", b"[]", b"{}", b'{"received_at": null}', b'{"received_at": 1' + b"0" * 400 + b"}"]
)
def test_what_is_no_record_has_no_time(record: bytes) -> None:
    assert math.isnan(received_at(record))


def test_a_304_with_an_etag_that_the_stored_response_lacks_is_about_that_response() -> None:
    stored = decoded(b'{"headers": {"Last-Modified": "x"}, "varies": [], "received_at": 0, "initial_age": 0}')
    freshened = freshen(stored, Headers({"ETag": '"a"'}))
    assert freshened is not None
    assert freshened.headers == {"Last-Modified": "x", "ETag": '"a"'}
