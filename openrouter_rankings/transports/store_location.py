"""Where a quota or a cache keeps what must outlive a process or be shared, and under which name for a key."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Request

__all__ = ["RedisServer", "SqliteFile", "StoreSetting", "key_hash", "store_location"]

StoreSetting = str | os.PathLike[str] | None
"""None: this process's memory. A path: a SQLite file. ``redis://``, ``rediss://`` or ``unix://``: a Redis server."""


@attrs.frozen
class SqliteFile:
    """A SQLite file, for several processes of one machine."""

    path: Path


@attrs.frozen
class RedisServer:
    """A Redis server, for several machines. Its URL can hold a password, so ``repr`` leaves it out."""

    url: str = attrs.field(repr=False)


def store_location(setting: StoreSetting) -> SqliteFile | RedisServer | None:
    """What ``setting`` means; None for memory.

    Raises:
        ConfigurationError: it is a URL, but not of Redis, or it is empty.
    """
    if setting is None:
        return None
    if not isinstance(setting, (str, os.PathLike)):
        raise ConfigurationError(f"store must be None, a path or a redis:// URL, not {type(setting).__name__}.")
    text = os.fspath(setting)
    if "://" not in text:
        if not text:
            raise ConfigurationError("store must be None, the path of a SQLite file or a redis:// URL, and is empty.")
        return SqliteFile(Path(text))
    scheme = text.partition("://")[0].lower()
    if scheme not in {"redis", "rediss", "unix"}:
        raise ConfigurationError(f"store must be None, the path of a SQLite file or a redis:// URL, not {scheme}://.")
    return RedisServer(text)


def key_hash(request: Request) -> str:
    """A name for the key of ``request`` that does not give the key away, to count and to store under."""
    credentials = request.headers.get("Authorization", "")
    return blake2b(credentials.encode(), key=b"openrouter-rankings", digest_size=16).hexdigest()
