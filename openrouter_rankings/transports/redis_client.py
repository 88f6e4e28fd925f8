"""The client of a Redis server, as both of its stores use it."""

from __future__ import annotations

from typing import Any

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.store_location import RedisServer

__all__ = ["open_redis"]

# Seconds until a Redis server that does not answer counts as unreachable.
_TIMEOUT = 2.0


def open_redis(server: RedisServer) -> tuple[Any, Any]:
    """A client for ``server``, and the module of the package's errors. It connects with its first command.

    Raises:
        ConfigurationError: the package for Redis is not installed, or the URL cannot be read.
    """
    try:
        from redis import asyncio as redis
        from redis import exceptions
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise ConfigurationError(
            'A store in Redis needs the package redis: pip install "openrouter-rankings[redis]".'
        ) from error
    # A connection may have been closed while it was idle: then another is tried, once.
    retry = Retry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,))
    try:
        client = redis.Redis.from_url(server.url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=retry)
    except ValueError:
        # The cause would show parts of the URL, which can hold a password.
        raise ConfigurationError("store is no URL of a Redis server, such as redis://host:6379/0.") from None
    return client, exceptions
