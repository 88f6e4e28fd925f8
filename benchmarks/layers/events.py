"""What events cost where nobody listens: a warm call and a call that misses. See benchmarks/README.md.

A trace counts the checks for a listener in a call. What so many checks take is then measured by turns with the call,
in CPU time of one process, so that whatever slows the machine down meets both.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import linecache
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

import openrouter_rankings
from benchmarks.report import show, verdict
from openrouter_rankings import CachePolicy, Quota, RankingsClient, Request, Response
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

PACKAGE = str(Path(openrouter_rankings.__file__).parent)
GOAL = 0.01

# As in benchmarks.layers.calls.
ALWAYS_MISSING = CachePolicy(max_age=0, stale_while_revalidate=0)
AMPLE = Quota(per_minute=10**6, per_day=10**6)

Call = Callable[[], Awaitable[Any]]


class _Constant:
    """A transport that costs as little as can be, so that the layers are most of a call that misses."""

    def __init__(self, response: Response) -> None:
        self._response = response

    async def send(self, request: Request) -> Response:
        return self._response

    async def aclose(self) -> None: ...


async def checks_in(call: Call) -> int:
    """How often a call checks whether somebody listens."""
    found = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal found
        code = frame.f_code
        if not code.co_filename.startswith(PACKAGE):
            return None
        line = linecache.getline(code.co_filename, frame.f_lineno)
        found += event == "line" and "on_event" in line and " if " in line
        return trace

    sys.settrace(trace)
    try:
        await call()
    finally:
        sys.settrace(None)
    return found


def _time_of_checks(count: int) -> float:
    """Seconds of CPU time that a check takes: the dearer of the two kinds, and the loop with it."""
    request = Request("GET", "https://a.test/", extensions={"decode": None, "deadline": None})
    began = time.process_time()
    for _ in range(count):
        if "on_event" in request.extensions:
            raise AssertionError
    return (time.process_time() - began) / count


async def _time_of_calls(call: Call, count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        await call()
    return (time.process_time() - began) / count


async def compare(name: str, call: Call, rounds: int, seconds: float) -> bool:
    """What the checks in a call are of its time; whether the goal is met."""
    await call()
    checks = await checks_in(call)
    calls = max(1, round(seconds / await _time_of_calls(call, 20)))
    looks = max(1, round(seconds / _time_of_checks(1000)))
    taken = [(await _time_of_calls(call, calls), _time_of_checks(looks)) for _ in range(rounds)]
    share = median(checks * check / whole for whole, check in taken)
    show(f"{name}, in CPU time", f"{median(whole for whole, _ in taken) * 1e6:.1f} us")
    show("checks in it", f"{checks}, each {median(check for _, check in taken) * 1e9:.0f} ns")
    show("their share of it", f"{share:.2%}")
    return verdict(f"{name}: less than {GOAL:.0%} for events nobody listens to", share < GOAL)


async def measure(rounds: int, seconds: float) -> bool:
    """Both kinds of call; whether the goal is met."""
    asked = Request("GET", "https://a.test/api/v1/classifications/task", {"Authorization": "Bearer key"})
    answer = EmulatedAPI().reply(asked, 0.0).response
    async with (
        RankingsClient("key", transport=FakeTransport(EmulatedAPI())) as warm,
        RankingsClient("key", transport=_Constant(answer), quota=AMPLE, cache=ALWAYS_MISSING) as cold,
    ):
        gc.disable()
        met = [
            await compare("a warm call", warm.get_task_classifications, rounds, seconds),
            await compare("a call that misses", cold.get_task_classifications, rounds, seconds),
        ]
    return all(met)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=201, help="how often each is measured (201)")
    parser.add_argument("--seconds", type=float, default=0.005, help="CPU time of each in a round (0.005)")
    arguments = parser.parse_args()
    sys.exit(0 if asyncio.run(measure(arguments.rounds, arguments.seconds)) else 1)


if __name__ == "__main__":
    main()
