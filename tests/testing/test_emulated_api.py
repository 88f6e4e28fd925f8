"""Each statement of the service's contract about requests and answers of any data set, and each way to break it."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Collection
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.testing.emulated_api import EmulatedAPI, Fault
from openrouter_rankings.testing.sample import task_classifications
from openrouter_rankings.transports.fake import FakeTransport, Reply

BASE = "https://openrouter.ai/api/v1"
URL = f"{BASE}/classifications/task"
FLAT_PATHS = ["/datasets/rankings-daily", "/datasets/app-rankings", "/datasets/session-cost", "/benchmarks"]
PATHS = ["/classifications/task", *FLAT_PATHS]
KEY = "sk-or-v1-0123456789abcdef"
NOW = datetime(2026, 6, 18, 12, 0, tzinfo=UTC).timestamp()


def ask(url: str = URL, *, key: str = KEY, method: str = "GET") -> Request:
    return Request(method, url, {"Authorization": f"Bearer {key}"})


def answer(api: EmulatedAPI, request: Request | None = None, now: float = NOW) -> Response:
    return api.reply(ask() if request is None else request, now).response


def document(response: Response) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(response.body)
    return parsed


def accepted(response: Response) -> bool:
    return response.status != 429


# The answer


def test_it_answers_with_the_synthetic_figures_of_its_seed() -> None:
    response = answer(EmulatedAPI(seed=7))
    assert response.status == 200
    assert document(response) == task_classifications(date(2026, 6, 17), 7)


@pytest.mark.parametrize("path", PATHS)
def test_the_body_is_compact_json_with_the_data_first(path: str) -> None:
    body = answer(EmulatedAPI(), ask(BASE + path)).body
    assert body == json.dumps(json.loads(body), separators=(",", ":")).encode()
    assert body.startswith((b'{"data":{"as_of":"2026-06-17","window_days":7,', b'{"data":[{"'))


@pytest.mark.parametrize("path", FLAT_PATHS)
def test_a_flat_data_set_says_when_the_answer_was_made_and_its_version(path: str) -> None:
    meta = document(answer(EmulatedAPI(), ask(BASE + path), NOW + 0.25))["meta"]
    assert list(meta)[:2] == ["as_of", "version"]
    assert (meta["as_of"], meta["version"]) == ("2026-06-18T12:00:00.250Z", "v1")


@pytest.mark.parametrize("path", FLAT_PATHS)
def test_later_on_the_same_day_only_the_time_of_the_answer_is_another(path: str) -> None:
    api = EmulatedAPI()
    first, second = (document(answer(api, ask(BASE + path), NOW + seconds)) for seconds in (0, 60))
    assert second["meta"].pop("as_of") == "2026-06-18T12:01:00.000Z"
    assert first["meta"].pop("as_of") == "2026-06-18T12:00:00.000Z"
    assert first == second


def test_another_query_gets_another_answer() -> None:
    api = EmulatedAPI()
    counts = [len(document(answer(api, ask(f"{BASE}/benchmarks?max_results={n}")))["data"]) for n in (1, 2, 3)]
    assert counts == [1, 2, 3]


@pytest.mark.parametrize("path", PATHS)
def test_another_seed_gives_other_figures(path: str) -> None:
    bodies = {answer(EmulatedAPI(seed=seed), ask(BASE + path)).body for seed in (1, 2, 3)}
    assert len(bodies) == 3


@pytest.mark.parametrize(
    ("moment", "as_of"),
    [
        ("2026-06-18T00:00:00Z", "2026-06-17"),
        ("2026-06-18T23:59:59Z", "2026-06-17"),
        ("2026-03-01T01:00Z", "2026-02-28"),
    ],
)
def test_as_of_is_yesterday_in_utc(moment: str, as_of: str) -> None:
    response = answer(EmulatedAPI(), now=datetime.fromisoformat(moment).timestamp())
    assert document(response)["data"]["as_of"] == as_of


@pytest.mark.parametrize("path", PATHS)
def test_the_answer_says_that_it_is_json_when_it_was_made_and_how_long_it_stays_fresh(path: str) -> None:
    headers = answer(EmulatedAPI(), ask(BASE + path)).headers
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "private, max-age=60, stale-while-revalidate=300"
    assert headers["Date"] == "Thu, 18 Jun 2026 12:00:00 GMT"


def test_equal_requests_at_the_same_time_get_equal_answers_from_any_instance() -> None:
    assert answer(EmulatedAPI(seed=3)) == answer(EmulatedAPI(seed=3))


@pytest.mark.parametrize("base", ["https://openrouter.ai/api/v1", "http://127.0.0.1:8080", "http://proxy/a/b/c"])
def test_the_paths_may_stand_below_any_base(base: str) -> None:
    api = EmulatedAPI()
    assert {answer(api, ask(base + path)).status for path in PATHS} == {200}


# Errors

BAD_REQUESTS = {
    400: ask(f"{URL}?window=1d"),
    401: Request("GET", URL),
    404: ask("https://openrouter.ai/api/v1/models"),
    405: ask(method="POST"),
}


@pytest.mark.parametrize(("status", "request_"), BAD_REQUESTS.items())
def test_errors_have_the_services_body_and_are_not_to_be_cached(status: int, request_: Request) -> None:
    response = answer(EmulatedAPI(), request_)
    body = document(response)
    assert response.status == status
    assert response.headers["Content-Type"] == "application/json"
    assert parsedate_to_datetime(response.headers["Date"]).timestamp() == NOW
    assert "Cache-Control" not in response.headers
    assert set(body) == {"error", "user_id", "openrouter_metadata"}
    assert set(body["error"]) == {"code", "message", "metadata"}
    assert body["error"]["code"] == status
    assert body["error"]["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer   "},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"X-Api-Key": KEY},
    ],
)
def test_without_a_bearer_key_it_answers_401(fields: dict[str, str]) -> None:
    assert answer(EmulatedAPI(), Request("GET", URL, fields)).status == 401


@pytest.mark.parametrize("field", ["Authorization", "authorization"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_field_names_and_schemes_are_case_insensitive(field: str, scheme: str) -> None:
    assert answer(EmulatedAPI(keys=[KEY]), Request("GET", URL, {field: f"{scheme} {KEY}"})).status == 200


@pytest.mark.parametrize("keys", [[KEY], {KEY, "another"}, (KEY,)])
def test_with_keys_given_only_those_are_accepted(keys: Collection[str]) -> None:
    api = EmulatedAPI(keys=keys)
    assert answer(api).status == 200
    assert answer(api, ask(key="sk-or-v1-unknown")).status == 401


@pytest.mark.parametrize("query", ["", "?window=7d", "?other=1", "?window=7d&other=1"])
def test_the_window_is_seven_days_and_may_be_left_out(query: str) -> None:
    assert answer(EmulatedAPI(), ask(URL + query)).status == 200


@pytest.mark.parametrize("window", ["1d", "30d", "", "7D", "seven"])
def test_another_window_is_a_400_that_names_it_and_those_allowed(window: str) -> None:
    response = answer(EmulatedAPI(), ask(f"{URL}?window={window}"))
    assert response.status == 400
    assert document(response)["error"]["message"] == f"Invalid window '{window}': the allowed values are '7d'."


BAD_QUERIES = {
    "/classifications/task?window=1d": "Invalid window '1d': the allowed values are '7d'.",
    "/datasets/rankings-daily?category=legal&period=day": "category and language_type are estimated by the week: ",
    "/datasets/app-rankings?category=coding&subcategory=legal": "subcategory 'legal' does not belong to category ",
    "/datasets/session-cost?limit=501": "Invalid limit '501': give an integer from 1 to 500.",
    "/benchmarks?source=openrouter&arena=models": "arena is allowed with source 'design-arena' only.",
}


@pytest.mark.parametrize(("path", "message"), BAD_QUERIES.items())
def test_a_query_that_is_not_allowed_is_a_400_that_says_why(path: str, message: str) -> None:
    response = answer(EmulatedAPI(), ask(BASE + path))
    assert response.status == 400
    assert document(response)["error"]["message"].startswith(message)


@pytest.mark.parametrize(
    "path",
    ["/", "/api/v1/models", "/api/v1/classifications/task/", "/api/v1/xclassifications/task"],
)
def test_another_path_is_a_404_that_names_it(path: str) -> None:
    response = answer(EmulatedAPI(), ask(f"https://openrouter.ai{path}"))
    assert response.status == 404
    assert document(response)["error"]["message"] == f"There is nothing at {path}."


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_another_method_is_a_405_that_says_what_is_allowed(method: str) -> None:
    response = answer(EmulatedAPI(), ask(method=method))
    assert response.status == 405
    assert response.headers["Allow"] == "GET"
    assert method in document(response)["error"]["message"]


# Limits


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


def test_a_429_says_when_to_come_back_in_header_fields_and_in_its_body() -> None:
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
    assert document(response)["error"]["metadata"] == {"headers": expected}
    assert document(response)["error"]["message"] == "Rate limit exceeded: 1 requests a minute for this key."


def test_over_both_limits_the_one_that_lasts_longer_is_told() -> None:
    api = EmulatedAPI(per_minute=1, per_day=1)
    answer(api)
    response = answer(api)
    assert response.headers["Retry-After"] == "86400"
    assert document(response)["error"]["message"] == "Rate limit exceeded: 1 requests a day for this account."


def test_a_refused_request_takes_no_place() -> None:
    api = EmulatedAPI(per_minute=1)
    arrivals = [0, 30, 59, 60]
    assert [accepted(answer(api, now=NOW + at)) for at in arrivals] == [True, False, False, True]


@pytest.mark.parametrize("status", [401, 404, 405])
def test_requests_turned_away_before_the_limits_take_no_place(status: int) -> None:
    api = EmulatedAPI(per_minute=1, per_day=1)
    assert answer(api, BAD_REQUESTS[status]).status == status
    assert answer(api).status == 200


def test_a_bad_query_takes_a_place_and_comes_after_the_limits() -> None:
    api = EmulatedAPI(per_minute=1)
    assert [answer(api, BAD_REQUESTS[400]).status for _ in range(2)] == [400, 429]


def test_the_key_is_checked_before_the_limits() -> None:
    api = EmulatedAPI(per_day=1, keys=[KEY])
    answer(api)
    assert answer(api, ask(key="unknown")).status == 401


GAPS = st.lists(st.floats(0, 50) | st.floats(0, 40000), max_size=40)


@given(GAPS, st.integers(1, 4), st.integers(1, 8))
def test_a_request_is_accepted_just_when_it_keeps_both_limits(gaps: list[float], per_minute: int, per_day: int) -> None:
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
def test_coming_back_when_told_is_soon_enough_and_a_second_earlier_is_not(gaps: list[float], pause: float) -> None:
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
def test_a_limit_below_one_is_refused(per_minute: int, per_day: int) -> None:
    with pytest.raises(ConfigurationError, match="at least 1 request"):
        EmulatedAPI(per_minute=per_minute, per_day=per_day)


def test_one_string_is_not_taken_for_a_collection_of_keys() -> None:
    with pytest.raises(ConfigurationError, match="not one string") as caught:
        EmulatedAPI(keys=KEY)
    assert KEY not in str(caught.value)


# Misbehaviour


def test_faults_are_played_one_for_each_request_and_then_it_behaves() -> None:
    api = EmulatedAPI(faults=[503, None, Fault(500)])
    assert [answer(api).status for _ in range(5)] == [503, 200, 500, 200, 200]


def test_more_faults_can_be_added_behind_those_to_come() -> None:
    api = EmulatedAPI(faults=[500])
    api.misbehave(502, Fault(503))
    assert [answer(api).status for _ in range(4)] == [500, 502, 503, 200]
    api.misbehave(504)
    assert [answer(api).status for _ in range(2)] == [504, 200]


def test_faults_may_be_endless() -> None:
    api = EmulatedAPI(faults=itertools.repeat(503))
    assert {answer(api).status for _ in range(100)} == {503}


@pytest.mark.parametrize(
    ("status", "message"), [(500, "Internal Server Error."), (429, "Too Many Requests."), (599, "Unknown error.")]
)
def test_a_status_alone_has_the_services_error_body(status: int, message: str) -> None:
    response = answer(EmulatedAPI(faults=[status]))
    assert response.status == status
    assert response.headers == {"Content-Type": "application/json", "Date": "Thu, 18 Jun 2026 12:00:00 GMT"}
    assert document(response) == {
        "error": {"code": status, "message": message, "metadata": None},
        "user_id": None,
        "openrouter_metadata": None,
    }


def test_a_status_below_400_alone_has_no_body() -> None:
    response = answer(EmulatedAPI(faults=[304]))
    assert response == Response(304, {"Date": "Thu, 18 Jun 2026 12:00:00 GMT"})


def test_a_fault_can_carry_header_fields() -> None:
    response = answer(EmulatedAPI(faults=[Fault(429, headers={"Retry-After": "30"})]))
    assert response.status == 429
    assert response.headers["Retry-After"] == "30"
    assert document(response)["error"]["code"] == 429


def test_a_fault_can_answer_as_a_proxy_does() -> None:
    page = Fault(502, headers={"content-type": "text/html"}, body=b"<h1>Bad Gateway</h1>")
    response = answer(EmulatedAPI(faults=[page]))
    assert (response.status, response.body) == (502, b"<h1>Bad Gateway</h1>")
    assert response.headers["Content-Type"] == "text/html"


def test_a_fault_of_the_wire_alone_keeps_the_ordinary_answer() -> None:
    ordinary = answer(EmulatedAPI())
    api = EmulatedAPI(faults=[Fault(delay=2.5), Fault(cut_after=10), Fault(reset=True), Fault()])
    assert [api.reply(ask(), NOW) for _ in range(5)] == [
        Reply(ordinary, delay=2.5),
        Reply(ordinary, cut_after=10),
        Reply(ordinary, reset=True),
        Reply(ordinary),
        Reply(ordinary),
    ]


def test_a_fault_without_status_can_replace_the_body_or_a_field_of_the_ordinary_answer() -> None:
    ordinary = answer(EmulatedAPI())
    api = EmulatedAPI(faults=[Fault(body=b"{"), Fault(headers={"cache-control": "no-store"})])
    assert answer(api) == Response(200, ordinary.headers, b"{")
    assert answer(api).headers["Cache-Control"] == "no-store"


def test_a_request_that_meets_a_fault_takes_its_place_in_the_limits() -> None:
    api = EmulatedAPI(per_minute=2, faults=[503, Fault(reset=True)])
    assert [answer(api).status for _ in range(3)] == [503, 200, 429]


def test_a_fault_outranks_the_refusal_that_the_request_would_have_met() -> None:
    api = EmulatedAPI(per_minute=1, faults=[None, 503])
    assert [answer(api).status for _ in range(3)] == [200, 503, 429]


@pytest.mark.parametrize("status", [0, 99, 199, 600, -1])
def test_a_fault_with_no_possible_status_is_refused(status: int) -> None:
    with pytest.raises(ConfigurationError, match=f"200 to 599 or None, not {status}"):
        Fault(status)
    with pytest.raises(ConfigurationError, match=f"200 to 599 or None, not {status}"):
        EmulatedAPI(faults=[status]).reply(ask(), NOW)


def test_a_fault_in_negative_time_or_length_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"delay is zero or more, not -0\.5"):
        Fault(delay=-0.5)
    with pytest.raises(ConfigurationError, match="delay is zero or more, not nan"):
        Fault(delay=math.nan)
    with pytest.raises(ConfigurationError, match="cut_after is zero or more, not -1"):
        Fault(cut_after=-1)


# The log, and secrets


def test_everything_that_arrives_is_listed_in_order() -> None:
    api = EmulatedAPI(per_minute=1, faults=[500])
    requests = [ask(f"{URL}?n={n}") for n in range(3)]
    for request in [*requests, *BAD_REQUESTS.values()]:
        answer(api, request)
    assert api.requests == [*requests, *BAD_REQUESTS.values()]


def test_no_repr_and_no_answer_shows_a_key() -> None:
    api = EmulatedAPI(keys=[KEY], per_minute=1)
    replies = [api.reply(request, NOW) for request in [ask(), ask(), ask(key="unknown"), *BAD_REQUESTS.values()]]
    assert KEY not in repr(api)
    assert KEY not in repr(api.requests)
    assert KEY not in repr(replies)
    assert not any(KEY.encode() in reply.response.body for reply in replies)


# As the far end of FakeTransport


async def test_it_is_what_fake_transport_answers_with_in_the_time_of_its_clock() -> None:
    api = EmulatedAPI(per_minute=1)
    clock = FakeClock(datetime(2026, 6, 18, tzinfo=UTC))
    transport = FakeTransport(api, clock=clock)
    first = await transport.send(ask())
    second = await transport.send(ask())
    clock.advance(60)
    third = await transport.send(ask())
    assert [first.status, second.status, third.status] == [200, 429, 200]
    assert document(first)["data"]["as_of"] == "2026-06-17"
    assert api.requests == transport.requests == [ask()] * 3


async def test_fake_transport_carries_out_what_its_faults_do_to_the_wire() -> None:
    api = EmulatedAPI(faults=[Fault(delay=5), Fault(delay=31), Fault(cut_after=10), Fault(reset=True)])
    transport = FakeTransport(api)
    assert (await transport.send(ask())).status == 200
    assert transport.clock.monotonic() == 5
    with pytest.raises(RequestTimeoutError):
        await transport.send(ask())
    with pytest.raises(TransportError, match="after 10 bytes"):
        await transport.send(ask())
    with pytest.raises(TransportError, match="reset"):
        await transport.send(ask())
