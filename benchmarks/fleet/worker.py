"""One process of a fleet: tasks that ask all the time; prints what they saw as one line of JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import attrs

from benchmarks.fleet.service import made_at
from openrouter_rankings import CachePolicy, Quota, RankingsClient, RankingsError

KEY = "fleet"

# Seconds until the process ends at the latest, after the tasks have.
GRACE = 10.0


@attrs.frozen
class Job:
    """What a process of the fleet is to do.

    Attributes:
        base_url: the service.
        store: where quota and cache are kept.
        cached: whether there is a cache at all.
        clients: how many clients share the tasks.
        tasks: how many tasks ask.
        every: seconds between two look-ups of a task, about.
        begin: when to begin, in epoch seconds.
        seconds: for how long the tasks ask.
    """

    base_url: str
    store: str
    cached: bool
    clients: int
    tasks: int
    every: float
    begin: float
    seconds: float


@attrs.define
class Sight:
    """What the tasks of a process saw.

    Attributes:
        ages: the age in seconds that the client told of each answer.
        errors: how many errors of each class reached a task.
        messages: one message of each class.
        longest: the longest that a task waited for its answer or error, in seconds.
        waiting: tasks that waited for an answer at the end.
        misjudged: the most seconds between an age that was told and the true one.
    """

    ages: list[float] = attrs.field(factory=list)
    errors: Counter[str] = attrs.field(factory=Counter)
    messages: dict[str, str] = attrs.field(factory=dict)
    longest: float = 0.0
    waiting: int = 0
    misjudged: float = 0.0

    async def look_up(self, client: RankingsClient, cached: bool) -> None:
        """Ask once and note what comes."""
        asked = time.monotonic()
        self.waiting += 1
        try:
            answer = await client.get_task_classifications()
        except RankingsError as error:
            self.errors[type(error).__name__] += 1
            self.messages[type(error).__name__] = str(error)
        else:
            age = time.time() - made_at(answer)
            told = client.provenance(answer).age if cached else age
            self.ages.append(told)
            self.misjudged = max(self.misjudged, abs(told - age))
        self.waiting -= 1
        self.longest = max(self.longest, time.monotonic() - asked)


async def run(job: Job) -> Sight:
    """Let the tasks ask until their time is over, then cancel those who wait."""
    sight = Sight()
    cache = CachePolicy(store=job.store) if job.cached else None
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                RankingsClient(KEY, base_url=job.base_url, quota=Quota(store=job.store), cache=cache)
            )
            for _ in range(job.clients)
        ]
        await asyncio.sleep(max(0.0, job.begin - time.time()))
        tasks = [
            asyncio.create_task(
                _ask(clients[number % job.clients], job, sight, random.Random(number))  # noqa: S311 - no secret
            )
            for number in range(job.tasks)
        ]
        await asyncio.sleep(job.seconds)
        waiting = sight.waiting
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        sight.waiting = waiting
    for problem in ended:
        if isinstance(problem, Exception):
            raise problem
    return sight


async def _ask(client: RankingsClient, job: Job, sight: Sight, chance: random.Random) -> None:
    while True:
        await sight.look_up(client, job.cached)
        await asyncio.sleep(job.every * chance.uniform(0.5, 1.5))


def main() -> None:
    logging.getLogger("openrouter_rankings").addHandler(logging.StreamHandler())
    fields: dict[str, Any] = json.loads(sys.argv[1])
    job = Job(**fields)
    sight = asyncio.run(asyncio.wait_for(run(job), job.begin + job.seconds + GRACE - time.time()))
    print(json.dumps(attrs.asdict(sight)))


if __name__ == "__main__":
    main()
