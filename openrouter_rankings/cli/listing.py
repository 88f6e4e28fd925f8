"""From a question to what is printed: the way of all commands that show an answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from openrouter_rankings.cli.answers import answer_to, check_origin
from openrouter_rankings.cli.files import check_target, save
from openrouter_rankings.cli.options import Format, Output
from openrouter_rankings.cli.question import Origin, Question
from openrouter_rankings.cli.streams import note, put, reporting
from openrouter_rankings.render.data_sets import Asked, Table, first, sorted_by, with_columns
from openrouter_rankings.render.listing import NO_ROWS, csv_text, json_text, markdown, sheet, source_lines

__all__ = ["show", "show_own"]

T = TypeVar("T")

_SUFFIXES: dict[str, Format] = {".json": "json", ".csv": "csv", ".md": "markdown", ".markdown": "markdown"}
_PICTURES = frozenset({".png", ".svg"})


def show(
    question: Question[T],
    origin: Origin,
    output: Output,
    table: Callable[[T, Asked, int | None], Table],
    top: int | None,
) -> None:
    """Print the answer, or watch it.

    Args:
        question: what to ask.
        origin: where the answer is to come from.
        output: how it is to be shown.
        table: makes the table of the answer, of what else is known of it, and of the number of rows, all if None.
        top: the number of rows; all if None.
    """

    def arranged(answer: T, asked: Asked) -> Table:
        return _arranged(partial(table, answer, asked), output, top)

    check_origin(question, origin)
    if output.every is not None:
        from openrouter_rankings.cli.watched import watch

        # What can be watched is an answer of the service.
        watched: Question[Any] = question
        watch(watched, origin, output.every, arranged)
        return
    form = _form(output)
    with reporting(output.loudness()), answer_to(question, origin) as (answer, asked):
        _print(arranged(answer, asked), form, output.file)


def show_own(output: Output, table: Callable[[int | None], Table], top: int | None) -> None:
    """Print a table of answers that are here already, in the archive or in files.

    Args:
        output: how it is to be shown.
        table: makes the table of the number of rows, all if None.
        top: the number of rows; all if None.
    """
    form = _form(output)
    with reporting(output.loudness()):
        _print(_arranged(table, output, top), form, output.file)


def _form(output: Output) -> Format:
    suffix = Path(output.file or "").suffix.lower()
    if output.format is None and suffix in _PICTURES:
        raise click.BadParameter("`openrouter-rankings chart` draws pictures.", param_hint="--output")
    form = output.format or _SUFFIXES.get(suffix, "table")
    if form == "json" and (output.columns or output.sort):
        option = "--columns" if output.columns else "--sort"
        raise click.UsageError(f"{option} has no effect on JSON, which keeps the API's shape.")
    check_target(output.file)
    return form


def _arranged(table: Callable[[int | None], Table], output: Output, top: int | None) -> Table:
    arranged = table(top) if output.sort is None else first(sorted_by(table(None), output.sort), top)
    return with_columns(arranged, output.columns) if output.columns else arranged


def _print(table: Table, form: Format, file: str | None) -> None:
    _write(_text(table, form, file), file)
    for line in _unwritten(table, form):
        note(line)


def _unwritten(table: Table, form: Format) -> tuple[str, ...]:
    """What readers must know, and the form has no place for."""
    if form not in {"csv", "json"}:
        return ()
    empty = () if table.records.rows else (NO_ROWS,)
    if form == "csv":
        return (*empty, *table.remarks, *source_lines(table))
    return (*empty, *(source_lines(table) if table.synthetic else ()))


def _text(table: Table, form: Format, file: str | None) -> str:
    if form == "table":
        from openrouter_rankings.cli.screen import drawn

        return drawn(sheet(table), to_terminal=file is None)
    return {"json": json_text, "csv": csv_text, "markdown": markdown}[form](table)


def _write(text: str, file: str | None) -> None:
    if file is None:
        put(text)
    else:
        save(file, text)
