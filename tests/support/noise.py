"""What asyncio complains about: exceptions and tasks that nobody looked at."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

__all__ = ["no_noise"]


@asynccontextmanager
async def no_noise() -> AsyncGenerator[None]:
    """Fail if the event loop has had to report anything by the end, when all that is unreachable has been collected."""
    noise: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: noise.append(context))
    try:
        yield
        for _ in range(3):
            await asyncio.sleep(0)
            gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert noise == []
