"""A real Redis server."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from patience import wait_until

__all__ = ["RedisProcess"]


class RedisProcess:
    """A ``redis-server`` on a free loopback port, which keeps nothing on disk."""

    def __init__(self, executable: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        address = ("--port", str(self.port), "--bind", "127.0.0.1")
        self._command = [executable, *address, "--save", "", "--dir", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and return when it answers."""
        wait_until(self._runs)

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

    def _runs(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            # It ends at once while another program has the port, which nobody holds for it between two starts.
            self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        return self._answers()

    def _answers(self) -> bool:
        try:
            return self.command("PING") == b"+PONG\r\n"
        except OSError:
            return False
