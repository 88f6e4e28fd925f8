"""``GET /datasets/session-cost``: the cost of a session in each app (harness), by model and session length.

Each row is a median over sampled sessions. Medians cannot be averaged.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import ClassVar

import attrs

from openrouter_rankings.models.data_set import DataSet
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.scalar_types import Columns, Timestamp

__all__ = [
    "LAST_SESSION_COST_OFFSET",
    "MOST_SESSION_COSTS",
    "SessionCost",
    "SessionCostItem",
    "SessionCostMeta",
    "TurnRange",
    "decode_session_cost",
]


MOST_SESSION_COSTS = 500
"""The most rows in one response."""

LAST_SESSION_COST_OFFSET = 5000
"""The greatest offset that the service accepts, so that 5,500 rows can be read."""


class TurnRange(StrEnum):
    """Session lengths, in turns."""

    ONE = "1-turn"
    TWO_TO_NINE = "2-9-turns"
    TEN_TO_FORTY_NINE = "10-49-turns"
    FIFTY_PLUS = "50-plus-turns"


@attrs.frozen(repr=False)
class SessionCostItem(Item):
    """The median cost of sessions of one length, in one app, with one model.

    Attributes:
        app_slug: the app's stable identifier.
        app_name: the app's display name.
        turn_range: the length of the sessions, a ``TurnRange`` today; the set is open.
        model_permaslug: the exact model.
        median_session_cost_usd: the median cost of a sampled session in US dollars.
    """

    app_slug: str
    app_name: str
    turn_range: str
    model_permaslug: str
    median_session_cost_usd: float


@attrs.frozen(repr=False)
class SessionCostMeta(Item):
    """What an answer says about itself.

    Attributes:
        as_of: when the service made the answer.
        version: the version of the data set, ``v1``.
        window_days: the length of the sampled window in days; None while no snapshot is published.
        window_end_date: the last UTC day of the window; None while no snapshot is published.
    """

    as_of: Timestamp
    version: str
    window_days: int | None
    window_end_date: date | None


@attrs.frozen(repr=False)
class SessionCost(DataSet[SessionCostItem]):
    """One page of the list.

    Attributes:
        data: the rows, in the service's order.
        meta: the sampled window, and when the service made the answer.
    """

    data: tuple[SessionCostItem, ...]
    meta: SessionCostMeta

    columns: ClassVar[Columns] = {
        "as_of": Timestamp,
        "window_days": int | None,
        "window_end_date": date | None,
        "app_slug": str,
        "app_name": str,
        "turn_range": str,
        "model_permaslug": str,
        "median_session_cost_usd": float,
    }

    key: ClassVar[tuple[str, ...]] = ("app_slug", "turn_range", "model_permaslug")
    # As in the rankings of apps.
    unstable: ClassVar[frozenset[str]] = frozenset({"app_name"})

    @property
    def source_line(self) -> str:
        page = "openrouter.ai/docs/cookbook/administration/data-api"
        return f"Source: OpenRouter Data API ({page}), as of {self.meta.as_of}."

    def _subject(self) -> str:
        meta = self.meta
        window = "no snapshot yet" if meta.window_days is None else f"{meta.window_days} days to {meta.window_end_date}"
        return f"{len(self):,} medians, {window}"

    def _label(self, row: SessionCostItem) -> str:
        return f"{row.app_name}, {row.turn_range}, {row.model_permaslug} ${row.median_session_cost_usd:,.6g}"


decode_session_cost: Callable[[bytes | str], SessionCost] = SessionCost.from_json
"""Read the body of a 200 response."""
