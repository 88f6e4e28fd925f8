"""A quota's ledgers in a Redis server."""

from __future__ import annotations

import logging
import math
from typing import Any, TypeVar

import attrs

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.quota_ledger import Change, Ledger, Limits
from openrouter_rankings.transports.redis_client import open_redis
from openrouter_rankings.transports.store_location import RedisServer

__all__ = ["RedisLedgers"]

_logger = logging.getLogger("openrouter_rankings")

T = TypeVar("T")

_REDIS_NAME = "openrouter-rankings:quota:"

# Seconds until a Redis server that could not be reached is asked again.
_REDIS_PAUSE = 10.0


@attrs.define
class _Copy:
    """What this process knows of a ledger in Redis.

    Attributes:
        ledger: as it was when it was last seen, with what this process did on its own since.
        seen_at: when that was.
    """

    ledger: Ledger = attrs.field(factory=Ledger)
    seen_at: float = -math.inf

    def tell(self, ledger: Ledger, since: float) -> None:
        """Add to ``ledger`` what is known here from after ``since``."""
        ledger.sent = sorted(ledger.sent + [at for at in self.ledger.sent if at > since])
        ledger.gate = max(ledger.gate, self.ledger.gate)


class RedisLedgers:
    """The ledgers in a Redis server, for several machines.

    A transaction that is given up if another writes in between (``WATCH``) makes reading and writing one step. The time
    is the server's, since the clocks of two machines differ; another clock than the system's goes before it.

    While the server is unreachable, this process goes on from the ledger it saw last, within a fraction of the limits,
    and tells the server afterwards what it sent.
    """

    def __init__(self, server: RedisServer, limits: Limits, clock: Clock, fallback_fraction: float) -> None:
        self._client, self._errors = open_redis(server)
        self._limits = limits
        self._fallback = limits.fraction(fallback_fraction)
        self._fallback_fraction = fallback_fraction
        self._clock = clock
        self._ahead = 0.0
        self._copies: dict[str, _Copy] = {}
        self._unreachable_until: float | None = None

    async def update(self, key: str, change: Change[T]) -> T:
        if self._unreachable_until is not None and self._clock.monotonic() < self._unreachable_until:
            return self._update_copy(key, change)
        try:
            result = await self._update_in_redis(key, change)
        except (self._errors.AuthenticationError, self._errors.NoPermissionError) as error:
            raise ConfigurationError(f"The quota's Redis server refuses this user: {error}.") from error
        except (self._errors.RedisError, OSError) as error:
            self._note_unreachable(error)
            return self._update_copy(key, change)
        self._note_reachable()
        return result

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _update_in_redis(self, key: str, change: Change[T]) -> T:
        name = _REDIS_NAME + key
        async with self._client.pipeline(transaction=True) as pipe:
            while True:
                await pipe.watch(name)
                text = await pipe.get(name)
                ledger, now = _decode_redis(text), await self._time(pipe)
                copy = self._copies.setdefault(key, _Copy())
                # A server that knows nothing has lost it, or never knew: it is told all.
                copy.tell(ledger, since=-math.inf if text is None else copy.seen_at)
                ledger.bring_to(now, self._limits.day)
                result = change(ledger, now, self._limits)
                if ledger.encode() != text:
                    pipe.multi()
                    pipe.set(name, ledger.encode(), ex=math.ceil(max(self._limits.day, ledger.gate - now)) + 1)
                    try:
                        await pipe.execute()
                    except self._errors.WatchError:
                        continue
                self._copies[key] = _Copy(ledger, now)
                return result

    async def _time(self, pipe: Any) -> float:
        if not isinstance(self._clock, SystemClock):
            return self._clock.time()
        seconds, microseconds = await pipe.time()
        now = float(seconds + microseconds / 1e6)
        self._ahead = now - self._clock.time()
        return now

    def _update_copy(self, key: str, change: Change[T]) -> T:
        copy = self._copies.setdefault(key, _Copy())
        # Later than when it was last seen, which is what tells our own requests from those the server knows.
        now = max(self._clock.time() + self._ahead, math.nextafter(copy.seen_at, math.inf))
        copy.ledger.bring_to(now, self._limits.day)
        return change(copy.ledger, now, self._fallback)

    def _note_unreachable(self, error: Exception) -> None:
        if self._unreachable_until is None:
            _logger.warning(
                "The quota's Redis server cannot be used (%s: %s): counting in memory, at %g of the rate, until it can",
                type(error).__name__,
                error,
                self._fallback_fraction,
            )
        self._unreachable_until = self._clock.monotonic() + _REDIS_PAUSE

    def _note_reachable(self) -> None:
        if self._unreachable_until is not None:
            self._unreachable_until = None
            _logger.info("The quota's Redis server can be used again")


def _decode_redis(text: bytes | None) -> Ledger:
    try:
        return Ledger.decode(text)
    except ValueError as error:
        raise ConfigurationError(
            f"What the Redis server has under {_REDIS_NAME}* was not made by this version of openrouter-rankings: "
            "give the quota another database of the server."
        ) from error
