"""Four real processes with an empty store ask the same five questions at once. See benchmarks/README.md."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.fleet.processes import ROOT, START, redis
from benchmarks.report import show, verdict
from openrouter_rankings import CachePolicy, Quota, RankingsClient
from openrouter_rankings.testing import EmulatedAPI, Fault, serve

KEY = "cold"
PROCESSES = 4
QUESTIONS = 5

# Seconds that the service takes, so that all have asked before the first answer.
DELAY = 0.5


async def ask(base_url: str, store: str, begin: float) -> None:
    """What one process does: ask for each data set when ``begin``, in epoch seconds, has come."""
    quota, cache = Quota(store=store), CachePolicy(store=store)
    async with RankingsClient(KEY, base_url=base_url, quota=quota, cache=cache) as client:
        await asyncio.sleep(max(0.0, begin - time.time()))
        await asyncio.gather(
            client.get_task_classifications(),
            client.get_rankings_daily(),
            client.get_app_rankings(),
            client.get_session_cost(),
            client.get_benchmarks(),
        )


async def measure(title: str, store: str) -> bool:
    """Print what the service got of all processes; whether it was each question once."""
    api = EmulatedAPI(faults=[Fault(delay=DELAY)] * PROCESSES * QUESTIONS)
    begin = time.time() + START
    async with serve(api) as base_url:
        command = (sys.executable, "-m", "benchmarks.fleet.cold", "--process", base_url, store, str(begin))
        processes = [await asyncio.create_subprocess_exec(*command, cwd=ROOT) for _ in range(PROCESSES)]
        ends = await asyncio.gather(*(process.wait() for process in processes))
    print(f"{PROCESSES} processes, {QUESTIONS} questions each, {title}")
    show("upstream requests", len(api.requests))
    show("seconds from the start to the last end", f"{time.time() - begin:.2f}")
    return all(
        [
            verdict("each process has its answers", ends == [0] * PROCESSES),
            verdict(
                "each question is asked once",
                len({sent.url for sent in api.requests}) == len(api.requests) == QUESTIONS,
            ),
        ]
    )


@asynccontextmanager
async def _stores() -> AsyncGenerator[list[tuple[str, str]]]:
    with tempfile.TemporaryDirectory() as folder:
        stores = [("an empty SQLite file", str(Path(folder) / "store.sqlite3"))]
        executable = shutil.which("redis-server")
        if executable is None:
            print("redis-server is not on the path: no measurement with Redis")
            yield stores
            return
        async with redis(executable, Path(folder)) as url:
            yield [*stores, ("an empty Redis", url)]


async def compare() -> bool:
    async with _stores() as stores:
        return all([await measure(*store) for store in stores])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--process", nargs=3, metavar=("URL", "STORE", "BEGIN"), help="be one of the processes")
    arguments = parser.parse_args()
    if arguments.process:
        base_url, store, begin = arguments.process
        asyncio.run(ask(base_url, store, float(begin)))
    else:
        sys.exit(0 if asyncio.run(compare()) else 1)


if __name__ == "__main__":
    main()
