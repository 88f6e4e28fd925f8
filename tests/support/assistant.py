"""What a test of the MCP server needs: sources of figures, and an assistant that asks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import attrs
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, TextContent

from openrouter_rankings import RankingsClient, Request
from openrouter_rankings.history import Archive
from openrouter_rankings.mcp import Sources, make_server
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport

__all__ = ["INITIALIZE", "Assistant", "Measured", "assistant", "call_of", "sources", "text_of"]

INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
"""The first message of a client."""


def call_of(tool: str) -> dict[str, Any]:
    """The message that calls a tool without arguments."""
    return {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": tool, "arguments": {}}}


def sources(
    api: Any = None,
    *,
    archive: Path | None = None,
    clock: FakeClock | None = None,
    connect: Callable[[], RankingsClient] | None = None,
) -> Sources:
    """The service in memory, and an archive."""
    clock = clock or FakeClock()

    async def opened() -> RankingsClient:
        if connect is not None:
            return connect()
        return RankingsClient("key", transport=FakeTransport(EmulatedAPI() if api is None else api, clock=clock))

    @asynccontextmanager
    async def archived() -> AsyncGenerator[Archive | None]:
        if archive is None or not archive.exists():
            yield None
        else:
            async with Archive(archive, create=False, clock=clock) as found:
                yield found

    return Sources(opened, archived, lambda: str(archive or "nowhere.sqlite3"))


class Measured:
    """The emulation, without the mark that its figures are invented."""

    def __init__(self) -> None:
        self.api = EmulatedAPI()

    def reply(self, request: Request, now: float) -> Any:
        reply = self.api.reply(request, now)
        document = json.loads(reply.response.body)
        document.pop("synthetic", None)
        return attrs.evolve(reply, response=attrs.evolve(reply.response, body=json.dumps(document).encode()))


class Assistant:
    """Calls tools, and takes their results apart.

    Attributes:
        client: the SDK's client.
    """

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: Any) -> CallToolResult:
        """The result, whatever it is."""
        result = await self.client.call_tool(tool, arguments)
        assert isinstance(result, CallToolResult)
        return result

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of a result that is no error; the client has checked it against its schema."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        content = result.structured_content
        assert isinstance(content, dict)
        assert json.loads(text_of(result)) == content
        return content

    async def fail(self, tool: str, **arguments: Any) -> str:
        """The sentence of a result that is an error."""
        result = await self.call(tool, **arguments)
        assert result.is_error
        return text_of(result)


def text_of(result: CallToolResult) -> str:
    """The text of a result."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


@cache
def _served() -> tuple[Sources, MCPServer]:
    # Made once: a server takes as long as fifty calls.
    front = sources()
    return front, make_server(front)


@asynccontextmanager
async def assistant(figures: Sources | None = None) -> AsyncGenerator[Assistant]:
    """An assistant connected in memory to a server with these sources."""
    front, server = _served()
    figures = figures or sources()
    for field in attrs.fields(Sources):
        setattr(front, field.name, getattr(figures, field.name))
    async with front, Client(server) as client:
        yield Assistant(client)
