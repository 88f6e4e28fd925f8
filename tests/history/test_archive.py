"""The archive: one contract for both engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from archived import DAY, FETCHED, ONE_DAY, apps, benchmarks, contents, daily, morning_after, sessions, tasks
from patience import turn

from openrouter_rankings import AppRankings, Benchmarks, RankingsDaily, SessionCost, TaskClassifications
from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError, RankingsError
from openrouter_rankings.history import AnswerRefusedError, Archive, ArchiveError, Outcome, task_history
from openrouter_rankings.models.benchmarks import decode_benchmarks
from openrouter_rankings.models.rankings_daily import Period
from openrouter_rankings.models.synthetic import NOTICE

HOUR = timedelta(hours=1)


pytestmark = pytest.mark.usefixtures("no_blocking_call")


async def test_an_answer_comes_back_as_it_was_received_with_its_provenance(location: str) -> None:
    body = json.dumps(json.loads(tasks()), indent=3).encode()
    async with Archive(location) as archive:
        assert await archive.add(TaskClassifications, body, {"window": "7d"}, fetched_at=FETCHED) is Outcome.NEW
        found = await archive.latest(TaskClassifications)
    assert found is not None
    assert found.body == body
    assert found.answer.by_tag("code:debugging").usage_share == 0.4
    assert (found.data_set, found.parameters) == ("task-classifications", {})
    assert (found.first, found.date, found.complete) == (date(2026, 6, 11), DAY, True)
    assert (found.fetched_at, found.confirmed_at) == (FETCHED, FETCHED)
    assert (found.revision, found.revisions) == (1, 1)
    assert found.citation == "Source: OpenRouter (openrouter.ai/rankings), as of 2026-06-17."
    assert found.licence == "Licensed under CC BY 4.0."


async def test_an_answer_outlives_the_archive_that_stored_it(location: str) -> None:
    async with Archive(location) as archive:
        await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)
    async with Archive(location) as archive:
        assert await archive.dates(TaskClassifications) == (DAY,)


async def test_the_same_content_is_unchanged_and_other_content_is_a_revision(location: str) -> None:
    async with Archive(location) as archive:
        for hour, share, outcome in [
            (0, 0.4, Outcome.NEW),
            (1, 0.4, Outcome.UNCHANGED),
            (2, 0.3, Outcome.REVISION),
            (3, 0.4, Outcome.REVISION),
            (4, 0.4, Outcome.UNCHANGED),
            (2, 0.3, Outcome.UNCHANGED),
        ]:
            at = FETCHED + hour * HOUR
            assert await archive.add(TaskClassifications, tasks(share=share), fetched_at=at) is outcome
        found = await archive.revisions(TaskClassifications, DAY)
        latest = await archive.latest(TaskClassifications)
    assert [answer.answer.classifications[0].usage_share for answer in found] == [0.4, 0.3, 0.4]
    assert [(answer.revision, answer.revisions) for answer in found] == [(1, 3), (2, 3), (3, 3)]
    assert [(answer.fetched_at - FETCHED) / HOUR for answer in found] == [0, 2, 3]
    assert [(answer.confirmed_at - FETCHED) / HOUR for answer in found] == [1, 2, 4]
    assert found[0].content_hash == found[2].content_hash != found[1].content_hash
    assert latest == found[2]


async def test_an_answer_between_two_equal_ones_splits_them(location: str) -> None:
    async with Archive(location) as archive:
        for hour, share in [(0, 0.4), (9, 0.4)]:
            await archive.add(TaskClassifications, tasks(share=share), fetched_at=FETCHED + hour * HOUR)
        added = await archive.add(TaskClassifications, tasks(share=0.3), fetched_at=FETCHED + 5 * HOUR)
        assert added is Outcome.REVISION
        found = await archive.revisions(TaskClassifications, DAY)
    assert [answer.answer.classifications[0].usage_share for answer in found] == [0.4, 0.3, 0.4]


LATER = FETCHED + HOUR


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (TaskClassifications, tasks(), json.dumps(json.loads(tasks()), indent=1, sort_keys=True).encode()),
        (RankingsDaily, daily(), daily(as_of=LATER)),
        (AppRankings, apps(), apps(as_of=LATER, names=["Weir (beta)"])),
        (SessionCost, sessions(), sessions(as_of=LATER, name="Weir (beta)")),
        (Benchmarks, benchmarks(), benchmarks(LATER)),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_what_changes_by_itself_makes_no_revision(
    location: str, kind: type[Any], first: bytes, second: bytes
) -> None:
    assert first != second
    async with Archive(location) as archive:
        assert await archive.add(kind, first, fetched_at=FETCHED) is Outcome.NEW
        assert await archive.add(kind, second, fetched_at=LATER) is Outcome.UNCHANGED
        (found,) = await archive.revisions(kind, DAY if kind is not Benchmarks else FETCHED.date())
    assert found.body == first
    assert found.confirmed_at == LATER


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (TaskClassifications, tasks(), tasks(share=0.3)),
        (TaskClassifications, tasks(), tasks(new_field=1)),
        (RankingsDaily, daily(), daily(tokens=101)),
        (AppRankings, apps(), apps(tokens=10)),
        (SessionCost, sessions(), sessions(cost=0.6)),
        (Benchmarks, benchmarks(), benchmarks(index=51.0)),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_every_other_difference_makes_a_revision(
    location: str, kind: type[Any], first: bytes, second: bytes
) -> None:
    async with Archive(location) as archive:
        await archive.add(kind, first, fetched_at=FETCHED)
        assert await archive.add(kind, second, fetched_at=LATER) is Outcome.REVISION


@pytest.mark.parametrize(
    ("kind", "body", "first", "last"),
    [
        (TaskClassifications, tasks(window_days=1), DAY, DAY),
        (RankingsDaily, daily(DAY - 9 * ONE_DAY), DAY - 9 * ONE_DAY, DAY),
        (AppRankings, apps(), DAY - 29 * ONE_DAY, DAY),
        (SessionCost, sessions(), DAY - 6 * ONE_DAY, DAY),
        (SessionCost, sessions(None, window=None), FETCHED.date(), FETCHED.date()),
        (Benchmarks, benchmarks(), FETCHED.date(), FETCHED.date()),
    ],
)
async def test_an_answer_is_dated_by_its_own_account(
    location: str, kind: type[Any], body: bytes, first: date, last: date
) -> None:
    clock = FakeClock(datetime(2026, 12, 1, tzinfo=UTC))
    async with Archive(location, clock=clock) as archive:
        await archive.add(kind, body)
        found = await archive.latest(kind, unfinished=True)
    assert found is not None
    assert (found.first, found.date, found.fetched_at) == (first, last, clock.now())


@pytest.mark.parametrize(
    ("kind", "body", "complete"),
    [
        (TaskClassifications, tasks(), True),
        (TaskClassifications, tasks(FETCHED.date()), False),
        (RankingsDaily, daily(), True),
        (RankingsDaily, daily(end=FETCHED.date(), as_of=FETCHED), False),
        (RankingsDaily, daily(as_of=FETCHED - 6 * HOUR), False),
        (AppRankings, apps(FETCHED.date()), False),
        (SessionCost, sessions(FETCHED.date()), False),
        (Benchmarks, benchmarks(), True),
    ],
)
async def test_the_day_in_progress_is_never_taken_for_a_complete_one(
    location: str, kind: type[Any], body: bytes, complete: bool
) -> None:
    async with Archive(location) as archive:
        await archive.add(kind, body, fetched_at=FETCHED)
        (found,) = await contents(archive)
        assert found.complete is complete
        assert bool(await archive.dates(kind)) is complete
        assert bool(await archive.latest(kind)) is complete
        assert bool([answer async for answer in archive.between(kind)]) is complete
        assert await archive.dates(kind, unfinished=True)
        assert await archive.latest(kind, unfinished=True) == found


async def test_figures_that_are_the_same_after_the_day_are_complete(location: str) -> None:
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, daily(as_of=FETCHED - 6 * HOUR), fetched_at=FETCHED - 6 * HOUR)
        assert await archive.latest(RankingsDaily) is None
        await archive.add(RankingsDaily, daily(), fetched_at=FETCHED)
        found = await archive.latest(RankingsDaily)
    assert found is not None
    assert found.complete
    assert found.revisions == 1


async def test_a_complete_revision_comes_before_a_later_one_that_is_not(location: str) -> None:
    stale = daily(tokens=90, as_of=FETCHED - 6 * HOUR)
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, daily(), fetched_at=FETCHED)
        await archive.add(RankingsDaily, stale, fetched_at=FETCHED + HOUR)
        found = await archive.latest(RankingsDaily)
        assert found is not None
        assert found.answer.data[0].total_tokens == 100
        assert [answer.revision async for answer in archive.between(RankingsDaily)] == [1]
        assert [answer.revision async for answer in archive.between(RankingsDaily, unfinished=True)] == [2]


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        (TaskClassifications, tasks(synthetic=True), "its figures are synthetic"),
        (TaskClassifications, tasks(synthetic="yes"), "its figures are synthetic"),
        (TaskClassifications, b'{"data": null}', r"it cannot be decoded \(data: expected an object, got null\)"),
        (TaskClassifications, b"<html>", r"it cannot be decoded \(the body is not JSON"),
        (TaskClassifications, daily(), "it cannot be decoded"),
        (TaskClassifications, tasks(window_days=10**9), "it cannot be decoded"),
        (
            TaskClassifications,
            tasks(deep=1).replace(b"1}", b"[" * 100_000 + b"]" * 100_000 + b"}"),
            "it cannot be decoded",
        ),
        (RankingsDaily, daily(days=[]), "it is empty"),
        (AppRankings, apps(names=[]), "it is empty"),
        (Benchmarks, benchmarks(citation="a" * 10_001), "its citation is not a line of text"),
        (Benchmarks, benchmarks(citation="a\0"), "its citation is not a line of text"),
    ],
)
async def test_an_answer_that_is_no_data_is_refused(location: str, kind: type[Any], body: bytes, reason: str) -> None:
    async with Archive(location) as archive:
        with pytest.raises(AnswerRefusedError, match=reason) as refusal:
            await archive.add(kind, body, fetched_at=FETCHED)
        assert str(refusal.value) == f"The archive refuses this answer: {refusal.value.reason}."
        assert await contents(archive) == []


async def test_an_answer_without_tasks_is_refused(location: str) -> None:
    document = json.loads(tasks())
    document["data"]["classifications"] = []
    async with Archive(location) as archive:
        with pytest.raises(AnswerRefusedError, match="it is empty"):
            await archive.add(TaskClassifications, json.dumps(document).encode(), fetched_at=FETCHED)


async def test_an_answer_that_is_too_long_is_refused(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openrouter_rankings.history.entry.MOST_BYTES", 100)
    async with Archive(location) as archive:
        with pytest.raises(AnswerRefusedError, match="bytes, and the most are 100"):
            await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)


async def test_parameters_that_are_too_long_are_refused(location: str) -> None:
    async with Archive(location) as archive:
        with pytest.raises(AnswerRefusedError, match="its parameters are too long"):
            await archive.add(SessionCost, sessions(), {"model": "a" * 1001}, fetched_at=FETCHED)


async def test_an_archive_for_trying_things_out_takes_invented_figures_and_says_so(location: str) -> None:
    async with Archive(location, synthetic=True) as archive:
        assert await archive.add(TaskClassifications, tasks(synthetic=True), fetched_at=FETCHED) is Outcome.NEW
        later = FETCHED + ONE_DAY
        await archive.add(RankingsDaily, daily(), fetched_at=FETCHED)
        invented = json.dumps({**json.loads(daily(DAY + ONE_DAY, DAY + ONE_DAY)), "synthetic": True}).encode()
        await archive.add(RankingsDaily, invented, fetched_at=later)
    async with Archive(location) as archive:
        found = await archive.latest(TaskClassifications)
        joined = await archive.rankings_daily()
        history = [answer async for answer in task_history(archive, "code:debugging")]
    assert found is not None
    assert joined is not None
    assert [found.citation, found.answer.citation, joined.citation, history[0].citation] == [NOTICE] * 4


async def test_an_emulation_that_says_it_is_not_synthetic_is_taken(location: str) -> None:
    async with Archive(location) as archive:
        assert await archive.add(TaskClassifications, tasks(synthetic=False), fetched_at=FETCHED) is Outcome.NEW


@pytest.mark.parametrize("wrong", [datetime(2026, 6, 18), "2026-06-18", DAY])  # noqa: DTZ001 - a naive one is refused
async def test_an_instant_needs_a_time_zone(location: str, wrong: Any) -> None:
    async with Archive(location) as archive:
        with pytest.raises(ConfigurationError, match="a datetime with a time zone"):
            await archive.add(TaskClassifications, tasks(), fetched_at=wrong)


async def test_a_data_set_is_named_by_the_class_of_its_answers(location: str) -> None:
    async with Archive(location) as archive:
        with pytest.raises(ConfigurationError, match="TaskClassifications, RankingsDaily, AppRankings"):
            await archive.dates(dict)


@pytest.mark.parametrize(
    ("kind", "body", "explicit"),
    [
        (TaskClassifications, tasks(), {"window": "7d"}),
        (RankingsDaily, daily(), {"period": Period.DAY, "start_date": "2026-06-17", "end_date": DAY, "modality": None}),
        (AppRankings, apps(), {"sort": "popular", "limit": 50, "offset": 0}),
        (SessionCost, sessions(), {"limit": 100, "offset": "0"}),
        (Benchmarks, benchmarks(), {"include_run_config": "false"}),
    ],
)
async def test_a_default_spelt_out_is_the_same_series(
    location: str, kind: type[Any], body: bytes, explicit: Mapping[str, object]
) -> None:
    async with Archive(location) as archive:
        await archive.add(kind, body, explicit, fetched_at=FETCHED)
        assert await archive.add(kind, body, fetched_at=FETCHED) is Outcome.UNCHANGED
        assert await archive.dates(kind, explicit) == await archive.dates(kind) != ()


async def test_other_parameters_are_another_series(location: str) -> None:
    async with Archive(location) as archive:
        for parameters in ({}, {"modality": "image"}, {"category": "marketing/seo", "period": "week"}):
            assert await archive.add(RankingsDaily, daily(), parameters, fetched_at=FETCHED) is Outcome.NEW
        found = await archive.latest(RankingsDaily, {"category": "marketing/seo"})
        series = await archive.series()
    assert found is not None
    assert (found.answer.period, found.answer.is_estimate) == ("week", True)
    assert [(each.answer, each.parameters) for each in series] == [
        (RankingsDaily, {}),
        (RankingsDaily, {"category": "marketing/seo"}),
        (RankingsDaily, {"modality": "image"}),
    ]


async def test_the_grain_of_daily_rankings_is_that_of_their_parameters(location: str) -> None:
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, daily(), {"period": "month"}, fetched_at=FETCHED)
        found = await archive.latest(RankingsDaily, {"period": "month"})
    assert found is not None
    assert found.answer.period == "month"


async def test_dates_come_in_order_and_within_their_bounds(location: str) -> None:
    days = [DAY + n * ONE_DAY for n in (3, 0, 1, 7)]
    async with Archive(location) as archive:
        for day in days:
            await archive.add(TaskClassifications, tasks(day), fetched_at=morning_after(day))
        assert await archive.dates(TaskClassifications) == tuple(sorted(days))
        found = [answer.date async for answer in archive.between(TaskClassifications, DAY + ONE_DAY, "2026-06-20")]
        assert found == [DAY + ONE_DAY, DAY + 3 * ONE_DAY]
        until = await archive.latest(TaskClassifications, until=DAY + 2 * ONE_DAY)
        assert until is not None
        assert until.date == DAY + ONE_DAY
        assert await archive.latest(TaskClassifications, until="2026-06-16") is None
        with pytest.raises(ConfigurationError, match="must be a day"):
            await archive.latest(TaskClassifications, until="yesterday")


async def test_several_spans_that_end_on_one_date_are_apart(location: str) -> None:
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, daily(DAY - 9 * ONE_DAY), fetched_at=FETCHED + HOUR)
        await archive.add(RankingsDaily, daily(DAY - 3 * ONE_DAY), fetched_at=FETCHED)
        assert [answer.first.day async for answer in archive.between(RankingsDaily)] == [8, 14]
        latest = await archive.latest(RankingsDaily)
    assert latest is not None
    assert latest.first.day == 8


async def test_a_long_archive_is_read_as_a_stream(location: str) -> None:
    count = 150
    async with Archive(location) as archive:
        for n in range(count):
            day = DAY + n * ONE_DAY
            await archive.add(TaskClassifications, tasks(day, n / count), fetched_at=morning_after(day))
        shares = [answer.answer.classifications[0].usage_share async for answer in archive.between(TaskClassifications)]
    assert shares == [n / count for n in range(count)]


async def test_a_reader_who_stops_early_keeps_no_writer_waiting(location: str) -> None:
    async with Archive(location) as archive:
        for n in range(3):
            day = DAY + n * ONE_DAY
            await archive.add(TaskClassifications, tasks(day), fetched_at=morning_after(day))
        async for _ in archive.between(TaskClassifications):
            assert await archive.add(TaskClassifications, tasks(share=0.1), fetched_at=FETCHED + HOUR)
            break


async def test_many_tasks_share_one_archive(location: str) -> None:
    days = [DAY + n * ONE_DAY for n in range(20)]
    async with Archive(location) as archive:
        outcomes = await asyncio.gather(
            *(archive.add(TaskClassifications, tasks(day), fetched_at=morning_after(day)) for day in days * 2)
        )
        assert sorted(outcomes) == [Outcome.NEW] * 20 + [Outcome.UNCHANGED] * 20
        assert await archive.dates(TaskClassifications) == tuple(days)


async def test_two_archives_share_one_location(location: str) -> None:
    async with Archive(location) as one, Archive(location) as other:
        outcomes = await asyncio.gather(
            *(each.add(TaskClassifications, tasks(), fetched_at=FETCHED) for each in (one, other) * 10)
        )
        assert sorted(outcomes) == [Outcome.NEW] + [Outcome.UNCHANGED] * 19


async def test_several_open_a_new_location_at_once(location: str) -> None:
    async def store(n: int) -> None:
        async with Archive(location) as archive:
            await archive.add(TaskClassifications, tasks(DAY + n * ONE_DAY), fetched_at=FETCHED + 99 * ONE_DAY)

    await asyncio.gather(*map(store, range(6)))
    async with Archive(location) as archive:
        assert len(await archive.dates(TaskClassifications)) == 6


async def test_a_caller_who_is_cancelled_leaves_the_archive_usable(location: str) -> None:
    async with Archive(location) as archive:
        adding = asyncio.create_task(archive.add(TaskClassifications, tasks(), fetched_at=FETCHED))
        await turn(3)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        await archive.add(TaskClassifications, tasks(DAY + ONE_DAY), fetched_at=FETCHED + ONE_DAY)
        assert DAY + ONE_DAY in await archive.dates(TaskClassifications)


async def test_a_closed_archive_says_so_and_closes_again(location: str) -> None:
    archive = Archive(location)
    async with archive:
        await archive.aclose()
        with pytest.raises(ArchiveError, match="is closed"):
            await archive.dates(TaskClassifications)
    await archive.aclose()


async def test_every_failure_of_the_archive_is_an_error_of_the_library() -> None:
    assert issubclass(AnswerRefusedError, ArchiveError)
    assert issubclass(ArchiveError, RankingsError)


@pytest.mark.parametrize("typo", ["postgresql:/", "postgres:/", "PostgreSQL:", "postgresql//"])
def test_a_url_with_a_typo_is_no_path_and_its_password_is_not_shown(typo: str) -> None:
    with pytest.raises(ConfigurationError, match="begins with postgresql://") as caught:
        Archive(f"{typo}bob:hunter2@h/x")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["", 5, None, "mysql://host/db", "redis://host"])
def test_a_location_is_a_path_or_a_url_of_postgresql(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="a path or a postgresql:// URL"):
        Archive(wrong)


async def test_benchmarks_of_several_sources_keep_the_citation_of_each(location: str) -> None:
    async with Archive(location) as archive:
        await archive.add(Benchmarks, benchmarks(), fetched_at=FETCHED)
        found = await archive.latest(Benchmarks)
    assert found is not None
    assert found.citation == decode_benchmarks(benchmarks()).citation


def test_without_asyncio_an_archive_says_that_it_is_needed(tmp_path: Path) -> None:
    # A coroutine without an event loop of asyncio, as under trio.
    with pytest.raises(ConfigurationError, match="needs asyncio"):
        Archive(tmp_path / "archive.sqlite3").__aenter__().send(None)
