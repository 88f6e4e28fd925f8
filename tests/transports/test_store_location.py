"""Where a quota or a cache keeps what it knows, and under which name for a key."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Request
from openrouter_rankings.transports.store_location import RedisServer, SqliteFile, key_hash, store_location


def keyed(authorization: str, name: str = "Authorization") -> Request:
    return Request("GET", "https://service.invalid/", {name: authorization})


def test_none_is_the_memory_of_this_process() -> None:
    assert store_location(None) is None


@pytest.mark.parametrize("setting", ["quota.db", "/var/a b/quota.db", "redis.db", "redis:6379", "unix:/run/x"])
def test_a_path_is_a_sqlite_file(setting: str) -> None:
    assert store_location(setting) == SqliteFile(Path(setting))
    assert store_location(Path(setting)) == SqliteFile(Path(setting))
    assert store_location(PurePosixPath(setting)) == SqliteFile(Path(setting))


@pytest.mark.parametrize(
    "url", ["redis://localhost", "redis://:pw@host:6379/0?x=1", "rediss://u:pw@host", "unix:///run/redis.sock"]
)
def test_a_redis_url_is_a_redis_server_as_given(url: str) -> None:
    assert store_location(url) == RedisServer(url)


def test_the_repr_of_a_server_has_no_password() -> None:
    assert "secret" not in repr(store_location("redis://user:secret@host"))


@pytest.mark.parametrize("scheme", ["http", "https", "sqlite", "postgres", "file", ""])
def test_any_other_url_is_a_configuration_error_without_its_password(scheme: str) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"path of a SQLite file or a redis:// URL, not {scheme}://"
    ) as caught:
        store_location(f"{scheme}://user:secret@host/db")
    assert "secret" not in str(caught.value)


def test_an_empty_setting_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="is empty"):
        store_location("")


def test_the_name_of_a_key_does_not_show_the_key_and_is_always_the_same() -> None:
    name = key_hash(keyed("Bearer sk-secret"))
    assert len(bytes.fromhex(name)) == 16
    assert "secret" not in name
    assert name == key_hash(keyed("Bearer sk-secret", "authorization"))
    # Stores outlive a release: the same key must keep its name.
    assert name == "412484a17516d9c7fc6ef66ef3c5c90e"


def test_each_key_has_its_own_name_and_no_key_has_one_too() -> None:
    requests = [keyed("Bearer a"), keyed("Bearer b"), keyed("Bearer ä"), Request("GET", "https://service.invalid/")]
    assert len({key_hash(request) for request in requests}) == 4


def test_the_name_depends_on_nothing_but_the_key() -> None:
    fields = {"Authorization": "Bearer a", "Accept": "x"}
    assert key_hash(Request("POST", "https://other.invalid/", fields, None)) == key_hash(keyed("Bearer a"))


@pytest.mark.parametrize("setting", [5, b"store.sqlite3", object()])
def test_what_is_no_place_at_all_is_a_configuration_error(setting: object) -> None:
    with pytest.raises(ConfigurationError, match=type(setting).__name__):
        store_location(setting)  # type: ignore[arg-type]


def test_a_redis_url_that_cannot_be_read_is_left_to_redis_and_not_shown() -> None:
    assert store_location("redis://u:secret\N{ACCOUNT OF}@h") == RedisServer("redis://u:secret\N{ACCOUNT OF}@h")
