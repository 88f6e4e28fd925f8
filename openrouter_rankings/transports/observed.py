"""Events of exchanges, as a transport, and of decoding."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from openrouter_rankings.clock import Clock
from openrouter_rankings.events import Decoded, ExchangeFailed, OnEvent, RequestSent, ResponseReceived, about, notify
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.protocol import Transport

__all__ = ["ObservedTransport", "observed"]


def observed(request: Request, on_event: OnEvent, clock: Clock) -> Request:
    """``request`` with an ``"on_event"``, and with a ``"decode"`` that reports how long decoding took."""
    decode: Callable[[Response], object] = request.extensions["decode"]

    def timed(response: Response) -> object:
        began, valid = clock.monotonic(), False
        try:
            value = decode(response)
            valid = True
        finally:
            notify(watched, Decoded(**about(request), seconds=clock.monotonic() - began, valid=valid))
        return value

    watched = request.extended(decode=timed, on_event=on_event)
    return watched


class ObservedTransport:
    """Calls the ``"on_event"`` of a request when it is sent, and when the exchange ends.

    Args:
        transport: sends the request.
        clock: the time in which an exchange is measured.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock

    async def send(self, request: Request) -> Response:
        if "on_event" not in request.extensions:
            return await self._transport.send(request)
        background = bool(request.extensions.get("background"))
        notify(request, RequestSent(**about(request), background=background))
        began = self._clock.monotonic()
        try:
            response = await self._transport.send(request)
        except BaseException as error:
            # Whatever ends the exchange is reported and goes on to the caller, cancellations too.
            seconds = self._clock.monotonic() - began
            reason = "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__
            notify(request, ExchangeFailed(**about(request), error=reason, seconds=seconds, background=background))
            raise
        seconds = self._clock.monotonic() - began
        received = ResponseReceived(
            **about(request),
            status=response.status,
            size=len(response.body),
            seconds=seconds,
            background=background,
        )
        notify(request, received)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()
