"""The endpoints of the emulated service, one module per data set.

Each module's ``answer`` raises ``BadQueryError`` where the service answers 400. It leaves ``meta.as_of`` and
``meta.version`` to the caller, which knows them for every data set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from openrouter_rankings.testing.routes import (
    app_rankings,
    benchmarks,
    rankings_daily,
    session_cost,
    task_classifications,
)
from openrouter_rankings.testing.routes.query import Query

__all__ = ["ROUTES", "Route"]


@attrs.frozen
class Route:
    """One endpoint.

    Attributes:
        answer: makes ``data`` and, where the data set has one, ``meta`` from the query, the time of the request (aware,
            in UTC) and a seed.
        live: its figures include the UTC day in progress, so they grow with the time of the request. The others are
            fixed for a whole UTC day.
        has_cache_control: the API documents a ``Cache-Control`` for it.
    """

    answer: Callable[[Query, datetime, int], dict[str, Any]]
    live: bool = False
    has_cache_control: bool = False


ROUTES: Mapping[str, Route] = {
    "/classifications/task": Route(task_classifications.answer, has_cache_control=True),
    "/datasets/rankings-daily": Route(rankings_daily.answer, live=True),
    "/datasets/app-rankings": Route(app_rankings.answer, live=True),
    "/datasets/session-cost": Route(session_cost.answer),
    "/benchmarks": Route(benchmarks.answer),
}
