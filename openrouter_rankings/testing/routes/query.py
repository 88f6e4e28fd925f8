"""The query of a request: its values, checked as the service checks them, and the span of days that it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qs

import attrs

from openrouter_rankings.models.rankings_daily import FIRST_DAY

__all__ = ["BadQueryError", "Query", "Span", "requested_span"]

T = TypeVar("T")
D = TypeVar("D")
E = TypeVar("E", bound=StrEnum)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# Python converts no more than 4300 digits.
_INTEGER = re.compile(r"-?[0-9]{1,4000}", re.ASCII)
_FLAGS = {"true": True, "false": False}
_ONE_DAY = timedelta(days=1)
_DEFAULT_START = timedelta(days=30)
_LONGEST_SPAN = 366


class BadQueryError(Exception):
    """The service refuses the query; the message is that of its 400."""


class Query:
    """The parameters of a query by name; those that a route does not ask for are ignored.

    Of a parameter given several times each value is checked, and the last one counts.

    Args:
        text: the query, as it stands in the URL after the question mark.
    """

    def __init__(self, text: str) -> None:
        self._values = parse_qs(text, keep_blank_values=True)

    def text(self, name: str) -> str | None:
        """Any text."""
        return self._last(name, str, None)

    def member(self, name: str, allowed: type[E]) -> E | None:
        """One of the values of an enum."""

        def parse(text: str) -> E:
            if text not in set(allowed):
                raise _not_allowed(name, text, allowed)
            return allowed(text)

        return self._last(name, parse, None)

    def flag(self, name: str) -> bool:
        """``true`` or ``false``, which is the default."""

        def parse(text: str) -> bool:
            if text not in _FLAGS:
                raise _not_allowed(name, text, _FLAGS)
            return _FLAGS[text]

        return self._last(name, parse, default=False)

    def day(self, name: str) -> date | None:
        """A day as ``YYYY-MM-DD``."""

        def parse(text: str) -> date:
            try:
                if _DATE.fullmatch(text):
                    return date.fromisoformat(text)
            except ValueError as error:
                raise BadQueryError(f"Invalid {name} {text!r}: there is no such day.") from error
            raise BadQueryError(f"Invalid {name} {text!r}: a day is written YYYY-MM-DD.")

        return self._last(name, parse, None)

    def integer(self, name: str, least: int, most: int | None, default: T) -> int | T:
        """An integer from ``least`` to ``most``, both included; None is no bound."""

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

    def days_before(self, today: date) -> list[date]:
        """Its days that are over."""
        end = min(self.end, today - _ONE_DAY)
        return [self.start + timedelta(days=n) for n in range((end - self.start).days + 1)]

    def meta(self) -> dict[str, str]:
        """What an answer about it says of itself."""
        return {"start_date": self.start.isoformat(), "end_date": self.end.isoformat()}


def requested_span(query: Query, today: date) -> Span:
    """The span from ``start_date`` to ``end_date``, by default the day before ``today`` and the 30 days before it.

    Raises:
        BadQueryError: a date is none, they are the wrong way round, the end is before the data begins, or they are too
            far apart.
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
