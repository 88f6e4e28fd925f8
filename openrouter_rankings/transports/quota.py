"""The transport that keeps to the service's limits: so many requests a minute and a day with one key."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import attrs

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.retry_after import requested_wait
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.quota_ledger import Ledger, Limits, Place, close_gate
from openrouter_rankings.transports.quota_stores import open_store
from openrouter_rankings.transports.store_location import StoreSetting, key_hash, store_location

__all__ = ["Quota", "QuotaStatus", "QuotaTransport", "QuotaWindow"]

# Seconds that a 429 closes the gate for if it does not say. The three retries of a call then outlast any minute.
_DEFAULT_CLOSURE = 20.0

Validator = Callable[[object, "attrs.Attribute[Any]", Any], None]


def _check_count(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number of at least 1, not {value!r}.")


def _number(minimum: float, maximum: float) -> Validator:
    def check(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not (isinstance(value, (int, float)) and minimum <= value <= maximum):
            raise ConfigurationError(
                f"{attribute.name} must be a number from {minimum:g} to {maximum:g}, not {value!r}."
            )

    return check


def _check_store(_: object, __: attrs.Attribute[Any], value: Any) -> None:
    store_location(value)


@attrs.frozen(kw_only=True)
class Quota:
    """How many requests may be sent with one key, and where they are counted.

    Each window slides: the limit holds for any 60 s and any 24 h, whenever they begin. What counts is the sending,
    whatever comes back, and retries count too.

    Attributes:
        per_minute: requests in a minute.
        per_day: requests in a day. The service counts the day for the account: give each of several keys of one account
            its part.
        store: where to count. None: in this process. A path: in a SQLite file, for the processes of one machine and
            across restarts. ``redis://...``: in a Redis server, for several machines.
        margin: seconds by which both windows are counted longer than they are. The service counts when a request
            arrives, so this is how much longer one may be under way than another.
        max_wait: seconds that a call may wait for its place, and the margin on top, so that 60 s are enough for the
            places of the next minute. 0 never waits, ``math.inf`` always. A longer wait is not begun.
        fallback_fraction: the part of both limits, above 0 and up to 1, that each process keeps to on its own while the
            Redis server is unreachable. One over the number of processes is safe.
    """

    per_minute: int = attrs.field(default=30, validator=_check_count)
    per_day: int = attrs.field(default=500, validator=_check_count)
    # Its URL can hold a password.
    store: StoreSetting = attrs.field(default=None, validator=_check_store, repr=False)
    margin: float = attrs.field(default=2.0, validator=_number(0, 3600))
    max_wait: float = attrs.field(default=60.0, validator=_number(0, math.inf))
    fallback_fraction: float = attrs.field(default=0.25, validator=_number(0.001, 1))


@attrs.frozen
class QuotaWindow:
    """The requests of a minute, or of a day.

    Attributes:
        limit: how many may be sent.
        used: how many were sent within the window that ends now.
        frees_at: when there will be one place more than now (aware, UTC); None if none is used.
    """

    limit: int
    used: int
    frees_at: datetime | None

    @property
    def remaining(self) -> int:
        """How many may still be sent now."""
        return max(0, self.limit - self.used)


@attrs.frozen
class QuotaStatus:
    """What is used of a quota, and what remains.

    Attributes:
        minute: the requests of the last minute.
        day: the requests of the last day.
        closed_until: until when the service wants no request at all (aware, UTC); None if it has not said so.
        waiting: how many callers in this process wait for a place.
    """

    minute: QuotaWindow
    day: QuotaWindow
    closed_until: datetime | None
    waiting: int


@attrs.define(eq=False)
class _Line:
    """Those in this process who want a place for one key. The first of them asks the store; the others wait for it.

    Attributes:
        turn: held by the first. It is handed on in the order of arrival.
        length: how many they are.
        place: the store's latest answer, and the clock's time of it.
        sleep: the first one's wait.
    """

    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    length: int = 0
    place: tuple[Place, float] | None = None
    sleep: asyncio.Task[None] | None = None

    def wake(self) -> None:
        if self.sleep is not None:
            self.sleep.cancel()


class QuotaTransport:
    """Sends a request when the quota of its key has a place for it.

    Over the minute's limit a caller waits, first come first served among those of this process; several processes on
    one store meet as they come. To cancel the wait leaves the place to the next. A place is taken at the moment of
    sending, and stays taken whatever becomes of the request: nobody knows whether one that failed has arrived.

    An answer of 429 closes the gate to all callers with that key, until the time that the service says, or for 20 s.
    Then requests go out evenly spread for a minute, not all at once.

    Args:
        transport: what sends.
        quota: how many requests, and where they are counted.
        clock: the time to count and to wait in; the system's if not given.

    Raises:
        ConfigurationError: the store needs a package that is not installed, or its URL cannot be read.
    """

    def __init__(self, transport: Transport, quota: Quota | None = None, *, clock: Clock | None = None) -> None:
        self._transport = transport
        self._quota = quota or Quota()
        self._clock = clock or SystemClock()
        self._store = open_store(
            store_location(self._quota.store),
            Limits(self._quota.per_minute, self._quota.per_day, self._quota.margin),
            self._clock,
            self._quota.fallback_fraction,
        )
        self._patience = self._quota.max_wait + self._quota.margin if self._quota.max_wait else 0.0
        self._lines: defaultdict[str, _Line] = defaultdict(_Line)
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Wait for a place, send ``request`` and return the response.

        Raises:
            QuotaExceededError: the day's budget is spent, or a place comes only after ``max_wait``; nothing was sent.
            ConfigurationError: the store cannot be used; nothing was sent.
            TransportError: no whole answer arrived.
        """
        key = key_hash(request)
        await self._acquire(key)
        response = await self._transport.send(request)
        if response.status == 429 and not self._closed:
            await self._close_gate(key, response)
        return response

    async def status(self, key: Request | str) -> QuotaStatus:
        """What is used of the quota of a key, without sending anything.

        Args:
            key: a request with the key, or the ``key_hash`` of one.

        Raises:
            ConfigurationError: the store cannot be used.
        """
        name = key_hash(key) if isinstance(key, Request) else key
        self._check_open()
        status = await self._store.update(name, partial(_status, wall_clock=self._clock))
        return attrs.evolve(status, waiting=self._lines[name].length)

    def has_place(self, request: Request) -> bool:
        """Whether, as far as this process knows, ``request`` could be sent now and nobody waits before it."""
        line = self._lines[key_hash(request)]
        if line.length or line.place is None:
            return not line.length
        place, asked = line.place
        return place.after(0, self._clock.monotonic() - asked).wait <= 0

    async def aclose(self) -> None:
        """Send those who wait away, close the store and the transport. Repeating it does nothing."""
        self._closed = True
        for line in self._lines.values():
            line.wake()
        await self._store.aclose()
        await self._transport.aclose()

    async def _acquire(self, key: str) -> None:
        line = self._lines[key]
        arrived = self._clock.monotonic()
        if line.length and line.place:
            place, asked = line.place
            self._refuse_if_late(place.after(line.length, arrived - asked), 0.0)
        line.length += 1
        try:
            async with line.turn:
                while not await self._take(key, line, arrived):
                    pass
        finally:
            line.length -= 1

    async def _take(self, key: str, line: _Line, arrived: float) -> bool:
        self._check_open()
        place = await self._store.take(key)
        now = self._clock.monotonic()
        line.place = (place, now)
        if place.wait <= 0:
            return True
        # Meanwhile it may have been closed, which wakes only those who sleep already.
        self._check_open()
        self._refuse_if_late(place, now - arrived)
        # A task, so that a 429 or the end of the transport can wake it.
        async with asyncio.TaskGroup() as group:
            line.sleep = group.create_task(self._clock.sleep(place.wait))
        return False

    def _refuse_if_late(self, place: Place, waited: float) -> None:
        if not place.of_the_day and waited + place.wait <= self._patience:
            return
        retry_at = _instant(self._clock, place.wait)
        when = f"{retry_at:%Y-%m-%d %H:%M:%S} UTC"
        if place.of_the_day:
            reason = f"The day's budget of {place.limits.per_day} requests is spent"
        elif place.ledger.gate > place.now:
            reason = f"The service wants no requests now, and max_wait is {self._quota.max_wait:g} s"
        else:
            reason = (
                f"More callers wait than {place.limits.per_minute} requests a minute can serve within max_wait, "
                f"{self._quota.max_wait:g} s"
            )
        raise QuotaExceededError(f"{reason}; nothing was sent. The next request can go at {when}.", retry_at=retry_at)

    async def _close_gate(self, key: str, response: Response) -> None:
        asked = requested_wait(response, self._clock.time())
        seconds = _DEFAULT_CLOSURE if asked is None else asked
        await self._store.update(key, partial(close_gate, seconds=seconds))
        # Whoever's place is now too late is told at once.
        self._lines[key].wake()

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigurationError("This transport is closed: open a new one.")


def _status(ledger: Ledger, now: float, limits: Limits, *, wall_clock: Clock) -> QuotaStatus:
    def window(limit: int, seconds: float) -> QuotaWindow:
        sent = [at for at in ledger.sent if at > now - seconds]
        next_free = sent[max(0, len(sent) - limit)] + seconds - now if sent else None
        return QuotaWindow(limit, len(sent), None if next_free is None else _instant(wall_clock, next_free))

    return QuotaStatus(
        minute=window(limits.per_minute, limits.minute),
        day=window(limits.per_day, limits.day),
        closed_until=_instant(wall_clock, ledger.gate - now) if ledger.gate > now else None,
        waiting=0,
    )


def _instant(clock: Clock, seconds: float) -> datetime:
    # Rounded up, so that who comes at that instant does not come too early.
    return datetime.fromtimestamp(math.ceil((clock.time() + seconds) * 1000) / 1000, UTC)
