"""What events cost where nobody listens: a warm call and a call that misses. See benchmarks/README.md.

Each is measured beside the same package without any check for a listener. Two processes take turns, in CPU time, and
several pairs of them, because where a process has its objects in memory changes its pace by more than the checks do.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import openrouter_rankings
from benchmarks.report import show, verdict

PACKAGE = Path(openrouter_rankings.__file__).parent
KINDS = ("warm call", "call that misses")
GOAL = 1.01


class _Deaf(ast.NodeTransformer):
    """Removes the checks for a listener, and what is done for one."""

    def __init__(self) -> None:
        self.removed = 0

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if "on_event" not in ast.unparse(node.test):
            return node
        self.removed += 1
        # A check that has to be a statement, where it was the only one.
        return node.orelse or ast.copy_location(ast.Pass(), node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if ast.unparse(node.test) != "self._on_event is None":
            return node
        self.removed += 1
        return node.body


def copy_without_events(folder: Path) -> int:
    """Copy the package into ``folder`` without its checks; how many there were."""
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    removed = 0
    for path in [PACKAGE / "client.py", *(PACKAGE / "transports").rglob("*.py")]:
        deaf = _Deaf()
        tree = deaf.visit(ast.parse(path.read_text(encoding="utf-8")))
        if deaf.removed and path.name != "observed.py":
            removed += deaf.removed
            target = folder / PACKAGE.name / path.relative_to(PACKAGE)
            target.write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
    return removed


async def serve_measurements(count: int) -> None:
    """The worker: for each kind of call that is named on stdin, the CPU time in seconds of ``count`` of them."""
    from openrouter_rankings import CachePolicy, Quota, RankingsClient, Request, Response
    from openrouter_rankings.testing import EmulatedAPI, FakeTransport

    request = Request("GET", "https://a.test/api/v1/classifications/task", {"Authorization": "Bearer key"})
    answer = EmulatedAPI().reply(request, 0.0).response

    class Constant:
        async def send(self, request: Request) -> Response:
            return answer

        async def aclose(self) -> None: ...

    ample, missing = Quota(per_minute=10**6, per_day=10**6), CachePolicy(max_age=0, stale_while_revalidate=0)
    async with (
        RankingsClient("key", transport=FakeTransport(EmulatedAPI())) as warm,
        RankingsClient("key", transport=Constant(), quota=ample, cache=missing) as cold,
    ):
        asks: dict[str, Any] = dict(
            zip(KINDS, (warm.get_task_classifications, cold.get_task_classifications), strict=True)
        )
        gc.disable()
        for line in sys.stdin:
            ask = asks[line.strip()]
            began = time.process_time()
            for _ in range(count):
                await ask()
            print((time.process_time() - began) / count, flush=True)


@contextmanager
def _worker(folder: Path, count: int) -> Generator[subprocess.Popen[str]]:
    command = (sys.executable, str(Path(__file__)), "--worker", "--count", str(count))
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _measured(process: subprocess.Popen[str], kind: str) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    print(kind, file=process.stdin, flush=True)
    return float(process.stdout.readline())


def measure(pairs: int, rounds: int, count: int) -> bool:
    """Both kinds of call; whether the goal is met."""
    ratios: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        show("checks for a listener", str(copy_without_events(Path(folder))))
        for _ in range(pairs):
            with _worker(PACKAGE.parent, count) as ours, _worker(Path(folder), count) as deaf:
                for kind in KINDS:
                    ratios[kind].append(_ratio(kind, ours, deaf, rounds))
    for kind in KINDS:
        show(f"{kind}, to one without the checks", f"{median(ratios[kind]):.4f} ({_spread(ratios[kind])})")
    met = [
        verdict(f"{kind}: at most {GOAL - 1:.0%} for events nobody listens to", median(ratios[kind]) <= GOAL)
        for kind in KINDS
    ]
    return all(met)


def _spread(ratios: list[float]) -> str:
    return f"{min(ratios):.3f}-{max(ratios):.3f}"


def _ratio(kind: str, ours: subprocess.Popen[str], deaf: subprocess.Popen[str], rounds: int) -> float:
    """The CPU time of a call to that of one without the checks, in this pair of processes."""
    taken: dict[int, list[float]] = {id(ours): [], id(deaf): []}
    for number in range(rounds + 2):
        # Each goes first every other time.
        for process in (ours, deaf) if number % 2 else (deaf, ours):
            taken[id(process)].append(_measured(process, kind))
    # The first rounds warm up. Other work on the machine only ever adds to a time, so the least ones say the most.
    return min(taken[id(ours)][2:]) / min(taken[id(deaf)][2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=15, help="pairs of processes (15)")
    parser.add_argument("--rounds", type=int, default=15, help="how often each pair is measured (15)")
    parser.add_argument("--count", type=int, default=300, help="calls in each round (300)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        asyncio.run(serve_measurements(arguments.count))
    else:
        sys.exit(0 if measure(arguments.pairs, arguments.rounds, arguments.count) else 1)


if __name__ == "__main__":
    main()
