"""Daily rankings over a long span, joined from answers about parts of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from archived import DAY, FETCHED, ONE_DAY, daily, morning_after

from openrouter_rankings import RankingsDaily
from openrouter_rankings.analysis import incomplete_dates
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history import Archive


def after(days: int) -> date:
    return DAY + days * ONE_DAY


def tokens(answer: RankingsDaily | None) -> dict[date, int]:
    assert answer is not None
    return {row.date: row.total_tokens for row in answer.data if not row.is_other}


async def test_each_date_has_the_figures_of_the_newest_answer(location: str) -> None:
    answers = [(5, 12, 200), (11, 14, 300), (0, 9, 100)]
    async with Archive(location) as archive:
        for first, last, count in answers:
            at = morning_after(after(last))
            await archive.add(RankingsDaily, daily(after(first), after(last), tokens=count), fetched_at=at)
        joined = await archive.rankings_daily()
        part = await archive.rankings_daily(after(4), after(5))
    assert tokens(joined) == {after(n): 100 if n < 5 else 200 if n < 11 else 300 for n in range(15)}
    assert tokens(part) == {after(4): 100, after(5): 200}
    assert joined is not None
    assert part is not None
    assert [row.date for row in joined.data] == sorted(row.date for row in joined.data)
    assert [row.is_other for row in joined.data[:4]] == [False, True] * 2
    assert (joined.meta.start_date, joined.meta.end_date) == (DAY, after(14))
    assert (part.meta.start_date, part.meta.end_date) == (after(4), after(5))
    # It is as old as the newest answer that it is made of, so that none of its days counts as in progress.
    assert joined.meta.as_of.utc == morning_after(after(14))
    assert incomplete_dates(joined) == ()


async def test_the_total_of_a_span_is_that_of_its_parts_with_other_counted_once(location: str) -> None:
    async with Archive(location) as archive:
        for last in range(3, 20, 2):
            await archive.add(
                RankingsDaily, daily(DAY, after(last), tokens=last), fetched_at=morning_after(after(last))
            )
        whole = await archive.rankings_daily()
        parts = [await archive.rankings_daily(after(n), after(n)) for n in range(20)]
    assert whole is not None
    total = sum(row.total_tokens for part in parts if part is not None for row in part.data)
    assert sum(whole.totals_by_date().values()) == total == 20 * (19 + 7)


async def test_figures_confirmed_later_are_newer(location: str) -> None:
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, daily(DAY, after(3), tokens=1), fetched_at=morning_after(after(3)))
        await archive.add(RankingsDaily, daily(DAY, after(4), tokens=2), fetched_at=morning_after(after(4)))
        await archive.add(RankingsDaily, daily(DAY, after(3), tokens=1), fetched_at=morning_after(after(9)))
        assert tokens(await archive.rankings_daily()) == {after(n): 1 if n < 4 else 2 for n in range(5)}


async def test_the_day_in_progress_is_left_out_unless_asked_for(location: str) -> None:
    today = FETCHED.date()
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, daily(DAY, today, as_of=FETCHED), fetched_at=FETCHED)
        assert list(tokens(await archive.rankings_daily())) == [DAY]
        with_today = await archive.rankings_daily(unfinished=True)
        assert list(tokens(with_today)) == [DAY, today]
    assert with_today is not None
    assert incomplete_dates(with_today) == (today,)


async def test_a_day_of_which_only_a_part_was_ever_seen_stays_in_progress(location: str) -> None:
    today = FETCHED.date()
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, daily(DAY, today, as_of=FETCHED), fetched_at=FETCHED)
        await archive.add(RankingsDaily, daily(after(9), after(9)), fetched_at=morning_after(after(9)))
        joined = await archive.rankings_daily(unfinished=True)
    assert joined is not None
    assert today in incomplete_dates(joined)


async def test_days_that_were_never_asked_for_are_missing(location: str) -> None:
    async with Archive(location) as archive:
        for n in (0, 2):
            await archive.add(RankingsDaily, daily(after(n), after(n)), fetched_at=morning_after(after(n)))
        joined = await archive.rankings_daily()
    assert joined is not None
    assert set(joined.missing_dates()) <= {after(1)}
    assert list(tokens(joined)) == [DAY, after(2)]


async def test_there_may_be_nothing_to_join(location: str) -> None:
    async with Archive(location) as archive:
        assert await archive.rankings_daily() is None
        await archive.add(RankingsDaily, daily(), fetched_at=FETCHED)
        assert await archive.rankings_daily("2027-01-01") is None


WEEKS = ["2026-06-15", "2026-06-22", "2026-06-29"]
ESTIMATED_MONTH = {"period": "month", "category": "science"}


@pytest.mark.parametrize(
    ("parameters", "span", "rows", "expected"),
    [
        ({"period": "week"}, ("2026-06-17", "2026-07-05"), WEEKS, WEEKS[1:]),
        ({"period": "week"}, ("2026-06-15", "2026-07-04"), WEEKS, WEEKS[:2]),
        ({"category": "science"}, ("2026-06-15", "2026-07-04"), WEEKS, WEEKS[:2]),
        ({"period": "month"}, ("2026-06-01", "2026-06-30"), ["2026-06-01"], ["2026-06-01"]),
        ({"period": "month"}, ("2026-06-02", "2026-06-30"), ["2026-06-01"], []),
        ({"period": "month"}, ("2026-06-01", "2026-06-29"), ["2026-06-01"], []),
        # The sampled weeks of June 2026 end on the 5th of July; those of May begin on the 4th.
        (ESTIMATED_MONTH, ("2026-06-01", "2026-07-05"), ["2026-06-01"], ["2026-06-01"]),
        (ESTIMATED_MONTH, ("2026-06-01", "2026-07-04"), ["2026-06-01"], []),
        (ESTIMATED_MONTH, ("2026-05-04", "2026-05-31"), ["2026-05-01"], ["2026-05-01"]),
    ],
)
async def test_a_row_counts_where_its_days_are_all_in_the_span(
    location: str, parameters: Mapping[str, str], span: tuple[str, str], rows: list[str], expected: list[str]
) -> None:
    first, last = map(date.fromisoformat, span)
    body = daily(first, last, days=list(map(date.fromisoformat, rows)))
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, body, parameters, fetched_at=datetime(2026, 9, 1, tzinfo=UTC))
        joined = await archive.rankings_daily(parameters=parameters)
        whole = await archive.rankings_daily(parameters=parameters, unfinished=True)
    assert [str(day) for day in (tokens(joined) if joined else ())] == expected
    assert (whole is None) == (rows[0] < span[0] and parameters == {"period": "month"})


@pytest.mark.parametrize(
    ("period", "last", "rows"), [("week", "2026-07-05", WEEKS), ("month", "2026-07-31", ["2026-06-01", "2026-07-01"])]
)
async def test_a_row_that_begins_within_the_span_is_whole_where_the_archive_has_it_whole(
    location: str, period: str, last: str, rows: list[str]
) -> None:
    parameters, starts = {"period": period}, list(map(date.fromisoformat, rows))
    body = daily(starts[0], date.fromisoformat(last), days=starts)
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, body, parameters, fetched_at=datetime(2026, 9, 1, tzinfo=UTC))
        joined = await archive.rankings_daily(end=starts[-1] + ONE_DAY, parameters=parameters)
    assert list(tokens(joined)) == starts
    assert joined is not None
    assert incomplete_dates(joined) == ()
    assert str(joined.meta.end_date) == last


async def test_how_to_join_rows_of_an_unknown_period_is_not_guessed(location: str) -> None:
    async with Archive(location) as archive:
        await archive.add(RankingsDaily, daily(), {"period": "quarter"}, fetched_at=FETCHED + timedelta(days=1))
        with pytest.raises(ConfigurationError, match='the period "quarter"'):
            await archive.rankings_daily(parameters={"period": "quarter"})
