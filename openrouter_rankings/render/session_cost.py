"""Session costs as a table."""

from __future__ import annotations

import attrs

from openrouter_rankings.models.session_cost import MOST_SESSION_COSTS, SessionCost
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table, dollars, first_rows, subject

__all__ = ["NO_SNAPSHOT", "sessions"]

NO_SNAPSHOT = "The service has published no snapshot yet."
_FIRST_PAGE = f"These are of the first {MOST_SESSION_COSTS} rows of the service's list, which goes on."

_FIELDS = (
    Field("median_session_cost_usd", "Median USD", dollars),
    Field("median_session_cost_usd", "", drawn=True, spare=2),
    Field("app_name", "App"),
    Field("app_slug", "Slug", spare=1),
    Field("turn_range", "Turns"),
    Field("model_permaslug", "Model"),
)


def sessions(answer: SessionCost, asked: Asked, *, top: int | None = None, goes_on: bool = False) -> Table:
    """The ``top`` rows with the highest median costs (all if None), the highest first.

    Args:
        answer: the rows.
        asked: what is known of them apart from themselves.
        top: how many rows; all if None.
        goes_on: the service has more rows than the answer.
    """
    ranked = sorted(answer.data, key=lambda row: -row.median_session_cost_usd)
    answer, meta = first_rows(attrs.evolve(answer, data=tuple(ranked)), top), answer.meta
    published = meta.window_days is not None and meta.window_end_date is not None
    window = f"{meta.window_days} days to {meta.window_end_date}" if published else None
    return Table(
        answer=answer,
        asked=asked,
        subject=subject("median costs of a session", asked, window),
        fields=_FIELDS,
        records=Records.of(answer),
        plain=answer.to_dict,
        narrowed=len(answer) < len(ranked),
        beside={"has_more": goes_on},
        remarks=(*(() if published else (NO_SNAPSHOT,)), *((_FIRST_PAGE,) if goes_on else ())),
    )
