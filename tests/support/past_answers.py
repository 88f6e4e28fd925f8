"""What the emulated service says at a given time: served, or kept in an archive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import attrs

from openrouter_rankings import AppRankings, RankingsDaily, TaskClassifications
from openrouter_rankings.history import Archive
from openrouter_rankings.messages import Request
from openrouter_rankings.testing import EmulatedAPI
from openrouter_rankings.transports.fake import Reply

__all__ = ["MeasuredAPI", "fill", "morning_of"]

_BASE = "http://127.0.0.1/api/v1"
_PATHS: Mapping[type[Any], str] = {
    TaskClassifications: "/classifications/task",
    RankingsDaily: "/datasets/rankings-daily",
    AppRankings: "/datasets/app-rankings",
}


class MeasuredAPI:
    """The emulated service at one time, whose figures pass for measured ones."""

    def __init__(self, now: datetime) -> None:
        self.api = EmulatedAPI(per_minute=10_000, per_day=10_000)
        self._now = now.timestamp()

    def reply(self, request: Request, now: float) -> Reply:
        """The reply at that time, whatever the time is, without the mark of invented figures."""
        reply = self.api.reply(request, self._now)
        body = reply.response.body.replace(b',"synthetic":true', b"")
        return attrs.evolve(reply, response=attrs.evolve(reply.response, body=body))


def morning_of(day: date) -> datetime:
    """Five in the morning of a day, UTC."""
    return datetime.combine(day, time(5), UTC)


def fill(path: Path, data_set: type[Any], days: Iterable[date], **parameters: object) -> None:
    """Keep what the service said about each of these days on the next morning."""
    asyncio.run(_fill(path, data_set, [morning_of(day + timedelta(days=1)) for day in days], parameters))


async def _fill(
    path: Path, data_set: type[Any], instants: Iterable[datetime], parameters: Mapping[str, object]
) -> None:
    url = f"{_BASE}{_PATHS[data_set]}?{urlencode(parameters)}"
    async with Archive(path) as archive:
        for instant in instants:
            reply = MeasuredAPI(instant).reply(Request("GET", url, {"Authorization": "Bearer key"}), 0)
            await archive.add(data_set, reply.response.body, parameters, fetched_at=instant)
