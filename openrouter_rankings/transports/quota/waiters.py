"""The callers of one client who want a slot for one key."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from openrouter_rankings.clock import Clock
from openrouter_rankings.messages import Request
from openrouter_rankings.transports.quota.ledger import Slot, next_slot

__all__ = ["Refusal", "Waiter", "WaiterQueue"]


class Waiter:
    """A caller who wants a slot.

    Attributes:
        request: what the slot is for.
        arrived: when the caller came, on the monotonic clock.
        turn: done when the caller is the head of the queue. Its exception is the refusal of a caller behind the head.
        is_announced: whether an event has said that the caller waits.
    """

    __slots__ = ("arrived", "is_announced", "request", "turn")

    def __init__(self, request: Request, arrived: float, turn: asyncio.Future[None]) -> None:
        self.request: Request = request
        self.arrived: float = arrived
        self.turn: asyncio.Future[None] = turn
        self.is_announced: bool = False


Refusal = Callable[[Waiter, Slot], Exception | None]
"""Why a waiter must not wait for a slot; None if it may."""


class WaiterQueue:
    """A FIFO queue. Its head asks the store for a slot, and sleeps until there is one; the others wait for their turn.

    Once the head has to sleep, the slots of all are planned, and those who must not wait for theirs are refused at
    once. So the queue is never longer than the number of slots within ``max_wait``, or within the day.

    Args:
        clock: the time to sleep in.
        refusal: who must not wait for which slot.
    """

    def __init__(self, clock: Clock, refusal: Refusal) -> None:
        self._clock = clock
        self._refusal = refusal
        self._waiters: deque[Waiter] = deque()
        self._plan: _Plan | None = None
        self._is_outdated = False
        self._sleep: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiters)

    def join(self, request: Request) -> Waiter:
        """Queue up. Raises the refusal of a waiter who must not wait for its slot, as far as that is planned."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = Waiter(request, self._clock.monotonic(), turn)
        if self._plan is not None:
            if self._is_outdated:
                self._assign_all(self._plan.restarted())
            refusal = self._assign(waiter, self._plan)
            if refusal is not None:
                raise refusal
        self._waiters.append(waiter)
        self._call_head()
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """Make room for the next: ``waiter`` has its slot, or wants none any more."""
        if self._waiters and self._waiters[0] is waiter:
            self._waiters.popleft()
        elif waiter in self._waiters:
            self._waiters.remove(waiter)
            # Those behind it move up.
            self._is_outdated = True
        self._call_head()

    async def sleep(self, slot: Slot) -> None:
        """Wait as the head for ``slot``, which the store gave, or until ``wake``.

        Raises the refusal of the head; others who are refused get theirs at the same time.
        """
        refusal = self._assign_all(_Plan(slot, self._clock.monotonic()))
        if refusal is not None:
            raise refusal
        # A task of its own can be cancelled without its caller.
        async with asyncio.TaskGroup() as group:
            self._sleep = group.create_task(self._clock.sleep(slot.wait))

    def wake(self) -> None:
        """Let the head ask the store again."""
        if self._sleep is not None:
            self._sleep.cancel()

    def refuse_all(self, refusal: Callable[[], Exception]) -> None:
        """Refuse all but the head, each with an exception of its own."""
        while len(self._waiters) > 1:
            _refuse(self._waiters.pop(), refusal())

    def _call_head(self) -> None:
        if self._waiters and not self._waiters[0].turn.done():
            self._waiters[0].turn.set_result(None)

    def _assign_all(self, plan: _Plan) -> Exception | None:
        """Plan a slot for each waiter, and refuse those who must not wait for theirs. Returns the head's refusal."""
        self._plan, self._is_outdated = plan, False
        head, *others = self._waiters
        refused = self._assign(head, plan)
        self._waiters = deque([head])
        for waiter in others:
            refusal = self._assign(waiter, plan)
            if refusal is None:
                self._waiters.append(waiter)
            else:
                _refuse(waiter, refusal)
        return refused

    def _assign(self, waiter: Waiter, plan: _Plan) -> Exception | None:
        slot = plan.next_slot(self._clock.monotonic())
        refusal = self._refusal(waiter, slot)
        if refusal is None:
            plan.sent.append(slot.at)
        return refusal


class _Plan:
    """The slots to come.

    Args:
        answer: the store's, that there was no slot yet.
        made_at: when it came, on the monotonic clock.
    """

    def __init__(self, answer: Slot, made_at: float) -> None:
        self.answer = answer
        self.made_at = made_at
        # The requests that were sent, and those that will be.
        self.sent = list(answer.ledger.sent)

    def restarted(self) -> _Plan:
        """The plan in which nobody waits."""
        return _Plan(self.answer, self.made_at)

    def next_slot(self, monotonic: float) -> Slot:
        """The slot of the next waiter."""
        now = self.answer.now + monotonic - self.made_at
        ledger, limits = self.answer.ledger, self.answer.limits
        return Slot(now, *next_slot(self.sent, ledger.blocked_until, now, limits), ledger, limits)


def _refuse(waiter: Waiter, refusal: Exception) -> None:
    # One that was cancelled is done already, and leaves by itself.
    if not waiter.turn.done():
        waiter.turn.set_exception(refusal)
