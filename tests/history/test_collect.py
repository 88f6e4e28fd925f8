"""Collecting from a service that answers in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from archived import ONE_DAY, contents
from blockbuster import blockbuster_ctx
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import AppRankings, Benchmarks, RankingsDaily, SessionCost, TaskClassifications
from openrouter_rankings.clock import FakeClock
from openrouter_rankings.endpoints import Endpoint, request_of, result_of
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError, RankingsError, TransportError
from openrouter_rankings.history import (
    Archive,
    ArchiveError,
    Collected,
    CollectReport,
    Outcome,
    collect_exit_code,
)
from openrouter_rankings.history.plan import Question, questions, spans_to_ask
from openrouter_rankings.messages import Headers, Response
from openrouter_rankings.models.rankings_daily import FIRST_DAY
from openrouter_rankings.testing import EmulatedAPI

T = TypeVar("T")

KEY = "test-key"
NOW = datetime(2026, 6, 18, 5, tzinfo=UTC)
YESTERDAY = date(2026, 6, 17)


@pytest.fixture(autouse=True)
def _no_blocking_call() -> Iterator[None]:
    """A call of the package that blocks the event loop fails the test."""
    with blockbuster_ctx("openrouter_rankings"):
        yield


@attrs.frozen
class Fetched:
    value: Any
    response: Response
    age: float = 0.0
    stale: bool = False


@attrs.frozen
class Day:
    limit: int
    remaining: int


@attrs.frozen
class Quota:
    day: Day


class Client:
    """A client of the emulated service, whose answers pass for real ones."""

    def __init__(self, clock: FakeClock, *, per_day: int | None = 500) -> None:
        self.api = EmulatedAPI(per_minute=10_000, per_day=10_000)
        self.asked: list[str] = []
        self.change: Callable[[Endpoint[Any], Fetched], Fetched] = lambda _, fetched: fetched
        self._clock = clock
        self._per_day = per_day

    async def fetch(self, endpoint: Endpoint[T], *, fresh: bool = False) -> Fetched:
        assert fresh
        request = request_of(
            endpoint, "https://rankings.test/api/v1", Headers({"Authorization": f"Bearer {KEY}"}), None
        )
        self.asked.append(request.url.removeprefix("https://rankings.test/api/v1"))
        response = real(self.api.reply(request, self._clock.time()).response)
        value = result_of(endpoint, response, key=KEY, now=self._clock.time())
        return self.change(endpoint, Fetched(value, response))

    async def quota(self) -> Quota:
        if self._per_day is None:
            raise ConfigurationError("This client keeps no quota.")
        return Quota(Day(self._per_day, max(0, self._per_day - len(self.asked))))


def real(response: Response) -> Response:
    """The response without the mark of the emulation."""
    document = json.loads(response.body)
    document.pop("synthetic", None)
    return attrs.evolve(response, body=json.dumps(document).encode())


def with_rows(count: int) -> Callable[[Endpoint[Any], Fetched], Fetched]:
    """Makes lists of apps and sessions so long, page by page."""
    rows: list[Any] = []

    def change(endpoint: Endpoint[Any], fetched: Fetched) -> Fetched:
        limit, offset = endpoint.query.get("limit"), endpoint.query.get("offset")
        if not isinstance(limit, int) or not isinstance(offset, int):
            return fetched
        document = json.loads(fetched.response.body)
        rows.extend(document["data"])
        document["data"] = rows[:1] * max(0, min(limit, count - offset))
        body = json.dumps(document).encode()
        return attrs.evolve(fetched, value=endpoint.decode(body), response=Response(200, body=body))

    return change


def failing(path: str, error: RankingsError) -> Callable[[Endpoint[Any], Fetched], Fetched]:
    def change(endpoint: Endpoint[Any], fetched: Fetched) -> Fetched:
        if endpoint.path == path:
            raise error
        return fetched

    return change


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def client(clock: FakeClock) -> Client:
    return Client(clock)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "rankings.sqlite3")


RECENT = date(2026, 6, 1)


async def test_everything_that_people_follow_is_collected(path: str, clock: FakeClock, client: Client) -> None:
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT)
        found = await contents(archive)
    assert {outcome for counts in report.counts().values() for outcome in counts} == {Outcome.NEW}
    assert collect_exit_code(report) == 0
    assert len(found) == len(report.answers) == len(client.asked)
    assert len({(each.data_set, str(each.parameters)) for each in found}) == len(found)
    series = {name: len(list(counts)) for name, counts in report.counts().items()}
    assert series.keys() == {"task-classifications", "app-rankings", "session-cost", "benchmarks", "rankings-daily"}
    assert {name: sum(counts.values()) for name, counts in report.counts().items()}["rankings-daily"] == 20
    assert all(each.fetched_at == NOW and each.complete for each in found)
    # What can be asked for later comes last.
    assert [each.data_set for each in report.answers].index("rankings-daily") == len(found) - 20


async def test_a_second_collection_finds_nothing_new_and_is_all_good(
    path: str, clock: FakeClock, client: Client
) -> None:
    async with Archive(path, clock=clock) as archive:
        await archive.collect(client, since=RECENT)
        clock.advance(3600)
        report = await archive.collect(client, since=RECENT)
        latest = await archive.latest(TaskClassifications)
    assert {outcome for counts in report.counts().values() for outcome in counts} == {Outcome.UNCHANGED}
    assert collect_exit_code(report) == 0
    assert latest is not None
    assert (latest.confirmed_at - latest.fetched_at) == timedelta(hours=1)


async def test_chosen_data_sets_alone_are_collected(path: str, clock: FakeClock, client: Client) -> None:
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [Benchmarks, TaskClassifications])
        with pytest.raises(ConfigurationError, match="named by the class of its answers"):
            await archive.collect(client, [dict])
    assert sorted(report.counts()) == ["benchmarks", "task-classifications"]
    assert client.asked == ["/benchmarks", "/classifications/task?window=7d"]


async def test_an_age_counts_from_when_the_service_gave_the_answer(path: str, clock: FakeClock, client: Client) -> None:
    client.change = lambda _, fetched: attrs.evolve(fetched, age=90.0)
    async with Archive(path, clock=clock) as archive:
        await archive.collect(client, [TaskClassifications])
        latest = await archive.latest(TaskClassifications)
    assert latest is not None
    assert latest.fetched_at == NOW - timedelta(seconds=90)


async def test_progress_is_told_of_each_answer(path: str, clock: FakeClock, client: Client) -> None:
    seen: list[Collected] = []
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [TaskClassifications, AppRankings], progress=seen.append)
    assert tuple(seen) == report.answers
    assert seen[0] == Collected("task-classifications", {}, date(2026, 6, 11), YESTERDAY, Outcome.NEW)


@pytest.mark.parametrize(
    ("rows", "offsets"),
    [(0, [0]), (5, [0]), (499, [0]), (500, [0, 500]), (501, [0, 500]), (9999, list(range(0, 5001, 500)))],
)
async def test_all_pages_of_a_list_are_asked_for(
    path: str, clock: FakeClock, client: Client, rows: int, offsets: list[int]
) -> None:
    client.change = with_rows(rows)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [SessionCost])
    asked = [int(parse_qs(urlsplit(url).query)["offset"][0]) for url in client.asked]
    assert asked == offsets
    if rows == 0:
        assert [(each.outcome, each.problem) for each in report.answers] == [(Outcome.REFUSED, "it is empty")]
    else:
        # An empty page says that the one before it was the last.
        assert {each.outcome for each in report.answers} == {Outcome.NEW}
        assert len(report.answers) == -(-min(rows, 5500) // 500)
        assert report.answers[0].parameters == {"limit": "500"}


async def test_one_that_fails_does_not_stop_the_others(path: str, clock: FakeClock, client: Client) -> None:
    client.change = failing("/classifications/task", TransportError("The connection was reset."))
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [TaskClassifications, AppRankings, Benchmarks])
    assert report.counts()["task-classifications"] == {Outcome.FAILED: 1}
    assert set(report.counts()["app-rankings"]) == set(report.counts()["benchmarks"]) == {Outcome.NEW}
    assert report.answers[0].problem == "The connection was reset."
    assert collect_exit_code(report) == 1


async def test_a_first_page_that_fails_leaves_out_the_rest_of_its_list(
    path: str, clock: FakeClock, client: Client
) -> None:
    client.change = failing("/datasets/session-cost", TransportError("The connection was reset."))
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [SessionCost])
    assert len(report.answers) == 1


async def test_a_synthetic_answer_is_refused_and_reported(path: str, clock: FakeClock, client: Client) -> None:
    def mark(_: Endpoint[Any], fetched: Fetched) -> Fetched:
        body = b'{"synthetic": true, ' + fetched.response.body[1:]
        return attrs.evolve(fetched, response=Response(200, body=body))

    client.change = mark
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [TaskClassifications])
        assert await contents(archive) == []
    assert [(each.outcome, each.problem) for each in report.answers] == [(Outcome.REFUSED, "its figures are synthetic")]
    assert collect_exit_code(report) == 1


async def test_an_older_answer_in_place_of_one_is_kept_and_a_failure(
    path: str, clock: FakeClock, client: Client
) -> None:
    client.change = lambda _, fetched: attrs.evolve(fetched, age=7200.0, stale=True)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [TaskClassifications])
        assert len(await contents(archive)) == 1
    assert report.answers[0].outcome is Outcome.FAILED
    assert report.answers[0].problem == "the service gave no newer answer than that of 2026-06-18 03:00:00 UTC"


async def test_a_share_of_the_quota_is_left_to_others(path: str, clock: FakeClock) -> None:
    client = Client(clock, per_day=20)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT, leave=0.5)
    assert len(client.asked) == 10
    outcomes = [each.outcome for each in report.answers]
    assert outcomes[:10] == [Outcome.NEW] * 10
    assert set(outcomes[10:]) == {Outcome.POSTPONED}
    assert report.answers[-1].problem == "10 requests of the day's 20 are left, and 10 are kept."
    assert collect_exit_code(report) == 1


async def test_what_was_postponed_comes_first_in_the_next_collection(path: str, clock: FakeClock) -> None:
    async with Archive(path, clock=clock) as archive:
        outcomes: list[Outcome] = []
        for _ in range(4):
            report = await archive.collect(Client(clock, per_day=10), [RankingsDaily], since=RECENT, leave=0.4)
            outcomes += [each.outcome for each in report.answers if each.outcome is not Outcome.POSTPONED]
            clock.advance(3600)
        assert outcomes == [Outcome.NEW] * 20 + [Outcome.UNCHANGED] * 4


async def test_a_client_without_a_quota_is_asked_for_everything(path: str, clock: FakeClock) -> None:
    client = Client(clock, per_day=None)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT, leave=1)
    assert collect_exit_code(report) == 0


async def test_a_spent_quota_ends_the_collection(path: str, clock: FakeClock, client: Client) -> None:
    spent = QuotaExceededError("The day's quota is spent.", retry_at=NOW)
    client.change = failing("/datasets/app-rankings", spent)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [AppRankings, RankingsDaily], since=RECENT)
    assert len(client.asked) == 1
    assert {each.outcome for each in report.answers} == {Outcome.POSTPONED}
    assert {each.problem for each in report.answers} == {"The day's quota is spent."}


async def test_a_key_that_is_refused_ends_the_collection(path: str, clock: FakeClock, client: Client) -> None:
    client.api = EmulatedAPI(keys=["another"])
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT)
    assert len(client.asked) == 1
    assert {each.outcome for each in report.answers} == {Outcome.FAILED}
    assert all("401" in str(each.problem) for each in report.answers)


async def test_an_archive_that_cannot_be_written_is_an_error(path: str, clock: FakeClock, client: Client) -> None:
    async with Archive(path, clock=clock) as archive:
        Path(path).unlink()  # noqa: ASYNC240 - it is what the test is about
        with pytest.raises(ArchiveError, match="was deleted or replaced"):
            await archive.collect(client)


@pytest.mark.parametrize("leave", [-0.1, 1.1])
async def test_the_share_to_leave_is_a_fraction(path: str, clock: FakeClock, client: Client, leave: float) -> None:
    async with Archive(path, clock=clock) as archive:
        with pytest.raises(ConfigurationError, match="leave must be a fraction"):
            await archive.collect(client, leave=leave)


async def test_an_interrupted_collection_keeps_what_was_stored(path: str, clock: FakeClock, client: Client) -> None:
    def interrupt(_: Collected) -> None:
        if len(client.asked) == 3:
            raise KeyboardInterrupt

    async with Archive(path, clock=clock) as archive:
        with suppress(KeyboardInterrupt):
            await archive.collect(client, progress=interrupt)
        assert len(await contents(archive)) == 3


async def test_daily_rankings_are_backfilled_in_as_few_requests_as_possible(
    path: str, clock: FakeClock, client: Client
) -> None:
    async with Archive(path, clock=clock) as archive:
        await archive.collect(client, [RankingsDaily])
        joined = await archive.rankings_daily()
        assert (await archive.gaps(RankingsDaily)).missing == ()
        assert (await archive.gaps(RankingsDaily)).due is None
    # 2025-01-01 to 2026-06-17 are 533 days.
    assert len(client.asked) == 2 * 20
    assert joined is not None
    assert (joined.data[0].date, joined.data[-1].date) == (FIRST_DAY, YESTERDAY)
    assert [str(day) for day in joined.missing_dates()] == ["2025-06-15", "2025-07-15"]


async def test_the_days_since_the_last_collection_are_made_up_for(path: str, clock: FakeClock, client: Client) -> None:
    async with Archive(path, clock=clock) as archive:
        await archive.collect(client, [RankingsDaily], since=RECENT)
        clock.advance(100 * 86400)
        client.asked.clear()
        await archive.collect(client, [RankingsDaily], since=RECENT)
        assert (await archive.gaps(RankingsDaily)).missing == ()
        estimates = await archive.rankings_daily(parameters={"category": "science"})
    assert len(client.asked) == 20
    assert "start_date=2026-06-18&end_date=2026-09-25" in client.asked[0]
    assert estimates is not None
    weeks = list(estimates.totals_by_date())
    assert all(after - before == 7 * ONE_DAY for before, after in pairwise(weeks))


def _question(**filters: str) -> Question:
    return next(each for each in questions([RankingsDaily], YESTERDAY) if each.parameters == filters)


def test_a_recent_span_begins_on_the_first_of_a_month() -> None:
    have = [(FIRST_DAY, YESTERDAY)]
    assert list(spans_to_ask(_question(), have, FIRST_DAY, YESTERDAY)) == [(date(2026, 6, 1), YESTERDAY)]
    third = date(2026, 6, 3)
    assert list(spans_to_ask(_question(), have, FIRST_DAY, third)) == [(date(2026, 5, 1), third)]


def test_spans_of_estimates_begin_on_a_monday() -> None:
    have = [(FIRST_DAY, date(2026, 3, 4))]
    asked = list(spans_to_ask(_question(category="science"), have, FIRST_DAY, YESTERDAY))
    assert asked == [(date(2026, 3, 2), YESTERDAY)]
    assert next(spans_to_ask(_question(category="science"), [], FIRST_DAY, YESTERDAY))[0] == FIRST_DAY


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 300))),
    st.integers(0, 800),
    st.sampled_from([{}, {"category": "science"}]),
)
def test_the_spans_asked_for_hold_each_missing_day_and_are_the_fewest(
    spans: list[tuple[int, int]], length: int, filters: dict[str, str]
) -> None:
    last = FIRST_DAY + length * ONE_DAY
    covered = [(FIRST_DAY + first * ONE_DAY, FIRST_DAY + (first + more) * ONE_DAY) for first, more in spans]
    asked = list(spans_to_ask(_question(**filters), covered, FIRST_DAY, last))
    days = {FIRST_DAY + n * ONE_DAY for n in range(length + 1)}
    have = {first + n * ONE_DAY for first, end in covered for n in range((end - first).days + 1)}
    got = {first + n * ONE_DAY for first, end in asked for n in range((end - first).days + 1)}
    assert days - have <= got <= days
    assert all((end - first).days < 366 for first, end in asked)
    if not filters:
        # No two of them fit into one request.
        assert all((after[1] - before[0]).days >= 366 for before, after in pairwise(asked))


def test_an_empty_report_is_all_good() -> None:
    assert collect_exit_code(CollectReport(())) == 0
    assert CollectReport(()).counts() == {}
