"""What every format has in common: a ``Listing`` says what is to be shown, and is shown alike in each of them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import attrs

from openrouter_rankings.models.synthetic import NOTICE

__all__ = [
    "SYNTHETIC_NOTICE",
    "Column",
    "Listing",
    "Sheet",
    "csv_text",
    "json_text",
    "markdown",
    "printable",
    "sheet",
    "source_lines",
]

SYNTHETIC_NOTICE = NOTICE


@attrs.frozen
class Column:
    """A column of a ``Sheet``.

    Attributes:
        heading: its heading.
        right: its cells are numbers, and stand on the right.
        spare: its place in the order in which columns are given up where there is no room, those of one place together;
            None is never given up.
    """

    heading: str
    right: bool = False
    spare: int | None = None


@attrs.frozen
class Sheet:
    """A table for people: no control characters in any text.

    Attributes:
        title: one line.
        columns: the columns; the last one holds names, which are long.
        rows: the cells, row by row.
        notes: the lines below the table; they carry the citation.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


class Listing(Protocol):
    """What is to be shown of an answer.

    Attributes:
        synthetic: the figures are invented, and every text must say so.
        subject: what they are, as a line without a full stop.
        columns: the columns for people; the last one holds names, which are long.
        cells: the cells for people, row by row, without control characters.
        remarks: what people must know besides, a line each.
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
    def remarks(self) -> tuple[str, ...]: ...
    @property
    def citations(self) -> tuple[str, ...]: ...
    @property
    def licence(self) -> str: ...

    def records(self) -> tuple[Sequence[str], Iterable[Mapping[str, Any]]]:
        """The fields of the rows, and the rows, with exact values."""
        ...

    def document(self) -> dict[str, Any]:
        """The rows in the API's shape, so that they read back, and what else belongs to them."""
        ...


def sheet(listing: Listing) -> Sheet:
    """The listing as a table for people."""
    return Sheet(_title(listing), listing.columns, listing.cells, (*listing.remarks, *source_lines(listing)))


def markdown(listing: Listing) -> str:
    """The listing as a Markdown document: title, table, citation."""
    page = sheet(listing)
    rule = tuple("---:" if column.right else "---" for column in page.columns)
    head = tuple(column.heading for column in page.columns)
    rows = [tuple(map(_escape, row)) for row in page.rows]
    table = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    return "\n".join([f"## {_escape(page.title)}", "", *table, "", "  \n".join(page.notes), ""])


def csv_text(listing: Listing) -> str:
    """The listing as CSV, with exact values.

    It has no place for the citation: show ``remarks`` and ``source_lines`` beside it.
    """
    fields, rows = listing.records()
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _exact(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def json_text(listing: Listing) -> str:
    """The listing as JSON in the API's shape, so that it reads back; the citation and licence stand beside ``data``.

    Invented figures have ``"synthetic": true``, and no licence.
    """
    document = listing.document()
    if listing.synthetic:
        document |= {"citation": " ".join(source_lines(listing)), "licence": None, "synthetic": True}
    else:
        document |= {"citation": " ".join(listing.citations), "licence": listing.licence}
    return json.dumps(document, indent=2) + "\n"


def source_lines(listing: Listing) -> tuple[str, ...]:
    """The citation and the licence; for invented figures, what they are and how a live answer would be cited."""
    citations = tuple(map(printable, listing.citations))
    if listing.synthetic:
        return SYNTHETIC_NOTICE, *(f'A live answer: "{citation}"' for citation in citations)
    return *citations, listing.licence


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
