"""The contender of this checkout."""

import inspect
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from worker import KEY, Ask, main

from openrouter_rankings import RankingsClient
from openrouter_rankings.models.task_classifications import decode_task_classifications

# Every call is to reach the server.
_WITHOUT: dict[str, Any] = {
    name: None for name in ("quota", "cache") if name in inspect.signature(RankingsClient).parameters
}


@asynccontextmanager
async def connect(base_url: str) -> AsyncGenerator[Ask]:
    async with RankingsClient(KEY, base_url=base_url, **_WITHOUT) as client:
        yield client.get_task_classifications


if __name__ == "__main__":
    main(connect, decode_task_classifications)
