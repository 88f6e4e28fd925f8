"""Which days the archive lacks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from archived import DAY, FETCHED, ONE_DAY, apps, benchmarks, daily, morning_after, sessions, tasks
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import AppRankings, Benchmarks, RankingsDaily, SessionCost, TaskClassifications
from openrouter_rankings.clock import FakeClock
from openrouter_rankings.history import GAPS_FOUND, Archive, Gap, Gaps, gaps_exit_code
from openrouter_rankings.history.gaps import Covered, find_gaps

NOW = datetime(2026, 6, 21, 12, tzinfo=UTC)


def after(days: int) -> date:
    return DAY + days * ONE_DAY


def found(*covered: Covered, now: datetime = NOW, daily: bool = True) -> Gaps:
    return find_gaps(covered, None, now, daily=daily)


def test_days_between_the_first_and_the_last_are_missing() -> None:
    gaps = found((after(5), after(5)), (DAY, DAY), (after(2), after(2)))
    assert (gaps.first, gaps.last) == (DAY, after(5))
    assert gaps.missing == (Gap(after(1), after(1)), Gap(after(3), after(4)))
    assert gaps.missing_days == 3
    assert [list(gap) for gap in gaps.missing] == [[after(1)], [after(3), after(4)]]


def test_spans_that_touch_or_overlap_leave_no_gap() -> None:
    gaps = found((after(3), after(9)), (DAY, after(2)), (after(1), after(4)), (after(1), after(1)))
    assert (gaps.first, gaps.last, gaps.missing) == (DAY, after(9), ())


def test_the_day_that_ended_last_is_due_until_it_is_there() -> None:
    assert found((DAY, DAY)).due == date(2026, 6, 20)
    assert found((DAY, date(2026, 6, 20))).due is None
    assert found().due == date(2026, 6, 20)


def test_the_age_counts_from_the_end_of_the_newest_day() -> None:
    assert found((DAY, DAY)).age == timedelta(days=3, hours=12)
    assert found().age is None


def test_a_data_set_without_a_daily_date_has_no_gaps() -> None:
    gaps = found((DAY, DAY), (after(7), after(7)), daily=False)
    assert (gaps.first, gaps.last, gaps.missing, gaps.due) == (DAY, after(7), (), None)


async def test_a_data_set_without_a_daily_date_is_as_old_as_its_last_answer(tmp_path: Path) -> None:
    clock = FakeClock(FETCHED)
    async with Archive(tmp_path / "rankings.sqlite3", clock=clock) as archive:
        assert (await archive.gaps(Benchmarks)).age is None
        for days in (0, 10):
            await archive.add(Benchmarks, benchmarks(FETCHED), fetched_at=FETCHED + timedelta(days=days))
        clock.advance(11 * 86400)
        gaps = await archive.gaps(Benchmarks)
    assert (gaps.last, gaps.age) == (FETCHED.date(), timedelta(days=1))


@pytest.mark.parametrize(
    ("covered", "max_age", "code"),
    [
        ([(DAY, DAY)], None, 0),
        ([(DAY, DAY), (after(2), after(2))], None, GAPS_FOUND),
        ([(DAY, DAY)], timedelta(days=3, hours=12), 0),
        ([(DAY, DAY)], timedelta(days=3, hours=11), GAPS_FOUND),
        ([], None, 0),
        ([], timedelta(days=999), GAPS_FOUND),
    ],
)
def test_the_exit_code_is_3_for_gaps_and_for_an_old_archive(
    covered: list[Covered], max_age: timedelta | None, code: int
) -> None:
    assert gaps_exit_code([found((DAY, after(3))), found(*covered)], max_age) == code


def test_no_series_is_no_gap() -> None:
    assert gaps_exit_code([], timedelta(0)) == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)).map(lambda pair: (pair[0], sum(pair)))))
def test_gaps_are_what_no_span_covers(spans: list[tuple[int, int]]) -> None:
    gaps = found(*((after(first), after(last)) for first, last in spans))
    days = {after(n) for first, last in spans for n in range(first, last + 1)}
    missing = {day for gap in gaps.missing for day in gap}
    assert missing.isdisjoint(days)
    if days:
        assert missing | days == {min(days) + n * ONE_DAY for n in range((max(days) - min(days)).days + 1)}
        assert gaps.missing_days == len(missing)


async def test_a_missing_day_of_the_archive_is_a_gap(location: str) -> None:
    clock = FakeClock(NOW)
    async with Archive(location, clock=clock) as archive:
        for n in (0, 2):
            await archive.add(TaskClassifications, tasks(after(n)), fetched_at=morning_after(after(n)))
        gaps = await archive.gaps(TaskClassifications)
    assert (gaps.first, gaps.last, gaps.missing) == (DAY, after(2), (Gap(after(1), after(1)),))


async def test_a_day_within_an_answer_of_daily_rankings_is_no_gap(location: str) -> None:
    async with Archive(location, clock=FakeClock(NOW)) as archive:
        # The service never published the second day; the archive has what there is.
        await archive.add(RankingsDaily, daily(DAY, after(2), days=[DAY, after(2)]), fetched_at=morning_after(after(2)))
        assert (await archive.gaps(RankingsDaily)).missing == ()
        await archive.add(RankingsDaily, daily(after(-5), after(-4)), fetched_at=FETCHED)
        assert (await archive.gaps(RankingsDaily)).missing == (Gap(after(-3), after(-1)),)


@pytest.mark.parametrize("first", [DAY, after(1)])
async def test_the_day_in_progress_fills_no_gap(location: str, first: date) -> None:
    today = FETCHED.date()
    async with Archive(location, clock=FakeClock(NOW)) as archive:
        await archive.add(TaskClassifications, tasks(today), fetched_at=FETCHED)
        await archive.add(RankingsDaily, daily(first, today, as_of=FETCHED), fetched_at=FETCHED)
        assert (await archive.gaps(TaskClassifications)).last is None
        assert (await archive.gaps(RankingsDaily)).last == (DAY if first == DAY else None)


@pytest.mark.parametrize(
    ("kind", "body", "missing"),
    [
        (AppRankings, apps, True),
        (SessionCost, sessions, False),
        (Benchmarks, lambda day: benchmarks(morning_after(day)), False),
    ],
)
async def test_only_what_states_a_new_date_each_day_has_gaps(
    location: str, kind: type[Any], body: Any, missing: bool
) -> None:
    async with Archive(location, clock=FakeClock(NOW)) as archive:
        for n in (-9, -5):
            await archive.add(kind, body(after(n)), {"limit": 100}, fetched_at=FETCHED)
        assert bool((await archive.gaps(kind, {"limit": 100})).missing) is missing
