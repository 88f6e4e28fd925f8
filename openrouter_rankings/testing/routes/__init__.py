"""What the emulated service answers at each path, one module for each data set.

A route takes a query, the UTC day of the request and a seed, and gives the document: ``data`` and, where the data set
has one, ``meta``. To it belong ``as_of`` and ``version`` too, which are no matter of a route: the time of the request,
and ``v1``. It raises ``BadQueryError`` where the service answers 400.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from openrouter_rankings.testing.routes import (
    app_rankings,
    benchmarks,
    rankings_daily,
    session_cost,
    task_classifications,
)
from openrouter_rankings.testing.routes.query import Query

__all__ = ["ROUTES", "Route"]

Route = Callable[[Query, date, int], dict[str, Any]]

ROUTES: Mapping[str, Route] = {
    "/classifications/task": task_classifications.answer,
    "/datasets/rankings-daily": rankings_daily.answer,
    "/datasets/app-rankings": app_rankings.answer,
    "/datasets/session-cost": session_cost.answer,
    "/benchmarks": benchmarks.answer,
}
