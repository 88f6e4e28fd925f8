"""The tools that compute: what changed, how a share developed, and which models to consider for kinds of task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import attrs
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult
from pydantic import Field

from openrouter_rankings.analysis import (
    RankingsTrend,
    TaskChange,
    TaskComparison,
    TaskTrend,
    compare,
    pick,
    previous,
    trend,
)
from openrouter_rankings.mcp.data_tools import By, Day, Limit
from openrouter_rankings.mcp.results import Page, PickRow, Result, TaskChangeRow, TrendRow, answer_of
from openrouter_rankings.mcp.sources import Sources, says_what_to_do
from openrouter_rankings.models.task_classifications import TaskClassifications
from openrouter_rankings.provenance import Provenance
from openrouter_rankings.render.data_sets import Asked
from openrouter_rankings.render.picks import picks
from openrouter_rankings.render.results import result_table

if TYPE_CHECKING:
    from openrouter_rankings.history import Archive

__all__ = ["AnalysisTools"]

_POPULARITY = "popularity"

_USUAL_CHANGES = 8
_USUAL_POINTS = 14
_USUAL_PICKS = 5

_ONE_DAY = timedelta(days=1)

# The figures of a day appear in the course of the next one.
_STALE_AFTER = 2 * 86400.0

_NOTHING_ARCHIVED = "The archive has no {}. `openrouter-rankings collect`, run once a day, adds them; tell the user."


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
        of: Annotated[Literal["task", "model", "author"], Field(description="Models and authors within a task.")] = (
            "task"
        ),
        tag: Annotated[str | None, Field(description="Only this task.")] = None,
        by: By = "usage",
        days: Annotated[int, Field(ge=1, le=366, description="Compare with about so many days before.")] = 28,
        limit: Limit = _USUAL_CHANGES,
    ) -> Annotated[CallToolResult, Result[TaskChangeRow]]:
        """What rose and fell: tasks, or the models or authors within a task, now against about four weeks ago.

        The greatest changes come first. Needs the archive that `openrouter-rankings collect` keeps.
        """
        async with self._sources.archive() as archive:
            after = await archive.latest(TaskClassifications)
            if after is None:
                raise ToolError(_NOTHING_ARCHIVED.format("task classifications"))
            dates = await archive.dates(TaskClassifications)
            found = previous(dates, after.date, days)
            before = None if found is None else await archive.latest(TaskClassifications, until=found)
        if before is None:
            raise ToolError(
                f"The archive has answers from {dates[0]} to {dates[-1]}, and none of about {days} days before "
                f"{after.date}: ask again with other days."
            )
        result = compare(before.answer, after.answer, of=of, by=by, tag=tag)
        share = "requests" if by == "usage" else "tokens"
        subject = f"{of}s by share of {share}, 7 days to {after.date} against 7 days to {before.date}"
        return answer_of(
            Result[TaskChangeRow],
            result_table(_by_change(result, by), Asked(), subject=subject, fields=()),
            result,
            as_of=after.date,
            age=_age(after.date, archive.now()),
            page=Page(limit),
            remarks=_overlap(result),
        )

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
            page=Page(limit, hint=f"Ask again with end_date={oldest_shown - _ONE_DAY}, or a greater limit."),
        )

    @says_what_to_do
    async def pick(
        self,
        tags: Annotated[
            dict[str, float],
            Field(
                min_length=1,
                max_length=20,
                description='The weight of each tag; * matches several: {"code:*": 1, "agent:tool_dispatch": 0.5}.',
            ),
        ],
        by: By = "usage",
        allow: Annotated[
            list[str] | None,
            Field(max_length=50, description="Only these models: slugs, or patterns such as vendor/*."),
        ] = None,
        deny: Annotated[list[str] | None, Field(max_length=50, description="Not these models.")] = None,
        min_share: Annotated[float, Field(ge=0, le=1, description="Only models of at least this share.")] = 0.0,
        criteria: Annotated[
            dict[str, float] | None,
            Field(
                max_length=10,
                description="The weight of popularity, price, intelligence_index, coding_index, agentic_index and "
                "other benchmarks. Popularity alone if not given.",
            ),
        ] = None,
        limit: Annotated[int, Field(ge=1, le=20, description="How many models at most.")] = _USUAL_PICKS,
    ) -> Annotated[CallToolResult, Result[PickRow]]:
        """Which models to consider for some kinds of task, with the reasons: those that people use most for them.

        Optionally weighed with price and benchmark scores. The score says how much a model is used next to the others,
        and not how good it is. Needs no archive.
        """
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
            picks(result, Asked()),
            result,
            as_of=result.meta.as_of,
            age=await self._sources.provenance(answers),
            page=Page(limit, hint="Ask again with a greater limit (at most 20)."),
        )


async def _trend(
    archive: Archive, tag: str | None, model: str | None, author: str | None, start: date | None, end: date | None
) -> TaskTrend | RankingsTrend:
    if tag is not None:
        # Loaded here, because an assistant waits for the server to start.
        from openrouter_rankings.history import task_history

        answers = [answer async for answer in task_history(archive, tag, start, end)]
        if not answers:
            raise ToolError(_NOTHING_ARCHIVED.format("task classifications of these days"))
        return trend(answers, tag=tag, model=model, author=author)
    if model is None and author is None:
        raise ToolError("Say what to follow: a tag, a model, or an author.")
    rankings = await archive.rankings_daily(start, end)
    if rankings is None:
        raise ToolError(_NOTHING_ARCHIVED.format("daily rankings of these days"))
    return trend(rankings, model=model, author=author)


def _by_change(result: TaskComparison, by: str) -> TaskComparison:
    """The comparison with the greatest changes first, whether up or down, and those that are not known last."""

    def order(row: TaskChange) -> tuple[bool, float]:
        change = row.usage_share_change if by == "usage" else row.token_share_change
        return change is None, -abs(change or 0.0)

    return attrs.evolve(result, data=tuple(sorted(result.data, key=order)))


def _overlap(result: TaskComparison) -> list[str]:
    days = result.meta.overlap_days
    return [f"Both sides count the same {days} days, so the change is understated."] if days else []


def _age(day: date, now: datetime, *, wanted: date | None = None) -> Provenance:
    """The age of archived figures, from the end of their last day; stale when newer ones should be there.

    None are missed after the day ``wanted``.
    """
    age = (now - datetime.combine(day + _ONE_DAY, time(), UTC)).total_seconds()
    return Provenance(age, age > _STALE_AFTER and (wanted is None or day < wanted))
