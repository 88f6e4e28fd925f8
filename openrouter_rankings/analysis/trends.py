"""A figure over time: the share of a task, or of a model or author, date by date, with the gaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from math import fsum
from typing import ClassVar, Literal, overload

import attrs

from openrouter_rankings.analysis.errors import UnknownAuthorError
from openrouter_rankings.analysis.leaders import check_no_task, checked_by, remarks_on
from openrouter_rankings.analysis.result import (
    POPULARITY,
    Analysis,
    AnalysisMeta,
    citations_of,
    columns_of,
    is_any_synthetic,
)
from openrouter_rankings.analysis.series import (
    AnyRankings,
    AnyTasks,
    Rows,
    answers_by_date,
    by_kind,
    every_date,
    rows_by_date,
    slugs_in,
)
from openrouter_rankings.analysis.slugs import SlugForms, author_of, near, resolve
from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.rankings_daily import Period, RankingsDaily
from openrouter_rankings.models.scalar_types import Columns, TokenCount
from openrouter_rankings.models.task_classifications import By, ModelShare, TaskClassification, TaskClassifications

__all__ = [
    "PointStatus",
    "RankingsTrend",
    "RankingsTrendPoint",
    "TaskTrend",
    "TaskTrendPoint",
    "TrendMeta",
    "trend",
    "without_task_ranks",
]

PointStatus = Literal["listed", "unlisted", "missing"]
"""What is known on a date: figures, only that it is not in the top list (which is not zero), or nothing."""


@attrs.frozen
class TaskTrendPoint(Item):
    """A task, or a model or author within it, on one date.

    Attributes:
        date: the last UTC day of the window.
        status: "listed", "unlisted" (not among the leading models, which is not zero) or "missing" (no answer).
        rank: its place, from 1; None unless listed.
        usage_share: its fraction (0 to 1) of the requests: of all for a task, of the task's for a model or author.
        token_share: its fraction (0 to 1) of the tokens.
    """

    date: date
    status: str
    rank: int | None
    usage_share: float | None
    token_share: float | None


@attrs.frozen
class RankingsTrendPoint(Item):
    """A model or author on one date.

    Attributes:
        date: the UTC day, or the first day of the week or month.
        status: "listed", "unlisted" (not among the top 50, which is not zero) or "missing" (no rows).
        rank: its place by tokens, from 1; None unless listed.
        total_tokens: its tokens; of an author, those of its listed models.
        token_share: its fraction (0 to 1) of all tokens of the date, those of ``other`` included.
    """

    date: date
    status: str
    rank: int | None
    total_tokens: TokenCount | None
    token_share: float | None


@attrs.frozen(kw_only=True)
class TrendMeta(AnalysisMeta):
    """What a trend says of itself.

    Attributes:
        tag: the task; None for daily rankings.
        model: the model, as its slug is resolved; None for a task or an author.
        author: the author; None for a task or a model.
        by: what the ranks go by.
        incomplete: dates left out because their rows are incomplete, such as the current UTC day.
    """

    tag: str | None
    model: str | None
    author: str | None
    by: By
    incomplete: tuple[date, ...] = ()


@attrs.frozen(repr=False)
class TaskTrend(Analysis):
    """A task, or a model or author within it, on every date from the first answer to the last."""

    data: tuple[TaskTrendPoint, ...]
    meta: TrendMeta

    columns: ClassVar[Columns] = columns_of(TaskTrendPoint)


@attrs.frozen(repr=False)
class RankingsTrend(Analysis):
    """A model or author on every date from the first to the last that has complete rows."""

    data: tuple[RankingsTrendPoint, ...]
    meta: TrendMeta

    columns: ClassVar[Columns] = columns_of(RankingsTrendPoint)


@overload
def trend(
    answers: Iterable[AnyTasks],
    *,
    tag: str,
    model: str | None = None,
    author: str | None = None,
    by: By | None = None,
) -> TaskTrend: ...
@overload
def trend(
    answers: RankingsDaily | Iterable[AnyRankings], *, model: str | None = None, author: str | None = None
) -> RankingsTrend: ...
def trend(
    answers: RankingsDaily | Iterable[AnyTasks] | Iterable[AnyRankings],
    *,
    tag: str | None = None,
    model: str | None = None,
    author: str | None = None,
    by: By | None = None,
) -> TaskTrend | RankingsTrend:
    """A task, model or author over time.

    The answers may come in any order, and several times. For a date of which there are several, the latest counts:

    - Daily rankings say in ``meta.as_of`` when they were made.
    - Task classifications do not: give those that were restated as ``Revision(answer, fetched_at)``.

    A date without an answer, and a date on which a model is not listed, are points without figures: neither is zero.
    Incomplete rows, such as those of the current UTC day, are left out, and ``meta.incomplete`` names them. Dated and
    undated slugs of the model are followed where they are clearly one model.

    Args:
        answers: task classifications; or daily rankings, all asked for with the same parameters but the span.
        tag: the task, which classifications need.
        model: the model within the task, or in the daily rankings.
        author: the author instead of a model: its listed models together.
        by: what the ranks go by, as in ``leaders``.

    Raises:
        UnknownTagError: no answer has the task.
        UnknownModelError: no answer lists the model.
        UnknownAuthorError: no answer lists a model of the author.
        AmbiguousModelError: several models that are listed fit the slug.
        ConfigurationError: there are no answers, or they are of different kinds; two different answers for a date, and
            nothing says which is later; both ``model`` and ``author`` are given; what to follow is missing.
    """
    if model is not None and author is not None:
        raise ConfigurationError("Give model or author, not both.")
    tasks, rankings = by_kind(answers)
    if tasks:
        return _task_trend(tasks, tag, model, author, by)
    check_no_task(tag)
    return _rankings_trend(rankings, model, author, by)


def without_task_ranks(result: TaskTrend) -> TaskTrend:
    """The trend of answers that are reduced to one task: its rank among all is unknown; ranks within it are not."""
    if result.meta.model is not None or result.meta.author is not None:
        return result
    return attrs.evolve(result, data=tuple(attrs.evolve(point, rank=None) for point in result.data))


_Shares = Mapping[str, tuple[float, float]]


@attrs.frozen
class _Followed:
    """What is followed, and how it is found.

    Attributes:
        name: its name.
        member_of: the name that the figures of a slug count for.
        ambiguous: dated versions may be the same model, and are not followed.
    """

    name: str
    member_of: Callable[[str], str]
    ambiguous: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        return (f"{self.name} may also be listed under other dated slugs, which are not followed.",) * self.ambiguous


def _followed(lists: Sequence[Collection[str]], model: str | None, author: str | None) -> _Followed:
    slugs = {slug for slugs in lists for slug in slugs}
    if author is not None:
        authors = set(map(author_of, slugs))
        if author not in authors:
            raise UnknownAuthorError(author, near(author, authors))
        return _Followed(author, author_of)
    if model is None:
        raise ConfigurationError("Give the model or the author to follow.")
    forms = SlugForms.of(lists)
    name = forms.name(resolve(model, slugs))
    return _Followed(name, forms.name, name in forms.ambiguous)


def _rank(figures: Mapping[str, float], name: str) -> int:
    own = (-figures[name], name)
    return 1 + sum((-figure, other) < own for other, figure in figures.items())


def _task_trend(
    answers: Iterable[AnyTasks], tag: str | None, model: str | None, author: str | None, by: By | None
) -> TaskTrend:
    if tag is None:
        raise ConfigurationError('Give the tag of the task to follow, such as tag="code:debugging".')
    by_date = answers_by_date(answers)
    latest = by_date[max(by_date)]
    by = checked_by(latest, by)
    tasks = {day: _task(answer, tag) for day, answer in by_date.items()}
    if not any(tasks.values()):
        raise UnknownTagError(
            tag, near(tag, {task.tag for answer in by_date.values() for task in answer.classifications})
        )
    if model is None and author is None:
        name = tag
        remarks: tuple[str, ...] = (POPULARITY,)
        shares = {day: _shares_of_tasks(answer) for day, answer in by_date.items()}
    else:
        followed = _followed([_slugs(task) for task in tasks.values()], model, author)
        name, remarks = followed.name, remarks_on(latest) + followed.remarks
        shares = {day: _shares_of_members(task, followed.member_of) for day, task in tasks.items()}
    points = tuple(_task_point(day, shares.get(day), name, by) for day in every_date(shares, Period.DAY))
    meta = TrendMeta(
        citations=citations_of(by_date.values()),
        remarks=remarks,
        tag=tag,
        model=None if model is None else name,
        author=author,
        by=by,
    )
    return TaskTrend(points, meta, synthetic=is_any_synthetic(by_date.values()))


def _task(answer: TaskClassifications, tag: str) -> TaskClassification | None:
    return next((task for task in answer.classifications if task.tag == tag), None)


def _slugs(task: TaskClassification | None) -> list[str]:
    return [] if task is None else [model.id for model in task.models]


def _shares_of_tasks(answer: TaskClassifications) -> _Shares:
    return {task.tag: (task.usage_share, task.token_share) for task in answer.classifications}


def _shares_of_members(task: TaskClassification | None, member_of: Callable[[str], str]) -> _Shares:
    parts: defaultdict[str, list[ModelShare]] = defaultdict(list)
    for model in () if task is None else task.models:
        parts[member_of(model.id)].append(model)
    return {
        member: (fsum(part.tag_usage_share for part in models), fsum(part.tag_token_share for part in models))
        for member, models in parts.items()
    }


def _task_point(day: date, shares: _Shares | None, name: str, by: By) -> TaskTrendPoint:
    if shares is None or name not in shares:
        return TaskTrendPoint(day, "missing" if shares is None else "unlisted", None, None, None)
    place = 0 if by == "usage" else 1
    rank = _rank({member: pair[place] for member, pair in shares.items()}, name)
    return TaskTrendPoint(day, "listed", rank, *shares[name])


def _rankings_trend(
    answers: Sequence[RankingsDaily], model: str | None, author: str | None, by: By | None
) -> RankingsTrend:
    by = checked_by(answers[0], by)
    rows, incomplete = rows_by_date(answers)
    followed = _followed(slugs_in(rows), model, author)
    points = tuple(_rankings_point(day, rows.get(day), followed) for day in every_date(rows, answers[0].period))
    meta = TrendMeta(
        citations=citations_of(answers),
        remarks=remarks_on(answers[0]) + followed.remarks,
        tag=None,
        model=None if model is None else followed.name,
        author=author,
        by=by,
        incomplete=incomplete,
    )
    return RankingsTrend(points, meta, synthetic=is_any_synthetic(answers))


def _rankings_point(day: date, rows: Rows | None, followed: _Followed) -> RankingsTrendPoint:
    tokens: Counter[str] = Counter()
    for row in rows or ():
        if not row.is_other:
            tokens[followed.member_of(row.model_permaslug)] += row.total_tokens
    if followed.name not in tokens:
        return RankingsTrendPoint(day, "missing" if rows is None else "unlisted", None, None, None)
    own = tokens[followed.name]
    total = sum(row.total_tokens for row in rows or ())
    return RankingsTrendPoint(day, "listed", _rank(tokens, followed.name), own, own / total if total else 0.0)
