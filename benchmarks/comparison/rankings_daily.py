"""Decodes long spans of the daily rankings, beside the official package, and prints ratios. See README.md here.

Like ``run.py``, whose environments it shares, it needs nothing but Python. The figures are invented.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.comparison.run import Contender, Result, Results, Row, install, interleaved, run_worker

OURS, FAST = Contender("ours", "rankings_daily_ours.py"), Contender("speedups", "rankings_daily_ours.py")
OFFICIAL = Contender("official", "rankings_daily_official.py")
PYDANTIC = Contender("official", "rankings_daily_official_pydantic.py")
NAMES = {OURS: "ours", FAST: "ours + speedups", OFFICIAL: "official", PYDANTIC: "pydantic alone"}

FIRST_DAY = date(2025, 1, 1)
YEAR = 365
MODELS_A_DAY = 50
ROWS_A_DAY = MODELS_A_DAY + 1
ROWS_OF_TWO_YEARS = 2 * YEAR * ROWS_A_DAY

# Rows in one answer, and how often a worker decodes it in a round.
SIZES = {1_000: 100, 10_000: 10, 100_000: 1}

# What a worker's measurement is called, and the figure in its result.
TIME, MEMORY = ("decode", "wall"), ("memory", "bytes")

ROWS = [
    Row("decoding, time", *TIME, OURS, OFFICIAL, 0.8),
    Row("decoding, time", *TIME, FAST, OFFICIAL, 0.8),
    Row("decoding, time", *TIME, OURS, PYDANTIC),
    Row("decoding, time", *TIME, FAST, PYDANTIC),
    Row("memory", *MEMORY, OURS, OFFICIAL, 0.35),
    Row("memory", *MEMORY, FAST, OFFICIAL, 0.35),
]


class Growth(NamedTuple):
    """What answers of one size cost a contender: seconds, round by round, and bytes of one that is kept."""

    contender: Contender
    rows: int
    seconds: list[float]
    size: float


def answer(start: date, rows: int, seed: int) -> bytes:
    """An answer of so many rows: 50 of 90 models a day, some of them free variants, and ``other``."""
    chance = random.Random(seed)  # noqa: S311 - invented figures, the same in each run
    models = [f"vendor{i % 9}/model-{i}-2025-05-13{'' if i % 11 else ':free'}" for i in range(90)]
    days = -(-rows // ROWS_A_DAY)
    data = [row for day in range(days) for row in _rows_of(start + timedelta(days=day), models, chance)]
    meta = {
        "as_of": "2032-01-01T00:00:00.000Z",
        "version": "v1",
        "start_date": start.isoformat(),
        "end_date": (start + timedelta(days=days - 1)).isoformat(),
    }
    return json.dumps({"data": data[:rows], "meta": meta}, separators=(",", ":")).encode()


def _rows_of(day: date, models: list[str], chance: random.Random) -> Iterator[dict[str, str]]:
    tokens = sorted((chance.randrange(10**8, 4 * 10**11) for _ in range(MODELS_A_DAY)), reverse=True)
    listed = zip(chance.sample(models, MODELS_A_DAY), tokens, strict=True)
    for model, count in (*listed, ("other", chance.randrange(10**10, 10**12))):
        yield {"date": day.isoformat(), "model_permaslug": model, "total_tokens": str(count)}


def compared(folder: Path, rounds: int) -> Results:
    """Results of two years, in two answers as the service gives them."""
    path = folder / "two-years"
    starts = (FIRST_DAY, FIRST_DAY + timedelta(days=YEAR))
    path.write_bytes(b"\n".join(answer(start, YEAR * ROWS_A_DAY, seed) for seed, start in enumerate(starts)))

    def once(measure: str, count: int, each: Contender) -> Result:
        return run_worker(each.environment, each.script, measure, path, count)

    results: Results = {}
    for (measure, _), runs, count in ((TIME, rounds, 5), (MEMORY, 1, 2)):
        found = interleaved(tuple(NAMES), runs, partial(once, measure, count))
        results |= {(measure, contender): figures for contender, figures in found.items()}
    return results


def growth(folder: Path, contender: Contender, rounds: int) -> Iterator[Growth]:
    """What answers of each size cost, each round through all sizes."""
    paths = {rows: folder / f"{rows}-rows" for rows in SIZES}
    seconds: dict[int, list[float]] = {rows: [] for rows in SIZES}
    for rows, path in paths.items():
        path.write_bytes(answer(FIRST_DAY, rows, seed=rows))
    for _ in range(rounds):
        for rows, count in SIZES.items():
            seconds[rows].append(_figure(contender, TIME, paths[rows], count))
    for rows in SIZES:
        yield Growth(contender, rows, seconds[rows], _figure(contender, MEMORY, paths[rows], 2))


def _figure(contender: Contender, what: tuple[str, str], path: Path, count: int) -> float:
    measure, field = what
    figure = run_worker(contender.environment, contender.script, measure, path, count)[field]
    assert figure is not None
    return figure


def comparison_table(results: Results) -> Iterator[str]:
    """The ratios as a Markdown table."""
    yield "| what | of | to | ratio: median (min-max) | medians | goal | met |"
    yield "|---|---|---|---|---|---|---|"
    for row in ROWS:
        ratios = row.ratios(results)
        ratio = f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        figures = " / ".join(_shown(row, median(row.costs(results, each))) for each in (row.contender, row.other))
        cells = (row.title, NAMES[row.contender], NAMES[row.other], ratio, figures, *row.verdict(median(ratios)))
        yield f"| {' | '.join(cells)} |"


def _shown(row: Row, cost: float) -> str:
    return f"{cost * 1e3:.3g} ms" if row.field == "wall" else f"{cost / ROWS_OF_TWO_YEARS:.0f} B a row"


def growth_table(grown: list[Growth]) -> Iterator[str]:
    """The costs by size as a Markdown table."""
    yield "| rows in one answer | of | decoding: median (min-max) | a row | memory of a row |"
    yield "|---|---|---|---|---|"
    for each in grown:
        middle, least, most = (figure(each.seconds) * 1e3 for figure in (median, min, max))
        a_row = f"{middle / each.rows * 1e3:.2f} us"
        time = f"{middle:.3g} ms ({least:.3g}-{most:.3g})"
        yield f"| {each.rows:,} | {NAMES[each.contender]} | {time} | {a_row} | {each.size / each.rows:.0f} B |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a short run, for a first impression")
    rounds = 3 if parser.parse_args().quick else 9
    install()
    with tempfile.TemporaryDirectory() as folder:
        results = compared(Path(folder), rounds)
        grown = [each for contender in (OURS, FAST) for each in growth(Path(folder), contender, rounds)]
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{ROWS_OF_TWO_YEARS:,} rows in two answers, {rounds} rounds.\n"
    )
    print("\n".join([*comparison_table(results), "", *growth_table(grown)]))


if __name__ == "__main__":
    main()
