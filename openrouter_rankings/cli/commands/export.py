"""The command ``export``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs
import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.data_sets import answer_types, data_sets_argument
from openrouter_rankings.cli.options import command as make_command
from openrouter_rankings.cli.options import file_or_stdout, option

if TYPE_CHECKING:
    from openrouter_rankings.history import Archive

__all__ = ["command"]

_ABOUT_TABLES = "They have no place for the citation and licence of each answer; JSON lines have them."

_LINES = (".jsonl", ".jsonl.gz")

Form = Literal["jsonl", "csv", "parquet"]


@make_command(
    "export",
    examples=(
        ("export -o archive.jsonl.gz", "All that the archive knows, for a backup or another archive"),
        ("export models --start 2026-01 -f parquet -o tables", "This year's daily rankings, for DuckDB or polars"),
    ),
)
@data_sets_argument
@option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    metavar="FORM",
    help="jsonl, csv, or parquet, which needs polars.  [default: jsonl]",
)
@option("--start", metavar="DATE", help="The first UTC day: 2026-09-16, 2026-09, yesterday, 7d.  [default: the first]")
@option("--end", metavar="DATE", help="The last UTC day, in the same forms.  [default: the newest]")
@option("--by-date", is_flag=True, help="A file for each date, or for tables a folder.")
@option(
    "-o",
    "--output",
    "target",
    type=click.Path(),
    metavar="PATH",
    callback=file_or_stdout,
    help="Write here, whole or not at all: a file that ends in .jsonl or .jsonl.gz, which is gzipped; for tables and "
    "--by-date a folder.",
)
@db_option()
@option("-q", "--quiet", is_flag=True, help="Only failures on stderr.")
def command(
    data_sets: Sequence[str],
    form: Form | None,
    start: str | None,
    end: str | None,
    by_date: bool,
    target: str | None,
    db: str | None,
    quiet: bool,
) -> None:
    """Write the archive out, as JSON lines or as tables.

    DATA_SET is tasks, models, apps, sessions or benchmarks; all five if none
    is given. JSON lines hold every revision of every answer as it was
    received, with its citation, and `import` makes an equal archive of them;
    without --output they go to stdout. Tables, as CSV or Parquet, hold the
    newest figures of each complete date, in a file for each kind of row.
    """
    from openrouter_rankings.cli.days import day_of
    from openrouter_rankings.cli.files import check_no_database
    from openrouter_rankings.cli.streams import Loudness, reporting

    if target is not None:
        check_no_database(target)
    today = datetime.now(UTC).date()
    wanted = _Export(
        form=_form(form, target, by_date=by_date),
        data_sets=data_sets,
        start=day_of("--start", start, today),
        end=day_of("--end", end, today),
        by_date=by_date,
    )
    with reporting(Loudness.QUIET if quiet else Loudness.NORMAL):
        asyncio.run(_export(wanted, db, target))


@attrs.frozen(kw_only=True)
class _Export:
    """What to export, and how.

    Attributes:
        form: the form.
        data_sets: the names of the data sets; all if none is given.
        start: the first date, as ISO text; None is the first there is.
        end: the last date.
        by_date: a file or folder for each date.
    """

    form: Form
    data_sets: Sequence[str]
    start: str | None
    end: str | None
    by_date: bool


def _form(form: Form | None, target: str | None, *, by_date: bool) -> Form:
    suffix = "" if target is None else Path(target).suffix.lower()
    if form is None and suffix in {".csv", ".parquet"}:
        raise click.UsageError(f"Tables are several files: give a folder and --format {suffix[1:]}.")
    if target is None and (by_date or form in {"csv", "parquet"}):
        raise click.UsageError("Several files need a folder: give --output.")
    if target is not None and not by_date and form in {None, "jsonl"}:
        _check_name(Path(target))
    return form or "jsonl"


def _check_name(target: Path) -> None:
    """Refuse a file that ``import`` would not know as lines; a device or a pipe is no such file."""
    if not target.name.lower().endswith(_LINES) and (target.is_file() or not target.exists()):
        raise click.BadParameter(
            f"{target} does not end in {' or '.join(_LINES)}, and `import` would not read it.", param_hint="--output"
        )


async def _export(wanted: _Export, db: str | None, target: str | None) -> None:
    from openrouter_rankings.cli.archive import archive_to_read
    from openrouter_rankings.cli.streams import note
    from openrouter_rankings.history import export_lines, export_tables

    types = answer_types(wanted.data_sets)
    async with archive_to_read(db) as archive:
        if target is None:
            await _to_stdout(archive, wanted)
        elif wanted.form == "jsonl":
            dates = {"start": wanted.start, "end": wanted.end}
            count = await export_lines(archive, target, types, **dates, by_date=wanted.by_date)
            note(f"Wrote {count:,} answers to {target}.")
        else:
            files = await export_tables(
                archive, target, wanted.form, types, start=wanted.start, end=wanted.end, by_date=wanted.by_date
            )
            note(f"Wrote {len(files):,} files to {target}. {_ABOUT_TABLES}")


async def _to_stdout(archive: Archive, wanted: _Export) -> None:
    from openrouter_rankings.cli.streams import put
    from openrouter_rankings.history import exported_lines

    types = answer_types(wanted.data_sets)
    async with aclosing(exported_lines(archive, types, start=wanted.start, end=wanted.end)) as lines:
        async for line in lines:
            put(line.decode())
