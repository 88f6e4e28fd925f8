"""Session costs as a listing."""

from __future__ import annotations

from openrouter_rankings.models.session_cost import SessionCost
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table, dollars, first_rows, subject

__all__ = ["NO_SNAPSHOT", "sessions"]

NO_SNAPSHOT = "The service has published no snapshot yet."

_FIELDS = (
    Field("app_name", "App"),
    Field("app_slug", "Slug", spare=1),
    Field("turn_range", "Turns"),
    Field("median_session_cost_usd", "Median USD", dollars),
    Field("model_permaslug", "Model"),
)


def sessions(answer: SessionCost, asked: Asked, *, top: int | None = None) -> Table:
    """The first ``top`` rows (all if None), as the service orders them."""
    answer, meta = first_rows(answer, top), answer.meta
    published = meta.window_days is not None and meta.window_end_date is not None
    window = f"{meta.window_days} days to {meta.window_end_date}" if published else None
    return Table(
        answer=answer,
        asked=asked,
        subject=subject("median costs of a session", asked, window),
        fields=_FIELDS,
        shown=Records.of(answer),
        remarks=() if published else (NO_SNAPSHOT,),
    )
