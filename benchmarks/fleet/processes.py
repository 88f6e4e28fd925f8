"""Fleets of real processes on one key, over real sockets, in real time. See README.md here.

Each process is started with the others and shares a store with them: a SQLite file, or a Redis server, which this
command starts itself where ``redis-server`` is on the path. The service is emulated in this process, with its real
limits and no margin.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from benchmarks.fleet.service import TroubledService
from benchmarks.fleet.worker import Job, Sight
from benchmarks.report import show, spread, verdict
from openrouter_rankings.testing import serve

ROOT = Path(__file__).parents[2]

TASKS = 200
EVERY = 0.25

# Seconds in which all processes are sure to have started.
START = 4.0


@attrs.frozen
class Fleet:
    """How many processes, with how many clients each, and whether they have a cache."""

    title: str
    processes: int
    clients: int
    cached: bool


async def launch(fleet: Fleet, store: str, seconds: float) -> tuple[TroubledService, list[Sight]]:
    """Run ``fleet`` for so many seconds; gives the service, and what each process saw."""
    service = TroubledService(delay=0.02)
    async with serve(service) as base_url:
        job = Job(base_url, store, fleet.cached, fleet.clients, TASKS, EVERY, time.time() + START, seconds)
        sights = await asyncio.gather(*(_process(job) for _ in range(fleet.processes)))
    return service, sights


async def _process(job: Job) -> Sight:
    command = (sys.executable, "-m", "benchmarks.fleet.worker", json.dumps(attrs.asdict(job)))
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, cwd=ROOT)
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"A process of the fleet ended with {process.returncode}.")
    return Sight(**json.loads(output))


def report(fleet: Fleet, service: TroubledService, sights: Sequence[Sight]) -> bool:
    """Print the figures and whether each goal is met; whether all are."""
    ages = [age for sight in sights for age in sight.ages]
    errors = sum((Counter(sight.errors) for sight in sights), Counter[str]())
    print(fleet.title)
    show("answers", len(ages))
    show("upstream requests / 429s", f"{len(service.arrivals)} / {service.refused_for_pace}")
    show("errors", ", ".join(f"{name}: {count}" for name, count in errors.items()) or "none")
    for name, message in {name: text for sight in sights for name, text in sight.messages.items()}.items():
        show(f"  a {name}", message)
    show("age of the answers", spread(ages))
    show("ages misjudged by at most", f"{max(sight.misjudged for sight in sights):.2f} s")
    show("longest wait / waiting at the end", f"{_longest(sights):.2f} s / {sum(sight.waiting for sight in sights)}")
    return all(_goals(fleet, service, ages, errors))


def _longest(sights: Sequence[Sight]) -> float:
    return max(sight.longest for sight in sights)


def _goals(fleet: Fleet, service: TroubledService, ages: Sequence[float], errors: Counter[str]) -> list[bool]:
    goals = [verdict("never a 429", service.refused_for_pace == 0 and bool(ages))]
    if fleet.cached:
        return [*goals, verdict("nobody refused", not errors)]
    # Without a cache the quota has to refuse most of them, and only that way.
    return [*goals, verdict("no error but the quota's own", set(errors) <= {"QuotaExceededError"})]


@asynccontextmanager
async def redis(executable: str, folder: Path) -> AsyncGenerator[str]:
    """A Redis server on a free loopback port, which keeps nothing on disk; gives its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (executable, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    try:
        await asyncio.wait_for(_accepting(port), 10)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        await server.wait()


async def _accepting(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


async def compare(seconds: float) -> bool:
    """Run each fleet in turn; whether all goals are met."""
    met = []
    for cached in (True, False):
        layers = "quota and cache" if cached else "quota alone"
        with tempfile.TemporaryDirectory() as folder:
            fleet = Fleet(f"4 processes of {TASKS} tasks, {layers} in one SQLite file", 4, 1, cached)
            met.append(report(fleet, *await launch(fleet, str(Path(folder) / "store.sqlite3"), seconds)))
            executable = shutil.which("redis-server")
            if executable is None:
                print("redis-server is not on the path: no fleet on Redis")
                continue
            fleet = Fleet(f"2 processes of {TASKS} tasks on 2 clients each, {layers} in one Redis", 2, 2, cached)
            async with redis(executable, Path(folder)) as url:
                met.append(report(fleet, *await launch(fleet, url, seconds)))
    return all(met)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each fleet asks (20)")
    sys.exit(0 if asyncio.run(compare(parser.parse_args().seconds)) else 1)


if __name__ == "__main__":
    main()
