"""What an archive of ten thousand answers costs: its file, one more answer, a comparison and a trend.

See benchmarks/README.md. In CPU time of this process, which other programs on the machine change least.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import show, verdict
from openrouter_rankings import (
    Quota,
    RankingsClient,
    RankingsDaily,
    Request,
    Response,
    TaskClassifications,
)
from openrouter_rankings.analysis import compare, previous, trend, weekly_totals
from openrouter_rankings.clock import FakeClock
from openrouter_rankings.history import Archive, Outcome, task_history
from openrouter_rankings.history.data_sets import by_type
from openrouter_rankings.history.entry import prepare
from openrouter_rankings.testing import EmulatedAPI

ONE_DAY = timedelta(days=1)
LAST_DAY = date(2027, 1, 31)
AMPLE = Quota(per_minute=10**6, per_day=10**6)
SERVICE = "https://openrouter.ai/api/v1"
TASKS = f"{SERVICE}/classifications/task?window=7d"
BATCH = 100
TAG = "code:debugging"


class Service:
    """The emulated service on a clock, whose answers pass for real ones and have the length of real ones."""

    def __init__(self, clock: FakeClock) -> None:
        self._api = EmulatedAPI(per_minute=10**9, per_day=10**9)
        self._clock = clock
        self._made: dict[tuple[str, int], bytes] = {}

    async def send(self, request: Request) -> Response:
        return Response(200, {"Content-Type": "application/json"}, self.body(request.url, self._clock.time()))

    async def aclose(self) -> None:
        """There is nothing to close."""

    def body(self, url: str, now: float) -> bytes:
        """The answer of a day; made once, so that what it costs to make it can be left out."""
        day = int(now // 86400)
        if (url, day) not in self._made:
            self._made[url, day] = self._make(url, now)
        return self._made[url, day]

    def forget(self) -> None:
        self._made.clear()

    def _make(self, url: str, now: float) -> bytes:
        response = self._api.reply(Request("GET", url, {"Authorization": "Bearer k"}), now).response
        assert response.status == 200, response.body
        document = json.loads(response.body)
        del document["synthetic"]
        return json.dumps(document).encode()


def morning_after(day: date) -> datetime:
    return datetime.combine(day + ONE_DAY, clock_time(5), UTC)


async def cpu(call: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """Seconds of CPU time of all threads, and the result."""
    began = time.process_time()
    result = await call()
    return time.process_time() - began, result


async def fill(archive: Archive, service: Service, days: int) -> int:
    """Archive the tasks of each day before the last; the bytes that they had."""
    raw = 0
    for start in range(days, 0, -BATCH):
        entries = []
        for ago in range(start, max(0, start - BATCH), -1):
            at = morning_after(LAST_DAY - ago * ONE_DAY)
            body = service.body(TASKS, at.timestamp())
            raw += len(body)
            entries.append(prepare(by_type(TaskClassifications), body, {}, at))
        await archive.add_entries(entries)
        service.forget()
    return raw


async def one_more(archive: Archive, service: Service, clock: FakeClock, times: int) -> float:
    """The median CPU time of ``collect`` of one answer, without the time that the service takes to make it."""
    client = RankingsClient("k", transport=service, clock=clock, quota=AMPLE, cache=None, retry=None)

    async def collect() -> None:
        report = await archive.collect(client, [TaskClassifications])
        assert [each.outcome for each in report.answers] == [Outcome.NEW], report

    taken = []
    for _ in range(times):
        service.body(TASKS, clock.time())
        seconds, _ = await cpu(collect)
        taken.append(seconds)
        clock.advance(86400)
    await client.aclose()
    return median(taken)


async def diff(archive: Archive) -> object:
    dates = await archive.dates(TaskClassifications)
    before, after = previous(dates, dates[-1]), dates[-1]
    assert before is not None
    answers = [await archive.latest(TaskClassifications, until=day) for day in (before, after)]
    return compare(*[each.answer for each in answers if each is not None])


async def follow(archive: Archive) -> object:
    return trend([answer async for answer in task_history(archive, TAG)], tag=TAG)


async def fill_rankings(archive: Archive, service: Service, days: int) -> None:
    """Archive the daily rankings as they are when they are collected each day: from the first of a month on."""
    entries = []
    for day in reversed([LAST_DAY - n * ONE_DAY for n in range(days)]):
        asked = {"start_date": (day - 7 * ONE_DAY).replace(day=1), "end_date": day}
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        at = morning_after(day)
        body = service.body(f"{SERVICE}/datasets/rankings-daily?{query}", at.timestamp())
        entries.append(prepare(by_type(RankingsDaily), body, asked, at))
    await archive.add_entries(entries)


async def authors_by_week(archive: Archive, days: int) -> object:
    joined = await archive.rankings_daily(LAST_DAY - (days - 1) * ONE_DAY, LAST_DAY)
    assert joined is not None
    return weekly_totals(joined, of="author", top=10)


async def measure_tasks(folder: Path, count: int, times: int) -> list[bool]:
    path = folder / "tasks.sqlite3"
    clock = FakeClock(morning_after(LAST_DAY))
    service = Service(clock)
    async with Archive(path, clock=clock) as archive:
        raw = await fill(archive, service, count)
        size = path.stat().st_size
        more = await one_more(archive, service, clock, times)
        compared = min([(await cpu(lambda: diff(archive)))[0] for _ in range(3)])
        followed = min([(await cpu(lambda: follow(archive)))[0] for _ in range(3)])
    print(f"\n{count:,} answers of {raw / count:,.0f} bytes")
    show("file, of the raw bytes", f"{size / raw:.3f} ({size / 1e6:,.0f} MB)")
    show("collect of one more", f"{more * 1000:.1f} ms")
    show("diff of the newest and 28 days before", f"{compared * 1000:.1f} ms")
    show("trend of a task over all", f"{followed * 1000:.0f} ms")
    return [
        verdict("the file has at most 0.35 of the raw bytes", size <= 0.35 * raw),
        verdict("collect of one more takes under 10 ms", more < 0.010),
        verdict("diff takes under 1 s", compared < 1),
        verdict("trend takes under 1 s", followed < 1),
    ]


async def measure_rankings(folder: Path, days: int) -> list[bool]:
    path = folder / "rankings.sqlite3"
    service = Service(FakeClock(morning_after(LAST_DAY)))
    async with Archive(path) as archive:
        await fill_rankings(archive, service, days)
        taken = min([(await cpu(lambda: authors_by_week(archive, days)))[0] for _ in range(5)])
    print(f"\n{days} days of daily rankings, collected each day")
    show("joined, by author and week", f"{taken * 1000:.0f} ms")
    return [verdict("by author and week takes under 0.3 s", taken < 0.3)]


async def main(count: int, days: int, times: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        verdicts = [*await measure_tasks(folder, count, times), *await measure_rankings(folder, days)]
    raise SystemExit(not all(verdicts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a first impression: a tenth of it")
    quick = parser.parse_args().quick
    asyncio.run(main(count=1000 if quick else 10_000, days=73 if quick else 730, times=5 if quick else 21))
