"""One figure over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.data_set import LICENCE
from openrouter_rankings.render.charts.calendar import every_date, span
from openrouter_rankings.render.charts.lines import Lines, Series
from openrouter_rankings.render.charts.page import Chart
from openrouter_rankings.render.charts.words import written

__all__ = ["SHARE", "trend_line"]

SHARE = "share"
"""The unit of fractions, which are written in percent."""

_LARGEST = 1e24


def trend_line(
    values: Mapping[date, float | None],
    *,
    subject: str,
    unit: str,
    citation: str,
    period: str,
    unfinished: date | None,
) -> Chart:
    """The values over time; a date without one is a gap.

    Raises:
        ConfigurationError: see ``every_date``; no date has a value; a value is not finite, or absurd; or ``unfinished``
            is not the last date.
    """
    known = {day: _checked(day, value) for day, value in sorted(values.items()) if value is not None}
    if not known:
        raise ConfigurationError("There is nothing to draw: no date has a value.")
    dates = every_date(values, period)
    if unfinished is not None and unfinished != dates[-1]:
        raise ConfigurationError(f"unfinished must be the last date, {dates[-1]}, not {unfinished}.")
    lines = Lines(
        dates=dates,
        period=period,
        series=[Series("", tuple(known.get(day) for day in dates))],
        percent=unit == SHARE,
        missing=frozenset(dates) - frozenset(known),
        unfinished=unfinished is not None,
    )
    return Chart(
        title=_title(subject, [value for day, value in known.items() if day != unfinished], percent=unit == SHARE),
        subtitle=f"{unit[:1].upper()}{unit[1:]} by {period}, {span(dates[0], dates[-1], period)} (UTC)",
        citation=citation,
        licence=LICENCE,
        plot=lines.plot,
        remarks=lines.remarks,
    )


def _title(subject: str, finished: Sequence[float], *, percent: bool) -> str:
    """What became of the figure between the first and the last date that was over."""
    if not finished:
        return subject
    first, last = finished[0], finished[-1]
    before, after = written(first, percent=percent), written(last, percent=percent)
    if before == after:
        return f"{subject}: {after}"
    return f"{subject} {'rose' if last > first else 'fell'} from {before} to {after}"


def _checked(day: date, value: float) -> float:
    if not isfinite(value) or abs(value) > _LARGEST:
        raise ConfigurationError(f"A value must be a finite number, and that of {day} is {value!r}.")
    return value
