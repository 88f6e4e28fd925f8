"""Validation of an operation's parameters: invalid ones are rejected locally and use no quota.

Each function takes a parameter's name and value, and returns the value to send; None means that it is not given. An
invalid value raises ``ConfigurationError``, which names the parameter, the value and what is allowed.
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
    """A member of ``known``, or any other text, since the service may have gained a value.

    Text that differs from a known value only in case is rejected, and so is a member of another enumeration.
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
    """Non-empty text without control characters."""
    if value is not None and not _is_text(value):
        raise ConfigurationError(f"{name} must be non-empty text without control characters, not {value!r}.")
    return value


def day(name: str, value: date | str | None) -> date | None:
    """A calendar day, as a ``date`` or as ISO text. A ``datetime`` is rejected: it may not be in UTC."""
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
    """A whole number from ``least`` to ``most``, both included; no upper bound if ``most`` is None."""
    if value is None or (type(value) is int and value >= least and (most is None or value <= most)):
        return value
    allowed = f"of at least {least}" if most is None else f"from {least} to {most}"
    raise ConfigurationError(f"{name} must be a whole number {allowed}, not {value!r}.")


def flag(name: str, value: bool | None) -> str | None:
    """True or False, as the query string spells it."""
    if value is not None and not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False, not {value!r}.")
    return None if value is None else str(value).lower()


def listed(values: Iterable[str]) -> str:
    """The values as part of a sentence: ``"a", "b" or "c"``."""
    *others, last = [f'"{value}"' for value in values]
    return f"{', '.join(others)} or {last}" if others else last


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()
