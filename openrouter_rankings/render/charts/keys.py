"""The key of the colours, as a row above a plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from openrouter_rankings.render.charts.shapes import Box, Label, Rectangle, Shape
from openrouter_rankings.render.charts.themes import Theme
from openrouter_rankings.render.charts.words import ABOVE, SMALLEST, drawable, shorten, text_width

__all__ = ["KEYS_HEIGHT", "Key", "keys_row"]

KEYS_HEIGHT = 38
"""The height of the row, with the space below it."""

_SWATCH = 20
_SPACE = 10
_BETWEEN = 28


@attrs.frozen
class Key:
    """What the colour with a number stands for."""

    label: str
    number: int


def keys_row(keys: Sequence[Key], row: Box, theme: Theme) -> Iterator[Shape]:
    """The keys side by side; if they are too long for the row, each is shortened to an equal part of it.

    Those for which no colour is left are one.
    """
    around = _SWATCH + _SPACE + _BETWEEN
    coloured = [key for key in keys if key.number < len(theme.series)]
    if len(coloured) < len(keys):
        coloured.append(Key("Others", len(theme.series)))
    labels = [drawable(key.label) for key in coloured]
    widths = [text_width(label, SMALLEST) + around for label in labels]
    if sum(widths) > row.width:
        widths = [row.width / len(labels)] * len(labels)
    left = row.left
    for key, label, width in zip(coloured, labels, widths, strict=True):
        yield Rectangle(Box(left, row.top + 3, _SWATCH, _SWATCH), theme.colour(key.number))
        text = shorten(label, width - around + 1, SMALLEST)
        yield Label(left + _SWATCH + _SPACE, row.top + ABOVE * SMALLEST, text, SMALLEST, theme.ink)
        left += width
