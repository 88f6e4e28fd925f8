"""The emulated service on a loopback socket."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import socket
import struct
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TypeVar

from aiohttp import web

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Request
from openrouter_rankings.transports.fake import Emulation, Reply

__all__ = ["serve", "serve_in_thread"]

T = TypeVar("T")

_LOGGER = logging.getLogger(__name__)

# Connections not yet accepted. When the queue is full, the system drops a SYN, which the client repeats after a second.
_BACKLOG = 1024

# Seconds that a request in progress has to finish at shutdown, and that a request's unwanted body is read and dropped.
_GRACE = 0.05

# Event loop iterations that an accepted connection needs to reach the server, and a closed one to be gone.
_SETTLING_TURNS = 5

# SO_LINGER, on with a time-out of zero: close() sends a reset (socket(7)).
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@asynccontextmanager
async def serve(
    api: Emulation, *, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
) -> AsyncGenerator[str]:
    """Serve ``api`` over plain HTTP on a loopback address while the context is open; yields the base URL.

    Delays, cut bodies and resets happen on the real connection. Leaving the context aborts the requests in progress and
    closes every connection.

    Args:
        api: the service, such as an ``EmulatedAPI``.
        host: an IPv4 loopback address (127.0.0.0/8) or ``localhost``, which stands for 127.0.0.1.
        port: the port; 0 picks a free one.
        clock: supplies the times of arrival and the delays; the system clock by default.

    Raises:
        ConfigurationError: ``host`` is not an IPv4 loopback address, or the address cannot be bound, for example
            because the port is in use.
    """
    address = _loopback_address(host)
    handler = _Handler(api, SystemClock() if clock is None else clock)
    # The service ignores request bodies: what arrives of one is dropped, as it is, while the answer goes out.
    server = web.Server(
        handler,
        handler_cancellation=True,
        logger=_LOGGER,
        access_log=None,
        auto_decompress=False,
        lingering_time=_GRACE,
    )
    runner = web.ServerRunner(server, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await _listen(runner, address, port)
        yield f"http://{host}:{runner.addresses[0][1]}/api/v1"
    finally:
        await _close(runner)


@contextmanager
def serve_in_thread(
    api: Emulation, *, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
) -> Generator[str]:
    """Like ``serve``, for synchronous code: the server runs in a thread with its own event loop.

    Args:
        api: the service, such as an ``EmulatedAPI``; it is called in that thread.
        host: an IPv4 loopback address (127.0.0.0/8) or ``localhost``, which stands for 127.0.0.1.
        port: the port; 0 picks a free one.
        clock: supplies the times of arrival and the delays, in that thread; the system clock by default.

    Raises:
        ConfigurationError: ``host`` is not an IPv4 loopback address, or the address cannot be bound, for example
            because the port is in use.
    """
    with _loop_in_thread() as loop:

        def run(coroutine: Coroutine[None, None, T]) -> T:
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

        stack = AsyncExitStack()
        base_url = run(stack.enter_async_context(serve(api, host=host, port=port, clock=clock)))
        try:
            yield base_url
        finally:
            run(stack.aclose())


class _Handler:
    def __init__(self, api: Emulation, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def __call__(self, message: web.BaseRequest) -> web.StreamResponse:
        request = Request(message.method, str(message.url), message.headers.items(), timeout=None)
        reply = self._api.reply(request, self._clock.time())
        if reply.delay:
            await self._clock.sleep(reply.delay)
        if reply.reset:
            _reset(message)
        if reply.cut_after is not None and reply.cut_after < len(reply.response.body):
            return await _cut(message, reply, reply.cut_after)
        return web.Response(status=reply.response.status, headers=reply.response.headers, body=reply.response.body)


def _loopback_address(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.IPv4Address(address).is_loopback:
            return address
    except ValueError:
        pass
    # Clients send their API key in clear text, so it must not leave the machine.
    raise ConfigurationError(f"The emulation listens on IPv4 loopback addresses (127.0.0.0/8) only, not on {host!r}.")


def _reset(message: web.BaseRequest) -> None:
    """Reset the connection, which discards whatever is written to it afterwards."""
    connection: socket.socket = message.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    message.protocol.force_close()


async def _cut(message: web.BaseRequest, reply: Reply, length: int) -> web.StreamResponse:
    answer = web.StreamResponse(status=reply.response.status, headers=reply.response.headers)
    answer.content_length = len(reply.response.body)
    answer.force_close()
    await answer.prepare(message)
    await answer.write(reply.response.body[:length])
    return answer


async def _listen(runner: web.ServerRunner, address: str, port: int) -> None:
    try:
        await web.TCPSite(runner, address, port, backlog=_BACKLOG).start()
    except (OSError, OverflowError) as error:
        # asyncio puts an account of its own into the error of the system.
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise ConfigurationError(f"Cannot listen on {address}:{port} ({reason}): choose another port, or 0.") from error


async def _close(runner: web.ServerRunner) -> None:
    # asyncio leaks a connection that is only half accepted when its listener closes.
    await _settle()
    await runner.cleanup()
    await _settle()


async def _settle() -> None:
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)


@contextmanager
def _loop_in_thread() -> Generator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    # A daemon, so that a context that is never left does not keep the process alive.
    thread = threading.Thread(target=_run_loop, args=(loop,), name="openrouter-rankings-server", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()
