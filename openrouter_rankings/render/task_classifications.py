"""Task classifications as a listing: the ranked tasks, or the ranked models of one task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from openrouter_rankings.models.task_classifications import (
    By,
    ModelShare,
    TaskClassification,
    TaskClassifications,
)
from openrouter_rankings.render.listing import Column, printable

__all__ = ["TOKENS_NOTICE", "Ranking"]

TOKENS_NOTICE = "The service lists only the leading models by requests of each task."

_REQUESTS = Column("Requests", right=True)
_TOKENS = Column("Tokens", right=True)
_RANK = Column("#", right=True)
_TASK_COLUMNS = (
    _RANK,
    Column("Task", spare=2),
    Column("Tag"),
    Column("Macro", spare=1),
    _REQUESTS,
    _TOKENS,
    Column("Top model"),
)
_MODEL_COLUMNS = (_RANK, _REQUESTS, _TOKENS, Column("Model"))


def _selected(ranking: Ranking) -> TaskClassifications:
    tasks = _ranked_tasks(ranking) if ranking.tag is None else (_ranked_task(ranking, ranking.tag),)
    return attrs.evolve(ranking.answer, classifications=tasks)


def _ranked_tasks(ranking: Ranking) -> tuple[TaskClassification, ...]:
    macro, answer = ranking.macro_category, ranking.answer
    wanted = answer.classifications if macro is None else answer.in_macro_category(macro)
    tasks = attrs.evolve(answer, classifications=wanted).top(ranking.top, ranking.by)
    return tuple(attrs.evolve(task, models=task.top_models(by=ranking.by)) for task in tasks)


def _ranked_task(ranking: Ranking, tag: str) -> TaskClassification:
    task = ranking.answer.by_tag(tag)
    return attrs.evolve(task, models=task.top_models(ranking.top, ranking.by))


@attrs.frozen
class Ranking:
    """What to show of an answer, and in which order; a ``Listing``. For people, shares are in percent.

    Attributes:
        answer: the whole answer.
        by: what tasks and models are ranked by.
        macro_category: only the tasks of the macro category with this key; None for all.
        tag: show the models of this one task instead of the tasks; None shows the tasks.
        top: only the first so many tasks, or models where ``tag`` is given; None for all.
        synthetic: the figures are invented, and every text must say so.
        selected: the answer with nothing but what is to be shown, ranked; its macro categories stay whole.

    Raises:
        UnknownTagError: the answer has no task of that tag.
        ConfigurationError: ``by`` is neither "usage" nor "tokens", or ``top`` is negative.
    """

    answer: TaskClassifications
    by: By = attrs.field(default="usage", kw_only=True)
    macro_category: str | None = attrs.field(default=None, kw_only=True)
    tag: str | None = attrs.field(default=None, kw_only=True)
    top: int | None = attrs.field(default=None, kw_only=True)
    synthetic: bool = attrs.field(default=False, kw_only=True)
    selected: TaskClassifications = attrs.field(init=False, default=attrs.Factory(_selected, takes_self=True))

    @property
    def subject(self) -> str:
        task = None if self.tag is None else self.selected.classifications[0]
        what = "tasks" if task is None else f"models of {task.display_name} ({task.tag})"
        share = {"usage": "requests", "tokens": "tokens"}[self.by]
        return f"{what} by share of {share}, {self.answer.window_days} days to {self.answer.as_of.isoformat()}"

    @property
    def columns(self) -> tuple[Column, ...]:
        return _TASK_COLUMNS if self.tag is None else _MODEL_COLUMNS

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        tasks = self.selected.classifications
        if self.tag is None:
            return tuple(_task_cells(rank, task) for rank, task in enumerate(tasks, 1))
        return tuple(_model_cells(rank, model) for rank, model in enumerate(tasks[0].models, 1))

    @property
    def remarks(self) -> tuple[str, ...]:
        return (TOKENS_NOTICE,) if self.by == "tokens" else ()

    @property
    def citations(self) -> tuple[str, ...]:
        return (self.answer.source_line,)

    @property
    def licence(self) -> str:
        return self.answer.licence

    def records(self) -> tuple[Sequence[str], Iterable[Mapping[str, Any]]]:
        """A row for each task, or for each model of the one task, with its shares and its date."""
        records = self.selected.to_records()
        if self.tag is None:
            return ("as_of", "window_days", *_fields(TaskClassification)), records["tasks"]
        return ("as_of", "window_days", "tag", *_fields(ModelShare)), records["models"]

    def document(self) -> dict[str, Any]:
        return self.selected.to_dict()


def _task_cells(rank: int, task: TaskClassification) -> tuple[str, ...]:
    texts = (printable(text) for text in (task.display_name, task.tag, task.macro_category))
    top_model = printable(task.models[0].id) if task.models else "-"
    return (str(rank), *texts, _percent(task.usage_share), _percent(task.token_share), top_model)


def _model_cells(rank: int, model: ModelShare) -> tuple[str, ...]:
    return str(rank), _percent(model.tag_usage_share), _percent(model.tag_token_share), printable(model.id)


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _fields(kind: type[TaskClassification | ModelShare]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind) if field.name != "models")
