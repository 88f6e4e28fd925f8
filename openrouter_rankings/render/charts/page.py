"""What all pictures have in common: the title on top, the source at the foot, and the plot between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypedDict, get_args

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.parameters import listed
from openrouter_rankings.render.charts.ink import Format, encode, figure, load_matplotlib
from openrouter_rankings.render.charts.shapes import HEIGHT, WIDTH, Box, Label, Shape
from openrouter_rankings.render.charts.themes import THEMES, Theme, ThemeName
from openrouter_rankings.render.charts.words import ABOVE, LINE, SMALLEST, drawable, wrap
from openrouter_rankings.render.listing import SYNTHETIC_NOTICE

__all__ = ["Chart", "Look", "picture", "shapes"]

_MARGIN = 24
_TITLE_SIZE = 36
_TITLE_LINES = 2
_NOTE_LINES = 2
_GAP = 14


class Look(TypedDict, total=False):
    """How a picture looks, whatever it shows. Any of them can be left out.

    Attributes:
        theme: ``"light"`` (the default) or ``"dark"``.
        format: ``"png"`` (the default) or ``"svg"``.
        synthetic: the figures are invented, and the picture says so.
    """

    theme: ThemeName
    format: Format
    synthetic: bool


@attrs.frozen
class Chart:
    """What a picture shows.

    Attributes:
        title: the fact that it shows, without a full stop.
        subtitle: what the figures are, with unit and dates.
        citation: the line that the source asks for.
        licence: the line to add to it.
        plot: draws the figures into a box in the colours of a theme.
        remarks: what else a reader must know, a sentence each.
        synthetic: whether the answer says that its figures are invented.
    """

    title: str
    subtitle: str
    citation: str
    licence: str
    plot: Callable[[Box, Theme], Iterable[Shape]]
    remarks: tuple[str, ...] = ()
    synthetic: bool = False


def picture(
    chart: Chart,
    *,
    theme: ThemeName = "light",
    format: Format = "png",  # noqa: A002 - the name that everyone expects
    synthetic: bool = False,
) -> bytes:
    """The chart as a file; the keyword arguments are those of ``Look``.

    Raises:
        ConfigurationError: matplotlib is not installed, or the theme or the format is unknown.
    """
    _check("theme", theme, get_args(ThemeName))
    _check("format", format, get_args(Format))
    load_matplotlib()
    synthetic = synthetic or chart.synthetic
    drawn = figure(shapes(chart, THEMES[theme], synthetic=synthetic), THEMES[theme].background)
    source = SYNTHETIC_NOTICE if synthetic else drawable(chart.citation)
    about = {"Title": drawable(chart.title), "Description": drawable(chart.subtitle), "Source": source}
    return encode(drawn, format, about)


def shapes(chart: Chart, theme: Theme, *, synthetic: bool) -> Iterator[Shape]:
    """All that is drawn, the first at the back."""
    page = Box(0, 0, WIDTH, HEIGHT).inset(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
    subtitle = f"Synthetic sample. {chart.subtitle}" if synthetic else chart.subtitle
    head = [
        *_lines(chart.title, page.width, _TITLE_SIZE, theme.ink, bold=True, most=_TITLE_LINES),
        *_lines(subtitle, page.width, SMALLEST, theme.muted, most=_NOTE_LINES),
    ]
    notes = (*chart.remarks, *_source(chart, synthetic))
    foot = [line for note in notes for line in _lines(note, page.width, SMALLEST, theme.muted, most=_NOTE_LINES)]
    top, bottom = page.top + _height(head), page.bottom - _height(foot)
    yield from _stacked(head, page.left, page.top)
    yield from _stacked(foot, page.left, bottom)
    yield from chart.plot(Box(page.left, top + _GAP, page.width, bottom - top - 2 * _GAP), theme)


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigurationError(f"{name} must be {listed(known)}, not {value!r}.")


def _source(chart: Chart, synthetic: bool) -> tuple[str, ...]:
    if synthetic:
        return SYNTHETIC_NOTICE, f'A live answer: "{chart.citation}"'
    return (f"{chart.citation} {chart.licence}",)


def _lines(text: str, width: float, size: float, colour: str, *, bold: bool = False, most: int) -> list[Label]:
    lines = wrap(drawable(text), width, size, bold=bold, most=most)
    return [Label(0, 0, line, size, colour, bold) for line in lines]


def _height(lines: Iterable[Label]) -> float:
    return sum(LINE * line.size for line in lines)


def _stacked(lines: Iterable[Label], left: float, top: float) -> Iterator[Label]:
    for line in lines:
        yield attrs.evolve(line, x=left, baseline=top + ABOVE * line.size)
        top += LINE * line.size
