"""Two archived answers to compare."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from archived import DAY, FETCHED, ONE_DAY, daily, morning_after, tasks

from openrouter_rankings import RankingsDaily, TaskClassifications
from openrouter_rankings.errors import UnknownTagError
from openrouter_rankings.history import Archive
from openrouter_rankings.history.pairs import Dates, two_answers, two_weeks
from openrouter_rankings.history.tasks import known_task_history

FOUR_WEEKS_AGO = DAY - 28 * ONE_DAY


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (Dates(), (FOUR_WEEKS_AGO, DAY)),
        (Dates(7), (DAY - 8 * ONE_DAY, DAY)),
        (Dates(2), (None, DAY)),
        (Dates(old=FOUR_WEEKS_AGO, new=DAY - 8 * ONE_DAY), (FOUR_WEEKS_AGO, DAY - 8 * ONE_DAY)),
        (Dates(old=DAY - ONE_DAY), (None, DAY)),
        (Dates(new=DAY - ONE_DAY), (None, None)),
        (Dates(new=FOUR_WEEKS_AGO - ONE_DAY), (None, None)),
    ],
)
async def test_answers_are_chosen_by_date_and_distance_and_those_that_lack_are_none(
    dates: Dates, expected: tuple[date | None, date | None], tmp_path: Path
) -> None:
    async with Archive(tmp_path / "archive.sqlite3") as archive:
        for day in (FOUR_WEEKS_AGO, DAY - 8 * ONE_DAY, DAY):
            await archive.add(TaskClassifications, tasks(day), fetched_at=morning_after(day))
        pair = await two_answers(archive, TaskClassifications, {}, dates)
    assert tuple(None if answer is None else answer.as_of for answer in pair) == expected


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (Dates(), (FOUR_WEEKS_AGO, DAY)),
        (Dates(14), (DAY - 14 * ONE_DAY, DAY)),
        (Dates(60), (None, DAY)),
        (Dates(old=DAY - 10 * ONE_DAY, new=DAY - ONE_DAY), (DAY - 10 * ONE_DAY, DAY - ONE_DAY)),
        (Dates(old=DAY - 80 * ONE_DAY), (None, DAY)),
        (Dates(new=DAY - 80 * ONE_DAY), (None, None)),
    ],
)
async def test_weeks_are_chosen_by_their_last_day_and_distance(
    dates: Dates, expected: tuple[date | None, date | None], tmp_path: Path
) -> None:
    async with Archive(tmp_path / "archive.sqlite3") as archive:
        await archive.add(RankingsDaily, daily(DAY - 39 * ONE_DAY, DAY), fetched_at=FETCHED)
        pair = await two_weeks(archive, {}, dates)
    assert tuple(None if week is None else week.data[-1].date for week in pair) == expected
    assert all(week is None or week.meta.start_date == week.meta.end_date - 6 * ONE_DAY for week in pair)


async def test_an_archive_without_rankings_has_no_weeks(tmp_path: Path) -> None:
    async with Archive(tmp_path / "archive.sqlite3") as archive:
        assert await two_weeks(archive, {}, Dates()) == (None, None)


async def test_a_task_that_no_answer_has_is_an_error_that_suggests_those_there_are(tmp_path: Path) -> None:
    async with Archive(tmp_path / "archive.sqlite3") as archive:
        await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)
        assert len(await known_task_history(archive, "code:debugging")) == 1
        assert await known_task_history(archive, "code:debuging", DAY + ONE_DAY) == []
        with pytest.raises(UnknownTagError, match="Did you mean 'code:debugging'"):
            await known_task_history(archive, "code:debuging")
