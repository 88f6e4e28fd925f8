"""A chat platform's HTTP API on a loopback socket, for a framework's real client."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import attrs
from aiohttp import web

__all__ = ["Call", "Platform", "platform"]


@attrs.frozen
class Call:
    """One request of the bot to its platform.

    Attributes:
        method: the HTTP method.
        path: the path, without the query.
        fields: the JSON object, or the form; empty for any other body.
    """

    method: str
    path: str
    fields: dict[str, Any]


class Platform:
    """Answers the bot's calls with what ``answer`` makes of them, as JSON.

    Attributes:
        url: where it is.
        calls: what the bot asked, in order.
    """

    def __init__(self, answer: Callable[[Call], Any]) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self._answer = answer

    def of(self, path_end: str) -> list[dict[str, Any]]:
        """The fields of the calls whose path ends so."""
        return [call.fields for call in self.calls if call.path.endswith(path_end)]

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Record one call, and answer it."""
        call = Call(request.method, request.path, await _fields(request))
        self.calls.append(call)
        # Without a charset, which discord.py does not expect.
        body = json.dumps(self._answer(call)).encode()
        return web.Response(body=body, headers={"Content-Type": "application/json"})


async def _fields(request: web.BaseRequest) -> dict[str, Any]:
    if request.content_type == "multipart/form-data":
        return dict(await request.post())
    body = await request.text()
    if request.content_type == "application/json":
        document = json.loads(body)
        return document if isinstance(document, dict) else {"items": document}
    return dict(parse_qsl(body))


@asynccontextmanager
async def platform(answer: Callable[[Call], Any]) -> AsyncGenerator[Platform]:
    """Serve a platform while the context is open."""
    served = Platform(answer)
    runner = web.ServerRunner(web.Server(served.handle), shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield served
    finally:
        await runner.cleanup()
