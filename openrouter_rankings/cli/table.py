"""A sheet as a table for the terminal, fitted to its width; plain text without styles."""

from __future__ import annotations

import io
import textwrap

import attrs
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from openrouter_rankings.render.task_classifications import Sheet

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
    fitted = _fitted(sheet, width)
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as captured:
        console.print(_grid(fitted, max(_room_for_models(fitted, width), _LEAST_ROOM)))
    lines = [line.rstrip() for line in captured.get().splitlines()]
    return "\n".join([textwrap.fill(sheet.title, width), "", *lines, "", *sheet.notes, ""])


def _grid(sheet: Sheet, room: int) -> Table:
    grid = Table(box=_BOX, padding=0, pad_edge=False, show_edge=False, header_style="")
    for column in sheet.columns:
        grid.add_column(
            Text(column.heading),
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis",
            max_width=room if column is sheet.columns[-1] else None,
        )
    for row in sheet.rows:
        grid.add_row(*map(Text, row))
    return grid


def _fitted(sheet: Sheet, width: int) -> Sheet:
    spares = [(column.spare, index) for index, column in enumerate(sheet.columns) if column.spare is not None]
    if not spares or _room_for_models(sheet, width) >= _ROOM_FOR_MODELS:
        return sheet
    _, given_up = min(spares)
    columns = sheet.columns[:given_up] + sheet.columns[given_up + 1 :]
    rows = tuple(row[:given_up] + row[given_up + 1 :] for row in sheet.rows)
    return _fitted(attrs.evolve(sheet, columns=columns, rows=rows), width)


def _room_for_models(sheet: Sheet, width: int) -> int:
    headings = tuple(column.heading for column in sheet.columns)
    others = list(zip(headings, *sheet.rows, strict=True))[:-1]
    return width - sum(max(map(cell_len, cells)) + _GAP for cells in others)
