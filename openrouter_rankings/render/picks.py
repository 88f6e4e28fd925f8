"""Picked models as a table: the score of each, and the figures that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openrouter_rankings.analysis.criteria import POPULARITY_CRITERION, PRICE_CRITERION, Reason
from openrouter_rankings.analysis.picks import Pick, Picks
from openrouter_rankings.render.data_sets import Asked, Field, Table
from openrouter_rankings.render.listing import printable
from openrouter_rankings.render.results import result_table

__all__ = ["picks", "unmatched"]

_SHARES_NOTICE = (
    "Under a tag: the model's share of its traffic, at least; a dash where the model is not in the top list."
)


def picks(result: Picks, asked: Asked) -> Table:
    """The picks with a column for each task pattern and criterion that their scores are made of."""
    reasons = result.data[0].reasons if result.data else ()
    fields = (
        Field("rank", "#"),
        Field("score", "Score", _score),
        Field("score", "", drawn=True, spare=0),
        # Of those for which there is no room, the last ones are left out first.
        *(_column(place, reason, spare=len(reasons) - place) for place, reason in enumerate(reasons)),
        Field("model", "Model"),
    )
    shows_shares = any(reason.criterion == POPULARITY_CRITERION for reason in reasons)
    what = "requests" if result.meta.by == "usage" else "tokens"
    tags = result.meta.tags
    return result_table(
        result,
        asked,
        subject=f"models used for {tags[0] if len(tags) == 1 else f'{len(tags)} tasks'} by share of {what}, "
        f"as of {result.meta.as_of}",
        fields=fields,
        drawings=[_figures(each) for each in result.data],
        remarks=(*((_SHARES_NOTICE,) if shows_shares else ()), *unmatched(result)),
    )


def _column(place: int, reason: Reason, *, spare: int) -> Field:
    return Field(f"reason {place}", printable(reason.subject), spare=spare, right=True)


def _figures(pick: Pick) -> Mapping[str, Any]:
    return {f"reason {place}": _figure(reason) for place, reason in enumerate(pick.reasons)}


def _figure(reason: Reason) -> str:
    if reason.value is None:
        return "-"
    if reason.criterion == POPULARITY_CRITERION:
        return f"{reason.value:.1%}"
    return f"${reason.value:,.2f}" if reason.criterion == PRICE_CRITERION else f"{reason.value:,.4g}"


def _score(score: float) -> str:
    return f"{score:.3f}"


def unmatched(result: Picks) -> tuple[str, ...]:
    """A sentence for each pattern that no model matches."""
    return tuple(f"No model listed for these tasks matches {printable(each)}." for each in result.meta.unmatched)
