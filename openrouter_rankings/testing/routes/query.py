"""Query parameters, validated as the service validates them, and the span of days that a query asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qs

import attrs

from openrouter_rankings.models.data_set import FIRST_DAY

__all__ = ["BadQueryError", "Query", "Span", "requested_span"]

T = TypeVar("T")
D = TypeVar("D")
E = TypeVar("E", bound=StrEnum)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# int() refuses more than 4300 digits.
_INTEGER = re.compile(r"-?[0-9]{1,4000}", re.ASCII)
_FLAGS = {"true": True, "false": False}
_ONE_DAY = timedelta(days=1)
_DEFAULT_START = timedelta(days=30)
_LONGEST_SPAN = 366


class BadQueryError(Exception):
    """The service rejects the query; the message is that of its 400."""


class Query:
    """The parameters of a query. Those that a route does not read are ignored.

    If a parameter is repeated, every value is validated and the last one counts.

    Args:
        text: the part of the URL after the question mark.
    """

    def __init__(self, text: str) -> None:
        self._values = parse_qs(text, keep_blank_values=True)

    def text(self, name: str) -> str | None:
        """Any text."""
        return self._last(name, str, None)

    def member(self, name: str, allowed: type[E]) -> E | None:
        """A member of an enum, by its value."""

        def parse(text: str) -> E:
            if text not in set(allowed):
                raise _not_allowed(name, text, allowed)
            return allowed(text)

        return self._last(name, parse, None)

    def flag(self, name: str) -> bool:
        """``true`` or ``false``; false by default."""

        def parse(text: str) -> bool:
            if text not in _FLAGS:
                raise _not_allowed(name, text, _FLAGS)
            return _FLAGS[text]

        return self._last(name, parse, default=False)

    def day(self, name: str) -> date | None:
        """A day, as ``YYYY-MM-DD``."""

        def parse(text: str) -> date:
            try:
                if _DATE.fullmatch(text):
                    return date.fromisoformat(text)
            except ValueError as error:
                raise BadQueryError(f"Invalid {name} {text!r}: there is no such day.") from error
            raise BadQueryError(f"Invalid {name} {text!r}: a day is written YYYY-MM-DD.")

        return self._last(name, parse, None)

    def integer(self, name: str, least: int, most: int | None, default: T) -> int | T:
        """An integer from ``least`` to ``most``, both included; ``most`` None sets no upper bound."""

        def parse(text: str) -> int:
            number = int(text) if _INTEGER.fullmatch(text) else None
            if number is None or number < least or (most is not None and number > most):
                bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
                raise BadQueryError(f"Invalid {name} {text!r}: give an integer {bounds}.")
            return number

        return self._last(name, parse, default)

    def _last(self, name: str, parse: Callable[[str], T], default: D) -> T | D:
        values = [parse(text) for text in self._values.get(name, [])]
        return values[-1] if values else default


def _not_allowed(name: str, text: str, allowed: Iterable[str]) -> BadQueryError:
    values = ", ".join(repr(str(value)) for value in allowed)
    return BadQueryError(f"Invalid {name} {text!r}: the allowed values are {values}.")


@attrs.frozen
class Span:
    """The UTC days from ``start`` to ``end``, both included."""

    start: date
    end: date

    def elapsed(self, now: datetime) -> tuple[tuple[date, float], ...]:
        """The days that have begun by ``now``, each with the fraction (0 to 1) of it that has passed."""
        length = (min(self.end, now.date()) - self.start).days + 1
        days = (self.start + n * _ONE_DAY for n in range(length))
        parts = ((day, min(1.0, (now - datetime.combine(day, time(), UTC)) / _ONE_DAY)) for day in days)
        return tuple((day, passed) for day, passed in parts if passed > 0)

    def meta(self) -> dict[str, str]:
        """The fields of ``meta`` that echo the span."""
        return {"start_date": self.start.isoformat(), "end_date": self.end.isoformat()}


def requested_span(query: Query, today: date) -> Span:
    """The span from ``start_date`` to ``end_date``.

    ``end_date`` defaults to yesterday, and ``start_date`` to 30 days before ``end_date``. A start before the first day
    of the data is moved to that day.

    Raises:
        BadQueryError: a date is invalid, the start is after the end, the end is before the first day of the data, or
            the span is longer than 366 days.
    """
    end = query.day("end_date") or today - _ONE_DAY
    start = query.day("start_date")
    if start is not None and start > end:
        raise BadQueryError(f"start_date {start} is after end_date {end}.")
    if end < FIRST_DAY:
        raise BadQueryError(f"end_date {end} is before {FIRST_DAY}, when the data begins.")
    span = Span(max(FIRST_DAY, end - _DEFAULT_START if start is None else start), end)
    length = (span.end - span.start).days + 1
    if length > _LONGEST_SPAN:
        raise BadQueryError(f"From start_date to end_date are {length} days: at most {_LONGEST_SPAN} are allowed.")
    return span
