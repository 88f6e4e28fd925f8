"""Showing an answer again each time it changes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from openrouter_rankings.cli.folder import quota_file
from openrouter_rankings.cli.names import keep_names
from openrouter_rankings.cli.question import Names, Origin, Question
from openrouter_rankings.cli.screen import drawn
from openrouter_rankings.cli.service import open_client, require_key
from openrouter_rankings.cli.streams import put, reporting
from openrouter_rankings.cli.terminal import has_cursor
from openrouter_rankings.models.data_set import Answer
from openrouter_rankings.render.data_sets import Asked, Table
from openrouter_rankings.render.listing import sheet
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.watching import Change

__all__ = ["redraw", "watch"]

A = TypeVar("A", bound=Answer)

_CLEAR_SCREEN = "\x1b[H\x1b[2J\x1b[3J"


def watch(question: Question[A], origin: Origin, every: float, table: Callable[[A, Asked], Table]) -> None:
    """Print the answer, and again each time it changes, until an interrupt.

    Args:
        question: what to ask.
        origin: the service to ask.
        every: seconds between two looks.
        table: makes the table of the answer and of what else is known of it.
    """
    with reporting():
        require_key()
        asyncio.run(_watch(question, origin, every, table))


async def _watch(question: Question[A], origin: Origin, every: float, table: Callable[[A, Asked], Table]) -> None:
    async with open_client(origin, Quota(store=quota_file()), CachePolicy()) as client:

        async def ask(*, max_age: float | None = None) -> A:
            return question.join(await question.ask(client, {"max_age": max_age}, _ignore_progress))

        changes = client.watch(ask, every)
        filters = question.given_filters()
        await redraw(changes, every, lambda answer: table(answer, Asked(filters, client.has_synthetic)), question.names)


async def redraw(
    changes: AsyncIterator[Change[A]], every: float, table: Callable[[A], Table], names: Callable[[A], Names]
) -> None:
    """Show each answer as it comes, in place of the last one on a terminal, and keep its names for completion."""
    clear = _CLEAR_SCREEN if has_cursor(sys.stdout) else ""
    async for change in changes:
        now = datetime.now(UTC)
        next_look = now + timedelta(seconds=every)
        # A thread, since a table with a column of change reads the archive.
        text = await asyncio.to_thread(lambda answer: drawn(sheet(table(answer))), change.answer)
        put(f"{clear}{text}{_what_changed(change, now)} The next look is at {next_look:%H:%M} UTC.\n\n")
        keep_names(names(change.answer))


def _what_changed(change: Change[A], now: datetime) -> str:
    if change.previous is None:
        return f"Since {now:%H:%M} UTC."
    from openrouter_rankings.analysis import differences

    rows = differences(change.previous, change.answer)
    counts = {"new": rows.entered, "gone": rows.left, "with other figures": rows.changed}
    said = ", ".join(f"{len(found):,} {what}" for what, found in counts.items() if found)
    return f"Changed at {now:%H:%M} UTC{f' (rows: {said})' if said else ''}."


def _ignore_progress(_done: int, _total: int | None) -> None:
    """Nobody waits for a look."""
