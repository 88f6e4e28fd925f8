"""App rankings as a table."""

from __future__ import annotations

from openrouter_rankings.models.app_rankings import AppRankings
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table, first_rows, subject

__all__ = ["apps"]

_FIELDS = (
    Field("rank", "#"),
    Field("total_tokens", "Tokens"),
    Field("total_tokens", "", drawn=True, spare=2),
    Field("total_requests", "Requests", spare=1),
    Field("app_name", "App"),
)


def apps(answer: AppRankings, asked: Asked, *, top: int | None = None) -> Table:
    """The first ``top`` apps (all if None), by rank."""
    count, answer = len(answer), first_rows(answer, top)
    return Table(
        answer=answer,
        asked=asked,
        subject=subject("apps", asked, f"{answer.meta.start_date} to {answer.meta.end_date}"),
        fields=_FIELDS,
        records=Records.of(answer),
        plain=answer.to_dict,
        narrowed=len(answer) < count,
    )
