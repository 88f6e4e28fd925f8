"""Lines over time: gaps stay gaps, and what is not over is dashed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby, pairwise

import attrs

from openrouter_rankings.render.charts.axes import FOOT_HEIGHT, HALF_LINE, date_axis, number_axis, widest
from openrouter_rankings.render.charts.calendar import date_text, date_texts, named
from openrouter_rankings.render.charts.shapes import Box, Dot, Label, Line, Point, Rectangle, Shape
from openrouter_rankings.render.charts.themes import Theme
from openrouter_rankings.render.charts.words import LINE, drawable, shorten, text_width, written

__all__ = ["MOST_LINES", "Lines", "Series"]

MOST_LINES = 6
"""So many lines are told apart, and their labels fit one above the other."""

_LABEL_SIZE = 22
_LABEL_PITCH = LINE * _LABEL_SIZE
_MOST_LABEL_PART = 0.34
_LEADER = 30
_SPACE = 10
_LINE_WIDTH = 4
_DOT_RADIUS = 6

_Points = Sequence[Point | None]


@attrs.frozen
class Series:
    """A line: its name, and for each date its value, or None where there is none."""

    name: str
    values: tuple[float | None, ...]


@attrs.frozen
class Lines:
    """The lines of a chart, each with its name and last value at its end.

    Attributes:
        dates: the dates, a period apart.
        period: the period, one of ``Period``.
        series: the lines, each with at least one value.
        percent: the values are fractions, and written in percent.
        missing: the dates without figures, which are shaded.
        unfinished: the last date was not over.
    """

    dates: Sequence[date]
    period: str
    series: Sequence[Series]
    percent: bool
    missing: frozenset[date]
    unfinished: bool

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the shading and the dashes stand for, where there are any."""
        gaps = [date_text(each, self.period) for each in self.dates if each in self.missing]
        shaded = (f"Shaded: no figures for {named(gaps)}.",) if gaps else ()
        dashed = (f"Dashed: {date_text(self.dates[-1], self.period)} was not over.",) if self.unfinished else ()
        return (" ".join((*shaded, *dashed)),) if shaded or dashed else ()

    def plot(self, box: Box, theme: Theme) -> Iterator[Shape]:
        """Draw the lines into a box."""
        known = [value for each in self.series for value in each.values if value is not None]
        axis, texts = number_axis(known, percent=self.percent), date_texts(self.dates, self.period)
        labels = [self._label(each, _MOST_LABEL_PART * box.width) for each in self.series]
        plot = _plot_box(box, axis.width, widest(texts) / 2, labels)
        xs = _positions(len(self.dates), plot)
        yield from _shading([each in self.missing for each in self.dates], xs, plot, theme)
        yield from axis.shapes(plot, theme)
        yield from date_axis(texts, xs, plot.bottom, theme)
        lines = [
            [None if value is None else (x, axis.y(value, plot)) for x, value in zip(xs, each.values, strict=True)]
            for each in self.series
        ]
        # The first one is the most important: it is drawn over the others.
        for number, points in reversed(list(enumerate(lines))):
            yield from _line(points, theme.colour(number), theme, unfinished=self.unfinished)
        yield from _end_labels(lines, labels, plot, theme)

    def _label(self, series: Series, width: float) -> str:
        last = [value for value in series.values if value is not None][-1]
        # Beside a single line there is room to say it.
        so_far = " so far" if len(self.series) == 1 and self.unfinished and series.values[-1] is not None else ""
        figure = f"{written(last, percent=self.percent)}{so_far}"
        name = shorten(drawable(series.name), width - text_width(f" {figure}", _LABEL_SIZE), _LABEL_SIZE)
        return f"{name} {figure}".lstrip()


def _plot_box(box: Box, axis_width: float, half_date: float, labels: Sequence[str]) -> Box:
    label_width = max(text_width(label, _LABEL_SIZE) for label in labels) + _LEADER + _SPACE
    return box.inset(max(axis_width, half_date), HALF_LINE, max(label_width, half_date), FOOT_HEIGHT)


def _positions(count: int, plot: Box) -> list[float]:
    if count == 1:
        return [plot.left + plot.width / 2]
    return [plot.left + plot.width * index / (count - 1) for index in range(count)]


def _shading(missing: Sequence[bool], xs: Sequence[float], plot: Box, theme: Theme) -> Iterator[Shape]:
    """A band behind each gap, from the date before it to the date after it."""
    for (left, right), gap in zip(pairwise(xs), map(any, pairwise(missing)), strict=True):
        if gap:
            yield Rectangle(Box(left, plot.top, right - left, plot.height), theme.grid)


def _line(points: _Points, colour: str, theme: Theme, *, unfinished: bool) -> Iterator[Shape]:
    finished = points[:-1] if unfinished else points
    for _, run in groupby(finished, key=lambda point: point is not None):
        known = tuple(point for point in run if point is not None)
        if len(known) > 1:
            yield Line(known, colour, _LINE_WIDTH)
        # A line of one point would not be seen.
        for x, y in known if len(known) == 1 else ():
            yield Dot(x, y, _DOT_RADIUS, colour, colour)
    if unfinished and (last := points[-1]):
        if len(points) > 1 and (before := points[-2]):
            yield Line((before, last), colour, _LINE_WIDTH, dashed=True)
        yield Dot(*last, _DOT_RADIUS, theme.background, colour)


def _end_labels(lines: Sequence[_Points], labels: Sequence[str], plot: Box, theme: Theme) -> Iterator[Shape]:
    """The labels to the right of the plot, each as near to the end of its line as the others leave room."""
    left = plot.right + _LEADER
    heights = [next(point[1] for point in reversed(points) if point) for points in lines]
    for number, middle in enumerate(_spread(heights, plot.top, plot.bottom)):
        # A line that ends earlier is not led to its label: it would seem to go on.
        start = heights[number] if lines[number][-1] else middle
        leader = ((plot.right + _SPACE, start), (left - _SPACE / 2, middle))
        yield Line(leader, theme.colour(number), 2.5)
        yield Label(left + _SPACE / 2, middle + 0.36 * _LABEL_SIZE, labels[number], _LABEL_SIZE, theme.ink)


def _spread(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Middles of lines of text, near the wanted ones, a line apart, between top and bottom."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    middles = [0.0] * len(wanted)
    least = top + _LABEL_PITCH / 2
    for place, index in enumerate(order):
        below = len(order) - 1 - place
        most = bottom - _LABEL_PITCH / 2 - below * _LABEL_PITCH
        middles[index] = max(least, min(wanted[index], most))
        least = middles[index] + _LABEL_PITCH
    return middles
