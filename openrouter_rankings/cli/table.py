"""A sheet as a table for the terminal, fitted to its width; plain text without styles."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

import attrs
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from openrouter_rankings.render.listing import Sheet

__all__ = ["table"]

# Model ids are about 40 long. With less room than this for them, another column is given up.
_ROOM_FOR_MODELS = 28
_LEAST_ROOM = 8

# One space: at 80 columns two would cost the model ids the dates at their ends, in which they differ.
_GAP = 1

# Like rich's SIMPLE_HEAD, in ASCII: not every terminal and file has letters for lines. It puts the gap between columns.
_BOX = box.Box("    \n    \n -- \n" + "    \n" * 5, ascii=True)


def table(sheet: Sheet, width: int) -> str:
    """The sheet in ``width`` columns, one line a row: what does not fit is left out or cut with an ellipsis."""
    fitted = _fitted(_aligned(sheet), width)
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as captured:
        console.print(_grid(fitted, max(_room_for_models(fitted, width), _LEAST_ROOM)))
    lines = [line.rstrip() for line in captured.get().splitlines()]
    notes = (textwrap.fill(note, width, break_long_words=False, break_on_hyphens=False) for note in sheet.notes)
    return "\n".join([textwrap.fill(sheet.title, width), "", *lines, "", *notes, ""])


def _grid(sheet: Sheet, room: int) -> Table:
    grid = Table(box=_BOX, padding=0, pad_edge=False, show_edge=False, header_style="")
    for column in sheet.columns:
        grid.add_column(
            Text(column.heading),
            no_wrap=True,
            overflow="ellipsis",
            max_width=room if column is sheet.columns[-1] else None,
        )
    for row in sheet.rows:
        grid.add_row(*map(Text, row))
    return grid


def _aligned(sheet: Sheet) -> Sheet:
    """The sheet with numbers on the right of their columns, and their decimal points under each other."""
    cells = [
        _right_aligned(column.heading, texts) if column.right else (column.heading, *texts)
        for column, *texts in zip(sheet.columns, *sheet.rows, strict=True)
    ]
    headings, *rows = zip(*cells, strict=True)
    columns = (attrs.evolve(column, heading=text) for column, text in zip(sheet.columns, headings, strict=True))
    return attrs.evolve(sheet, columns=tuple(columns), rows=tuple(rows))


def _right_aligned(heading: str, texts: Sequence[str]) -> tuple[str, ...]:
    fractions = [len(text) - len(text.partition(".")[0]) for text in texts]
    longest = max(fractions, default=0)
    cells = [heading, *(text + " " * (longest - length) for text, length in zip(texts, fractions, strict=True))]
    width = max(map(cell_len, cells))
    return tuple(" " * (width - cell_len(cell)) + cell for cell in cells)


def _fitted(sheet: Sheet, width: int) -> Sheet:
    spares = [column.spare for column in sheet.columns if column.spare is not None]
    if not spares or _room_for_models(sheet, width) >= _ROOM_FOR_MODELS:
        return sheet
    kept = [index for index, column in enumerate(sheet.columns) if column.spare != min(spares)]
    columns = tuple(sheet.columns[index] for index in kept)
    rows = tuple(tuple(row[index] for index in kept) for row in sheet.rows)
    return _fitted(attrs.evolve(sheet, columns=columns, rows=rows), width)


def _room_for_models(sheet: Sheet, width: int) -> int:
    headings = tuple(column.heading for column in sheet.columns)
    others = list(zip(headings, *sheet.rows, strict=True))[:-1]
    return width - sum(max(map(cell_len, cells)) + _GAP for cells in others)
