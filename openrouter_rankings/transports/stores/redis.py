"""A store in a Redis server, for several machines."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError, StoreError, StoreUnreachableError
from openrouter_rankings.installing import install_command
from openrouter_rankings.transports.stores.protocol import Change

__all__ = ["RedisStore"]

T = TypeVar("T")

_PREFIX = "openrouter-rankings:"

# Seconds until a server that does not answer counts as unreachable.
_TIMEOUT = 2.0

# Of many writers to one key, at least one comes through in each round.
_MAX_ROUNDS = 100

# No value is kept for longer, in seconds; Redis takes no infinity.
_LONGEST = 10 * 366 * 86400.0


class RedisStore:
    """Keeps each value under a key of its own in a Redis server, whose ``maxmemory`` bounds how much is kept.

    ``WATCH`` gives an ``update`` up when another client writes in between, and then it is tried again. No operation
    has more than one key, so a cluster's proxy can serve too. The time is the server's, since the clocks of two
    machines differ; only a clock other than the system's goes before it.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``. It can hold a password, and is never shown.
        clock: the time for ``update``, unless it is the system's.

    Raises:
        ConfigurationError: the package for Redis is not installed, or the URL cannot be read.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._client, self._errors = _open(url)
        self._clock = clock

    async def get(self, key: str) -> bytes | None:
        return await self._run(lambda: self._read(self._client, _PREFIX + key))

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        await self._run(lambda: self._client.set(_PREFIX + key, value, px=_milliseconds(expires_in)))

    async def delete(self, key: str) -> None:
        await self._run(lambda: self._client.delete(_PREFIX + key))

    async def update(self, key: str, change: Change[T]) -> T:
        return await self._run(lambda: self._update(_PREFIX + key, change))

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _run(self, operation: Callable[[], Awaitable[T]]) -> T:
        try:
            try:
                return await operation()
            except self._errors.ConnectionError:
                # The server may have closed the connections while they were idle: another one is tried, once.
                await self._client.connection_pool.disconnect(inuse_connections=False)
                return await operation()
        except (self._errors.AuthenticationError, self._errors.NoPermissionError) as error:
            raise StoreError(f"The Redis server refuses this user: {error}.") from error
        except (self._errors.RedisError, OSError) as error:
            raise StoreUnreachableError(
                f"The Redis server cannot be used now ({type(error).__name__}: {error})."
            ) from error

    async def _read(self, client: Any, name: str) -> bytes | None:
        try:
            value: bytes | None = await client.get(name)
        except self._errors.ResponseError as error:
            # A list, a hash or the like, of another program.
            if not str(error).startswith("WRONGTYPE"):
                raise
            return None
        return value

    async def _update(self, name: str, change: Change[T]) -> T:
        async with self._client.pipeline(transaction=True) as pipe:
            for _ in range(_MAX_ROUNDS):
                await pipe.watch(name)
                present = await self._read(pipe, name)
                update = change(present, await self._time(pipe))
                if update.value == present:
                    return update.result
                pipe.multi()
                if update.value is None:
                    pipe.delete(name)
                else:
                    pipe.set(name, update.value, px=_milliseconds(update.expires_in))
                try:
                    await pipe.execute()
                except self._errors.WatchError:
                    continue
                return update.result
        raise StoreError(f"Too many others write to {name} in the Redis server at once: try again.")

    async def _time(self, pipe: Any) -> float:
        if not isinstance(self._clock, SystemClock):
            return self._clock.time()
        seconds, microseconds = await pipe.time()
        return float(seconds + microseconds / 1e6)


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(min(seconds, _LONGEST) * 1000))


def _open(url: str) -> tuple[Any, Any]:
    """A client, which connects with its first command, and the module of the package's errors."""
    try:
        from redis import asyncio as redis
        from redis import exceptions
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise ConfigurationError(f"A store in Redis needs the package redis: {install_command('redis')}.") from error
    # What is worth another attempt is decided here: the package's versions differ in it.
    retry = Retry(NoBackoff(), 0)
    client: Any = None
    with contextlib.suppress(ValueError):
        client = redis.Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=retry)
    if client is None:
        # Raised here, because the ValueError shows parts of the URL, which can hold a password.
        raise ConfigurationError("store is not the URL of a Redis server, such as redis://host:6379/0.")
    # The URL may ask for text, and values are bytes.
    client.connection_pool.connection_kwargs["decode_responses"] = False
    return client, exceptions
