"""The command ``watch``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from openrouter_rankings.cli.commands.tasks import names, ranking_options, table
from openrouter_rankings.cli.options import Duration, asks_service, check_exclusive, option
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.observed import ObservedClient
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.models.task_classifications import By, TaskClassifications
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["command", "redraw"]

_CLEAR_SCREEN = "\x1b[H\x1b[2J\x1b[3J"


@make_command(
    "watch",
    examples=(
        ("watch --top 20", "The first twenty tasks, drawn again when they change"),
        ("watch --tag code:debugging --every 15m", "The models of one task, looked at every 15 minutes"),
    ),
)
@ranking_options
@option(
    "--every",
    type=Duration(),
    default="1h",
    metavar="TIME",
    help="How often to look; 1m at least.  [default: 1h]",
)
@asks_service
def command(by: By, macro: str | None, tag: str | None, top: int | None, every: float, origin: Origin) -> None:
    """Show the tasks, and again each time they change, until Ctrl-C.

    The figures change once a day, and can be restated. A failure is reported,
    and watching goes on. On a terminal the new table takes the place of the
    old one; elsewhere it follows it.
    """
    import asyncio

    from openrouter_rankings.cli.service import require_key
    from openrouter_rankings.cli.streams import reporting

    check_exclusive({"--tag": tag, "--macro": macro})
    with reporting():
        require_key()
        asyncio.run(_watch(origin, every, partial(table, by=by, macro=macro, tag=tag), top))


async def _watch(
    origin: Origin, every: float, make: Callable[[TaskClassifications, Asked, int | None], Table], top: int | None
) -> None:
    from openrouter_rankings.cli.folder import quota_file
    from openrouter_rankings.cli.service import open_client
    from openrouter_rankings.transports.cache.policy import CachePolicy
    from openrouter_rankings.transports.quota.policy import Quota

    async with open_client(origin, Quota(store=quota_file()), CachePolicy()) as client:
        await redraw(client, client.watch_task_classifications(every=every), every, make, top)


async def redraw(
    client: ObservedClient,
    answers: AsyncIterator[TaskClassifications],
    every: float,
    make: Callable[[TaskClassifications, Asked, int | None], Table],
    top: int | None,
) -> None:
    """Show each answer as it comes, in place of the last one on a terminal."""
    from openrouter_rankings.cli.names import keep_names
    from openrouter_rankings.cli.screen import drawn
    from openrouter_rankings.cli.streams import is_terminal, put
    from openrouter_rankings.render.data_sets import Asked
    from openrouter_rankings.render.listing import sheet

    clear = _CLEAR_SCREEN if is_terminal(sys.stdout) else ""
    async for answer in answers:
        now = datetime.now(UTC)
        shown = drawn(sheet(make(answer, Asked(synthetic=client.has_synthetic), top)))
        looks = f"Since {now:%H:%M} UTC; the next look is at {now + timedelta(seconds=every):%H:%M} UTC.\n"
        put(f"{clear}{shown}{looks}\n")
        keep_names(names(answer))
