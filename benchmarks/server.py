"""The emulated service, in a process of its own: prints its base URL and serves until its standard input ends.

With ``--numbered`` no two bodies are the same, so that a cache has to decode each.
"""

import asyncio
import itertools
import sys

import attrs

from openrouter_rankings.messages import Request
from openrouter_rankings.testing import EmulatedAPI, Reply, serve

_NO_LIMIT = 10**9


class _Forgetful:
    """The emulation without its log of requests, which would grow all through the benchmark."""

    def __init__(self, *, numbered: bool) -> None:
        self._api = EmulatedAPI(per_minute=_NO_LIMIT, per_day=_NO_LIMIT)
        self._numbers = itertools.count() if numbered else None

    def reply(self, request: Request, now: float) -> Reply:
        reply = self._api.reply(request, now)
        self._api.requests.clear()
        if self._numbers is None:
            return reply
        response = reply.response
        body = b'{"number": %d, ' % next(self._numbers) + response.body.removeprefix(b"{")
        return attrs.evolve(reply, response=attrs.evolve(response, body=body))


async def main() -> None:
    async with serve(_Forgetful(numbered="--numbered" in sys.argv)) as base_url:
        print(base_url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
