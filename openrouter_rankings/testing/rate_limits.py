"""The limits of the emulated service, as sliding windows over the times of arrival."""

from __future__ import annotations

import math
from collections import OrderedDict, deque

import attrs

from openrouter_rankings.errors import ConfigurationError

__all__ = ["RateLimits", "Refusal"]

_MINUTE = 60.0
_DAY = 86400.0


@attrs.frozen
class Refusal:
    """A request that is over a limit.

    Attributes:
        limit: how many requests the limit allows.
        scope: the period and what the limit counts for, such as ``a minute for this key``.
        retry_at: when the next request is allowed, in epoch seconds.
    """

    limit: int
    scope: str
    retry_at: float


class RateLimits:
    """A limit for any 60 s per key, and one for any 24 h over all keys.

    A request that is refused counts towards neither.

    Args:
        per_minute: requests allowed in any 60 s for each key.
        per_day: requests allowed in any 24 h in total.

    Raises:
        ConfigurationError: a limit is below 1.
    """

    def __init__(self, per_minute: int, per_day: int) -> None:
        for name, limit in (("per_minute", per_minute), ("per_day", per_day)):
            if limit < 1:
                raise ConfigurationError(f"{name} must be at least 1 request, not {limit!r}.")
        self._per_minute = per_minute
        self._day = _Window(per_day, _DAY)
        # By key, the key admitted last at the end.
        self._minutes: OrderedDict[str, _Window] = OrderedDict()

    def admit(self, key: str, now: float) -> Refusal | None:
        """Count a request that arrives at ``now`` (epoch seconds), or say why it is refused.

        Of two exhausted limits the refusal names the one that lasts longer, because retrying before then is useless.
        """
        minute = self._minutes.get(key) or _Window(self._per_minute, _MINUTE)
        minute_at, day_at = minute.free_at(), self._day.free_at()
        if max(minute_at, day_at) > now:
            if minute_at >= day_at:
                return Refusal(self._per_minute, "a minute for this key", minute_at)
            return Refusal(self._day.limit, "a day for this account", day_at)
        minute.add(now)
        self._day.add(now)
        self._minutes[key] = minute
        self._minutes.move_to_end(key)
        self._forget_idle_keys(now)
        return None

    def _forget_idle_keys(self, now: float) -> None:
        """Keep only keys of the last minute, so that memory does not grow with the number of keys ever seen."""
        while next(iter(self._minutes.values())).is_idle(now):
            self._minutes.popitem(last=False)


class _Window:
    """The times of the last ``limit`` requests, in epoch seconds."""

    def __init__(self, limit: int, period: float) -> None:
        self.limit = limit
        self._period = period
        self._arrivals: deque[float] = deque(maxlen=limit)

    def add(self, now: float) -> None:
        self._arrivals.append(now)

    def free_at(self) -> float:
        """When the next request is allowed."""
        return self._arrivals[0] + self._period if len(self._arrivals) == self.limit else -math.inf

    def is_idle(self, now: float) -> bool:
        """Whether all its requests are older than the period."""
        return self._arrivals[-1] + self._period <= now
