"""Horizontal bars: the tasks of an answer with their change, and the models of one task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import attrs

from openrouter_rankings.analysis.changes import check_sources
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.task_classifications import By, ModelShare, TaskClassification, TaskClassifications
from openrouter_rankings.parameters import whole_number
from openrouter_rankings.render.charts.keys import KEYS_HEIGHT, Key, keys_row
from openrouter_rankings.render.charts.page import Chart
from openrouter_rankings.render.charts.shapes import Box, Label, Line, Rectangle, Shape
from openrouter_rankings.render.charts.tasks import (
    LEAST_SHARE,
    category_labels,
    category_numbers,
    checked_share,
    drawn_tasks,
    share_of,
    units,
    window,
)
from openrouter_rankings.render.charts.themes import Theme
from openrouter_rankings.render.charts.words import (
    ABOVE,
    SMALLEST,
    day,
    drawable,
    leading_title,
    model_name,
    percent,
    shorten,
    text_width,
)

__all__ = ["MOST_BARS", "model_bars", "task_bars"]

MOST_BARS = 12
"""So many bars fit below a title of one line, with one more for the rest."""

_LEAST_PITCH = 27
_MOST_PITCH = 46
_TEXT_SIZE = 22
_MOST_LABEL_PART = 0.52
_SPACE = 14

# A change or a rest below this rounds to 0.0 percent.
_LEAST_SHOWN = 0.0005


@attrs.frozen
class _Bar:
    """A row: what it is called, its share, the number of its colour, and the figure in the last column.

    What is left of the whole has no colour and no bar: it can be longer than all others, and is none of them.
    """

    label: str
    share: float
    colour_number: int | None
    note: str = ""


@attrs.frozen
class _Rows:
    """All rows of a chart.

    Attributes:
        bars: the bars, the largest first.
        top: how many of them are drawn if there is room.
        whole: the share of all that there is; what the bars leave of it is one more row.
        others: what that row is called; ``{}`` stands for the number of bars left out.
        keys: what the colours stand for.
        heading: what stands above the figures in the last column.
    """

    bars: Sequence[_Bar]
    top: int
    whole: float
    others: str
    keys: Sequence[Key]
    heading: str


def task_bars(answer: TaskClassifications, earlier: TaskClassifications | None, by: By, top: int) -> Chart:
    """The ``top`` tasks of an answer, with their change against an earlier one.

    Raises:
        ConfigurationError: see ``drawn_tasks``; ``top`` is not from 1 to ``MOST_BARS``; or ``earlier`` is not older, or
            of another window.
    """
    whole_number("top", top, 1, MOST_BARS)
    tasks = drawn_tasks(answer, by)
    numbers, labels = category_numbers(tasks), category_labels(answer)
    before = None if earlier is None else _shares_before(answer, earlier, by)
    rows = _Rows(
        bars=[
            _Bar(task.display_name, share_of(task, by), numbers[task.macro_category], _change(task, before, by))
            for task in tasks
        ],
        top=top,
        whole=sum(share_of(task, by) for task in tasks),
        others="Other tasks ({})",
        keys=[Key(labels.get(key, key), number) for key, number in numbers.items()],
        heading=f"Points since {day(earlier.as_of)}" if earlier else "",
    )
    return Chart(
        title=leading_title([(task.display_name, share_of(task, by)) for task in tasks], units(by)),
        subtitle=f"Share of classified {units(by)} by task, {window(answer)}",
        citation=answer.source_line,
        licence=answer.licence,
        synthetic=answer.synthetic,
        plot=partial(_plot, rows),
        remarks=_gone(answer, earlier),
    )


def model_bars(answer: TaskClassifications, tag: str, by: By, top: int) -> Chart:
    """The ``top`` models of one task.

    Raises:
        UnknownTagError: the answer has no task of that tag.
        ConfigurationError: the task has no model with a share, a share is not a fraction, ``by`` is unknown, or ``top``
            is not from 1 to ``MOST_BARS``.
    """
    whole_number("top", top, 1, MOST_BARS)
    task = answer.by_tag(tag)
    number = category_numbers(answer.classifications)[task.macro_category]
    bars = [bar for model in task.top_models(by=by) if (bar := _model_bar(model, by, number)).share >= LEAST_SHARE]
    if not bars:
        raise ConfigurationError(f"There is nothing to draw: the task {tag!r} has no model with a share above zero.")
    other_units = units("usage" if by == "tokens" else "tokens")
    rows = _Rows(
        bars=bars,
        top=top,
        whole=1.0,
        others="All other models",
        keys=[Key(f"Share of the task's {units(by)}", number)],
        heading=f"of its {other_units}",
    )
    return Chart(
        title=leading_title(
            [(model_name(bar.label), bar.share) for bar in bars], f"{units(by)} for {task.display_name}"
        ),
        subtitle=f"Models of {task.display_name} ({task.tag}), {window(answer)}",
        citation=answer.source_line,
        licence=answer.licence,
        synthetic=answer.synthetic,
        plot=partial(_plot, rows),
        remarks=("The service lists the task's leading models by requests only.",) if by == "tokens" else (),
    )


def _shares_before(answer: TaskClassifications, earlier: TaskClassifications, by: By) -> Mapping[str, float]:
    """By tag, the shares of an earlier answer that compares with this one."""
    check_sources(earlier, answer)
    if earlier.window_days != answer.window_days:
        raise ConfigurationError(
            f"Only answers for equal windows compare, and these are for {earlier.window_days} and {answer.window_days} "
            "days."
        )
    if earlier.as_of >= answer.as_of:
        raise ConfigurationError(f"The earlier answer is as of {earlier.as_of}, and so not before {answer.as_of}.")
    return {task.tag: checked_share(task.tag, share_of(task, by)) for task in earlier.classifications}


def _change(task: TaskClassification, before: Mapping[str, float] | None, by: By) -> str:
    if before is None:
        return ""
    if task.tag not in before:
        return "new"
    change = share_of(task, by) - before[task.tag]
    sign = "" if abs(change) < _LEAST_SHOWN else "▲ " if change > 0 else "▼ "
    return f"{sign}{abs(change) * 100:.1f}"


def _gone(answer: TaskClassifications, earlier: TaskClassifications | None) -> tuple[str, ...]:
    tags = {task.tag for task in answer.classifications}
    names = [task.display_name for task in (earlier.classifications if earlier else ()) if task.tag not in tags]
    return (f"No longer listed: {', '.join(names)}",) if names else ()


def _model_bar(model: ModelShare, by: By, number: int) -> _Bar:
    usage = checked_share(model.id, model.tag_usage_share)
    tokens = checked_share(model.id, model.tag_token_share)
    share, other = (tokens, usage) if by == "tokens" else (usage, tokens)
    return _Bar(model.id, share, number, percent(other))


def _plot(rows: _Rows, box: Box, theme: Theme) -> Iterator[Shape]:
    heading = drawable(rows.heading)
    heading_width = text_width(heading, SMALLEST)
    yield from keys_row(rows.keys, box.inset(right=heading_width), theme)
    yield Label(box.right, box.top + ABOVE * SMALLEST, heading, SMALLEST, theme.muted, align="right")
    area = box.inset(top=KEYS_HEIGHT)
    bars = _folded(rows, int(area.height // _LEAST_PITCH) - 1)
    columns = _columns(bars, area)
    pitch = min(area.height / len(bars), _MOST_PITCH)
    for place, bar in enumerate(bars):
        yield from _row(bar, columns, Box(area.left, area.top + place * pitch, area.width, pitch), theme)
    yield Line(((columns.left, area.top), (columns.left, area.top + len(bars) * pitch)), theme.muted, 1.5)


def _folded(rows: _Rows, most: int) -> list[_Bar]:
    """The rows that fit, with one for what they leave."""
    shown = rows.bars[: min(rows.top, most)]
    rest = rows.whole - sum(bar.share for bar in shown)
    if rest < _LEAST_SHOWN:
        return list(shown)
    return [*shown, _Bar(rows.others.format(len(rows.bars) - len(shown)), rest, None)]


@attrs.frozen
class _Columns:
    """Where the bars begin, and how long a share of 1 is."""

    left: float
    scale: float


def _columns(bars: Sequence[_Bar], area: Box) -> _Columns:
    label_width = max(text_width(drawable(bar.label), _TEXT_SIZE) for bar in bars)
    left = area.left + min(label_width, _MOST_LABEL_PART * area.width) + _SPACE
    value_width = max(text_width(percent(bar.share), _TEXT_SIZE, bold=True) for bar in bars)
    note_width = max(text_width(bar.note, _TEXT_SIZE) for bar in bars)
    width = area.right - left - _SPACE - value_width - (note_width + 2 * _SPACE if note_width else 0)
    return _Columns(left, width / max(bar.share for bar in bars if bar.colour_number is not None))


def _row(bar: _Bar, columns: _Columns, row: Box, theme: Theme) -> Iterator[Shape]:
    middle, thickness = row.top + row.height / 2, 0.62 * row.height
    baseline = middle + 0.36 * _TEXT_SIZE
    label = shorten(drawable(bar.label), columns.left - row.left - _SPACE, _TEXT_SIZE)
    value, end = percent(bar.share), columns.left + _SPACE
    if bar.colour_number is None:
        yield Label(row.left, baseline, label, _TEXT_SIZE, theme.muted)
        yield Label(end, baseline, value, _TEXT_SIZE, theme.muted)
        return
    length = bar.share * columns.scale
    yield Rectangle(Box(columns.left, middle - thickness / 2, length, thickness), theme.colour(bar.colour_number))
    yield Label(row.left, baseline, label, _TEXT_SIZE, theme.ink)
    yield Label(end + length, baseline, value, _TEXT_SIZE, theme.ink, bold=True)
    yield Label(row.right, baseline, bar.note, _TEXT_SIZE, theme.ink, align="right")
