"""What a quota allows."""

from __future__ import annotations

import math

import attrs

from openrouter_rankings.transports.stores.location import StoreSetting, is_store_setting
from openrouter_rankings.transports.validators import is_count, is_number

__all__ = ["Quota"]


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
