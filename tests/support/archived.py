"""Small synthetic answers to put into an archive, and what a test sees of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from openrouter_rankings.history import Archive

DAY = date(2026, 6, 17)
"""A day to put answers on."""

FETCHED = datetime(2026, 6, 18, 5, 0, tzinfo=UTC)
"""The morning after it."""

ONE_DAY = timedelta(days=1)


def morning_after(day: date) -> datetime:
    """Five in the morning of the day after, UTC."""
    return datetime.combine(day + ONE_DAY, time(5), UTC)


def instant(at: datetime) -> str:
    """The instant as the service writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tasks(day: date = DAY, share: float = 0.4, *, window_days: int = 7, **further: Any) -> bytes:
    """Task classifications of a day, with one task, whose share is to tell answers apart."""
    model = {"id": "lanternhill/ember-2", "tag_usage_share": share, "tag_token_share": 0.5}
    task = {
        "tag": "code:debugging",
        "display_name": "Debugging",
        "macro_category": "code",
        "usage_share": share,
        "token_share": 0.5,
        "category_usage_share": 1.0,
        "category_token_share": 1.0,
        "models": [model],
    }
    macro = {"key": "code", "label": "Code", "usage_share": share, "token_share": 0.5}
    data = {
        "as_of": day.isoformat(),
        "window_days": window_days,
        "classifications": [task],
        "macro_categories": [macro],
    }
    return encoded({"data": data} | further)


def daily(
    start: date = DAY,
    end: date = DAY,
    *,
    tokens: int = 100,
    as_of: datetime | None = None,
    days: Sequence[date] | None = None,
) -> bytes:
    """Daily rankings of a span: one model and ``other`` on each of ``days``, by default as of the morning after."""
    if days is None:
        days = [start + n * ONE_DAY for n in range((end - start).days + 1)]
    rows = [
        {"date": day.isoformat(), "model_permaslug": model, "total_tokens": str(count)}
        for day in days
        for model, count in (("lanternhill/ember-2", tokens), ("other", 7))
    ]
    return encoded({"data": rows, "meta": _meta(as_of or morning_after(end), start_date=start, end_date=end)})


def apps(
    end: date = DAY,
    *,
    names: Sequence[str] = ("Weir",),
    first_rank: int = 1,
    as_of: datetime = FETCHED,
    tokens: int = 9,
) -> bytes:
    """App rankings of the 30 days up to ``end``."""
    rows = [
        {"rank": rank, "app_id": rank, "app_name": name, "total_tokens": str(tokens), "total_requests": 3}
        for rank, name in enumerate(names, first_rank)
    ]
    return encoded({"data": rows, "meta": _meta(as_of, start_date=end - 29 * ONE_DAY, end_date=end)})


def sessions(
    end: date | None = DAY, *, name: str = "Weir", cost: float = 0.5, as_of: datetime = FETCHED, window: int | None = 7
) -> bytes:
    """Session costs of the week up to ``end``."""
    row = {
        "app_slug": "weir",
        "app_name": name,
        "turn_range": "1-turn",
        "model_permaslug": "lanternhill/ember-2",
        "median_session_cost_usd": cost,
    }
    return encoded({"data": [row], "meta": _meta(as_of, window_days=window, window_end_date=end)})


def benchmarks(as_of: datetime = FETCHED, *, index: float = 50.0, citation: str | None = None) -> bytes:
    """A benchmark of one model."""
    row = {
        "source": "artificial-analysis",
        "model_permaslug": "lanternhill/ember-2",
        "display_name": "Ember 2",
        "intelligence_index": index,
        "coding_index": None,
        "agentic_index": None,
        "pricing": {"prompt": "0.000001", "completion": "0.000002"},
    }
    meta = _meta(as_of, source=None, source_url=None, citation=citation, model_count=1, task_type=None)
    return encoded({"data": [row], "meta": meta})


def _meta(as_of: datetime, **fields: Any) -> dict[str, Any]:
    days = {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}
    return {"as_of": instant(as_of), "version": "v1", **days}


def encoded(document: Mapping[str, Any]) -> bytes:
    """The document as a body."""
    return json.dumps(document).encode()


async def contents(archive: Archive) -> list[Any]:
    """All that can be read from the archive: every revision of every series."""
    return [
        answer
        for series in await archive.series()
        async for answer in archive.between(
            series.answer, parameters=series.parameters, unfinished=True, every_revision=True
        )
    ]
