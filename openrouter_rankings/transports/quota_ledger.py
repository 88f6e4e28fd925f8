"""What a quota counts, and the rule that allows the next request: pure functions of ledger, time and limits."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs

__all__ = ["Change", "Ledger", "Limits", "Place", "close_gate", "give_back", "next_place", "take"]

T = TypeVar("T")


@attrs.frozen
class Limits:
    """How many requests may be sent, and the seconds within which they are counted.

    Attributes:
        per_minute: the requests of a minute.
        per_day: the requests of a day.
        margin: seconds by which both windows are counted longer than they are.
    """

    per_minute: int
    per_day: int
    margin: float

    @property
    def minute(self) -> float:
        """Seconds of the minute, with the margin."""
        return 60.0 + self.margin

    @property
    def day(self) -> float:
        """Seconds of the day, with the margin."""
        return 86400.0 + self.margin

    @property
    def pace(self) -> float:
        """Seconds between two requests when the minute's requests are spread evenly."""
        return self.minute / self.per_minute

    def fraction(self, fraction: float) -> Limits:
        """These limits times ``fraction``, and at least one request each."""
        return Limits(max(1, int(self.per_minute * fraction)), max(1, int(self.per_day * fraction)), self.margin)


@attrs.define
class Ledger:
    """What was sent with one key.

    Attributes:
        sent: when each request of the last day was sent, ascending.
        gate: until when the service wants no request, or wanted none.
    """

    sent: list[float] = attrs.field(factory=list)
    gate: float = -math.inf

    def bring_to(self, now: float, day: float) -> None:
        """Forget what is older than ``day``, and call what the clock has fallen behind of "now"."""
        sent = self.sent
        if sent and sent[-1] > now:
            # The clock was set back. All of them were sent before this moment, so that to call them newer is safe.
            sent[:] = [min(at, now) for at in sent]
        if sent and sent[0] <= now - day:
            del sent[: bisect_right(sent, now - day)]

    def encode(self) -> bytes:
        gate = None if self.gate == -math.inf else self.gate
        return json.dumps({"gate": gate, "sent": self.sent}).encode()

    @classmethod
    def decode(cls, text: bytes | None) -> Ledger:
        """The ledger in ``text``; an empty one for None.

        Raises:
            ValueError: it is not what ``encode`` writes.
        """
        if text is None:
            return cls()
        document = json.loads(text)
        try:
            gate = document["gate"]
            return cls([float(at) for at in document["sent"]], -math.inf if gate is None else float(gate))
        except (KeyError, TypeError) as error:
            raise ValueError("It is no count of requests.") from error


def next_place(sent: Sequence[float], gate: float, now: float, limits: Limits) -> tuple[float, bool]:
    """When the next request may be sent, and whether it is the day's budget that it waits for.

    At most ``per_minute`` in any minute and ``per_day`` in any day, none before the gate opens, and in the first minute
    after that no two closer than the pace.
    """
    at = max(now, gate)
    if len(sent) >= limits.per_minute:
        at = max(at, sent[-limits.per_minute] + limits.minute)
    if sent and at < gate + limits.minute:
        at = max(at, sent[-1] + limits.pace)
    if len(sent) >= limits.per_day and sent[-limits.per_day] + limits.day > at:
        return sent[-limits.per_day] + limits.day, True
    return at, False


@attrs.frozen
class Place:
    """The answer to ``take``, in the time of the store.

    Attributes:
        now: the time of the answer.
        at: when the place is; it is taken if that is now.
        of_the_day: the day's budget is what it waits for.
        ledger: the key's ledger as it is now.
        limits: the limits that were applied.
    """

    now: float
    at: float
    of_the_day: bool
    ledger: Ledger
    limits: Limits

    @property
    def wait(self) -> float:
        """Seconds until the place is there; zero if it is taken."""
        return self.at - self.now

    def after(self, ahead: int, seconds: float) -> Place:
        """The place that is there ``seconds`` after this answer for one who comes after ``ahead`` others."""
        now = self.now + seconds
        sent = list(self.ledger.sent)
        for _ in range(ahead):
            sent.append(next_place(sent, self.ledger.gate, now, self.limits)[0])
        at, of_the_day = next_place(sent, self.ledger.gate, now, self.limits)
        return Place(now, at, of_the_day, self.ledger, self.limits)


Change = Callable[[Ledger, float, Limits], T]
"""Reads and changes a ledger, given the time of the store and the limits that apply."""


def take(ledger: Ledger, now: float, limits: Limits) -> Place:
    """Take a place if there is one now."""
    at, of_the_day = next_place(ledger.sent, ledger.gate, now, limits)
    if at <= now:
        ledger.sent.append(now)
    return Place(now, at, of_the_day, ledger, limits)


def give_back(ledger: Ledger, now: float, limits: Limits, *, at: float) -> None:
    """Free the place that was taken at ``at``."""
    if at in ledger.sent:
        ledger.sent.remove(at)


def close_gate(ledger: Ledger, now: float, limits: Limits, *, seconds: float) -> None:
    """Let nothing through for ``seconds``."""
    ledger.gate = max(ledger.gate, now + seconds)
