"""Daily rankings as a table: the models of the span by their tokens, or the rows of each date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

import attrs

from openrouter_rankings.analysis.dates import incomplete_dates
from openrouter_rankings.models.rankings_daily import OTHER, Period, RankingsDaily, RankingsDailyItem
from openrouter_rankings.models.scalar_types import Columns, Timestamp
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table, percent, plain, subject

__all__ = ["by_date", "leaderboard", "remarks", "tokens_of", "total_and_gaps", "trends"]

_ESTIMATE_NOTICE = "Estimates from a weekly sample; the last week may reach beyond the span."
_OTHER_NAME = "other (all models not named)"

# The note on missing dates names so many of them.
_NAMED_DATES = 6

_LEADERBOARD_COLUMNS: Columns = {
    "as_of": Timestamp,
    "start_date": date,
    "end_date": date,
    "is_estimate": bool,
    "rank": int,
    "model_permaslug": str,
    "total_tokens": int,
    "token_share": float,
    "dates": int,
}

_LEADERBOARD_FIELDS = (
    Field("rank", "#", spare=4),
    Field("total_tokens", "Tokens"),
    Field("token_share", "Share", percent, spare=3),
    Field("dates", "Dates", spare=1),
    Field("trend", "Trend", drawn=True, spare=2),
    Field("model_permaslug", "Model"),
)


def _name(model: str) -> str:
    return _OTHER_NAME if model == OTHER else plain(model)


_DATE_FIELDS = (
    Field("date", "Date"),
    Field("total_tokens", "Tokens"),
    Field("total_tokens", "", drawn=True, spare=1),
    Field("model_permaslug", "Model", _name),
)


def leaderboard(answer: RankingsDaily, asked: Asked, *, top: int | None = None, merge_variants: bool = False) -> Table:
    """The first ``top`` models (all if None) by their tokens in the span; ``other`` is no model.

    JSON has the daily rows of these models, all others summed in ``other``: totals and shares stay the same.

    Args:
        answer: the rows of the span.
        asked: what is known of them apart from themselves.
        top: how many models; all if None.
        merge_variants: the variants of a model count as one.

    Raises:
        ConfigurationError: ``top`` is negative.
    """
    received = answer.data
    answer = _merged(answer) if merge_variants else answer
    ranked = answer.leaderboard(top)
    kept = {model.model_permaslug for model in ranked}
    models: list[dict[str, Any]] = [{"rank": rank, **attrs.asdict(model)} for rank, model in enumerate(ranked, 1)]
    meta = answer.meta
    stamp = {
        "as_of": meta.as_of,
        "start_date": meta.start_date,
        "end_date": meta.end_date,
        "is_estimate": answer.is_estimate,
    }
    its_trends = trends(answer, kept)
    return Table(
        answer=answer,
        asked=asked,
        subject=subject(f"models by {tokens_of(answer)}", asked, answer.meta.span),
        fields=_LEADERBOARD_FIELDS,
        records=Records(
            _LEADERBOARD_COLUMNS, [stamp | model | {"trend": its_trends[model["model_permaslug"]]} for model in models]
        ),
        plain=lambda: _summed(answer, lambda row: row.model_permaslug in kept).to_dict(),
        remarks=tuple(remarks(answer)),
        # Token counts are texts, as in the API: not every reader of JSON has numbers that long.
        narrowed=any(row.model_permaslug not in kept and not row.is_other for row in received),
        beside=_beside(answer)
        | {"leaderboard": [model | {"total_tokens": str(model["total_tokens"])} for model in models]},
    )


def by_date(answer: RankingsDaily, asked: Asked, *, top: int | None = None, merge_variants: bool = False) -> Table:
    """The rows of each date.

    Args:
        answer: the rows of the span.
        asked: what is known of them apart from themselves.
        top: only so many models of each date, without ``other``, which in JSON sums the rest; all rows if None.
        merge_variants: the variants of a model count as one.
    """
    received = answer.data
    answer = _merged(answer) if merge_variants else answer
    kept = set(answer.data) if top is None else set(_first_of_each_date(answer.data, top))
    shown = attrs.evolve(answer, data=tuple(row for row in answer.data if row in kept))
    return Table(
        answer=answer,
        asked=asked,
        subject=subject(f"{tokens_of(answer)} of models by {answer.period}", asked, answer.meta.span),
        fields=_DATE_FIELDS,
        records=Records.of(shown),
        plain=lambda: _summed(answer, kept.__contains__).to_dict(),
        remarks=tuple(remarks(answer)),
        narrowed=any(row not in kept and not row.is_other for row in received),
        beside=_beside(answer),
    )


def _merged(answer: RankingsDaily) -> RankingsDaily:
    """The answer with the variants of a model summed under its slug."""
    return _grouped(answer, lambda row: row.base_slug)


def _summed(answer: RankingsDaily, keep: Callable[[RankingsDailyItem], bool]) -> RankingsDaily:
    """The answer with the rows that are not kept summed in ``other``."""
    return _grouped(answer, lambda row: row.model_permaslug if keep(row) else OTHER)


def _grouped(answer: RankingsDaily, name: Callable[[RankingsDailyItem], str]) -> RankingsDaily:
    """The answer with the tokens of a date summed by ``name``, in the order that the service gives rows."""
    tokens: defaultdict[tuple[date, str], int] = defaultdict(int)
    for row in answer.data:
        tokens[row.date, name(row)] += row.total_tokens
    rows = (RankingsDailyItem(day, model, total) for (day, model), total in tokens.items())
    data = sorted(rows, key=lambda row: (row.date, row.is_other, -row.total_tokens, row.model_permaslug))
    return attrs.evolve(answer, data=tuple(data))


def _first_of_each_date(rows: Iterable[RankingsDailyItem], top: int) -> Iterator[RankingsDailyItem]:
    for _, group in groupby((row for row in rows if not row.is_other), attrgetter("date")):
        yield from islice(group, top)


def trends(
    answer: RankingsDaily, members: Collection[str], member_of: Callable[[str], str] = str
) -> dict[str, tuple[int | None, ...]]:
    """The tokens of each member on each complete date; None where none of its models is among the named ones.

    Args:
        answer: the rows of the span.
        members: the models or authors that are wanted.
        member_of: the member that a model counts for.
    """
    # Which rows of an unknown period are complete is not known.
    left_out = incomplete_dates(answer) if answer.period in set(Period) else ()
    index = {day: place for place, day in enumerate(day for day in answer.totals_by_date() if day not in left_out)}
    found: dict[str, list[int | None]] = {member: [None] * len(index) for member in members}
    for row in answer.data:
        tokens = None if row.is_other else found.get(member_of(row.model_permaslug))
        if tokens is not None and row.date in index:
            tokens[index[row.date]] = (tokens[index[row.date]] or 0) + row.total_tokens
    return {member: tuple(tokens) for member, tokens in found.items()}


def tokens_of(answer: RankingsDaily) -> str:
    """What the rows count, in words."""
    return "estimated tokens" if answer.is_estimate else "tokens"


def _beside(answer: RankingsDaily) -> dict[str, Any]:
    return {"period": answer.period, "estimate": answer.is_estimate}


def remarks(answer: RankingsDaily) -> Iterator[str]:
    """What readers must know: that the figures are estimates, their total, and which dates are missing."""
    if answer.is_estimate:
        yield _ESTIMATE_NOTICE
    yield from total_and_gaps(answer)


def total_and_gaps(answer: RankingsDaily) -> Iterator[str]:
    """All tokens, and which dates are missing."""
    total = plain(sum(answer.totals_by_date().values()))
    yield f"All tokens, those of models outside the top 50 included: {total}."
    missing = answer.missing_dates() if answer.period in set(Period) else ()
    if missing:
        named = ", ".join(map(str, missing[:_NAMED_DATES]))
        more = f" and {len(missing) - _NAMED_DATES} more" if len(missing) > _NAMED_DATES else ""
        yield f"No data of {named}{more}."
