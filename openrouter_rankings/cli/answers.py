"""Where the command line gets its answers: the service, a saved answer, or the synthetic sample."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from openrouter_rankings import testing
from openrouter_rankings.cli.streams import NO_KEY, fail
from openrouter_rankings.client import RankingsClient
from openrouter_rankings.models.task_classifications import TaskClassifications, decode_task_classifications

__all__ = ["from_sample", "from_service", "saved"]

_KEY_VARIABLE = "OPENROUTER_API_KEY"

# The same day for everyone, so that the sample is always the same.
_SAMPLE_TAKEN = datetime(2026, 1, 1, tzinfo=UTC)


def from_service(window: str, base_url: str | None, timeout: float | None) -> TaskClassifications:
    """Ask the service."""
    if not os.environ.get(_KEY_VARIABLE):
        fail(
            f"No API key: set the environment variable {_KEY_VARIABLE}, or add --sample to see synthetic figures "
            "without one.",
            NO_KEY,
        )
    client = RankingsClient() if base_url is None else RankingsClient(base_url=base_url)
    return _ask(client, window, timeout)


def from_sample(window: str) -> TaskClassifications:
    """Ask the service in memory, whose figures are invented."""
    transport = testing.FakeTransport(testing.EmulatedAPI(), clock=testing.FakeClock(_SAMPLE_TAKEN))
    return _ask(RankingsClient("sample", transport=transport), window)


def saved(name: str) -> tuple[TaskClassifications, bool]:
    """Read a saved answer from the file ``name``, or from stdin if that is ``-``; and whether it is synthetic."""
    try:
        body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        fail(f"Cannot read {name}: {error.strerror}.")
    answer = decode_task_classifications(body)
    return answer, json.loads(body).get("synthetic") is True


def _ask(client: RankingsClient, window: str, timeout: float | None = None) -> TaskClassifications:
    return asyncio.run(_asked(client, window, timeout))


async def _asked(client: RankingsClient, window: str, timeout: float | None) -> TaskClassifications:
    async with client:
        return await client.get_task_classifications(window, timeout=timeout)
