"""What the quota and the cache cost: many callers at once, and a call that misses. See benchmarks/README.md.

In CPU time of this process, which other programs on the machine change least; of a call that misses also the time that
its caller waits.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.report import show, verdict
from openrouter_rankings import CachePolicy, Quota, RankingsClient, Request
from openrouter_rankings.testing import EmulatedAPI, FakeTransport, Reply

SERVER = Path(__file__).parents[1] / "server.py"

KEY = "layers"
CALLERS = 10_000

# Every answer is stale at once, and is kept all the same. The real limits would end the measurement after 30 calls.
ALWAYS_MISSING = CachePolicy(max_age=0, stale_while_revalidate=0)
AMPLE = Quota(per_minute=10**6, per_day=10**6)

Call = Callable[[], Awaitable[Any]]


class _Slow:
    """The emulated service, which takes a moment, so that all callers are there before the answer."""

    def __init__(self) -> None:
        self._api = EmulatedAPI()

    def reply(self, request: Request, now: float) -> Reply:
        return Reply(self._api.reply(request, now).response, delay=1.0)


async def _constant() -> int:
    return 0


async def _time_together(call: Call) -> float:
    """Seconds of CPU time that ``CALLERS`` concurrent calls take."""
    gc.collect()
    began = time.process_time()
    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return time.process_time() - began


class _Cost(NamedTuple):
    """Milliseconds of a call: what its caller waits, and the CPU time of this process."""

    wait: float
    cpu: float


async def _time_in_turn(base_url: str, key: str, count: int, *, layers: bool) -> _Cost:
    """What a call costs, of ``count`` one after the other.

    Each time another client with another key, so that the quota counts no more requests than a day can have.
    """
    quota, cache = (AMPLE, ALWAYS_MISSING) if layers else (None, None)
    async with RankingsClient(key, base_url=base_url, quota=quota, cache=cache) as client:
        # The first call connects.
        await client.get_task_classifications()
        gc.collect()
        began, began_cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            await client.get_task_classifications()
        elapsed, elapsed_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    return _Cost(elapsed / count * 1e3, elapsed_cpu / count * 1e3)


async def many_callers(rounds: int) -> list[bool]:
    """All at once on a cold cache, and on a warm one."""
    transport = FakeTransport(_Slow())
    async with RankingsClient(KEY, transport=transport) as client:
        cold = await _time_together(client.get_task_classifications)
        requests = len(transport.requests)
        floor, warm = [], []
        for _ in range(rounds):
            floor.append(await _time_together(_constant))
            warm.append(await _time_together(client.get_task_classifications))
    ratios = [ours / other for ours, other in zip(warm, floor, strict=True)]
    print(f"{CALLERS} concurrent awaits")
    show("cold cache", f"{requests} upstream requests, {cold * 1e3:.0f} ms")
    show("warm cache", f"{median(warm) * 1e3:.1f} ms")
    show("coroutines that return a constant", f"{median(floor) * 1e3:.1f} ms")
    show("ratio", _spread(ratios))
    return [
        verdict("one upstream request on a cold cache", requests == 1),
        verdict("a warm hit at most 3 coroutines' worth", median(ratios) <= 3),
    ]


async def missing_calls(rounds: int, count: int) -> list[bool]:
    """One after the other over the loopback interface, with the layers and without."""
    with_layers, without = [], []
    with _server() as base_url:
        for number in range(rounds + 1):
            with_layers.append(await _time_in_turn(base_url, f"{KEY}-{number}", count, layers=True))
            without.append(await _time_in_turn(base_url, KEY, count, layers=False))
    # The first round warms up.
    pairs = list(zip(with_layers, without, strict=True))[1:]
    print("a call that misses, over the loopback interface: with quota and cache, without them, and the ratio")
    wait = _show_pairs("what its caller waits", [(on.wait, off.wait) for on, off in pairs])
    _show_pairs("CPU time", [(on.cpu, off.cpu) for on, off in pairs])
    return [verdict("its caller waits at most 1.25 times as long", wait <= 1.25)]


def _show_pairs(what: str, pairs: list[tuple[float, float]]) -> float:
    """Print both sides, in milliseconds, and their ratio; its median."""
    ratios = [on / off for on, off in pairs]
    on, off = (median(side) for side in zip(*pairs, strict=True))
    show(what, f"{on:.3f} ms, {off:.3f} ms, {_spread(ratios)}")
    return median(ratios)


def _spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


@contextmanager
def _server() -> Generator[str]:
    """The emulated service without limits in a process of its own; gives its base URL."""
    command = (sys.executable, str(SERVER), "--numbered")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


async def measure(rounds: int, count: int) -> bool:
    """All measurements; whether all goals are met."""
    return all([*await many_callers(rounds), *await missing_calls(rounds, count)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each is measured (15)")
    parser.add_argument("--count", type=int, default=200, help="calls that miss, in each round (200)")
    arguments = parser.parse_args()
    sys.exit(0 if asyncio.run(measure(arguments.rounds, arguments.count)) else 1)


if __name__ == "__main__":
    main()
