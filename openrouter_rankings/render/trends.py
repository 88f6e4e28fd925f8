"""A trend as a table of its dates: gaps stay gaps, and what is incomplete is marked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

import attrs

from openrouter_rankings.analysis.trends import RankingsTrend, TaskTrend
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table, percent, subject
from openrouter_rankings.render.listing import Sparkline
from openrouter_rankings.render.results import result_table

__all__ = ["rankings_trend", "task_trend"]

T = TypeVar("T", TaskTrend, RankingsTrend)

_WORDS: Mapping[str, str] = {
    "listed": "",
    "unlisted": "not in the top list",
    "missing": "no answer",
    "incomplete": "cut off",
    "in progress": "in progress",
}
_NOTICE = "A gap is no zero: on such a date there is no answer, or the top list does not have it."

_DATE = Field("date", "Date", str)
_RANK = Field("rank", "Rank", spare=2)
_STATUS = Field("status", "", _WORDS.__getitem__)


def task_trend(result: TaskTrend, asked: Asked, *, unfinished: Collection[date] = (), last: int | None = None) -> Table:
    """The shares of a task, or of a model or author within it, date by date.

    Args:
        result: the trend.
        asked: what is known of its answers.
        unfinished: dates whose window was not over.
        last: only the last so many dates; all if None.
    """
    result = _last_dates(result, unfinished, last)
    by = result.meta.by
    share = "usage_share" if by == "usage" else "token_share"
    usage = Field("usage_share", "Requests", percent, spare=None if by == "usage" else 3)
    tokens = Field("token_share", "Tokens", percent, spare=None if by == "tokens" else 3)
    # Of a task, the rank may be unknown on all dates.
    rank = (_RANK,) if any(point.rank for point in result.data) else ()
    what = ", ".join(name for name in (result.meta.model or result.meta.author, result.meta.tag) if name)
    made = result_table(
        result,
        asked,
        subject=f"trend of {what} by share of {'requests' if by == 'usage' else 'tokens'}",
        fields=(_DATE, *rank, usage, tokens, Field(share, "", drawn=True, spare=1), _STATUS),
    )
    return _dated(made, share, result.meta.incomplete)


def rankings_trend(
    result: RankingsTrend, asked: Asked, *, unfinished: Collection[date] = (), last: int | None = None
) -> Table:
    """The tokens of a model or author, date by date; see ``task_trend``."""
    result = _last_dates(result, unfinished, last)
    fields = (
        _DATE,
        _RANK,
        Field("total_tokens", "Tokens"),
        Field("token_share", "Share", percent),
        Field("total_tokens", "", drawn=True, spare=1),
        _STATUS,
    )
    what = result.meta.model or result.meta.author or ""
    made = result_table(result, asked, subject=subject(f"trend of the tokens of {what}", asked, None), fields=fields)
    return _dated(made, "total_tokens", result.meta.incomplete)


def _last_dates(result: T, unfinished: Collection[date], last: int | None) -> T:
    """The last dates of a trend, those that are incomplete among them; all if None."""
    incomplete = {*result.meta.incomplete, *unfinished}
    dates = sorted({point.date for point in result.data} | incomplete)
    first = dates[-min(last or len(dates), len(dates))]
    return attrs.evolve(
        result,
        data=tuple(point for point in result.data if point.date >= first and point.date not in incomplete),
        meta=attrs.evolve(result.meta, incomplete=tuple(day for day in sorted(incomplete) if day >= first)),
    )


def _dated(table: Table, figure: str, incomplete: Collection[date]) -> Table:
    """The table with the dates that are incomplete among its rows, and the line of its figures."""
    latest = max((row["date"] for row in table.records.rows), default=date.min)
    nothing: dict[str, Any] = dict.fromkeys(table.records.columns)
    marked = [{**nothing, "date": day, "status": "in progress" if day > latest else "incomplete"} for day in incomplete]
    rows = sorted([*table.records.rows, *marked], key=lambda row: row["date"])
    gaps = any(row["status"] in {"unlisted", "missing"} for row in rows)
    return attrs.evolve(
        table,
        remarks=(*((_NOTICE,) if gaps else ()), *table.remarks),
        subject=f"{table.subject}, {rows[0]['date']} to {rows[-1]['date']}",
        records=Records(table.records.columns, rows),
        line=_line([(row["date"], row[figure], row["status"]) for row in rows]),
    )


def _line(points: Iterable[tuple[Any, Any, Any]]) -> Sparkline | None:
    over = [(day, value) for day, value, status in points if status != "in progress"]
    if len(over) < 2:
        return None
    in_progress = [str(day) for day, _, status in points if status == "in progress"]
    more = f"; in progress: {', '.join(in_progress)}" if in_progress else ""
    return Sparkline(tuple(value for _, value in over), f"{over[0][0]} to {over[-1][0]}{more}")
