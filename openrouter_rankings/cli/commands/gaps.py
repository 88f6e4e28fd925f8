"""The command ``gaps``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlencode

import attrs
import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.data_sets import COMMAND_NAMES, answer_types, data_sets_argument
from openrouter_rankings.cli.options import Duration, option
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.history import Archive, Gaps
    from openrouter_rankings.render.listing import Sheet

__all__ = ["Examined", "command", "gaps_json", "gaps_table"]

_MOST_SHOWN = 5


@make_command(
    "gaps",
    examples=(
        ("gaps", "What the archive has, and which days it lacks"),
        ("gaps tasks models --max-age 2d --quiet", "For monitoring: exits with 3 if a day is missing or late"),
    ),
)
@data_sets_argument
@option(
    "--max-age",
    type=Duration(),
    metavar="TIME",
    help="Exit with 3 also if the newest day ended longer ago than this, such as 2d.",
)
@db_option()
@option("-f", "--format", "form", type=click.Choice(["table", "json"]), default="table", help="The form.")
@option("-q", "--quiet", is_flag=True, help="Print nothing; the exit status tells.")
def command(
    data_sets: Sequence[str],
    max_age: float | None,
    db: str | None,
    form: Literal["table", "json"],
    quiet: bool,
) -> None:
    """List the days that the archive lacks.

    DATA_SET is tasks, models, apps, sessions or benchmarks; all that the
    archive holds if none is given. Missing are days between the first and the
    newest. A day is due from its end on; the service publishes it in the
    course of the next one.

    The exit status is 3 if a day is missing, if --max-age is exceeded, or if
    there is no answer at all, and 0 otherwise. Session costs and benchmarks
    state no new date each day: they have no gaps, and are as old as their last
    answer.
    """
    from openrouter_rankings.cli.screen import drawn
    from openrouter_rankings.cli.streams import put, reporting
    from openrouter_rankings.history import GAPS_FOUND, gaps_exit_code

    limit = None if max_age is None else timedelta(seconds=max_age)
    with reporting():
        examined = asyncio.run(_examine(data_sets, db))
        code = gaps_exit_code([each.gaps for each in examined], limit)
        if any(each.gaps.age is None for each in examined) or not examined:
            code = GAPS_FOUND
        if not quiet:
            put(gaps_json(examined) if form == "json" else drawn(gaps_table(examined)))
        if code:
            raise click.exceptions.Exit(code)


@attrs.frozen
class Examined:
    """Answers that were asked for with the same parameters, and the days that they lack.

    Attributes:
        data_set: the name of the data set in the archive.
        parameters: the parameters.
        gaps: what is missing.
    """

    data_set: str
    parameters: Mapping[str, str]
    gaps: Gaps


async def _examine(names: Sequence[str], db: str | None) -> list[Examined]:
    from openrouter_rankings.cli.archive import archive_to_read
    from openrouter_rankings.history.data_sets import DATA_SETS

    wanted = answer_types(names)
    async with archive_to_read(db) as archive:
        held = await archive.series()
        examined: list[Examined] = []
        for kind in DATA_SETS:
            if wanted is not None and kind.answer not in wanted:
                continue
            # A list may get shorter, so that a later page of it need not be there each day.
            parameters = [
                each.parameters for each in held if each.answer is kind.answer and "offset" not in each.parameters
            ]
            if wanted is not None and not parameters:
                parameters = [{}]
            examined += [await _examined(archive, kind.name, kind.answer, each) for each in parameters]
        return examined


async def _examined(archive: Archive, name: str, answer: type[Any], parameters: Mapping[str, str]) -> Examined:
    return Examined(name, parameters, await archive.gaps(answer, parameters))


def gaps_table(examined: Sequence[Examined]) -> Sheet:
    """A row for the answers of each data set and parameters; days in UTC."""
    from openrouter_rankings.render.listing import NO_ROWS, Column, Sheet, printable

    columns = (
        Column("Data set"),
        Column("First"),
        Column("Newest"),
        Column("Age", right=True),
        Column("Missing", right=True),
        Column("Due"),
        Column("Parameters"),
    )
    rows = tuple(
        (
            COMMAND_NAMES[each.data_set],
            _day(each.gaps.first),
            _day(each.gaps.last),
            _age(each.gaps.age),
            str(each.gaps.missing_days),
            _day(each.gaps.due),
            printable(unquote(urlencode(each.parameters))),
        )
        for each in examined
    )
    missing = [
        f"{COMMAND_NAMES[each.data_set]}{_asked(each.parameters)}: {_missing(each.gaps)}."
        for each in examined
        if each.gaps.missing
    ]
    return Sheet("The days in the archive", columns, rows, (*map(printable, missing), *(() if rows else (NO_ROWS,))))


def gaps_json(examined: Sequence[Examined]) -> str:
    """The same as a JSON document; ages in seconds, or null."""
    series = [
        {
            "data_set": each.data_set,
            "parameters": dict(each.parameters),
            "first": _iso(each.gaps.first),
            "date": _iso(each.gaps.last),
            "age_seconds": None if each.gaps.age is None else round(each.gaps.age.total_seconds()),
            "missing": [{"first": str(gap.first), "last": str(gap.last)} for gap in each.gaps.missing],
            "missing_days": each.gaps.missing_days,
            "due": _iso(each.gaps.due),
        }
        for each in examined
    ]
    return json.dumps({"series": series}, indent=2) + "\n"


def _asked(parameters: Mapping[str, str]) -> str:
    return f" ({unquote(urlencode(parameters))})" if parameters else ""


def _missing(gaps: Gaps) -> str:
    spans = [str(gap.first) if gap.days == 1 else f"{gap.first} to {gap.last}" for gap in gaps.missing]
    more = f" and {len(spans) - _MOST_SHOWN} more" if len(spans) > _MOST_SHOWN else ""
    return f"missing {', '.join(spans[:_MOST_SHOWN])}{more}"


def _day(day: object) -> str:
    return "-" if day is None else str(day)


def _iso(day: object) -> str | None:
    return None if day is None else str(day)


def _age(age: timedelta | None) -> str:
    from openrouter_rankings.cli.ages import age_in_words

    return "-" if age is None else age_in_words(age.total_seconds())
