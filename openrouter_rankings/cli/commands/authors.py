"""The command ``authors``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import attrs
import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.commands.models import rankings_before, rankings_options
from openrouter_rankings.cli.commands.tasks import check_macro_category
from openrouter_rankings.cli.options import SOURCE, Name, Output, check_exclusive, option, shows_answer, top
from openrouter_rankings.cli.options import command as make_command
from openrouter_rankings.cli.questions import models, tasks

if TYPE_CHECKING:
    from openrouter_rankings.cli.earlier import Earlier
    from openrouter_rankings.cli.question import Names, Origin, Question
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.models.task_classifications import By, TaskClassifications
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["command"]


@make_command(
    "authors",
    examples=(
        ("authors --start 4w --top 10", "The ten authors with the most tokens in the last four weeks"),
        (
            "authors --macro code --by tokens -o authors.csv",
            "The authors of models used for code, for a spreadsheet",
        ),
    ),
)
@option("--tasks", "by_tasks", is_flag=True, help="Go by the task classifications instead of the daily rankings.")
@option("--tag", type=Name("tags"), metavar="TAG", help="Only this one task, such as code:debugging.")
@option("--macro", type=Name("macros"), metavar="KEY", help="Only tasks of this kind: code, data, agent or general.")
@option(
    "--by",
    type=click.Choice(["usage", "tokens"]),
    help="Rank by share of requests (usage) or of tokens.  [default: usage for tasks, which daily rankings lack]",
)
@rankings_options
@db_option(SOURCE)
@top("Only the first N, such as 10.")
@shows_answer
def command(
    by_tasks: bool,
    tag: str | None,
    macro: str | None,
    by: By | None,
    db: str | None,
    top: int | None,
    origin: Origin,
    output: Output,
    **asked: str | None,
) -> None:
    """Rank the authors of models, with their concentration.

    The author is the part of a model's slug before the slash. By default it
    ranks them by their tokens in the daily rankings of the last 30 days; with
    --tasks, --tag, --macro or --by usage, by their share of classified tasks.

    Needs a key and keeps answers as `tasks` does; see its --help.
    """
    from openrouter_rankings.cli.listing import show

    check_exclusive({"--tag": tag, "--macro": macro})
    about_tasks = {"--tasks": by_tasks, "--tag": tag, "--macro": macro, "--by usage": by == "usage"}
    for (about, given), (name, value) in product(about_tasks.items(), asked.items()):
        check_exclusive({about: given, f"--{name.replace('_', '-')}": value})
    is_about_tasks = any(about_tasks.values())
    question: Question[Any] = tasks.tasks_question() if is_about_tasks else models.rankings_question(origin, asked)
    takes = ("tasks", "models")
    either = attrs.evolve(question, command="authors", decode=_decode, names=_names, takes=takes, whole=True)
    earlier = None if is_about_tasks else rankings_before(origin, asked, db)
    table = partial(_table, by=by, tag=tag, macro=macro, earlier=earlier)
    show(either, origin, output, table, top)


def _table(
    answer: TaskClassifications | RankingsDaily,
    asked: Asked,
    top: int | None,
    *,
    by: By | None,
    tag: str | None,
    macro: str | None,
    earlier: Earlier | None,
) -> Table:
    from openrouter_rankings.models.task_classifications import TaskClassifications
    from openrouter_rankings.render.authors import authors_of_rankings, authors_of_tasks
    from openrouter_rankings.render.changes import with_rankings_changes

    if isinstance(answer, TaskClassifications):
        check_macro_category(answer, macro)
        return authors_of_tasks(answer, asked, by=by or "usage", tag=tag, macro_category=macro, top=top)
    if earlier is None:
        raise click.UsageError("--input has daily rankings; --tasks, --tag, --macro and --by usage are for tasks.")
    made = authors_of_rankings(answer, asked, top=top)
    comparison = earlier.rankings(answer, of="author")
    return made if comparison is None else with_rankings_changes(made, comparison)


def _decode(body: bytes, document: Mapping[str, Any]) -> TaskClassifications | RankingsDaily:
    """Read a saved answer of either data set; the data of classifications is an object, that of rankings a list."""
    if isinstance(document.get("data"), dict):
        return tasks.decode(body, document)
    return models.decode(body, document, given=None)


def _names(answer: TaskClassifications | RankingsDaily) -> Names:
    from openrouter_rankings.models.rankings_daily import RankingsDaily

    return models.names(answer) if isinstance(answer, RankingsDaily) else tasks.names(answer)
