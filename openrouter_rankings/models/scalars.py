"""Strict readers of the scalar values in an answer, as structure hooks of cattrs.

cattrs' own hooks would turn ``"0.5"`` and ``true`` into numbers. These accept exactly what the API promises, and refuse
all else with a ``MismatchError`` that shows no text: it could be the API key, repeated by the service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from openrouter_rankings.models.scalar_types import Timestamp

__all__ = [
    "MismatchError",
    "read_date",
    "read_decimal",
    "read_integer",
    "read_mark",
    "read_number",
    "read_string",
    "read_text",
    "read_timestamp",
    "read_token_count",
]

_JSON_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
}

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.{0,30}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)

# Databases and data frames hold 64 bits.
_LARGEST = 2**63 - 1

# The digits of a longer integer are not shown: they say nothing, and Python converts only some thousands.
_MAX_SHOWN_BITS = 128


class MismatchError(ValueError):
    """A value is not of the promised kind."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(f"expected {expected}, got {_described(value)}")


def _described(value: object) -> str:
    if type(value) is int and value.bit_length() > _MAX_SHOWN_BITS:
        return f"an integer of {value.bit_length()} bits"
    if type(value) in {int, float}:
        return repr(value)
    return _JSON_NAMES.get(type(value)) or f"a value of type {type(value).__name__}"


def read_string(value: Any, _: Any = None) -> str:
    """A string, in which JSON allows lone surrogates."""
    if type(value) is not str:
        raise MismatchError("a string", value)
    return value


def read_text(value: Any, _: Any = None) -> str:
    """A string that can be encoded, and so be printed and stored."""
    text = read_string(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MismatchError("text", value) from error
    return text


def read_number(value: Any, _: Any = None) -> float:
    """A finite number; JSON does not tell whole numbers from others."""
    if type(value) is float and isfinite(value):
        return value
    if type(value) is not int:
        raise MismatchError("a number", value)
    try:
        return float(value)
    except OverflowError as error:
        raise MismatchError("a number", value) from error


def read_mark(value: Any, _: Any = None) -> bool:
    """Whether the mark of synthetic figures is set. Another value is not the mark, and no mistake of the service."""
    return value is True


def read_integer(value: Any, _: Any = None) -> int:
    """An integer of 64 bits."""
    if type(value) is not int or not -_LARGEST - 1 <= value <= _LARGEST:
        raise MismatchError("a 64-bit integer", value)
    return value


def read_token_count(value: Any, _: Any = None) -> int:
    """A token count, which the API writes as a decimal string."""
    if type(value) is not str or not _DIGITS.fullmatch(value) or int(value) > _LARGEST:
        raise MismatchError("a 64-bit integer as a string of digits", value)
    return int(value)


def read_decimal(value: Any, _: Any = None) -> Decimal:
    """A decimal number, which the API writes as a string."""
    if type(value) is not str or not _DECIMAL.fullmatch(value):
        raise MismatchError("a decimal number as a string", value)
    return Decimal(value)


def read_timestamp(value: Any, _: Any = None) -> Timestamp:
    """An ISO-8601 instant."""
    if type(value) is str and _INSTANT.fullmatch(value):
        try:
            instant = Timestamp(value)
            _ = instant.utc
        except (ValueError, OverflowError) as error:
            raise MismatchError("an ISO-8601 instant", value) from error
        return instant
    raise MismatchError("an ISO-8601 instant", value)


def read_date(value: Any, _: Any = None) -> date:
    """A date; an instant counts as its UTC date, in case the service comes to write one."""
    if type(value) is str:
        try:
            if _DATE.fullmatch(value):
                return date.fromisoformat(value)
            if _INSTANT.fullmatch(value):
                return _utc_date(datetime.fromisoformat(value))
        except (ValueError, OverflowError) as error:
            raise MismatchError("a date (YYYY-MM-DD)", value) from error
    raise MismatchError("a date (YYYY-MM-DD)", value)


def _utc_date(instant: datetime) -> date:
    return (instant if instant.tzinfo is None else instant.astimezone(UTC)).date()
