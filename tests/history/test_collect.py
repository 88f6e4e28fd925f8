"""Collecting from a service that answers in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from archived import ONE_DAY, contents, encoded
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import (
    AppRankings,
    Benchmarks,
    Quota,
    RankingsClient,
    RankingsDaily,
    SessionCost,
    TaskClassifications,
)
from openrouter_rankings.clock import FakeClock
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
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.models.rankings_daily import FIRST_DAY
from openrouter_rankings.testing import EmulatedAPI

NOW = datetime(2026, 6, 18, 5, tzinfo=UTC)
YESTERDAY = date(2026, 6, 17)


pytestmark = pytest.mark.usefixtures("no_blocking_call")


Change = Callable[[Request, Response], Response]


class Service:
    """The emulated service as a transport, whose answers pass for real ones."""

    def __init__(self, clock: FakeClock) -> None:
        self.api = EmulatedAPI(per_minute=10_000, per_day=10_000)
        self.asked: list[str] = []
        self.change: Change = lambda _, response: response
        self._clock = clock

    async def send(self, request: Request) -> Response:
        self.asked.append(request.url.partition("/api/v1")[2])
        response = self.api.reply(request, self._clock.time()).response
        document = json.loads(response.body)
        document.pop("synthetic", None)
        return self.change(request, attrs.evolve(response, body=encoded(document)))

    async def aclose(self) -> None:
        pass


def client_of(service: Service, clock: FakeClock, per_day: int | None = 500) -> RankingsClient:
    """A client of the service, which sends no request twice."""
    quota = None if per_day is None else Quota(per_minute=10_000, per_day=per_day)
    return RankingsClient("test-key", transport=service, clock=clock, retry=None, quota=quota)


def with_rows(count: int) -> Change:
    """Makes lists so long, page by page."""
    rows: list[Any] = []

    def change(request: Request, response: Response) -> Response:
        query = parse_qs(urlsplit(request.url).query)
        document = json.loads(response.body)
        rows.extend(document["data"])
        limit, offset = int(query["limit"][0]), int(query["offset"][0])
        document["data"] = [
            row | {"app_slug": f"app-{offset + n}"}
            for n, row in enumerate(rows[:1] * max(0, min(limit, count - offset)))
        ]
        return attrs.evolve(response, body=encoded(document))

    return change


def aged(seconds: int) -> Change:
    def change(_: Request, response: Response) -> Response:
        return attrs.evolve(response, headers=response.headers.merge({"Age": str(seconds)}))

    return change


def failing(path: str, error: RankingsError) -> Change:
    def change(request: Request, response: Response) -> Response:
        if path in request.url:
            raise error
        return response

    return change


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def service(clock: FakeClock) -> Service:
    return Service(clock)


@pytest.fixture
def client(service: Service, clock: FakeClock) -> RankingsClient:
    return client_of(service, clock)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "rankings.sqlite3")


RECENT = date(2026, 6, 1)


async def test_everything_that_people_follow_is_collected(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT)
        found = await contents(archive)
    assert {outcome for counts in report.counts().values() for outcome in counts} == {Outcome.NEW}
    assert collect_exit_code(report) == 0
    assert len(found) == len(report.answers) == len(service.asked)
    assert len({(each.data_set, str(each.parameters)) for each in found}) == len(found)
    series = {name: len(list(counts)) for name, counts in report.counts().items()}
    assert series.keys() == {"task-classifications", "app-rankings", "session-cost", "benchmarks", "rankings-daily"}
    assert {name: sum(counts.values()) for name, counts in report.counts().items()}["rankings-daily"] == 20
    assert all(each.fetched_at == NOW and each.complete for each in found)
    # What can be asked for later comes last.
    assert [each.data_set for each in report.answers].index("rankings-daily") == len(found) - 20


async def test_a_second_collection_finds_nothing_new_and_is_all_good(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    async with Archive(path, clock=clock) as archive:
        await archive.collect(client, since=RECENT - 12 * ONE_DAY)
        clock.advance(3600)
        report = await archive.collect(client, since=RECENT - 12 * ONE_DAY)
        latest = await archive.latest(TaskClassifications)
    assert {outcome for counts in report.counts().values() for outcome in counts} == {Outcome.UNCHANGED}
    assert collect_exit_code(report) == 0
    assert latest is not None
    assert (latest.confirmed_at - latest.fetched_at) == timedelta(hours=1)


async def test_chosen_data_sets_alone_are_collected(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [Benchmarks, TaskClassifications])
        with pytest.raises(ConfigurationError, match="named by the class of its answers"):
            await archive.collect(client, [dict])
    assert sorted(report.counts()) == ["benchmarks", "task-classifications"]
    assert service.asked == ["/benchmarks", "/classifications/task?window=7d"]


async def test_an_age_counts_from_when_the_service_gave_the_answer(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    service.change = aged(90)
    async with Archive(path, clock=clock) as archive:
        await archive.collect(client, [TaskClassifications])
        latest = await archive.latest(TaskClassifications)
    assert latest is not None
    assert latest.fetched_at == NOW - timedelta(seconds=90)


async def test_progress_gets_each_answer(path: str, clock: FakeClock, service: Service, client: RankingsClient) -> None:
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
    path: str, clock: FakeClock, service: Service, client: RankingsClient, rows: int, offsets: list[int]
) -> None:
    service.change = with_rows(rows)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [SessionCost])
    asked = [int(parse_qs(urlsplit(url).query)["offset"][0]) for url in service.asked]
    assert asked == offsets
    if rows == 0:
        assert [(each.outcome, each.problem) for each in report.answers] == [(Outcome.REFUSED, "it is empty")]
    else:
        # An empty page says that the one before it was the last.
        assert {each.outcome for each in report.answers} == {Outcome.NEW}
        assert len(report.answers) == -(-min(rows, 5500) // 500)
        assert report.answers[0].parameters == {"limit": "500"}


async def test_one_that_fails_does_not_stop_the_others(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    service.change = failing("/classifications/task", TransportError("The connection was reset."))
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [TaskClassifications, AppRankings, Benchmarks])
    assert report.counts()["task-classifications"] == {Outcome.FAILED: 1}
    assert set(report.counts()["app-rankings"]) == set(report.counts()["benchmarks"]) == {Outcome.NEW}
    assert report.answers[0].problem == "The connection was reset."
    assert collect_exit_code(report) == 1


async def test_a_service_that_cannot_be_reached_is_not_asked_on_and_on(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    service.change = failing("/", TransportError("The exchange failed."))
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT)
        assert len(service.asked) == 3
        assert [each.outcome for each in report.answers] == [Outcome.FAILED] * 3 + [Outcome.POSTPONED] * 22
        assert report.answers[-1].problem == "The 3 requests before this one did not reach the service."
        service.change = lambda _, response: response
        report = await archive.collect(client, [TaskClassifications, AppRankings])
        assert collect_exit_code(report) == 0


async def test_failures_that_are_answers_do_not_count_as_out_of_reach(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    asked = 0

    def change(request: Request, response: Response) -> Response:
        nonlocal asked
        asked += 1
        if asked % 3:
            raise TransportError("The exchange failed.")
        return attrs.evolve(response, status=500)

    service.change = change
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [RankingsDaily], since=RECENT)
    assert [each.outcome for each in report.answers] == [Outcome.FAILED] * 20


async def test_a_first_page_that_fails_leaves_out_the_rest_of_its_list(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    service.change = failing("/datasets/session-cost", TransportError("The connection was reset."))
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [SessionCost])
    assert len(report.answers) == 1


async def test_a_synthetic_answer_is_refused_and_reported(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    def mark(_: Request, response: Response) -> Response:
        return attrs.evolve(response, body=b'{"synthetic": true, ' + response.body[1:])

    service.change = mark
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [TaskClassifications])
        assert await contents(archive) == []
    assert [(each.outcome, each.problem) for each in report.answers] == [(Outcome.REFUSED, "its figures are synthetic")]
    assert collect_exit_code(report) == 1


async def test_an_older_answer_in_place_of_one_is_kept_and_a_failure(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    service.change = aged(7200)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [TaskClassifications])
        assert len(await contents(archive)) == 1
    assert report.answers[0].outcome is Outcome.FAILED
    assert report.answers[0].problem == "The service gave no newer answer than one of 2026-06-18 03:00:00 UTC."


async def test_a_share_of_the_quota_is_left_to_others(path: str, clock: FakeClock, service: Service) -> None:
    client = client_of(service, clock, per_day=20)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT, leave=0.5)
    assert len(service.asked) == 10
    outcomes = [each.outcome for each in report.answers]
    assert outcomes[:10] == [Outcome.NEW] * 10
    assert set(outcomes[10:]) == {Outcome.POSTPONED}
    assert report.answers[-1].problem == "10 requests of the day's 20 are left, and 10 are kept."
    assert collect_exit_code(report) == 1


async def test_what_was_postponed_comes_first_in_the_next_collection(
    path: str, clock: FakeClock, service: Service
) -> None:
    async with Archive(path, clock=clock) as archive:
        outcomes: list[Outcome] = []
        for _ in range(4):
            report = await archive.collect(
                client_of(service, clock, per_day=10), [RankingsDaily], since=RECENT, leave=0.4
            )
            outcomes += [each.outcome for each in report.answers if each.outcome is not Outcome.POSTPONED]
            clock.advance(3600)
        assert outcomes == [Outcome.NEW] * 20 + [Outcome.UNCHANGED] * 4


async def test_a_client_without_a_quota_is_asked_for_everything(path: str, clock: FakeClock, service: Service) -> None:
    client = client_of(service, clock, per_day=None)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT, leave=1)
    assert collect_exit_code(report) == 0


async def test_a_spent_quota_ends_the_collection(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    spent = QuotaExceededError("The day's quota is spent.", retry_at=NOW, retry_after=0)
    service.change = failing("/datasets/app-rankings", spent)
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, [AppRankings, RankingsDaily], since=RECENT)
    assert len(service.asked) == 1
    assert {each.outcome for each in report.answers} == {Outcome.POSTPONED}
    assert {each.problem for each in report.answers} == {"The day's quota is spent."}


async def test_a_key_that_is_refused_ends_the_collection(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    service.api = EmulatedAPI(keys=["another"])
    async with Archive(path, clock=clock) as archive:
        report = await archive.collect(client, since=RECENT)
    assert len(service.asked) == 1
    assert {each.outcome for each in report.answers} == {Outcome.FAILED}
    assert all("401" in str(each.problem) for each in report.answers)


async def test_an_archive_that_cannot_be_written_is_an_error(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    async with Archive(path, clock=clock) as archive:
        Path(path).unlink()
        with pytest.raises(ArchiveError, match="was deleted or replaced"):
            await archive.collect(client)


@pytest.mark.parametrize("leave", [-0.1, 1.1])
async def test_the_share_to_leave_is_a_fraction(
    path: str, clock: FakeClock, service: Service, client: RankingsClient, leave: float
) -> None:
    async with Archive(path, clock=clock) as archive:
        with pytest.raises(ConfigurationError, match="leave must be a fraction"):
            await archive.collect(client, leave=leave)


async def test_an_interrupted_collection_keeps_what_was_stored(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    def interrupt(_: Collected) -> None:
        if len(service.asked) == 3:
            raise KeyboardInterrupt

    async with Archive(path, clock=clock) as archive:
        with suppress(KeyboardInterrupt):
            await archive.collect(client, progress=interrupt)
        assert len(await contents(archive)) == 3


async def test_daily_rankings_are_backfilled_in_as_few_requests_as_possible(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    async with Archive(path, clock=clock) as archive:
        await archive.collect(client, [RankingsDaily])
        joined = await archive.rankings_daily()
        assert (await archive.gaps(RankingsDaily)).missing == ()
        assert (await archive.gaps(RankingsDaily)).due is None
    # 2025-01-01 to 2026-06-17 are 533 days.
    assert len(service.asked) == 2 * 20
    assert joined is not None
    assert (joined.data[0].date, joined.data[-1].date) == (FIRST_DAY, YESTERDAY)
    assert [str(day) for day in joined.missing_dates()] == ["2025-06-15", "2025-07-15"]


async def test_the_days_since_the_last_collection_are_made_up_for(
    path: str, clock: FakeClock, service: Service, client: RankingsClient
) -> None:
    async with Archive(path, clock=clock) as archive:
        await archive.collect(client, [RankingsDaily], since=RECENT)
        clock.advance(100 * 86400)
        service.asked.clear()
        await archive.collect(client, [RankingsDaily], since=RECENT)
        assert (await archive.gaps(RankingsDaily)).missing == ()
        estimates = await archive.rankings_daily(parameters={"category": "science"})
    assert len(service.asked) == 20
    assert "start_date=2026-06-18&end_date=2026-09-25" in service.asked[0]
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


def test_days_that_were_asked_for_today_are_asked_for_again_in_the_same_span() -> None:
    new_year = date(2026, 1, 1)
    have = [(FIRST_DAY, new_year), (new_year, YESTERDAY), (date(2026, 5, 20), YESTERDAY), (date(2026, 6, 9), YESTERDAY)]
    assert list(spans_to_ask(_question(), have, FIRST_DAY, YESTERDAY)) == [(date(2026, 5, 20), YESTERDAY)]
    # With a day missing before, they are part of a longer span.
    assert list(spans_to_ask(_question(), have[2:], date(2026, 5, 1), YESTERDAY)) == [(date(2026, 5, 1), YESTERDAY)]


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
