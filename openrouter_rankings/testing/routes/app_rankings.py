"""``GET /datasets/app-rankings``, with synthetic token counts of invented apps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import attrs

from openrouter_rankings.models.app_rankings import SUBCATEGORIES, AppCategory, AppSort, AppSubcategory
from openrouter_rankings.testing.routes.market import APPS, App, Trend, dice, trend_of
from openrouter_rankings.testing.routes.query import BadQueryError, Query, requested_span

__all__ = ["answer"]

_LARGEST_PAGE = 100
_DEFAULT_PAGE = 50
_LARGEST_OFFSET = 100

_MOST_TOKENS = 2e10

# An app's growth is measured against its mean over this many earlier spans of equal length.
_SPANS_BEFORE = 3

# Days, each with the fraction of it that has passed.
_Days = tuple[tuple[date, float], ...]


@attrs.frozen
class _Standing:
    app: App
    tokens: int


def answer(query: Query, now: datetime, seed: int) -> dict[str, Any]:
    """One page of the apps, ranked by tokens in the requested span up to ``now``.

    ``sort=trending`` ranks by growth, the tokens above the mean of the three spans before, and leaves out apps that do
    not grow.

    Raises:
        BadQueryError: see ``requested_span``; or a value is not allowed, or the subcategory is of another category.
    """
    apps = _asked_for(query)
    ranked = _trending if query.member("sort", AppSort) is AppSort.TRENDING else _popular
    limit = query.integer("limit", 1, _LARGEST_PAGE, _DEFAULT_PAGE)
    offset = query.integer("offset", 0, _LARGEST_OFFSET, 0)
    span = requested_span(query, now.date())
    ranking = [standing for standing in ranked(span.elapsed(now), seed) if standing.app in apps]
    page = list(enumerate(ranking, 1))[offset : offset + limit]
    named_on = min(span.end, now.date())
    return {"data": [_row(rank, standing, named_on, seed) for rank, standing in page], "meta": span.meta()}


def _asked_for(query: Query) -> frozenset[App]:
    category, subcategory = query.member("category", AppCategory), query.member("subcategory", AppSubcategory)
    if category is not None and subcategory is not None and subcategory not in SUBCATEGORIES[category]:
        raise BadQueryError(f"subcategory {subcategory.value!r} does not belong to category {category.value!r}.")
    return frozenset(app for app in APPS if category in {None, app.category} and subcategory in {None, app.subcategory})


def _popular(days: _Days, seed: int) -> list[_Standing]:
    return sorted(_standings(days, seed), key=lambda standing: (-standing.tokens, standing.app.app_id))


def _trending(days: _Days, seed: int) -> list[_Standing]:
    earlier = tuple((days[0][0] - timedelta(days=n), 1.0) for n in range(1, _SPANS_BEFORE * len(days) + 1))
    grown = [
        (now.tokens - before.tokens / _SPANS_BEFORE, now)
        for now, before in zip(_standings(days, seed), _standings(earlier, seed), strict=True)
    ]
    growing = [(excess, standing) for excess, standing in grown if excess > 0]
    return [standing for _, standing in sorted(growing, key=lambda each: (-each[0], each[1].app.app_id))]


# Shared by all pages and filters of one list.
@lru_cache(maxsize=32)
def _standings(days: _Days, seed: int) -> tuple[_Standing, ...]:
    if not days:
        return ()
    trends = [trend_of(app.slug, seed, _MOST_TOKENS) for app in APPS]
    totals = map(sum, zip(*(_tokens(day, passed, trends, seed) for day, passed in days), strict=True))
    return tuple(_Standing(app, tokens) for app, tokens in zip(APPS, totals, strict=True))


def _tokens(day: date, passed: float, trends: Iterable[Trend], seed: int) -> list[int]:
    daily = dice(seed, "app-rankings", day)
    return [int(trend.on(day, daily) * passed) for trend in trends]


def _row(rank: int, standing: _Standing, day: date, seed: int) -> dict[str, Any]:
    app = standing.app
    return {
        "rank": rank,
        "app_id": app.app_id,
        "app_name": app.name_on(day),
        "total_tokens": str(standing.tokens),
        "total_requests": standing.tokens // _tokens_per_request(app, seed),
    }


def _tokens_per_request(app: App, seed: int) -> int:
    return 500 + int(20_000 * dice(seed, "tokens per request", app.slug).random())
