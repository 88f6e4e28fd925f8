"""How old an answer is, for scripts: in JSON, by --max-age, --refresh and --fail-if-stale, and after a long failure."""

import json
import re
from itertools import repeat
from typing import Any

import pytest
from command_line import KEY, Call

from openrouter_rankings.cli import service
from openrouter_rankings.cli.question import Origin
from openrouter_rankings.testing import EmulatedAPI, Fault, serve_in_thread
from openrouter_rankings.transports.cache.policy import CachePolicy

STALE_AT_ONCE = Fault(headers={"Cache-Control": "private, max-age=0, stale-while-revalidate=300"})
DAY_OLD = Fault(headers={"Age": "86400", "Cache-Control": "private, max-age=60"})


@pytest.fixture
def api() -> EmulatedAPI:
    return EmulatedAPI(keys=[KEY])


def tasks(base_url: str, *arguments: str) -> Call:
    return Call("tasks", "--base-url", base_url, "--top", "1", "--format", "json", "--quiet", *arguments)


def freshness(call: Call) -> tuple[Any, Any]:
    document = json.loads(call.out)
    assert isinstance(document["age_seconds"], float)
    return document["stale"], document["from_cache"]


def test_json_tells_a_new_answer_from_a_kept_one(server: str) -> None:
    assert freshness(tasks(server)) == (False, False)
    assert freshness(tasks(server)) == (False, True)


def test_json_tells_a_stale_answer(server: str, api: EmulatedAPI) -> None:
    api.misbehave(DAY_OLD, 503)
    tasks(server)
    call = tasks(server)
    assert freshness(call) == (True, True)
    assert json.loads(call.out)["age_seconds"] >= 86400


def test_an_answer_that_is_not_kept_is_new(server: str) -> None:
    assert freshness(tasks(server, "--no-cache")) == (False, False)


def test_the_sample_is_new_and_of_a_saved_answer_nobody_knows() -> None:
    sample = Call("tasks", "--sample", "--format", "json").out
    again = json.loads(Call("tasks", "--input", "-", "--format", "json", stdin=sample).out)
    assert [json.loads(sample)[name] for name in ("age_seconds", "stale", "from_cache")] == [0.0, False, False]
    assert [again[name] for name in ("age_seconds", "stale", "from_cache")] == [None, None, None]


def test_refresh_asks_and_keeps_the_answer(server: str, api: EmulatedAPI) -> None:
    tasks(server)
    assert freshness(tasks(server, "--refresh")) == (False, False)
    assert len(api.requests) == 2
    assert freshness(tasks(server)) == (False, True)


def test_max_age_accepts_an_answer_that_the_service_calls_stale(server: str, api: EmulatedAPI) -> None:
    api.misbehave(STALE_AT_ONCE)
    tasks(server)
    assert freshness(tasks(server, "--max-age", "1h")) == (False, True)
    assert len(api.requests) == 1


def test_max_age_refuses_an_answer_that_is_older(server: str, api: EmulatedAPI) -> None:
    api.misbehave(DAY_OLD)
    tasks(server)
    assert freshness(tasks(server, "--max-age", "1h")) == (False, False)
    assert len(api.requests) == 2


def test_an_answer_older_than_max_age_is_stale_where_the_service_gives_no_newer_one(
    server: str, api: EmulatedAPI
) -> None:
    api.misbehave(Fault(headers={"Age": "7200", "Cache-Control": "private, max-age=86400"}), 503)
    tasks(server)
    assert freshness(tasks(server, "--max-age", "1h")) == (True, True)


def test_fail_if_stale_asks_the_service_instead_of_taking_a_stale_answer(server: str, api: EmulatedAPI) -> None:
    api.misbehave(STALE_AT_ONCE)
    tasks(server)
    call = tasks(server, "--fail-if-stale")
    assert (call.status, freshness(call)) == (0, (False, False))


@pytest.mark.parametrize("limit", [(), ("--max-age", "1h")])
def test_fail_if_stale_writes_nothing_and_exits_with_3(
    limit: tuple[str, ...], server: str, api: EmulatedAPI, tmp_path: Any
) -> None:
    api.misbehave(DAY_OLD, *repeat(503, 8))
    tasks(server)
    kept = tmp_path / "yesterday.json"
    kept.write_text("yesterday's")
    call = tasks(server, "--fail-if-stale", "--output", str(kept), *limit)
    assert (call.status, call.out, kept.read_text()) == (3, "", "yesterday's")
    assert re.fullmatch(
        r"error: The only answer is 24 hours old, and stale; nothing was written, because of --fail-if-stale\.\n",
        call.err,
    )


def test_a_fresh_answer_does_not_fail(server: str) -> None:
    assert [tasks(server, "--fail-if-stale").status for _ in range(2)] == [0, 0]


def test_an_answer_of_a_month_is_still_shown_while_the_service_fails() -> None:
    _, cache = service._stores(Origin())
    assert isinstance(cache, CachePolicy)
    assert cache.stale_if_error == 30 * 86400


def test_the_emulation_is_never_cited_not_even_from_the_cache(server: str) -> None:
    for _ in range(2):
        document = json.loads(tasks(server).out)
        assert document["synthetic"] is True
        assert document["licence"] is None
        assert "openrouter.ai" not in document["citation"]


def test_quota_reset_forgets_what_was_sent_to_this_service_only(server: str) -> None:
    with serve_in_thread(EmulatedAPI()) as other:
        for base_url in (server, other):
            tasks(base_url)
        assert Call("quota", "--base-url", server, "--reset").status == 0
        used = [
            json.loads(Call("quota", "--base-url", base_url, "-f", "json").out)["day"]["used"]
            for base_url in (server, other)
        ]
    assert used == [0, 1]


def test_quota_reset_ends_a_pause_that_the_service_asked_for(server: str, api: EmulatedAPI) -> None:
    api.misbehave(Fault(429, headers={"Retry-After": "3600"}))
    assert tasks(server).status == 1
    assert "The service wants no requests until " in Call("quota", "--base-url", server).out
    assert "The service wants no requests until " not in Call("quota", "--base-url", server, "--reset").out
    assert tasks(server).status == 0


def test_max_wait_ends_a_call_that_would_wait_longer(server: str, api: EmulatedAPI) -> None:
    api.misbehave(*repeat(Fault(429, headers={"Retry-After": "30"}), 4))
    call = Call("tasks", "--base-url", server, "--max-wait", "5s")
    assert (call.status, len(api.requests)) == (1, 1)
    assert "429" in call.err
