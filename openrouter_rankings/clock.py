"""Time as an input: the protocol, the system clock, and a fake clock for tests."""

from __future__ import annotations

import asyncio
import heapq
import math
import threading
import time
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "FakeClock", "SystemClock", "can_be_added", "real_work"]

_MOST_SECONDS = 10**12


class Clock(Protocol):
    """Tells the time and waits."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary instant; never decreases."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``; cancellable."""
        ...


class SystemClock:
    """The clock of this machine."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


# A task that was just woken may need some turns of the event loop until it sleeps again or ends; time stands still for
# that many turns, so that sleepers wake in the order of their deadlines.
_SETTLING_TURNS = 20

_START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """A clock for tests: time moves when a test advances it, and jumps to the next wake-up when all tasks sleep.

    No test waits in real time. Sleepers wake in the order of their wake-up times, however many tasks there are.
    ``sleeps`` lists the seconds of every ``sleep``, in the order of the calls. Threads may share a clock, such as that
    of a test and that of a server, each with an event loop of its own.
    """

    def __init__(self, start: datetime = _START) -> None:
        self.sleeps: list[float] = []
        self._start = start.timestamp()
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._begun = 0
        self._turning_on: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()
        self._real_work = 0
        self._lock = threading.Lock()

    def time(self) -> float:
        """Seconds since the epoch, UTC, as this clock has them."""
        return self._start + self._elapsed

    def monotonic(self) -> float:
        """Seconds since the start of this clock."""
        return self._elapsed

    def now(self) -> datetime:
        """The current time (aware, in UTC)."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move time forward by ``seconds``, and wake the sleepers that are due."""
        self._move_to(self._elapsed + seconds)

    async def sleep(self, seconds: float) -> None:
        """Return when the time has moved by ``seconds``.

        Raises:
            ValueError: ``seconds`` is not finite.
        """
        if not math.isfinite(seconds):
            raise ValueError(f"A sleep has a finite length, not {seconds!r}.")
        self.sleeps.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._begun += 1
            heapq.heappush(self._sleepers, (self._elapsed + seconds, self._begun, waiter))
            if loop not in self._turning_on:
                self._turning_on.add(loop)
                loop.call_soon(self._turn, loop, 0, self._begun)
        await waiter

    @contextmanager
    def standing_still(self) -> Generator[None]:
        """Keep time from moving by itself within the block: real work, of a thread or on a socket, takes none of it."""
        self._real_work += 1
        try:
            yield
        finally:
            self._real_work -= 1

    def _turn(self, loop: asyncio.AbstractEventLoop, quiet_turns: int, begun: int) -> None:
        with self._lock:
            while self._sleepers and not _is_waiting(self._sleepers[0][2]):
                heapq.heappop(self._sleepers)
            if not self._sleepers:
                self._turning_on.discard(loop)
                return
            next_at = self._sleepers[0][0]
        quiet_turns = quiet_turns + 1 if self._begun == begun and not self._real_work else 0
        if quiet_turns == _SETTLING_TURNS:
            self._move_to(next_at)
            quiet_turns = 0
        loop.call_soon(self._turn, loop, quiet_turns, self._begun)

    def _move_to(self, elapsed: float) -> None:
        due: list[asyncio.Future[None]] = []
        with self._lock:
            self._elapsed = max(self._elapsed, elapsed)
            while self._sleepers and self._sleepers[0][0] <= self._elapsed:
                due.append(heapq.heappop(self._sleepers)[2])
        for waiter in due:
            _wake(waiter)


def can_be_added(seconds: object) -> bool:
    """Whether ``seconds`` is a number that can be added to a time: an int can be beyond every float."""
    is_int = isinstance(seconds, int) and not isinstance(seconds, bool) and seconds <= _MOST_SECONDS
    return is_int or isinstance(seconds, float)


@contextmanager
def real_work(clock: Clock) -> Generator[None]:
    """Keep a ``FakeClock`` from moving by itself within the block; any other clock goes on."""
    if isinstance(clock, FakeClock):
        with clock.standing_still():
            yield
    else:
        yield


def _wake(waiter: asyncio.Future[None]) -> None:
    loop = waiter.get_loop()
    # No loop may be running here, and that of another thread may be closed meanwhile.
    with suppress(RuntimeError):
        if asyncio.get_running_loop() is loop:
            _end(waiter)
            return
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(_end, waiter)


def _end(waiter: asyncio.Future[None]) -> None:
    if _is_waiting(waiter):
        waiter.set_result(None)


def _is_waiting(waiter: asyncio.Future[None]) -> bool:
    # A loop that was closed while tasks slept in it wakes none of them.
    return not waiter.done() and not waiter.get_loop().is_closed()
