"""The cache: what is given again, for how long, to whom, and what happens when the service fails."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any

import attrs
import pytest
from patience import settle, turn, turn_until
from stored import refreshed, stored

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import (
    ConfigurationError,
    InvalidResponseError,
    QuotaExceededError,
    RequestTimeoutError,
    StoreError,
    TransportError,
)
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.retry_after import requested_wait
from openrouter_rankings.transports.cache.freshness import request_cache_control
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.cache.transport import CacheTransport
from openrouter_rankings.transports.deadline import Deadline
from openrouter_rankings.transports.fake import FakeTransport
from openrouter_rankings.transports.identity import key_hash
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.stores.thread import BlockingThread

URL = "https://service.invalid/api/v1/classifications/task?window=7d"
SERVICE = "private, max-age=60, stale-while-revalidate=300"
PACE = 86400 / 400

SPENT = QuotaExceededError("spent", retry_at=datetime(2026, 1, 2, tzinfo=UTC), retry_after=3600.0)

STORES = [
    pytest.param("memory", id="memory"),
    pytest.param("sqlite", id="sqlite"),
    pytest.param("redis", id="redis"),
]


def request(key: str = "sk-one", url: str = URL, timeout: float | None = 30.0, **fields: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Request("GET", url, {"Authorization": f"Bearer {key}"} | named, timeout)


def extended(**extensions: Any) -> Request:
    return attrs.evolve(request(), extensions=extensions)


def wanting(directives: str | None) -> Request:
    return request(Cache_Control=directives or "")


def answer(body: bytes = b"{}", cache_control: str = SERVICE, **fields: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Response(200, {"Content-Type": "application/json", "Cache-Control": cache_control} | named, body)


@attrs.frozen
class Served:
    """What the cache served, as its fields tell it."""

    response: Response

    @property
    def body(self) -> bytes:
        return self.response.body

    @property
    def age(self) -> int:
        return int(self.response.headers["Age"])

    @property
    def cache_status(self) -> str:
        return self.response.headers["Cache-Status"]

    @property
    def handling(self) -> str:
        return self.cache_status.removeprefix("openrouter-rankings; ").partition("; ttl=")[0]

    @property
    def stale(self) -> bool:
        return int(self.cache_status.partition("; ttl=")[2]) <= 0


@attrs.define
class Trial:
    """A cache around a service whose answers are numbered, and which can be told to fail."""

    policy: CachePolicy = attrs.field(factory=CachePolicy)
    clock: FakeClock = attrs.field(factory=FakeClock)
    fields: dict[str, str] = attrs.field(factory=dict)
    failure: Response | Exception | None = None
    delay: float = 0.0
    wanted: Request = attrs.field(factory=lambda: request())
    wire: FakeTransport = attrs.field(init=False)
    cache: CacheTransport = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.wire = FakeTransport(self._reply, clock=self.clock)
        self.cache = self.another(self.wire)

    def another(self, transport: Transport) -> CacheTransport:
        return CacheTransport(transport, self.policy, clock=self.clock)

    async def _reply(self, _: Request) -> Response:
        number = len(self.wire.requests)
        if self.delay:
            await self.clock.sleep(self.delay)
        if isinstance(self.failure, Exception):
            raise self.failure
        return self.failure or answer(json.dumps(number).encode(), **self.fields)

    async def get(self, wanted: Request | None = None) -> Served:
        found = Served(await self.cache.send(wanted or self.wanted))
        await settle()
        await stored(self.cache)
        return found

    async def body(self, wanted: Request | None = None) -> bytes:
        return (await self.get(wanted)).body

    @property
    def sent(self) -> int:
        return len(self.wire.requests)


@pytest.fixture
async def trials() -> AsyncIterator[Callable[..., Trial]]:
    made: list[Trial] = []
    reports: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))

    def make(**options: Any) -> Trial:
        made.append(Trial(**options))
        return made[-1]

    yield make
    for trial in made:
        await trial.cache.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert reports == []


@pytest.fixture
def trial(trials: Callable[..., Trial]) -> Trial:
    return trials()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "redis":
        return request.getfixturevalue("redis_url")
    return tmp_path / "cache.sqlite3" if request.param == "sqlite" else None


@pytest.fixture(params=STORES[1:])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return request.getfixturevalue("redis_url") if request.param == "redis" else tmp_path / "cache.sqlite3"


# ---- fresh answers


async def test_a_fresh_answer_is_given_again_without_asking(trial: Trial) -> None:
    first = await trial.get()
    trial.clock.advance(59)
    second = await trial.get()
    assert trial.sent == 1
    assert second.body is first.body
    assert (first.age, first.stale) == (0, False)
    assert (second.age, second.stale) == (59, False)


async def test_send_shows_age_and_what_the_cache_did(trial: Trial) -> None:
    first = await trial.cache.send(request())
    trial.clock.advance(42.7)
    second = await trial.cache.send(request())
    assert first.headers["Age"] == "0"
    assert first.headers["Cache-Status"] == "openrouter-rankings; fwd=uri-miss; fwd-status=200; stored; ttl=60"
    assert second.headers["Age"] == "42"
    assert second.headers["Cache-Status"] == "openrouter-rankings; hit; ttl=17"
    assert second.body is first.body
    assert await trial.cache.send(request()) is second


async def test_a_cache_status_from_further_upstream_is_kept_before_ours(trials: Callable[..., Trial]) -> None:
    trial = trials(fields={"Cache-Status": "edge; hit"})
    shown = (await trial.cache.send(request())).headers["Cache-Status"]
    assert shown.startswith("edge; hit, openrouter-rankings; fwd=uri-miss")


async def test_the_ttl_stays_a_number_when_the_policys_is_infinite(trials: Callable[..., Trial]) -> None:
    trial = trials(policy=CachePolicy(max_age=math.inf))
    assert (await trial.get()).cache_status.endswith(f"ttl={2**31}")


async def test_two_keys_never_share_an_answer(trial: Trial) -> None:
    assert await trial.body(request("sk-one")) == b"1"
    assert await trial.body(request("sk-two")) == b"2"
    assert await trial.body(request("sk-one")) == b"1"


async def test_two_queries_never_share_an_answer(trial: Trial) -> None:
    assert await trial.body() != await trial.body(request(url=URL + "&x=1"))


async def test_the_age_that_the_answer_came_with_counts(trials: Callable[..., Trial]) -> None:
    trial = trials()
    trial.fields = {"Age": "50", "Date": formatdate(trial.clock.time() - 20, usegmt=True)}
    assert (await trial.get()).age == 50
    trial.clock.advance(9)
    assert (await trial.get()).handling == "hit"
    trial.clock.advance(1)
    assert (await trial.get()).stale


async def test_a_policys_max_age_replaces_the_services(trials: Callable[..., Trial]) -> None:
    trial = trials(policy=CachePolicy(max_age=3600))
    await trial.get()
    trial.clock.advance(3599)
    assert not (await trial.get()).stale
    assert trial.sent == 1


async def test_an_answer_grows_no_younger_when_the_wall_clock_is_set_back(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(50)
    trial.clock._start -= 3600
    assert (await trial.get()).age == 50


async def test_an_answer_ages_while_the_machine_sleeps(trial: Trial) -> None:
    await trial.get()
    trial.clock._start += 3600
    assert (await trial.get()).body == b"2"


@pytest.mark.parametrize(
    "response",
    [
        answer(cache_control="no-store, max-age=60", Set_Cookie="session=1"),
        Response(200, {"Content-Type": "text/html", "Cache-Control": SERVICE}, b"<html>"),
        answer(Vary="*"),
    ],
)
async def test_what_may_not_be_kept_is_asked_for_each_time(trial: Trial, response: Response) -> None:
    trial.failure = response
    for _ in range(2):
        given = await trial.get()
        assert (given.body, given.response.headers["Content-Type"]) == (response.body, response.headers["Content-Type"])
        assert "stored" not in given.handling
    assert trial.sent == 2


@pytest.mark.parametrize("status", [429, 500, 503, 304])
async def test_no_error_is_kept(trial: Trial, status: int) -> None:
    trial.failure = Response(status, {"Content-Type": "application/json", "Cache-Control": SERVICE}, b"{}")
    for _ in range(2):
        assert (await trial.get()).cache_status == f"openrouter-rankings; fwd=uri-miss; fwd-status={status}"
    assert trial.sent == 2


@pytest.mark.parametrize("status", [400, 401, 402, 404, 501])
async def test_a_refusal_is_repeated_instead_of_asked_for_again_and_costs_little_of_the_day(
    trial: Trial, status: int
) -> None:
    trial.failure = Response(status, {"Content-Type": "application/json", "Cache-Control": SERVICE}, b"{}")
    assert (await trial.get()).handling == f"fwd=uri-miss; fwd-status={status}"
    assert (await trial.get()).handling == "hit"
    assert (await trial.get(wanting("no-cache"))).handling.startswith("fwd=uri-miss")
    assert trial.sent == 2
    for _ in range(24 * 120):
        trial.clock.advance(30)
        assert (await trial.get()).response.status == status
    assert trial.sent < 130


async def test_a_refusal_in_the_place_of_a_response_ends_that_for_all(trial: Trial) -> None:
    await trial.get()
    trial.failure = Response(404)
    assert (await trial.get(wanting("no-cache"))).response.status == 404
    assert (await trial.get()).response.status == 404
    trial.failure = None
    trial.clock.advance(60)
    assert (await trial.get()).response.status == 200


async def test_a_refusal_of_a_field_that_one_caller_adds_is_not_repeated_to_the_others(trial: Trial) -> None:
    await trial.get()
    trial.failure = Response(400)
    odd = request(Cache_Control="no-cache", X_Odd="1")
    assert (await trial.get(odd)).response.status == 400
    trial.failure = None
    assert (await trial.get()).body == b"3"
    assert (await trial.get()).handling == "hit"


async def test_a_refusal_of_requests_with_different_fields_is_repeated_to_all(trial: Trial) -> None:
    trial.failure = Response(404)
    asked = [await trial.get(request(X_Trace=str(number))) for number in range(9)]
    assert {each.response.status for each in asked} == {404}
    assert trial.sent == 2


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refusal_of_the_key_is_repeated_whatever_the_fields(trial: Trial, status: int) -> None:
    trial.failure = Response(status)
    await trial.get(request(X_Trace="1"))
    await trial.get(request(X_Trace="2"))
    assert trial.sent == 1


async def test_another_method_than_get_goes_past_the_cache(trial: Trial) -> None:
    head = attrs.evolve(request(), method="HEAD")
    for _ in range(2):
        assert (await trial.get(head)).handling == "fwd=method"
    assert trial.sent == 2


async def test_cookies_and_fields_of_the_connection_are_not_kept(trials: Callable[..., Trial]) -> None:
    trial = trials(fields={"Set-Cookie": "session=1", "Connection": "close, X-Hop", "X-Hop": "1", "X-Kept": "1"})
    kept = (await trial.get()).response.headers
    assert {"Set-Cookie", "Connection", "X-Hop"}.isdisjoint(kept)
    assert kept["X-Kept"] == "1"


async def test_an_answer_that_varies_is_given_only_to_requests_with_the_same_fields(trial: Trial) -> None:
    trial.fields = {"Vary": "Accept-Language, Accept-Encoding"}
    assert await trial.body(request(Accept_Language="de")) == b"1"
    assert await trial.body(request(Accept_Language="de")) == b"1"
    other = await trial.get(request(Accept_Language="fr"))
    assert (other.body, other.handling) == (b"2", "fwd=vary-miss; fwd-status=200; stored")
    assert await trial.body(request()) == b"3"


async def test_an_answer_for_other_fields_is_not_given_instead_of_an_error(trial: Trial) -> None:
    trial.fields = {"Vary": "Accept-Language"}
    await trial.get(request(Accept_Language="de"))
    trial.failure = TransportError("down")
    with pytest.raises(TransportError):
        await trial.get(request(Accept_Language="fr"))


async def test_a_field_that_is_not_sent_on_is_none_that_an_answer_can_vary_with(trial: Trial) -> None:
    trial.fields = {"Vary": "Cache-Control"}
    await trial.get()
    assert (await trial.get(wanting("max-age=60"))).handling == "hit"


# ---- what a request can ask of the cache


async def test_fresh_goes_past_what_is_kept_and_renews_it(trial: Trial) -> None:
    await trial.get()
    renewed = await trial.get(wanting(request_cache_control(fresh=True)))
    assert (renewed.body, renewed.handling) == (b"2", "fwd=request; fwd-status=200; stored")
    assert await trial.body() == b"2"


async def test_fresh_gets_the_error_and_no_older_answer(trial: Trial) -> None:
    await trial.get()
    trial.failure = TransportError("down")
    with pytest.raises(TransportError, match="down"):
        await trial.get(wanting("no-cache"))


async def test_no_store_keeps_nothing(trial: Trial) -> None:
    assert (await trial.get(wanting("no-store"))).handling == "fwd=bypass"
    assert await trial.body() == b"2"


async def test_a_max_age_accepts_older_answers_and_spares_the_refresh(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(3000)
    older = await trial.get(wanting(request_cache_control(max_age=3000)))
    assert (older.age, older.stale, older.handling) == (3000, True, "hit")
    assert trial.sent == 1
    assert await trial.body(wanting(request_cache_control(max_age=2999))) == b"2"


async def test_our_directives_are_not_sent_on_and_the_rest_of_the_request_is(trial: Trial) -> None:
    await trial.get(request(Cache_Control="no-cache", X_Other="1"))
    assert trial.wire.requests == [request(X_Other="1")]


# ---- stale while revalidate


async def test_a_stale_answer_is_given_at_once_and_refreshed_behind_the_caller(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.delay = 5
    stale = Served(await trial.cache.send(request()))
    assert (stale.body, stale.age, stale.stale) == (b"1", 100, True)
    assert stale.cache_status == "openrouter-rankings; hit; ttl=-40"
    await trial.clock.sleep(6)
    assert await trial.body() == b"2"
    assert trial.sent == 2


async def test_after_stale_while_revalidate_a_caller_waits_for_the_new_answer(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(360)
    renewed = await trial.get()
    assert (renewed.body, renewed.stale) == (b"2", False)
    assert renewed.handling == "fwd=stale; fwd-status=200; stored"


async def test_many_callers_of_a_stale_answer_start_one_refresh(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(100)
    await asyncio.gather(*(trial.cache.send(request()) for _ in range(100)))
    await settle()
    assert trial.sent == 2


async def test_a_refresh_under_way_is_not_begun_again_however_dense_the_pace(trials: Callable[..., Trial]) -> None:
    trial = trials(policy=CachePolicy(refreshes_per_day=math.inf))
    await trial.get()
    trial.clock.advance(100)
    trial.delay = 1
    for _ in range(5):
        await trial.get()
    assert trial.sent == 2


async def test_entries_are_refreshed_beside_each_other(trials: Callable[..., Trial]) -> None:
    trial = trials(policy=CachePolicy(refreshes_per_day=math.inf))
    others = [request(), request(url=f"{URL}&n=1")]
    for wanted in others:
        await trial.get(wanted)
    trial.clock.advance(100)
    trial.delay = 1
    for wanted in others:
        await trial.cache.send(wanted)
    await settle()
    assert trial.sent == 4


async def test_no_refresh_begins_while_the_service_is_left_alone(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.failure = Response(503)
    assert (await trial.get(wanting("max-age=5"))).stale
    assert (await trial.get()).stale
    assert trial.sent == 2


async def test_an_answer_that_must_be_revalidated_is_never_given_stale(trial: Trial) -> None:
    trial.fields = {"cache_control": SERVICE + ", must-revalidate"}
    await trial.get()
    trial.clock.advance(61)
    trial.failure = Response(503)
    assert (await trial.get()).response.status == 503


async def test_where_the_older_answer_may_not_be_given_the_failure_is_repeated(trial: Trial) -> None:
    trial.fields = {"cache_control": SERVICE + ", must-revalidate"}
    await trial.get()
    trial.failure = Response(503)
    for _ in range(3):
        trial.clock.advance(61)
        assert (await trial.get()).response.status == 503
    trial.clock.advance(1)
    repeated = await trial.get()
    assert (repeated.response.status, repeated.handling, trial.sent) == (503, "hit", 4)


@pytest.mark.parametrize("fields", [{"Retry-After": "86400"}, {"Retry-After": "Fri, 02 Jan 2026 00:10:00 GMT"}])
async def test_a_failure_that_is_repeated_asks_for_what_is_left_of_its_wait(
    trials: Callable[..., Trial], fields: dict[str, str]
) -> None:
    trial = trials(policy=CachePolicy(stale_if_error=3600))
    await trial.get()
    trial.clock.advance(600)
    trial.failure = Response(429, fields | {"Date": "Thu, 01 Jan 2026 00:10:00 GMT"})
    assert (await trial.get()).stale
    for hours in (2, 23):
        trial.clock.advance(600 + hours * 3600 - trial.clock.monotonic())
        repeated = await trial.get()
        assert (repeated.response.status, repeated.handling) == (429, "hit")
        assert requested_wait(repeated.response, trial.clock.time()) == 86400 - hours * 3600
    assert trial.sent == 2


async def test_refreshes_keep_to_the_pace_of_the_day(trial: Trial) -> None:
    await trial.get()
    for _ in range(2880):
        trial.clock.advance(30)
        assert (await trial.get()).age < 60 + PACE
    assert 86400 / (PACE + 61) <= trial.sent <= 401


async def test_no_refresh_begins_when_the_day_has_none(trials: Callable[..., Trial]) -> None:
    trial = trials(policy=CachePolicy(refreshes_per_day=0))
    await trial.get()
    trial.clock.advance(359)
    assert (await trial.get()).stale
    assert trial.sent == 1


async def test_a_refresh_says_that_nobody_waits_for_it_and_is_not_retried(trial: Trial) -> None:
    await trial.get(extended(deadline=Deadline(1e9)))
    trial.clock.advance(100)
    await trial.get(extended(deadline=Deadline(1e9)))
    first, refresh = trial.wire.requests
    assert "background" not in first.extensions
    assert refresh.extensions["background"] is True
    assert refresh.extensions["retry"] is None
    assert refresh.extensions["deadline"].at == math.inf


@pytest.mark.parametrize("failure", [SPENT, StoreError("The quota's disk is full.")])
async def test_a_refresh_that_the_quota_refuses_is_tried_again_in_a_minute_without_a_warning(
    trial: Trial, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.failure = failure
    for _ in range(3):
        assert (await trial.get()).stale
    assert trial.sent == 2
    trial.failure = None
    trial.clock.advance(60)
    await trial.get()
    assert await trial.body() == b"3"
    assert caplog.records == []


@pytest.mark.parametrize("failure", [Response(503), TransportError("down"), InvalidResponseError(("", "no"))])
async def test_a_failed_refresh_is_logged_and_tried_again_after_a_minute(
    trial: Trial, failure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.failure = failure
    assert (await trial.get()).stale
    trial.failure = None
    trial.clock.advance(59)
    assert await trial.body() == b"1"
    trial.clock.advance(1)
    await trial.get()
    assert await trial.body() == b"3"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "is 100 s old; asking again in 60 s" in caplog.text
    assert "sk-one" not in caplog.text


async def test_after_a_failed_refresh_the_other_answers_wait_a_minute_for_theirs_too(trial: Trial) -> None:
    other = request(url=f"{URL}&n=1")
    for wanted in (request(), other):
        await trial.get(wanted)
    trial.clock.advance(100)
    trial.failure = Response(503)
    await trial.get()
    trial.failure = None
    sent = []
    for seconds in (0, 59, 1):
        trial.clock.advance(seconds)
        await trial.get(other)
        sent.append(trial.sent)
    assert sent == [3, 3, 4]


async def test_what_a_slow_refresh_brings_does_not_replace_a_newer_answer(trial: Trial) -> None:
    await _overtake_a_refresh(trial, answer(b"older"))
    assert await trial.body() == b"3"


@pytest.mark.parametrize("failure", [Response(404), Response(503), TransportError("reset")])
async def test_how_a_slow_refresh_fails_says_nothing_of_a_newer_answer(
    trial: Trial, failure: Response | Exception
) -> None:
    await _overtake_a_refresh(trial, failure)
    served = await trial.get()
    assert (served.body, served.handling, trial.sent) == (b"3", "hit", 3)
    assert trial.cache._breaker.streak(f"{key_hash(request())} GET {URL}") is None
    # The next refresh begins as if there had been no failure.
    trial.clock.advance(PACE - 20)
    await trial.get()
    assert trial.sent == 4


async def _overtake_a_refresh(trial: Trial, outcome: Response | Exception) -> None:
    """Let a refresh of 20 s end with ``outcome``, after a caller has got a newer answer."""
    await trial.get()
    trial.clock.advance(100)
    trial.delay = 20
    await trial.cache.send(trial.wanted)
    await trial.clock.sleep(2)
    trial.delay = 0
    assert (await trial.cache.send(wanting("no-cache"))).body == b"3"
    trial.failure = outcome
    await trial.clock.sleep(20)
    await settle()
    trial.failure = None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
async def test_a_refresh_that_is_refused_lets_the_next_caller_hear_it(trial: Trial, status: int) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.failure = Response(status)
    assert (await trial.get()).response.status == 200
    assert (await trial.get()).response.status == status


async def test_a_refresh_that_brings_something_else_than_an_answer_changes_nothing(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.failure = Response(304)
    await trial.get()
    assert await trial.body() == b"1"


async def test_a_bug_in_a_transport_during_a_refresh_is_logged(trial: Trial, caplog: pytest.LogCaptureFixture) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.failure = ZeroDivisionError("a bug")
    assert (await trial.get()).stale
    assert "the background refresh failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_a_caller_who_must_wait_shares_the_refresh_under_way(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(359)
    trial.delay = 10
    await trial.get()
    trial.clock.advance(5)
    assert await trial.body() == b"2"
    assert trial.sent == 2


# ---- stale if error


@pytest.mark.parametrize(
    ("failure", "shown", "logged"),
    [
        (Response(500), "fwd-status=500", "status 500"),
        (Response(503), "fwd-status=503", "status 503"),
        (Response(429), "fwd-status=429", "status 429"),
        (TransportError("down"), "detail=TransportError", "TransportError"),
        (RequestTimeoutError("slow"), "detail=RequestTimeoutError", "RequestTimeoutError"),
        (SPENT, "detail=QuotaExceededError", "QuotaExceededError"),
    ],
)
async def test_an_older_answer_is_given_instead_of_an_error_and_marked_and_logged_once(
    trial: Trial, failure: Any, shown: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    await trial.get()
    trial.clock.advance(1000)
    trial.failure = failure
    older = await trial.get()
    assert (older.body, older.age, older.stale) == (b"1", 1000, True)
    assert older.cache_status == f"openrouter-rankings; fwd=stale; {shown}; ttl=-940"
    (record,) = caplog.records
    assert f"no new response ({logged}); the cached one is 1000 s old" in record.getMessage()


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
async def test_a_refusal_is_never_hidden_behind_an_older_answer(trial: Trial, status: int) -> None:
    await trial.get()
    trial.clock.advance(1000)
    trial.failure = Response(status)
    assert (await trial.get()).response.status == status


async def test_another_error_than_the_services_is_never_hidden(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(1000)
    trial.failure = ConfigurationError("a mistake")
    with pytest.raises(ConfigurationError, match="a mistake"):
        await trial.get()


async def test_after_stale_if_error_the_error_is_given(trials: Callable[..., Trial]) -> None:
    trial = trials(policy=CachePolicy(stale_if_error=500))
    await trial.get()
    trial.clock.advance(560)
    trial.failure = TransportError("down")
    with pytest.raises(TransportError):
        await trial.get()
    trial.failure = Response(503)
    assert (await trial.get()).response.status == 503


async def test_without_an_older_answer_the_error_is_given(trial: Trial) -> None:
    trial.failure = SPENT
    with pytest.raises(QuotaExceededError) as caught:
        await trial.get()
    assert caught.value.retry_at == SPENT.retry_at


async def test_after_an_error_the_service_is_left_alone_for_a_minute(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(1000)
    trial.failure = Response(503)
    await trial.get()
    trial.clock.advance(59)
    resting = await trial.get()
    assert (trial.sent, resting.handling, resting.age) == (2, "hit", 1059)
    trial.clock.advance(1)
    trial.failure = None
    # Nobody waits for what has just failed: the answer of before once more, and the new one behind it.
    assert (await trial.get()).age == 1060
    await turn_until(lambda: trial.sent >= 3)
    await refreshed(trial.cache)
    assert await trial.body() == b"3"


async def test_who_comes_long_after_an_error_waits_for_a_new_answer(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(1000)
    trial.failure = Response(503)
    await trial.get()
    trial.clock.advance(120)
    trial.failure = None
    assert await trial.body() == b"3"


async def test_the_service_is_left_alone_for_as_long_as_it_asks(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(1000)
    trial.failure = Response(429, {"Retry-After": "600"})
    await trial.get()
    trial.clock.advance(599)
    await trial.get()
    assert trial.sent == 2


async def test_who_wants_a_fresh_answer_asks_during_the_pause_too(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(1000)
    trial.failure = Response(503)
    await trial.get()
    assert (await trial.get(wanting("no-cache"))).response.status == 503


async def test_an_hour_of_outage_costs_ever_fewer_requests_and_a_log_record_each(
    trial: Trial, caplog: pytest.LogCaptureFixture
) -> None:
    await trial.get()
    trial.clock.advance(1000)
    trial.failure = Response(503)
    for _ in range(360):
        await asyncio.gather(*(trial.get() for _ in range(5)))
        trial.clock.advance(10)
    assert trial.sent == len(caplog.records) + 1 == 42


async def test_an_outage_of_a_day_leaves_a_part_of_the_days_budget(trial: Trial) -> None:
    await trial.get()
    trial.failure = Response(503)
    for _ in range(24 * 60 * 3):
        trial.clock.advance(20)
        await trial.get()
        await asyncio.sleep(0)
    assert trial.sent < 450


async def test_with_an_older_answer_at_hand_the_service_is_asked_without_retries(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(400)
    trial.failure = Response(503)
    await trial.get()
    trial.clock.advance(120)
    await trial.get(extended(retry="mine"))
    await trial.get(wanting("no-cache"))
    policies = [sent.extensions.get("retry", "the layer's own") for sent in trial.wire.requests]
    assert policies == ["the layer's own", None, "mine", "the layer's own"]


# ---- single flight


async def test_a_thousand_callers_of_a_cold_cache_cost_one_request(trial: Trial) -> None:
    trial.delay = 1
    responses = await asyncio.gather(*(trial.cache.send(request()) for _ in range(1000)))
    assert trial.sent == 1
    assert {id(response.body) for response in responses} == {id(responses[0].body)}
    assert Served(responses[-1]).handling == "fwd=uri-miss; fwd-status=200; stored; collapsed"


async def test_an_error_reaches_every_caller(trial: Trial) -> None:
    trial.failure, trial.delay = TransportError("down"), 1
    errors = await asyncio.gather(*(trial.cache.send(request()) for _ in range(20)), return_exceptions=True)
    assert trial.sent == 1
    assert all(isinstance(error, TransportError) and str(error) == "down" for error in errors)


async def test_callers_who_would_get_other_answers_or_errors_do_not_share(trial: Trial) -> None:
    trial.delay = 1
    requests = [request(), request(timeout=5), request("sk-two"), request(X_Other="1"), extended(retry=None)]
    found = await asyncio.gather(*(trial.cache.send(wanted) for wanted in requests))
    assert len({given.body for given in found}) == 5


async def test_callers_with_different_directives_share_one_exchange(trial: Trial) -> None:
    trial.delay = 1
    await asyncio.gather(trial.get(), trial.get(wanting("no-cache")), trial.get(wanting("max-age=5")))
    assert trial.sent == 1


async def _cancel_after(trial: Trial, turns: int) -> bool:
    """Whether a call was cut off when the loop had turned so many times."""
    task = asyncio.create_task(trial.cache.send(trial.wanted))
    await turn(turns)
    task.cancel()
    await asyncio.wait({task})
    return task.cancelled()


async def _prepare(trial: Trial, state: str) -> None:
    if state != "cold":
        await trial.get()
    if state == "stale":
        trial.clock.advance(100)
    if state == "failing":
        trial.clock.advance(1000)
        trial.failure = Response(503)


async def _tasks_without_an_owner(cache: CacheTransport) -> set[asyncio.Task[Any]]:
    """What still runs apart from this test and the refreshes; a refresh owns its exchange, a store its operations."""
    await stored(cache)
    owned = {asyncio.current_task(), *cache._refreshes._tasks.values()}
    if cache._refreshes._tasks:
        owned |= cache._fetcher._flights._tasks | cache._fetcher._look_ups._tasks
    return {task for task in asyncio.all_tasks() if task not in owned}


@pytest.fixture
def inline_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work for a thread takes one turn of the event loop, so that the turns until its end can be counted."""

    async def run(_: BlockingThread, work: Callable[[], Any]) -> Any:
        await asyncio.sleep(0)
        return work()

    monkeypatch.setattr(BlockingThread, "run", run)
    monkeypatch.setattr(BlockingThread, "end", run)


@pytest.mark.usefixtures("inline_threads")
@pytest.mark.parametrize("state", ["cold", "stale", "failing"])
async def test_a_caller_cancelled_at_any_await_leaves_nothing_behind(
    trials: Callable[..., Trial], store: Any, state: str
) -> None:
    cut_off, turns = True, 0
    while cut_off:
        trial = trials(policy=CachePolicy(store=store), delay=1, wanted=request(url=f"{URL}&turns={turns}"))
        await _prepare(trial, state)
        cut_off = await _cancel_after(trial, turns)
        assert await _tasks_without_an_owner(trial.cache) == set()
        trial.failure = None
        assert (await trial.get()).response.status == 200
        await trial.cache.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        # The later turns do nothing but wait for a server.
        turns += 1 + turns // 20
    assert turns > (1 if state == "stale" else 5)


async def test_a_cancelled_caller_leaves_the_exchange_to_the_others(trial: Trial) -> None:
    trial.delay = 1
    stays = asyncio.create_task(trial.cache.send(request()))
    assert await _cancel_after(trial, 3)
    assert (await stays).body == b"1"
    assert trial.sent == 1


async def test_a_refresh_goes_on_when_its_caller_is_cancelled(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(359)
    trial.delay = 10
    await trial.get()
    trial.clock.advance(2)
    assert await _cancel_after(trial, 3)
    await trial.clock.sleep(10)
    assert await trial.body() == b"2"


# ---- decoding


def decoding(decode: Callable[[Response], object]) -> Request:
    return extended(decode=decode)


async def test_a_response_is_decoded_once_for_all_who_get_it(trial: Trial) -> None:
    decoded: list[bytes] = []

    def decode(response: Response) -> list[bytes]:
        decoded.append(response.body)
        return [response.body]

    responses = await asyncio.gather(*(trial.cache.send(decoding(decode)) for _ in range(100)))
    responses.append(await trial.cache.send(decoding(decode)))
    values = [response.extensions["value"] for response in responses]
    assert decoded == [b"1"]
    assert all(value is values[0] for value in values)


async def test_the_same_body_again_stays_the_same_value(trial: Trial) -> None:
    trial.failure = answer(b"same")
    first = await trial.cache.send(decoding(lambda response: [response.body]))
    trial.clock.advance(1000)
    second = await trial.cache.send(decoding(lambda response: [response.body]))
    assert trial.sent == 2
    assert second.headers["Age"] == "0"
    assert second.extensions["value"] is first.extensions["value"]


async def test_none_is_a_decoded_value_too(trial: Trial) -> None:
    calls: list[None] = []
    for _ in range(2):
        given = await trial.cache.send(decoding(lambda _: calls.append(None)))
        assert given.extensions["value"] is None
    assert len(calls) == 1


async def test_a_response_that_cannot_be_decoded_is_not_kept_and_its_error_is_repeated(
    trials: Callable[..., Trial], store: Any
) -> None:
    trial = trials(policy=CachePolicy(store=store))

    def decode(response: Response) -> None:
        raise InvalidResponseError(("data", "missing"), body=response.body)

    errors = []
    for _ in range(3):
        with pytest.raises(InvalidResponseError) as caught:
            await trial.cache.send(decoding(decode))
        errors.append(caught.value)
    assert [error.body for error in errors] == [b"1"] * 3
    assert len({id(error) for error in errors}) == 3
    trial.clock.advance(60)
    assert await trial.body() == b"2"


async def test_an_older_response_is_served_in_place_of_one_that_cannot_be_decoded(trial: Trial) -> None:
    def decode(response: Response) -> bytes:
        if response.body != b"1":
            raise InvalidResponseError(("data", "missing"))
        return response.body

    await trial.cache.send(decoding(decode))
    trial.clock.advance(1000)
    older = Served(await trial.cache.send(decoding(decode)))
    assert (older.body, older.handling) == (b"1", "fwd=stale; detail=InvalidResponseError")
    assert (await trial.cache.send(decoding(decode))).body == b"1"
    assert trial.sent == 2


async def test_a_bug_in_decoding_is_not_remembered(trial: Trial) -> None:
    with pytest.raises(ZeroDivisionError):
        await trial.cache.send(decoding(lambda _: 1 // 0))
    assert (await trial.cache.send(decoding(lambda _: 1))).extensions["value"] == 1


# ---- bounds


async def test_the_least_recently_used_answers_make_room(trials: Callable[..., Trial]) -> None:
    trial = trials(policy=CachePolicy(max_entries=2))
    one, two, three = (request(url=f"{URL}&n={n}") for n in range(3))
    for wanted in (one, two, one, three, one):
        await trial.get(wanted)
    assert trial.sent == 3
    await trial.get(two)
    assert trial.sent == 4


async def test_bytes_are_bounded_too_and_an_answer_over_the_bound_drives_no_other_out(
    trials: Callable[..., Trial],
) -> None:
    trial = trials(policy=CachePolicy(max_bytes=1000))
    await trial.get()
    trial.failure = answer(b"x" * 2000)
    big = request(url=URL + "&big=1")
    await trial.get(big)
    await trial.get(big)
    assert trial.sent == 3
    assert await trial.body() == b"1"
    trial.failure = answer(b"x" * 850)
    await trial.get(big)
    assert trial.cache._entries.size <= 1000
    assert (await trial.get()).handling.startswith("fwd=uri-miss")


# ---- stores shared by several caches


async def test_another_process_on_the_store_finds_the_answer(trials: Callable[..., Trial], shared_store: Any) -> None:
    trial = trials(policy=CachePolicy(store=shared_store), fields={"Vary": "Accept"})
    await trial.get()
    trial.clock.advance(20)
    silent = FakeTransport([])
    other = CacheTransport(silent, trial.policy, clock=trial.clock)
    found = Served(await other.send(request()))
    assert (found.body, found.age, found.handling) == (b"1", 20, "hit")
    assert (await other.send(request())) is found.response
    assert found.response.headers["Content-Type"] == "application/json"
    await other.aclose()


async def test_a_shared_answer_outlives_the_cache_that_got_it(trials: Callable[..., Trial], shared_store: Any) -> None:
    trial = trials(policy=CachePolicy(store=shared_store))
    await trial.get()
    await trial.cache.aclose()
    trial.cache = trial.another(trial.wire)
    trial.wire._closed = False
    assert await trial.body() == b"1"


async def test_several_processes_refresh_once_for_all(trials: Callable[..., Trial], shared_store: Any) -> None:
    trial = trials(policy=CachePolicy(store=shared_store))
    caches = [trial.cache, *(trial.another(trial.wire) for _ in range(3))]
    for cache in caches:
        await cache.send(request())
        await stored(cache)
    for _ in range(40):
        trial.clock.advance(10)
        for cache in caches:
            await cache.send(request())
        await refreshed(*caches)
    assert trial.sent <= 3
    ages = [Served(await cache.send(request())).age for cache in caches]
    assert max(ages) < 300
    for cache in caches[1:]:
        await cache.aclose()


@pytest.mark.parametrize("failure", [Response(503), TransportError("down"), InvalidResponseError(("", "no"))])
async def test_a_failed_refresh_lets_the_processes_try_again_after_a_minute(
    trials: Callable[..., Trial], shared_store: Any, failure: Any
) -> None:
    trial = trials(policy=CachePolicy(store=shared_store))
    await trial.get()
    trial.clock.advance(100)
    trial.failure = failure
    other = trial.another(trial.wire)
    for cache in (trial.cache, other):
        await cache.send(request())
        await refreshed(cache)
    assert trial.sent == 2
    assert other._shared is not None
    assert 59 < await other._shared.take_turn(key_hash(request()), 216) <= 60
    # The processes do not come all at once, but within half a minute.
    trial.clock.advance(60 + 30)
    await other.send(request())
    await refreshed(other)
    assert trial.sent == 3
    await other.aclose()


async def test_what_another_process_brought_is_taken_instead_of_a_refresh(
    trials: Callable[..., Trial], shared_store: Any
) -> None:
    trial = trials(policy=CachePolicy(store=shared_store))
    other = trial.another(trial.wire)
    for cache in (trial.cache, other):
        await cache.send(request())
        await stored(cache)
    trial.clock.advance(100)
    await trial.get(wanting("no-cache"))
    assert (await other.send(request())).body == b"1"
    await refreshed(other)
    assert (await other.send(request())).body == b"2"
    assert trial.sent == 2
    # It has not taken the turn for that.
    trial.clock.advance(100)
    await trial.get()
    await refreshed(trial.cache)
    assert trial.sent == 3
    await other.aclose()


def _everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_the_key_is_not_in_the_file(trials: Callable[..., Trial], tmp_path: Path) -> None:
    trial = trials(policy=CachePolicy(store=tmp_path / "cache.sqlite3"), fields={"Vary": "Authorization, X-Other"})
    await trial.get(request("sk-very-secret", X_Other="also-secret"))
    content = _everything_in(tmp_path)
    assert b"window=7d" in content
    assert b"secret" not in content


# ---- the end


async def test_closing_waits_for_the_refresh_under_way(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.delay = 3
    await trial.get()
    await trial.cache.aclose()
    assert trial.sent == 2
    assert trial.clock.monotonic() == 103


async def test_closing_gives_a_slow_refresh_up_after_five_seconds(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(100)
    trial.delay = 25
    await trial.get()
    await trial.cache.aclose()
    assert trial.clock.monotonic() == 105


async def test_closing_tells_those_who_wait(trial: Trial) -> None:
    trial.delay = 1000
    task = asyncio.create_task(trial.cache.send(request()))
    await turn_until(lambda: trial.sent)
    await trial.cache.aclose()
    with pytest.raises(TransportError, match="closed"):
        await task


async def test_a_closed_cache_answers_no_more(trial: Trial) -> None:
    await trial.get()
    await trial.cache.aclose()
    await trial.cache.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await trial.get()


# ---- the policy


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_age": -1},
        {"max_age": "60"},
        {"stale_while_revalidate": math.nan},
        {"stale_if_error": -0.1},
        {"max_entries": 0},
        {"max_entries": 1.5},
        {"max_bytes": True},
        {"refreshes_per_day": -1},
        {"refreshes_per_day": None},
        {"store": ""},
        {"store": "postgres://host"},
        {"store": 5},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(arguments))):
        CachePolicy(**arguments)


def test_a_policy_is_a_value_and_hides_a_password() -> None:
    assert CachePolicy(max_age=5) == CachePolicy(max_age=5)
    assert "secret" not in repr(CachePolicy(store="redis://:secret@host"))


# ---- an outage where nothing is kept


async def failing(trial: Trial, **wishes: Any) -> Exception | int:
    try:
        return (await trial.get(wanting("no-cache") if wishes else None)).response.status
    except TransportError as error:
        return error


async def test_an_outage_of_a_day_with_an_empty_cache_leaves_a_part_of_the_days_budget(trial: Trial) -> None:
    trial.failure = Response(503)
    for _ in range(24 * 60 * 3):
        assert await failing(trial) == 503
        trial.clock.advance(20)
    assert trial.sent < 480
    trial.failure = None
    trial.clock.advance(216)
    assert await failing(trial) == 200


async def test_the_first_failures_are_each_asked_for(trial: Trial) -> None:
    trial.failure = Response(503)
    for count in (1, 2, 3):
        assert await failing(trial) == 503
        assert trial.sent == count
        trial.clock.advance(10)
    assert await failing(trial) == 503
    assert trial.sent == 4


async def test_after_three_failures_the_last_one_is_given_again_for_a_pause(trial: Trial) -> None:
    trial.failure = TransportError("The exchange failed.")
    for _ in range(3):
        await failing(trial)
        trial.clock.advance(150)
    # The third came 300 s after the first: a pause of 20 s began then, and is over.
    last = [await failing(trial)]
    trial.clock.advance(29)
    last += [await failing(trial) for _ in range(2)]
    assert trial.sent == 4
    assert all(isinstance(error, TransportError) for error in last)
    assert len({id(error) for error in last}) == 3


async def test_a_failure_that_is_given_again_says_that_the_service_was_not_asked(trial: Trial) -> None:
    trial.failure = Response(503)
    for _ in range(3):
        await failing(trial)
        trial.clock.advance(100)
    await failing(trial)
    assert (await trial.get()).cache_status == "openrouter-rankings; hit"
    assert trial.sent == 4


async def test_who_passes_the_cache_over_asks_in_a_trouble_too(trial: Trial) -> None:
    trial.failure = Response(503)
    for _ in range(3):
        await failing(trial)
        trial.clock.advance(100)
    await failing(trial)
    trial.failure = None
    assert await failing(trial) == 503
    assert await failing(trial, fresh=True) == 200


async def test_an_answer_ends_the_trouble(trial: Trial) -> None:
    trial.failure = Response(503)
    for _ in range(3):
        await failing(trial)
        trial.clock.advance(100)
    trial.failure = None
    assert await failing(trial) == 200
    trial.failure = Response(503)
    trial.clock.advance(2 * 86400)
    assert await failing(trial) == 503
    assert await failing(trial) == 503
    assert trial.sent == 6


async def test_with_the_circuit_open_there_are_no_retries(trial: Trial) -> None:
    trial.failure = Response(503)
    for _ in range(4):
        assert (await trial.get()).response.status == 503
        trial.clock.advance(1000)
    assert ["retry" in sent.extensions for sent in trial.wire.requests] == [False, False, False, True]
    assert trial.wire.requests[3].extensions["retry"] is None


async def test_failures_are_counted_for_more_questions_than_responses_are_kept(trials: Callable[..., Trial]) -> None:
    trial = trials(policy=CachePolicy(max_entries=8, max_bytes=1000))
    trial.failure = Response(503, body=b"x" * 10_000)
    for _ in range(24):
        for number in range(9):
            await trial.cache.send(request(url=f"{URL}&n={number}"))
        trial.clock.advance(300)
    assert trial.sent < 100


async def test_a_caller_who_joins_a_refresh_that_the_quota_refuses_asks_for_itself(trial: Trial) -> None:
    await trial.get()
    trial.clock.advance(359)
    trial.delay, trial.failure = 10, SPENT
    await trial.get()
    trial.clock.advance(5)
    assert await trial.body() == b"1"
    first, refresh, own = trial.wire.requests
    assert [bool(sent.extensions.get("background")) for sent in (first, refresh, own)] == [False, True, False]
