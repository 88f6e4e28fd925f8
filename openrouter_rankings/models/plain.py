"""Values as the API writes them, ready for JSON."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache, partial
from operator import eq
from typing import Any

from cattrs import Converter

from openrouter_rankings.models.scalar_types import Timestamp, TokenCount

__all__ = ["to_plain"]


def to_plain(value: Any) -> Any:
    """The value as the API writes it: objects as dicts, tuples as lists, dates as ISO text, prices as text.

    A token count becomes text within its class, as the API writes it, and stays a number in a record.
    """
    return _converter().unstructure(value)


@cache
def _converter() -> Converter:
    converter = Converter(unstruct_collection_overrides={tuple: list})
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(Timestamp, str)
    converter.register_unstructure_hook(Decimal, "{:f}".format)
    converter.register_unstructure_hook_func(partial(eq, TokenCount), str)
    return converter
