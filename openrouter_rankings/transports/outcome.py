"""How an exchange can end, and which ends are worth another attempt."""

from __future__ import annotations

import copy
from traceback import clear_frames
from types import TracebackType
from typing import TypeVar

from openrouter_rankings.errors import RankingsError, TransportError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.protocol import Transport

__all__ = ["Failure", "Outcome", "is_failure", "is_refusal", "outcome_of", "twin"]

E = TypeVar("E", bound=BaseException)

Outcome = Response | TransportError
"""A response of any status, or the reason why there is none."""


async def outcome_of(transport: Transport, request: Request) -> Outcome:
    """How the exchange ends, a ``TransportError`` included."""
    try:
        return await transport.send(request)
    except TransportError as error:
        return error


def is_failure(outcome: Outcome) -> bool:
    """Whether another attempt may end better: no response, a 429, or a 5XX other than 501 (Not Implemented)."""
    if isinstance(outcome, TransportError):
        return True
    return outcome.status == 429 or (500 <= outcome.status <= 599 and outcome.status != 501)


def is_refusal(response: Response) -> bool:
    """Whether the service refuses the request as it is, and will again: a 4XX other than 429, or a 501."""
    return response.status >= 400 and not is_failure(response)


class Failure:
    """An error for several callers.

    One exception object raised to many would share its traceback, notes and metadata among their handlers, so each of
    them gets a copy of its own.
    """

    __slots__ = ("_original", "_traceback")

    def __init__(self, original: BaseException, traceback: TracebackType | None) -> None:
        self._original = original
        self._traceback = traceback

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure that ``error`` stands for, whatever its first handler does to it."""
        if not isinstance(error, RankingsError):
            # Of a bug, the traceback is what matters.
            return cls(error, error.__traceback__)
        # A traceback keeps its frames alive, and with them what was received of a body.
        clear_frames(error.__traceback__)
        if error.__cause__ is not None:
            clear_frames(error.__cause__.__traceback__)
        return cls(twin(error), None)

    def is_a(self, kind: type[BaseException]) -> bool:
        """Whether the error is of this class."""
        return isinstance(self._original, kind)

    @property
    def error(self) -> BaseException:
        """The error for one more caller."""
        return twin(self._original).with_traceback(self._traceback)


def twin(error: E) -> E:
    """``error`` for one more caller: an exception of its own, with a cause of its own, and no traceback yet."""
    if not isinstance(error, RankingsError):
        # A bug on its way up, which may not survive copying.
        return error
    try:
        twin = copy.deepcopy(error)
    except Exception:  # noqa: BLE001 - what a user's own error holds may not be copyable, and any class can refuse it
        return error
    twin.__cause__ = _copied_cause(error)
    return twin


def _copied_cause(error: BaseException) -> BaseException | None:
    """The cause of ``error`` as an exception of its own, to which its handler may add notes."""
    cause = error.__cause__
    if cause is None:
        return None
    try:
        twin = copy.copy(cause)
    except Exception:  # noqa: BLE001 - as above, a cause of any class can refuse to be copied
        return cause
    if hasattr(cause, "__notes__"):
        twin.__notes__ = list(cause.__notes__)
    twin.__cause__ = _copied_cause(cause)
    twin.__context__, twin.__suppress_context__ = cause.__context__, cause.__suppress_context__
    return twin.with_traceback(cause.__traceback__)
