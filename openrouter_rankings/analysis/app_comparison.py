"""Two app rankings compared."""

from __future__ import annotations

from typing import ClassVar

import attrs

from openrouter_rankings.analysis.changes import (
    ComparedSpan,
    ComparisonMeta,
    check_sources,
    comparison_meta,
    status,
)
from openrouter_rankings.analysis.result import LISTED_ONLY, POPULARITY, TOKENIZERS, Analysis, columns_of
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.app_rankings import AppRankings, AppRankingsItem
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.scalar_types import Columns, TokenCount

__all__ = ["AppChange", "AppComparison", "compare_apps"]


@attrs.frozen(kw_only=True)
class AppChange(Item):
    """An app in two rankings. A figure is None where the answer does not list the app, a change where it is not known.

    Attributes:
        app_id: the app.
        app_name: its name in the later answer that lists it.
        status: whether both answers list it.
        before_rank: its place in the first answer, from 1.
        after_rank: its place in the second answer.
        rank_change: by how many places it rose; negative if it fell.
        before_total_tokens: its tokens in the span of the first answer.
        after_total_tokens: its tokens in the span of the second answer.
        total_tokens_change: the difference; None also where the spans have different numbers of days.
        before_total_requests: its requests in the span of the first answer.
        after_total_requests: its requests in the span of the second answer.
        total_requests_change: the difference; None as for the tokens.
    """

    app_id: int
    app_name: str
    status: str
    before_rank: int | None
    after_rank: int | None
    rank_change: int | None
    before_total_tokens: TokenCount | None
    after_total_tokens: TokenCount | None
    total_tokens_change: TokenCount | None
    before_total_requests: int | None
    after_total_requests: int | None
    total_requests_change: int | None


@attrs.frozen(repr=False)
class AppComparison(Analysis):
    """The changes between two app rankings, in the order of the second one, followed by what it lacks."""

    data: tuple[AppChange, ...]
    meta: ComparisonMeta

    columns: ClassVar[Columns] = columns_of(AppChange)


def compare_apps(before: AppRankings, after: AppRankings) -> AppComparison:
    """See ``compare``."""
    check_sources(before, after)
    spans = _span(before, "before"), _span(after, "after")
    as_long = spans[0].dates == spans[1].dates
    old, new = ({row.app_id: row for row in answer.data} for answer in (before, after))
    latest = new | {app: row for app, row in old.items() if app not in new}
    rows = tuple(_row(row, old.get(app), new.get(app), as_long=as_long) for app, row in latest.items())
    remarks = (LISTED_ONLY, TOKENIZERS, POPULARITY)
    meta = comparison_meta(spans, (before.citation, after.citation), remarks, "app", "tokens")
    return AppComparison(rows, meta, synthetic=after.synthetic)


def _span(answer: AppRankings, name: str) -> ComparedSpan:
    meta = answer.meta
    if meta.end_date >= meta.as_of.utc.date():
        raise ConfigurationError(
            f"{name} includes {meta.end_date}, which was not over when it was made: it is not compared."
        )
    return ComparedSpan(meta.start_date, meta.end_date, (meta.end_date - meta.start_date).days + 1)


def _row(
    latest: AppRankingsItem, before: AppRankingsItem | None, after: AppRankingsItem | None, *, as_long: bool
) -> AppChange:
    old, new = _figures(before), _figures(after)
    rank, tokens, requests = (
        None if was is None or now is None else now - was for was, now in zip(old, new, strict=True)
    )
    return AppChange(
        app_id=latest.app_id,
        app_name=latest.app_name,
        status=status(old[0], new[0]),
        before_rank=old[0],
        after_rank=new[0],
        rank_change=None if rank is None else -rank,
        before_total_tokens=old[1],
        after_total_tokens=new[1],
        total_tokens_change=tokens if as_long else None,
        before_total_requests=old[2],
        after_total_requests=new[2],
        total_requests_change=requests if as_long else None,
    )


def _figures(row: AppRankingsItem | None) -> tuple[int | None, int | None, int | None]:
    return (None, None, None) if row is None else (row.rank, row.total_tokens, row.total_requests)
