"""The command ``trend``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.commands.models import rankings_series
from openrouter_rankings.cli.options import SOURCE, Name, Output, check_exclusive, option, shows_own, top
from openrouter_rankings.cli.options import command as make_command
from openrouter_rankings.cli.streams import fail

if TYPE_CHECKING:
    from openrouter_rankings.models.task_classifications import By
    from openrouter_rankings.render.data_sets import Table

__all__ = ["command"]


@make_command(
    "trend",
    examples=(
        ("trend --tag code:debugging --start 2026-01", "The share of a task since January"),
        ("trend --author openai --start 12w -o openai.csv", "An author's last twelve weeks, for a spreadsheet"),
    ),
)
@option("--tag", type=Name("tags"), metavar="TAG", help="Follow this task, or a model or author within it.")
@option("--model", type=Name("models"), metavar="SLUG", help="Follow this model, by any form of its slug.")
@option("--author", metavar="AUTHOR", help="Follow an author: the part of the slug before the slash.")
@option(
    "--by",
    type=click.Choice(["usage", "tokens"]),
    help="Share of requests (usage) or of tokens.  [default: usage for tasks]",
)
@option("--start", metavar="DATE", help="The first date: 2026-09-16, 2026-09, yesterday, 7d.  [default: all]")
@option("--end", metavar="DATE", help="The last date, in the same forms.  [default: the newest there is]")
@rankings_series
@option(
    "--input",
    "saved",
    multiple=True,
    metavar="FILE",
    section=SOURCE,
    help="A saved answer of the API instead of the archive's; can be given several times.",
)
@db_option(SOURCE)
@top("Only the last N dates, such as 14.")
@shows_own
def command(
    tag: str | None,
    model: str | None,
    author: str | None,
    by: By | None,
    start: str | None,
    end: str | None,
    saved: Sequence[str],
    db: str | None,
    top: int | None,
    output: Output,
    **asked: str | None,
) -> None:
    """Follow a task, a model or an author over time.

    It reads your archive: with --tag the shares of the task classifications,
    without it the tokens of a model or author in the daily rankings. A date
    without an answer, or on which the top list does not have it, is a gap and
    no zero; a day in progress is marked and has no figures.

    `openrouter-rankings collect` begins an archive. Asks nothing of the
    service.
    """
    from openrouter_rankings.cli.listing import show_own

    check_exclusive({"--model": model, "--author": author})
    if not (tag or model or author):
        raise click.UsageError("Give --tag, --model or --author: what to follow.")
    if by == "usage" and tag is None:
        raise click.UsageError("--by usage has no effect on daily rankings: give --tag.")
    narrowing = {name: value for name, value in asked.items() if value is not None}
    for name, value in narrowing.items():
        check_exclusive({"--tag": tag, f"--{name.replace('_', '-')}": value})
        check_exclusive({"--input": saved, f"--{name.replace('_', '-')}": value})
    followed = _Followed(tag=tag, model=model, author=author, by=by, narrowing=narrowing)
    first, last = _span(start, end)
    table = partial(_of_saved, saved) if saved else partial(_of_archive, db)
    show_own(output, lambda limit: table(followed, first, last, limit), top)


@attrs.frozen(kw_only=True)
class _Followed:
    """What is followed.

    Attributes:
        tag: the task; None for the daily rankings.
        model: the model.
        author: the author.
        by: what ranks and bars go by; None for the usual.
        narrowing: the options that daily rankings were asked for with.
    """

    tag: str | None
    model: str | None
    author: str | None
    by: By | None
    narrowing: Mapping[str, str]

    def table(self, answers: Sequence[Any], unfinished: Sequence[date], top: int | None, *, reduced: bool) -> Table:
        """The trend as a table.

        Args:
            answers: task classifications if a task is followed, else daily rankings.
            unfinished: dates that are not over, of which there are no figures.
            top: only the last so many dates; all if None.
            reduced: the answers have no other tasks, so that the rank of this one is not known.
        """
        from openrouter_rankings.analysis.trends import trend, without_task_ranks
        from openrouter_rankings.render.data_sets import Asked
        from openrouter_rankings.render.trends import rankings_trend, task_trend

        if self.tag is not None:
            tasks = trend(answers, tag=self.tag, model=self.model, author=self.author, by=self.by)
            return task_trend(without_task_ranks(tasks) if reduced else tasks, Asked(), unfinished=unfinished, last=top)
        filters = {name.replace("_", "-"): value for name, value in self.narrowing.items()}
        rankings = trend(answers, model=self.model, author=self.author)
        return rankings_trend(rankings, Asked(filters), unfinished=unfinished, last=top)


def _span(start: str | None, end: str | None) -> tuple[date | None, date | None]:
    from openrouter_rankings.cli.days import day_of

    today = datetime.now(UTC).date()
    first, last = (
        None if given is None else date.fromisoformat(str(day_of(name, given, today)))
        for name, given in (("--start", start), ("--end", end))
    )
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--start must not be after --end, and {first} is after {last}.")
    return first, last


def _of_saved(
    names: Sequence[str], followed: _Followed, first: date | None, last: date | None, top: int | None
) -> Table:
    from openrouter_rankings.cli.archived import read_any

    answers = [read_any(name, "trend", ("tasks", "models")) for name in names]
    within = [part for answer in answers if (part := _part(answer, first, last)) is not None]
    if not within:
        fail("The saved answers have nothing of these dates.")
    return followed.table(within, (), top, reduced=False)


def _part(answer: Any, first: date | None, last: date | None) -> Any:
    """The part of an answer from the first date to the last; None if it has none."""
    from openrouter_rankings.analysis import span
    from openrouter_rankings.models.task_classifications import TaskClassifications

    if isinstance(answer, TaskClassifications):
        return answer if (first or date.min) <= answer.as_of <= (last or date.max) else None
    meta = answer.meta
    start, end = max(first or date.min, meta.start_date), min(last or date.max, meta.end_date)
    return None if start > end else span(answer, start, end)


def _of_archive(db: str | None, followed: _Followed, first: date | None, last: date | None, top: int | None) -> Table:
    answers, unfinished = asyncio.run(_read(db, followed, first, last))
    return followed.table(answers, unfinished, top, reduced=True)


async def _read(
    db: str | None, followed: _Followed, first: date | None, last: date | None
) -> tuple[Sequence[Any], Sequence[date]]:
    from openrouter_rankings.cli.archive import archive_to_read
    from openrouter_rankings.cli.archived import rankings_over_time, tasks_over_time
    from openrouter_rankings.cli.questions.models import rankings_parameters

    async with archive_to_read(db) as archive:
        if followed.tag is not None:
            return await tasks_over_time(archive, followed.tag, first, last)
        return await rankings_over_time(archive, rankings_parameters(followed.narrowing), first, last)
