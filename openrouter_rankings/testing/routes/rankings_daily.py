"""``GET /datasets/rankings-daily``, with synthetic token counts of invented models."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from openrouter_rankings.models.rankings_daily import (
    OTHER,
    ContextBucket,
    LanguageType,
    Modality,
    Period,
    RankingsCategory,
)
from openrouter_rankings.testing.routes.market import RANKED_MODELS, Trend, dice, trend_of
from openrouter_rankings.testing.routes.query import BadQueryError, Query, requested_span

__all__ = ["answer"]

_TOP_MODELS = 50

# Days that the service never published.
_UNPUBLISHED = frozenset({date(2025, 6, 15), date(2025, 7, 15)})

_FILTERS: Mapping[str, type[StrEnum]] = {
    "modality": Modality,
    "context_bucket": ContextBucket,
    "category": RankingsCategory,
    "language_type": LanguageType,
}

# Answered from a weekly sample.
_SAMPLED = frozenset({"category", "language_type"})

_MOST_TOKENS = 1.5e11

# The fraction of days with so few models that there is no tail, and so no row for ``other``.
_QUIET = 0.08
_QUIET_MODELS = 45

# The fraction of models with each capability.
_CAPABLE: Mapping[Modality, float] = {
    Modality.TEXT: 1.0,
    Modality.IMAGE: 0.7,
    Modality.IMAGE_OUTPUT: 0.2,
    Modality.AUDIO: 0.3,
    Modality.TOOL_CALLING: 0.8,
}


def answer(query: Query, now: datetime, seed: int) -> dict[str, Any]:
    """The rows of the requested span, up to ``now``: the UTC day in progress has the tokens of its hours so far.

    ``category`` and ``language_type`` give estimates of whole weeks, those whose Monday is over.

    Raises:
        BadQueryError: see ``requested_span``; or a value is not allowed, alone or in combination with another.
    """
    filters = _filters(query)
    sampled = not _SAMPLED.isdisjoint(filters)
    period = query.member("period", Period) or (Period.WEEK if sampled else Period.DAY)
    if sampled and period is Period.DAY:
        raise BadQueryError("category and language_type are estimated by the week: period 'day' is not allowed.")
    span = requested_span(query, now.date())
    days = span.elapsed(now)
    portions = {model: _portion(model, filters, seed) for model in RANKED_MODELS}
    traffic = _weeks(days, portions, seed) if sampled else _days(days, portions, seed)
    return {"data": list(_rows(_in_buckets(traffic, period))), "meta": span.meta()}


def _filters(query: Query) -> dict[str, StrEnum]:
    asked = {name: query.member(name, kind) for name, kind in _FILTERS.items()}
    given = {name: value for name, value in asked.items() if value is not None}
    sampled = [name for name in given if name in _SAMPLED]
    if sampled and len(given) > 1:
        raise BadQueryError(f"{sampled[0]} cannot be given together with another of {', '.join(_FILTERS)}.")
    return given


def _portion(model: str, filters: Mapping[str, StrEnum], seed: int) -> float:
    """The fraction (0 to 1) of a model's traffic that passes the filters."""
    return math.prod(_share(dice(seed, name, model), chosen) for name, chosen in filters.items())


def _share(lasting: Random, chosen: StrEnum) -> float:
    draws = {member: lasting.random() for member in type(chosen)}
    if not isinstance(chosen, Modality):
        return draws[chosen] / math.fsum(draws.values())
    return 0.2 + 0.8 * draws[chosen] if draws[chosen] < _CAPABLE[chosen] else 0.0


# Days, each with the fraction of it that has passed.
_Days = Iterable[tuple[date, float]]

# Tokens by model, per day; or per week, under its Monday.
_Traffic = Iterator[tuple[date, dict[str, int]]]


def _days(days: _Days, portions: Mapping[str, float], seed: int) -> _Traffic:
    trends = {model: trend_of(model, seed, _MOST_TOKENS) for model in portions}
    for day, passed in days:
        if day not in _UNPUBLISHED:
            tokens = _tokens(day, trends, seed)
            yield day, {model: int(count * portions[model] * passed) for model, count in tokens.items()}


def _weeks(days: _Days, portions: Mapping[str, float], seed: int) -> _Traffic:
    mondays = [(day, passed) for day, passed in days if day.weekday() == 0 and passed == 1]
    return _days(mondays, {model: 7 * portion for model, portion in portions.items()}, seed)


def _tokens(day: date, trends: Mapping[str, Trend], seed: int) -> dict[str, int]:
    daily = dice(seed, "rankings-daily", day)
    quiet = daily.random() < _QUIET
    tokens = {model: trend.on(day, daily) for model, trend in trends.items()}
    return dict(_ranked(tokens)[:_QUIET_MODELS]) if quiet else tokens


def _in_buckets(traffic: _Traffic, period: Period) -> dict[date, Counter[str]]:
    buckets: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for day, tokens in traffic:
        buckets[_first_day(day, period)].update(tokens)
    return buckets


def _first_day(day: date, period: Period) -> date:
    if period is Period.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period is Period.MONTH else day


def _rows(buckets: Mapping[date, Mapping[str, int]]) -> Iterator[dict[str, str]]:
    for first_day, tokens in buckets.items():
        ranked = _ranked(tokens)
        for model, count in ranked[:_TOP_MODELS]:
            yield _row(first_day, model, count)
        tail = sum(count for _, count in ranked[_TOP_MODELS:])
        if tail:
            yield _row(first_day, OTHER, tail)


def _ranked(tokens: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(((model, count) for model, count in tokens.items() if count), key=lambda item: (-item[1], item[0]))


def _row(day: date, model: str, tokens: int) -> dict[str, str]:
    return {"date": day.isoformat(), "model_permaslug": model, "total_tokens": str(tokens)}
