"""Tokens by week as stacked bars: the leading models, and all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import accumulate, pairwise

import attrs

from openrouter_rankings.models.rankings_daily import Period, RankingsDaily
from openrouter_rankings.parameters import whole_number
from openrouter_rankings.render.charts.axes import FOOT_HEIGHT, HALF_LINE, date_axis, number_axis, widest
from openrouter_rankings.render.charts.calendar import date_text, date_texts, days_of, every_date, named, span, week_of
from openrouter_rankings.render.charts.page import Chart
from openrouter_rankings.render.charts.rankings import Tokens, estimate_note
from openrouter_rankings.render.charts.shapes import Box, Label, Rectangle, Shape
from openrouter_rankings.render.charts.themes import Theme
from openrouter_rankings.render.charts.words import (
    ABOVE,
    LINE,
    SMALLEST,
    drawable,
    leading_title,
    model_name,
    percent,
    shorten,
)

__all__ = ["MOST_STACKED", "model_stacks"]

MOST_STACKED = 8
"""So many models have a colour of their own."""

_KEY_PART = 0.3
_KEY_SPACE = 8
_SPACE = 28
_SWATCH = 20
_LINE_HEIGHT = LINE * SMALLEST
_BAR_PART = 0.78

# Narrower bars have no room for lines between their parts.
_LEAST_WIDTH_FOR_LINES = 6


@attrs.frozen
class _Part:
    """A model, or all others: its name, its share of all tokens, its colour, and its tokens of each date."""

    name: str
    share: float
    colour_number: int | None
    tokens: tuple[int, ...]


@attrs.frozen
class _Stacks:
    """All bars.

    Attributes:
        dates: the first days of the weeks or months.
        period: what they are, one of ``Period``.
        parts: the parts of each bar, from the foot up.
        incomplete: the dates whose weeks or months are not there whole, with the number of days that are.
    """

    dates: Sequence[date]
    period: str
    parts: Sequence[_Part]
    incomplete: Mapping[date, int]

    @property
    def remarks(self) -> tuple[str, ...]:
        """Which bars are pale, and why."""
        texts = [
            f"{date_text(each, self.period)} ({days} of {days_of(each, self.period)} days)"
            for each, days in self.incomplete.items()
        ]
        return (f"Pale: incomplete {self.period}s, {named(texts)}.",) if texts else ()

    def plot(self, box: Box, theme: Theme) -> Iterator[Shape]:
        """Draw the bars and their key into a box."""
        columns = list(zip(*(part.tokens for part in self.parts), strict=True))
        axis, texts = number_axis([0, *map(sum, columns)], percent=False), date_texts(self.dates, self.period)
        key = box.inset(left=(1 - _KEY_PART) * box.width)
        plot = box.inset(max(axis.width, widest(texts) / 2), HALF_LINE, key.width + _SPACE, FOOT_HEIGHT)
        pitch = plot.width / len(self.dates)
        lefts = [plot.left + pitch * index for index in range(len(self.dates))]
        yield from axis.shapes(plot, theme)
        yield from date_axis(texts, [left + pitch / 2 for left in lefts], plot.bottom, theme)
        for left, date_, column in zip(lefts, self.dates, columns, strict=True):
            ends = [axis.y(end, plot) for end in accumulate(column, initial=0)]
            place = Box(left + pitch * (1 - _BAR_PART) / 2, plot.top, pitch * _BAR_PART, plot.height)
            yield from self._bar(place, ends, theme, pale=date_ in self.incomplete)
        yield from _key(self.parts, key.inset(bottom=FOOT_HEIGHT), theme)

    def _bar(self, place: Box, ends: Sequence[float], theme: Theme, *, pale: bool) -> Iterator[Shape]:
        line = 1.0 if place.width >= _LEAST_WIDTH_FOR_LINES else 0.0
        for part, (low, high) in zip(self.parts, pairwise(ends), strict=True):
            colour = theme.colour(part.colour_number)
            box = Box(place.left, high, place.width, low - high)
            yield Rectangle(box, theme.pale(colour) if pale else colour, theme.background if line else None, line)


def _key(parts: Sequence[_Part], box: Box, theme: Theme) -> Iterator[Shape]:
    """What the colours stand for, in the order in which the parts of a bar are seen from the top down."""
    pitch = min(box.height / len(parts), 2 * _LINE_HEIGHT + _KEY_SPACE)
    for place, part in enumerate(reversed(parts)):
        row = Box(box.left, box.top + place * pitch, box.width, pitch)
        yield Rectangle(Box(row.left, row.top + 3, _SWATCH, _SWATCH), theme.colour(part.colour_number))
        yield from _key_texts(part, row.inset(left=_SWATCH + 10), theme)


def _key_texts(part: _Part, box: Box, theme: Theme) -> Iterator[Shape]:
    """The name of the model, and its share with the name of its author below; on one line where there is no room."""
    author, _, model = drawable(part.name).rpartition("/")
    share = percent(part.share)
    two_lines = [(model, theme.ink), (f"{share} {author}".rstrip(), theme.muted)]
    lines = two_lines if box.height >= 2 * _LINE_HEIGHT else [(f"{share} {model}", theme.ink)]
    for number, (text, colour) in enumerate(lines):
        baseline = box.top + number * _LINE_HEIGHT + ABOVE * SMALLEST
        yield Label(box.left, baseline, shorten(text, box.width, SMALLEST), SMALLEST, colour)


def model_stacks(answer: RankingsDaily, top: int, *, merge_variants: bool) -> Chart:
    """The ``top`` models of the span and all others, week by week; rows of months stay months.

    Raises:
        ConfigurationError: see ``Tokens.of`` and ``every_date``; or ``top`` is not from 1 to ``MOST_STACKED``.
    """
    whole_number("top", top, 1, MOST_STACKED)
    by_day = answer.period == Period.DAY
    tokens = Tokens.of(
        answer,
        week_of if by_day else lambda each: each,
        lambda row: row.base_slug if merge_variants else row.model_permaslug,
    )
    period = Period.WEEK if by_day else answer.period
    dates = every_date(tokens.by_date, period)
    leaders = tokens.leaders(top)
    days = _days_there(answer, dates, period)
    incomplete = {each: days[each] for each in dates if each in tokens.by_date and days[each] < days_of(each, period)}
    stacks = _Stacks(dates, period, _parts(tokens, leaders, dates), incomplete)
    return Chart(
        title=leading_title([(model_name(name), tokens.share(name)) for name in leaders], "tokens"),
        subtitle=f"Tokens by {period}, {span(answer.meta.start_date, answer.meta.end_date, Period.DAY)} (UTC)",
        citation=answer.source_line,
        licence=answer.licence,
        synthetic=answer.synthetic,
        plot=stacks.plot,
        remarks=(*estimate_note(answer), *stacks.remarks),
    )


def _parts(tokens: Tokens, leaders: Sequence[str], dates: Sequence[date]) -> list[_Part]:
    columns = [tokens.by_date.get(each, {}) for each in dates]
    parts = [
        _Part(name, tokens.share(name), number, tuple(column.get(name, 0) for column in columns))
        for number, name in enumerate(leaders)
    ]
    shown = [sum(column) for column in zip(*(part.tokens for part in parts), strict=True)]
    rest = tuple(sum(column.values()) - tokens_shown for column, tokens_shown in zip(columns, shown, strict=True))
    return [*parts, _Part("All other models", sum(rest) / tokens.whole, None, rest)] if any(rest) else parts


def _days_there(answer: RankingsDaily, dates: Sequence[date], period: str) -> Mapping[date, int]:
    """How many days of each week or month were over and are in the answer."""
    today = answer.meta.as_of.utc.date().toordinal()
    if answer.period == Period.DAY:
        return Counter(week_of(each) for each in {row.date for row in answer.data} if each.toordinal() < today)
    first, end = answer.meta.start_date.toordinal(), min(answer.meta.end_date.toordinal() + 1, today)
    # A sampled week is whole wherever the span begins and ends.
    first, end = (0, today) if answer.is_estimate else (first, end)
    return {
        each: max(0, min(each.toordinal() + days_of(each, period), end) - max(each.toordinal(), first))
        for each in dates
    }
