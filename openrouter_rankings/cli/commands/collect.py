"""The command ``collect``."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlencode

import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.data_sets import COMMAND_NAMES, answer_types, data_sets_argument
from openrouter_rankings.cli.options import Share, asks_service, option
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.history import Collected, CollectReport

__all__ = ["command", "json_lines", "problems", "text_lines"]


@make_command(
    "collect",
    examples=(
        ("collect", "Everything, into the archive in your data folder"),
        ("collect tasks models --quiet", "In a cron job: prints nothing unless something fails"),
    ),
)
@data_sets_argument
@option("--since", metavar="DATE", help="The first day of the daily rankings to keep.  [default: 2025-01-01]")
@option(
    "--keep",
    type=Share(),
    default="10%",
    metavar="SHARE",
    help="Leave this share of the day's requests to others who use the key.  [default: 10%]",
)
@db_option()
@option("--synthetic", is_flag=True, help="Archive invented figures too, such as those of `emulate`.")
@option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="The form.")
@option("-q", "--quiet", is_flag=True, help="Print nothing but failures.")
@asks_service
def command(
    data_sets: Sequence[str],
    since: str | None,
    keep: float,
    db: str | None,
    synthetic: bool,
    form: Literal["text", "json"],
    quiet: bool,
    origin: Origin,
) -> None:
    """Ask for what people follow, and archive every answer for good.

    DATA_SET is tasks, models, apps, sessions or benchmarks; all five if none
    is given. Of models, that is the daily rankings of all traffic and of each
    modality, use and type of language, from the first day on; days that the
    archive has already are not asked for again. Of apps and sessions, it is
    all pages.

    One line for each data set says what became of its answers. One that fails
    does not stop the others, and the next call goes on where this one ended.
    The exit status is 0 if all is archived, whether it is new or not, and 1 if
    something failed, was refused or was left for tomorrow.
    """
    from openrouter_rankings.cli.days import day_of
    from openrouter_rankings.cli.service import require_key
    from openrouter_rankings.cli.streams import Loudness, put, reporting, say
    from openrouter_rankings.history import CollectReport, collect_exit_code

    today = datetime.now(UTC).date()
    first = day_of("--since", since, today)
    if first is not None and first >= str(today):
        raise click.BadParameter(f"{first} is not over: only days before today are asked for.", param_hint="--since")
    shown = json_lines if form == "json" else _no_lines if quiet else text_lines
    answers: list[Collected] = []
    with reporting(Loudness.QUIET if quiet else Loudness.NORMAL):
        require_key()
        try:
            asyncio.run(_collect(data_sets, origin, db, first, keep, answers.append, synthetic=synthetic))
        finally:
            # Also of a collection that was interrupted: what it archived stays.
            report = CollectReport(tuple(answers))
            for line in problems(report):
                say(line)
            put("".join(f"{line}\n" for line in shown(report)))
        if code := collect_exit_code(report):
            raise click.exceptions.Exit(code)


async def _collect(
    data_sets: Sequence[str],
    origin: Origin,
    db: str | None,
    since: str | None,
    leave: float,
    archived: Callable[[Collected], None],
    *,
    synthetic: bool,
) -> None:
    from openrouter_rankings.cli.archive import archive_to_fill
    from openrouter_rankings.cli.service import counting_client
    from openrouter_rankings.cli.waiting import reported_waits
    from openrouter_rankings.models.rankings_daily import FIRST_DAY

    async with (
        archive_to_fill(db, synthetic=synthetic) as archive,
        counting_client(origin) as client,
        reported_waits(client, "answers") as waiting,
    ):
        count = 0

        def progress(collected: Collected) -> None:
            nonlocal count
            count += 1
            archived(collected)
            waiting(count, None)

        await archive.collect(client, answer_types(data_sets), since=since or FIRST_DAY, leave=leave, progress=progress)


def text_lines(report: CollectReport) -> Iterator[str]:
    """A line for each data set: what became of its answers, and the days that they are about."""
    for data_set, answers in _by_data_set(report):
        counts = Counter(answer.outcome for answer in answers)
        said = ", ".join(_counted(count, outcome) for outcome, count in counts.items())
        nothing_new = "nothing new, " if counts.keys() == {"unchanged"} else ""
        span = _span(answers)
        days = f" ({' to '.join(dict.fromkeys(map(str, span)))})" if span else ""
        yield f"{COMMAND_NAMES[data_set]}: {nothing_new}{said}{days}"


def json_lines(report: CollectReport) -> Iterator[str]:
    """The same as a JSON object for each data set, with each problem."""
    from openrouter_rankings.history import Outcome

    for data_set, answers in _by_data_set(report):
        counts = Counter(answer.outcome for answer in answers)
        first, last = _span(answers) or (None, None)
        document = {
            "data_set": data_set,
            **{str(outcome): counts[outcome] for outcome in Outcome},
            "first": None if first is None else str(first),
            "date": None if last is None else str(last),
            "problems": [
                {"parameters": answer.parameters, "outcome": answer.outcome, "problem": answer.problem}
                for answer in answers
                if answer.problem is not None
            ],
        }
        yield json.dumps(document, ensure_ascii=False)


def problems(report: CollectReport) -> Iterator[str]:
    """A line for each problem of a data set, with the request that had it, or their number."""
    from openrouter_rankings.cli.words import in_words
    from openrouter_rankings.render.listing import printable

    for data_set, answers in _by_data_set(report):
        same: dict[tuple[str, str], list[Collected]] = {}
        for answer in answers:
            if answer.problem is not None:
                same.setdefault((answer.outcome, answer.problem), []).append(answer)
        for (outcome, problem), those in same.items():
            asked = unquote(urlencode(those[0].parameters)) if len(those) == 1 else f"{len(those)} requests"
            name = f"{COMMAND_NAMES[data_set]}{f' ({asked})' if asked else ''}"
            yield printable(f"{name}: {outcome}: {in_words(problem)}")


def _no_lines(_report: CollectReport) -> Iterable[str]:
    return ()


def _by_data_set(report: CollectReport) -> Iterator[tuple[str, list[Collected]]]:
    ordered = sorted(report.answers, key=lambda answer: list(COMMAND_NAMES).index(answer.data_set))
    for data_set, answers in groupby(ordered, key=lambda answer: answer.data_set):
        yield data_set, list(answers)


def _counted(count: int, outcome: str) -> str:
    return f"{count} {outcome}{'s' if outcome == 'revision' and count > 1 else ''}"


def _span(answers: Iterable[Collected]) -> tuple[date, date] | None:
    """The first and the last day that the answers are about; None if there is none."""
    days = [(answer.first, answer.date) for answer in answers if answer.first is not None and answer.date is not None]
    return (min(first for first, _ in days), max(last for _, last in days)) if days else None
