"""The settings of the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from openrouter_rankings.messages import Headers
from openrouter_rankings.transports.cache.freshness import Freshness, freshness_of
from openrouter_rankings.transports.stores.location import StoreSetting, is_store_setting
from openrouter_rankings.transports.validators import is_count, is_number

__all__ = ["CachePolicy"]

_DAY = 86400.0

_seconds = is_number(0)
_optional_seconds: Callable[[Any, attrs.Attribute[Any], Any], Any] = attrs.validators.optional(_seconds)


@attrs.frozen(kw_only=True)
class CachePolicy:
    """How long responses may be reused, and where they are kept.

    Attributes:
        store: where to keep responses, as well as in this process's memory. None: nowhere. A path: in a SQLite file,
            for the processes of one machine and across restarts. ``redis://...``: in a Redis server, for several
            machines. A ``Store`` of your own: there, and it is yours to close.
        max_age: seconds for which a response is fresh; None for what the service says (``max-age``, ``Expires``).
        default_max_age: seconds for which a response is fresh where the service says nothing of its freshness.
        stale_while_revalidate: seconds after that for which a response is served while it is refreshed; None for what
            the service says.
        stale_if_error: seconds after its lifetime for which a response is served instead of an error: a 5XX, a 429, an
            invalid response, a failed exchange, a spent quota or a missed deadline. None for what the service says.
        max_entries: how many responses are kept at most, in memory and in the store each. The least recently used are
            dropped from memory, and the oldest from the store.
        max_bytes: how many bytes they may take together. What is decoded from them is not counted.
        refreshes_per_day: how many background refreshes may begin in a day, at an even pace: by default four fifths of
            the service's 500 requests. 0 for none.
    """

    # Its URL can hold a password.
    store: StoreSetting = attrs.field(default=None, validator=is_store_setting, repr=False)
    max_age: float | None = attrs.field(default=None, validator=_optional_seconds)
    default_max_age: float = attrs.field(default=300.0, validator=_seconds)
    stale_while_revalidate: float | None = attrs.field(default=None, validator=_optional_seconds)
    stale_if_error: float | None = attrs.field(default=_DAY, validator=_optional_seconds)
    max_entries: int = attrs.field(default=256, validator=is_count)
    max_bytes: int = attrs.field(default=64 * 2**20, validator=is_count)
    refreshes_per_day: float = attrs.field(default=400, validator=_seconds)

    def freshness_of(self, headers: Headers, received_at: float) -> Freshness:
        """How long a response with these fields, which came at ``received_at`` (epoch seconds), may be used."""
        return freshness_of(
            headers,
            received_at=received_at,
            default_max_age=self.default_max_age,
            max_age=self.max_age,
            stale_while_revalidate=self.stale_while_revalidate,
            stale_if_error=self.stale_if_error,
        )
