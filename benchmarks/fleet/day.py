"""A fleet on one key, in virtual time: a day with an hour of outage and a burst of 429s. See benchmarks/README.md.

1,440,000 look-ups, for which the service allows 500 requests: by 100 workers who share one client and ask ten times a
minute each, or with ``--clients 1000`` by as many clients who share one store and ask once a minute each. The clients
with their retries, quotas and caches are real; the service is emulated with its real limits.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import random
import sys
import time
from array import array
from collections import Counter
from contextlib import AsyncExitStack
from enum import Enum

import attrs

from benchmarks.fleet.service import Span, TroubledService, made_at
from benchmarks.fleet.store import CountingStore
from benchmarks.report import show, spread, verdict
from openrouter_rankings import CachePolicy, Quota, RankingsClient, RankingsError
from openrouter_rankings.testing import FakeClock, FakeTransport

HOUR = 3600.0

# Seconds that the service takes.
DELAY = 0.125

# The service dates its answers to the second, and an answer is under way for a moment: it may be called older by so
# much, but no younger, save for rounding.
MOST_OVERSTATED = 1.0 + DELAY
MOST_UNDERSTATED = 0.001


class Period(Enum):
    """When an answer was given."""

    OUTSIDE = "outside the outage"
    OUTAGE = "within the outage"
    RECOVERY = "after it, before the first new answer"


@attrs.define
class Plan:
    """What is simulated: times in seconds from the start.

    Attributes:
        clients: how many clients there are; if more than one, they share one store.
        workers: how many ask, each with one of the clients.
        every: seconds between a worker's look-ups.
        step: seconds; workers ask at multiples of this. To move the clock costs as much as a look-up. A power of two
            adds up without rounding.
    """

    hours: float = 24.0
    clients: int = 1
    workers: int = 100
    every: float = 6.0
    step: float = 1 / 64
    outage_from: float = 11 * HOUR
    outage_seconds: float = HOUR
    burst_after: float = 12.5 * HOUR
    burst_seconds: float = 120.0
    seed: int = 0


@attrs.define
class Outcome:
    """What the fleet saw.

    Attributes:
        service: the service, with its counts.
        store: what the clients share; None if there is one client.
        ages: by period, the age that the client told of each answer.
        waits: by period, the seconds that each look-up took.
        refused: by class and message, the errors that reached a worker.
        understated: the most seconds by which an answer was older than the client told.
        overstated: the most seconds by which it was younger.
        unmarked: answers that the service calls stale, and the client did not.
    """

    service: TroubledService
    store: CountingStore | None = None
    ages: dict[Period, array[float]] = attrs.field(factory=lambda: {each: array("d") for each in Period})
    waits: dict[Period, array[float]] = attrs.field(factory=lambda: {each: array("d") for each in Period})
    refused: Counter[str] = attrs.field(factory=Counter)
    understated: float = 0.0
    overstated: float = 0.0
    unmarked: int = 0

    def period(self, now: float) -> Period:
        """The period of ``now``. After the outage it is known only once the service was asked again."""
        if now in self.service.outage:
            return Period.OUTAGE
        return Period.RECOVERY if self.service.outage.end <= now <= self.service.recovered_at else Period.OUTSIDE

    @property
    def oldest_outside(self) -> float:
        """The greatest age outside the outage, in seconds."""
        return max(self.ages[Period.OUTSIDE], default=0.0)

    @property
    def ages_are_right(self) -> bool:
        """No answer was told younger than it is, none much older, and each stale one was marked."""
        return self.understated <= MOST_UNDERSTATED and self.overstated <= MOST_OVERSTATED and not self.unmarked


async def simulate(plan: Plan) -> Outcome:
    """Run the fleet through ``plan``; nothing waits in reality."""
    clock = FakeClock()
    start = clock.time()
    store = None if plan.clients == 1 else CountingStore(clock)
    outcome = Outcome(
        TroubledService(
            outage=Span(start + plan.outage_from, start + plan.outage_from + plan.outage_seconds),
            burst_after=start + plan.burst_after,
            burst_seconds=plan.burst_seconds,
            delay=DELAY,
        ),
        store,
    )
    quota, cache = Quota(store=store), CachePolicy(store=store)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        wires = [FakeTransport(outcome.service, clock=clock) for _ in range(plan.clients)]
        clients = [RankingsClient("fleet", transport=wire, quota=quota, cache=cache) for wire in wires]
        for client in clients:
            stack.push_async_callback(client.aclose)
        for number in range(plan.workers):
            chance = random.Random(f"{plan.seed} {number}")  # noqa: S311 - no secret
            group.create_task(_work(clients[number % plan.clients], clock, chance, plan, outcome))
    return outcome


async def _work(client: RankingsClient, clock: FakeClock, chance: random.Random, plan: Plan, outcome: Outcome) -> None:
    """Ask at even intervals from a moment of the worker's own, and up to a third of one earlier or later than that."""
    most = int(plan.every / plan.step / 3)
    due = chance.randrange(int(plan.every / plan.step)) * plan.step
    while due < plan.hours * HOUR:
        await clock.sleep(max(0.0, due + chance.randint(-most, most) * plan.step - clock.monotonic()))
        await _look_up(client, clock, outcome)
        due += plan.every


async def _look_up(client: RankingsClient, clock: FakeClock, outcome: Outcome) -> None:
    asked = clock.time()
    try:
        answer = await client.get_task_classifications()
    except RankingsError as error:
        outcome.refused[f"{type(error).__name__}: {error}"] += 1
        return
    now = clock.time()
    told, age = client.provenance(answer), now - made_at(answer)
    period = outcome.period(now)
    outcome.ages[period].append(told.age)
    outcome.waits[period].append(now - asked)
    outcome.understated = max(outcome.understated, age - told.age)
    outcome.overstated = max(outcome.overstated, told.age - age)
    outcome.unmarked += age >= 60 and not told.stale


def report(plan: Plan, outcome: Outcome) -> bool:
    """Print the figures and whether each goal is met; whether all are."""
    service = outcome.service
    look_ups = sum(map(len, outcome.ages.values())) + outcome.refused.total()
    print(f"{plan.workers} workers with {plan.clients} clients of one key, {plan.hours:g} hours, {look_ups} look-ups")
    show("upstream requests", len(service.arrivals))
    show("of them, failed by the outage", service.failed)
    show("429s: injected / from our own pace", f"{service.refused_in_burst} / {service.refused_for_pace}")
    if outcome.store is not None:
        show("store operations a client and minute", f"{outcome.store.operations / plan.clients / plan.hours / 60:.2f}")
    show("refused callers", outcome.refused.total())
    for message, count in outcome.refused.most_common(5):
        show(f"  {count} times", message)
    for period in Period:
        show(f"age {period.value}", spread(outcome.ages[period]))
        show("  and the wait for it", spread(outcome.waits[period]))
    if service.recovered_at < math.inf:
        show("first new answer after the outage", f"{service.recovered_at - service.outage.end:.1f} s after its end")
    show("ages told too low / too high, at most", f"{outcome.understated:.2f} s / {outcome.overstated:.2f} s")
    goals = [
        verdict("at most 500 upstream requests in any 24 hours", service.most_in_a_day <= 500),
        verdict("no 429 from our own pace", service.refused_for_pace == 0),
        verdict("no caller refused", not outcome.refused),
        verdict("age under 6 minutes outside the outage", outcome.oldest_outside < 360),
        verdict("ages told as they are, stale answers marked", outcome.ages_are_right),
    ]
    return all(goals)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=24.0, help="virtual hours (24)")
    parser.add_argument("--clients", type=int, default=1, help="clients; more than one share a store (1)")
    parser.add_argument("--seed", type=int, default=0, help="of the workers' phases (0)")
    arguments = parser.parse_args()
    # The log of the retries during the outage would bury the figures.
    logging.getLogger("openrouter_rankings").setLevel(logging.ERROR)
    plan = Plan(hours=arguments.hours, seed=arguments.seed)
    if arguments.clients > 1:
        plan = attrs.evolve(plan, clients=arguments.clients, workers=arguments.clients, every=60.0, step=0.5)
    began = time.perf_counter()
    outcome = asyncio.run(simulate(plan))
    took = time.perf_counter() - began
    met = report(plan, outcome)
    print(f"  simulated in {took:.0f} s")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
