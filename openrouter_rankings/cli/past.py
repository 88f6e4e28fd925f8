"""Answers of the past to draw and to compare with: from the archive, from a saved file, or of the sample."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

import click

from openrouter_rankings.cli.answers import sample_of, today
from openrouter_rankings.cli.archive import archive_to_read
from openrouter_rankings.cli.archived import fail_without_rankings, fail_without_tasks, tasks_over_time
from openrouter_rankings.cli.days import day_of
from openrouter_rankings.cli.questions.tasks import decode, tasks_question
from openrouter_rankings.cli.streams import fail, note

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.models.task_classifications import TaskClassifications

__all__ = ["archived_rankings", "archived_tasks", "earlier_tasks", "task_history"]

_MOST_SAMPLE_DAYS = 366

# How far apart `diff` and the tables compare.
_EARLIER_DAYS = 28


def archived_tasks(db: str | None) -> TaskClassifications:
    """The newest tasks in the archive; without any, the command ends."""
    return asyncio.run(_newest_tasks(db))


def archived_rankings(start: str, end: str | None, period: str | None, origin: Origin, db: str | None) -> RankingsDaily:
    """The models' tokens of a span, as the archive has them; without any, the command ends.

    Args:
        start: the value of ``--start``.
        end: the value of ``--end``.
        period: the grain; None is by day.
        origin: tells the present.
        db: the value of ``--db``.
    """
    first, last = _span(start, end, today(origin))
    return asyncio.run(_rankings(db, first, last, {} if period is None else {"period": period}))


def task_history(tag: str, start: str, end: str | None, origin: Origin, db: str | None) -> list[TaskClassifications]:
    """The answers about one task on each day of a span, from the archive, or of the sample.

    Args:
        tag: the task.
        start: the value of ``--start``.
        end: the value of ``--end``.
        origin: whether it is to be the sample.
        db: the value of ``--db``.

    Raises:
        UnknownTagError: none of the answers has the task.
    """
    first, last = _span(start, end, today(origin))
    if origin.sample:
        return _sample_history(first, last, today(origin))
    return asyncio.run(_history(db, tag, first, last))


def earlier_tasks(
    answer: TaskClassifications, origin: Origin, saved: str | None, db: str | None
) -> TaskClassifications | None:
    """The tasks of about four weeks earlier, to compare an answer with; None, and a note, if there are none.

    Args:
        answer: the answer to compare.
        origin: where it is from.
        saved: the file of the earlier one; None takes it from the archive, or from the sample.
        db: the value of ``--db``.
    """
    from openrouter_rankings.cli.earlier import Earlier
    from openrouter_rankings.cli.saved import read_saved

    if saved is not None:
        return read_saved(saved, "tasks", decode, whole=True)[0]
    if origin.sample:
        return sample_of(tasks_question(), [_EARLIER_DAYS])[0]
    found = Earlier(db, {}).answer_before(answer, answer.as_of)
    if found is None:
        note("There is no earlier answer to compare with: give one with --earlier, or keep some with `collect`.")
    return found


def _sample_history(first: date, last: date | None, present: date) -> list[TaskClassifications]:
    if (present - first).days > _MOST_SAMPLE_DAYS:
        fail(f"The sample goes back {_MOST_SAMPLE_DAYS} days, and {first} is before that.")
    # An answer is about the day before.
    newest = max((present - (last or present)).days - 1, 0)
    answers = sample_of(tasks_question(), range((present - first).days - 1, newest - 1, -1))
    return answers or fail("The sample has no tasks in this span.")


async def _newest_tasks(db: str | None) -> TaskClassifications:
    from openrouter_rankings.models.task_classifications import TaskClassifications

    async with archive_to_read(db) as archive:
        newest = await archive.latest(TaskClassifications)
        return newest.answer if newest is not None else await fail_without_tasks(archive)


async def _rankings(db: str | None, first: date, last: date | None, parameters: dict[str, str]) -> RankingsDaily:
    async with archive_to_read(db) as archive:
        found = await archive.rankings_daily(first, last, parameters, unfinished=True)
        return found or await fail_without_rankings(archive, parameters)


async def _history(db: str | None, tag: str, first: date, last: date | None) -> list[TaskClassifications]:
    async with archive_to_read(db) as archive:
        answers, _ = await tasks_over_time(archive, tag, first, last)
    return answers


def _span(start: str, end: str | None, present: date) -> tuple[date, date | None]:
    first, last = day_of("--start", start, present), day_of("--end", end, present)
    begin, end_on = date.fromisoformat(str(first)), None if last is None else date.fromisoformat(last)
    if end_on is not None and begin > end_on:
        raise click.UsageError(f"--start must not be after --end, and {begin} is after {end_on}.")
    return begin, end_on
