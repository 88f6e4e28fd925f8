"""A table for the terminal: fitted to its width, with bars and sparklines, as lines of styled text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import attrs

from openrouter_rankings.render.listing import Column, Sheet
from openrouter_rankings.render.monospace import clipped, width

__all__ = ["Span", "bar", "lines", "plain_text", "sparkline"]

# A name in a column that is shortened keeps at least so many characters.
_LEAST_TEXT = 12
_LEAST_NAME = 8
_LEAST = 2

_LEAST_DRAWN, _MOST_DRAWN = 6, 20
_GAP = 1

_BLOCKS = "\u258f\u258e\u258d\u258c\u258b\u258a\u2589\u2588"
# Not the full block: it would touch the sparkline of the row above.
_LEVELS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587"
_TITLE_WIDTH = 100


@attrs.frozen
class Span:
    """Some text of a line, and how it looks.

    Attributes:
        text: printable text.
        style: ``"title"``, ``"heading"``, ``"note"``, ``"group:..."`` with the group's name, or empty.
    """

    text: str
    style: str = ""


Line = tuple[Span, ...]


def lines(sheet: Sheet, columns: int | None, *, blocks: bool = True) -> Iterator[Line]:
    """The sheet line by line: title, sparkline if there is one, table, notes.

    Args:
        sheet: the table.
        columns: the width to fit; None shows everything in full.
        blocks: whether the output can show block elements; bars are of ``#`` otherwise, and there are no sparklines.
    """
    yield from _wrapped(sheet.title, columns or _TITLE_WIDTH, "title")
    yield ()
    if sheet.line is not None and blocks:
        yield (Span(sparkline(sheet.line.values, columns or _TITLE_WIDTH)),)
        yield from _wrapped(sheet.line.caption, columns, "note")
        yield ()
    fitted = _fitted(_aligned(_drawable(sheet, blocks)), columns)
    widths = _widths(fitted, columns)
    yield _row([column.heading for column in fitted.columns], widths, ["heading"] * len(widths))
    yield (Span("-" * (sum(widths) + _GAP * (len(widths) - 1))),)
    for index, cells in enumerate(fitted.rows):
        texts = [
            cell if column.drawn is None else _drawing(column, index, room, blocks)
            for cell, column, room in zip(cells, fitted.columns, widths, strict=True)
        ]
        group = f"group:{fitted.groups[index]}" if fitted.groups else ""
        yield _row(texts, widths, [group if column.grouped else "" for column in fitted.columns])
    yield ()
    for note in sheet.notes:
        yield from _wrapped(note, columns, "note")


def plain_text(rendered: Iterable[Line]) -> str:
    """The lines without styles."""
    return "".join(f"{''.join(span.text for span in line).rstrip()}\n" for line in rendered)


def bar(fraction: float, room: int, *, blocks: bool = True) -> str:
    """A bar of ``fraction`` (0 to 1) of the room, to an eighth of a character; any value above 0 shows something."""
    if not blocks:
        return "#" * max(round(fraction * room), 1 if fraction > 0 else 0)
    eighths = max(round(fraction * room * 8), 1 if fraction > 0 else 0)
    whole, rest = divmod(eighths, 8)
    return _BLOCKS[-1] * whole + (_BLOCKS[rest - 1] if rest else "")


def sparkline(values: Sequence[float | None], room: int) -> str:
    """The values as columns of seven heights, in at most ``room`` characters; None is a space.

    The heights begin at half of the greatest value, or at the least value if that is lower: a change of a tenth shows,
    and looks like no more. Where there are more values than room, a character stands for the mean of its values.
    """
    count = min(room, len(values))
    buckets = [values[len(values) * i // count : len(values) * (i + 1) // count] for i in range(count)]
    means = [_mean(bucket) for bucket in buckets]
    known = [mean for mean in means if mean is not None]
    greatest = max(known, default=0.0)
    base = min([*known, greatest / 2])
    return "".join(" " if mean is None else _LEVELS[_level(mean - base, greatest - base)] for mean in means)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _level(value: float, greatest: float) -> int:
    return min(int(value / greatest * len(_LEVELS)), len(_LEVELS) - 1) if greatest > 0 else 0


def _wrapped(text: str, columns: int | None, style: str) -> Iterator[Line]:
    # A line for every note where nothing limits the width.
    parts = textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False) if columns else [text]
    return ((Span(part, style),) for part in parts)


def _row(texts: Sequence[str], widths: Sequence[int], styles: Sequence[str]) -> Line:
    spans: list[Span] = []
    for text, room, style in zip(texts, widths, styles, strict=True):
        shown = clipped(text, room)
        spans += [Span(" " * _GAP)] if spans else []
        spans += [Span(shown, style), Span(" " * (room - width(shown)))]
    return tuple(spans[:-1])


def _drawing(column: Column, index: int, room: int, blocks: bool) -> str:
    drawn = column.drawn or ()
    values = drawn[index]
    if len(values) > 1:
        return sparkline(values, room)
    value = values[0] if values else None
    greatest = max((row[0] or 0.0 for row in drawn if row), default=0.0)
    return bar(value / greatest, room, blocks=blocks) if value and greatest > 0 else ""


def _drawable(sheet: Sheet, blocks: bool) -> Sheet:
    """The sheet without the columns that cannot be drawn, or have nothing to draw."""

    def is_shown(column: Column) -> bool:
        longest = max(map(len, column.drawn), default=0) if column.drawn is not None else 1
        return longest == 1 if not blocks else longest > 0

    return _with(sheet, [index for index, column in enumerate(sheet.columns) if is_shown(column)])


def _with(sheet: Sheet, kept: Sequence[int]) -> Sheet:
    columns = tuple(sheet.columns[index] for index in kept)
    return attrs.evolve(sheet, columns=columns, rows=tuple(tuple(row[index] for index in kept) for row in sheet.rows))


def _aligned(sheet: Sheet) -> Sheet:
    """The sheet with numbers on the right of their columns, and their decimal points under each other."""
    cells = [
        _right_aligned(column.heading, texts) if column.right else (column.heading, *texts)
        for column, *texts in zip(sheet.columns, *sheet.rows, strict=True)
    ]
    headings, *rows = zip(*cells, strict=True)
    columns = (attrs.evolve(column, heading=text) for column, text in zip(sheet.columns, headings, strict=True))
    return attrs.evolve(sheet, columns=tuple(columns), rows=tuple(rows))


def _right_aligned(heading: str, texts: Sequence[str]) -> tuple[str, ...]:
    fractions = [len(text) - len(text.partition(".")[0]) for text in texts]
    longest = max(fractions, default=0)
    cells = [heading, *(text + " " * (longest - length) for text, length in zip(texts, fractions, strict=True))]
    room = max(map(width, cells))
    return tuple(" " * (room - width(cell)) + cell for cell in cells)


def _fitted(sheet: Sheet, columns: int | None) -> Sheet:
    """The sheet without the columns for which there is no room, the most dispensable first."""
    spares = [column.spare for column in sheet.columns if column.spare is not None]
    if columns is None or not spares or _total(_natural(sheet)) <= columns:
        return sheet
    kept = [index for index, column in enumerate(sheet.columns) if column.spare != min(spares)]
    return _fitted(_with(sheet, kept), columns)


def _natural(sheet: Sheet) -> list[int]:
    """The width that each column takes in full; the least width of a drawn one."""
    return [
        max(map(width, cells)) if column.drawn is None else max(_LEAST_DRAWN, width(column.heading))
        for column, cells in zip(
            sheet.columns, zip([each.heading for each in sheet.columns], *sheet.rows, strict=True), strict=True
        )
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _shorten(widths: list[int], indices: Sequence[int], least: int, room: int) -> None:
    """Narrow these columns, one after another, as far as there is no room for all."""
    for index in indices:
        excess = max(0, _total(widths) - room)
        widths[index] -= min(excess, max(0, widths[index] - least))


def _widths(sheet: Sheet, columns: int | None) -> list[int]:
    """The width of each column. Other texts are shortened before the names in the last one; bars take the rest."""
    widths = _natural(sheet)
    room = columns or _total(widths) + _MOST_DRAWN * len(widths)
    texts = [index for index, column in enumerate(sheet.columns[:-1]) if not column.right and column.drawn is None]
    _shorten(widths, texts, _LEAST_TEXT, room)
    _shorten(widths, [len(widths) - 1], _LEAST_NAME, room)
    _shorten(widths, range(len(widths)), _LEAST, room)
    for index, column in enumerate(sheet.columns):
        if column.drawn is not None:
            longest = max(map(len, column.drawn))
            most = _MOST_DRAWN if longest == 1 else max(widths[index], min(longest, _MOST_DRAWN))
            widths[index] += min(max(0, room - _total(widths)), most - widths[index])
    return widths
