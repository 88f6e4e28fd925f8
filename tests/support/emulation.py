"""Requests to the emulated service, and its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from openrouter_rankings.messages import Request, Response
from openrouter_rankings.testing import EmulatedAPI

__all__ = ["BAD_REQUESTS", "BASE", "KEY", "NOW", "PATHS", "URL", "accepted", "answer", "ask", "document"]

BASE = "https://openrouter.ai/api/v1"
URL = f"{BASE}/classifications/task"
PATHS = (
    "/classifications/task",
    "/datasets/rankings-daily",
    "/datasets/app-rankings",
    "/datasets/session-cost",
    "/benchmarks",
)
KEY = "sk-or-v1-0123456789abcdef"
NOW = datetime(2026, 6, 18, 12, 0, tzinfo=UTC).timestamp()


def ask(url: str = URL, *, key: str = KEY, method: str = "GET") -> Request:
    return Request(method, url, {"Authorization": f"Bearer {key}"})


def answer(api: EmulatedAPI, request: Request | None = None, now: float = NOW) -> Response:
    return api.reply(ask() if request is None else request, now).response


def document(response: Response) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(response.body)
    return parsed


def accepted(response: Response) -> bool:
    return response.status != 429


BAD_REQUESTS: Mapping[int, Request] = {
    400: ask(f"{URL}?window=1d"),
    401: Request("GET", URL),
    404: ask("https://openrouter.ai/api/v1/models"),
    405: ask(method="POST"),
}
"""A request for each status with which the service rejects one whatever its limits."""
