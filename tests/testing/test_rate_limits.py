"""The limits of the emulated service, as its answers show them."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any

import pytest
from emulation import BAD_REQUESTS, BASE, KEY, NOW, PATHS, accepted, answer, ask, document
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.testing.emulated_api import EmulatedAPI, RetryHint


def test_all_data_sets_share_the_limits() -> None:
    api = EmulatedAPI(per_minute=3)
    assert [answer(api, ask(BASE + path)).status for path in PATHS] == [200, 200, 200, 429, 429]


def test_thirty_requests_a_minute_and_five_hundred_a_day_are_allowed() -> None:
    api = EmulatedAPI()
    minutes = [[accepted(answer(api, now=NOW + 60 * minute)) for _ in range(31)] for minute in range(16)]
    assert all(minute == [True] * 30 + [False] for minute in minutes)
    last = [accepted(answer(api, now=NOW + 960)) for _ in range(31)]
    assert last == [True] * 20 + [False] * 11


def test_the_minute_is_counted_for_each_key_and_the_day_for_the_account_of_all_keys() -> None:
    api = EmulatedAPI(per_minute=2, per_day=3)
    statuses = [answer(api, ask(key=key)).status for key in ("a", "a", "a", "b", "b", "c")]
    assert statuses == [200, 200, 429, 200, 429, 429]


def test_the_minute_slides() -> None:
    api = EmulatedAPI(per_minute=2)
    arrivals = [0, 50, 59.9, 60, 109.9, 110]
    assert [accepted(answer(api, now=NOW + at)) for at in arrivals] == [True, True, False, True, False, True]


def test_the_day_is_any_24_hours() -> None:
    api = EmulatedAPI(per_day=1)
    arrivals = [0, 86399, 86400]
    assert [accepted(answer(api, now=NOW + at)) for at in arrivals] == [True, False, True]


def test_a_429_says_when_to_retry_in_header_fields_and_in_its_body() -> None:
    api = EmulatedAPI(per_minute=1)
    answer(api, now=NOW + 0.25)
    response = answer(api, now=NOW + 10)
    expected = {
        "Retry-After": "51",
        "X-RateLimit-Limit": "1",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int((NOW + 60.25) * 1000)),
    }
    assert response.status == 429
    assert {name: response.headers[name] for name in expected} == expected
    limit_fields = {name: value for name, value in expected.items() if name != "Retry-After"}
    assert document(response)["error"]["metadata"] == {"headers": limit_fields}
    assert document(response)["error"]["message"] == "Rate limit exceeded: 1 requests a minute for this key."


LIMIT_FIELDS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


@pytest.mark.parametrize(
    ("hints", "fields", "in_body"),
    [
        ([], set(), False),
        (["retry-after"], {"Retry-After"}, False),
        (["headers"], LIMIT_FIELDS, False),
        (["metadata"], set(), True),
        (["retry-after", "metadata"], {"Retry-After"}, True),
        (("headers", "retry-after"), {"Retry-After"} | LIMIT_FIELDS, False),
    ],
)
def test_the_hints_of_a_429_can_be_chosen(hints: Collection[RetryHint], fields: set[str], in_body: bool) -> None:
    api = EmulatedAPI(per_minute=1, retry_hints=hints)
    answer(api)
    response = answer(api)
    assert response.status == 429
    assert set(response.headers) == {"Content-Type", "Date"} | fields
    metadata = document(response)["error"]["metadata"]
    assert (set(metadata["headers"]) == LIMIT_FIELDS) if in_body else (metadata is None)


@pytest.mark.parametrize("hints", ["headers", ["Retry-After"], [""]])
def test_an_unknown_hint_is_a_configuration_error(hints: Any) -> None:
    with pytest.raises(ConfigurationError, match="retry_hints must be a collection of"):
        EmulatedAPI(retry_hints=hints)


def test_over_both_limits_the_refusal_names_the_one_that_lasts_longer() -> None:
    api = EmulatedAPI(per_minute=1, per_day=1)
    answer(api)
    response = answer(api)
    assert response.headers["Retry-After"] == "86400"
    assert document(response)["error"]["message"] == "Rate limit exceeded: 1 requests a day for this account."


def test_a_refused_request_does_not_count() -> None:
    api = EmulatedAPI(per_minute=1)
    arrivals = [0, 30, 59, 60]
    assert [accepted(answer(api, now=NOW + at)) for at in arrivals] == [True, False, False, True]


@pytest.mark.parametrize("status", [401, 404, 405])
def test_a_request_that_is_rejected_before_the_limits_does_not_count(status: int) -> None:
    api = EmulatedAPI(per_minute=1, per_day=1)
    assert answer(api, BAD_REQUESTS[status]).status == status
    assert answer(api).status == 200


def test_a_bad_query_counts_and_is_checked_after_the_limits() -> None:
    api = EmulatedAPI(per_minute=1)
    assert [answer(api, BAD_REQUESTS[400]).status for _ in range(2)] == [400, 429]


def test_the_key_is_checked_before_the_limits() -> None:
    api = EmulatedAPI(per_day=1, keys=[KEY])
    answer(api)
    assert answer(api, ask(key="unknown")).status == 401


GAPS = st.lists(st.floats(0, 50) | st.floats(0, 40000), max_size=40)


@given(GAPS, st.integers(1, 4), st.integers(1, 8))
def test_a_request_is_accepted_if_and_only_if_it_is_within_both_limits(
    gaps: list[float], per_minute: int, per_day: int
) -> None:
    api = EmulatedAPI(per_minute=per_minute, per_day=per_day)
    taken: list[float] = []
    for now in itertools.accumulate(gaps, initial=NOW):
        in_minute = sum(now < then + 60 for then in taken)
        in_day = sum(now < then + 86400 for then in taken)
        response = answer(api, now=now)
        assert accepted(response) == (in_minute < per_minute and in_day < per_day)
        if accepted(response):
            taken.append(now)
    for period, limit in ((60, per_minute), (86400, per_day)):
        assert all(taken[i] + period <= taken[i + limit] for i in range(len(taken) - limit))


@given(GAPS, st.floats(0, 60))
def test_a_retry_succeeds_at_the_announced_time_and_not_a_second_before(gaps: list[float], pause: float) -> None:
    api = EmulatedAPI(per_minute=2, per_day=5)
    now = NOW
    for gap in gaps:
        now += gap
        answer(api, now=now)
    refused = answer(api, now=now + pause)
    while accepted(refused):
        refused = answer(api, now=now + pause)
    wait = int(refused.headers["Retry-After"])
    reset = int(refused.headers["X-RateLimit-Reset"]) / 1000
    assert -0.001 <= now + pause + wait - reset < 1.001
    assert not accepted(answer(api, now=now + pause + wait - 1.001))
    assert accepted(answer(api, now=max(reset, now + pause)))


@pytest.mark.parametrize(("per_minute", "per_day"), [(0, 500), (30, 0), (-1, 500)])
def test_a_limit_below_one_is_a_configuration_error(per_minute: int, per_day: int) -> None:
    with pytest.raises(ConfigurationError, match=r"per_(minute|day) must be at least 1 request, not (0|-1)"):
        EmulatedAPI(per_minute=per_minute, per_day=per_day)


def test_keys_of_the_last_minute_only_are_remembered() -> None:
    api = EmulatedAPI(per_day=10**6)
    for number in range(500):
        answer(api, ask(key=f"key-{number}"), NOW + number)
    assert list(api._limits._minutes) == [f"key-{number}" for number in range(440, 500)]


def test_a_key_in_use_is_remembered_among_many_others() -> None:
    api = EmulatedAPI(per_minute=2, per_day=10**6)
    statuses = []
    for number in range(100):
        statuses.append(answer(api, now=NOW + 30 * number).status)
        answer(api, ask(key=f"key-{number}"), NOW + 30 * number)
    assert statuses == [200] * 100
    assert len(api._limits._minutes) == 3
    assert answer(api, now=NOW + 30 * 99 + 29).status == 429


def test_a_refused_request_of_a_new_key_is_not_remembered() -> None:
    api = EmulatedAPI(per_day=1)
    for number in range(10):
        answer(api, ask(key=f"key-{number}"))
    assert list(api._limits._minutes) == ["key-0"]
