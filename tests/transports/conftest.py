"""A real Redis server for the tests of the stores."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


class RedisProcess:
    """A ``redis-server`` on a free loopback port, which keeps nothing on disk."""

    def __init__(self, executable: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            executable,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                if self.command("PING") == b"+PONG\r\n":
                    return
            except OSError:
                time.sleep(0.01)
        raise TimeoutError("redis-server does not answer.")

    def command(self, text: str) -> bytes:
        """Send one command and return the first of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{text}\r\n".encode())
            return connection.recv(4096)

    def stop(self) -> None:
        """Kill the server; repeating it does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


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
