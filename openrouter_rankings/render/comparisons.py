"""Comparisons as tables: what changed, what is new to a list, and what left it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from openrouter_rankings.analysis.app_comparison import AppComparison
from openrouter_rankings.analysis.changes import ComparedSpan, ComparisonMeta
from openrouter_rankings.analysis.rankings_comparison import RankingsComparison
from openrouter_rankings.analysis.result import Analysis
from openrouter_rankings.analysis.task_comparison import TaskComparison
from openrouter_rankings.render.changes import change_notes, change_text, percentage_points, signed
from openrouter_rankings.render.data_sets import Asked, Field, Table, percent, plain
from openrouter_rankings.render.results import result_table

__all__ = ["app_comparison", "comparison", "rankings_comparison", "task_comparison"]

_TAG = Field("tag", "Tag", spare=1, grouped=True)
_RANKS = (Field("after_rank", "#"), Field("before_rank", "Was", spare=3))

_UNITS: Mapping[str, str] = {"task": "tasks", "model": "models", "base_slug": "models", "author": "authors"}


def comparison(
    result: TaskComparison | RankingsComparison | AppComparison, asked: Asked, *, top: int | None = None
) -> Table:
    """The first ``top`` rows of any comparison."""
    if isinstance(result, TaskComparison):
        return task_comparison(result, asked, top=top)
    if isinstance(result, AppComparison):
        return app_comparison(result, asked, top=top)
    return rankings_comparison(result, asked, top=top)


def task_comparison(result: TaskComparison, asked: Asked, *, top: int | None = None) -> Table:
    """The first ``top`` tasks, or models or authors within tasks, with their shares before and after."""
    by, of = result.meta.by, result.meta.of
    share = "usage_share" if by == "usage" else "token_share"
    tags = {row.tag for row in result.data}
    name = Field("author", "Author") if of == "author" else Field("id", "Model")
    names = (*_task_of_row(tags), name) if of != "task" else (_TAG, Field("display_name", "Task"))
    what = f"{_UNITS[of]}{f' of {next(iter(tags))}' if of != 'task' and len(tags) == 1 else ''}"
    return _compared(
        result,
        asked,
        subject=f"{what} by share of {'requests' if by == 'usage' else 'tokens'}, {_spans(result.meta)}",
        fields=(
            *_RANKS,
            *_before_and_after(share, percent),
            *names,
        ),
        figure=f"{share}_change",
        text=partial(percentage_points, decimals=2),
        unit="percentage points",
        top=top,
        group_by="macro_category",
    )


def rankings_comparison(result: RankingsComparison, asked: Asked, *, top: int | None = None) -> Table:
    """The first ``top`` models or authors with their shares of the tokens before and after."""
    name = Field("author", "Author") if result.meta.of == "author" else Field("model_permaslug", "Model")
    return _compared(
        result,
        asked,
        subject=f"{_UNITS[result.meta.of]} by share of tokens, {_spans(result.meta)}",
        fields=(*_RANKS, *_before_and_after("token_share", percent), name),
        figure="token_share_change",
        text=partial(percentage_points, decimals=2),
        unit="percentage points",
        top=top,
    )


def app_comparison(result: AppComparison, asked: Asked, *, top: int | None = None) -> Table:
    """The first ``top`` apps with their tokens before and after."""
    return _compared(
        result,
        asked,
        subject=f"apps by tokens, {_spans(result.meta)}",
        fields=(*_RANKS, *_before_and_after("total_tokens", plain), Field("app_name", "App")),
        figure="total_tokens_change",
        text=lambda tokens: signed(f"{tokens:,}"),
        unit="tokens",
        top=top,
    )


def _task_of_row(tags: set[str]) -> Sequence[Field]:
    return (_TAG,) if len(tags) > 1 else ()


def _before_and_after(figure: str, text: Callable[[Any], str]) -> tuple[Field, Field, Field]:
    return (
        Field(f"before_{figure}", "Before", text, spare=2),
        Field(f"after_{figure}", "After", text),
        Field("changed", "Change", right=True),
    )


def _spans(meta: ComparisonMeta) -> str:
    return f"{_days(meta.after)} against {_days(meta.before)}"


def _days(span: ComparedSpan) -> str:
    return f"{span.start_date} to {span.end_date}"


def _compared(
    result: Analysis,
    asked: Asked,
    *,
    subject: str,
    fields: Sequence[Field],
    figure: str,
    text: Callable[[Any], str],
    unit: str,
    top: int | None,
    group_by: str | None = None,
) -> Table:
    shown = attrs.evolve(result, data=result.data[:top])
    changes = [change_text(row.status, getattr(row, figure), text) for row in shown.data]
    return result_table(
        shown,
        asked,
        subject=f"changes of {subject}",
        fields=fields,
        drawings=[{"changed": each} for each in changes],
        remarks=(f"Change: {unit}.", *change_notes(changes)),
        group_by=group_by,
    )
