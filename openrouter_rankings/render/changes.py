"""A column of change beside the figures of a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import attrs

from openrouter_rankings.analysis.app_comparison import AppChange, AppComparison
from openrouter_rankings.analysis.changes import ComparedSpan, ComparisonMeta
from openrouter_rankings.analysis.rankings_comparison import RankingsComparison
from openrouter_rankings.analysis.slugs import parse_slug
from openrouter_rankings.analysis.task_comparison import TaskComparison
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.models.task_classifications import By
from openrouter_rankings.render.data_sets import Field, Records, Table

__all__ = [
    "change_notes",
    "change_text",
    "percentage_points",
    "signed",
    "with_app_changes",
    "with_rankings_changes",
    "with_task_changes",
]

_WORDS: Mapping[str, str] = {"entered": "new", "left": "left"}
_HIDDEN = "?"

_NOTES: Mapping[str, str] = {
    "new": "new: not in the top list then, which is not zero.",
    "left": "left: no longer in the top list, which is not zero.",
    _HIDDEN: "?: not known, because what the top lists leave out could reverse it.",
}

_COLUMNS: Columns = {"change": float | None, "change_status": str | None, "change_since": date}


def signed(text: str) -> str:
    """A number as text with its sign; none for a zero, however many digits it has."""
    if not text.strip("-+0.,%"):
        return text.lstrip("-+")
    return text if text.startswith("-") else f"+{text}"


def percentage_points(share: float, decimals: int = 1) -> str:
    """The difference of two shares: ``+1.2``, ``-0.3``, ``0.0``."""
    return signed(f"{share * 100:.{decimals}f}")


def change_notes(shown: Sequence[str]) -> Iterator[str]:
    """What the words in a column of change say, for those that occur in it."""
    return (note for word, note in _NOTES.items() if word in shown)


@attrs.frozen
class _Change:
    """What became of one row.

    Attributes:
        status: whether both answers list it.
        value: the change; None if it is not known.
    """

    status: str
    value: float | None


_NOTHING = _Change("", None)


def with_task_changes(table: Table, comparison: TaskComparison, by: By) -> Table:
    """The table of tasks, or of models within tasks, with the change of the shares that it is ranked by."""
    figure, what = ("usage_share_change", "requests") if by == "usage" else ("token_share_change", "tokens")
    changes: defaultdict[str, dict[str | None, _Change]] = defaultdict(dict)
    for row in comparison.data:
        changes[row.tag][row.id] = _Change(row.status, getattr(row, figure))
    note = f"Change: percentage points of the share of {what}, {_against(comparison.meta)}"
    if comparison.meta.of == "task":
        found = [changes[row["tag"]][None] for row in table.records.rows]
        return _with_changes(table, found, ("tag",), comparison.meta, note, percentage_points)
    models = {tag: _by_slug({str(model): each for model, each in its.items()}) for tag, its in changes.items()}
    found = [models[row["tag"]](row["id"]) for row in table.records.rows]
    return _with_changes(table, found, ("tag", "id"), comparison.meta, note, percentage_points)


def with_rankings_changes(table: Table, comparison: RankingsComparison) -> Table:
    """The table of models or authors with the change of their shares of the tokens."""
    key = "author" if comparison.meta.of == "author" else "model_permaslug"
    find = _by_slug({getattr(row, key): _Change(row.status, row.token_share_change) for row in comparison.data})
    found = [find(row[key]) for row in table.records.rows]
    note = f"Change: percentage points of the share of tokens, {_against(comparison.meta)}"
    return _with_changes(table, found, (key,), comparison.meta, note, partial(percentage_points, decimals=2))


def with_app_changes(table: Table, comparison: AppComparison) -> Table:
    """The table of apps with the change of their tokens, as a fraction of what they were."""
    changes = {row.app_id: _app_change(row) for row in comparison.data}
    found = [changes[row["app_id"]] for row in table.records.rows]
    note = f"Change: of the tokens, in percent, {_against(comparison.meta)}"
    return _with_changes(table, found, ("app_id",), comparison.meta, note, lambda change: signed(f"{change:.1%}"))


def _by_slug(changes: Mapping[str, _Change]) -> Callable[[str], _Change]:
    """Finds the change of a model, which a comparison names by its dated slug where an answer has the undated one."""
    forms: defaultdict[tuple[str, str | None], list[str]] = defaultdict(list)
    for slug in map(parse_slug, changes):
        forms[slug.model, slug.variant].append(slug.text)

    def find(text: str) -> _Change:
        slug = parse_slug(text)
        others = forms[slug.model, slug.variant] if slug.date is None else []
        return changes.get(text) or (changes[others[0]] if len(others) == 1 else _NOTHING)

    return find


def _app_change(row: AppChange) -> _Change:
    if row.before_total_tokens is None or row.total_tokens_change is None:
        return _Change(row.status, None)
    # Of an app that had no tokens, any change is endless.
    return (
        _Change(row.status, row.total_tokens_change / row.before_total_tokens) if row.before_total_tokens else _NOTHING
    )


def _against(meta: ComparisonMeta) -> str:
    overlap = f", with {meta.overlap_days} days in both" if meta.overlap_days else ""
    return f"{_days(meta.after)} against {_days(meta.before)}{overlap}."


def _days(span: ComparedSpan) -> str:
    return f"{span.start_date} to {span.end_date}"


def _with_changes(
    table: Table,
    found: Sequence[_Change],
    keys: Sequence[str],
    meta: ComparisonMeta,
    note: str,
    text: Callable[[float], str],
) -> Table:
    """The table with the column before its drawings or, where it has none, before the names."""
    texts = [change_text(each.status, each.value, text) for each in found]
    since = meta.before.end_date
    rows = [
        {**row, "change": each.value, "change_status": each.status or None, "change_since": since, "changed": shown}
        for row, each, shown in zip(table.records.rows, found, texts, strict=True)
    ]
    column = Field("changed", "Change", right=True)
    return attrs.evolve(
        table,
        fields=_inserted(table.fields, column),
        records=Records({**table.records.columns, **_COLUMNS}, rows),
        remarks=(*table.remarks, note, *change_notes(texts)),
        beside={**table.beside, "change_since": str(since), "changes": [_document(row, keys) for row in rows]},
    )


def _inserted(fields: Sequence[Field], column: Field) -> tuple[Field, ...]:
    place = next((place for place, field in enumerate(fields) if field.drawn), len(fields) - 1)
    return (*fields[:place], column, *fields[place:])


def change_text(status: str, change: Any, text: Callable[[Any], str]) -> str:
    """A change for people: a word where there is no figure, and never a fall to zero.

    Args:
        status: "stayed", "entered" or "left"; empty for what neither answer lists.
        change: the change; None if it is not known.
        text: how a change that is known is written.
    """
    if status in _WORDS:
        return _WORDS[status]
    if change is None:
        return _HIDDEN if status else "-"
    return text(change)


def _document(row: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {**{key: row[key] for key in keys}, "change": row["change"], "status": row["change_status"]}
