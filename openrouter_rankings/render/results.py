"""What the tables of the analysis have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from openrouter_rankings.analysis.result import Analysis
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table
from openrouter_rankings.render.listing import Sparkline

__all__ = ["result_table"]


def result_table(
    result: Analysis,
    asked: Asked,
    *,
    subject: str,
    fields: Sequence[Field],
    drawings: Iterable[Mapping[str, Any]] = (),
    remarks: Iterable[str] = (),
    beside: Mapping[str, Any] | None = None,
    group_by: str | None = None,
    line: Sparkline | None = None,
) -> Table:
    """The table of a result, with its remarks, citations and licence.

    Args:
        result: the result.
        asked: what is known of the answer that it was computed from.
        subject: what is shown, as a line without a full stop.
        fields: the columns for people.
        drawings: for each row, what ``fields`` show beyond its records; none if there is nothing of the kind.
        remarks: what readers must know first, a line each.
        beside: what stands in JSON beside the result.
        group_by: the column of the records that groups the rows by colour.
        line: what a terminal draws above the table.
    """
    records = result.to_records()
    rows = [record | dict(more) for record, more in zip(records, drawings, strict=True)] if drawings else records
    return Table(
        answer=result,
        asked=attrs.evolve(asked, synthetic=asked.synthetic or result.synthetic),
        subject=subject,
        fields=tuple(fields),
        records=Records(result.columns, rows),
        plain=result.to_dict,
        group_by=group_by,
        remarks=(*remarks, *result.meta.remarks),
        beside=beside or {},
        line=line,
    )
