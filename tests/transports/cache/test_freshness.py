"""The arithmetic of RFC 9111 and RFC 5861: how long an answer may be used."""

from __future__ import annotations

import math
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.messages import Headers, Response
from openrouter_rankings.transports.cache.freshness import (
    NO_DIRECTIVES,
    Freshness,
    RequestDirectives,
    Use,
    freshness_of,
    initial_age,
    is_storable,
    is_usable_on_error,
    request_cache_control,
    request_directives,
    use_of,
    varying_fields,
)

NOW = 1_767_225_600.0
SERVICE = "private, max-age=60, stale-while-revalidate=300"

spans = st.floats(0, 1e7)
freshnesses = st.builds(Freshness, spans, spans, spans, st.booleans())
directives = st.builds(
    RequestDirectives,
    no_cache=st.booleans(),
    only_if_cached=st.booleans(),
    max_age=st.none() | spans,
    min_fresh=st.just(0.0) | spans,
    max_stale=spans | st.just(math.inf),
)


def freshness(
    headers: dict[str, str],
    *,
    max_age: float | None = None,
    stale_while_revalidate: float | None = None,
    stale_if_error: float | None = None,
) -> Freshness:
    return freshness_of(
        Headers(headers),
        received_at=NOW,
        default_max_age=300,
        max_age=max_age,
        stale_while_revalidate=stale_while_revalidate,
        stale_if_error=stale_if_error,
    )


def lifetime(cache_control: str, **fields: str) -> float:
    return freshness({"Cache-Control": cache_control} | fields).lifetime


def age_at_arrival(headers: dict[str, str], delay: float = 0.0, timeout: float | None = 30.0) -> float:
    return initial_age(Headers(headers), requested_at=NOW - delay, received_at=NOW, timeout=timeout)


def json_answer(status: int = 200, **fields: str) -> Response:
    return Response(status, {"Content-Type": "application/json"} | {n.replace("_", "-"): v for n, v in fields.items()})


# ---- lifetime


def test_the_services_own_fields_are_read() -> None:
    assert freshness({"Cache-Control": SERVICE}) == Freshness(60, 300, 0, must_revalidate=False)


def test_stale_if_error_of_the_service_counts_where_the_policy_has_none() -> None:
    assert freshness({"Cache-Control": "max-age=1, stale-if-error=7"}).stale_if_error == 7
    assert freshness({"Cache-Control": "max-age=1, stale-if-error=7"}, stale_if_error=9).stale_if_error == 9


def test_a_policys_numbers_replace_the_services() -> None:
    replaced = freshness({"Cache-Control": SERVICE}, max_age=600, stale_while_revalidate=0, stale_if_error=5)
    assert replaced == Freshness(600, 0, 5)


def test_max_age_goes_before_expires() -> None:
    fields = {"Date": formatdate(NOW, usegmt=True), "Expires": formatdate(NOW + 900, usegmt=True)}
    assert lifetime("max-age=60", **fields) == 60
    assert lifetime("private", **fields) == 900


@pytest.mark.parametrize(
    "expires",
    [
        "0",
        "-1",
        "soon",
        "",
        formatdate(NOW - 60, usegmt=True),
        "Thu, 18 Aug 2050 02:01:18 AEST",
        "Thu, 18 Aug 2050 02:01:18 +0000",
        "Thu, 18 Aug 2050 02:01:18",
        "Thu, 18 Aug 50 02:01:18 GMT",
        "Thu 18 Aug 2050 02:01:18 GMT",
        "Thu, 18 Aug 2050 2:01:18 GMT",
        "Thu, 18  Aug  2050 02:01:18 GMT",
        "Thu, 18-Aug-2050 02:01:18 GMT",
        "Thu, 18 Aug 2050 02.01.18 GMT",
        "thu, 18 aug 2050 02:01:18 gmt",
        "Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:19 GMT",
        "Thu, 31 Feb 2050 02:01:18 GMT",
    ],
)
def test_an_expires_that_is_past_or_invalid_means_stale_immediately(expires: str) -> None:
    assert freshness({"Date": formatdate(NOW, usegmt=True), "Expires": expires}).lifetime == 0


@pytest.mark.parametrize(
    "expires", ["Thu, 01 Jan 2026 00:15:00 GMT", "Thursday, 01-Jan-26 00:15:00 GMT", "Thu Jan  1 00:15:00 2026"]
)
def test_expires_counts_in_each_of_the_three_forms_of_a_date(expires: str) -> None:
    assert freshness({"Date": formatdate(NOW, usegmt=True), "Expires": expires}).lifetime == 900


def test_expires_is_measured_from_the_date_of_the_answer_whatever_the_clock_of_this_machine() -> None:
    fields = {"Date": formatdate(NOW - 7200, usegmt=True), "Expires": formatdate(NOW - 7200 + 900, usegmt=True)}
    assert freshness(fields).lifetime == 900


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}])
def test_expires_without_a_date_is_measured_from_the_arrival(date: dict[str, str]) -> None:
    assert freshness({"Expires": formatdate(NOW + 900, usegmt=True)} | date).lifetime == 900


@pytest.mark.parametrize(
    "fields", [{}, {"Cache-Control": "private"}, {"Last-Modified": "Mon, 01 Dec 2025 00:00:00 GMT"}]
)
def test_where_the_fields_say_nothing_the_default_lifetime_applies(fields: dict[str, str]) -> None:
    assert freshness(fields) == Freshness(300)
    assert freshness(fields, max_age=5) == Freshness(5)


@pytest.mark.parametrize(
    ("directive", "seconds"),
    [
        ("max-age=60", 60),
        ('max-age="60"', 60),
        ("Max-Age = 60", 60),
        ("max-age=060", 60),
        ("max-age=5, max-age=60", 5),
        ('private="x, max-age=9", max-age=60', 60),
        ("s-maxage=900", 300),
        ("max-age", 0),
        ("max-age=", 0),
        ("max-age=-1", 0),
        ("max-age=1.5", 0),
        ("max-age=soon", 0),
        ("max-age=٣", 0),
        ("max-age=99999999999", 2**31),
        ("max-age=" + "9" * 5000, 2**31),
        ("max-age=60, no-cache", 0),
        ('max-age=60, no-cache="Set-Cookie"', 0),
        ("max-age=0060", 60),
        ("max-age=00000000000000060", 60),
        ("max-age =  60", 60),
        ('max-age=" 60 "', 60),
        (" max-age=60 ,private", 60),
        ("", 300),
    ],
)
def test_a_lifetime_that_cannot_be_read_is_zero_and_one_that_is_not_stated_the_default(
    directive: str, seconds: float
) -> None:
    assert lifetime(directive) == seconds


@pytest.mark.parametrize("directive", ["must-revalidate", "no-cache", 'no-cache="Set-Cookie"'])
def test_what_the_service_forbids_a_policy_cannot_allow(directive: str) -> None:
    forbidden = freshness({"Cache-Control": f"max-age=60, {directive}"}, max_age=10, stale_while_revalidate=999)
    assert forbidden.must_revalidate
    assert use_of(forbidden, 11) is Use.UNUSABLE
    assert not is_usable_on_error(forbidden, 11)


def test_no_cache_is_never_fresh_whatever_the_policy_says() -> None:
    assert use_of(freshness({"Cache-Control": "no-cache"}, max_age=600), 0) is Use.UNUSABLE


@given(st.text())
def test_any_text_in_cache_control_is_read_to_something_finite(text: str) -> None:
    read = freshness({"Cache-Control": text, "Expires": text, "Date": text})
    assert 0 <= read.lifetime <= 1e12
    assert 0 <= read.stale_while_revalidate <= 2**31
    assert request_directives(Headers({"Cache-Control": text})).max_stale >= 0


@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_what_a_service_writes_is_read_back(max_age: int, stale: int) -> None:
    read = freshness({"Cache-Control": f"private, stale-while-revalidate={stale}, max-age={max_age}"})
    assert (read.lifetime, read.stale_while_revalidate) == (max_age, stale)


# ---- age


def test_an_answer_without_date_and_age_is_as_old_as_its_exchange_was_long() -> None:
    assert age_at_arrival({}, delay=2.0) == 2.0


@pytest.mark.parametrize("hours", [-12, -1, 1, 12])
def test_a_date_hours_away_shows_a_wrong_clock_and_no_age(hours: int) -> None:
    assert age_at_arrival({"Date": formatdate(NOW + hours * 3600, usegmt=True)}, delay=1.0) == 1


def test_the_age_of_another_cache_counts_with_the_delay_on_top() -> None:
    assert age_at_arrival({"Age": "50", "Date": formatdate(NOW - 10, usegmt=True)}, delay=3.0) == 53


@pytest.mark.parametrize(
    ("age", "seconds"), [("7200, 0", 7200), ("0, 7200", 0), (" 0060 ", 60), ("60,", 60), ("00", 0)]
)
def test_of_a_list_of_ages_the_first_one_counts(age: str, seconds: float) -> None:
    assert age_at_arrival({"Age": age}) == seconds


@pytest.mark.parametrize("age", ["-5", "old", "1.5", ""])
def test_an_age_that_cannot_be_read_counts_as_zero(age: str) -> None:
    assert age_at_arrival({"Age": age}) == 0


def test_time_spent_in_the_quota_makes_no_answer_older_than_an_exchange_can_last() -> None:
    assert age_at_arrival({}, delay=75.0, timeout=30.0) == 30
    assert age_at_arrival({}, delay=75.0, timeout=None) == 75


def test_a_clock_set_back_during_the_exchange_gives_no_negative_age() -> None:
    assert age_at_arrival({}, delay=-100.0) == 0


@given(st.integers(0, 10**6), st.floats(0, 1e4), st.floats(0, 100))
def test_the_age_is_that_of_the_field_and_at_most_one_exchange_more(age: int, delay: float, timeout: float) -> None:
    assert age <= age_at_arrival({"Age": str(age)}, delay, timeout) <= age + timeout + 1e-6


# ---- use


@pytest.mark.parametrize(
    ("age", "use"),
    [
        (0, Use.FRESH),
        (59.9, Use.FRESH),
        (60, Use.REVALIDATE),
        (359.9, Use.REVALIDATE),
        (360, Use.UNUSABLE),
    ],
)
def test_an_answer_goes_from_fresh_to_stale_to_unusable(age: float, use: Use) -> None:
    assert use_of(Freshness(60, 300), age) is use


@pytest.mark.parametrize(
    ("wanted", "age", "use"),
    [
        (RequestDirectives(no_cache=True), 0, Use.UNUSABLE),
        (RequestDirectives(max_age=30), 30, Use.FRESH),
        (RequestDirectives(max_age=30), 31, Use.UNUSABLE),
        (RequestDirectives(max_age=300), 100, Use.UNUSABLE),
        (RequestDirectives(max_age=300, max_stale=math.inf), 100, Use.ACCEPTED),
        (RequestDirectives(max_age=3600, max_stale=math.inf), 3600, Use.ACCEPTED),
        (RequestDirectives(max_age=3600, max_stale=math.inf), 3601, Use.UNUSABLE),
        (RequestDirectives(max_stale=500), 560, Use.ACCEPTED),
        (RequestDirectives(max_stale=500), 561, Use.UNUSABLE),
        (RequestDirectives(max_stale=10), 71, Use.REVALIDATE),
        (RequestDirectives(min_fresh=20), 40, Use.FRESH),
        (RequestDirectives(min_fresh=20), 41, Use.UNUSABLE),
        (RequestDirectives(min_fresh=20), 61, Use.UNUSABLE),
        (RequestDirectives(min_fresh=20, max_stale=500), 100, Use.UNUSABLE),
        (RequestDirectives(only_if_cached=True), 30, Use.FRESH),
    ],
)
def test_a_request_may_be_stricter_or_more_lenient_than_the_service(
    wanted: RequestDirectives, age: float, use: Use
) -> None:
    assert use_of(Freshness(60, 300), age, wanted) is use


@given(freshnesses, spans, directives)
def test_a_use_never_breaks_what_the_service_and_the_request_forbid(
    allowed: Freshness, age: float, wanted: RequestDirectives
) -> None:
    use = use_of(allowed, age, wanted)
    if use is not Use.UNUSABLE:
        assert not wanted.no_cache
        assert wanted.max_age is None or age <= wanted.max_age
        assert not wanted.min_fresh or age + wanted.min_fresh <= allowed.lifetime + 1e-6
        assert (use is Use.FRESH) == (age < allowed.lifetime)
        assert use is Use.FRESH or not allowed.must_revalidate


@given(freshnesses, spans, spans)
def test_an_older_answer_is_never_more_usable(allowed: Freshness, age: float, more: float) -> None:
    order = [Use.FRESH, Use.REVALIDATE, Use.UNUSABLE]
    assert order.index(use_of(allowed, age)) <= order.index(use_of(allowed, age + more))
    assert is_usable_on_error(allowed, age) >= is_usable_on_error(allowed, age + more)


def test_on_an_error_an_older_answer_will_do_within_stale_if_error() -> None:
    allowed = Freshness(60, 0, 1000)
    assert is_usable_on_error(allowed, 1059)
    assert not is_usable_on_error(allowed, 1060)


def test_on_an_error_a_max_age_of_the_request_does_not_matter_but_no_cache_does() -> None:
    allowed = Freshness(60, 0, 1000)
    assert is_usable_on_error(allowed, 59, RequestDirectives(max_age=5))
    assert not is_usable_on_error(allowed, 59, RequestDirectives(no_cache=True))


def test_an_answer_that_must_be_revalidated_may_be_given_on_an_error_while_it_is_fresh() -> None:
    assert is_usable_on_error(Freshness(60, 0, 1000, must_revalidate=True), 59)


# ---- directives of a request


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("no-cache", RequestDirectives(no_cache=True)),
        ("no-store", RequestDirectives(no_store=True)),
        ("max-age=5", RequestDirectives(max_age=5)),
        ("max-age=soon", RequestDirectives(max_age=0)),
        ("max-stale", RequestDirectives(max_stale=math.inf)),
        ("max-stale=9", RequestDirectives(max_stale=9)),
        ("max-stale=soon", RequestDirectives(max_stale=0)),
        ("min-fresh=9", RequestDirectives(min_fresh=9)),
        ("min-fresh=soon", RequestDirectives(min_fresh=math.inf)),
        ("only-if-cached, unheard-of", RequestDirectives(only_if_cached=True)),
    ],
)
def test_a_requests_directives_are_read(value: str, read: RequestDirectives) -> None:
    assert request_directives(Headers({"Cache-Control": value})) == read


def test_a_request_without_cache_control_has_no_directives() -> None:
    assert request_directives(Headers({})) is NO_DIRECTIVES


def test_a_calls_options_become_directives() -> None:
    assert request_cache_control() is None
    assert request_cache_control(fresh=True) == "no-cache"
    assert request_directives(
        Headers({"Cache-Control": request_cache_control(max_age=3600) or ""})
    ) == RequestDirectives(max_age=3600, max_stale=math.inf)


# ---- storing


@pytest.mark.parametrize(
    "media_type", ["application/json", "Application/JSON; charset=utf-8", " application/json ;x=y"]
)
def test_a_200_in_json_may_be_kept(media_type: str) -> None:
    assert is_storable(Response(200, {"Content-Type": media_type, "Cache-Control": SERVICE}))


@pytest.mark.parametrize(
    "response",
    [
        json_answer(203),
        json_answer(206),
        json_answer(304),
        json_answer(400),
        json_answer(500),
        Response(200),
        Response(200, {"Content-Type": "text/html"}),
        Response(200, {"Content-Type": "application/json-seq"}),
        json_answer(Cache_Control="max-age=60, no-store"),
        json_answer(Cache_Control="NO-STORE"),
        json_answer(Vary="*"),
        json_answer(Vary="Accept, *"),
    ],
)
def test_anything_else_may_not_be_kept(response: Response) -> None:
    assert not is_storable(response)


def test_the_fields_that_an_answer_varies_with_are_listed_once_in_order() -> None:
    assert varying_fields(json_answer(Vary="Origin, accept,, Accept")) == ("accept", "origin")
