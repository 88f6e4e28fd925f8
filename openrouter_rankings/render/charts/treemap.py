"""Tasks as a treemap: areas are shares of traffic, colours are macro categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import attrs

from openrouter_rankings.models.task_classifications import By, TaskClassification, TaskClassifications
from openrouter_rankings.render.charts.keys import KEYS_HEIGHT, Key, keys_row
from openrouter_rankings.render.charts.page import Chart
from openrouter_rankings.render.charts.shapes import Box, Label, Rectangle, Shape
from openrouter_rankings.render.charts.squarify import squarify
from openrouter_rankings.render.charts.tasks import Group, drawn_tasks, groups, share_of, units, window
from openrouter_rankings.render.charts.themes import Theme
from openrouter_rankings.render.charts.words import (
    ABOVE,
    LINE,
    SMALLEST,
    drawable,
    leading_title,
    model_name,
    percent,
    whole,
    wrap,
)

__all__ = ["treemap"]

_PADDING_X = 6
_PADDING_Y = 4
_BETWEEN_CELLS = 2
_BETWEEN_GROUPS = 7
# How much more of a cell the outline of its group covers than its own.
_EDGE = (_BETWEEN_GROUPS - _BETWEEN_CELLS) / 2

# A category has no room for more labels than this.
_MOST_ALONE = 30

# Which proportions leave the most room for labels depends on the names.
_ASPECTS = (1.5, 2.0, 1.0, 2.7)

_NAME_SIZES = (40, 34, 28, 24, SMALLEST)
_LEAST_BOLD_SIZE = 24
_MOST_LINES = 3

# A model's name that is cut shorter than this says nothing.
_LEAST_MODEL_LETTERS = 10


@attrs.frozen
class _Item:
    """What a cell stands for: a task with its leading model, or several tasks together."""

    name: str
    share: float
    model: str = ""
    is_rest: bool = False

    @property
    def largest_size(self) -> float:
        return SMALLEST if self.is_rest else _NAME_SIZES[0]


@attrs.frozen
class _Text:
    text: str
    size: float
    bold: bool = False


@attrs.frozen
class _Cell:
    item: _Item
    box: Box
    room: Box
    texts: tuple[_Text, ...]


def treemap(answer: TaskClassifications, by: By) -> Chart:
    """The tasks of an answer, grouped by macro category, each with its leading model.

    Tasks whose cells are too small for a label share one.

    Raises:
        ConfigurationError: see ``drawn_tasks``.
    """
    found = groups(answer, by)
    return Chart(
        title=leading_title([(task.display_name, share_of(task, by)) for task in drawn_tasks(answer, by)], units(by)),
        subtitle=f"Area: share of classified {units(by)} by task, with its leading model, {window(answer)}",
        citation=answer.source_line,
        licence=answer.licence,
        synthetic=answer.synthetic,
        plot=partial(_plot, found, by),
    )


def _plot(found: Sequence[Group], by: By, box: Box, theme: Theme) -> Iterator[Shape]:
    keys = [Key(f"{group.label} {percent(group.share)}", group.number) for group in found]
    yield from keys_row(keys, box, theme)
    # The outlines of the groups cover half of their width on either side.
    area = box.inset(*[-_BETWEEN_GROUPS / 2] * 4).inset(top=KEYS_HEIGHT)
    places = squarify([group.share for group in found], area)
    for group, place in zip(found, places, strict=True):
        colour = theme.colour(group.number)
        for cell in _best_cells([_item(task, by) for task in group.tasks], place):
            yield Rectangle(cell.box, colour, theme.background, _BETWEEN_CELLS)
            yield from _labels(cell, theme.text_on(colour))
        yield Rectangle(place, None, theme.background, _BETWEEN_GROUPS)


def _item(task: TaskClassification, by: By) -> _Item:
    models = task.top_models(1, by)
    model = drawable(model_name(models[0].id)) if models else ""
    return _Item(drawable(task.display_name), share_of(task, by), model)


def _best_cells(items: Sequence[_Item], place: Box) -> list[_Cell]:
    """The items in cells: those that can be labelled alone, as far as possible, and the rest in one."""
    tried: list[list[_Cell]] = []
    for alone in range(min(len(items), _MOST_ALONE), -1, -1):
        joined = _joined(items, alone)
        tried.append(max((_cells(joined, place, aspect) for aspect in _ASPECTS), key=_worth))
        if all(cell.texts for cell in tried[-1]):
            break
    return max(tried, key=_worth)


def _joined(items: Sequence[_Item], alone: int) -> list[_Item]:
    rest = items[alone:]
    together = [_Item(f"{len(rest)} more", sum(item.share for item in rest), is_rest=True)] if rest else []
    return [*items[:alone], *together]


def _worth(cells: Sequence[_Cell]) -> tuple[float, int]:
    """How much the labels tell, first by the share that they stand for and then by their lines."""
    labelled = [cell for cell in cells if cell.texts]
    told = sum(cell.item.share / 2 if cell.item.is_rest else cell.item.share for cell in labelled)
    return round(told, 6), sum(len(cell.texts) for cell in labelled)


def _cells(items: Sequence[_Item], place: Box, aspect: float) -> list[_Cell]:
    boxes = squarify([item.share for item in items], place, aspect=aspect)
    cells: list[_Cell] = []
    size: float = _NAME_SIZES[0]
    for item, box in zip(items, boxes, strict=True):
        room = _room(box, place)
        texts = _texts(item, room, min(size, item.largest_size))
        # A name is never larger than that of a larger task.
        size = texts[0].size if texts else size
        cells.append(_Cell(item, box, room, texts))
    return cells


def _room(box: Box, place: Box) -> Box:
    """Where the text of a cell may stand, as far from the outline of the group as from that of the cell."""
    left, top = max(box.left, place.left + _EDGE), max(box.top, place.top + _EDGE)
    return Box(left, top, box.right - left, box.bottom - top).inset(_PADDING_X, _PADDING_Y, _PADDING_X, _PADDING_Y)


def _texts(item: _Item, room: Box, largest_size: float) -> tuple[_Text, ...]:
    """The lines in a cell: as many and as large as fit; none if the name does not."""
    width, height = room.width, room.height
    sizes = [size for size in _NAME_SIZES if size <= largest_size]
    candidates = _candidates(item, width, sizes)
    fitting = (texts for texts in candidates if sum(LINE * text.size for text in texts) <= height)
    return next(fitting, ())


def _candidates(item: _Item, width: float, sizes: Sequence[float]) -> Iterator[tuple[_Text, ...]]:
    """What may stand in a cell, the best first: with the whole model, with its beginning, without it."""
    heads = [head for size in sizes if (head := _head(item, width, size))]
    for tail in _tails(item.model, width) if heads else ():
        yield from (head + tail for head in heads)


def _head(item: _Item, width: float, size: float) -> tuple[_Text, ...]:
    share, large = percent(item.share), size >= _LEAST_BOLD_SIZE
    # A small cell has no line to spare for the share alone.
    parts = ((item.name, True), (share, False)) if large else ((f"{item.name} {share}".strip(), False),)
    texts: list[_Text] = []
    for part, bold in parts:
        lines = whole(part, width, size, bold=bold, most=_MOST_LINES)
        if not lines:
            return ()
        texts += (_Text(line, size, bold) for line in lines)
    return tuple(texts)


def _tails(model: str, width: float) -> Iterator[tuple[_Text, ...]]:
    if lines := whole(model, width, SMALLEST, most=_MOST_LINES):
        yield tuple(_Text(line, SMALLEST) for line in lines)
    for most in range(1, _MOST_LINES + 1):
        lines = wrap(model, width, SMALLEST, most=most)
        if sum(map(len, lines)) > _LEAST_MODEL_LETTERS:
            yield tuple(_Text(line, SMALLEST) for line in lines)
    yield ()


def _labels(cell: _Cell, colour: str) -> Iterator[Label]:
    top = cell.room.top
    for text in cell.texts:
        yield Label(cell.room.left, top + ABOVE * text.size, text.text, text.size, colour, text.bold)
        top += LINE * text.size
