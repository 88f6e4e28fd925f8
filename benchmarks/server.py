"""The emulated service, in a process of its own: prints its base URL and serves until its standard input ends."""

import asyncio
import sys

from openrouter_rankings.messages import Request
from openrouter_rankings.testing import EmulatedAPI, Reply, serve

_NO_LIMIT = 10**9


class _Forgetful:
    """The emulation without its log of requests, which would grow all through the benchmark."""

    def __init__(self) -> None:
        self._api = EmulatedAPI(per_minute=_NO_LIMIT, per_day=_NO_LIMIT)

    def reply(self, request: Request, now: float) -> Reply:
        reply = self._api.reply(request, now)
        self._api.requests.clear()
        return reply


async def main() -> None:
    async with serve(_Forgetful()) as base_url:
        print(base_url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
