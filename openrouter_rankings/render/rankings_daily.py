"""Daily rankings as a listing: the models of the span by their tokens, or the rows of each date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import attrs

from openrouter_rankings.models.data_set import Columns, Timestamp
from openrouter_rankings.models.rankings_daily import OTHER, Period, RankingsDaily
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table, percent, plain, subject

__all__ = ["by_date", "leaderboard", "remarks"]

_ESTIMATE_NOTICE = "Estimates from a weekly sample; the last week may reach beyond the span."
_OTHER_NAME = "other (all models outside the top 50 of the date)"

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
    Field("rank", "#"),
    Field("total_tokens", "Tokens"),
    Field("token_share", "Share", percent),
    Field("dates", "Dates", spare=1),
    Field("model_permaslug", "Model"),
)


def _name(model: str) -> str:
    return _OTHER_NAME if model == OTHER else plain(model)


_DATE_FIELDS = (
    Field("date", "Date"),
    Field("total_tokens", "Tokens"),
    Field("model_permaslug", "Model", _name),
)


def leaderboard(answer: RankingsDaily, asked: Asked, *, top: int | None = None, merge_variants: bool = False) -> Table:
    """The first ``top`` models (all if None) by their tokens in the span; ``other`` is no model.

    Args:
        answer: the rows of the span.
        asked: what is known of them besides.
        top: how many models; all if None.
        merge_variants: the variants of a model count as one.

    Raises:
        ConfigurationError: ``top`` is negative.
    """
    meta = answer.meta
    models = [
        {"rank": rank, **attrs.asdict(model)}
        for rank, model in enumerate(answer.leaderboard(top, merge_variants=merge_variants), 1)
    ]
    stamp = {
        "as_of": meta.as_of,
        "start_date": meta.start_date,
        "end_date": meta.end_date,
        "is_estimate": answer.is_estimate,
    }
    return Table(
        answer=answer,
        asked=asked,
        subject=subject(f"models by {_tokens(answer)}", asked, _span(answer)),
        fields=_LEADERBOARD_FIELDS,
        shown=Records(_LEADERBOARD_COLUMNS, [stamp | model for model in models]),
        remarks=tuple(remarks(answer)),
        # Token counts are texts, as in the API: not every reader of JSON has numbers that long.
        beside=_beside(answer)
        | {"leaderboard": [model | {"total_tokens": str(model["total_tokens"])} for model in models]},
    )


def by_date(answer: RankingsDaily, asked: Asked, *, top: int | None = None) -> Table:
    """The rows of each date.

    Args:
        answer: the rows of the span.
        asked: what is known of them besides.
        top: only so many models of each date, without ``other``, which is not the rest of them; all rows if None.
    """
    records = Records.of(answer)
    if top is not None:
        records = Records(records.columns, _first_of_each_date(records.rows, top))
    return Table(
        answer=answer,
        asked=asked,
        subject=subject(f"{_tokens(answer)} of models by {answer.period}", asked, _span(answer)),
        fields=_DATE_FIELDS,
        shown=records,
        remarks=tuple(remarks(answer)),
        beside=_beside(answer),
    )


def _first_of_each_date(rows: Any, top: int) -> list[Any]:
    models = [row for row in rows if row["model_permaslug"] != OTHER]
    return [row for _, group in groupby(models, itemgetter("date")) for row in list(group)[:top]]


def _tokens(answer: RankingsDaily) -> str:
    return "estimated tokens" if answer.is_estimate else "tokens"


def _span(answer: RankingsDaily) -> str:
    return f"{answer.meta.start_date} to {answer.meta.end_date}"


def _beside(answer: RankingsDaily) -> dict[str, Any]:
    return {"period": answer.period, "estimate": answer.is_estimate}


def remarks(answer: RankingsDaily) -> Iterator[str]:
    """What people must know beside the figures: that they are estimates, the total, and which dates are missing."""
    if answer.is_estimate:
        yield _ESTIMATE_NOTICE
    total = plain(sum(answer.totals_by_date().values()))
    yield f"All tokens, those of models outside the top 50 included: {total}."
    missing = answer.missing_dates() if answer.period in set(Period) else ()
    if missing:
        named = ", ".join(map(str, missing[:_NAMED_DATES]))
        more = f" and {len(missing) - _NAMED_DATES} more" if len(missing) > _NAMED_DATES else ""
        yield f"No data of {named}{more}."
