"""An answer as an HTML table, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape
from itertools import islice
from typing import Any

__all__ = ["MAX_ROWS", "html_table"]

MAX_ROWS = 20
"""The number of rows that a notebook shows."""

_MAX_CELL = 100


def html_table(
    title: str, records: Iterable[Mapping[str, Any]], rows: int, notes: Sequence[str], identifiers: Iterable[str] = ()
) -> str:
    """The first records as a table. All text from the data is escaped.

    Args:
        title: the caption.
        records: the rows, all with the same keys. Columns without values are left out.
        rows: the total number of rows.
        notes: the lines below the table, such as the citation.
        identifiers: the columns whose numbers are identifiers, and get no thousands separators.
    """
    shown = list(islice(records, MAX_ROWS))
    names = [name for name in (shown[0] if shown else ()) if any(record[name] is not None for record in shown)]
    grouped = {name: name not in set(identifiers) for name in names}
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(_cell(record[name], grouped[name]) for name in names)}</tr>" for record in shown)
    more = [f"{rows - len(shown):,} more rows"] if rows > len(shown) else []
    foot = "<br>".join(map(escape, (*more, *notes)))
    return (
        f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{foot}</p>"
    )


def _cell(value: Any, grouped: bool) -> str:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return f'<td style="text-align: right">{_number(value, grouped)}</td>'
    text = "" if value is None else str(value)
    return f"<td>{escape(text[:_MAX_CELL])}{'...' if len(text) > _MAX_CELL else ''}</td>"


def _number(value: float | Decimal, grouped: bool) -> str:
    if isinstance(value, float):
        return f"{value:,.6g}"
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,d}" if grouped else str(value)
