"""Waits for what a cache writes into its store while its callers have the answer already."""

from __future__ import annotations

from patience import turn_until

from openrouter_rankings.transports.cache.transport import CacheTransport

__all__ = ["refreshed", "stored"]


async def stored(*caches: CacheTransport) -> None:
    """Return when the caches have stored what they had to."""
    await turn_until(lambda: not any(cache._shared and cache._shared._store._under_way for cache in caches))


async def refreshed(*caches: CacheTransport) -> None:
    """Return when no refresh of the caches is under way, and they have stored what they had to."""
    await turn_until(lambda: not any(cache._refreshes._tasks for cache in caches))
    await stored(*caches)
