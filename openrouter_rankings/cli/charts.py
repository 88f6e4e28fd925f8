"""The kinds of charts: which options each takes, what it is drawn from, and what draws it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import click

from openrouter_rankings.cli.question import Origin

if TYPE_CHECKING:
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.models.task_classifications import By, TaskClassifications
    from openrouter_rankings.render.data_sets import Asked

__all__ = ["KINDS", "Draw", "Kind", "Wanted"]

_USUAL_WEEKS = 12

Draw = Callable[..., bytes]
"""Draws a chart; takes the keyword arguments of ``charts.Look``."""


@attrs.frozen(kw_only=True)
class Wanted:
    """What is to be drawn: the options of the command; None is not given.

    Attributes:
        tag: the task.
        model: the model to follow.
        author: the author to follow.
        by: what tasks and their models are ranked by.
        top: how many.
        start: the first UTC day.
        end: the last UTC day.
        period: the grain.
        merge_variants: the variants of a model count as one.
        earlier: the file of a saved earlier answer.
        db: where the archive is.
        archived: everything is to come from the archive.
    """

    tag: str | None = None
    model: str | None = None
    author: str | None = None
    by: By | None = None
    top: int | None = None
    start: str | None = None
    end: str | None = None
    period: str | None = None
    merge_variants: bool = False
    earlier: str | None = None
    db: str | None = None
    archived: bool = False

    def given(self) -> list[str]:
        """The names of the options that are given, of those that only some kinds take."""
        return [field.name for field in attrs.fields(Wanted)[:-2] if getattr(self, field.name)]

    def arguments(self, *names: str) -> dict[str, Any]:
        """The options with these names that are given."""
        return {name: getattr(self, name) for name in names if name in self.given()}


@attrs.frozen
class Kind:
    """A kind of chart.

    Attributes:
        drawing: what draws it, of what is wanted and of where from; a context, within which it is to be drawn.
        options: the names of the options that it takes.
        most: the most that ``--top`` can be.
        needs: the names of options of which one must be given; empty if none need be.
        from_archive: it is drawn from the archive in any case, or from the sample.
    """

    drawing: Callable[[Wanted, Origin], AbstractContextManager[Draw]]
    options: frozenset[str]
    most: int = 0
    needs: tuple[str, ...] = ()
    from_archive: bool = False

    def check(self, name: str, wanted: Wanted, origin: Origin) -> None:
        """Refuse what has no effect on this kind or is missing, before anything is asked.

        Raises:
            UsageError: there is such an option, or ``--top`` is too many.
        """
        for option in wanted.given():
            if option not in self.options:
                raise click.UsageError(f"{_dashed(option)} has no effect on {name}.")
        if wanted.top is not None and wanted.top > self.most:
            raise click.UsageError(f"--top can be {self.most} at most for {name}, not {wanted.top}.")
        if self.needs and not wanted.arguments(*self.needs):
            raise click.UsageError(f"{name} needs {' or '.join(map(_dashed, self.needs))}.")
        if wanted.archived or (self.from_archive and not origin.sample):
            _check_archived(origin)


def _dashed(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _check_archived(origin: Origin) -> None:
    options = {"--sample": origin.sample, "--input": origin.saved, **origin.options()}
    for option, value in options.items():
        if value not in {None, False}:
            raise click.UsageError(f"{option} has no effect on what is drawn from the archive.")


@contextmanager
def _task_treemap(wanted: Wanted, origin: Origin) -> Generator[Draw]:
    from openrouter_rankings.render import charts

    with _tasks(wanted, origin) as (answer, asked):
        yield partial(charts.task_treemap, answer, **wanted.arguments("by"), synthetic=asked.synthetic)


@contextmanager
def _task_changes(wanted: Wanted, origin: Origin) -> Generator[Draw]:
    from openrouter_rankings.cli.past import earlier_tasks
    from openrouter_rankings.render import charts

    with _tasks(wanted, origin) as (answer, asked):
        earlier = earlier_tasks(answer, origin, wanted.earlier, wanted.db)
        options = wanted.arguments("by", "top")
        yield partial(charts.task_changes, answer, earlier, **options, synthetic=asked.synthetic)


@contextmanager
def _task_models(wanted: Wanted, origin: Origin) -> Generator[Draw]:
    from openrouter_rankings.render import charts

    with _tasks(wanted, origin) as (answer, asked):
        yield partial(charts.task_models, answer, **wanted.arguments("tag", "by", "top"), synthetic=asked.synthetic)


@contextmanager
def _task_trend(wanted: Wanted, origin: Origin) -> Generator[Draw]:
    from openrouter_rankings.analysis import trend
    from openrouter_rankings.cli.past import task_history
    from openrouter_rankings.render import charts
    from openrouter_rankings.render.charts.words import model_name

    assert wanted.tag is not None  # noqa: S101 - see `needs`
    history = task_history(wanted.tag, wanted.start or f"{_USUAL_WEEKS}w", wanted.end, origin, wanted.db)
    followed = trend(history, **wanted.arguments("tag", "model", "author", "by"))
    unit = "tokens" if followed.meta.by == "tokens" else "requests"
    name = {task.tag: task.display_name for answer in history for task in answer.classifications}[wanted.tag]
    who = followed.meta.model or followed.meta.author
    subject = f"{name if who is None else model_name(who)}'s share of {unit}"
    yield partial(
        charts.trend,
        {each.date: each.token_share if unit == "tokens" else each.usage_share for each in followed.data},
        subject=subject if who is None else f"{subject} in {name}",
        # Each figure is of an answer of its own: the first and the last stand for those between.
        citation=" ".join(dict.fromkeys((history[0].source_line, history[-1].source_line))),
        remarks=(f"Each figure is of the {history[-1].window_days} days to its date.",),
        synthetic=followed.synthetic,
    )


@contextmanager
def _weekly_models(wanted: Wanted, origin: Origin) -> Generator[Draw]:
    from openrouter_rankings.render import charts

    with _rankings(wanted, origin) as (answer, asked):
        options = wanted.arguments("top", "merge_variants")
        yield partial(charts.weekly_models, answer, **options, synthetic=asked.synthetic)


@contextmanager
def _author_shares(wanted: Wanted, origin: Origin) -> Generator[Draw]:
    from openrouter_rankings.render import charts

    with _rankings(wanted, origin) as (answer, asked):
        yield partial(charts.author_shares, answer, **wanted.arguments("top"), synthetic=asked.synthetic)


@contextmanager
def _model_trend(wanted: Wanted, origin: Origin) -> Generator[Draw]:
    from openrouter_rankings.analysis import trend
    from openrouter_rankings.render import charts
    from openrouter_rankings.render.charts.words import model_name

    with _rankings(wanted, origin) as (answer, asked):
        followed = trend(answer, **wanted.arguments("model", "author"))
        who = followed.meta.model or followed.meta.author or ""
        yield partial(
            charts.trend,
            {each.date: each.token_share for each in followed.data},
            subject=f"{model_name(who)}'s share of tokens",
            citation=answer.source_line,
            period=answer.period,
            synthetic=asked.synthetic or answer.synthetic,
        )


KINDS: Mapping[str, Kind] = {
    "task-treemap": Kind(_task_treemap, frozenset({"by"})),
    "task-changes": Kind(_task_changes, frozenset({"by", "top", "earlier"}), 12),
    "task-models": Kind(_task_models, frozenset({"tag", "by", "top"}), 12, ("tag",)),
    "task-trend": Kind(
        _task_trend,
        frozenset({"tag", "model", "author", "by", "start", "end"}),
        needs=("tag",),
        from_archive=True,
    ),
    "weekly-models": Kind(_weekly_models, frozenset({"start", "end", "top", "merge_variants"}), 8),
    "author-shares": Kind(_author_shares, frozenset({"start", "end", "period", "top"}), 6),
    "model-trend": Kind(
        _model_trend, frozenset({"model", "author", "start", "end", "period"}), needs=("model", "author")
    ),
}
"""The kinds by their names."""


@contextmanager
def _tasks(wanted: Wanted, origin: Origin) -> Generator[tuple[TaskClassifications, Asked]]:
    """The tasks of the service or of the archive; draw them before the context is left, see ``answer_to``."""
    from openrouter_rankings.cli.answers import answer_to
    from openrouter_rankings.cli.past import archived_tasks
    from openrouter_rankings.cli.questions.tasks import tasks_question
    from openrouter_rankings.render.data_sets import Asked

    if wanted.archived:
        yield archived_tasks(wanted.db), Asked()
    else:
        with answer_to(attrs.evolve(tasks_question(), whole=True), origin) as found:
            yield found


@contextmanager
def _rankings(wanted: Wanted, origin: Origin) -> Generator[tuple[RankingsDaily, Asked]]:
    """The models' tokens, of the service or of the archive; draw them before the context is left."""
    from openrouter_rankings.cli.answers import answer_to, check_origin, today
    from openrouter_rankings.cli.past import archived_rankings
    from openrouter_rankings.cli.questions.models import rankings_question
    from openrouter_rankings.render.data_sets import Asked

    monday = today(origin) - timedelta(days=today(origin).weekday())
    usual = str(monday - timedelta(weeks=_USUAL_WEEKS))
    if wanted.archived:
        yield archived_rankings(wanted.start or usual, wanted.end, wanted.period, origin, wanted.db), Asked()
    else:
        start = wanted.start or (usual if origin.saved is None else None)
        asked = rankings_question(origin, {"start": start, "end": wanted.end, "period": wanted.period})
        check_origin(asked, origin)
        with answer_to(attrs.evolve(asked, whole=True), origin) as found:
            yield found
