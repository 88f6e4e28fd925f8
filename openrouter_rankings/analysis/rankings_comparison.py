"""Two spans of daily rankings compared, by model or author."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date
from operator import attrgetter
from typing import ClassVar

import attrs

from openrouter_rankings.analysis.changes import (
    ComparedSpan,
    ComparisonMeta,
    Range,
    Standing,
    change,
    check_sources,
    compared,
    comparison_meta,
    least,
    rank_change,
    status,
)
from openrouter_rankings.analysis.dates import incomplete_dates, last_day, whole
from openrouter_rankings.analysis.leaders import model_column, remarks_on
from openrouter_rankings.analysis.result import Analysis, columns_of
from openrouter_rankings.analysis.series import rows_of, slugs_in
from openrouter_rankings.analysis.slugs import Of, SlugForms, author_of, grouping
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.scalar_types import Columns, TokenCount

__all__ = ["RankingsChange", "RankingsComparison", "compare_rankings"]


@attrs.frozen(kw_only=True)
class RankingsChange(Item):
    """A model or an author in two spans of daily rankings.

    Tokens and shares count the dates on which a model is among the top 50, so they are the least it had. A figure is
    None where the answer does not list it, a change where it is not known.

    Attributes:
        author: the author.
        model_permaslug: the model; None where the row is an author's.
        status: whether both answers list it.
        before_rank: its place by tokens in the first span, from 1.
        after_rank: its place in the second span.
        rank_change: by how many places it rose; negative if it fell.
        before_total_tokens: its tokens in the first span.
        after_total_tokens: its tokens in the second span.
        total_tokens_change: the difference; None also where the spans have different numbers of dates.
        before_token_share: its fraction (0 to 1) of all tokens of the first span, those of ``other`` included.
        after_token_share: the same in the second span.
        token_share_change: the difference; 0.01 is one percentage point.
        before_dates: on how many dates of the first span it is listed.
        after_dates: on how many dates of the second span it is listed.
    """

    author: str
    model_permaslug: str | None
    status: str
    before_rank: int | None
    after_rank: int | None
    rank_change: int | None
    before_total_tokens: TokenCount | None
    after_total_tokens: TokenCount | None
    total_tokens_change: TokenCount | None
    before_token_share: float | None
    after_token_share: float | None
    token_share_change: float | None
    before_dates: int
    after_dates: int


@attrs.frozen(repr=False)
class RankingsComparison(Analysis):
    """The changes between two spans, in the order of the second one, followed by what it lacks."""

    data: tuple[RankingsChange, ...]
    meta: ComparisonMeta

    columns: ClassVar[Columns] = columns_of(RankingsChange)


@attrs.frozen
class _Figures:
    tokens: Range[int] | None
    share: Range[float] | None
    dates: int


@attrs.frozen
class _TopList:
    """The models listed in a span.

    Attributes:
        listed: the tokens of each model by date.
        total: all tokens of the span.
        unlisted: the tokens of the span that are in ``other``.
        most_unlisted: for each date, the most tokens that a model has which is not listed.
        most_unlisted_ever: the sum of these, the most of a model that is listed on no date.
    """

    listed: Mapping[str, Mapping[date, int]]
    total: int
    unlisted: int
    most_unlisted: Mapping[date, int]
    most_unlisted_ever: int

    @classmethod
    def of(cls, answer: RankingsDaily, name_of: Callable[[str], str]) -> _TopList:
        listed: defaultdict[str, Counter[date]] = defaultdict(Counter)
        last, other = dict[date, int](), Counter[date]()
        for row in answer.data:
            if row.is_other:
                other[row.date] += row.total_tokens
            else:
                listed[name_of(row.model_permaslug)][row.date] += row.total_tokens
                last[row.date] = min(row.total_tokens, last.get(row.date, row.total_tokens))
        most_unlisted = {day: min(tokens, other[day]) for day, tokens in last.items()}
        total = sum(row.total_tokens for row in answer.data)
        return cls(listed, total, other.total(), most_unlisted, sum(most_unlisted.values()))

    def figures(self, models: Collection[str]) -> _Figures:
        by_model = [self.listed[model] for model in models if model in self.listed]
        if not by_model:
            return _Figures(None, None, 0)
        tokens = sum(sum(by_date.values()) for by_date in by_model)
        hidden = len(models) * self.most_unlisted_ever
        hidden -= sum(self.most_unlisted[day] for by_date in by_model for day in by_date)
        most = tokens + min(hidden, self.unlisted)
        total = self.total or 1
        dates = len({day for by_date in by_model for day in by_date})
        return _Figures(Range(tokens, most), Range(tokens / total, most / total), dates)


def compare_rankings(before: RankingsDaily, after: RankingsDaily, of: Of) -> RankingsComparison:
    """See ``compare``."""
    _check_comparable(before, after)
    sides = whole(before), whole(after)
    spans = _span(before, sides[0], "before"), _span(after, sides[1], "after")
    forms = SlugForms.of([*slugs_in(rows_of(sides[0])), *slugs_in(rows_of(sides[1]))])
    lists = tuple(_TopList.of(side, forms.name) for side in sides)
    as_long = spans[0].dates == spans[1].dates
    rows = [
        _row(member, of, old, new, as_long=as_long)
        for member, old, new in compared(lists[0], lists[1], grouping(of), attrgetter("tokens"))
    ]
    meta = comparison_meta(spans, (before.citation, after.citation), remarks_on(after), of, "tokens", forms.ambiguous)
    return RankingsComparison(tuple(rows), meta, synthetic=after.synthetic)


def _check_comparable(before: RankingsDaily, after: RankingsDaily) -> None:
    check_sources(before, after)
    if (before.period, before.is_estimate) != (after.period, after.is_estimate):
        raise ConfigurationError(
            "Two daily rankings compare only if they were asked for with the same period and the same filters."
        )


def _span(answer: RankingsDaily, counted: RankingsDaily, name: str) -> ComparedSpan:
    dates = {row.date for row in counted.data}
    if not dates:
        raise ConfigurationError(f"{name} has no complete date: the current day, week or month is not compared.")
    return ComparedSpan(min(dates), last_day(max(dates), answer.period), len(dates), incomplete_dates(answer))


def _row(
    member: str, of: Of, before: Standing[_Figures], after: Standing[_Figures], *, as_long: bool
) -> RankingsChange:
    old, new = before.figures, after.figures
    share_change = change(old.share, new.share)
    return RankingsChange(
        author=author_of(member),
        model_permaslug=model_column(member, of),
        status=status(before.rank, after.rank),
        before_rank=before.rank,
        after_rank=after.rank,
        rank_change=rank_change(before.rank, after.rank, share_change),
        before_total_tokens=least(old.tokens),
        after_total_tokens=least(new.tokens),
        total_tokens_change=change(old.tokens, new.tokens) if as_long else None,
        before_token_share=least(old.share),
        after_token_share=least(new.share),
        token_share_change=share_change,
        before_dates=old.dates,
        after_dates=new.dates,
    )
