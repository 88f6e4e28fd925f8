"""Days as people give them: ``2026-09-16``, ``2026-09``, ``yesterday``, ``7d``."""

from __future__ import annotations

import re
from datetime import date, timedelta

import click

__all__ = ["day_of", "span_of"]

_AGO = re.compile(r"([0-9]{1,4})([dw])", re.ASCII)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
_DAY = timedelta(days=1)


def day_of(option: str, given: str | None, today: date) -> str | None:
    """The UTC day that ``option`` names, as ISO text: the last one of a month for ``--end``, else the first one.

    Args:
        option: ``--start``, ``--since`` or ``--end``.
        given: an ISO day, a month, ``today``, ``yesterday``, or a number of days or weeks ago such as ``7d`` or ``2w``.
        today: the present UTC day.

    Raises:
        BadParameter: it is none of these.
    """
    if given is None:
        return None
    try:
        return str(_day(given, today, is_start=option != "--end"))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f'"{given}" is not a day, such as 2026-09-16, 2026-09, yesterday, 7d or 2w (ago).', param_hint=option
        ) from None


def span_of(start: str | None, end: str | None, today: date) -> dict[str, str | None]:
    """The values of ``--start`` and ``--end`` as parameters of the client; a span that begins today ends today.

    Raises:
        BadParameter: one of them is no day.
    """
    first, last = day_of("--start", start, today), day_of("--end", end, today)
    # By itself the service ends with the last complete day.
    return {"start_date": first, "end_date": str(today) if last is None and first == str(today) else last}


def _day(given: str, today: date, *, is_start: bool) -> date:
    if given in {"today", "yesterday"}:
        return today if given == "today" else today - _DAY
    ago = _AGO.fullmatch(given)
    if ago is not None:
        return today - int(ago[1]) * (7 if ago[2] == "w" else 1) * _DAY
    month = _MONTH.fullmatch(given)
    if month is None:
        return date.fromisoformat(given)
    first = date(int(month[1]), int(month[2]), 1)
    return first if is_start else (first + 31 * _DAY).replace(day=1) - _DAY
