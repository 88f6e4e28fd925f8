"""Axes: round numbers along the left side, dates along the foot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10

import attrs

from openrouter_rankings.render.charts.shapes import Box, Label, Line, Shape
from openrouter_rankings.render.charts.themes import Theme
from openrouter_rankings.render.charts.words import ABOVE, LINE, MINUS, SMALLEST, letter_for, text_width

__all__ = ["FOOT_HEIGHT", "HALF_LINE", "NumberAxis", "date_axis", "number_axis", "widest"]

_FOOT_SPACE = 16

FOOT_HEIGHT = LINE * SMALLEST + _FOOT_SPACE
"""The height of the labels along the foot, with the space above them."""

HALF_LINE = LINE * SMALLEST / 2
"""So much of a label on the left reaches beyond its line."""

_STEPS = (1, 2, 2.5, 5, 10)
_MOST_STEPS = 5
_SPACE = 12
_BETWEEN_DATES = 28

# Smaller differences are not worth a scale of their own.
_LEAST_RANGE = 1e-9


@attrs.frozen
class NumberAxis:
    """Round numbers with equal steps that hold all values.

    Attributes:
        ticks: the numbers, ascending.
        texts: how they are written.
    """

    ticks: tuple[float, ...]
    texts: tuple[str, ...]

    @property
    def width(self) -> float:
        """The room for the texts, with the space beside them."""
        return widest(self.texts) + _SPACE

    def y(self, value: float, plot: Box) -> float:
        """Where a value is drawn in a plot."""
        return plot.bottom - plot.height * (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])

    def shapes(self, plot: Box, theme: Theme) -> Iterator[Shape]:
        """The lines across the plot, and the numbers to the left of it."""
        for tick, text in zip(self.ticks, self.texts, strict=True):
            y = self.y(tick, plot)
            yield Line(((plot.left, y), (plot.right, y)), theme.grid, 1.5)
            yield Label(plot.left - _SPACE, y + 0.36 * SMALLEST, text, SMALLEST, theme.muted, align="right")


def number_axis(values: Sequence[float], *, percent: bool) -> NumberAxis:
    """An axis for the values; it begins at zero unless they all lie far above.

    Args:
        values: finite numbers, at least one.
        percent: they are fractions, and written in percent.
    """
    low, high = min(values), max(values)
    noise = max(_LEAST_RANGE, 1e-9 * max(abs(low), abs(high)))
    if 0 <= low < 0.6 * high or high - low < noise:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < noise:
        high = low + 1
    step = _step((high - low) / _MOST_STEPS)
    numbers = range(floor(low / step), ceil(high / step) + 1)
    return NumberAxis(tuple(number * step for number in numbers), tuple(_texts(numbers, step, percent=percent)))


def date_axis(texts: Sequence[str], xs: Sequence[float], y: float, theme: Theme) -> Iterator[Shape]:
    """As many of the dates as there is room for along a line, the last one always.

    Args:
        texts: what the dates are called.
        xs: where they are, at equal distances.
        y: the line.
        theme: the colours.
    """
    pitch = xs[1] - xs[0] if len(xs) > 1 else 1.0
    stride = ceil((widest(texts) + _BETWEEN_DATES) / pitch)
    for text, x in list(zip(texts, xs, strict=True))[::-1][::stride]:
        yield Line(((x, y), (x, y + 6)), theme.muted, 1.5)
        yield Label(x, y + _FOOT_SPACE + ABOVE * SMALLEST, text, SMALLEST, theme.muted, align="center")


def widest(texts: Sequence[str]) -> float:
    """The width of the widest text along an axis."""
    return max(text_width(text, SMALLEST) for text in texts)


def _step(least: float) -> float:
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in _STEPS if step * power >= 0.999 * least)


def _texts(numbers: Sequence[int], step: float, *, percent: bool) -> Iterator[str]:
    largest = step * max(abs(number) for number in numbers)
    divisor, letter = (0.01, "%") if percent else letter_for(largest)
    step /= divisor
    decimals = next((places for places in range(12) if abs(round(step, places) - step) < 1e-6 * step), 12)
    for number in numbers:
        figure = f"{number * step:.{decimals}f}{letter}".replace("-", MINUS)
        yield figure if number or percent else "0"
