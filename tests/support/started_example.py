"""Examples that run until Ctrl-C, as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
from example_files import EXAMPLES
from patience import PATIENCE, wait_until

__all__ = ["Started", "free_port", "started"]


@attrs.frozen
class Started:
    """A running example.

    Attributes:
        process: its process, which leads a group of its own.
        log: where it writes its output.
    """

    process: subprocess.Popen[bytes]
    log: Path

    def interrupt(self) -> int:
        """Press Ctrl-C, which reaches the children too; the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def started(
    name: str, *arguments: str, folder: Path, ready: Callable[[], bool], environment: Mapping[str, str] | None = None
) -> Generator[Started]:
    """Start an example in ``folder`` without a key but that of ``environment``, until it is ``ready``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENROUTER_")}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, EXAMPLES / f"{name}.py", *arguments],
            cwd=folder,
            # Without buffers, its output is in the log at once.
            env=inherited | {"PYTHONUNBUFFERED": "1"} | dict(environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: process.poll() is not None or ready())
        assert process.poll() is None, log.read_text()
        yield Started(process, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
