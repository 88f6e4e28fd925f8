"""What a quota allows, and what is used of it."""

from __future__ import annotations

import math
from datetime import datetime

import attrs

from openrouter_rankings.transports.stores.location import StoreSetting, is_store_setting
from openrouter_rankings.transports.validators import is_count, is_number

__all__ = ["Quota", "QuotaStatus", "QuotaWindow"]


@attrs.frozen(kw_only=True)
class Quota:
    """How many requests may be sent to a service with one key, and where they are counted.

    Both windows slide: the limits hold for any 60 s and any 24 h, whenever they begin. Every request that is sent
    counts, whatever becomes of it, retries included.

    Attributes:
        per_minute: requests in a minute.
        per_day: requests in a day. The service counts the day for the account: give each of several keys of one account
            its part.
        store: where to count. None: in this process, for all its clients together. A path: in a SQLite file, for the
            processes of one machine and across restarts. ``redis://...``: in a Redis server, for several machines. A
            ``Store``: in that.
        margin: seconds by which both windows are counted longer than they are. The service counts when a request
            arrives, so this is how much longer one request may travel than another.
        max_wait: seconds that a call may wait for a slot, and the margin on top, so that 60 s are enough for the slots
            of the next minute. 0 never waits, ``math.inf`` waits for any slot of the day. A longer wait is not begun.
        fallback_fraction: the part of both limits, above 0 and up to 1, that each process keeps to on its own while the
            store cannot be reached. One over the number of processes is safe.
    """

    per_minute: int = attrs.field(default=30, validator=is_count)
    per_day: int = attrs.field(default=500, validator=is_count)
    # Its URL can hold a password.
    store: StoreSetting = attrs.field(default=None, validator=is_store_setting, repr=False)
    margin: float = attrs.field(default=2.0, validator=is_number(0, 3600))
    max_wait: float = attrs.field(default=60.0, validator=is_number(0, math.inf))
    fallback_fraction: float = attrs.field(default=0.25, validator=is_number(0.001, 1))


@attrs.frozen
class QuotaWindow:
    """The requests of a minute, or of a day.

    Attributes:
        limit: how many may be sent.
        used: how many were sent within the window that ends now.
        frees_at: when one more can be sent than now (aware, UTC); None if none is used.
    """

    limit: int
    used: int
    frees_at: datetime | None

    @property
    def remaining(self) -> int:
        """How many may still be sent now."""
        return max(0, self.limit - self.used)


@attrs.frozen
class QuotaStatus:
    """What is used of a quota, and what remains.

    Attributes:
        minute: the requests of the last minute.
        day: the requests of the last day.
        closed_until: until when the service wants no request at all (aware, UTC); None if it has not said so.
        waiting: how many callers of this client wait for a slot.
    """

    minute: QuotaWindow
    day: QuotaWindow
    closed_until: datetime | None
    waiting: int
