"""The colours, in a light and a dark theme.

The tests compute what is promised here: text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3) on what it stands on,
shapes have one of at least 3 against the background (1.4.11), and any two of the series colours and the neutral one
stay apart for readers with protanopia, deuteranopia and tritanopia.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

__all__ = ["THEMES", "Theme", "ThemeName"]

ThemeName = Literal["light", "dark"]


@attrs.frozen
class Theme:
    """The colours of a picture, as ``#rrggbb``.

    Attributes:
        background: the picture's ground.
        ink: titles, labels and figures.
        muted: subtitles, units and sources.
        grid: lines and bands that only guide the eye.
        neutral: what is no series of its own, such as "all others".
        series: the colours of what is compared, in the order in which they are given out.
    """

    background: str
    ink: str
    muted: str
    grid: str
    neutral: str
    series: tuple[str, ...]

    def colour(self, number: int | None) -> str:
        """The colour of the series with this number; neutral for None, and where the colours have run out."""
        return self.neutral if number is None or number >= len(self.series) else self.series[number]

    def text_on(self, colour: str) -> str:
        """The colour of text on a series colour or the neutral one."""
        return self.ink if colour == self.neutral else self.background

    def pale(self, colour: str) -> str:
        """The colour, mixed half and half with the background."""
        pairs = [(int(colour[at : at + 2], 16), int(self.background[at : at + 2], 16)) for at in (1, 3, 5)]
        return "#" + "".join(f"{(one + other) // 2:02x}" for one, other in pairs)


THEMES: Mapping[ThemeName, Theme] = {
    "light": Theme(
        background="#ffffff",
        ink="#14181f",
        muted="#565f6b",
        grid="#e3e6ea",
        neutral="#8d939b",
        series=("#273193", "#be5716", "#20634f", "#59295b", "#7340b7", "#724806", "#700428", "#1e7d95"),
    ),
    "dark": Theme(
        background="#14181f",
        ink="#f3f5f7",
        muted="#a9b2bd",
        grid="#2c333d",
        neutral="#626b77",
        series=("#507fe6", "#ec9920", "#58c49b", "#a685ad", "#c89ef4", "#ecde7e", "#ce6233", "#b0e5ee"),
    ),
}
