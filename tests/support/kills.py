"""A program that kills processes while they collect and import, and checks that nothing committed is lost.

    python kills.py LOCATION ROUNDS SEED

Each round forks a process that stores answers and says which are committed; it is killed (SIGKILL) at a random moment.
Then everything that was ever said to be committed must be in the archive, as it was stored.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import date
from pathlib import Path

from archived import DAY, ONE_DAY, morning_after, tasks

from openrouter_rankings import TaskClassifications
from openrouter_rankings.history import Archive, import_files, imports

_LONGEST_DELAY = 0.08
_FILES = 60


def day_of(number: int) -> date:
    return DAY + number % 3000 * ONE_DAY


def body_of(number: int) -> bytes:
    """The answer of a number: one for each, many of them revisions of the same date, some with the same content."""
    return tasks(day_of(number), number % 7 / 7, padding=number % 7 * "x" * 3000)


async def collect(location: str, first: int, commit: Callable[[int], None]) -> None:
    async with Archive(location) as archive:
        for number in range(first, first + 1_000_000):
            await archive.add(TaskClassifications, body_of(number), fetched_at=morning_after(day_of(number)))
            commit(number)


async def import_all(location: str, folder: Path, first: int, commit: Callable[[int], None]) -> None:
    committed = first

    def progress(done: int, _total: int) -> None:
        nonlocal committed
        while committed < first + done:
            commit(committed)
            committed += 1

    async with Archive(location) as archive:
        await import_files(archive, [folder], progress=progress)


def write_files(folder: Path, first: int) -> None:
    for number in range(first, first + _FILES):
        file = folder / f"{number:09}.json"
        file.write_bytes(body_of(number))
        at = morning_after(day_of(number)).timestamp()
        os.utime(file, (at, at))


def killed_while(work: Callable[[Callable[[int], None]], None], delay: float) -> list[int]:
    """Run ``work`` in another process, kill it ``delay`` seconds after its first commit, and return its commits."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(lambda number: void(os.write(writing, number.to_bytes(8, "big"))))
        finally:
            os._exit(0)
    os.close(writing)
    select.select([reading], [], [], 30)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    return [int.from_bytes(said[at : at + 8], "big") for at in range(0, len(said) - 7, 8)]


def void(_: object) -> None:
    """Forget a result."""


async def check(location: str, committed: set[int]) -> None:
    expected: dict[date, set[bytes]] = {}
    for number in committed:
        expected.setdefault(day_of(number), set()).add(body_of(number))
    async with Archive(location) as archive, aclosing(everything(archive)) as answers:
        async for day, body in answers:
            # What was stored and not yet said to be committed is welcome too.
            expected.get(day, set()).discard(body)
    lost = {day: len(bodies) for day, bodies in expected.items() if bodies}
    assert not lost, f"lost: {lost}"


async def everything(archive: Archive) -> AsyncGenerator[tuple[date, bytes]]:
    async for answer in archive.between(TaskClassifications, every_revision=True):
        yield answer.date, answer.body


def check_file(location: str) -> None:
    if not location.startswith("postgresql://"):
        connection = sqlite3.connect(location)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


def main(location: str, rounds: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret depends on it
    imports._ENTRIES_AT_ONCE = 5
    committed: set[int] = set()
    idle = 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(rounds):
            folder = Path(name) / str(number)
            folder.mkdir()
            first = number * 10_000
            if number % 2:
                write_files(folder, first)
                work = lambda commit: asyncio.run(import_all(location, folder, first, commit))  # noqa: B023, E731
            else:
                work = lambda commit: asyncio.run(collect(location, first, commit))  # noqa: B023, E731
            said = killed_while(work, rng.uniform(0, _LONGEST_DELAY))
            idle += not said
            committed.update(said)
            check_file(location)
            if number % 10 == 9 or number == rounds - 1:
                asyncio.run(check(location, committed))
    print(f"{rounds} kills, {len(committed)} answers committed, {idle} rounds without a commit")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
