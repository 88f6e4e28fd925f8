"""An arq worker that keeps each day's task classifications in a file, and keeps the cache of other programs warm.

For teams who have a Redis server and want a history: OpenRouter shows the present window only, and a day that nobody
keeps is lost. Programs with ``CachePolicy(store=...)`` on the same server find the answer there, and send no request of
their own.

    pip install arq                            # beside openrouter-rankings
    python arq_worker.py --emulate             # invented figures, without a key
    OPENROUTER_API_KEY=... python arq_worker.py --redis redis://127.0.0.1:6379/0 --folder kept
"""

import argparse
import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

from arq import Retry, cron
from arq.connections import RedisSettings
from arq.worker import Worker

from openrouter_rankings import CachePolicy, ConfigurationError, Quota, RankingsClient, RankingsError, Window, endpoints
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

# Seconds until another attempt, where OpenRouter has no answer.
PAUSE = 600


async def keep_tasks(ctx: dict[Any, Any]) -> str:
    """Keep the present answer as it came, in a file with its date; the last one of a day stays."""
    rankings: RankingsClient = ctx["rankings"]
    folder: Path = ctx["folder"]
    try:
        fetched = await rankings.fetch(endpoints.task_classifications(Window.SEVEN_DAYS), fresh=True)
    except RankingsError as error:
        raise Retry(PAUSE) from error
    path = folder / f"tasks-{fetched.value.as_of}.json"
    await asyncio.to_thread(replace, path, fetched.response.body)
    return str(path)


def replace(path: Path, body: bytes) -> None:
    # There is never half a file under that name.
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(body)
    unfinished.replace(path)


def open_rankings(redis: str, *, emulate: bool) -> RankingsClient:
    quota, cache = Quota(store=redis), CachePolicy(store=redis)
    if emulate:
        transport = FakeTransport(EmulatedAPI(), clock=SystemClock())
        return RankingsClient("emulated", transport=transport, quota=quota, cache=cache)
    return RankingsClient(quota=quota, cache=cache)


async def run(redis: str, folder: Path, *, emulate: bool) -> None:
    async with open_rankings(redis, emulate=emulate) as rankings:
        worker = Worker(
            # Hourly, because a day's figures can be restated. Of several workers, arq lets one do it.
            cron_jobs=[cron(keep_tasks, minute=7, run_at_startup=True, max_tries=5)],
            redis_settings=RedisSettings.from_dsn(redis),
            ctx={"rankings": rankings, "folder": folder},
            # Seconds that a job under way has to end.
            job_completion_wait=30,
        )
        try:
            # With Ctrl-C, arq waits for its jobs and cancels itself.
            with suppress(asyncio.CancelledError):
                await worker.async_run()
        finally:
            await worker.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulate", action="store_true", help="invented figures, without OPENROUTER_API_KEY")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/0", help="the Redis server of arq and of the cache")
    parser.add_argument("--folder", type=Path, help="where the answers are kept (kept; kept-emulated with --emulate)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    folder: Path = arguments.folder or Path("kept-emulated" if arguments.emulate else "kept")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(run(arguments.redis, folder, emulate=arguments.emulate))
    except ConfigurationError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
