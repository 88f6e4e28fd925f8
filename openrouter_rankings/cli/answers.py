"""Answers from wherever they come: the service, a saved one, or the synthetic sample."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from openrouter_rankings import testing
from openrouter_rankings.cli.question import Origin, Question
from openrouter_rankings.cli.service import from_service
from openrouter_rankings.cli.streams import fail
from openrouter_rankings.client import RankingsClient
from openrouter_rankings.render.data_sets import Asked

__all__ = ["answer_to"]

T = TypeVar("T")

# The same day for everyone, so that the sample is always the same.
_SAMPLE_TAKEN = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def answer_to(question: Question[T], origin: Origin) -> Generator[tuple[T, Asked]]:
    """The answer, and what is known of it besides; show it before the context is left, see ``from_service``."""
    if origin.saved_answer is not None:
        yield _saved(origin.saved_answer, question.decode)
    elif origin.sample:
        yield asyncio.run(_from_sample(question)), Asked(question.given_filters(), synthetic=True)
    else:
        with from_service(question, origin) as answer:
            yield answer, Asked(question.given_filters())


async def _from_sample(question: Question[T]) -> T:
    transport = testing.FakeTransport(testing.EmulatedAPI(), clock=testing.FakeClock(_SAMPLE_TAKEN))
    async with RankingsClient("sample", transport=transport, quota=None, cache=None) as client:
        return question.join(await question.ask(client))


def _saved(name: str, decode: Callable[[bytes], T]) -> tuple[T, Asked]:
    """From the file ``name``, or from stdin if that is ``-``."""
    try:
        body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        fail(f"Cannot read {name}: {error.strerror}.")
    answer, document = decode(body), json.loads(body)
    return answer, Asked(_texts(document.get("filters")), synthetic=document.get("synthetic") is True)


def _texts(filters: Any) -> dict[str, str]:
    named = filters.items() if isinstance(filters, dict) else ()
    return {name: value for name, value in named if isinstance(value, str)}
