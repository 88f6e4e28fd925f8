"""What a user may give as a store."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import attrs
import pytest
from leaks import shows
from user_store import UserStore

from openrouter_rankings.clock import FakeClock, SystemClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.stores.location import StoreSetting, is_store_setting, open_store
from openrouter_rankings.transports.stores.memory import MemoryStore, process_memory
from openrouter_rankings.transports.stores.redis import RedisStore
from openrouter_rankings.transports.stores.sqlite import SqliteStore


@attrs.frozen
class Settings:
    store: StoreSetting = attrs.field(default=None, validator=is_store_setting, repr=False)


def test_none_is_the_memory_of_this_process() -> None:
    assert open_store(Settings().store, SystemClock()) is process_memory(SystemClock())
    assert isinstance(open_store(None, FakeClock()), MemoryStore)


@pytest.mark.parametrize("path", ["quota.db", "/var/a b/quota.db", "redis.db", "C:\\quota.db", "a:b"])
def test_a_path_is_a_sqlite_file(path: str) -> None:
    for setting in (path, Path(path), PurePosixPath(path)):
        store = open_store(Settings(setting).store, FakeClock())
        assert isinstance(store, SqliteStore)
        assert store._path == Path(path)


@pytest.mark.parametrize(
    "url", ["redis://localhost", "REDIS://:pw@host:6379/0?db=1", "rediss://u:pw@host", "unix:///run/redis.sock"]
)
def test_a_redis_url_is_a_redis_server(url: str) -> None:
    pytest.importorskip("redis")
    assert isinstance(open_store(Settings(url).store, FakeClock()), RedisStore)


def test_a_store_of_the_users_is_that_store() -> None:
    store = UserStore(FakeClock())
    assert open_store(Settings(store).store, FakeClock()) is store


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("", "is empty"),
        (Path("a\0b"), "has a null byte"),
        (5, "not int"),
        (b"store.sqlite3", "not bytes"),
        (UserStore, "not type"),
        ({"get": 1}, "not dict"),
        ("https://user:sesame@host", "not https://"),
        ("sqlite://user:sesame@host", "not sqlite://"),
        ("://user:sesame@host", "not ://"),
        ("user:sesame@host://", "not user://"),
        ("u/sesame://host", "not ://"),
        ("redis:6379", "such as redis://host:6379/0"),
        ("redis:/user:sesame@host", "such as redis://host:6379/0"),
        (Path("rediss://user:sesame@host"), "such as rediss://host:6379/0"),
    ],
)
def test_what_means_no_store_is_a_configuration_error_that_shows_no_password(setting: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        Settings(setting)
    assert str(caught.value).startswith("store ")
    assert shows(caught.value, "sesame") == []
