"""Serving over streamable HTTP, on this machine only."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from mcp.server.mcpserver import MCPServer

from openrouter_rankings.errors import ConfigurationError

__all__ = ["listen", "serve_http"]

_HOST = "127.0.0.1"

# Seconds that requests under way have to end.
_GRACE = 1


def listen(port: int) -> tuple[socket.socket, str]:
    """A socket on this machine's loopback address, and the URL of the server on it.

    Args:
        port: the port; 0 picks a free one.

    Raises:
        ConfigurationError: the port cannot be used.
    """
    try:
        listener = socket.create_server((_HOST, port))
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {_HOST}:{port} ({os.strerror(error.errno or 0)}): choose another port, or 0."
        ) from error
    return listener, f"http://{_HOST}:{listener.getsockname()[1]}/mcp"


async def serve_http(server: MCPServer, listener: socket.socket) -> None:
    """Serve any number of clients on ``listener``, until this is cancelled; then close it.

    Requests for another host or from a web page elsewhere are refused.
    """
    # There is nothing to remember between two requests.
    app = server.streamable_http_app(stateless_http=True, json_response=True, host=_HOST)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE)
    runner = _Runner(config)
    serving = asyncio.ensure_future(runner.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        runner.should_exit = True
        with _silence():
            await asyncio.wait({serving})


@contextmanager
def _silence() -> Generator[None]:
    """Let uvicorn log nothing: a request that is cut off at the end is no error, and would be one with a traceback."""
    log = logging.getLogger("uvicorn.error")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)


class _Runner(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # Signals are the command's.
        yield
