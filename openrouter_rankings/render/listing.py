"""A table for people and programs, and its forms that need no terminal: Markdown, CSV and JSON."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import attrs

from openrouter_rankings.csv_lines import CsvLines
from openrouter_rankings.models.synthetic import NOTICE, SYNTHETIC

__all__ = [
    "NO_ROWS",
    "SYNTHETIC_NOTICE",
    "Column",
    "Listing",
    "Sheet",
    "Sparkline",
    "csv_text",
    "json_text",
    "markdown",
    "printable",
    "sheet",
    "source_lines",
]

SYNTHETIC_NOTICE = NOTICE
NO_ROWS = "No rows."


@attrs.frozen
class Column:
    """A column of a ``Sheet``.

    Attributes:
        heading: its heading.
        right: its cells are numbers, aligned on the right.
        spare: its rank in the order in which columns are left out for lack of room, columns of one rank together; None
            is never left out.
        grouped: its cells take the colour of their row's group.
        drawn: for a column of bars or sparklines, the numbers of each row: one for a bar, several for a sparkline. None
            within a row is a gap. The cells of such a column are empty, and only a terminal shows it.
    """

    heading: str
    right: bool = False
    spare: int | None = None
    grouped: bool = False
    drawn: tuple[tuple[float | None, ...], ...] | None = None


@attrs.frozen
class Sparkline:
    """Figures over time, as one line of text.

    Attributes:
        values: the figures in the order of their dates; None is a gap.
        caption: the dates, for the line below it.
    """

    values: tuple[float | None, ...]
    caption: str


@attrs.frozen
class Sheet:
    """A table for people: no control characters in any text.

    Attributes:
        title: one line.
        columns: the columns; the last one holds names, which are long.
        rows: the cells, row by row.
        notes: the lines below the table; they carry the citation.
        groups: the group of each row, which its colour shows; empty if the rows have none.
        line: what a terminal draws above the table; None for nothing.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    groups: tuple[str, ...] = ()
    line: Sparkline | None = None


class Listing(Protocol):
    """What is to be shown of an answer.

    Attributes:
        synthetic: the figures are invented, and every text must say so.
        subject: what they are, as a line without a full stop.
        columns: the columns for people; the last one holds names, which are long.
        cells: the cells for people, row by row, without control characters.
        groups: the group of each row, see ``Sheet``.
        line: what a terminal draws above the table; None for nothing.
        remarks: what readers must know, a line each.
        citations: the lines that the source asks for, at least one.
        licence: the line to add where the data itself is republished.
    """

    @property
    def synthetic(self) -> bool: ...
    @property
    def subject(self) -> str: ...
    @property
    def columns(self) -> tuple[Column, ...]: ...
    @property
    def cells(self) -> tuple[tuple[str, ...], ...]: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def line(self) -> Sparkline | None: ...
    @property
    def remarks(self) -> tuple[str, ...]: ...
    @property
    def citations(self) -> tuple[str, ...]: ...
    @property
    def licence(self) -> str: ...

    def exact(self) -> tuple[Sequence[str], Iterable[Mapping[str, Any]]]:
        """The names of the columns, and the rows with exact values."""
        ...

    def document(self) -> dict[str, Any]:
        """The rows in the API's shape, so that they read back, and what else belongs to them."""
        ...


def sheet(listing: Listing) -> Sheet:
    """The listing as a table for people."""
    cells = listing.cells
    notes = (*(() if cells else (NO_ROWS,)), *listing.remarks, *source_lines(listing))
    return Sheet(_title(listing), listing.columns, cells, notes, listing.groups, listing.line)


def markdown(listing: Listing) -> str:
    """The listing as a Markdown document: title, table, citation."""
    page = sheet(listing)
    shown = [index for index, column in enumerate(page.columns) if column.drawn is None]
    rule = tuple("---:" if page.columns[index].right else "---" for index in shown)
    head = tuple(page.columns[index].heading for index in shown)
    rows = [tuple(_escape(row[index]) for index in shown) for row in page.rows]
    table = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    return "\n".join([f"## {_escape(page.title)}", "", *table, "", "  \n".join(page.notes), ""])


def csv_text(listing: Listing) -> str:
    """The listing as CSV, with exact values.

    It has no place for the citation: show ``remarks`` and ``source_lines`` beside it.
    """
    names, rows = listing.exact()
    text = io.StringIO()
    lines = CsvLines(text)
    lines.add(names)
    for row in rows:
        lines.add(_exact(row[name]) for name in names)
    return text.getvalue()


def json_text(listing: Listing) -> str:
    """The listing as JSON in the API's shape, so that it reads back; the citation and licence stand beside ``data``.

    Invented figures have ``"synthetic": true``, and no licence.
    """
    document = {name: value for name, value in listing.document().items() if name != SYNTHETIC} | {
        "citation": SYNTHETIC_NOTICE if listing.synthetic else " ".join(listing.citations),
        "licence": None if listing.synthetic else listing.licence,
        **({SYNTHETIC: True} if listing.synthetic else {}),
    }
    return json.dumps(document, indent=2) + "\n"


def source_lines(listing: Listing) -> tuple[str, ...]:
    """The citation and the licence; for invented figures, only that they are invented."""
    if listing.synthetic:
        return (SYNTHETIC_NOTICE,)
    return *map(printable, listing.citations), listing.licence


def printable(text: str) -> str:
    """``text`` on one line, with nothing in it that a terminal would obey."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(letter if letter.isprintable() else "\ufffd" for letter in line)


def _exact(value: object) -> object:
    # Written by itself, a small one would have an exponent.
    return f"{value:f}" if isinstance(value, Decimal) else value


def _title(listing: Listing) -> str:
    subject = printable(listing.subject)
    return f"Synthetic sample: {subject}" if listing.synthetic else subject[0].upper() + subject[1:]


# An underscore within a word is no mark in Markdown, and tags are full of them.
_MARKS = re.compile(r"[\\`*\[\]<>|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def _escape(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", text)
