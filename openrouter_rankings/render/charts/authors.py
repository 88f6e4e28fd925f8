"""The authors' shares of tokens over time."""

from __future__ import annotations

from datetime import date

from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.parameters import whole_number
from openrouter_rankings.render.charts.calendar import every_date, is_over, span
from openrouter_rankings.render.charts.lines import MOST_LINES, Lines, Series
from openrouter_rankings.render.charts.page import Chart
from openrouter_rankings.render.charts.rankings import Tokens, estimate_note
from openrouter_rankings.render.charts.words import leading_title

__all__ = ["author_lines"]


def author_lines(answer: RankingsDaily, top: int) -> Chart:
    """The shares of the ``top`` authors of the span, date by date.

    Raises:
        ConfigurationError: see ``Tokens.of`` and ``every_date``; or ``top`` is not from 1 to ``MOST_LINES``.
    """
    whole_number("top", top, 1, MOST_LINES)
    # The author is the part of a slug before the slash.
    tokens = Tokens.of(answer, lambda each: each, lambda row: row.base_slug.partition("/")[0])
    dates = every_date(tokens.by_date, answer.period)
    leaders = tokens.leaders(top)
    lines = Lines(
        dates=dates,
        period=answer.period,
        series=[Series(name, tuple(_share(tokens, each, name) for each in dates)) for name in leaders],
        percent=True,
        missing=frozenset(dates) - frozenset(tokens.by_date),
        unfinished=not is_over(dates[-1], answer.period, answer.meta.as_of.utc.date()),
    )
    return Chart(
        title=leading_title([(name, tokens.share(name)) for name in leaders], "tokens"),
        subtitle=f"Share of all tokens by author and {answer.period}, {span(dates[0], dates[-1], answer.period)} (UTC)",
        citation=answer.source_line,
        licence=answer.licence,
        synthetic=answer.synthetic,
        plot=lines.plot,
        remarks=(*estimate_note(answer), *lines.remarks),
    )


def _share(tokens: Tokens, day: date, name: str) -> float | None:
    """The author's share of a date; None where it has no row, because its tokens, if any, are within ``other``."""
    on_day = tokens.by_date.get(day, {})
    return on_day[name] / (sum(on_day.values()) or 1) if name in on_day else None
