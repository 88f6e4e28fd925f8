"""Tokens week by week: the top models or authors of each week and the rest, as the service's public chart has them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

import attrs

from openrouter_rankings.analysis.dates import incomplete_dates, monday
from openrouter_rankings.analysis.leaders import model_column, remarks_on
from openrouter_rankings.analysis.result import Analysis, AnalysisMeta, columns_of
from openrouter_rankings.analysis.series import every_date
from openrouter_rankings.analysis.slugs import Of, author_of, grouping
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.rankings_daily import Period, RankingsDaily
from openrouter_rankings.models.scalar_types import Columns, TokenCount

__all__ = ["WeeklyTotal", "WeeklyTotals", "WeeklyTotalsMeta", "weekly_totals"]

_DAYS_A_WEEK = 7


@attrs.frozen
class WeeklyTotal(Item):
    """A model or an author in one week, or all the rest of that week.

    Attributes:
        week: the Monday of the ISO week.
        rank: its place in the week, from 1; None for the rest.
        author: the author; None for the rest.
        model_permaslug: the model; None for an author and for the rest.
        total_tokens: its tokens; those of a model or author are the least it can have, those of the rest include the
            service's ``other``.
        token_share: its fraction (0 to 1) of all tokens of the week.
        dates: of how many of the week's 7 days there are figures.
    """

    week: date
    rank: int | None
    author: str | None
    model_permaslug: str | None
    total_tokens: TokenCount
    token_share: float
    dates: int

    @property
    def is_rest(self) -> bool:
        """It is what remains of the week, and not a model or an author."""
        return self.rank is None

    @property
    def is_complete(self) -> bool:
        """All days of the week are counted."""
        return self.dates == _DAYS_A_WEEK


@attrs.frozen(kw_only=True)
class WeeklyTotalsMeta(AnalysisMeta):
    """What weekly totals say of themselves.

    Attributes:
        of: what is ranked.
        missing_weeks: the Mondays of weeks between the first and the last without any figures.
        incomplete: dates left out because their rows are incomplete, such as the current UTC day.
    """

    of: Of
    missing_weeks: tuple[date, ...]
    incomplete: tuple[date, ...]


@attrs.frozen(repr=False)
class WeeklyTotals(Analysis):
    """The weeks in order; in each the leaders by rank, and then the rest. A week without figures has no rows."""

    data: tuple[WeeklyTotal, ...]
    meta: WeeklyTotalsMeta

    columns: ClassVar[Columns] = {**columns_of(WeeklyTotal), "is_rest": bool, "is_complete": bool}


def weekly_totals(answer: RankingsDaily, *, of: Of = "model", top: int | None = None) -> WeeklyTotals:
    """The tokens of each week: those of its leaders, and those of all the rest together.

    Args:
        answer: daily rankings by day or by week.
        of: models, base slugs (variants together) or authors.
        top: how many leaders of each week; None for all that are listed, so that the rest is the service's ``other``.

    Raises:
        ConfigurationError: the rows are of months, ``of`` is invalid, ``top`` is negative, or the weeks are more than a
            century apart.
    """
    if answer.period not in (Period.DAY, Period.WEEK):
        raise ConfigurationError(f"Weeks are made of days or weeks, not of rows by {answer.period}.")
    if top is not None and top < 0:
        raise ConfigurationError(f"top must not be negative, and is {top}.")
    incomplete = incomplete_dates(answer)
    days = _DAYS_A_WEEK if answer.period == Period.WEEK else 1
    weeks = _by_week(answer, of, incomplete)
    data = tuple(total for week, its in sorted(weeks.items()) for total in _totals(week, its, days, of, top))
    meta = WeeklyTotalsMeta(
        citations=(answer.citation,),
        remarks=remarks_on(answer),
        of=of,
        missing_weeks=tuple(week for week in every_date(weeks, Period.WEEK) if week not in weeks),
        incomplete=incomplete,
    )
    return WeeklyTotals(data, meta, synthetic=answer.synthetic)


@attrs.define
class _Week:
    dates: set[date] = attrs.field(factory=set[date])
    tokens: Counter[str] = attrs.field(factory=Counter[str])
    other: int = 0


def _by_week(answer: RankingsDaily, of: Of, incomplete: tuple[date, ...]) -> dict[date, _Week]:
    """The tokens of each week by member, without the incomplete dates."""
    member_of = grouping(of)
    members = {slug: member_of(slug) for slug in {row.model_permaslug for row in answer.data}}
    weeks: defaultdict[date, _Week] = defaultdict(_Week)
    week_of = {day: weeks[monday(day)] for day in {row.date for row in answer.data}.difference(incomplete)}
    for day, week in week_of.items():
        week.dates.add(day)
    for row in answer.data:
        if row.date not in week_of:
            continue
        if row.is_other:
            week_of[row.date].other += row.total_tokens
        else:
            week_of[row.date].tokens[members[row.model_permaslug]] += row.total_tokens
    return weeks


def _totals(monday: date, week: _Week, days: int, of: Of, top: int | None) -> Iterator[WeeklyTotal]:
    total, dates = week.tokens.total() + week.other, len(week.dates) * days
    leaders = sorted(week.tokens.items(), key=lambda item: (-item[1], item[0]))[:top]
    for rank, (member, tokens) in enumerate(leaders, 1):
        share = tokens / total if total else 0.0
        yield WeeklyTotal(monday, rank, author_of(member), model_column(member, of), tokens, share, dates)
    rest = total - sum(tokens for _, tokens in leaders)
    if rest:
        yield WeeklyTotal(monday, None, None, None, rest, rest / total, dates)
