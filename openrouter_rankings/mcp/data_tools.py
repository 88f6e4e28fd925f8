"""The tools that ask the service. Their docstrings and descriptions are what an assistant chooses by.

What computes and renders is imported by the tools, because an assistant waits for the server to start.
"""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from mcp.types import CallToolResult
from pydantic import Field

from openrouter_rankings.mcp.results import (
    NARROWER,
    AppRow,
    BenchmarkRow,
    DailyRow,
    ModelRow,
    Page,
    QuotaResult,
    R,
    Result,
    SessionCostRow,
    TaskRow,
    answer_of,
    structured,
)
from openrouter_rankings.mcp.sources import Sources, says_what_to_do
from openrouter_rankings.models.app_rankings import LAST_APP_OFFSET, MOST_APPS, AppCategory, AppSort, AppSubcategory
from openrouter_rankings.models.benchmarks import Arena, BenchmarkSource, BenchmarkType, TaskType
from openrouter_rankings.models.rankings_daily import ContextBucket, LanguageType, Modality, RankingsCategory
from openrouter_rankings.models.session_cost import MOST_SESSION_COSTS, TurnRange

if TYPE_CHECKING:
    from openrouter_rankings.models.task_classifications import TaskClassifications
    from openrouter_rankings.render.data_sets import Table

__all__ = ["By", "DataTools", "Day", "Limit"]

By = Annotated[Literal["usage", "tokens"], Field(description="Rank by share of requests (usage) or of tokens.")]
Limit = Annotated[int, Field(ge=1, le=50, description="How many rows at most.")]
Day = Annotated[date | None, Field(description="A UTC day, included.")]

_USUAL_LIMIT = 10

_COMPLETE_DAYS = "The latest complete day is yesterday (UTC)."


class DataTools:
    """The tools on the service's data sets.

    Args:
        sources: where the figures come from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @says_what_to_do
    async def tasks(
        self,
        by: By = "usage",
        macro_category: Annotated[str | None, Field(description="Only code, data, agent or general.")] = None,
        limit: Limit = _USUAL_LIMIT,
    ) -> Annotated[CallToolResult, Result[TaskRow]]:
        """What people use language models for: kinds of tasks (SQL, debugging, translation, ...) by traffic.

        Shares of OpenRouter's traffic in the last 7 days, with the most used model of each task. Use it also to find
        the tag that task_models, trend and pick take.
        """
        from openrouter_rankings.render.data_sets import Asked
        from openrouter_rankings.render.task_classifications import tasks

        answer = await (await self._sources.client()).get_task_classifications()
        table = tasks(answer, Asked(), by=by, macro_category=macro_category)
        return await self._tasks_result(Result[TaskRow], table, answer, Page(limit, otherwise=NARROWER))

    @says_what_to_do
    async def task_models(
        self,
        tag: Annotated[str, Field(description="The tag of the task, such as code:debugging.")],
        by: By = "usage",
        limit: Limit = _USUAL_LIMIT,
    ) -> Annotated[CallToolResult, Result[ModelRow]]:
        """Which models people use for one kind of task, such as SQL or debugging: its leading models by share.

        The service lists about ten models of each task.
        """
        from openrouter_rankings.render.data_sets import Asked
        from openrouter_rankings.render.task_classifications import models_of_task

        answer = await (await self._sources.client()).get_task_classifications()
        table = models_of_task(answer, Asked(), tag, by=by)
        return await self._tasks_result(Result[ModelRow], table, answer, Page(limit))

    @says_what_to_do
    async def daily_rankings(
        self,
        start_date: Day = None,
        end_date: Day = None,
        of: Annotated[Literal["model", "author"], Field(description="Rank models, or their authors.")] = "model",
        modality: Modality | None = None,
        context_bucket: ContextBucket | None = None,
        category: RankingsCategory | None = None,
        language_type: LanguageType | None = None,
        limit: Limit = _USUAL_LIMIT,
    ) -> Annotated[CallToolResult, Result[DailyRow]]:
        """The models or authors with the most tokens over any span of UTC days since 2025-01-01, in all traffic.

        The last 30 complete days if no dates are given. category and language_type give weekly estimates, each
        without any other filter.
        """
        from openrouter_rankings.analysis.leaders import leaders
        from openrouter_rankings.render.data_sets import Asked
        from openrouter_rankings.render.results import result_table

        client = await self._sources.client()
        answer = await client.get_rankings_daily(
            start_date=start_date,
            end_date=end_date,
            modality=modality,
            context_bucket=context_bucket,
            category=category,
            language_type=language_type,
        )
        what = "estimated tokens" if answer.is_estimate else "tokens"
        table = result_table(leaders(answer, of=of), Asked(), subject=f"{of}s by {what}, {answer.meta.span}", fields=())
        return answer_of(
            Result[DailyRow],
            table,
            answer,
            as_of=answer.meta.as_of,
            age=await self._sources.provenance([answer]),
            page=Page(limit, otherwise=NARROWER),
            remarks=() if answer.data else (_COMPLETE_DAYS,),
        )

    @says_what_to_do
    async def apps(
        self,
        category: AppCategory | None = None,
        subcategory: AppSubcategory | None = None,
        sort: Annotated[AppSort, Field(description="By tokens (popular) or by growth (trending).")] = AppSort.POPULAR,
        start_date: Day = None,
        end_date: Day = None,
        limit: Limit = _USUAL_LIMIT,
        offset: Annotated[int, Field(ge=0, le=199, description="How many apps to skip.")] = 0,
    ) -> Annotated[CallToolResult, Result[AppRow]]:
        """The apps that send the most tokens through OpenRouter, such as coding agents and chat apps, or grow the most.

        Over a span of at most 366 UTC days, the last 30 complete ones if no dates are given. The service lists up to
        200 apps.
        """
        from openrouter_rankings.analysis.result import TOKENIZERS
        from openrouter_rankings.models.data_set import join_pages
        from openrouter_rankings.render.app_rankings import apps
        from openrouter_rankings.render.data_sets import Asked

        client = await self._sources.client()
        ask = partial(
            client.get_app_rankings,
            category=category,
            subcategory=subcategory,
            sort=sort,
            start_date=start_date,
            end_date=end_date,
            limit=MOST_APPS,
        )
        # With a row more than is shown, to know whether there is one; together, since each has the deadline of a call.
        offsets = range(0, min(offset + limit, LAST_APP_OFFSET) + 1, MOST_APPS)
        pages = await asyncio.gather(*(ask(offset=first) for first in offsets))
        answer = join_pages(pages)
        return answer_of(
            Result[AppRow],
            apps(answer, Asked()),
            answer,
            as_of=answer.meta.as_of,
            age=await self._sources.provenance(pages),
            page=Page(limit, offset, otherwise=f"The next: offset={offset + limit}. The service lists up to 200 apps."),
            remarks=(TOKENIZERS,) if answer.data else (_COMPLETE_DAYS,),
        )

    @says_what_to_do
    async def session_costs(
        self,
        app_slug: Annotated[str | None, Field(description="Only this app, by its slug.")] = None,
        model: Annotated[str | None, Field(description="Only this model, by its exact slug.")] = None,
        turn_range: TurnRange | None = None,
        limit: Limit = _USUAL_LIMIT,
        offset: Annotated[int, Field(ge=0, le=499, description="How many rows to skip.")] = 0,
    ) -> Annotated[CallToolResult, Result[SessionCostRow]]:
        """What a session costs in US dollars: the median by app, model and number of turns, the highest first."""
        from openrouter_rankings.render.data_sets import Asked
        from openrouter_rankings.render.session_cost import sessions

        client = await self._sources.client()
        answer = await client.get_session_cost(
            app_slug=app_slug, model=model, turn_range=turn_range, limit=MOST_SESSION_COSTS
        )
        table = sessions(answer, Asked(), goes_on=len(answer) >= MOST_SESSION_COSTS)
        return answer_of(
            Result[SessionCostRow],
            table,
            answer,
            as_of=answer.meta.window_end_date or answer.meta.as_of,
            age=await self._sources.provenance([answer]),
            page=Page(limit, offset, otherwise=f"The next: offset={offset + limit}. Or name an app, a model or turns."),
        )

    @says_what_to_do
    async def benchmarks(
        self,
        source: BenchmarkSource | None = None,
        task_type: TaskType | None = None,
        benchmark_type: BenchmarkType | None = None,
        arena: Arena | None = None,
        category: Annotated[str | None, Field(description="Only this category of Design Arena's.")] = None,
        best: Annotated[int, Field(ge=1, le=50, description="How many models of each benchmark.")] = 3,
        limit: Limit = _USUAL_LIMIT,
    ) -> Annotated[CallToolResult, Result[BenchmarkRow]]:
        """How models score in benchmarks of Artificial Analysis, Design Arena and OpenRouter: quality, not popularity.

        The best models of each benchmark. Scores of different benchmarks do not compare.
        """
        from openrouter_rankings.render.benchmarks import benchmarks
        from openrouter_rankings.render.data_sets import Asked

        client = await self._sources.client()
        answer = await client.get_benchmarks(
            source=source, task_type=task_type, benchmark_type=benchmark_type, arena=arena, category=category
        )
        return answer_of(
            Result[BenchmarkRow],
            benchmarks(answer, Asked(), top=best),
            answer,
            as_of=answer.meta.as_of,
            age=await self._sources.provenance([answer]),
            page=Page(limit, otherwise="Ask for one source or task type."),
            remarks=("Scores of different benchmarks do not compare.",),
        )

    @says_what_to_do
    async def quota(self) -> Annotated[CallToolResult, QuotaResult]:
        """How many requests to the service are left in this minute and this day. It sends none itself.

        Answers that are fresh in the cache cost no request.
        """
        return structured(QuotaResult.of(await self._sources.quota()))

    async def _tasks_result(
        self, kind: type[Result[R]], table: Table, answer: TaskClassifications, page: Page
    ) -> CallToolResult:
        age = await self._sources.provenance([answer])
        return answer_of(kind, table, answer, as_of=answer.as_of, age=age, page=page)
