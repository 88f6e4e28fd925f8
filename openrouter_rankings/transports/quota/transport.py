"""The service's limits as a transport: so many requests a minute and a day with one key."""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from typing import TYPE_CHECKING

import attrs

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError, StoreError
from openrouter_rankings.log import logger
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.retry_after import requested_wait
from openrouter_rankings.transports.deadline import deadline_of, latest_start
from openrouter_rankings.transports.home_loop import HomeLoop
from openrouter_rankings.transports.identity import key_hash, origin
from openrouter_rankings.transports.outcome import twin
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.quota.ledger import Slot, block, forget
from openrouter_rankings.transports.quota.ledger_store import LedgerStore
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.quota.waiters import Waiter, WaiterQueue

if TYPE_CHECKING:
    from openrouter_rankings.transports.quota.status import QuotaStatus

__all__ = ["QuotaTransport", "ledger_key"]

# Seconds that a 429 blocks for if it does not say. The three retries of a call then outlast any minute.
_DEFAULT_BLOCK = 20.0

# Seconds beyond max_wait that pass in the store, and between its clock and ours.
_LEEWAY = 0.5


class QuotaTransport:
    """Sends a request when the quota of its key and service has a slot for it.

    Over the minute's limit a caller waits, in the order of arrival among those of this client; between clients on one
    store there is no order. A caller who is cancelled leaves the slot to the next. The slot is acquired at the moment
    of sending, and stays used if the request fails, since a request that failed may have arrived.

    A 429 blocks all requests with that key, until the time that the service says, or for 20 s. Then requests go out
    evenly spread for a minute, not all at once.

    A request in the background (see ``Request.extensions``) never waits, and never goes before a caller who does.

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
        self._ledgers = LedgerStore(self._quota, self._clock)
        self._queues: dict[str, WaiterQueue] = {}
        self._home = HomeLoop()
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Wait for a slot, send ``request`` and return the response.

        Raises:
            QuotaExceededError: the day's budget is spent, or a slot comes only after ``max_wait`` or the call's
                deadline; nothing was sent.
            StoreError: the store cannot be used; nothing was sent.
            ConfigurationError: the transport is closed, or used in a second event loop.
            TransportError: no whole answer arrived.
        """
        self._home.check()
        self._check_open()
        key = ledger_key(request)
        await self._acquire(key, request)
        response = await self._transport.send(request)
        if response.status == 429 and not self._closed:
            return await self._block(key, response)
        return response

    async def status(self, request: Request) -> QuotaStatus:
        """What is used of the quota of the key and service of ``request``, without sending anything.

        Raises:
            StoreError: the store cannot be used.
            ConfigurationError: the transport is closed, or used in a second event loop.
        """
        from openrouter_rankings.transports.quota.status import status_of

        self._home.check()
        self._check_open()
        key = ledger_key(request)
        status = await self._ledgers.update(key, partial(status_of, clock=self._clock))
        return attrs.evolve(status, waiting=len(self._queues.get(key, ())))

    async def reset(self, request: Request) -> None:
        """Forget what was sent with the key to the service of ``request``, and the pause that it asked for.

        That holds for every process on the store.

        Raises:
            StoreError: the store cannot be used.
            ConfigurationError: the transport is closed, or used in a second event loop.
        """
        self._home.check()
        self._check_open()
        await self._ledgers.update(ledger_key(request), forget)

    async def aclose(self) -> None:
        """Refuse the callers who wait, close the store and the transport. Repeating it does nothing."""
        self._closed = True
        for queue in self._queues.values():
            queue.refuse_all(_closed_error)
            queue.wake()
        try:
            await self._ledgers.aclose()
        finally:
            await self._transport.aclose()

    async def _acquire(self, key: str, request: Request) -> None:
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = WaiterQueue(self._clock, self._refusal)
        waiter = queue.join(request)
        try:
            await waiter.turn
            slot = await self._acquire_as_head(key, queue)
        finally:
            queue.leave(waiter)
            if not queue and self._queues.get(key) is queue:
                del self._queues[key]
        if "on_event" in request.extensions:
            _notify_acquired(request, slot)

    async def _acquire_as_head(self, key: str, queue: WaiterQueue) -> Slot:
        while True:
            # Closing wakes only a head that sleeps already.
            self._check_open()
            try:
                slot = await self._ledgers.acquire(key)
            except StoreError as error:
                # Each would wait for the store's failure after the other.
                queue.refuse_all(partial(twin, error))
                raise
            if slot.wait <= 0:
                return slot
            self._check_open()
            await queue.sleep(slot)

    def _refusal(self, waiter: Waiter, slot: Slot) -> QuotaExceededError | None:
        reason = _reason(waiter, slot, self._quota, self._clock.monotonic())
        if "on_event" in waiter.request.extensions:
            _notify(waiter, slot, is_refused=reason is not None)
        if reason is None:
            return None
        from openrouter_rankings.transports.quota.status import instant

        retry_at = instant(self._clock, slot.wait)
        return QuotaExceededError(
            f"{reason}; nothing was sent. The next request can go at {retry_at:%Y-%m-%d %H:%M:%S} UTC.",
            retry_at=retry_at,
            retry_after=slot.wait,
        )

    async def _block(self, key: str, response: Response) -> Response:
        asked = requested_wait(response, self._clock.time())
        seconds = _DEFAULT_BLOCK if asked is None else asked
        try:
            await self._ledgers.update(key, partial(block, seconds=seconds))
        except StoreError as error:
            # The answer matters more to its caller; the next request meets the store's failure by itself.
            logger.warning("The quota could not note that the service wants a pause: %s", error)
        finally:
            # Those whose slot is too late now are refused immediately.
            if key in self._queues:
                self._queues[key].wake()
        return response.extended(blocked_for=seconds)

    def _check_open(self) -> None:
        if self._closed:
            raise _closed_error()


def _notify(waiter: Waiter, slot: Slot, *, is_refused: bool) -> None:
    from openrouter_rankings.events import QuotaRefused, QuotaWaited, about, notify

    if is_refused:
        background = bool(waiter.request.extensions.get("background"))
        notify(waiter.request, QuotaRefused(**about(waiter.request), retry_after=slot.wait, background=background))
    elif slot.wait > 0 and not waiter.is_announced:
        waiter.is_announced = True
        notify(waiter.request, QuotaWaited(**about(waiter.request), wait=slot.wait))


def _notify_acquired(request: Request, slot: Slot) -> None:
    from openrouter_rankings.events import QuotaAcquired, about, notify

    sent, limits = slot.ledger.sent, slot.limits
    in_minute, in_day = (len(sent) - bisect_right(sent, slot.now - seconds) for seconds in (limits.minute, limits.day))
    acquired = QuotaAcquired(
        **about(request),
        minute_remaining=max(0, limits.per_minute - in_minute),
        day_remaining=max(0, limits.per_day - in_day),
    )
    notify(request, acquired)


def _closed_error() -> ConfigurationError:
    return ConfigurationError("This transport is closed: open a new one.")


def ledger_key(request: Request) -> str:
    """The key in the store under which the requests to this service with this API key are counted."""
    return f"quota:{origin(request.url)}:{key_hash(request)}"


def _reason(waiter: Waiter, slot: Slot, quota: Quota, now: float) -> str | None:
    """Why ``waiter`` must not wait for ``slot``; None if it may, or need not wait."""
    if slot.of_the_day:
        return f"The day's budget of {slot.limits.per_day} requests is spent"
    if slot.wait <= 0:
        return None
    if waiter.request.extensions.get("background"):
        return "There is no slot now, and a request in the background does not wait for one"
    if now + slot.wait > latest_start(waiter.request):
        deadline = deadline_of(waiter.request)
        is_deadline = deadline is not None and now + slot.wait > deadline.at
        return (
            f"The next slot comes after {'the deadline of the call' if is_deadline else 'max_elapsed of the retries'}"
        )
    patience = quota.max_wait + quota.margin + _LEEWAY if quota.max_wait else 0.0
    if now - waiter.arrived + slot.wait <= patience:
        return None
    if slot.ledger.blocked_until > slot.now:
        return f"The service wants no requests now, and max_wait is {quota.max_wait:g} s"
    return (
        f"More callers wait than {slot.limits.per_minute} requests a minute can serve within max_wait, "
        f"{quota.max_wait:g} s"
    )
