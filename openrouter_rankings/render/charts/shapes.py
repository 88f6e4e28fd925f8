"""What a picture is made of, in pixels from its top left corner, x to the right and y down."""

from __future__ import annotations

from typing import Literal, Self

import attrs

__all__ = ["HEIGHT", "WIDTH", "Box", "Dot", "Label", "Line", "Point", "Rectangle", "Shape"]

WIDTH = 1200
"""The width of every picture."""

HEIGHT = 675
"""The height of every picture."""

Point = tuple[float, float]


@attrs.frozen
class Box:
    """A place in the picture."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def inset(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> Self:
        """The box without a strip along each of its sides."""
        return type(self)(self.left + left, self.top + top, self.width - left - right, self.height - top - bottom)


@attrs.frozen
class Rectangle:
    """A filled box, an outlined one, or both."""

    box: Box
    fill: str | None
    stroke: str | None = None
    stroke_width: float = 0


@attrs.frozen
class Line:
    """A line through points."""

    points: tuple[Point, ...]
    colour: str
    width: float
    dashed: bool = False


@attrs.frozen
class Dot:
    """A filled circle, with a rim in the same or another colour."""

    x: float
    y: float
    radius: float
    fill: str
    rim: str


@attrs.frozen
class Label:
    """A line of text.

    Attributes:
        x: the left end, the middle or the right end of the text, as ``align`` says.
        baseline: where the letters stand.
        text: what ``words`` made drawable; a text with any other letter warns of a missing glyph.
        size: the size of the font.
    """

    x: float
    baseline: float
    text: str
    size: float
    colour: str
    bold: bool = False
    align: Literal["left", "center", "right"] = "left"


Shape = Rectangle | Line | Dot | Label
