"""What changed since earlier figures, of the archive or of the same answer, for a column of change.

The archive is a bonus here: where there is none, or it cannot be read, the command goes on without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs

from openrouter_rankings.cli.streams import note
from openrouter_rankings.errors import RankingsError

if TYPE_CHECKING:
    from openrouter_rankings.analysis.app_comparison import AppComparison
    from openrouter_rankings.analysis.rankings_comparison import RankingsComparison
    from openrouter_rankings.analysis.slugs import Of
    from openrouter_rankings.analysis.task_comparison import TaskComparison
    from openrouter_rankings.history import Archive
    from openrouter_rankings.models.app_rankings import AppRankings
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.models.task_classifications import By, TaskClassifications

__all__ = ["Earlier"]

T = TypeVar("T")
A = TypeVar("A", "TaskClassifications", "AppRankings")

# The earliest week that is still about four weeks before another one, see ``week_before``.
_REACH = timedelta(days=35 + 7)


@attrs.frozen
class Earlier:
    """Where earlier figures are looked for.

    Attributes:
        db: the value of ``--db``.
        parameters: what the answer was asked for with, as the API names it.
        has_archive: whether the archive is looked into at all.
    """

    db: str | None
    parameters: Mapping[str, object]
    has_archive: bool = True

    def tasks(self, answer: TaskClassifications, *, by: By, within_tasks: bool) -> TaskComparison | None:
        """The change of the tasks, or of the models within each, since about four weeks ago; None if it is unknown."""
        before = self.answer_before(answer, answer.as_of)
        if before is None or not answer.classifications or before.window_days != answer.window_days:
            return None
        from openrouter_rankings.analysis import compare

        return compare(before, answer, of="model" if within_tasks else "task", by=by)

    def rankings(self, answer: RankingsDaily, *, of: Of) -> RankingsComparison | None:
        """The change of the last complete week of an answer against that of about four weeks before.

        The earlier week is taken from the answer itself if it goes back so far, and else from the archive.
        """
        from openrouter_rankings.analysis import compare, last_week, week_before
        from openrouter_rankings.models.rankings_daily import Period

        if answer.period not in set(Period):
            return None
        after = last_week(answer)
        if after is None:
            return None
        day = after.data[-1].date
        before = week_before(answer, day)
        if before is None:
            archived = self._read(lambda archive: self._rankings(archive, day))
            before = None if archived is None else week_before(archived, day)
        if before is None or before.synthetic is not answer.synthetic:
            return None
        return compare(before, after, of=of)

    def apps(self, answer: AppRankings) -> AppComparison | None:
        """The change of the apps since about four weeks ago, over as many days; None if it is unknown."""
        before = self.answer_before(answer, answer.meta.end_date)
        if before is not None and any(row.rank > len(before.data) for row in answer.data):
            before = self._with_second_page(before)
        if before is None or answer.meta.end_date >= answer.meta.as_of.utc.date() or _days(before) != _days(answer):
            return None
        from openrouter_rankings.analysis import compare

        return compare(before, answer)

    def answer_before(self, answer: A, day: date) -> A | None:
        """The archived answer of about four weeks before ``day``."""
        before = self._read(lambda archive: _before(archive, type(answer), day, self.parameters))
        return None if before is None or before.synthetic is not answer.synthetic else before

    def _with_second_page(self, first: AppRankings) -> AppRankings:
        from openrouter_rankings.history.pairs import answer_on
        from openrouter_rankings.models.app_rankings import LAST_APP_OFFSET
        from openrouter_rankings.models.data_set import join_pages

        parameters = {**self.parameters, "offset": LAST_APP_OFFSET}
        second = self._read(lambda archive: answer_on(archive, type(first), first.meta.end_date, parameters))
        return (
            first if second is None or second.meta.start_date != first.meta.start_date else join_pages([first, second])
        )

    async def _rankings(self, archive: Archive, day: date) -> RankingsDaily | None:
        return await archive.rankings_daily(day - _REACH, None, self.parameters)

    def _read(self, read: Callable[[Archive], Awaitable[T | None]]) -> T | None:
        if not self.has_archive or not _may_exist(self.db):
            return None
        try:
            return asyncio.run(_read(self.db, read))
        except RankingsError as error:
            note(f"No changes are shown. {error}")
            return None


def _days(answer: AppRankings) -> timedelta:
    return answer.meta.end_date - answer.meta.start_date


def _may_exist(db: str | None) -> bool:
    # Most people have no archive, and the module that opens one takes a while to load.
    from openrouter_rankings.cli.folder import archive_file

    try:
        place = archive_file(make_folder=False) if db is None else db
    except RankingsError:
        return False
    return "://" in str(place) or Path(place).exists()


async def _read(db: str | None, read: Callable[[Archive], Awaitable[T | None]]) -> T | None:
    from openrouter_rankings.cli.archive import archive_if_any

    async with archive_if_any(db) as archive:
        return None if archive is None else await read(archive)


async def _before(archive: Archive, kind: type[A], day: date, parameters: Mapping[str, object]) -> A | None:
    from openrouter_rankings.history.pairs import answer_before

    return await answer_before(archive, kind, day, parameters)
