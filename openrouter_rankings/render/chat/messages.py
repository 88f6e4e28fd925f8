"""A message before its encoding for a platform: a heading, a monospaced block and notes, cut at a row.

The texts of others (names of models, apps and tasks, filters, citations that the service words) stand in the block,
where a platform formats and mentions nothing once its delimiter is escaped. The heading, the subtitle and the notes are
this library's own words, with dates and numbers.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from math import inf
from typing import TypedDict, TypeVar, Unpack

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.task_classifications import By
from openrouter_rankings.render.chat.tables import Answer, Row, Table, table
from openrouter_rankings.render.listing import SYNTHETIC_NOTICE, printable
from openrouter_rankings.render.monospace import clipped, left_to_right, width, wrapped

__all__ = ["Message", "Options", "compose", "fitted", "utf16_units"]

T = TypeVar("T")

_TOP = 10

# The narrowest block on a phone 390 px wide is that of a Discord embed: about 270 px, for letters of 8.4 px.
_WIDTH = 32
_LEAST_ROOM = 16

_MOST_IN_FIGURE = 8
_MOST_IN_NAME = 72
_MOST_IN_SENTENCE = 160

# Of a longer text nothing is read past here; it is clipped far sooner.
_MOST_READ = 1000

# About as many rows as the longest message has room for, and more than anyone reads in a chat.
_MOST_ROWS = 100

_UNITS = ((2 * 86400, 86400, "d"), (3600, 3600, "h"), (60, 60, "min"))


class _Frame(TypedDict, total=False):
    """What a message says around its rows, see ``Options``."""

    filters: Mapping[str, str]
    age: float | None
    stale: bool
    synthetic: bool


class Options(_Frame, total=False):
    """What every function of this package takes besides the answer.

    Keys:
        top: how many rows at most, at least 1; None for as many as fit, up to 100. 10 by default.
        by: what tasks, or the models of one, are ranked by, "usage" or "tokens"; "usage" by default.
        tag: show the models of this one task instead of the tasks.
        filters: what narrowed the answer, by the names of the parameters; the service does not repeat them.
        age: how old the answer is, in seconds, as ``Provenance.age`` has it; shown where the answer is stale.
        stale: the answer is past its freshness, as ``Provenance.stale`` has it, and the message must say so.
        synthetic: the figures are invented, and the message must say so.
    """

    top: int | None
    by: By | None
    tag: str | None


@attrs.frozen
class Message:
    """A message in no platform's syntax; lines are separated by newlines, and no other control character occurs.

    Attributes:
        heading: one line.
        subtitle: one line: the period, and the age of a stale answer.
        block: the monospaced block, never empty.
        notes: the lines below it: remarks, citation, licence.
    """

    heading: str
    subtitle: str
    block: str
    notes: tuple[str, ...]

    @property
    def visible(self) -> str:
        """All its text, line by line."""
        return "\n".join((self.heading, self.subtitle, self.block, *self.notes))


def compose(
    answer: Answer,
    *,
    top: int | None = _TOP,
    by: By | None = None,
    tag: str | None = None,
    **frame: Unpack[_Frame],
) -> Message:
    """The message about an answer, see ``Options``, of any length; with ``top=None`` it has all rows.

    Raises:
        ConfigurationError: ``top`` is under 1, ``age`` is negative or infinite, ``by`` is neither "usage" nor "tokens",
            ``by`` or ``tag`` is given for a data set other than task classifications, or ``answer`` is of another type.
        UnknownTagError: the answer has no task of that tag.
    """
    return _message(answer, _rows_of(answer, sys.maxsize if top is None else top, by, tag), **frame)


def _rows_of(answer: Answer, most: int, by: By | None, tag: str | None) -> Table:
    if most < 1:
        raise ConfigurationError(f"top must be at least 1, or None for as many rows as fit, and is {most}.")
    return table(answer, most, by=by, tag=tag)


def _message(
    answer: Answer,
    content: Table,
    *,
    filters: Mapping[str, str] | None = None,
    age: float | None = None,
    stale: bool = False,
    synthetic: bool = False,
) -> Message:
    if age is not None and not 0 <= age < inf:
        raise ConfigurationError(f"age must be a finite number of seconds, 0 or more, and is {age}.")
    synthetic = synthetic or answer.synthetic
    if synthetic:
        content = _sample(content)
    notes = (*content.remarks, content.citation, "" if synthetic else answer.licence)
    return Message(
        heading=content.heading,
        subtitle=f"{content.period} \u00b7 {_older(age)}" if stale else content.period,
        block="\n".join(_block(content, filters or {})),
        notes=tuple(printable(note) for note in notes if note),
    )


def fitted(
    answer: Answer,
    encode: Callable[[Message], T],
    fits: Callable[[T], bool],
    *,
    top: int | None = _TOP,
    by: By | None = None,
    tag: str | None = None,
    **frame: Unpack[_Frame],
) -> T:
    """The encoded message with as many of the rows asked for as fit, at least one and at most 100."""
    wanted = _MOST_ROWS if top is None else min(top, _MOST_ROWS)
    content = _rows_of(answer, wanted, by, tag)

    def with_rows(rows: int) -> T:
        # Which rows of benchmarks there are decides which citations there are.
        cut = _rows_of(answer, rows, by, tag) if content.quoted else attrs.evolve(content, rows=content.rows[:rows])
        return encode(_message(answer, cut, **frame))

    message = with_rows(wanted)
    if fits(message):
        return message
    fitting = bisect_left(range(1, wanted), True, key=lambda rows: not fits(with_rows(rows)))
    return with_rows(max(1, fitting))


def utf16_units(text: str) -> int:
    """The length of the text as Telegram counts it, and at least as large as any platform counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _block(content: Table, filters: Mapping[str, str]) -> Iterator[str]:
    if content.subject is not None:
        yield from _lines(content.subject, _WIDTH, _MOST_IN_NAME)
    if filters:
        named = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in filters.items())
        yield from _lines(named, _WIDTH, _MOST_IN_SENTENCE)
    yield from _grid(content.headings, content.rows)
    if content.total > len(content.rows):
        yield f"and {content.total - len(content.rows):,} more"
    for citation in content.quoted:
        yield ""
        yield from _lines(citation, _WIDTH, _MOST_IN_SENTENCE)


def _grid(headings: tuple[str, ...], rows: tuple[Row, ...]) -> Iterator[str]:
    """The table, one row after the other: figures aligned on the right, and then the names, wrapped."""
    if not rows:
        yield "No rows."
        return
    figures = [headings[:-1], *([_cell(figure, _MOST_IN_FIGURE) for figure in row.figures] for row in rows)]
    widths = [max(map(width, column)) for column in zip(*figures, strict=True)]
    room = max(_LEAST_ROOM, _WIDTH - sum(widths) - len(widths))
    names = [(headings[-1],), *(row.names for row in rows)]
    for cells, texts in zip(figures, names, strict=True):
        start = "".join(" " * (most - width(cell)) + cell + " " for cell, most in zip(cells, widths, strict=True))
        for text in texts:
            for line in _lines(text, room, _MOST_IN_NAME):
                yield start + line
                start = " " * width(start)


@lru_cache(maxsize=1024)
def _lines(text: str, columns: int, most: int) -> list[str]:
    return [left_to_right(line) for line in wrapped(_cell(text, most), columns)]


def _cell(text: str, most: int) -> str:
    return clipped(printable(text[:_MOST_READ]), most) or "-"


def _older(age: float | None) -> str:
    if age is None:
        return "older answer"
    for least, seconds, unit in _UNITS:
        if age >= least:
            return f"older, from {int(age // seconds):,} {unit} ago"
    return f"older, from {int(age)} s ago"


def _sample(content: Table) -> Table:
    """The content as what it is: invented figures, which have no source."""
    return attrs.evolve(
        content,
        heading=f"Synthetic sample: {content.heading}",
        remarks=(*content.remarks, SYNTHETIC_NOTICE),
        citation=content.citation and _live(content.citation),
        quoted=tuple(map(_live, content.quoted)),
    )


def _live(citation: str) -> str:
    return f'A live answer: "{citation}"'
