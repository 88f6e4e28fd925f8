"""The command ``diff``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

import attrs
import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.commands.models import rankings_series
from openrouter_rankings.cli.options import SOURCE, Duration, Name, Output, check_exclusive, option, shows_own, top
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.analysis.app_comparison import AppComparison
    from openrouter_rankings.analysis.rankings_comparison import RankingsComparison
    from openrouter_rankings.analysis.slugs import Of
    from openrouter_rankings.analysis.task_comparison import TaskComparison
    from openrouter_rankings.cli.archived import Saved
    from openrouter_rankings.history.pairs import Dates
    from openrouter_rankings.models.task_classifications import By
    from openrouter_rankings.render.data_sets import Table

    Comparison = TaskComparison | RankingsComparison | AppComparison
    What = Literal["tasks", "models", "authors", "apps"]

__all__ = ["command"]

_DAY = 86400
_USUAL = 28
_CALLED = {"tasks": "task classifications", "rankings": "daily rankings", "apps": "app rankings"}
_TAKES = ("tasks", "models", "apps")


@make_command(
    "diff",
    examples=(
        ("diff --ago 7d --by tokens", "The tasks now and a week ago, by tokens"),
        (
            "diff models --sort token_share_change -n 10",
            "The ten models whose share of all tokens rose most in 4 weeks",
        ),
    ),
)
@click.argument("what", type=click.Choice(["tasks", "models", "authors", "apps"]), required=False)
@option("--tag", type=Name("tags"), metavar="TAG", help="Models, or authors, within this task.")
@option(
    "--by",
    type=click.Choice(["usage", "tokens"]),
    help="Rank tasks by share of requests (usage) or of tokens.  [default: usage]",
)
@option("--ago", type=Duration(), metavar="TIME", help="How far to go back, about: 7d, 4w.  [default: 4w]")
@option("--old", metavar="DATE", help="Compare with this date: 2026-09-16, yesterday, 7d.  [default: by --ago]")
@option("--new", metavar="DATE", help="Compare this date.  [default: the newest there is]")
@option("--merge-variants", is_flag=True, help="Count the variants of a model, such as :free, as one.")
@rankings_series
@option(
    "--input",
    "saved",
    multiple=True,
    metavar="FILE",
    section=SOURCE,
    help="A saved answer of the API instead of the archive's; give two, the older one first.",
)
@db_option(SOURCE)
@top("Only the first N, such as 10.")
@shows_own
def command(
    what: What | None,
    tag: str | None,
    by: By | None,
    saved: Sequence[str],
    db: str | None,
    top: int | None,
    output: Output,
    merge_variants: bool,
    ago: float | None,
    old: str | None,
    new: str | None,
    **asked: str | None,
) -> None:
    """Show what changed since about four weeks ago.

    WHAT is tasks (the default), models, authors or apps, of your archive. Of
    models and authors it compares the last complete week of the daily rankings
    with an earlier one; with --tag, their shares of one task. Only top lists
    are published: a model that is no longer in a list has left it, and has not
    fallen to zero.

    `openrouter-rankings collect` begins an archive. Asks nothing of the
    service.
    """
    from openrouter_rankings.cli.listing import show_own

    check_exclusive({"--ago": ago, "--old": old})
    for name, value in {"--ago": ago, "--old": old, "--new": new}.items():
        check_exclusive({"--input": saved, name: value})
    if saved and len(saved) != 2:
        raise click.UsageError("Give --input twice, the older answer first.")
    narrowing = {name: value for name, value in asked.items() if value is not None}
    choice = _Choice(what=what, tag=tag, by=by, merge_variants=merge_variants, narrowing=narrowing)
    pair = partial(_saved, saved) if saved else partial(_archived, db, _dates(old, new, ago), choice)
    show_own(output, lambda limit: _table(choice.compared(*pair()), limit), top)


@attrs.frozen(kw_only=True)
class _Choice:
    """What is compared.

    Attributes:
        what: what the command was told to compare; None for the usual.
        tag: only this task.
        by: what tasks are ranked by; None for the usual.
        merge_variants: the variants of a model count as one.
        narrowing: the options that daily rankings were asked for with.
    """

    what: What | None
    tag: str | None
    by: By | None
    merge_variants: bool
    narrowing: Mapping[str, str]

    @property
    def data_set(self) -> Literal["tasks", "rankings", "apps"]:
        """The data set of the archive that this is about."""
        if self.what == "apps":
            return "apps"
        return "rankings" if self.what in {"models", "authors"} and self.tag is None else "tasks"

    @property
    def is_of_tasks(self) -> bool:
        """Of task classifications, it is the tasks that are compared, and not their models."""
        return self.what in {None, "tasks"} and self.tag is None

    @property
    def models(self) -> Of:
        """What models are compared as."""
        if self.what == "authors":
            return "author"
        return "base_slug" if self.merge_variants else "model"

    def check(self, data_set: Literal["tasks", "rankings", "apps"]) -> None:
        """Refuse what has no effect on a data set.

        Raises:
            UsageError: there is something of the kind.
        """
        about_tasks = {"--tag": self.tag, "--by usage": self.by == "usage"}
        about_rankings = {f"--{name.replace('_', '-')}": value for name, value in self.narrowing.items()}
        wrong: Mapping[str, Mapping[str, object]] = {
            "tasks": about_rankings | {"apps": self.what == "apps"},
            "rankings": about_tasks | {"tasks": self.what == "tasks", "apps": self.what == "apps"},
            "apps": about_tasks | about_rankings | {name: self.what == name for name in ("tasks", "models", "authors")},
        }
        for name, value in wrong[data_set].items():
            if value:
                raise click.UsageError(f"{name} has no effect on {_CALLED[data_set]}.")
        if self.merge_variants and not self._has_variants(data_set):
            compared = "authors" if self.what == "authors" else _CALLED[data_set]
            raise click.UsageError(f"--merge-variants has no effect on {compared}.")

    def _has_variants(self, data_set: Literal["tasks", "rankings", "apps"]) -> bool:
        """It is models that are compared."""
        if data_set == "tasks" and self.is_of_tasks:
            return False
        return data_set != "apps" and self.what != "authors"

    def compared(self, before: Saved, after: Saved) -> Comparison:
        """What changed from the one answer to the other."""
        from openrouter_rankings.analysis import compare
        from openrouter_rankings.models.app_rankings import AppRankings
        from openrouter_rankings.models.rankings_daily import RankingsDaily
        from openrouter_rankings.models.task_classifications import TaskClassifications

        if isinstance(before, TaskClassifications) and isinstance(after, TaskClassifications):
            self.check("tasks")
            of = "task" if self.is_of_tasks else self.models
            return compare(before, after, of=of, by=self.by, tag=self.tag)
        if isinstance(before, RankingsDaily) and isinstance(after, RankingsDaily):
            self.check("rankings")
            return compare(before, after, of=self.models)
        if isinstance(before, AppRankings) and isinstance(after, AppRankings):
            self.check("apps")
            return compare(before, after)
        raise click.UsageError("The two answers are of different data sets.")


def _dates(old: str | None, new: str | None, ago: float | None) -> Dates:
    from openrouter_rankings.cli.days import day_of
    from openrouter_rankings.history.pairs import Dates
    from openrouter_rankings.models.rankings_daily import FIRST_DAY

    today = datetime.now(UTC).date()
    first, last = (
        None if given is None else date.fromisoformat(str(day_of(name, given, today)))
        for name, given in (("--old", old), ("--new", new))
    )
    for name, given_day in (("--old", first), ("--new", last)):
        if given_day is not None and given_day < FIRST_DAY:
            raise click.UsageError(f"{name} must not be before {FIRST_DAY}, the first day with figures.")
    if first is not None and last is not None and first >= last:
        raise click.UsageError(f"--old must be before --new, and {first} is not before {last}.")
    return Dates(_USUAL if ago is None else max(1, round(ago / _DAY)), first, last)


def _saved(names: Sequence[str]) -> tuple[Saved, Saved]:
    from openrouter_rankings.cli.archived import read_any

    before, after = (read_any(name, "diff", _TAKES) for name in names)
    return before, after


def _archived(db: str | None, dates: Dates, choice: _Choice) -> tuple[Saved, Saved]:
    choice.check(choice.data_set)
    return asyncio.run(_read(db, dates, choice))


async def _read(db: str | None, dates: Dates, choice: _Choice) -> tuple[Saved, Saved]:
    from openrouter_rankings.cli.archive import archive_to_read
    from openrouter_rankings.cli.archived import pair_of_answers, pair_of_weeks
    from openrouter_rankings.cli.questions.models import rankings_parameters
    from openrouter_rankings.models.app_rankings import MOST_APPS, AppRankings
    from openrouter_rankings.models.task_classifications import TaskClassifications

    async with archive_to_read(db) as archive:
        if choice.data_set == "rankings":
            return await pair_of_weeks(archive, rankings_parameters(choice.narrowing), dates)
        if choice.data_set == "apps":
            return await pair_of_answers(archive, AppRankings, {"limit": MOST_APPS}, dates, what="app rankings")
        return await pair_of_answers(archive, TaskClassifications, {}, dates, what="task classifications")


def _table(result: Comparison, top: int | None) -> Table:
    from openrouter_rankings.render.comparisons import comparison
    from openrouter_rankings.render.data_sets import Asked

    return comparison(result, Asked(), top=top)
