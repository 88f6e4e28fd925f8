"""Serving over stdin and stdout."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from mcp.server.mcpserver import MCPServer

from openrouter_rankings.errors import ConfigurationError

__all__ = ["serve_stdio"]

_CHUNK = 65536

# Seconds that calls under way have to end, when stdin has ended.
_GRACE = 1.0


async def serve_stdio(server: MCPServer) -> None:
    """Serve one client over stdin and stdout, until stdin ends or nobody reads stdout any more.

    A cancellation ends it in the same way. Meanwhile, whatever else writes to stdout writes to stderr.

    Raises:
        ConfigurationError: there is no stdin or no stdout.
    """
    # The type checkers leave out that a program can be started with one of them closed.
    streams: tuple[object, object] = (sys.stdin, sys.stdout)
    if None in streams:
        raise ConfigurationError(
            "An assistant speaks through stdin and stdout, and one of them is closed: leave both open, or serve over "
            "HTTP."
        )
    with _stdin_that_can_end(sys.stdout.fileno()) as end:
        serving = asyncio.ensure_future(server.run_stdio_async())
        try:
            await asyncio.shield(serving)
        except* BrokenPipeError:
            # The client has gone without reading its answers.
            pass
        finally:
            end()
            await asyncio.wait({serving}, timeout=_GRACE)
            serving.cancel()
            await asyncio.wait({serving})


@contextmanager
def _stdin_that_can_end(stdout: int) -> Generator[Callable[[], None]]:
    """Let ``sys.stdin`` be a copy of stdin that also ends with ``stdout``, and when the yielded function is called.

    A thread that reads stdin itself cannot be interrupted, so that the program would not end before its client does.
    """
    ours, theirs = socket.socketpair()
    original = sys.stdin
    # The thread ends with the program. It reads without Python's buffer, whose lock it would hold for ever.
    # It has a descriptor of its own, because the SDK lets that of stdout point elsewhere.
    files = original.fileno(), ours, os.dup(stdout)
    threading.Thread(target=_copy, args=files, name="stdin", daemon=True).start()

    def end() -> None:
        with suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)

    with theirs, theirs.makefile("r", encoding="utf-8") as copy:
        sys.stdin = copy
        try:
            yield end
        finally:
            end()
            sys.stdin = original


def _copy(source: int, target: socket.socket, stdout: int) -> None:
    """Copy from ``source`` until it ends, or one of the other two has no other end. Then close these."""
    try:
        with target, suppress(OSError):
            while not _hung_up(source, target.fileno(), stdout) and (chunk := os.read(source, _CHUNK)):
                target.sendall(chunk)
    finally:
        os.close(stdout)


def _hung_up(source: int, *others: int) -> bool:
    """Wait until ``source`` can be read, or one of the others is closed at its other end; whether one is.

    Where the system cannot tell, as on Windows, this does not wait.
    """
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(source, select.POLLIN)
    for other in others:
        poll.register(other, 0)
    hung_up = select.POLLHUP | select.POLLERR
    return any(event & hung_up for file, event in poll.poll() if file != source)
