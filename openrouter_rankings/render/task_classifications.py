"""Task classifications as a table: the ranked tasks, the ranked models of one task, or those of all tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import attrs

from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.models.task_classifications import By, TaskClassification, TaskClassifications
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table

__all__ = ["TOKENS_NOTICE", "models_of_task", "models_of_tasks", "tasks"]

TOKENS_NOTICE = "The service lists only the leading models by requests of each task."


def _percent(share: float) -> str:
    return f"{share:.1%}"


_TASK_COLUMNS: Columns = {
    "as_of": date,
    "window_days": int,
    "tag": str,
    "display_name": str,
    "macro_category": str,
    "usage_share": float,
    "token_share": float,
    "category_usage_share": float,
    "category_token_share": float,
}
_MODEL_COLUMNS: Columns = {
    "as_of": date,
    "window_days": int,
    "tag": str,
    "id": str,
    "tag_usage_share": float,
    "tag_token_share": float,
}
_NAMED_MODEL_COLUMNS: Columns = {
    "as_of": date,
    "window_days": int,
    "tag": str,
    "display_name": str,
    "macro_category": str,
    "id": str,
    "tag_usage_share": float,
    "tag_token_share": float,
}

# Of the two shares, the one that is not ranked by is left out when there is no room.
_USUAL: By = "usage"


def tasks(
    answer: TaskClassifications,
    asked: Asked,
    *,
    by: By = _USUAL,
    macro_category: str | None = None,
    top: int | None = None,
) -> Table:
    """The first ``top`` tasks (all if None), each with its leading model.

    Args:
        answer: the whole answer.
        asked: what is known of it apart from itself.
        by: what tasks and models are ranked by.
        macro_category: only the tasks of the macro category with this key; None for all.
        top: how many tasks; all if None.

    Raises:
        ConfigurationError: ``by`` is neither "usage" nor "tokens", or ``top`` is negative.
    """
    selected = _ranked(answer, by, macro_category, top)
    rows = [
        row | {"rank": rank, "top_model": task.models[0].id if task.models else None}
        for rank, (row, task) in enumerate(
            zip(selected.to_records()["tasks"], selected.classifications, strict=True), 1
        )
    ]
    share = "usage_share" if by == "usage" else "token_share"
    fields = (
        Field("rank", "#"),
        Field("display_name", "Task"),
        Field("tag", "Tag", spare=2, grouped=True),
        Field("macro_category", "Macro", spare=1, grouped=True),
        *_shares("usage_share", "token_share", by),
        Field(share, "", drawn=True, spare=3, grouped=True),
        Field("top_model", "Top model"),
    )
    table = _table(selected, asked, "tasks", by, fields, _TASK_COLUMNS, rows)
    return attrs.evolve(table, narrowed=_size(selected) < _size(answer))


def models_of_task(
    answer: TaskClassifications, asked: Asked, tag: str, *, by: By = _USUAL, top: int | None = None
) -> Table:
    """The first ``top`` models (all if None) of the task with this tag.

    Raises:
        UnknownTagError: the answer has no task of that tag.
        ConfigurationError: ``by`` is neither "usage" nor "tokens", or ``top`` is negative.
    """
    task = answer.by_tag(tag)
    selected = attrs.evolve(answer, classifications=(_with_models(task, by, top),))
    rows = [row | {"rank": rank} for rank, row in enumerate(selected.to_records()["models"], 1)]
    share = "tag_usage_share" if by == "usage" else "tag_token_share"
    fields = (
        Field("rank", "#"),
        *_shares("tag_usage_share", "tag_token_share", by),
        Field(share, "", drawn=True, spare=2),
        Field("id", "Model"),
    )
    what = f"models of {task.display_name} ({task.tag})"
    table = _table(selected, asked, what, by, fields, _MODEL_COLUMNS, rows)
    return attrs.evolve(table, narrowed=_size(selected) < _size(answer))


def models_of_tasks(
    answer: TaskClassifications,
    asked: Asked,
    *,
    by: By = _USUAL,
    macro_category: str | None = None,
    top: int | None = None,
) -> Table:
    """All models of the first ``top`` tasks (all if None), task by task; see ``tasks``."""
    selected = _ranked(answer, by, macro_category, top)
    named = {task.tag: task for task in selected.classifications}
    rows = [
        row | {"display_name": named[row["tag"]].display_name, "macro_category": named[row["tag"]].macro_category}
        for row in selected.to_records()["models"]
    ]
    fields = (
        Field("display_name", "Task"),
        Field("tag", "Tag", spare=2, grouped=True),
        Field("macro_category", "Macro", spare=1, grouped=True),
        *_shares("tag_usage_share", "tag_token_share", by),
        Field("id", "Model"),
    )
    table = _table(selected, asked, "models of all tasks", by, fields, _NAMED_MODEL_COLUMNS, rows)
    return attrs.evolve(table, narrowed=_size(selected) < _size(answer))


def _size(answer: TaskClassifications) -> int:
    """How many tasks and models of tasks it has."""
    return sum(1 + len(task.models) for task in answer.classifications)


def _ranked(answer: TaskClassifications, by: By, macro_category: str | None, top: int | None) -> TaskClassifications:
    wanted = answer.classifications if macro_category is None else answer.in_macro_category(macro_category)
    ranked = attrs.evolve(answer, classifications=wanted).top(top, by)
    return attrs.evolve(answer, classifications=tuple(_with_models(task, by, None) for task in ranked))


def _with_models(task: TaskClassification, by: By, top: int | None) -> TaskClassification:
    return attrs.evolve(task, models=task.top_models(top, by))


def _shares(requests: str, tokens: str, by: By) -> tuple[Field, Field]:
    return (
        Field(requests, "Requests", _percent, spare=None if by == "usage" else 4),
        Field(tokens, "Tokens", _percent, spare=None if by == "tokens" else 4),
    )


def _table(
    selected: TaskClassifications,
    asked: Asked,
    what: str,
    by: By,
    fields: tuple[Field, ...],
    columns: Columns,
    rows: Sequence[dict[str, Any]],
) -> Table:
    return Table(
        answer=selected,
        asked=asked,
        subject=(
            f"{what} by share of {'requests' if by == 'usage' else 'tokens'}, "
            f"{selected.window_days} days to {selected.as_of}"
        ),
        fields=fields,
        records=Records({**columns, **_shown_only(fields, columns)}, rows),
        plain=selected.to_dict,
        group_by="macro_category" if "macro_category" in columns else None,
        remarks=(TOKENS_NOTICE,) if by == "tokens" else (),
    )


def _shown_only(fields: tuple[Field, ...], columns: Columns) -> Columns:
    types: Columns = {"rank": int, "top_model": str | None}
    return {field.name: types[field.name] for field in fields if field.name not in columns}
