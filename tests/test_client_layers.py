"""The client with its quota and its cache: what callers share, what they are told, and what is left when they leave."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from patience import PATIENCE, settle, turn, turn_until

from openrouter_rankings import (
    CachePolicy,
    ConfigurationError,
    InternalServerError,
    InvalidResponseError,
    Quota,
    QuotaExceededError,
    RankingsClient,
    RankingsError,
    Request,
    Response,
    RetryPolicy,
    TaskClassifications,
    TransportError,
    UnauthorizedError,
)
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Fault, sample

KEY = "sk-or-v1-0123456789abcdef"
MINUTE = 60.0
DAY = 86400.0


class Fixture:
    """A client on the emulated service, and the time that both live in."""

    def __init__(self, api: EmulatedAPI | None = None, **options: Any) -> None:
        self.clock = FakeClock(datetime(2026, 9, 17, 12, tzinfo=UTC))
        self.api = api or EmulatedAPI()
        self.client = RankingsClient(KEY, transport=FakeTransport(self.api, clock=self.clock), **options)

    @property
    def sent(self) -> int:
        return len(self.api.requests)

    async def ask(self, **options: Any) -> TaskClassifications:
        return await self.client.get_task_classifications(**options)


@pytest.fixture
async def on() -> AsyncIterator[Callable[..., Fixture]]:
    made: list[Fixture] = []

    def make(*arguments: Any, **options: Any) -> Fixture:
        made.append(Fixture(*arguments, **options))
        return made[-1]

    yield make
    for fixture in made:
        await fixture.client.aclose()


On = Callable[..., Fixture]

# -- the cache -------------------------------------------------------------------------------------------------------


async def test_an_answer_is_given_again_while_it_is_fresh(on: On) -> None:
    fixture = on()
    first = await fixture.ask()
    fixture.clock.advance(59)
    assert await fixture.ask() is first
    assert fixture.sent == 1
    assert fixture.client.provenance(first).age == pytest.approx(59, abs=1)
    assert not fixture.client.provenance(first).stale


async def test_a_stale_answer_is_given_at_once_and_refreshed_behind(on: On) -> None:
    fixture = on()
    first = await fixture.ask()
    fixture.clock.advance(120)
    assert await fixture.ask() is first
    assert fixture.client.provenance(first).stale
    await turn_until(lambda: fixture.sent >= 2)
    await settle()
    # The service gave the same figures again, so they stay the same object.
    assert await fixture.ask() is first
    assert not fixture.client.provenance(first).stale


async def test_ten_thousand_callers_of_a_cold_cache_share_one_request_and_one_object(on: On) -> None:
    fixture = on()
    answers = await asyncio.gather(*(fixture.ask() for _ in range(10_000)))
    assert fixture.sent == 1
    assert {id(answer) for answer in answers} == {id(answers[0])}


async def test_a_caller_can_pass_over_the_cache(on: On) -> None:
    fixture = on()
    await fixture.ask()
    await fixture.ask(fresh=True)
    assert fixture.sent == 2
    # What is a wish to our cache is not the service's business.
    assert all("Cache-Control" not in request.headers for request in fixture.api.requests)


async def test_a_caller_can_be_content_with_an_older_answer_or_want_a_newer_one(on: On) -> None:
    fixture = on()
    first = await fixture.ask()
    fixture.clock.advance(3000)
    assert await fixture.ask(max_age=3600) is first
    assert fixture.sent == 1
    assert await fixture.ask(max_age=60) == first
    assert fixture.sent == 2


async def test_an_answer_is_stale_from_the_second_at_which_it_is_no_longer_fresh(on: On) -> None:
    fixture = on()
    answer = await fixture.ask()
    fixture.clock.advance(59.9)
    assert not fixture.client.provenance(answer).stale
    fixture.clock.advance(0.1)
    assert fixture.client.provenance(answer).stale


async def test_an_age_of_zero_asks_the_service(on: On) -> None:
    fixture = on()
    await fixture.ask()
    fixture.clock.advance(0.5)
    await fixture.ask(max_age=0)
    assert fixture.sent == 2


@pytest.mark.parametrize("max_age", [-1, float("nan")])
async def test_an_age_below_zero_is_refused(on: On, max_age: float) -> None:
    with pytest.raises(ConfigurationError, match="max_age"):
        await on().ask(max_age=max_age)


async def test_without_a_cache_the_service_is_asked_each_time(on: On) -> None:
    fixture = on(cache=None)
    first = await fixture.ask()
    await fixture.ask(max_age=3600, fresh=True)
    assert fixture.sent == 2
    assert all("Cache-Control" not in request.headers for request in fixture.api.requests)
    with pytest.raises(ConfigurationError, match="cache=None"):
        fixture.client.provenance(first)


async def test_when_the_service_is_down_the_last_good_answer_is_given_and_marked(on: On) -> None:
    fixture = on()
    first = await fixture.ask()
    fixture.clock.advance(7200)
    fixture.api.misbehave(*[503] * 4)
    assert await fixture.ask() is first
    provenance = fixture.client.provenance(first)
    assert provenance.stale
    assert provenance.age == pytest.approx(7200, abs=1)


async def test_a_key_that_is_refused_is_never_answered_from_the_cache(on: On) -> None:
    fixture = on()
    await fixture.ask()
    fixture.clock.advance(7200)
    fixture.api.misbehave(401)
    with pytest.raises(UnauthorizedError):
        await fixture.ask()


async def test_an_invalid_answer_is_an_error_for_a_minute_and_costs_one_request(on: On) -> None:
    fixture = on(EmulatedAPI(faults=[Fault(body=b'{"data": {}}')]))
    for _ in range(3):
        with pytest.raises(InvalidResponseError, match=r"data\.as_of: missing"):
            await fixture.ask()
        fixture.clock.advance(19)
    assert fixture.sent == 1
    fixture.clock.advance(4)
    assert (await fixture.ask()).window_days == 7
    assert fixture.sent == 2


async def test_an_invalid_answer_never_replaces_a_good_one(on: On) -> None:
    fixture = on()
    first = await fixture.ask()
    fixture.clock.advance(7200)
    fixture.api.misbehave(Fault(body=b'{"data": {}}'))
    assert await fixture.ask() is first
    assert fixture.client.provenance(first).stale
    assert fixture.sent == 2


async def test_a_service_that_changed_its_format_does_not_take_the_days_budget(on: On) -> None:
    fixture = on(EmulatedAPI(faults=[Fault(body=b'{"data": {}}')] * 1000))
    for _ in range(2 * 60 * 24):
        with pytest.raises(InvalidResponseError):
            await fixture.ask()
        fixture.clock.advance(30)
    assert fixture.sent <= 400


async def test_a_hundred_calls_with_equal_policies_share_one_request(on: On) -> None:
    fixture = on()
    await asyncio.gather(*(fixture.ask(retry=RetryPolicy(max_attempts=2), deadline=30) for _ in range(100)))
    assert fixture.sent == 1


async def test_provenance_is_of_the_object_and_not_of_an_equal_one(on: On) -> None:
    fixture = on()
    answer = await fixture.ask()
    twin = attrs.evolve(answer)
    assert twin == answer
    with pytest.raises(ConfigurationError):
        fixture.client.provenance(twin)


async def test_a_client_does_not_keep_the_answers_that_its_callers_let_go(on: On) -> None:
    fixture = on(cache=CachePolicy(max_entries=1))
    for _ in range(5):
        await fixture.ask(fresh=True)
    assert len(fixture.client._origins._times) == 1


async def test_the_cache_and_the_quota_outlive_a_restart(on: On, tmp_path: Path) -> None:
    store = tmp_path / "openrouter.sqlite3"
    first = on(quota=Quota(store=store), cache=CachePolicy(store=store))
    answer = await first.ask()
    await first.client.aclose()
    second = on(quota=Quota(store=store), cache=CachePolicy(store=store))
    assert await second.ask() == answer
    assert second.sent == 0
    assert (await second.client.quota()).day.used == 1
    assert KEY.encode() not in store.read_bytes()


async def test_a_call_with_its_own_retries_uses_them_behind_the_cache(on: On) -> None:
    fixture = on(EmulatedAPI(faults=[503, 503]))
    with pytest.raises(RankingsError, match="503"):
        await fixture.ask(retry=RetryPolicy(max_attempts=1))
    assert fixture.sent == 1
    await fixture.ask()
    assert fixture.sent == 3


# -- the quota -------------------------------------------------------------------------------------------------------


async def test_the_thirty_first_call_of_a_minute_waits_and_nobody_is_refused(on: On) -> None:
    fixture = on(cache=None)
    await asyncio.gather(*(fixture.ask() for _ in range(31)))
    assert 60 <= fixture.clock.monotonic() < 63
    assert fixture.sent == 31


async def test_a_spent_day_is_told_at_once_with_the_time_of_the_next_place(on: On) -> None:
    fixture = on(cache=None, quota=Quota(per_minute=3, per_day=3))
    for _ in range(3):
        await fixture.ask()
    with pytest.raises(QuotaExceededError) as caught:
        await fixture.ask()
    assert fixture.sent == 3
    assert fixture.clock.monotonic() == 0
    assert caught.value.retry_at - fixture.clock.now() == pytest.approx(timedelta(days=1), abs=timedelta(seconds=3))


async def test_a_spent_day_is_answered_from_the_cache_where_it_can_be(on: On) -> None:
    fixture = on(quota=Quota(per_minute=1, per_day=1))
    first = await fixture.ask()
    fixture.clock.advance(3600)
    assert await fixture.ask() is first


async def test_the_quota_tells_what_is_used_without_a_request(on: On) -> None:
    fixture = on()
    before = await fixture.client.quota()
    await fixture.ask()
    after = await fixture.client.quota()
    assert [before.minute.remaining, after.minute.remaining] == [30, 29]
    assert [before.day.remaining, after.day.remaining] == [500, 499]
    assert after.minute.frees_at is not None
    assert fixture.sent == 1


async def test_retries_take_places_too(on: On) -> None:
    fixture = on(EmulatedAPI(faults=[503, 503]))
    await fixture.ask()
    assert (await fixture.client.quota()).minute.used == 3


async def test_without_a_quota_nothing_is_counted(on: On) -> None:
    fixture = on(quota=None, cache=None)
    await asyncio.gather(*(fixture.ask() for _ in range(30)))
    assert fixture.clock.monotonic() == 0
    with pytest.raises(ConfigurationError, match="quota=None"):
        await fixture.client.quota()


# -- cancellation ----------------------------------------------------------------------------------------------------


async def test_a_caller_cancelled_at_any_moment_leaves_nothing_behind(on: On) -> None:
    """A call is driven turn by turn, through a 503, both waits and a slow answer, and cancelled in each turn."""
    turns = 0
    finished = False
    while not finished:
        fixture = on(EmulatedAPI(faults=[503, Fault(delay=5.0)]), quota=Quota(per_minute=1))
        tasks_before = asyncio.all_tasks()
        call = asyncio.ensure_future(fixture.ask())
        await turn(turns)
        finished = call.done()
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled() or finished
        await turn(5)
        assert asyncio.all_tasks() == tasks_before
        status = await fixture.client.quota()
        assert (status.minute.used, status.waiting) == (min(1, fixture.sent), 0) or status.minute.used <= fixture.sent
        assert (await fixture.ask()).window_days == 7
        turns += 1
    assert turns > 10


# -- watching --------------------------------------------------------------------------------------------------------


async def collect(watching: Any, count: int) -> list[TaskClassifications]:
    seen: list[TaskClassifications] = []
    async with aclosing(watching):
        async for tasks in watching:
            seen.append(tasks)
            if len(seen) == count:
                break
    return seen


async def test_watching_gives_the_present_answer_and_then_each_new_day(on: On) -> None:
    fixture = on()
    seen = await collect(fixture.client.watch_task_classifications(every=3600), 3)
    assert [tasks.as_of for tasks in seen] == [date(2026, 9, 16), date(2026, 9, 17), date(2026, 9, 18)]
    # Every hour from noon to the midnight after the next one.
    assert fixture.sent <= 37


async def test_watching_gives_restated_figures_of_the_same_day(on: On) -> None:
    figures = [json.dumps(sample.task_classifications(date(2026, 9, 16), seed)).encode() for seed in (1, 1, 2)]
    answers = [Response(200, {"Content-Type": "application/json"}, body) for body in figures]
    clock = FakeClock()
    async with RankingsClient(KEY, transport=FakeTransport(answers, clock=clock)) as client:
        seen = await collect(client.watch_task_classifications(every=600), 2)
    assert seen[0] != seen[1]
    assert clock.monotonic() == pytest.approx(1200, abs=5)


async def test_watching_goes_on_over_failures_and_logs_them(on: On, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "openrouter_rankings")
    fixture = on(EmulatedAPI(faults=[Fault(401), Fault(reset=True)]), retry=None)
    seen = await collect(fixture.client.watch_task_classifications(every=60), 1)
    assert len(seen) == 1
    assert [record.getMessage()[:44] for record in caplog.records] == [
        "GET /classifications/task: watching continue"
    ] * 2
    assert KEY not in caplog.text


async def test_watching_ends_when_the_client_is_closed(on: On) -> None:
    class Standstill(FakeClock):
        async def sleep(self, seconds: float) -> None:
            asleep.set()
            await asyncio.Event().wait()

    asleep = asyncio.Event()
    client = RankingsClient(KEY, transport=FakeTransport(EmulatedAPI(), clock=Standstill()))
    seen: list[TaskClassifications] = []

    async def watch() -> None:
        async for tasks in client.watch_task_classifications():
            seen.append(tasks)  # noqa: PERF401 - what was seen before the end is looked at too

    watching = asyncio.ensure_future(watch())
    await asleep.wait()
    await client.aclose()
    await asyncio.wait_for(watching, PATIENCE)
    assert len(seen) == 1


async def test_watching_ends_when_its_own_reader_closes_the_client(on: On) -> None:
    fixture = on()
    seen = 0
    async for _ in fixture.client.watch_task_classifications():
        seen += 1
        await fixture.client.aclose()
    assert seen == 1
    assert fixture.clock.sleeps == []


async def test_watching_ends_without_a_word_when_the_client_is_closed_in_a_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    started = asyncio.Event()

    async def never(_: Request) -> Response:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    client = RankingsClient(KEY, transport=FakeTransport(never))
    watching = asyncio.ensure_future(collect(client.watch_task_classifications(), 1))
    await started.wait()
    await client.aclose()
    assert await asyncio.wait_for(watching, PATIENCE) == []
    assert caplog.records == []


async def test_a_cancelled_watcher_leaves_no_task_behind(on: On) -> None:
    fixture = on()
    before = asyncio.all_tasks()
    watching = asyncio.ensure_future(collect(fixture.client.watch_task_classifications(), 99))
    await turn_until(lambda: fixture.clock.sleeps)
    watching.cancel()
    await asyncio.wait({watching})
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("every", [0, 59.9, float("nan")])
async def test_watching_more_often_than_anything_changes_is_refused(on: On, every: float) -> None:
    with pytest.raises(ConfigurationError, match="every"):
        await collect(on().client.watch_task_classifications(every=every), 1)


async def test_closing_waits_for_the_refresh_behind_a_caller(on: On) -> None:
    fixture = on()
    await fixture.ask()
    fixture.clock.advance(120)
    fixture.api.misbehave(Fault(delay=2.0))
    await fixture.ask()
    await turn_until(lambda: fixture.sent >= 2)
    before = fixture.clock.monotonic()
    await fixture.client.aclose()
    assert fixture.sent == 2
    assert fixture.clock.monotonic() - before == pytest.approx(2.0)


async def test_all_callers_of_one_exchange_get_its_error(on: On) -> None:
    fixture = on(EmulatedAPI(faults=[500]), retry=None)
    results = await asyncio.gather(*(fixture.ask() for _ in range(10)), return_exceptions=True)
    assert fixture.sent == 1
    assert all(isinstance(result, InternalServerError) for result in results)
    assert len({id(result) for result in results}) == 10


async def test_a_failed_exchange_leaves_no_answer_in_its_place(on: On) -> None:
    fixture = on(EmulatedAPI(faults=[Fault(reset=True)]), retry=None)
    with pytest.raises(TransportError):
        await fixture.ask()
    assert (await fixture.ask()).window_days == 7


async def test_a_refresh_does_not_take_the_last_place_of_the_minute(on: On) -> None:
    fixture = on(quota=Quota(per_minute=1))
    first = await fixture.ask()
    fixture.clock.advance(61)  # stale by now, and the minute with its margin is not over
    assert await fixture.ask() is first
    await turn(50)
    assert fixture.sent == 1


def test_without_asyncio_a_client_on_a_file_says_that_asyncio_is_needed_and_its_end_hides_no_error(
    tmp_path: Path,
) -> None:
    store = tmp_path / "store.sqlite3"

    async def ask() -> None:
        client = RankingsClient("key", quota=Quota(store=store), cache=CachePolicy(store=store))
        async with client:
            await client.get_task_classifications()

    # A coroutine without an event loop of asyncio, as under trio.
    with pytest.raises(ConfigurationError, match="needs asyncio"):
        ask().send(None)


@pytest.mark.parametrize("start_date", [None, "2025-01-01"])
def test_without_asyncio_the_first_call_for_daily_rankings_says_that_it_is_needed(start_date: str | None) -> None:
    client = RankingsClient("key", transport=FakeTransport(EmulatedAPI()))
    with pytest.raises(ConfigurationError, match="needs asyncio"):
        client.get_rankings_daily(start_date=start_date).send(None)
