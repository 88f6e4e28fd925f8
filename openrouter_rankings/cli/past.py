"""Answers of the past, to draw, to compare with and to follow: from the archive, a saved file, or the sample."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from openrouter_rankings.cli.answers import sample_of, today
from openrouter_rankings.cli.archive import archive_if_any, archive_to_read, location
from openrouter_rankings.cli.commands.tasks import decode, tasks_question
from openrouter_rankings.cli.days import day_of
from openrouter_rankings.cli.streams import fail, note

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.models.task_classifications import TaskClassifications

__all__ = ["archived_rankings", "archived_tasks", "earlier_tasks", "task_history"]

T = TypeVar("T")

_MOST_SAMPLE_DAYS = 366


def archived_tasks(db: str | None) -> TaskClassifications:
    """The newest tasks in the archive; without any, the command ends."""
    return _known(asyncio.run(_newest_tasks(db)), db, "tasks")


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
    return _known(asyncio.run(_rankings(db, first, last, period)), db, "models in this span")


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
    return _known(asyncio.run(_history(db, tag, first, last)), db, "tasks in this span")


def earlier_tasks(
    answer: TaskClassifications, origin: Origin, saved: str | None, db: str | None, *, synthetic: bool
) -> TaskClassifications | None:
    """The tasks of about a window earlier, to compare an answer with; None, and a note, if there are none.

    Args:
        answer: the answer to compare.
        origin: where it is from.
        saved: the file of the earlier one; None takes it from the archive, or from the sample.
        db: the value of ``--db``.
        synthetic: the figures of the answer are invented, so that those of the archive are no match for it.
    """
    if saved is not None:
        from openrouter_rankings.cli.saved import read_saved

        return read_saved(saved, "tasks", decode)[0]
    if origin.sample:
        return sample_of(tasks_question(), [answer.window_days])[0]
    found = None if synthetic or answer.synthetic else asyncio.run(_tasks_before(db, answer))
    if found is None:
        note("There is no earlier answer to compare with: give one with --earlier, or keep one with `collect`.")
    return found


def _sample_history(first: date, last: date | None, present: date) -> list[TaskClassifications]:
    if (present - first).days > _MOST_SAMPLE_DAYS:
        fail(f"The sample goes back {_MOST_SAMPLE_DAYS} days, and {first} is before that.")
    # An answer is about the day before.
    newest = max((present - (last or present)).days - 1, 0)
    answers = sample_of(tasks_question(), range((present - first).days - 1, newest - 1, -1))
    return answers or fail("The sample has no tasks in this span.")


async def _newest_tasks(db: str | None) -> TaskClassifications | None:
    from openrouter_rankings.models.task_classifications import TaskClassifications

    async with archive_to_read(db) as archive:
        newest = await archive.latest(TaskClassifications)
    return None if newest is None else newest.answer


async def _tasks_before(db: str | None, answer: TaskClassifications) -> TaskClassifications | None:
    from openrouter_rankings.analysis import previous
    from openrouter_rankings.models.task_classifications import TaskClassifications

    async with archive_if_any(db) as archive:
        dates = () if archive is None else await archive.dates(TaskClassifications)
        day = previous(dates, answer.as_of, answer.window_days)
        found = None if archive is None or day is None else await archive.latest(TaskClassifications, until=day)
    return None if found is None else found.answer


async def _rankings(db: str | None, first: date, last: date | None, period: str | None) -> RankingsDaily | None:
    async with archive_to_read(db) as archive:
        parameters = {} if period is None else {"period": period}
        return await archive.rankings_daily(first, last, parameters, unfinished=True)


async def _history(db: str | None, tag: str, first: date, last: date | None) -> list[TaskClassifications]:
    from openrouter_rankings.history import task_history
    from openrouter_rankings.models.task_classifications import TaskClassifications

    async with archive_to_read(db) as archive:
        async with aclosing(task_history(archive, tag, first, last)) as answers:
            found = [answer async for answer in answers]
        if found and not any(answer.classifications for answer in found):
            # For its suggestions the error needs a whole answer.
            whole = await archive.latest(TaskClassifications, until=found[-1].as_of)
            return [] if whole is None else [whole.answer]
    return found


def _span(start: str, end: str | None, present: date) -> tuple[date, date | None]:
    first, last = day_of("--start", start, present), day_of("--end", end, present)
    return date.fromisoformat(str(first)), None if last is None else date.fromisoformat(last)


def _known(found: T | None, db: str | None, what: str) -> T:
    return found or fail(f"The archive at {location(db)} has no {what}: see `openrouter-rankings gaps`.")
