"""Answers of the past: two of the archive to compare, or saved ones of any data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from openrouter_rankings.cli.streams import fail

if TYPE_CHECKING:
    from openrouter_rankings.history import Archive
    from openrouter_rankings.history.pairs import Dates
    from openrouter_rankings.models.app_rankings import AppRankings
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.models.task_classifications import TaskClassifications

    Saved = TaskClassifications | RankingsDaily | AppRankings

__all__ = [
    "Saved",
    "decode_any",
    "fail_as_empty",
    "fail_without_rankings",
    "fail_without_tasks",
    "pair_of_answers",
    "pair_of_weeks",
    "rankings_over_time",
    "read_any",
    "tasks_over_time",
]

T = TypeVar("T")

# Of a week.
_DAYS_BEFORE_LAST = 6


def read_any(name: str, command: str, takes: Sequence[str]) -> Saved:
    """The saved answer in a file; whatever else the file is ends the command.

    Args:
        name: the file; ``-`` is stdin.
        command: the command that is to show it.
        takes: the commands whose answers will do.
    """
    from openrouter_rankings.cli.saved import read_saved

    return read_saved(name, command, decode_any, takes=takes, whole=True)[0]


def decode_any(body: bytes, document: Mapping[str, Any]) -> Saved:
    """Read a saved answer of the tasks, the models or the apps."""
    from openrouter_rankings.cli.questions import models, tasks
    from openrouter_rankings.cli.saved import kind_of
    from openrouter_rankings.models.app_rankings import decode_app_rankings

    if isinstance(document.get("data"), dict):
        return tasks.decode(body, document)
    if kind_of(document) == "apps":
        return decode_app_rankings(body)
    return models.decode(body, document, given=None)


async def pair_of_answers(
    archive: Archive, kind: type[T], parameters: Mapping[str, object], dates: Dates, *, what: str
) -> tuple[T, T]:
    """Two answers that are each about one window; where the archive lacks one, the command ends.

    Args:
        archive: the archive.
        kind: the class of the answers.
        parameters: what they were asked for with.
        dates: which two.
        what: what they are called.
    """
    from openrouter_rankings.history.pairs import two_answers

    known = await archive.dates(kind, parameters)
    if not known:
        fail_as_empty(what)
    for option, wanted in (("--new", dates.new), ("--old", dates.old)):
        if wanted is not None and wanted not in known:
            _fail_without(option, wanted, known)
    before, after = await two_answers(archive, kind, parameters, dates)
    if before is None or after is None:
        day = dates.new or known[-1]
        if known[0] == day:
            fail(f"The archive has no {what} from before {day} to compare with.")
        _fail_without_earlier(day, dates)
    return before, after


async def pair_of_weeks(
    archive: Archive, parameters: Mapping[str, object], dates: Dates
) -> tuple[RankingsDaily, RankingsDaily]:
    """Two weeks of daily rankings, or two rows by week or month; where the archive lacks one, the command ends."""
    from openrouter_rankings.history.pairs import two_weeks
    from openrouter_rankings.models.rankings_daily import RankingsDaily

    before, after = await two_weeks(archive, parameters, dates)
    if after is None and dates.new is None and not await archive.dates(RankingsDaily, parameters, unfinished=True):
        await fail_without_rankings(archive, parameters)
    later = _checked("--new", after, dates.new)
    if before is None and dates.old is None:
        _fail_without_earlier(later.data[-1].date, dates)
    return _checked("--old", before, dates.old), later


async def tasks_over_time(
    archive: Archive, tag: str, first: date | None, last: date | None
) -> tuple[list[TaskClassifications], list[date]]:
    """The answers of a span, reduced to one task, and the dates of the span that were not over.

    Where the archive has none, the command ends.

    Raises:
        UnknownTagError: no answer has the task; it suggests similar tags.
    """
    from openrouter_rankings.history.tasks import known_task_history
    from openrouter_rankings.models.task_classifications import TaskClassifications

    answers = await known_task_history(archive, tag, first, last)
    if not answers:
        await fail_without_tasks(archive)
    complete = await archive.dates(TaskClassifications)
    unfinished = set(await archive.dates(TaskClassifications, unfinished=True)).difference(complete)
    return answers, [day for day in sorted(unfinished) if (first or day) <= day <= (last or day)]


async def rankings_over_time(
    archive: Archive, parameters: Mapping[str, object], first: date | None, last: date | None
) -> tuple[list[RankingsDaily], list[date]]:
    """The daily rankings of a span as one answer, and the dates at its end that were not over.

    Where the archive has none, the command ends.
    """
    from openrouter_rankings.analysis import incomplete_dates
    from openrouter_rankings.models.rankings_daily import RankingsDaily

    joined = await archive.rankings_daily(first, last, parameters)
    newest = await archive.latest(RankingsDaily, parameters, unfinished=True)
    if joined is None or not joined.data or newest is None:
        await fail_without_rankings(archive, parameters)
    after = max(row.date for row in joined.data)
    return [joined], [day for day in incomplete_dates(newest.answer) if after < day <= (last or day)]


def _checked(option: str, week: RankingsDaily | None, wanted: date | None) -> RankingsDaily:
    """The week, which must be that up to the wanted day."""
    from openrouter_rankings.models.rankings_daily import Period

    if week is None:
        fail(f"The archive has no complete daily rankings{'' if wanted is None else f' for {option} {wanted}'}.")
    last = week.data[-1].date
    if wanted is not None and week.period == Period.DAY and last != wanted:
        fail(f"The archive has no daily rankings of {wanted}, which {option} names: before it, {last} is the last day.")
    if wanted is not None and week.period == Period.DAY and (last - week.meta.start_date).days < _DAYS_BEFORE_LAST:
        fail(
            f"The archive lacks a part of the week up to {wanted}, which {option} names: it has it from "
            f"{week.meta.start_date} on."
        )
    return week


def _fail_without(option: str, wanted: date, known: Sequence[date]) -> NoReturn:
    near = sorted(sorted(known, key=lambda day: abs(day - wanted))[:2])
    fail(f"The archive has no answer of {wanted}, which {option} names; the nearest: {' and '.join(map(str, near))}.")


def fail_as_empty(what: str) -> NoReturn:
    """End the command because the archive holds nothing of a data set."""
    fail(f"The archive has no {what}: `openrouter-rankings collect` adds them.")


async def fail_without_tasks(archive: Archive) -> NoReturn:
    """End the command because the archive holds no task classifications, or none of the dates asked for."""
    from openrouter_rankings.models.task_classifications import TaskClassifications

    dates = await archive.dates(TaskClassifications)
    if dates:
        _fail_without_dates("task classifications", dates)
    fail_as_empty("task classifications")


async def fail_without_rankings(archive: Archive, parameters: Mapping[str, object]) -> NoReturn:
    """End the command because the archive holds no daily rankings of a kind, or none of the dates asked for."""
    from openrouter_rankings.history.plan import is_collected

    joined = await archive.rankings_daily(parameters=parameters)
    if joined is not None and joined.data:
        _fail_without_dates("complete daily rankings", [row.date for row in joined.data])
    if not is_collected(parameters):
        named = " ".join(f"{name}={value}" for name, value in parameters.items() if value is not None)
        fail(
            f"The archive has no daily rankings with {named}, and `collect` does not ask for them: "
            "`openrouter-rankings import` archives saved ones."
        )
    fail_as_empty("daily rankings of this kind")


def _fail_without_dates(what: str, dates: Sequence[date]) -> NoReturn:
    fail(f"The archive has no {what} of these dates: it has those of {min(dates)} to {max(dates)}.")


def _fail_without_earlier(day: date, dates: Dates) -> NoReturn:
    slack = dates.days // 4
    first, last = (day - timedelta(days=dates.days + off) for off in (slack, -slack))
    fail(
        f"The archive has nothing of about {dates.days} days before {day}, from {first} to {last}: "
        "choose another distance with --ago, or a date with --old."
    )
