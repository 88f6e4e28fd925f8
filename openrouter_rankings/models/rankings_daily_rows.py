"""The rows of the daily rankings: their class, and reading many of them quickly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import attrs

from openrouter_rankings.models.item import Item
from openrouter_rankings.models.scalar_types import TokenCount

__all__ = ["OTHER", "RankingsDailyItem", "quick_rows", "strict_date"]

OTHER = "other"
"""The reserved slug of the row that sums all models outside the top 50 of its date."""


@attrs.frozen(repr=False, weakref_slot=False)
class RankingsDailyItem(Item):
    """One model on one date, or all models outside the top 50 of the date.

    Attributes:
        date: the UTC day, or the first day of the week or month.
        model_permaslug: the model with its variant, such as ``vendor/model:free``, or ``other``.
        total_tokens: prompt and completion tokens.
    """

    date: date
    model_permaslug: str
    total_tokens: TokenCount

    @property
    def is_other(self) -> bool:
        """Whether the row sums the models outside the top 50, and is not a model."""
        return self.model_permaslug == OTHER

    @property
    def base_slug(self) -> str:
        """The slug without its variant."""
        return self.model_permaslug.partition(":")[0]

    @property
    def variant(self) -> str | None:
        """The variant of the model, such as ``free``; None for the standard variant."""
        return self.model_permaslug.partition(":")[2] or None


def strict_date(text: Any) -> date:
    """The date written as YYYY-MM-DD; any other text is a ``ValueError``, anything else a ``TypeError``."""
    day = date.fromisoformat(text)
    # fromisoformat accepts other notations too, such as 20260916.
    if day.isoformat() != text:
        raise ValueError("not YYYY-MM-DD")
    return day


# Two years are 37,000 rows. A frozen class's __init__ looks up each slot by name; the slots' own setters are quicker.
# Rows share equal dates and equal slugs, which more than halves the memory of a row.
_set_date, _set_model, _set_tokens = (
    vars(RankingsDailyItem)[field.name].__set__ for field in attrs.fields(RankingsDailyItem)
)


def quick_rows(rows: Any, _: Any) -> tuple[RankingsDailyItem, ...]:
    """Structure hook for rows as they usually come; raises for any other, which may be valid all the same."""
    if type(rows) is not list:
        raise TypeError
    dates, slugs = _Made(strict_date), _Made(_string)
    items: list[RankingsDailyItem] = []
    for row in rows:
        tokens = row["total_tokens"]
        # Nineteen digits may exceed 64 bits, and are left to the exact way. A value of another type is a TypeError.
        if not str.isdecimal(tokens) or len(tokens) > 18 or not tokens.isascii():
            raise ValueError
        item = object.__new__(RankingsDailyItem)
        _set_date(item, dates[row["date"]])
        _set_model(item, slugs[row["model_permaslug"]])
        _set_tokens(item, int(tokens))
        items.append(item)
    return tuple(items)


class _Made(dict[Any, Any]):
    """Caches what ``make`` returns for each key. Quicker than ``functools.cache``, as a hit runs no Python code."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self._make(key)
        return value


def _string(value: Any) -> str:
    if type(value) is not str:
        raise TypeError
    return value
