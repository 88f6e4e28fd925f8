"""A real Redis server for the tests of the stores."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis_process import RedisProcess


@pytest.fixture(scope="session")
def redis_executable() -> str:
    pytest.importorskip("redis", reason="the package redis is not installed")
    executable = shutil.which("redis-server")
    if executable is None:
        pytest.skip("redis-server is not on PATH")
    return executable


@pytest.fixture(scope="session")
def _session_redis(redis_executable: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    server = RedisProcess(redis_executable, tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(_session_redis: RedisProcess) -> str:
    """The URL of a running Redis server, empty at the beginning of each test."""
    _session_redis.command("FLUSHALL")
    return _session_redis.url


@pytest.fixture
def redis_process(redis_executable: str, tmp_path: Path) -> Iterator[RedisProcess]:
    """A Redis server of the test's own, running, which it may stop and start."""
    server = RedisProcess(redis_executable, tmp_path)
    server.start()
    yield server
    server.stop()
