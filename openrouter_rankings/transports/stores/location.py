"""Where a store is: what a user may give as ``store=``, and the store that it means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import attrs

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.stores.memory import process_memory
from openrouter_rankings.transports.stores.protocol import Store

__all__ = ["StoreSetting", "is_store_setting", "open_store", "place_of"]

StoreSetting = str | os.PathLike[str] | Store | None
"""None: this process's memory. A path: a SQLite file. ``redis://``, ``rediss://`` or ``unix://``: a Redis server.
A ``Store``: that one."""

_REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})
_ALLOWED = "None, the path of a SQLite file, a redis:// URL or a Store"


def open_store(setting: StoreSetting, clock: Clock) -> Store:
    """The store that ``setting`` means. Nothing is opened before its first use.

    Raises:
        ConfigurationError: it means none, the package for Redis is not installed, or its URL cannot be read.
    """
    location = _parse(setting)
    if location is None:
        return process_memory(clock)
    if isinstance(location, Path):
        from openrouter_rankings.transports.stores.sqlite import SqliteStore

        return SqliteStore(location, clock)
    if isinstance(location, str):
        from openrouter_rankings.transports.stores.redis import RedisStore

        return RedisStore(location, clock)
    return location


def place_of(setting: StoreSetting) -> str | None:
    """A name for the store that ``setting`` means, the same for all of this process; None if it has none.

    It can hold a password.
    """
    location = _parse(setting)
    if isinstance(location, Path):
        return str(location.absolute())
    return location if isinstance(location, str) else None


def is_store_setting(_: object, __: attrs.Attribute[Any], value: Any) -> None:
    """Accept what ``open_store`` takes: a validator for attrs. It shows no URL, which can hold a password."""
    _parse(value)


def _parse(setting: object) -> Path | str | Store | None:
    """The path of a file, the URL of a Redis server, or the store itself."""
    # A class of stores has the methods of a store too.
    if setting is None or (isinstance(setting, Store) and not isinstance(setting, type)):
        return setting
    text = os.fspath(setting) if isinstance(setting, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise ConfigurationError(f"store must be {_ALLOWED}, not {type(setting).__name__}.")
    if not text or "\0" in text:
        raise ConfigurationError(f"store must be {_ALLOWED}, and {'is empty' if not text else 'has a null byte'}.")
    scheme = text.partition(":")[0].lower()
    if scheme in _REDIS_SCHEMES:
        # As a path, a slip such as redis:/user:password@host would show its password in every error.
        if not text.startswith("://", len(scheme)):
            raise ConfigurationError(f"store is not the URL of a Redis server, such as {scheme}://host:6379/0.")
        return text
    if "://" in text:
        raise ConfigurationError(f"store must be {_ALLOWED}, not {scheme if scheme.isalnum() else ''}://.")
    return Path(text)
