"""Conditional requests: a stale entry is confirmed by the service, and not sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import attrs
import pytest
from patience import settle

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import TransportError
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.cache.transport import CacheTransport
from openrouter_rankings.transports.fake import FakeTransport

URL = "https://service.invalid/api/v1/classifications/task?window=7d"
MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT"


def request(method: str = "GET", **fields: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Request(method, URL, {"Authorization": "Bearer sk-one"} | named, extensions={"decode": decode})


def decode(response: Response) -> list[bytes]:
    return [response.body]


def answer(body: bytes = b'{"n": 1}', **fields: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Response(200, {"Content-Type": "application/json", "Cache-Control": "max-age=60"} | named, body)


def not_modified(**fields: str) -> Response:
    return Response(304, {"Cache-Control": "max-age=60"} | {name.replace("_", "-"): v for name, v in fields.items()})


@attrs.define
class Trial:
    """A cache in front of a script, a thousand seconds between two calls."""

    wire: FakeTransport
    cache: CacheTransport

    async def get(self, wanted: Request | None = None) -> Response:
        response = await self.cache.send(wanted or request())
        clock = self.wire.clock
        assert isinstance(clock, FakeClock)
        clock.advance(1000)
        return response

    @property
    def sent(self) -> list[Headers]:
        return [sent.headers for sent in self.wire.requests]


@pytest.fixture
async def trial() -> AsyncIterator[Callable[..., Trial]]:
    made: list[Trial] = []

    def make(*script: Any, **policy: Any) -> Trial:
        wire = FakeTransport(list(script))
        made.append(Trial(wire, CacheTransport(wire, CachePolicy(**policy), clock=wire.clock)))
        return made[-1]

    yield make
    for each in made:
        await each.cache.aclose()


async def test_a_stale_entry_is_asked_for_by_its_validators(trial: Callable[..., Trial]) -> None:
    run = trial(answer(ETag='"a"', Last_Modified=MODIFIED), not_modified())
    await run.get()
    await run.get()
    assert "If-None-Match" not in run.sent[0]
    assert run.sent[1]["If-None-Match"] == '"a"'
    assert run.sent[1]["If-Modified-Since"] == MODIFIED
    assert run.sent[1]["Authorization"] == "Bearer sk-one"


async def test_a_304_makes_the_entry_fresh_and_keeps_the_decoded_object(trial: Callable[..., Trial]) -> None:
    run = trial(answer(ETag='"a"', Age="30"), not_modified(ETag='W/"a"', X_New="1"))
    first = await run.get()
    second = await run.get()
    third = await run.cache.send(request(Cache_Control="max-stale"))
    assert (second.status, second.body, second.headers["Age"]) == (200, first.body, "0")
    assert second.extensions["value"] is first.extensions["value"]
    assert third.extensions["value"] is first.extensions["value"]
    assert (second.headers["X-New"], second.headers["Content-Type"]) == ("1", "application/json")
    assert second.headers["Cache-Status"] == "openrouter-rankings; fwd=stale; fwd-status=304; stored; ttl=60"
    assert len(run.sent) == 2


async def test_a_304_says_how_long_the_entry_is_fresh_from_now_on(trial: Callable[..., Trial]) -> None:
    run = trial(answer(ETag='"a"'), not_modified(Cache_Control="max-age=5000"))
    await run.get()
    await run.get()
    assert (await run.get()).headers["Cache-Status"] == "openrouter-rankings; hit; ttl=4000"


async def test_the_expires_of_a_304_without_a_date_counts_from_its_arrival(trial: Callable[..., Trial]) -> None:
    dated = {"Content-Type": "application/json", "ETag": '"a"', "Date": MODIFIED, "Expires": MODIFIED}
    confirmed = Response(304, {"Expires": "Thu, 01 Jan 2026 00:17:40 GMT"})
    run = trial(Response(200, dated, b"{}"), confirmed)
    await run.get()
    assert (await run.get()).headers["Cache-Status"].endswith("stored; ttl=60")


async def test_a_304_changes_no_field_of_the_body(trial: Callable[..., Trial]) -> None:
    run = trial(answer(ETag='"a"', Content_Length="8"), not_modified(Content_Type="text/plain", Content_Length="0"))
    await run.get()
    confirmed = await run.get()
    assert (confirmed.headers["Content-Type"], confirmed.headers["Content-Length"]) == ("application/json", "8")


async def test_a_304_about_another_response_is_asked_again_without_a_condition(trial: Callable[..., Trial]) -> None:
    run = trial(answer(ETag='"a"'), not_modified(ETag='"b"'), answer(b'{"n": 2}', ETag='"b"'))
    await run.get()
    assert (await run.get()).body == b'{"n": 2}'
    assert "If-None-Match" not in run.sent[2]


async def test_a_changed_answer_replaces_the_entry(trial: Callable[..., Trial]) -> None:
    run = trial(answer(ETag='"a"'), answer(b'{"n": 2}', ETag='"b"'), not_modified())
    await run.get()
    assert (await run.get()).body == b'{"n": 2}'
    assert (await run.get()).body == b'{"n": 2}'
    assert run.sent[2]["If-None-Match"] == '"b"'


async def test_fresh_asks_for_a_confirmation_too(trial: Callable[..., Trial]) -> None:
    run = trial(answer(ETag='"a"'), not_modified())
    first = await run.cache.send(request())
    confirmed = await run.cache.send(request(Cache_Control="no-cache"))
    assert confirmed.extensions["value"] is first.extensions["value"]
    assert run.sent[1]["If-None-Match"] == '"a"'


async def test_an_entry_without_validators_is_asked_for_without_a_condition(trial: Callable[..., Trial]) -> None:
    run = trial(answer(), answer())
    await run.get()
    await run.get()
    assert not {"If-None-Match", "If-Modified-Since"} & set(run.sent[1])


async def test_an_entry_for_other_fields_is_no_condition(trial: Callable[..., Trial]) -> None:
    run = trial(answer(ETag='"a"', Vary="Accept-Language"), answer())
    await run.get(request(Accept_Language="de"))
    await run.get(request(Accept_Language="fr"))
    assert "If-None-Match" not in run.sent[1]


async def test_a_304_that_nobody_asked_for_is_passed_on(trial: Callable[..., Trial]) -> None:
    run = trial(not_modified(), answer())
    assert (await run.get()).status == 304
    assert (await run.get()).status == 200


async def test_a_304_that_nobody_asked_for_confirms_no_entry(trial: Callable[..., Trial]) -> None:
    run = trial(answer(), not_modified())
    await run.get()
    assert (await run.get()).status == 304


async def test_the_same_body_under_another_content_type_is_decoded_anew(trial: Callable[..., Trial]) -> None:
    run = trial(answer(), answer(Content_Type="application/json; charset=utf-16"))
    first, second = await run.get(), await run.get()
    assert first.extensions["value"] == second.extensions["value"]
    assert first.extensions["value"] is not second.extensions["value"]


@pytest.mark.parametrize("field", ["If-None-Match", "If-Modified-Since", "If-Match", "If-Range", "Range"])
async def test_a_request_with_a_condition_of_its_own_passes_the_cache_by(
    trial: Callable[..., Trial], field: str
) -> None:
    run = trial(answer(ETag='"a"'), not_modified(), answer())
    await run.cache.send(request())
    own = await run.cache.send(attrs.evolve(request(), headers=request().headers.merge({field: '"mine"'})))
    assert (own.status, own.headers["Cache-Status"]) == (304, "openrouter-rankings; fwd=bypass")
    assert run.sent[1][field] == '"mine"'
    assert (await run.cache.send(request())).headers["Cache-Status"].startswith("openrouter-rankings; hit")


@pytest.mark.parametrize(("method", "status", "kept"), [
    ("POST", 200, False),
    ("DELETE", 204, False),
    ("PUT", 303, False),
    ("PATCH", 200, False),
    ("PATCH", 400, True),
    ("POST", 500, True),
    ("HEAD", 200, True),
    ("OPTIONS", 204, True),
])  # fmt: skip
async def test_an_unsafe_method_that_succeeds_drops_the_entry_of_its_url(
    trial: Callable[..., Trial], method: str, status: int, kept: bool
) -> None:
    run = trial(answer(), Response(status), answer())
    await run.cache.send(request())
    await run.cache.send(request(method))
    again = await run.cache.send(request())
    assert ("hit" in again.headers["Cache-Status"]) is kept


async def test_an_unsafe_method_that_did_not_get_through_drops_nothing(trial: Callable[..., Trial]) -> None:
    run = trial(answer(), TransportError("down"))
    await run.cache.send(request())
    with pytest.raises(TransportError):
        await run.cache.send(request("POST"))
    assert "hit" in (await run.cache.send(request())).headers["Cache-Status"]


async def test_only_if_cached_asks_nobody(trial: Callable[..., Trial]) -> None:
    run = trial(answer())
    refused = await run.cache.send(request(Cache_Control="only-if-cached"))
    assert (refused.status, refused.headers["Cache-Status"]) == (504, "openrouter-rankings; fwd=uri-miss")
    await run.cache.send(request())
    assert (await run.cache.send(request(Cache_Control="only-if-cached"))).status == 200
    assert len(run.sent) == 1


async def test_only_if_cached_begins_no_refresh(trial: Callable[..., Trial]) -> None:
    run = trial(answer(), stale_while_revalidate=3600)
    await run.get()
    assert (await run.get(request(Cache_Control="only-if-cached"))).headers["Age"] == "1000"
    await settle()
    assert len(run.sent) == 1


@pytest.mark.parametrize("fields", [{"Cache_Control": "only-if-cached, no-store"}, {"If_None_Match": '"a"'}])
async def test_only_if_cached_asks_nobody_where_the_cache_cannot_serve_either(
    trial: Callable[..., Trial], fields: dict[str, str]
) -> None:
    run = trial(answer())
    refused = await run.cache.send(request(**({"Cache_Control": "only-if-cached"} | fields)))
    assert (refused.status, run.sent) == (504, [])


async def test_twenty_calls_for_an_answer_that_says_nothing_of_its_freshness_cost_one_request(
    trial: Callable[..., Trial],
) -> None:
    run = trial(Response(200, {"Content-Type": "application/json"}, b"{}"))
    for _ in range(20):
        await run.cache.send(request())
        assert isinstance(run.wire.clock, FakeClock)
        run.wire.clock.advance(14)
    assert len(run.sent) == 1
