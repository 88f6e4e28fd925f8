"""Validators of settings for attrs: each raises a ``ConfigurationError`` that names the setting."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs

from openrouter_rankings.clock import can_be_added
from openrouter_rankings.errors import ConfigurationError

__all__ = ["is_count", "is_number"]

Validator = Callable[[object, "attrs.Attribute[Any]", Any], None]


def is_count(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Accept whole numbers of at least 1."""
    # A bool is an int.
    if type(value) is not int or value < 1 or not can_be_added(value):
        raise ConfigurationError(f"{attribute.name} must be a whole number of at least 1, not {value!r}.")


def is_number(minimum: float, maximum: float = math.inf) -> Validator:
    """Accept numbers from ``minimum`` to ``maximum``, both included; infinity only as a maximum."""
    wanted = f"a number of at least {minimum:g}" if maximum == math.inf else f"a number from {minimum:g} to {maximum:g}"

    def check(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not (can_be_added(value) and minimum <= value <= maximum):
            raise ConfigurationError(f"{attribute.name} must be {wanted}, not {value!r}.")

    return check
