"""``GET /datasets/session-cost``, with synthetic costs of sessions in invented apps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice, product
from typing import Any

from openrouter_rankings.models.app_rankings import AppSubcategory
from openrouter_rankings.models.session_cost import TurnRange
from openrouter_rankings.testing.routes.market import APPS, MODELS, dice, price_of, swing
from openrouter_rankings.testing.routes.query import Query

__all__ = ["answer"]

_LARGEST_PAGE = 500
_DEFAULT_PAGE = 100
_LARGEST_OFFSET = 5000

_WINDOW_DAYS = 7

_HARNESSES = {AppSubcategory.CLI_AGENT, AppSubcategory.IDE_EXTENSION, AppSubcategory.CLOUD_AGENT}

# The fraction of the models that an app uses, on average.
_USED = 0.5

# Thousands of tokens in a typical session.
_LENGTHS: Mapping[TurnRange, int] = {
    TurnRange.ONE: 8,
    TurnRange.TWO_TO_NINE: 60,
    TurnRange.TEN_TO_FORTY_NINE: 700,
    TurnRange.FIFTY_PLUS: 5000,
}


def answer(query: Query, now: datetime, seed: int) -> dict[str, Any]:
    """One page of median costs by app, session length and model, for the window that ends yesterday.

    Raises:
        BadQueryError: a value is not allowed.
    """
    app_slug, model = query.text("app_slug"), query.text("model")
    turn_range = query.member("turn_range", TurnRange)
    limit = query.integer("limit", 1, _LARGEST_PAGE, _DEFAULT_PAGE)
    offset = query.integer("offset", 0, _LARGEST_OFFSET, 0)
    end = now.date() - timedelta(days=1)
    rows = (
        row
        for row in _cells(end, seed)
        if app_slug in {None, row["app_slug"]}
        and model in {None, row["model_permaslug"]}
        and turn_range in {None, row["turn_range"]}
    )
    meta = {"window_days": _WINDOW_DAYS, "window_end_date": end.isoformat()}
    return {"data": list(islice(rows, offset, offset + limit)), "meta": meta}


# Shared by all pages and filters of one list.
@lru_cache(maxsize=4)
def _cells(end: date, seed: int) -> tuple[dict[str, Any], ...]:
    return tuple(_each_cell(end, seed))


def _each_cell(end: date, seed: int) -> Iterator[dict[str, Any]]:
    prices = {model: price_of(model, seed).prompt for model in sorted(MODELS)}
    for app in sorted((app for app in APPS if app.subcategory in _HARNESSES), key=lambda app: app.slug):
        lasting, daily = dice(seed, "session-cost", app.slug), dice(seed, "session-cost", app.slug, end)
        models = [model for model in prices if lasting.random() < _USED]
        for turn_range, model in product(TurnRange, models):
            cost = prices[model] * _LENGTHS[turn_range] * swing(daily) / 100_000
            yield {
                "app_slug": app.slug,
                "app_name": app.name_on(end),
                "turn_range": turn_range.value,
                "model_permaslug": model,
                "median_session_cost_usd": round(cost, 6),
            }
