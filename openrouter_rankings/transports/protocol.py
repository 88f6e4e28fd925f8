"""The one interface of every layer between the client and the wire."""

from __future__ import annotations

from typing import Protocol

from openrouter_rankings.messages import Request, Response

__all__ = ["Transport"]


class Transport(Protocol):
    """Takes a request and returns the response: the network, a fake in memory, or a layer around another transport.

    An answer of any status is a ``Response``; whatever prevents a whole answer is a ``TransportError``. One transport
    serves any number of concurrent calls. A transport with a clock of its own, such as a fake, has it as the attribute
    ``clock``, and the client uses that clock too.
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
        """Release the resources of this transport and of the one it wraps. Repeating it does nothing."""
        ...
