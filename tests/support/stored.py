"""Waits for what a cache writes into its store while its callers have the answer already."""

from __future__ import annotations

import asyncio

from openrouter_rankings.transports.cache.transport import CacheTransport

__all__ = ["stored"]


async def stored(*caches: CacheTransport) -> None:
    """Return when the caches have stored what they had to."""
    for cache in caches:
        while cache._shared is not None and cache._shared._store._under_way:
            await asyncio.sleep(0)
