"""Texts that a picture can hold: only characters that the font has, in a given width, and figures as people read them.

Names come from the service, and may be anything. Every text of a picture goes through ``drawable`` before it is
measured, so that nothing depends on the characters: no glyph is missing, and a line is no taller than ``LINE`` says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import accumulate

from openrouter_rankings.render.charts.ink import has_glyph, text_extent
from openrouter_rankings.render.listing import printable

__all__ = [
    "ABOVE",
    "LINE",
    "MINUS",
    "MONTHS",
    "SMALLEST",
    "day",
    "drawable",
    "leading_title",
    "letter_for",
    "model_name",
    "percent",
    "quantity",
    "shorten",
    "text_width",
    "whole",
    "wrap",
    "written",
]

SMALLEST = 20
"""The smallest size of text: 6.5 px where a phone shows the picture 390 px wide."""

ABOVE = 1.0
"""How far a line reaches above its baseline, as a multiple of the size of its font."""

LINE = 1.27
"""The height of a line, as a multiple of the size of its font."""

MINUS = "\N{MINUS SIGN}"
"""A hyphen is too short for a minus."""

_UNKNOWN = "\ufffd"
_CUT = "…"

# No line of a picture holds more, at any size.
_MOST_LETTERS = 400

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))

# A slug may be broken after its punctuation.
_PIECE = re.compile(r"[^\s/:-]*[\s/:-]+|[^\s/:-]+")


def drawable(text: str) -> str:
    """The text on one line, as the font can draw it.

    A character that the font lacks, or that would reach into the next line, becomes its base letter or ``U+FFFD``.
    Combining marks that belong to no letter of their own are left out: they would stack up without end.
    """
    line = unicodedata.normalize("NFC", printable(text[:_MOST_LETTERS]))
    return "".join(_drawable_letter(letter) for letter in line if not unicodedata.combining(letter))


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a drawable text."""
    return text_extent(text, size, bold)[0]


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The drawable text, or as much of its beginning as fits with an ellipsis; empty if there is no room for that."""
    if text_width(text, size, bold=bold) <= width:
        return text
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        if text_width(text[:middle].rstrip() + _CUT, size, bold=bold) <= width:
            least = middle
        else:
            most = middle - 1
    return text[:least].rstrip() + _CUT if least else ""


def wrap(text: str, width: float, size: float, *, bold: bool = False, most: int) -> list[str]:
    """The drawable text on at most ``most`` lines, broken after spaces and the punctuation of slugs.

    The last line is shortened if need be; there is none if not even a character fits.
    """
    lines, rest = _filled(text, width, size, bold, most - 1)
    last = shorten(rest, width, size, bold=bold)
    return [*lines, last] if last else lines


def whole(text: str, width: float, size: float, *, bold: bool = False, most: int) -> list[str]:
    """The drawable text on at most ``most`` lines as ``wrap`` breaks it, or no line if it does not fit as a whole."""
    lines, rest = _filled(text, width, size, bold, most - 1)
    if not rest:
        return lines
    return [*lines, rest] if text_width(rest, size, bold=bold) <= width else []


def percent(share: float) -> str:
    """A fraction (0 to 1) in percent, with a decimal."""
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def leading_title(ranked: Sequence[tuple[str, float]], of: str) -> str:
    """Who leads, such as ``Code Generation leads with 23% of requests``; two if they are level.

    Args:
        ranked: names with their shares, the largest first, at least one.
        of: what the shares are of.
    """
    (name, share), *others = ranked
    # A decimal would say no more of a large one.
    figure = f"{share:.0%}" if share >= 0.0995 else percent(share)
    if others and others[0][1] == share:
        return f"{name} and {others[0][0]} lead with {figure} of {of} each"
    return f"{name} leads with {figure} of {of}"


def model_name(slug: str) -> str:
    """The slug without its author, such as ``gpt-4.1-mini`` for ``openai/gpt-4.1-mini``."""
    return slug.rpartition("/")[2]


def quantity(number: float) -> str:
    """A number with three digits at most, such as ``1.2T``, ``45B`` or ``0.31``."""
    divisor, letter = letter_for(abs(number))
    return f"{MINUS if number < 0 else ''}{_three_digits(abs(number) / divisor)}{letter}"


def written(number: float, *, percent: bool) -> str:
    """A fraction in percent, or another number as a quantity."""
    return f"{number:.1%}".replace("-", MINUS) if percent else quantity(number)


def letter_for(size: float) -> tuple[float, str]:
    """By what to divide a number of this size, and the letter that says so: ``K``, ``M``, ``B``, ``T`` or none."""
    # 999,950 is 1.0M, and not 1000K.
    return next(((scale, letter) for scale, letter in _SCALES if size >= 0.9995 * scale), (1.0, ""))


def day(value: date) -> str:
    """A day, such as ``16 Sep 2026``."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def _filled(text: str, width: float, size: float, bold: bool, most: int) -> tuple[list[str], str]:
    """As many full lines as are needed, at most ``most``, and the rest of the text."""
    lines: list[str] = []
    rest = text
    while len(lines) < most and text_width(rest, size, bold=bold) > width:
        head = _first_line(rest, width, size, bold)
        if not head:
            break
        lines.append(head.rstrip())
        rest = rest[len(head) :]
    return lines, rest


def _first_line(text: str, width: float, size: float, bold: bool) -> str:
    line = ""
    for head in accumulate(_PIECE.findall(text)):
        if text_width(head.rstrip(), size, bold=bold) > width:
            break
        line = head
    return line


def _three_digits(number: float) -> str:
    if number >= 99.95 or number == int(number):
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.95 else f"{number:.2g}"


@lru_cache(maxsize=2048)
def _drawable_letter(letter: str) -> str:
    candidates = (letter, unicodedata.normalize("NFD", letter)[0])
    return next((candidate for candidate in candidates if _fits_a_line(candidate)), _UNKNOWN)


def _fits_a_line(letter: str) -> bool:
    if not has_glyph(letter):
        return False
    extents = [text_extent(letter, 100, bold) for bold in (False, True)]
    # Fonts are hinted to whole pixels: at a small size a letter reaches further than at a large one.
    return all(above <= 100 * ABOVE - 4 and below <= 100 * (LINE - ABOVE) - 3 for _, above, below in extents)
