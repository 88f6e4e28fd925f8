"""Text in a monospaced font: how wide it is, and how it is clipped and wrapped (Unicode Standard Annex #11)."""

from __future__ import annotations

from unicodedata import bidirectional, category, east_asian_width

__all__ = ["clipped", "left_to_right", "width", "wrapped"]

_ELLIPSIS = "\u2026"
_LEFT_TO_RIGHT_MARK = "\u200e"

# Where there is no space, a line may end after one of these.
_BREAKS = "/:_-"


def width(text: str) -> int:
    """The number of columns that printable text takes: two for a wide character, none for a combining mark."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def clipped(text: str, columns: int) -> str:
    """The text, cut to so many columns and twice as many code points; an ellipsis stands for what is cut off."""
    if len(text) <= 2 * columns and width(text) <= columns:
        return text
    return text[: _fitting(text[: 2 * columns - 1], columns - 1)] + _ELLIPSIS


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns.

    A line ends at a space if it has one, or after one of ``/ : _ -``; a space at its end is left out.

    Args:
        text: printable text.
        columns: at least 2, since a wide character takes two.
    """
    lines: list[str] = []
    while width(text) > columns:
        end = _line_end(text, _fitting(text, columns))
        lines.append(text[:end].rstrip(" "))
        text = text[end:].lstrip(" ")
    return [*lines, text]


def left_to_right(text: str) -> str:
    """The text between left-to-right marks if it has right-to-left letters, so that it reorders nothing beside it.

    Unicode Standard Annex #9, section 2.6.
    """
    if text.isascii() or not any(bidirectional(letter) in {"R", "AL", "AN"} for letter in text):
        return text
    return f"{_LEFT_TO_RIGHT_MARK}{text}{_LEFT_TO_RIGHT_MARK}"


def _columns(letter: str) -> int:
    if category(letter) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(letter) in {"W", "F"} else 1


def _fitting(text: str, columns: int) -> int:
    """How many code points from the start of the text take at most so many columns."""
    used = 0
    for index, letter in enumerate(text):
        used += _columns(letter)
        if used > columns:
            return index
    return len(text)


def _line_end(text: str, end: int) -> int:
    """The last place up to ``end`` where the line may end; ``end`` itself if there is none."""
    if text[end] == " ":
        return end
    return text.rfind(" ", 0, end) + 1 or max(text.rfind(mark, 0, end) for mark in _BREAKS) + 1 or end
