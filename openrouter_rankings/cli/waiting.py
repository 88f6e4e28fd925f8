"""What a command waits for: a line that counts on a terminal, one sentence anywhere else."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime

import attrs

from openrouter_rankings.cli.observed import ObservedClient, Pauses
from openrouter_rankings.cli.question import Progress
from openrouter_rankings.cli.streams import StatusLine, note
from openrouter_rankings.cli.terminal import has_cursor
from openrouter_rankings.errors import StoreError
from openrouter_rankings.transports.quota.status import QuotaStatus

__all__ = ["reported_waits", "slot_wait"]

# Seconds after which people want to know what the command waits for.
_SILENCE = 1.0
_TICK = 0.2

_SPINNER = "|/-\\"


@asynccontextmanager
async def reported_waits(client: ObservedClient, unit: str = "rows") -> AsyncGenerator[Progress]:
    """Report what the client waits for while the context is open. Yields a progress callback for several answers.

    Args:
        client: the client.
        unit: what is counted where nobody knows how many there are.
    """
    logger, wait = logging.getLogger("openrouter_rankings"), _Wait(client, unit)
    status = StatusLine() if has_cursor(sys.stderr) else None
    logger.addHandler(wait.pauses)
    with nullcontext() if status is None else status.in_use():
        reporter = asyncio.create_task(_report_once(wait) if status is None else _report(wait, status))
        try:
            yield wait.progress
        finally:
            reporter.cancel()
            logger.removeHandler(wait.pauses)


@attrs.define
class _Wait:
    """What is under way.

    Attributes:
        client: the client that asks.
        unit: what is counted where nobody knows how many there are.
        pauses: its pauses between attempts.
        began: when the call began, on the monotonic clock.
        done: how far it has come, in words; empty for a single answer.
    """

    client: ObservedClient
    unit: str = "rows"
    pauses: Pauses = attrs.field(factory=Pauses)
    began: float = attrs.field(factory=time.monotonic)
    done: str = ""

    def progress(self, done: int, total: int | None) -> None:
        if total is None:
            self.done = f", {done:,} {self.unit} so far"
        elif total > 1:
            self.done = f", {done} of {total} answers so far"

    def pause(self) -> float:
        """Seconds until the next attempt; negative if there is none to come."""
        return self.pauses.until - time.monotonic()

    async def own_limit(self) -> str | None:
        """What the call waits for that is not the service; None if there is nothing of the kind."""
        if self.client.wire.in_flight or self.pause() > 0:
            return None
        try:
            async with asyncio.timeout(_SILENCE):
                seconds = slot_wait(await self.client.quota(), datetime.now(UTC))
        except TimeoutError:
            return "Waiting for the file in which requests are counted, which another program has locked"
        except StoreError:
            # The call itself meets it, and reports it.
            return None
        return f"Waiting {math.ceil(seconds)} s for a slot in the quota" if seconds > 0 else None

    async def text(self) -> str:
        """What the call waits for, and for how long."""
        if self.pause() > 0:
            return f"Asking again in {self.pause():.0f} s{self.done}"
        limit = await self.own_limit()
        return f"{limit or f'Asking: {time.monotonic() - self.began:.0f} s'}{self.done}"


async def _report(wait: _Wait, status: StatusLine) -> None:
    await asyncio.sleep(_SILENCE)
    ticks = 0
    while True:
        status.show(f"{_SPINNER[ticks % len(_SPINNER)]} {await wait.text()}")
        ticks += 1
        await asyncio.sleep(_TICK)


async def _report_once(wait: _Wait) -> None:
    limit = None
    while limit is None:
        await asyncio.sleep(_SILENCE)
        limit = await wait.own_limit()
    note(f"{limit}. `openrouter-rankings quota` shows what is used.")


def slot_wait(status: QuotaStatus, now: datetime) -> float:
    """Seconds until the quota has a slot, 0 if it has one."""
    spent = [window.frees_at for window in (status.minute, status.day) if not window.remaining]
    instants = [instant for instant in (status.closed_until, *spent) if instant is not None]
    return max((max(0.0, (instant - now).total_seconds()) for instant in instants), default=0.0)
