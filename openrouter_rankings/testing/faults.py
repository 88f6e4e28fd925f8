"""Faults to inject into the emulated service."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Headers, Response
from openrouter_rankings.testing.responses import bare_response
from openrouter_rankings.transports.fake import Reply

__all__ = ["Fault", "FaultScript"]


def _check_status(_fault: Fault, _attribute: attrs.Attribute[int | None], status: int | None) -> None:
    if status is not None and status not in range(200, 600):
        raise ConfigurationError(f"A fault's status must be an HTTP status from 200 to 599 or None, not {status!r}.")


def _check_not_negative(_fault: Fault, attribute: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None and not value >= 0:
        raise ConfigurationError(f"A fault's {attribute.name} must be zero or more, not {value!r}.")


@attrs.frozen
class Fault:
    """One fault of the service. Whatever it does not set stays as in the ordinary answer.

    Attributes:
        status: answer with this status (200 to 599) instead. From 400 on the body is then the service's error body,
            below it is empty, unless ``body`` is given. A 429 made this way has no ``Retry-After``, like some real
            ones; add it with ``headers``.
        headers: header fields to add or replace.
        body: the body to send instead, as bytes.
        delay: seconds before the first byte of the answer.
        cut_after: close the connection after this many bytes of the body.
        reset: reset the connection instead of answering.

    Raises:
        ConfigurationError: ``status`` is not an HTTP status in range, or ``delay`` or ``cut_after`` is negative.
    """

    status: int | None = attrs.field(default=None, validator=_check_status)
    headers: Headers = attrs.field(converter=Headers, default=Headers(()))
    body: bytes | None = None
    delay: float = attrs.field(default=0.0, validator=_check_not_negative)
    cut_after: int | None = attrs.field(default=None, validator=_check_not_negative)
    reset: bool = False

    def applied_to(self, ordinary: Response, now: float) -> Reply:
        """What the service does at ``now`` (epoch seconds) instead of giving the ordinary answer."""
        base = ordinary if self.status is None else bare_response(self.status, now)
        body = base.body if self.body is None else self.body
        response = Response(base.status, base.headers.merge(self.headers), body)
        return Reply(response, delay=self.delay, cut_after=self.cut_after, reset=self.reset)


Step = Fault | int | None
"""A step of a script: a fault; a status, short for ``Fault(status)``; or None for the ordinary answer."""


class FaultScript:
    """Faults in the order in which they are played, one per request. Its parts may be endless iterators."""

    def __init__(self) -> None:
        self._parts: deque[Iterator[Step]] = deque()

    def extend(self, steps: Iterable[Step]) -> None:
        """Add steps at the end."""
        self._parts.append(iter(steps))

    def next(self) -> Fault:
        """The next fault. For None, and after the end of the script, it is one that changes nothing.

        Raises:
            ConfigurationError: the next step is not a ``Fault``, a status or None.
        """
        step: Step = None
        while self._parts:
            try:
                step = next(self._parts[0])
                break
            except StopIteration:
                self._parts.popleft()
        return step if isinstance(step, Fault) else Fault(step)
