"""The tools that compute: what changed, how a share developed, and which models to consider for kinds of task.

What reads the archive, computes and renders is imported by the functions, as in ``data_tools``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import fsum, inf
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import attrs
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult
from pydantic import Field

from openrouter_rankings.mcp.data_tools import By, Day, Limit
from openrouter_rankings.mcp.results import NARROWER, ChangeRow, Page, PickRow, Result, TrendRow, answer_of
from openrouter_rankings.mcp.sources import Sources, says_what_to_do
from openrouter_rankings.models.app_rankings import MOST_APPS, AppRankings
from openrouter_rankings.models.rankings_daily import RankingsDaily

if TYPE_CHECKING:
    from openrouter_rankings.analysis import (
        AppComparison,
        RankingsComparison,
        RankingsTrend,
        TaskComparison,
        TaskTrend,
    )
    from openrouter_rankings.history import Archive
    from openrouter_rankings.models.task_classifications import By as ByShare
    from openrouter_rankings.provenance import Provenance
    from openrouter_rankings.render.data_sets import Table

__all__ = ["AnalysisTools"]

T = TypeVar("T")

_Tags = Annotated[
    dict[str, float],
    Field(
        min_length=1,
        max_length=20,
        description='The weight of each tag; * matches several: {"code:*": 1, "agent:tool_dispatch": 0.5}.',
    ),
]
_Allowed = Annotated[
    list[str] | None, Field(max_length=50, description="Only these models: slugs, or patterns such as vendor/*.")
]
_Criteria = Annotated[
    dict[str, float] | None,
    Field(
        max_length=10,
        description="The weight of popularity, price, intelligence_index, coding_index, agentic_index and other "
        "benchmarks. Popularity alone if not given.",
    ),
]

_POPULARITY = "popularity"

_USUAL_CHANGES = 8
_USUAL_POINTS = 14
_USUAL_PICKS = 5

_ONE_DAY = timedelta(days=1)

# The figures of a day appear in the course of the next one.
_STALE_AFTER = 2 * 86400.0

_NOTHING_ARCHIVED = "The archive has no {}. `openrouter-rankings collect`, run once a day, adds them; tell the user."
_OTHER_DAYS = "The archive has {} from {} to {}, and none of the days asked for."

_NO_PARAMETERS: Mapping[str, object] = {}

# What a row of a comparison is named by: the first of these that it has.
_NAMES = ("app_name", "model_permaslug", "id", "author", "tag")


class AnalysisTools:
    """The tools that compute from several answers.

    Args:
        sources: where the figures come from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @says_what_to_do
    async def changes(
        self,
        of: Annotated[
            Literal["task", "model", "author", "app"],
            Field(description="Models and authors in all traffic or, with a tag, within that task."),
        ] = "task",
        tag: Annotated[str | None, Field(description="Only this task.")] = None,
        by: Annotated[
            Literal["usage", "tokens"] | None,
            Field(description="Of tasks, and within one: share of requests (usage, if not given) or of tokens."),
        ] = None,
        days: Annotated[int, Field(ge=1, le=366, description="Compare with about so many days before.")] = 28,
        limit: Limit = _USUAL_CHANGES,
    ) -> Annotated[CallToolResult, Result[ChangeRow]]:
        """What rose and fell, entered or left: tasks, models, authors or apps, now against about four weeks ago.

        The greatest changes come first. Compares a week with an earlier week; of apps, 30 days. Needs the archive that
        `openrouter-rankings collect` keeps.
        """
        if of == "app" and (tag is not None or by == "usage"):
            raise ToolError("Apps are ranked by tokens in all traffic: ask again without tag and by.")
        if by == "usage" and of != "task" and tag is None:
            raise ToolError(f"In all traffic, {of}s are ranked by tokens: ask again without by, or with a tag.")
        async with self._sources.archive() as archive:
            result = await _compared(archive, of, tag, by, days)
            now = archive.now()
        last = result.meta.after.end_date
        return answer_of(Result[ChangeRow], _changes(result), result, as_of=last, age=_age(last, now), page=Page(limit))

    @says_what_to_do
    async def trend(
        self,
        tag: Annotated[str | None, Field(description="Follow this task, or the model or author within it.")] = None,
        model: Annotated[str | None, Field(description="The model, by any form of its slug.")] = None,
        author: Annotated[str | None, Field(description="The author instead of a model.")] = None,
        start_date: Day = None,
        end_date: Day = None,
        limit: Annotated[int, Field(ge=1, le=100, description="How many dates at most.")] = _USUAL_POINTS,
    ) -> Annotated[CallToolResult, Result[TrendRow]]:
        """How a share developed from day to day: of a task, or of a model or author within it or in all traffic.

        Without tag the figures are tokens of all traffic. The newest date comes first. Needs the archive that
        `openrouter-rankings collect` keeps.
        """
        from openrouter_rankings.render.data_sets import Asked
        from openrouter_rankings.render.results import result_table

        async with self._sources.archive() as archive:
            result = await _trend(archive, tag, model, author, start_date, end_date)
            now = archive.now()
        followed = model or author or tag
        subject = f"{followed}{f' within {tag}' if tag not in (None, followed) else ''}, by UTC day"
        table = result_table(result, Asked(), subject=subject, fields=())
        newest_first = table.records.rows[::-1]
        last, oldest_shown = newest_first[0]["date"], newest_first[:limit][-1]["date"]
        return answer_of(
            Result[TrendRow],
            attrs.evolve(table, records=attrs.evolve(table.records, rows=newest_first)),
            result,
            as_of=last,
            age=_age(last, now, wanted=end_date),
            page=Page(limit, most=100, otherwise=f"For earlier dates ask with end_date={oldest_shown - _ONE_DAY}."),
        )

    @says_what_to_do
    async def pick(
        self,
        tags: _Tags,
        by: By = "usage",
        allow: _Allowed = None,
        deny: Annotated[list[str] | None, Field(max_length=50, description="Not these models.")] = None,
        min_share: Annotated[float, Field(ge=0, le=1, description="Only models of at least this share.")] = 0.0,
        criteria: _Criteria = None,
        limit: Annotated[int, Field(ge=1, le=20, description="How many models at most.")] = _USUAL_PICKS,
    ) -> Annotated[CallToolResult, Result[PickRow]]:
        """Which models to consider for some kinds of task, with the reasons: those that people use most for them.

        Optionally weighed with price and benchmark scores. By popularity alone, the score says how much a model is used
        next to the others, and not how good it is. Needs no archive.
        """
        from openrouter_rankings.analysis import pick
        from openrouter_rankings.render.data_sets import Asked
        from openrouter_rankings.render.picks import picks, unmatched

        client = await self._sources.client()
        asked: list[Awaitable[Any]] = [client.get_task_classifications()]
        if criteria is not None and criteria.keys() != {_POPULARITY}:
            asked.append(client.get_benchmarks())
        # Together, since the deadline is that of each.
        answers = await asyncio.gather(*asked)
        result = pick(
            answers[0],
            tags,
            by=by,
            allow=allow,
            deny=deny or (),
            min_share=min_share,
            benchmarks=answers[1] if len(answers) > 1 else None,
            criteria=criteria,
        )
        return answer_of(
            Result[PickRow],
            # The table's other remarks are about its columns.
            attrs.evolve(picks(result, Asked()), remarks=(*result.meta.remarks, *unmatched(result))),
            result,
            as_of=result.meta.as_of,
            age=await self._sources.provenance(answers),
            page=Page(limit, most=20, otherwise=NARROWER),
        )


async def _compared(
    archive: Archive, of: Literal["task", "model", "author", "app"], tag: str | None, by: ByShare | None, days: int
) -> TaskComparison | RankingsComparison | AppComparison:
    from openrouter_rankings.analysis import compare
    from openrouter_rankings.history.pairs import Dates, two_answers, two_weeks
    from openrouter_rankings.models.task_classifications import TaskClassifications

    dates = Dates(days)
    if of == "app":
        first_page = {"limit": MOST_APPS}
        apps = await two_answers(archive, AppRankings, first_page, dates)
        return compare(*await _both(archive, AppRankings, apps, "app rankings", days, first_page))
    if of != "task" and tag is None:
        weeks = await two_weeks(archive, {}, dates)
        return compare(*await _both(archive, RankingsDaily, weeks, "complete daily rankings", days), of=of)
    tasks = await two_answers(archive, TaskClassifications, {}, dates)
    before, after = await _both(archive, TaskClassifications, tasks, "task classifications", days)
    return compare(before, after, of=of, by=by, tag=tag)


async def _both(
    archive: Archive,
    kind: type[T],
    pair: tuple[T | None, T | None],
    what: str,
    days: int,
    parameters: Mapping[str, object] = _NO_PARAMETERS,
) -> tuple[T, T]:
    """The pair, of which neither must be missing."""
    before, after = pair
    if after is None:
        raise ToolError(_NOTHING_ARCHIVED.format(what))
    if before is None:
        known = await archive.gaps(kind, parameters)
        if known.first == known.last:
            raise ToolError(
                f"The archive has {what} of {known.last} only, so that there is nothing to compare with yet. "
                "`openrouter-rankings collect`, run once a day, adds to it; tell the user."
            )
        raise ToolError(
            f"The archive has {what} from {known.first} to {known.last}, but none from about {days} days before the "
            "newest: ask again with another number of days."
        )
    return before, after


def _changes(result: TaskComparison | RankingsComparison | AppComparison) -> Table:
    """The rows of a comparison as ``ChangeRow`` has them, the greatest changes first."""
    from openrouter_rankings.render.comparisons import comparison
    from openrouter_rankings.render.data_sets import Asked

    share = "usage_share" if result.meta.by == "usage" else "token_share"
    figure = "total_tokens" if result.meta.of == "app" else share
    rows = result.to_records()
    most_unlisted = {side: _most_unlisted(result, rows, side, figure) for side in ("before", "after")}
    table = comparison(result, Asked())
    named = [
        {
            **row,
            "name": next(row[column] for column in _NAMES if row.get(column) is not None),
            "before_share": row.get(f"before_{share}"),
            "after_share": row.get(f"after_{share}"),
            "share_change": row.get(f"{share}_change"),
        }
        for row in sorted(rows, key=lambda row: _extent(row, figure, most_unlisted), reverse=True)
    ]
    # The table's other remarks are about its column of text.
    return attrs.evolve(table, records=attrs.evolve(table.records, rows=named), remarks=result.meta.remarks)


def _most_unlisted(
    result: TaskComparison | RankingsComparison | AppComparison,
    rows: Sequence[Mapping[str, Any]],
    side: Literal["before", "after"],
    figure: str,
) -> float:
    """The most that something can have which the list of one side lacks."""
    listed = [row for row in rows if row[f"{side}_{figure}"] is not None]
    if figure == "token_share" and result.meta.of != "task" and "tag" in result.columns:
        # The list of a task goes by requests: what it lacks may have all the other tokens.
        return max(0.0, 1 - fsum(row[f"{side}_{figure}"] for row in listed))
    dates = getattr(result.meta, side).dates
    # What is listed on some dates only may have less than what is listed on none.
    on_all_dates = (row for row in listed if row.get(f"{side}_dates", dates) == dates)
    return min((row[f"{side}_{figure}"] for row in on_all_dates), default=inf)


def _extent(row: Mapping[str, Any], figure: str, most_unlisted: Mapping[str, float]) -> float:
    """By how much a row changed at least, up or down; negative if nothing is known of it.

    Args:
        row: the row.
        figure: what changed.
        most_unlisted: the most that something has which the list before, or the list after, lacks.
    """
    change: float | None = row[f"{figure}_change"]
    if change is not None:
        return abs(change)
    if row["status"] == "stayed":
        return -1.0
    listed, unlisted = ("after", "before") if row["status"] == "entered" else ("before", "after")
    least: float = row[f"{listed}_{figure}"] - most_unlisted[unlisted]
    return max(0.0, least)


async def _trend(
    archive: Archive, tag: str | None, model: str | None, author: str | None, start: date | None, end: date | None
) -> TaskTrend | RankingsTrend:
    from openrouter_rankings.analysis.trends import trend, without_task_ranks

    if start is not None and end is not None and start > end:
        raise ToolError(f"start_date {start} is after end_date {end}: ask again with an earlier start_date.")
    if tag is not None:
        from openrouter_rankings.history.tasks import known_task_history
        from openrouter_rankings.models.task_classifications import TaskClassifications

        answers = await known_task_history(archive, tag, start, end)
        if not answers:
            raise await _nothing(archive, TaskClassifications, "task classifications")
        return without_task_ranks(trend(answers, tag=tag, model=model, author=author))
    if model is None and author is None:
        raise ToolError("Say what to follow: a tag, a model, or an author.")
    rankings = await archive.rankings_daily(start, end)
    if rankings is None or not rankings.data:
        raise await _nothing(archive, RankingsDaily, "complete daily rankings")
    return trend(rankings, model=model, author=author)


async def _nothing(archive: Archive, kind: type[Any], what: str) -> ToolError:
    """The error where the archive has nothing of the days asked for."""
    known = await archive.gaps(kind, _NO_PARAMETERS)
    if known.first is None:
        return ToolError(_NOTHING_ARCHIVED.format(what))
    return ToolError(_OTHER_DAYS.format(what, known.first, known.last))


def _age(day: date, now: datetime, *, wanted: date | None = None) -> Provenance:
    """The age of archived figures, from the end of their last day; stale when newer ones should be there.

    None are missed after the day ``wanted``.
    """
    from openrouter_rankings.provenance import Provenance

    age = (now - datetime.combine(day + _ONE_DAY, time(), UTC)).total_seconds()
    return Provenance(age, age > _STALE_AFTER and (wanted is None or day < wanted))
