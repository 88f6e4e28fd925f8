"""The FastAPI example under four uvicorn workers: on one SQLite store, and on one Redis.

200 callers ask for the tasks and, in turn, a route that does nothing, so that both meet the same machine. In every
second run one worker is killed in the middle. It needs FastAPI and uvicorn.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from aiohttp import ClientConnectionError, ClientSession, TCPConnector

from benchmarks.fleet.processes import redis
from benchmarks.fleet.service import TroubledService
from benchmarks.report import show, spread, verdict
from openrouter_rankings.testing import serve

HERE = Path(__file__).parent

WORKERS = 4
CALLERS = 200

# Seconds between two requests of a caller, about, and until all workers must have started.
EVERY = 0.5
PATIENCE = 60.0


# What is asked: the tasks while nobody has them, the tasks afterwards, and the route that does nothing.
FIRST, TASKS, NOTHING = "/tasks at first", "/tasks", "/nothing"


@attrs.frozen
class Plan:
    """One run.

    Attributes:
        title: what is run.
        store: where the workers keep quota and cache.
        seconds: how long the callers ask.
        killing: whether a worker is killed in the middle.
    """

    title: str
    store: str
    seconds: float
    killing: bool


@attrs.define
class Outcome:
    """What the callers saw.

    Attributes:
        service: what OpenRouter is for the workers.
        waits: by kind, the milliseconds until each answer.
        statuses: how many answers had which status, where it is not 200.
        broken: how many requests lost their connection.
        workers: the workers that answered.
        successor: the worker that took the place of the killed one; None if there is none.
    """

    service: TroubledService
    waits: dict[str, list[float]] = attrs.field(factory=lambda: {FIRST: [], TASKS: [], NOTHING: []})
    statuses: Counter[int] = attrs.field(factory=Counter[int])
    broken: int = 0
    workers: set[int] = attrs.field(factory=set[int])
    successor: int | None = None

    async def ask(self, session: ClientSession, kind: str) -> int | None:
        """Ask once, and note what comes; the worker that answered, if it says so."""
        asked = time.perf_counter()
        try:
            async with session.get("/nothing" if kind is NOTHING else "/tasks") as answer:
                body = await answer.json()
        except ClientConnectionError:
            self.broken += 1
            return None
        self.waits[kind].append((time.perf_counter() - asked) * 1000)
        if answer.status != 200:
            self.statuses[answer.status] += 1
        worker: int | None = body.get("pid")
        return worker


async def run(plan: Plan) -> Outcome:
    """Start the workers, let the callers ask, and press Ctrl-C."""
    outcome = Outcome(TroubledService(delay=0.02))
    async with serve(outcome.service) as upstream, _workers(plan.store, upstream) as url:
        async with ClientSession(url, connector=TCPConnector(limit=0)) as session, asyncio.TaskGroup() as group:
            end = time.monotonic() + plan.seconds
            for number in range(CALLERS):
                group.create_task(_call(session, outcome, end, random.Random(number)))  # noqa: S311 - no secret
            if plan.killing:
                await asyncio.sleep(plan.seconds / 2)
                os.kill(min(outcome.workers), signal.SIGKILL)
        if plan.killing:
            outcome.successor = await _successor(url, outcome)
    return outcome


async def _call(session: ClientSession, outcome: Outcome, end: float, chance: random.Random) -> None:
    # All ask for the tasks first, and at once, while nobody has them.
    await outcome.ask(session, FIRST)
    while time.monotonic() < end:
        for kind in (TASKS, NOTHING):
            await asyncio.sleep(EVERY * chance.uniform(0.5, 1.5))
            worker = await outcome.ask(session, kind)
            if worker is not None:
                outcome.workers.add(worker)


async def _successor(url: str, outcome: Outcome) -> int | None:
    """The first worker that is new, which has to answer about the tasks too; new connections reach any worker."""
    async with ClientSession(url, connector=TCPConnector(force_close=True)) as session:
        for _ in range(500):
            worker = await outcome.ask(session, NOTHING)
            await outcome.ask(session, TASKS)
            if worker is not None and worker not in outcome.workers:
                return worker
    return None


@asynccontextmanager
async def _workers(store: str, upstream: str) -> AsyncGenerator[str]:
    """The workers of uvicorn; gives its URL once all of them have started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    variables = {
        "OPENROUTER_API_KEY": "services",
        "OPENROUTER_RANKINGS_BASE_URL": upstream,
        "RANKINGS_STORE": store,
    }
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--workers", str(WORKERS)]
    server = await asyncio.create_subprocess_exec(
        *command, "--no-access-log", cwd=HERE, env=os.environ | variables, stderr=subprocess.PIPE
    )
    assert server.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE):
            for _ in range(WORKERS):
                await server.stderr.readuntil(b"Application startup complete.")
        reading = asyncio.create_task(server.stderr.read())
        yield f"http://127.0.0.1:{port}"
        server.send_signal(signal.SIGINT)
        log = await reading
        if await server.wait() != 0 or b"Traceback" in log:
            raise RuntimeError(f"uvicorn ended with {server.returncode}: {log.decode()}")
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


def report(plan: Plan, outcome: Outcome) -> bool:
    """Print the figures and whether each goal is met; whether all are."""
    print(plan.title)
    for kind, waits in outcome.waits.items():
        show(f"{kind}: {len(waits):,} answers", spread(waits, "ms"))
    show("requests that went upstream / 429s", f"{len(outcome.service.arrivals)} / {outcome.service.refused_for_pace}")
    show("connections broken", outcome.broken)
    statuses = ", ".join(f"{count} with {status}" for status, count in outcome.statuses.items())
    show("answers that are not 200", statuses or "none")
    return all(_goals(plan, outcome))


def _goals(plan: Plan, outcome: Outcome) -> list[bool]:
    goals = [
        verdict("no error, and no connection broken", not outcome.statuses and not outcome.broken),
        verdict("all workers answered", len(outcome.workers) >= WORKERS),
        verdict("one request went upstream", len(outcome.service.arrivals) == 1),
    ]
    if plan.killing:
        goals.append(verdict("another worker took the place of the killed one", outcome.successor is not None))
    return goals


async def compare(seconds: float) -> bool:
    """Run on each store, with and without a kill; whether all goals are met."""
    met = []
    executable = shutil.which("redis-server")
    for killing in (False, True):
        how = "one killed with -9 in the middle" if killing else "none killed"
        with tempfile.TemporaryDirectory() as folder:
            plan = Plan(f"{WORKERS} workers on one SQLite file, {how}", f"{folder}/store.sqlite3", seconds, killing)
            met.append(report(plan, await run(plan)))
            if executable is None:
                print("redis-server is not on the path: no run on Redis")
                continue
            async with redis(executable, Path(folder)) as url:
                plan = Plan(f"{WORKERS} workers on one Redis, {how}", url, seconds, killing)
                met.append(report(plan, await run(plan)))
    return all(met)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each run asks (20)")
    sys.exit(0 if asyncio.run(compare(parser.parse_args().seconds)) else 1)


if __name__ == "__main__":
    main()
