"""Checks of what an operation is asked with, before anything is sent: a mistake costs no request.

Each function takes the parameter's name and value, and gives the value to send; None stands for a parameter that is not
given. What cannot be right raises ``ConfigurationError``, which names the parameter, the value and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum, StrEnum

from openrouter_rankings.errors import ConfigurationError

__all__ = ["choice", "day", "flag", "listed", "text", "whole_number"]

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def choice(name: str, value: str | None, known: type[StrEnum]) -> str | None:
    """A member of ``known``, or text: the service may have learnt a value since.

    Text that differs from a known value in its case alone is a mistake, and so is a member of another enumeration.
    """
    if value is None:
        return None
    plain = value.value if isinstance(value, Enum) else value
    if plain in list(known):
        return str(plain)
    known_in_lower_case = {member.lower() for member in known}
    if isinstance(value, Enum) or not _is_text(plain) or plain.lower() in known_in_lower_case:
        raise ConfigurationError(f"{name} must be one of {listed(known)}, not {plain!r}.")
    return plain


def text(name: str, value: str | None) -> str | None:
    """Any text that is not empty and has no control character."""
    if value is not None and not _is_text(value):
        raise ConfigurationError(f"{name} must be a text that is not empty, without control characters, not {value!r}.")
    return value


def day(name: str, value: date | str | None) -> date | None:
    """A calendar day, as a ``date`` or as ISO text. A ``datetime`` is none: it does not say whether it is in UTC."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    refusal = f'{name} must be a day, such as "2026-09-16" or datetime.date(2026, 9, 16), not {value!r}'
    if not isinstance(value, str) or not _ISO_DAY.fullmatch(value):
        raise ConfigurationError(f"{refusal}.")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ConfigurationError(f"{refusal}: {error}.") from error


def whole_number(name: str, value: int | None, least: int, most: int | None = None) -> int | None:
    """A whole number from ``least`` to ``most``, both allowed; None for ``most`` is no bound."""
    if value is None or (type(value) is int and value >= least and (most is None or value <= most)):
        return value
    allowed = f"of at least {least}" if most is None else f"from {least} to {most}"
    raise ConfigurationError(f"{name} must be a whole number {allowed}, not {value!r}.")


def flag(name: str, value: bool | None) -> str | None:
    """True or False, as the query has it."""
    if value is not None and not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False, not {value!r}.")
    return None if value is None else str(value).lower()


def listed(values: Iterable[str]) -> str:
    """The values for a sentence: ``"a", "b" or "c"``."""
    *others, last = [f'"{value}"' for value in values]
    return f"{', '.join(others)} or {last}" if others else last


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()
