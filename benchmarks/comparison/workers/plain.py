"""The floor: aiohttp and json with nothing around them."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from worker import KEY, Ask, main


@asynccontextmanager
async def connect(base_url: str) -> AsyncGenerator[Ask]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:

        async def ask() -> Any:
            async with session.get(f"{base_url}/classifications/task", params={"window": "7d"}) as response:
                response.raise_for_status()
                return await response.json()

        yield ask


if __name__ == "__main__":
    main(connect, json.loads)
