"""``deadline=``: a call ends in time, with an older answer if there is one, and with an error that says why if not."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from openrouter_rankings import (
    AiohttpTransport,
    APIError,
    App,
    CachePolicy,
    ConfigurationError,
    InvalidResponseError,
    Quota,
    QuotaExceededError,
    RankingsClient,
    RequestTimeoutError,
    Response,
    RetryPolicy,
    StoreError,
    TransportError,
)
from openrouter_rankings.endpoints import Endpoint
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Fault
from openrouter_rankings.transports.stores.protocol import Change


class Run:
    """A client on the emulated service, and the time that both live in."""

    def __init__(self, api: EmulatedAPI | None = None, **options: Any) -> None:
        self.clock = FakeClock(datetime(2026, 9, 17, 12, tzinfo=UTC))
        self.api = api or EmulatedAPI()
        self.client = RankingsClient("sk-key", transport=FakeTransport(self.api, clock=self.clock), **options)
        self.ask = self.client.get_task_classifications

    @property
    def elapsed(self) -> float:
        return self.clock.monotonic()


@pytest.fixture
async def run() -> AsyncIterator[Callable[..., Run]]:
    made: list[Run] = []

    def make(*arguments: Any, **options: Any) -> Run:
        made.append(Run(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        await each.client.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


Make = Callable[..., Run]
NO_CACHE: dict[str, Any] = {"cache": None}
towers = pytest.mark.parametrize("options", [{}, NO_CACHE, NO_CACHE | {"quota": None}, NO_CACHE | {"retry": None}])


@towers
async def test_a_slow_exchange_ends_at_the_deadline(run: Make, options: dict[str, Any]) -> None:
    late = run(EmulatedAPI(faults=[Fault(delay=10)] * 9), **options)
    with pytest.raises(RequestTimeoutError):
        await late.ask(deadline=3)
    assert late.elapsed == 3


@towers
async def test_the_clients_deadline_holds_for_every_call_and_a_call_can_have_its_own(
    run: Make, options: dict[str, Any]
) -> None:
    late = run(EmulatedAPI(faults=[Fault(delay=10)] * 9), deadline=3, **options)
    with pytest.raises(RequestTimeoutError):
        await late.ask()
    assert late.elapsed == 3
    await late.ask(deadline=None, fresh=True)
    assert late.elapsed == 13


async def test_a_pause_between_attempts_that_would_pass_the_deadline_is_not_begun(run: Make) -> None:
    busy = run(EmulatedAPI(faults=[Fault(429, headers={"Retry-After": "30"})]))
    with pytest.raises(APIError, match="429"):
        await busy.ask(deadline=3)
    assert busy.elapsed == 0


async def test_an_older_answer_is_given_when_the_deadline_passes(run: Make) -> None:
    late = run()
    first = await late.ask()
    late.clock.advance(7200)
    late.api.misbehave(Fault(delay=10))
    assert await late.ask(deadline=3) is first
    assert late.elapsed == 7203
    assert late.client.provenance(first).stale
    # Nobody waits for the next one to be late.
    assert await late.ask(deadline=3) is first
    assert late.elapsed == 7203


async def test_after_a_missed_deadline_the_answer_is_refreshed_in_the_background_without_one(run: Make) -> None:
    late = run()
    first = await late.ask()
    late.clock.advance(7200)
    late.api.misbehave(*[Fault(delay=10)] * 2)
    await late.ask(deadline=3)
    late.clock.advance(241)
    assert await late.ask(deadline=3) is first
    await late.clock.sleep(11)
    assert not late.client.provenance(await late.ask(deadline=3)).stale
    assert len(late.api.requests) == 3


async def test_a_hasty_timeout_does_not_keep_the_answer_of_a_slow_service_from_being_refreshed(run: Make) -> None:
    slow = run(EmulatedAPI(faults=[Fault(delay=1)] * 100))
    await slow.ask()
    ages = []
    for _ in range(360):
        slow.clock.advance(10)
        tasks = await slow.ask(timeout=0.5)
        ages.append(slow.client.provenance(tasks).age)
        await slow.clock.sleep(1)
    assert max(ages) < 300
    assert len(slow.api.requests) < 25


async def test_calls_with_different_deadlines_share_one_exchange_and_each_ends_in_time(run: Make) -> None:
    late = run(EmulatedAPI(faults=[Fault(delay=10)]))
    ended: dict[float | None, float] = {}

    async def call(deadline: float | None) -> bool:
        try:
            await late.ask(deadline=deadline)
        except RequestTimeoutError:
            return False
        finally:
            ended[deadline] = late.elapsed
        return True

    assert await asyncio.gather(*map(call, [2, 5, 20, None])) == [False, False, True, True]
    assert ended == {2: 2, 5: 5, 20: 10, None: 10}
    assert len(late.api.requests) == 1


async def test_when_the_last_caller_leaves_the_exchange_ends(run: Make) -> None:
    late = run(EmulatedAPI(faults=[Fault(delay=1000)]), timeout=None)
    with pytest.raises(RequestTimeoutError):
        await late.ask(deadline=2)
    # Only the test is left: the exchange does not go on without a caller.
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_failure_is_told_and_not_that_the_quota_has_no_room_to_repeat_it(run: Make) -> None:
    spent = run(EmulatedAPI(faults=[503] * 9), quota=Quota(per_minute=1, per_day=1), cache=None)
    with pytest.raises(APIError, match="503"):
        await spent.ask()
    assert len(spent.api.requests) == 1


async def test_not_given_is_the_clients_setting_and_none_is_none(run: Make) -> None:
    flaky = run(EmulatedAPI(faults=[503] * 3), cache=None)
    with pytest.raises(APIError, match="503"):
        await flaky.ask(retry=None)
    assert len(flaky.api.requests) == 1
    await flaky.ask()
    assert len(flaky.api.requests) == 4

    slow = run(EmulatedAPI(faults=[Fault(delay=100)] * 2), cache=None, retry=None)
    with pytest.raises(RequestTimeoutError):
        await slow.ask()
    await slow.ask(timeout=None)
    assert slow.elapsed == 130


async def test_a_caller_with_less_patience_does_not_make_the_others_wait_again(run: Make) -> None:
    late = run(EmulatedAPI(faults=[Fault(delay=10)]), cache=CachePolicy())
    patient = asyncio.create_task(late.ask())
    await asyncio.sleep(0)
    with pytest.raises(RequestTimeoutError):
        await late.ask(deadline=1)
    await patient
    assert len(late.api.requests) == 1


@pytest.mark.parametrize("hasty", [{"timeout": 5}, {"deadline": 5}])
async def test_that_hasty_callers_gave_up_is_no_answer_for_one_who_would_wait(run: Make, hasty: dict[str, Any]) -> None:
    late = run(EmulatedAPI(faults=[Fault(delay=10)] * 9), retry=None)
    for _ in range(5):
        with pytest.raises(RequestTimeoutError):
            await late.ask(**hasty)
    # Three in a row make a pause.
    assert len(late.api.requests) == 3
    await late.ask(deadline=15)
    assert len(late.api.requests) == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deadline", 0),
        ("deadline", -1),
        ("deadline", "3"),
        ("deadline", True),
        ("deadline", float("nan")),
        ("timeout", 0),
        ("timeout", True),
        ("timeout", "1h"),
        ("max_age", "1h"),
        ("max_age", -1),
        ("max_age", True),
        ("retry", 5),
        ("retry", RetryPolicy),
        ("fresh", "yes"),
        ("fresh", None),
        ("headers", [("A", "b")]),
        ("headers", {"A": 5}),
        ("headers", {5: "b"}),
        ("headers", {"A": "b\n"}),
        ("headers", {"Authorization": "Bearer other"}),
    ],
)
async def test_an_option_of_a_wrong_type_or_value_is_refused_before_anything_is_sent(
    run: Make, name: str, value: Any
) -> None:
    fixture = run()
    with pytest.raises(ConfigurationError):
        await fixture.ask(**{name: value})
    assert fixture.api.requests == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deadline", 0),
        ("retry", 5),
        ("quota", 30),
        ("cache", True),
        ("app", "Bot"),
        ("transport", 5),
        ("transport", AiohttpTransport),
        ("clock", 5),
        ("base_url", 5),
        ("base_url", "https://user:secret@host:port"),
        ("base_url", "https://user:secret@host/api"),
        ("base_url", "ftp://user:secret@host/api"),
    ],
)
def test_a_setting_of_a_wrong_type_is_refused_and_no_password_is_shown(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RankingsClient("sk-key", **{name: value})
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(caught.value.__cause__)


@pytest.mark.parametrize("categories", [5, [5], [b"cli"], None])
def test_categories_of_an_app_that_are_no_texts_are_refused(categories: Any) -> None:
    with pytest.raises(ConfigurationError, match="categories must be strings"):
        App(categories=categories)


async def test_what_is_no_endpoint_is_refused(run: Make) -> None:
    with pytest.raises(ConfigurationError, match="endpoint must be an Endpoint, not str"):
        await run().client.fetch(cast("Any", "/classifications/task"))


async def test_an_endpoint_of_the_users_own_can_decode_to_anything(run: Make) -> None:
    client = run().client
    fetched = await client.fetch(Endpoint("/classifications/task", {"window": "7d"}, json.loads))
    assert fetched.value["data"]["window_days"] == 7
    with pytest.raises(ConfigurationError, match="not from this client's cache"):
        client.provenance(fetched.value)


async def test_a_progress_that_cannot_be_called_is_refused_before_anything_is_sent(run: Make) -> None:
    fixture, progress = run(), cast("Any", 5)
    with pytest.raises(ConfigurationError, match="progress must be a function or None, not int"):
        await fixture.client.get_rankings_daily(progress=progress)
    assert fixture.api.requests == []


def test_a_key_that_is_no_string_is_refused_without_showing_it() -> None:
    key: Any = b"sk-secret"
    with pytest.raises(ConfigurationError, match="api_key must be a string, not bytes") as caught:
        RankingsClient(key)
    assert "secret" not in str(caught.value)


async def test_a_wait_for_the_quota_that_would_pass_the_deadline_is_not_begun(run: Make) -> None:
    spent = run(quota=Quota(per_minute=1), cache=None)
    await spent.ask()
    with pytest.raises(QuotaExceededError):
        await spent.ask(deadline=3)
    assert spent.elapsed == 0
    await spent.ask(deadline=100)
    assert 60 <= spent.elapsed < 70


async def test_all_attempts_of_a_call_are_sent_within_max_elapsed_whatever_the_quota(run: Make) -> None:
    api = EmulatedAPI(faults=[503] * 9)
    slow = run(api, quota=Quota(per_minute=1, max_wait=1000), cache=None, retry=RetryPolicy(max_attempts=9))
    with pytest.raises(APIError, match="503"):
        await slow.ask()
    assert slow.elapsed <= 120
    assert len(api.requests) == 2


class HangingStore:
    """A store whose operations take an hour, or another time."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.length = 3600.0

    async def get(self, key: str) -> bytes | None:
        await self.clock.sleep(self.length)
        return None

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        await self.clock.sleep(self.length)

    async def delete(self, key: str) -> None:
        await self.clock.sleep(self.length)

    async def update(self, key: str, change: Change[Any]) -> Any:
        await self.clock.sleep(self.length)
        return change(None, 0.0).result

    async def aclose(self) -> None:
        """There is nothing to close."""


@pytest.mark.parametrize("user", ["cache", "quota"])
async def test_a_store_that_hangs_does_not_hold_a_call_beyond_its_deadline(user: str) -> None:
    clock = MovingClock()
    store = HangingStore(clock)
    layer: dict[str, Any] = {"cache": CachePolicy(store=store)} if user == "cache" else {"quota": Quota(store=store)}
    client = RankingsClient("sk-key", transport=FakeTransport(EmulatedAPI(), clock=clock), **layer)
    with pytest.raises(RequestTimeoutError, match="deadline"):
        await client.get_task_classifications(deadline=2)
    assert clock.monotonic() == 2
    await client.aclose()


async def test_an_older_answer_is_given_when_the_store_hangs_until_the_deadline() -> None:
    clock = MovingClock()
    store = HangingStore(clock)
    store.length = 0.0
    wire = FakeTransport(EmulatedAPI(), clock=clock)
    async with RankingsClient("sk-key", transport=wire, cache=CachePolicy(store=store)) as client:
        first = await client.get_task_classifications()
        store.length = 3600.0
        clock.advance(1000)
        began = clock.monotonic()
        assert await client.get_task_classifications(deadline=2) is first
        assert (clock.monotonic() - began, len(wire.requests)) == (2, 1)
        store.length = 0.0


@pytest.mark.parametrize("directives", ["no-store", "no-store, no-cache"])
async def test_a_call_past_the_cache_ends_at_its_deadline_too(run: Make, directives: str) -> None:
    slow = run(EmulatedAPI(faults=[Fault(delay=20)]), retry=None)
    with pytest.raises(RequestTimeoutError, match="deadline"):
        await slow.ask(deadline=2, headers={"Cache-Control": directives})
    assert slow.elapsed == 2


class MovingClock(FakeClock):
    """A clock that moves on while a store is at work, since this store works in the clock's own time."""

    @contextmanager
    def standing_still(self) -> Generator[None]:
        yield


async def test_a_service_that_is_slower_than_the_deadline_does_not_take_the_days_budget(run: Make) -> None:
    slow = run(EmulatedAPI(faults=[Fault(delay=2.5)] * 5000))
    for _ in range(24 * 60 * 6):
        with pytest.raises(RequestTimeoutError):
            await slow.ask(deadline=2)
        slow.clock.advance(8)
    assert len(slow.api.requests) < 450


async def test_an_older_answer_is_given_when_the_quotas_store_breaks(run: Make) -> None:
    store = BrokenStore()
    broken = run(quota=Quota(store=store))
    first = await broken.ask()
    broken.clock.advance(7200)
    store.is_broken = True
    assert await broken.ask() is first
    with pytest.raises(StoreError, match="full"):
        await broken.ask(fresh=True)


class BrokenStore:
    """A store that works until it breaks."""

    def __init__(self) -> None:
        self.is_broken = False

    async def get(self, key: str) -> bytes | None:
        self._check()
        return None

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        self._check()

    async def delete(self, key: str) -> None:
        self._check()

    async def update(self, key: str, change: Change[Any]) -> Any:
        self._check()
        return change(None, 0.0).result

    async def aclose(self) -> None:
        """There is nothing to close."""

    def _check(self) -> None:
        if self.is_broken:
            raise StoreError("The disk is full.")


async def test_any_age_will_do_for_an_infinite_max_age_and_a_fraction_of_a_second_counts(run: Make) -> None:
    fixture = run()
    await fixture.ask()
    fixture.clock.advance(80_000)
    await fixture.ask(max_age=float("inf"))
    assert len(fixture.api.requests) == 1
    await fixture.ask(fresh=True)
    fixture.clock.advance(1.8)
    await fixture.ask(max_age=1.5)
    assert len(fixture.api.requests) == 3


@pytest.mark.parametrize("options", [{"max_age": 3600}, {"fresh": True}, {}])
async def test_a_cache_control_field_holds_beside_the_options(run: Make, options: dict[str, Any]) -> None:
    fixture = run()
    with pytest.raises(APIError) as caught:
        await fixture.ask(headers={"Cache-Control": "only-if-cached"}, **options)
    assert (caught.value.status, fixture.api.requests) == (504, [])


async def test_an_option_goes_before_the_same_directive_of_a_field(run: Make) -> None:
    fixture = run()
    await fixture.ask()
    fixture.clock.advance(30)
    await fixture.ask(headers={"Cache-Control": "max-age=10"}, max_age=60)
    assert len(fixture.api.requests) == 1


@pytest.mark.parametrize("name", ["deadline", "timeout", "max_age"])
async def test_a_number_of_seconds_beyond_every_clock_is_refused(run: Make, name: str) -> None:
    options: Any = {name: 10**400}
    with pytest.raises(ConfigurationError, match=name):
        await run().ask(**options)


async def test_a_debugger_that_shows_the_variables_of_a_frame_shows_no_key(run: Make) -> None:
    down = run(EmulatedAPI(faults=[Fault(reset=True)]), retry=None)
    with pytest.raises(TransportError) as caught:
        await down.ask()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert not [line for line in shown.format() if "sk-key" in line and "decode" in line]


@pytest.mark.parametrize("options", [{"cache": None}, {"cache": None, "on_event": print}, {}])
async def test_nor_does_the_frame_in_which_an_answer_is_refused(options: dict[str, Any]) -> None:
    wire = FakeTransport([Response(200, {"Content-Type": "application/json"}, b"{}")])
    async with RankingsClient("sk-key", transport=wire, **options) as client:
        with pytest.raises(InvalidResponseError) as caught:
            await client.get_task_classifications(headers={"Cache-Control": "no-store"})
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert not [line for line in shown.format() if "'sk-key'" in line]


async def test_nor_does_a_frame_that_a_bug_in_a_transport_passes(tmp_path: Path) -> None:
    wire, policy = FakeTransport([ArithmeticError("a bug")]), CachePolicy(store=tmp_path / "cache.sqlite3")
    async with RankingsClient("sk-key", transport=wire, cache=policy) as client:
        with pytest.raises(ArithmeticError) as caught:
            await client.get_task_classifications()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert not [line for line in shown.format() if "'sk-key'" in line]
