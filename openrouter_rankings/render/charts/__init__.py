"""Answers as pictures: PNG or SVG for a chat, a report or a page. Needs the extra ``charts``.

Each function returns the bytes of one picture of 1200 x 675 pixels, whose text stays readable when a phone shows it 390
pixels wide. The title states the fact; unit, dates and the citation stand in the picture. The same input gives the same
bytes, with the same version of matplotlib.

Drawing takes about a tenth of a second of processor time. Keep it off the event loop: the functions share no state, so
that any number of threads can draw at once::

    picture = await asyncio.to_thread(charts.task_treemap, tasks, theme="dark")

All functions take these keyword arguments:

- ``theme``: ``"light"`` (the default) or ``"dark"``;
- ``format``: ``"png"`` (the default) or ``"svg"``;
- ``synthetic``: True says in the picture that the figures are invented.

All of them raise ``ConfigurationError`` if matplotlib is not installed, if an argument is not allowed, or if there is
nothing to draw. Texts from the service are never read as markup. What the font (DejaVu Sans) lacks is drawn as
``U+FFFD``, and a name that is too long is shortened. matplotlib is imported with the first picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Unpack

import attrs

from openrouter_rankings.models.rankings_daily import Period, RankingsDaily
from openrouter_rankings.models.task_classifications import By, TaskClassifications
from openrouter_rankings.render.charts.authors import author_lines
from openrouter_rankings.render.charts.bars import model_bars, task_bars
from openrouter_rankings.render.charts.page import Look, picture
from openrouter_rankings.render.charts.stacks import model_stacks
from openrouter_rankings.render.charts.treemap import treemap
from openrouter_rankings.render.charts.trends import trend_line

__all__ = ["Look", "author_shares", "task_changes", "task_models", "task_treemap", "trend", "weekly_models"]


def task_treemap(answer: TaskClassifications, *, by: By = "usage", **look: Unpack[Look]) -> bytes:
    """The tasks as areas, grouped by macro category, each with its share and its leading model.

    Tasks that are too small for a label share one area of their category.

    Args:
        answer: the answer, with 500 tasks at most.
        by: whether areas are shares of requests (``"usage"``) or of tokens (``"tokens"``).
        look: see the module.

    Raises:
        ConfigurationError: see the module; or a share is not from 0 to 1.
    """
    return picture(treemap(answer, by), **look)


def task_changes(
    answer: TaskClassifications,
    earlier: TaskClassifications | None = None,
    *,
    by: By = "usage",
    top: int = 12,
    **look: Unpack[Look],
) -> bytes:
    """The leading tasks as bars, coloured by macro category, with their change against an earlier answer.

    Args:
        answer: the answer, with 500 tasks at most.
        earlier: an older answer for a window as long; None draws no changes, which are in percentage points.
        by: whether tasks are ranked by their share of requests (``"usage"``) or of tokens (``"tokens"``).
        top: how many tasks, from 1 to 12; the others are summed up in one more row.
        look: see the module.

    Raises:
        ConfigurationError: see the module; a share is not from 0 to 1; or ``earlier`` is not older, or for another
            window.
    """
    return picture(task_bars(answer, earlier, by, top), **look)


def task_models(
    answer: TaskClassifications, tag: str, *, by: By = "usage", top: int = 10, **look: Unpack[Look]
) -> bytes:
    """The leading models of one task as bars.

    Args:
        answer: the answer.
        tag: the task, such as ``code:debugging``.
        by: whether models are ranked by their share of the task's requests (``"usage"``) or tokens (``"tokens"``); the
            other share stands beside each bar. The service lists the leading models by requests only.
        top: how many models, from 1 to 12; all others are summed up in one more row.
        look: see the module.

    Raises:
        UnknownTagError: the answer has no task of that tag.
        ConfigurationError: see the module; or a share is not from 0 to 1.
    """
    return picture(model_bars(answer, tag, by, top), **look)


def weekly_models(answer: RankingsDaily, *, top: int = 6, merge_variants: bool = False, **look: Unpack[Look]) -> bytes:
    """The tokens of each week as stacked bars: the leading models of the span, and all others together.

    Rows of days are summed by the week from Monday, rows of weeks and months are drawn as they are. A week that is not
    in the answer whole, or was not over, is drawn pale. A model has its tokens only of dates on which it is among the
    top 50; on others they count among all others.

    Args:
        answer: the rows of a span of 800 weeks at most.
        top: how many models, from 1 to 8.
        merge_variants: sum the variants of a model, such as ``:free``.
        look: see the module.

    Raises:
        ConfigurationError: see the module; or a number of tokens is out of range.
    """
    return picture(model_stacks(answer, top, merge_variants=merge_variants), **look)


def author_shares(answer: RankingsDaily, *, top: int = 6, **look: Unpack[Look]) -> bytes:
    """The shares of all tokens of the leading authors, date by date, as lines.

    An author is the part of a slug before the slash. On dates on which none of its models is among the top 50 its
    share is unknown, and its line has a gap. Dates without data are shaded, and the line to a date that was not over
    is dashed.

    Args:
        answer: the rows of a span of 800 dates at most.
        top: how many authors, from 1 to 6.
        look: see the module.

    Raises:
        ConfigurationError: see the module; or a number of tokens is out of range.
    """
    return picture(author_lines(answer, top), **look)


def trend(
    values: Mapping[date, float | None],
    *,
    subject: str,
    citation: str,
    unit: str = "share",
    period: str = Period.DAY,
    unfinished: date | None = None,
    remarks: Sequence[str] = (),
    **look: Unpack[Look],
) -> bytes:
    """One figure over time, as a line. A date that is missing, or has None, is a gap in it, and shaded.

    Args:
        values: the figure by date, a ``period`` apart, 800 dates at most.
        subject: what the figure is; the title says of it that it rose or fell, such as "Debugging's share of requests".
        citation: the citation of the answers that the figures are from.
        unit: ``"share"`` for fractions (0 to 1), which are written in percent; else the name of the unit, such as
            ``"tokens"``.
        period: how far the dates lie apart, one of ``Period``.
        unfinished: the last date, if it was not over when its figure was taken: the way to it is dashed.
        remarks: what else readers must know, a sentence each, below the figures.
        look: see the module.

    Raises:
        ConfigurationError: see the module; a figure is not finite; the dates do not lie a ``period`` apart; or
            ``unfinished`` is not the last one.
    """
    chart = trend_line(values, subject=subject, unit=unit, citation=citation, period=period, unfinished=unfinished)
    return picture(attrs.evolve(chart, remarks=(*chart.remarks, *remarks)), **look)
