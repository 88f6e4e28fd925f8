"""The official package, without retries and with a timeout that 500 concurrent calls cannot meet."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from openrouter import OpenRouter
from openrouter.components import TaskClassificationResponse
from openrouter.utils import unmarshal_json
from worker import KEY, Ask, main


@asynccontextmanager
async def connect(base_url: str) -> AsyncGenerator[Ask]:
    async with OpenRouter(api_key=KEY, server_url=base_url, retry_config=None, timeout_ms=60_000) as client:
        yield client.classifications.get_task_classifications_async


def decode(body: bytes) -> TaskClassificationResponse:
    decoded: TaskClassificationResponse = unmarshal_json(body.decode(), TaskClassificationResponse)
    return decoded


if __name__ == "__main__":
    main(connect, decode)
