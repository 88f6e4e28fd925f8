"""A real PostgreSQL server for tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from itertools import count
from pathlib import Path

from patience import wait_until

_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")

# Whoever was killed may still be connected.
_EMPTY = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


def find_binaries() -> Path | None:
    """The folder of the newest server that is installed; None if there is none."""
    folders = [path for pattern in _FOLDERS for path in sorted(Path("/").glob(pattern))]
    return next((folder for folder in reversed(folders) if (folder / "postgres").exists()), None)


class PostgresServer:
    """A PostgreSQL server on a free loopback port, run by a user who is not root, as it demands."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._binaries = binaries
        self._data = folder / "data"
        self._numbers = count()
        self._used: list[str] = []
        self._free: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        is_root = os.getuid() == 0
        self._user: str | None = "nobody" if is_root else None
        self._group: str | None = "nogroup" if is_root else None
        self._extra_groups: list[str] | None = [] if is_root else None
        if is_root:
            shutil.chown(folder, "nobody", "nogroup")
        self._run("initdb", "--no-sync", "--pgdata", self._data, "--username=tester", "--auth=trust", "--encoding=UTF8")

    def start(self) -> None:
        """Start the server if it does not run, and return when it answers."""
        if self._process is None:
            wait_until(self._runs)

    def stop(self) -> None:
        """End the server at once; repeating it does nothing."""
        if self._process is not None:
            # An immediate shutdown: killed, it would leave processes behind.
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def sql(self, url: str, statement: str) -> str:
        """The output of a statement in the database ``url``."""
        psql = [str(self._binaries / "psql"), url, "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement]
        return subprocess.run(psql, check=True, capture_output=True, text=True).stdout

    def new_database(self) -> str:
        """The URL of a database that is empty."""
        base = f"postgresql://tester:secret@127.0.0.1:{self.port}"
        if self._free:
            url = self._free.pop()
            self.sql(url, _EMPTY)
        else:
            name = f"archive_{next(self._numbers)}"
            self.sql(f"{base}/postgres", f"CREATE DATABASE {name}")
            url = f"{base}/{name}"
        self._used.append(url)
        return url

    def take_back(self) -> None:
        """Let the databases that there are be emptied and used again: to make one takes a hundred times as long."""
        self._free += self._used
        self._used.clear()

    def _runs(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            # It ends at once while another program has the port, which nobody holds for it between two starts.
            self._process = self._started()
        ready = [str(self._binaries / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        return subprocess.run(ready, check=False).returncode == 0

    def _started(self) -> subprocess.Popen[bytes]:
        # The data of a test need not outlive a crash of the machine.
        settings = ("-c", "fsync=off", "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1")
        return subprocess.Popen(
            [self._binaries / "postgres", "-D", self._data, "-p", str(self.port), *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            user=self._user,
            group=self._group,
            extra_groups=self._extra_groups,
        )

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self._binaries / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            user=self._user,
            group=self._group,
            extra_groups=self._extra_groups,
        )
