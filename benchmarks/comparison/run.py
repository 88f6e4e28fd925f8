"""Compares this checkout with plain aiohttp and with the official package, and prints ratios. See README.md here.

It needs nothing but Python: what it compares is installed into ``benchmarks/.envs``. Speed is shown, never asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

BENCHMARKS = Path(__file__).resolve().parents[1]
CHECKOUT = BENCHMARKS.parent
ENVIRONMENTS = BENCHMARKS / ".envs"

# They run in other environments, which must not see this checkout: as scripts, and not as modules of it.
WORKERS = BENCHMARKS / "comparison" / "workers"

OFFICIAL_PACKAGE = "openrouter==1.3.84"

# Seconds after which a single worker or installation is given up.
WORKER_LIMIT = 120
INSTALL_LIMIT = 600

Result = dict[str, float | None]
"""What a worker prints: costs in seconds or bytes; None where this system does not tell."""


class Contender(NamedTuple):
    """A worker script in one of the environments."""

    environment: str
    script: str


Results = dict[tuple[str, Contender], list[Result]]
"""By measurement and contender, a result for each round."""

OURS, OURS_FLOOR = Contender("ours", "ours.py"), Contender("ours", "plain.py")
FAST, FAST_FLOOR = Contender("speedups", "ours.py"), Contender("speedups", "plain.py")
OFFICIAL, PYDANTIC = Contender("official", "official.py"), Contender("official", "official_pydantic.py")

CALLERS = (OURS, OURS_FLOOR, FAST, FAST_FLOOR, OFFICIAL)

IMPORTS = {
    OURS: "import openrouter_rankings",
    FAST: "import openrouter_rankings",
    OFFICIAL: "import openrouter",
}
READY = {
    OURS: "from openrouter_rankings import RankingsClient; RankingsClient('key')",
    OURS_FLOOR: "import aiohttp",
    FAST: "from openrouter_rankings import RankingsClient; RankingsClient('key')",
    FAST_FLOOR: "import aiohttp",
    OFFICIAL: "from openrouter import OpenRouter; OpenRouter(api_key='key').classifications",
}


@dataclass(frozen=True)
class Sizes:
    """How much is measured: rounds, and how often each worker repeats its work within a round."""

    rounds: int
    starts: int
    sequential: int
    decodings: int
    concurrent: int = 500
    kept: int = 50


FULL = Sizes(rounds=9, starts=15, sequential=400, decodings=500)
QUICK = Sizes(rounds=3, starts=3, sequential=100, decodings=100)


@dataclass(frozen=True)
class Row:
    """One line of the table: the ratio of a figure of ours to another contender's.

    Attributes:
        title: what is measured.
        measure: the name of the measurement.
        field: the figure in its results. Every figure is a cost: seconds or bytes.
        contender: ours.
        other: the contender that it is divided by.
        goal: the ratio to reach, None if there is none.
        rate: the ratio is one of rates, the inverse of the costs' ratio, and is to be at least the goal, not at most.
    """

    title: str
    measure: str
    field: str
    contender: Contender
    other: Contender
    goal: float | None = None
    rate: bool = False

    def ratios(self, results: Results) -> list[float]:
        """The ratio of each round."""
        of, to = (self.costs(results, each) for each in (self.contender, self.other))
        ratios = [ours / other for ours, other in zip(of, to, strict=True)]
        return [1 / ratio for ratio in ratios] if self.rate else ratios

    def costs(self, results: Results, contender: Contender) -> list[float]:
        """The figure of each round."""
        figures = (result[self.field] for result in results[self.measure, contender])
        return [figure for figure in figures if figure is not None]

    def verdict(self, ratio: float) -> tuple[str, str]:
        """The goal in words, and whether ``ratio`` meets it."""
        if self.goal is None:
            return "", ""
        met = ratio >= self.goal if self.rate else ratio <= self.goal
        return f"{'>=' if self.rate else '<='} {self.goal:g}", "yes" if met else "NO"


def _calls(title: str, measure: str) -> list[Row]:
    return [
        Row(f"{title}, rate", measure, "wall", OURS, OURS_FLOOR, 0.85, rate=True),
        Row(f"{title}, rate", measure, "wall", FAST, FAST_FLOOR, 0.85, rate=True),
        Row(f"{title}, rate", measure, "wall", OFFICIAL, OURS_FLOOR, rate=True),
        Row(f"{title}, CPU time of the caller", measure, "cpu", OURS, OURS_FLOOR),
        Row(f"{title}, CPU time of the caller", measure, "cpu", FAST, FAST_FLOOR),
        Row(f"{title}, CPU time of the caller", measure, "cpu", OFFICIAL, OURS_FLOOR),
    ]


ROWS = [
    Row("import, time", "import", "statement", OURS, OFFICIAL, 0.5),
    Row("import, time", "import", "statement", FAST, OFFICIAL, 0.5),
    Row("import, peak memory", "import", "peak_bytes", OURS, OFFICIAL),
    Row("client ready, from process start", "ready", "process", OURS, OURS_FLOOR, 1.15),
    Row("client ready, from process start", "ready", "process", FAST, FAST_FLOOR, 1.15),
    Row("client ready, from process start", "ready", "process", OURS, OFFICIAL),
    Row("client ready, without the start of Python", "ready", "statement", OURS, OURS_FLOOR, 1.15),
    Row("client ready, without the start of Python", "ready", "statement", FAST, FAST_FLOOR, 1.15),
    Row("client ready, peak memory", "ready", "peak_bytes", OURS, OURS_FLOOR),
    Row("client ready, peak memory", "ready", "peak_bytes", OURS, OFFICIAL),
    Row("first answer, from process start", "first", "process", OURS, OURS_FLOOR),
    Row("first answer, from process start", "first", "process", FAST, FAST_FLOOR),
    Row("first answer, from process start", "first", "process", OURS, OFFICIAL),
    *_calls("sequential calls", "sequential"),
    *_calls("500 concurrent calls", "concurrent"),
    *_calls("500 concurrent calls, all answers kept", "concurrent_kept"),
    Row("decoding, time", "decode", "wall", OURS, OURS_FLOOR, 2.0),
    Row("decoding, time", "decode", "wall", FAST, OFFICIAL, 1.0),
    Row("decoding, time", "decode", "wall", FAST, PYDANTIC),
    Row("decoding, time", "decode", "wall", FAST, FAST_FLOOR),
    Row("memory of a decoded answer", "memory", "bytes", OURS, OURS_FLOOR),
    Row("memory of a decoded answer", "memory", "bytes", OURS, OFFICIAL),
    Row("memory of a decoded answer", "memory", "bytes", FAST, OFFICIAL),
]

NAMES = {
    OURS: "ours",
    FAST: "ours + speedups",
    OURS_FLOOR: "plain",
    FAST_FLOOR: "plain",
    OFFICIAL: "official",
    PYDANTIC: "pydantic alone",
}


def install() -> None:
    """Make the environments, or bring them up to date with the checkout."""
    with tempfile.TemporaryDirectory() as folder:
        # A build inside the checkout would leave its traces there.
        source = Path(folder) / "checkout"
        shutil.copytree(CHECKOUT / "openrouter_rankings", source / "openrouter_rankings")
        for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(CHECKOUT / name, source)
        _install("ours", str(source))
        _install("speedups", f"{source}[speedups]")
        _install("official", OFFICIAL_PACKAGE)


def _install(environment: str, requirement: str) -> None:
    if not _python(environment).exists():
        venv.create(ENVIRONMENTS / environment, with_pip=True)
    print(f"Installing {environment}", file=sys.stderr)
    pip = [str(_python(environment)), "-m", "pip", "install", "-qq", "--disable-pip-version-check", requirement]
    subprocess.run(pip, check=True, timeout=INSTALL_LIMIT)


def _python(environment: str) -> Path:
    return ENVIRONMENTS / environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _command(environment: str, script: Path, *arguments: object) -> list[str]:
    # -E and -s: neither variables nor the user's own packages add to what an environment holds.
    return [str(_python(environment)), "-E", "-s", str(script), *map(str, arguments)]


def run_worker(environment: str, script: str, *arguments: object) -> Result:
    command = _command(environment, WORKERS / script, *arguments)
    done = subprocess.run(command, check=True, timeout=WORKER_LIMIT, stdout=subprocess.PIPE, text=True)
    result: Result = json.loads(done.stdout)
    return result


@contextmanager
def server() -> Generator[str]:
    """The emulated service in a process of its own; gives its base URL."""
    command = _command("speedups", BENCHMARKS / "server.py")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def _save_answer(base_url: str, path: Path) -> None:
    request = urllib.request.Request(f"{base_url}/classifications/task", headers={"Authorization": "Bearer key"})  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own server
        path.write_bytes(response.read())


def interleaved(
    contenders: Sequence[Contender], rounds: int, once: Callable[[Contender], Result]
) -> dict[Contender, list[Result]]:
    """Results by contender. Each round runs every contender once, so that a change of the machine's pace meets all."""
    results: dict[Contender, list[Result]] = {contender: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            results[contender].append(once(contender))
    return results


def measure(base_url: str, answer: Path, sizes: Sizes) -> Results:
    """All results, by measurement and contender."""

    def started(statements: dict[Contender, str]) -> Callable[[Contender], Result]:
        return lambda each: run_worker(each.environment, "start.py", statements[each], time.monotonic())

    def worked(name: str, source: object, count: int) -> Callable[[Contender], Result]:
        return lambda each: run_worker(each.environment, each.script, name, source, count)

    def first(each: Contender) -> Result:
        return run_worker(each.environment, each.script, "first", base_url, time.monotonic())

    decoders = (OURS, OURS_FLOOR, FAST, FAST_FLOOR, OFFICIAL, PYDANTIC)
    plan: list[tuple[str, Sequence[Contender], int, Callable[[Contender], Result]]] = [
        ("import", tuple(IMPORTS), sizes.starts, started(IMPORTS)),
        ("ready", tuple(READY), sizes.starts, started(READY)),
        ("first", CALLERS, sizes.starts, first),
        ("sequential", CALLERS, sizes.rounds, worked("sequential", base_url, sizes.sequential)),
        ("concurrent", CALLERS, sizes.rounds, worked("concurrent", base_url, sizes.concurrent)),
        ("concurrent_kept", CALLERS, sizes.rounds, worked("concurrent_kept", base_url, sizes.concurrent)),
        ("decode", decoders, sizes.rounds, worked("decode", answer, sizes.decodings)),
        ("memory", decoders, 1, worked("memory", answer, sizes.kept)),
    ]
    results: Results = {}
    for name, contenders, rounds, once in plan:
        print(f"Measuring {name}: {len(contenders)} contenders, {rounds} rounds", file=sys.stderr)
        for contender, found in interleaved(contenders, rounds, once).items():
            results[name, contender] = found
    return results


def table(results: Results) -> Iterator[str]:
    """The rows as a Markdown table."""
    yield "| what | of | to | ratio: median (min-max) | medians | goal | met |"
    yield "|---|---|---|---|---|---|---|"
    for row in ROWS:
        ratios = row.ratios(results)
        if ratios:
            goal, met = row.verdict(median(ratios))
            ratio = f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
            figures = " / ".join(_figure(row, median(row.costs(results, each))) for each in (row.contender, row.other))
            cells = (row.title, NAMES[row.contender], NAMES[row.other], ratio, figures, goal, met)
            yield f"| {' | '.join(cells)} |"


def _figure(row: Row, value: float) -> str:
    if "bytes" in row.field:
        return f"{value / 2**20:.1f} MiB" if value >= 2**20 else f"{value / 2**10:.0f} KiB"
    if row.rate:
        return f"{1 / value:.0f}/s"
    return f"{value * 1e3:.3g} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a short run, for a first impression")
    sizes = QUICK if parser.parse_args().quick else FULL
    install()
    with tempfile.TemporaryDirectory() as folder, server() as base_url:
        answer = Path(folder) / "answer.json"
        _save_answer(base_url, answer)
        results = measure(base_url, answer, sizes)
        size = answer.stat().st_size
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"an answer of {size} bytes, {sizes.rounds} rounds ({sizes.starts} for starts).\n"
    )
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
