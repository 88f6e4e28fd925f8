"""The emulated service keeps the contract for requests and answers of any data set."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from emulation import BAD_REQUESTS, BASE, KEY, NOW, PATHS, URL, answer, ask, document

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Request
from openrouter_rankings.models.synthetic import SYNTHETIC, is_synthetic
from openrouter_rankings.testing import emulated_api
from openrouter_rankings.testing.emulated_api import EmulatedAPI
from openrouter_rankings.testing.sample import task_classifications
from openrouter_rankings.transports.fake import FakeTransport

FLAT_PATHS = [path for path in PATHS if path != "/classifications/task"]
CACHE_CONTROL = "private, max-age=60, stale-while-revalidate=300"


# The answer


def test_it_answers_with_the_synthetic_figures_of_its_seed() -> None:
    response = answer(EmulatedAPI(seed=7))
    assert response.status == 200
    assert document(response) == task_classifications(date(2026, 6, 17), 7) | {"synthetic": True}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_with_figures_says_that_they_are_synthetic(path: str) -> None:
    found = document(answer(EmulatedAPI(), ask(BASE + path)))
    assert found["synthetic"] is True
    assert is_synthetic(found)


@pytest.mark.parametrize("measured", [{}, {"data": []}, {SYNTHETIC: False}, {SYNTHETIC: None}, {SYNTHETIC: 1}])
def test_only_the_mark_itself_makes_an_answer_synthetic(measured: dict[str, Any]) -> None:
    assert not is_synthetic(measured)


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


@pytest.mark.parametrize(
    ("fraction", "written"),
    [(0, "12:00:00Z"), (0.25, "12:00:00.250Z"), (0.0005, "12:00:00Z"), (0.001, "12:00:00.001Z")],
)
def test_the_time_of_the_answer_has_milliseconds_only_if_there_are_any(fraction: float, written: str) -> None:
    meta = document(answer(EmulatedAPI(), ask(f"{BASE}/benchmarks"), NOW + fraction))["meta"]
    assert meta["as_of"] == f"2026-06-18T{written}"


@pytest.mark.parametrize("path", FLAT_PATHS)
def test_later_on_the_same_day_only_the_time_of_the_answer_differs_by_default(path: str) -> None:
    api = EmulatedAPI()
    first, second = (document(answer(api, ask(BASE + path), NOW + seconds)) for seconds in (0, 60))
    assert second["meta"].pop("as_of") == "2026-06-18T12:01:00Z"
    assert first["meta"].pop("as_of") == "2026-06-18T12:00:00Z"
    assert first == second


@pytest.mark.parametrize("path", ["/datasets/rankings-daily", "/datasets/app-rankings"])
def test_the_day_in_progress_grows_from_minute_to_minute(path: str) -> None:
    api = EmulatedAPI()
    today = ask(f"{BASE}{path}?start_date=2026-06-18&end_date=2026-06-18")
    tokens = [int(document(answer(api, today, NOW + seconds))["data"][0]["total_tokens"]) for seconds in (0, 59, 60)]
    assert 0 < tokens[0] == tokens[1] < tokens[2]


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
def test_only_classifications_say_how_long_they_stay_fresh(path: str) -> None:
    freshness = {"Cache-Control": CACHE_CONTROL} if path == "/classifications/task" else {}
    assert answer(EmulatedAPI(), ask(BASE + path)).headers == {
        "Content-Type": "application/json",
        "Date": "Thu, 18 Jun 2026 12:00:00 GMT",
        **freshness,
    }


@pytest.mark.parametrize("path", PATHS)
def test_every_data_set_can_be_given_the_cache_control_of_classifications(path: str) -> None:
    response = answer(EmulatedAPI(cache_control_everywhere=True), ask(BASE + path))
    assert response.headers["Cache-Control"] == CACHE_CONTROL


def test_equal_requests_at_the_same_time_get_equal_answers_from_any_instance() -> None:
    assert answer(EmulatedAPI(seed=3)) == answer(EmulatedAPI(seed=3))


@pytest.mark.parametrize("base", ["https://openrouter.ai/api/v1", "http://127.0.0.1:8080", "http://proxy/a/b/c"])
def test_the_base_url_does_not_matter(base: str) -> None:
    api = EmulatedAPI()
    assert {answer(api, ask(base + path)).status for path in PATHS} == {200}


# Errors


@pytest.mark.parametrize(("status", "request_"), BAD_REQUESTS.items())
def test_errors_have_the_services_body_and_no_cache_control(status: int, request_: Request) -> None:
    response = answer(EmulatedAPI(cache_control_everywhere=True), request_)
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


def test_a_single_string_is_not_a_collection_of_keys() -> None:
    with pytest.raises(ConfigurationError, match="not a single string") as caught:
        EmulatedAPI(keys=KEY)
    assert KEY not in str(caught.value)


# The list of requests, and secrets


def test_every_request_is_listed_in_order() -> None:
    api = EmulatedAPI(per_minute=1, faults=[500])
    requests = [ask(f"{URL}?n={n}") for n in range(3)]
    for request in [*requests, *BAD_REQUESTS.values()]:
        answer(api, request)
    assert api.requests == [*requests, *BAD_REQUESTS.values()]


def test_only_the_latest_requests_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulated_api, "_LOGGED_REQUESTS", 3)
    api = EmulatedAPI()
    requests = [ask(f"{URL}?n={n}") for n in range(5)]
    for request in requests:
        answer(api, request)
    assert api.requests == requests[2:]


def test_no_repr_and_no_answer_shows_a_key() -> None:
    api = EmulatedAPI(keys=[KEY], per_minute=1)
    replies = [api.reply(request, NOW) for request in [ask(), ask(), ask(key="unknown"), *BAD_REQUESTS.values()]]
    assert KEY not in repr(api)
    assert KEY not in repr(api.requests)
    assert KEY not in repr(replies)
    assert not any(KEY.encode() in reply.response.body for reply in replies)


# As the far end of FakeTransport


async def test_fake_transport_answers_with_it_at_the_time_of_its_clock() -> None:
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
