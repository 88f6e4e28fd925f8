"""The command ``tasks``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.options import (
    SOURCE,
    Known,
    Name,
    Output,
    check_exclusive,
    option,
    shows_answer,
    top,
)
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from openrouter_rankings.cli.earlier import Earlier
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.models.task_classifications import By, TaskClassifications
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["check_macro_category", "command", "ranking_options", "table"]


def ranking_options(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator that adds what tasks can be ranked and narrowed by."""
    for add in (
        top("Only the first N, such as 5."),
        option("--tag", type=Name("tags"), metavar="TAG", help="The models of this one task, such as code:debugging."),
        option(
            "--macro",
            type=Name("macros"),
            metavar="KEY",
            help="Only this macro category: code, data, agent or general.",
        ),
        option(
            "--by",
            type=click.Choice(["usage", "tokens"]),
            default="usage",
            help="Rank by share of requests (usage) or of tokens.  [default: usage]",
        ),
    ):
        function = add(function)
    return function


@make_command(
    "tasks",
    examples=(
        ("tasks --macro code --top 5", "The five code tasks with the most requests"),
        ("tasks --models -o models.csv", "Every task with all its models, for a spreadsheet"),
    ),
)
@ranking_options
@option("--models", is_flag=True, help="All tasks with all their models.")
@option(
    "--window",
    type=Known("task_classifications", "Window"),
    metavar="WINDOW",
    help="The trailing window: {known}.  [default: 7d]",
)
@db_option(SOURCE)
@shows_answer
def command(
    by: By,
    macro: str | None,
    tag: str | None,
    models: bool,
    window: str | None,
    db: str | None,
    top: int | None,
    origin: Origin,
    output: Output,
) -> None:
    """Rank the tasks, or the models of one, by share of traffic.

    Asks OpenRouter with the key in OPENROUTER_API_KEY, unless --sample or
    --input is given. An answer is kept in your cache folder and used again
    while it is fresh, so that repeated calls cost no request. If your archive
    has the figures of about four weeks before, there is a column of change.
    """
    from openrouter_rankings.cli.earlier import Earlier
    from openrouter_rankings.cli.listing import show
    from openrouter_rankings.cli.questions.tasks import tasks_question

    check_exclusive({"--tag": tag, "--macro": macro})
    check_exclusive({"--tag": tag, "--models": models})
    earlier = Earlier(db, {"window": window}, has_archive=not origin.sample)
    choice = partial(table, by=by, macro=macro, tag=tag, models=models, earlier=earlier)
    show(tasks_question(window), origin, output, choice, top)


def table(
    answer: TaskClassifications,
    asked: Asked,
    top: int | None,
    *,
    by: By,
    macro: str | None,
    tag: str | None,
    models: bool = False,
    earlier: Earlier | None = None,
) -> Table:
    """The answer as these options have it, with the change since ``earlier`` figures if there are any.

    Raises:
        UnknownTagError: the answer has no such task.
        Exit: the answer has no such macro category.
    """
    from openrouter_rankings.render import task_classifications as render

    check_macro_category(answer, macro)
    if tag is not None:
        made = render.models_of_task(answer, asked, tag, by=by, top=top)
    elif models:
        made = render.models_of_tasks(answer, asked, by=by, macro_category=macro, top=top)
    else:
        made = render.tasks(answer, asked, by=by, macro_category=macro, top=top)
    within = tag is not None or models
    comparison = None if earlier is None else earlier.tasks(answer, by=by, within_tasks=within)
    if comparison is None:
        return made
    from openrouter_rankings.render.changes import with_task_changes

    return with_task_changes(made, comparison, by)


def check_macro_category(answer: TaskClassifications, key: str | None) -> None:
    """End the command if the answer has no such macro category.

    Raises:
        Exit: it has none.
    """
    from difflib import get_close_matches

    from openrouter_rankings.cli.streams import fail

    known = sorted(
        {task.macro_category for task in answer.classifications} | {each.key for each in answer.macro_categories}
    )
    if key is not None and key not in known:
        near = get_close_matches(key, known, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        fail(f"The answer has no macro category {key!r}: it has {', '.join(known) or 'none'}.{meant}")
