"""The command ``emulate``."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from openrouter_rankings import testing
from openrouter_rankings.cli.streams import reporting, say

__all__ = ["emulate"]


def emulate(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Listen on this address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0 takes a free one.")] = 8765,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed gives another market.")] = 0,
) -> None:
    """Serve an emulation of the Data API on this machine, until Ctrl-C.

    Its vendors, models and figures are invented.
    """
    with reporting():
        asyncio.run(_emulate(host, port, seed))


async def _emulate(host: str, port: int, seed: int) -> None:
    async with testing.serve(testing.EmulatedAPI(seed=seed), host=host, port=port) as base_url:
        say(f"Serving invented figures at {base_url} until Ctrl-C. To ask:")
        say(f"OPENROUTER_API_KEY=anything openrouter-rankings tasks --base-url {base_url}")
        await asyncio.Event().wait()
