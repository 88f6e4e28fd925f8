"""The answers that the command line has without the service: a saved one, and the synthetic sample."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from openrouter_rankings import testing
from openrouter_rankings.cli.streams import fail
from openrouter_rankings.client import RankingsClient
from openrouter_rankings.models.task_classifications import TaskClassifications, decode_task_classifications

__all__ = ["from_sample", "saved"]

# The same day for everyone, so that the sample is always the same.
_SAMPLE_TAKEN = datetime(2026, 1, 1, tzinfo=UTC)


def from_sample(window: str) -> TaskClassifications:
    """Ask the service in memory, whose figures are invented."""
    transport = testing.FakeTransport(testing.EmulatedAPI(), clock=testing.FakeClock(_SAMPLE_TAKEN))
    return asyncio.run(_asked(RankingsClient("sample", transport=transport, quota=None, cache=None), window))


def saved(name: str) -> tuple[TaskClassifications, bool]:
    """Read a saved answer from the file ``name``, or from stdin if that is ``-``; and whether it is synthetic."""
    try:
        body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        fail(f"Cannot read {name}: {error.strerror}.")
    answer = decode_task_classifications(body)
    return answer, json.loads(body).get("synthetic") is True


async def _asked(client: RankingsClient, window: str) -> TaskClassifications:
    async with client:
        return await client.get_task_classifications(window)
