"""``GET /datasets/app-rankings`` with synthetic token counts of invented apps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
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


# Trending apps are compared with themselves over so many spans before.
_SPANS_BEFORE = 3


@attrs.frozen
class _Standing:
    app: App
    tokens: int


def answer(query: Query, today: date, seed: int) -> dict[str, Any]:
    """One page of the apps by their traffic in the span that is asked for, up to the day before ``today``.

    Trending are those that grow, the most first: by the tokens above the mean of the three spans before.

    Raises:
        BadQueryError: see ``requested_span``; a value is not allowed, or the subcategory is not of the category.
    """
    apps = _asked_for(query)
    ranked = _trending if query.member("sort", AppSort) is AppSort.TRENDING else _popular
    limit = query.integer("limit", 1, _LARGEST_PAGE, _DEFAULT_PAGE)
    offset = query.integer("offset", 0, _LARGEST_OFFSET, 0)
    span = requested_span(query, today)
    ranking = [standing for standing in ranked(span.days_before(today), seed) if standing.app in apps]
    page = list(enumerate(ranking, 1))[offset : offset + limit]
    return {"data": [_row(rank, standing, span.end, seed) for rank, standing in page], "meta": span.meta()}


def _asked_for(query: Query) -> frozenset[App]:
    category, subcategory = query.member("category", AppCategory), query.member("subcategory", AppSubcategory)
    if category is not None and subcategory is not None and subcategory not in SUBCATEGORIES[category]:
        raise BadQueryError(f"subcategory {subcategory.value!r} does not belong to category {category.value!r}.")
    return frozenset(app for app in APPS if category in {None, app.category} and subcategory in {None, app.subcategory})


def _popular(days: Sequence[date], seed: int) -> list[_Standing]:
    return sorted(_standings(tuple(days), seed), key=lambda standing: (-standing.tokens, standing.app.app_id))


def _trending(days: Sequence[date], seed: int) -> list[_Standing]:
    earlier_days = tuple(days[0] - timedelta(days=n) for n in range(1, _SPANS_BEFORE * len(days) + 1))
    grown = [
        (now.tokens - before.tokens / _SPANS_BEFORE, now)
        for now, before in zip(_standings(tuple(days), seed), _standings(earlier_days, seed), strict=True)
    ]
    growing = [(excess, standing) for excess, standing in grown if excess > 0]
    return [standing for _, standing in sorted(growing, key=lambda each: (-each[0], each[1].app.app_id))]


# The pages of a list and its filters share the sums.
@lru_cache(maxsize=32)
def _standings(days: tuple[date, ...], seed: int) -> tuple[_Standing, ...]:
    if not days:
        return ()
    trends = [trend_of(app.slug, seed, _MOST_TOKENS) for app in APPS]
    totals = [sum(tokens) for tokens in zip(*(_tokens(day, trends, seed) for day in days), strict=True)]
    return tuple(_Standing(app, tokens) for app, tokens in zip(APPS, totals, strict=True))


def _tokens(day: date, trends: Iterable[Trend], seed: int) -> list[int]:
    daily = dice(seed, "app-rankings", day)
    return [trend.on(day, daily) for trend in trends]


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
