"""Two task classifications compared: the tasks, or the models or authors within each task."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from math import fsum
from operator import attrgetter
from typing import ClassVar, Literal

import attrs

from openrouter_rankings.analysis.changes import (
    ComparedSpan,
    ComparisonMeta,
    Range,
    Standing,
    change,
    check_sources,
    compared,
    comparison_meta,
    least,
    rank_change,
    status,
)
from openrouter_rankings.analysis.leaders import model_column, remarks_on
from openrouter_rankings.analysis.result import POPULARITY, Analysis, columns_of
from openrouter_rankings.analysis.slugs import Of, SlugForms, author_of, grouping, near
from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.models.task_classifications import By, TaskClassification, TaskClassifications

__all__ = ["TaskChange", "TaskComparison", "compare_tasks"]


@attrs.frozen(kw_only=True)
class TaskChange(Item):
    """A task, or a model or author within a task, in two answers.

    Shares of a task are fractions (0 to 1) of all traffic; shares of a model or author are fractions of the task's. A
    figure is None where the answer does not list it, a change where it is not known.

    Attributes:
        tag: the task.
        display_name: the task's name for people.
        macro_category: the macro category of the task.
        author: the author; None where the row is a task's.
        id: the model; None where the row is a task's or an author's.
        status: whether both answers list it.
        before_rank: its place in the first answer, from 1.
        after_rank: its place in the second answer.
        rank_change: by how many places it rose; negative if it fell.
        before_usage_share: its fraction of the requests in the first answer.
        after_usage_share: the same in the second answer.
        usage_share_change: the difference; 0.01 is one percentage point.
        before_token_share: its fraction of the tokens in the first answer.
        after_token_share: the same in the second answer.
        token_share_change: the difference; 0.01 is one percentage point.
    """

    tag: str
    display_name: str
    macro_category: str
    author: str | None
    id: str | None
    status: str
    before_rank: int | None
    after_rank: int | None
    rank_change: int | None
    before_usage_share: float | None
    after_usage_share: float | None
    usage_share_change: float | None
    before_token_share: float | None
    after_token_share: float | None
    token_share_change: float | None


@attrs.frozen(repr=False)
class TaskComparison(Analysis):
    """The changes between two task classifications, in the order of the second one, followed by what it lacks."""

    data: tuple[TaskChange, ...]
    meta: ComparisonMeta

    columns: ClassVar[Columns] = columns_of(TaskChange)


@attrs.frozen
class _Figures:
    usage: Range[float] | None
    tokens: Range[float] | None


@attrs.frozen
class _TopList:
    """The tasks of an answer, or the models that it lists of a task.

    Attributes:
        listed: the share of the requests and the share of the tokens of each.
        least_usage: the smallest share of the requests in the list.
        rest_usage: the share of the requests of all that is unlisted.
        rest_tokens: the share of the tokens of all that is unlisted.
    """

    listed: Mapping[str, tuple[float, float]]
    least_usage: float
    rest_usage: float
    rest_tokens: float

    @classmethod
    def of(cls, listed: Mapping[str, tuple[float, float]]) -> _TopList:
        usage, tokens = [usage for usage, _ in listed.values()], [tokens for _, tokens in listed.values()]
        return cls(listed, min(usage, default=0.0), max(0.0, 1 - fsum(usage)), max(0.0, 1 - fsum(tokens)))

    def figures(self, models: Collection[str]) -> _Figures:
        shares = [self.listed[model] for model in models if model in self.listed]
        if not shares:
            return _Figures(None, None)
        usage, tokens = (fsum(share) for share in zip(*shares, strict=True))
        unlisted = len(models) - len(shares)
        hidden_usage = min(unlisted * self.least_usage, self.rest_usage)
        # The list goes by requests: an unlisted model may have all the tokens that the listed ones do not have.
        hidden_tokens = self.rest_tokens if unlisted else 0.0
        return _Figures(Range(usage, usage + hidden_usage), Range(tokens, tokens + hidden_tokens))


_Tasks = Mapping[str, TaskClassification]


def compare_tasks(
    before: TaskClassifications, after: TaskClassifications, of: Of | Literal["task"], by: By, tag: str | None
) -> TaskComparison:
    """See ``compare``."""
    _check_comparable(before, after)
    old, new = ({task.tag: task for task in answer.top(by=by)} for answer in (before, after))
    if tag is not None and tag not in old | new:
        raise UnknownTagError(tag, near(tag, old | new))
    if of == "task":
        forms = SlugForms.of(())
        rows = _changes_of_tasks(old, new, by)
    else:
        forms = SlugForms.of(map(_slugs, (before, after)))
        rows = [row for each in (new | old | new).values() for row in _changes_within(each, old, new, of, by, forms)]
    meta = comparison_meta(
        (_window(before), _window(after)),
        (before.citation, after.citation),
        (POPULARITY,) if of == "task" else remarks_on(after),
        of,
        by,
        forms.ambiguous,
    )
    data = tuple(row for row in rows if tag in (None, row.tag))
    return TaskComparison(data, meta, synthetic=after.synthetic)


def _check_comparable(before: TaskClassifications, after: TaskClassifications) -> None:
    check_sources(before, after)
    if before.window_days != after.window_days:
        raise ConfigurationError(
            f"Windows of {before.window_days} and {after.window_days} days do not compare: give two of the same length."
        )
    for name, answer in (("before", before), ("after", after)):
        if not answer.classifications:
            raise ConfigurationError(f"{name} has no tasks: there is nothing to compare.")


def _slugs(answer: TaskClassifications) -> set[str]:
    return {model.id for task in answer.classifications for model in task.models}


def _window(answer: TaskClassifications) -> ComparedSpan:
    last = answer.as_of.toordinal()
    # The service could give a window of any length.
    first = min(last, max(1, last - answer.window_days + 1))
    return ComparedSpan(date.fromordinal(first), answer.as_of, answer.window_days)


def _changes_of_tasks(old: _Tasks, new: _Tasks, by: By) -> list[TaskChange]:
    before, after = (
        _TopList.of({tag: (task.usage_share, task.token_share) for tag, task in tasks.items()}) for tasks in (old, new)
    )
    tasks = {**old, **new}
    rows = compared(before, after, str, attrgetter(by))
    return [_row(tasks[tag], None, None, standings, by) for tag, *standings in rows]


def _changes_within(
    task: TaskClassification, old: _Tasks, new: _Tasks, of: Of, by: By, forms: SlugForms
) -> list[TaskChange]:
    before, after = (_models(tasks.get(task.tag), forms) for tasks in (old, new))
    rows = compared(before, after, grouping(of), attrgetter(by))
    return [_row(task, author_of(member), model_column(member, of), standings, by) for member, *standings in rows]


def _models(task: TaskClassification | None, forms: SlugForms) -> _TopList:
    models = () if task is None else task.models
    return _TopList.of({forms.name(model.id): (model.tag_usage_share, model.tag_token_share) for model in models})


def _row(
    task: TaskClassification,
    author: str | None,
    model: str | None,
    standings: Iterable[Standing[_Figures]],
    by: By,
) -> TaskChange:
    before, after = standings
    usage_change = change(before.figures.usage, after.figures.usage)
    token_change = change(before.figures.tokens, after.figures.tokens)
    return TaskChange(
        tag=task.tag,
        display_name=task.display_name,
        macro_category=task.macro_category,
        author=author,
        id=model,
        status=status(before.rank, after.rank),
        before_rank=before.rank,
        after_rank=after.rank,
        rank_change=rank_change(before.rank, after.rank, usage_change if by == "usage" else token_change),
        before_usage_share=least(before.figures.usage),
        after_usage_share=least(after.figures.usage),
        usage_share_change=usage_change,
        before_token_share=least(before.figures.tokens),
        after_token_share=least(after.figures.tokens),
        token_share_change=token_change,
    )
