"""Where the stores of a test are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

from openrouter_rankings.transports.stores.protocol import Store

__all__ = ["Place"]


@attrs.frozen
class Place:
    """Where a store is.

    Attributes:
        location: the path or URL of a store that processes can share; None for one within this process.
        open: makes one more client of the store.
        moment: lets a hundredth of a second pass, or somewhat more.
    """

    location: str | None
    open: Callable[[], Store]
    moment: Callable[[], Awaitable[None]]
