"""The endpoints of the emulated service, one module per data set.

Each module's ``answer`` raises ``BadQueryError`` where the service answers 400. It leaves ``meta.as_of`` and
``meta.version`` to the caller, which knows them for every data set.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

import attrs

from openrouter_rankings.testing.routes.query import Query

__all__ = ["ROUTES", "Route"]


@attrs.frozen
class Route:
    """One endpoint.

    Attributes:
        module: the module that has its answer. It is loaded with the first request: nobody asks for all data sets.
        live: its figures include the UTC day in progress, so they grow with the time of the request. The others are
            fixed for a whole UTC day.
        has_cache_control: the API documents a ``Cache-Control`` for it.
    """

    module: str
    live: bool = False
    has_cache_control: bool = False

    def answer(self, query: Query, now: datetime, seed: int) -> dict[str, Any]:
        """The ``data`` and, where the data set has one, ``meta``.

        Args:
            query: the query.
            now: the time of the request (aware, in UTC).
            seed: selects the market.

        Raises:
            BadQueryError: the service answers 400.
        """
        document: dict[str, Any] = import_module(f"{__name__}.{self.module}").answer(query, now, seed)
        return document


ROUTES: Mapping[str, Route] = {
    "/classifications/task": Route("task_classifications", has_cache_control=True),
    "/datasets/rankings-daily": Route("rankings_daily", live=True),
    "/datasets/app-rankings": Route("app_rankings", live=True),
    "/datasets/session-cost": Route("session_cost"),
    "/benchmarks": Route("benchmarks"),
}
