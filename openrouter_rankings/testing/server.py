"""The emulated service on a real socket of this machine."""

from __future__ import annotations

import asyncio
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

# Connections not yet accepted: beyond it the system drops them, and the client tries again only after a second.
_BACKLOG = 1024

# Seconds that a request under way has to end when the server shuts down.
_GRACE = 0.05

# Turns of the event loop that an accepted connection needs to reach the server, and a closed one to be gone.
_SETTLING_TURNS = 5

# SO_LINGER, on with no time: closing sends a reset (socket(7)).
_LINGER_NOT = struct.pack("ii", 1, 0)


@asynccontextmanager
async def serve(
    api: Emulation, *, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
) -> AsyncGenerator[str]:
    """Serve ``api`` on a socket, over HTTP without TLS, while the context is open; it gives the base URL.

    Delays, cut bodies and resets are carried out on the connection. Leaving the context ends the requests that are
    under way.

    Args:
        api: the service, such as an ``EmulatedAPI``.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        clock: the time of the arrivals and of the delays; the system's if not given.

    Raises:
        ConfigurationError: the address cannot be listened on, for example because its port is in use.
    """
    handler = _Handler(api, SystemClock() if clock is None else clock)
    server = web.Server(handler, handler_cancellation=True, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await _listen(runner, host, port)
        yield _base_url(host, runner.addresses[0][1])
    finally:
        await _close(runner)


@contextmanager
def serve_in_thread(
    api: Emulation, *, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
) -> Generator[str]:
    """Like ``serve``, for code that is not async: the server has a thread and an event loop of its own.

    Args:
        api: the service, such as an ``EmulatedAPI``; it is called in that thread.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        clock: the time of the arrivals and of the delays, used in that thread; the system's if not given.

    Raises:
        ConfigurationError: the address cannot be listened on, for example because its port is in use.
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


def _base_url(host: str, port: int) -> str:
    literal = f"[{host}]" if ":" in host else host  # RFC 3986, 3.2.2
    return f"http://{literal}:{port}/api/v1"


def _reset(message: web.BaseRequest) -> None:
    """Close the connection with a reset; what is then answered is lost with it."""
    connection: socket.socket = message.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    message.protocol.force_close()


async def _cut(message: web.BaseRequest, reply: Reply, length: int) -> web.StreamResponse:
    answer = web.StreamResponse(status=reply.response.status, headers=reply.response.headers)
    answer.content_length = len(reply.response.body)
    answer.force_close()
    await answer.prepare(message)
    await answer.write(reply.response.body[:length])
    return answer


async def _listen(runner: web.ServerRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port, backlog=_BACKLOG).start()
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"Cannot listen on {host}:{port} ({error}): choose another port, or 0.") from error


async def _close(runner: web.ServerRunner) -> None:
    # asyncio leaks a connection whose acceptance is half done when its listener closes.
    await _settle()
    await runner.cleanup()
    await _settle()


async def _settle() -> None:
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)


@contextmanager
def _loop_in_thread() -> Generator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    # A daemon, so that a context which is never left cannot keep the process from ending.
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
