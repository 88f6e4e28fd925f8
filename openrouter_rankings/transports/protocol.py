"""The one interface of every layer between the client and the wire."""

from __future__ import annotations

from typing import Protocol

from openrouter_rankings.messages import Request, Response

__all__ = ["Transport"]


class Transport(Protocol):
    """Takes a request and gives the response: the network, a fake in memory, or a layer around another transport.

    An answer of any status is a ``Response``; what prevents a whole answer is a ``TransportError``. One transport
    serves any number of concurrent calls. A transport that keeps its own time, as a fake does, has it as the attribute
    ``clock``, and the client around it follows that clock.
    """

    async def send(self, request: Request) -> Response:
        """Send ``request`` and return the whole response.

        Raises:
            TransportError: no whole answer arrived.
            RequestTimeoutError: it did not arrive within ``request.timeout``.
            ConfigurationError: the request may not be sent from here.
        """
        ...

    async def aclose(self) -> None:
        """Release what the transport holds, and what the transport it wraps holds. Repeating it does nothing."""
        ...
