"""A server that sends exactly the bytes a test wants, for what no well-behaved server does."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """Reads each request's head and lets a handler write what it likes."""

    def __init__(self, handler: Handler) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self.port = 0
        self.closed_by_client = asyncio.Event()
        self._handler = handler

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head)
                await self._handler(head, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed_by_client.set()
        finally:
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@asynccontextmanager
async def raw_server(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncGenerator[RawServer]:
    raw = RawServer(handler)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=tls)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()
        await asyncio.sleep(0)


def sending(*parts: bytes) -> Handler:
    """A handler that sends ``parts`` in answer to every request, and leaves the connection open."""

    async def handle(_: bytes, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return handle


def closing_after(*parts: bytes) -> Handler:
    """A handler that sends ``parts`` and closes the connection."""

    async def handle(_: bytes, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
        writer.close()

    return handle


def answer(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
