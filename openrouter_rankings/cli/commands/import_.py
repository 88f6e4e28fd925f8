"""The command ``import``."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.options import command as make_command
from openrouter_rankings.cli.options import option

if TYPE_CHECKING:
    from openrouter_rankings.history import ImportReport

__all__ = ["command"]

_MOST_SHOWN = 20


def _parameters(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for (name, sign, _), text in zip(pairs, given, strict=True):
        if not name or not sign:
            raise click.BadParameter(f'"{text}" is not NAME=VALUE, such as category=science.', ctx, param)
    return {name: value for name, _, value in pairs}


@make_command(
    "import",
    examples=(
        ("import answers/", "Every answer below a folder"),
        ("import --param period=week weeks-*.json.gz", "Weekly rankings, which do not say that they are weekly"),
    ),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(), metavar="PATH...")
@option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_parameters,
    help="What the answers were asked for with, as the API names it; repeat it for more.",
)
@db_option()
@option("--synthetic", is_flag=True, help="Archive invented figures too, such as those of `emulate`.")
@option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="The form.")
@option("-q", "--quiet", is_flag=True, help="Print nothing but what was refused.")
def command(
    paths: Sequence[str],
    parameters: Mapping[str, str],
    db: str | None,
    synthetic: bool,
    form: Literal["text", "json"],
    quiet: bool,
) -> None:
    """Archive saved answers: files, or all of a folder.

    A file is an answer as the API gave it (.json, .json.gz), an envelope that
    holds answers under requests[].response, or an export of an archive
    (.jsonl, .jsonl.gz). In a folder and those below it, files with these
    suffixes count. An answer does not repeat its parameters: where it was
    asked for with some, and its file does not say so, give them with --param.
    JSON of this program has "narrowed": true where rows were left out, as with
    --top or by `apps` without it, and is then refused.

    It can be interrupted and repeated: what was archived stays, and is then
    unchanged. The exit status is 0 if every answer was taken, whether it is
    new or not, and 1 if some were refused.
    """
    from openrouter_rankings.cli.streams import Loudness, put, reporting

    for path in paths:
        if not Path(path).exists():
            raise click.BadParameter(f"There is no file or folder {path}.", param_hint="PATH")
    with reporting(Loudness.QUIET if quiet else Loudness.NORMAL):
        report = asyncio.run(_import(paths, parameters, db, synthetic=synthetic))
        _say_refusals(report)
        if form == "json":
            put(_json(report))
        elif not quiet:
            put(_text(report))
        if report.refused:
            raise click.exceptions.Exit(1)


async def _import(
    paths: Sequence[str], parameters: Mapping[str, str], db: str | None, *, synthetic: bool
) -> ImportReport:
    from openrouter_rankings.cli.archive import archive_to_fill
    from openrouter_rankings.cli.streams import StatusLine, note
    from openrouter_rankings.cli.terminal import has_cursor
    from openrouter_rankings.history import import_files

    status = StatusLine() if has_cursor(sys.stderr) else None
    try:
        with nullcontext() if status is None else status.in_use():
            async with archive_to_fill(db, synthetic=synthetic) as archive:
                return await import_files(archive, paths, parameters, progress=_progress(status))
    except asyncio.CancelledError:
        note("Interrupted. What was archived stays; the same command goes on with the rest.")
        raise


def _progress(status: object) -> Callable[[int, int], object]:
    from openrouter_rankings.cli.streams import StatusLine

    if not isinstance(status, StatusLine):
        return lambda _done, _total: None
    return lambda done, total: status.show(f"Importing: {done:,} of {total:,} files")


def _say_refusals(report: ImportReport) -> None:
    from openrouter_rankings.cli.streams import say
    from openrouter_rankings.cli.words import in_words
    from openrouter_rankings.render.listing import printable

    for refusal in report.refusals[:_MOST_SHOWN]:
        say(printable(f"refused: {refusal.source}: {in_words(refusal.reason)}"))
    if report.refused > _MOST_SHOWN:
        say(f"refused: {report.refused - _MOST_SHOWN:,} more; --format json lists the first thousand.")


def _text(report: ImportReport) -> str:
    revisions = f"{report.revisions:,} revision{'' if report.revisions == 1 else 's'}"
    return f"{report.new:,} new, {report.unchanged:,} unchanged, {revisions}, {report.refused:,} refused\n"


def _json(report: ImportReport) -> str:
    document = {
        "new": report.new,
        "unchanged": report.unchanged,
        "revision": report.revisions,
        "refused": report.refused,
        "refusals": [{"source": refusal.source, "reason": refusal.reason} for refusal in report.refusals],
    }
    return json.dumps(document, indent=2) + "\n"
