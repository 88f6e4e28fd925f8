"""Brings entries into the cache: from the service, or from a store that other processes share."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Hashable
from typing import TYPE_CHECKING, Any, cast

import attrs

from openrouter_rankings.clock import Clock
from openrouter_rankings.errors import (
    InvalidResponseError,
    QuotaExceededError,
    RankingsError,
    RequestTimeoutError,
    TransportError,
)
from openrouter_rankings.log import logger
from openrouter_rankings.messages import Headers, Request, Response, key_of
from openrouter_rankings.retry_after import requested_wait
from openrouter_rankings.transports.cache.bounded import BoundedMapping
from openrouter_rankings.transports.cache.circuit_breaker import CircuitBreaker, FailureStreak
from openrouter_rankings.transports.cache.entry import (
    CacheEntry,
    Times,
    conditional,
    decode_entry,
    encode_entry,
    freshen,
    kept_headers,
    varies_of,
)
from openrouter_rankings.transports.cache.freshness import initial_age, is_storable
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.deadline import Deadline, deadline_of, missed_deadline, patience_of
from openrouter_rankings.transports.identity import digest, fields_hash
from openrouter_rankings.transports.outcome import Failure, is_failure, is_refusal
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.single_flight import SingleFlight

if TYPE_CHECKING:
    from openrouter_rankings.transports.cache.exchange_lease import ExchangeLease
    from openrouter_rankings.transports.cache.shared import SharedEntries

__all__ = ["Fetcher", "log_failure"]

_NO_FIELDS = Headers({})

# Seconds between two looks into the store for the response that another process asks for.
_POLL_INTERVAL = 0.25


class Fetcher:
    """Exchanges with the service on behalf of a cache; callers who ask the same at the same time share one.

    Args:
        transport: the layer below the cache.
        policy: what is kept, and for how long.
        clock: the time by which entries age.
        entries: the cache's entries.
        breaker: the cache's circuit breaker.
        shared: the entries of all processes; None if the cache has no store.
    """

    def __init__(
        self,
        transport: Transport,
        policy: CachePolicy,
        clock: Clock,
        *,
        entries: BoundedMapping[CacheEntry],
        breaker: CircuitBreaker,
        shared: SharedEntries | None,
    ) -> None:
        self._transport = transport
        self._policy = policy
        self._clock = clock
        self._entries = entries
        self._breaker = breaker
        self._shared = shared
        self._flights: SingleFlight[CacheEntry] = SingleFlight()
        self._look_ups: SingleFlight[None] = SingleFlight()

    async def fetch(self, key: str, request: Request, *, insistent: bool = False) -> tuple[CacheEntry, bool]:
        """The entry of ``key`` from the service, and whether another call had begun the exchange.

        The entry is kept if the response may be.

        Args:
            key: the key of the entry.
            request: what to send.
            insistent: whether a failure that other processes met before is no answer.

        Raises:
            TransportError: no whole response arrived.
            InvalidResponseError: the request's ``"decode"`` refused the response.
            QuotaExceededError: the quota is spent.
        """
        # What others noted is no answer for the insistent, and so neither is a flight that may end with it.
        flight = (*_flight_key(key, request), insistent and self._shared is not None)
        is_follower = flight in self._flights
        try:
            return await self._share(key, request, flight, insistent), is_follower
        except QuotaExceededError:
            # The exchange may have been a background refresh, which the quota refuses sooner.
            if not is_follower:
                raise
        return await self._share(key, request, flight, insistent), is_follower

    async def look_up(self, key: str, request: Request) -> None:
        """Take what the store has for ``key`` into memory, if it is newer."""
        await self._look_ups.join(key, lambda _: self._look_up(key, request))

    async def discard(self, key: str) -> None:
        """Forget the entry of ``key``, for other processes too."""
        self._entries.discard(key)
        if self._shared is not None:
            await self._shared.discard(key)

    def _record_failure(
        self, key: str, request: Request, outcome: Response | RankingsError, lease: ExchangeLease | None
    ) -> None:
        """Let the circuit breaker count a failed exchange, and the holder of ``lease`` tell other processes of it."""
        older = self._age_of_older(key, request)
        asked = requested_wait(outcome, self._clock.time()) if isinstance(outcome, Response) else None
        now, patience = self._clock.monotonic(), patience_of(request, request.extensions["began"])
        fields = fields_hash(request)
        pause = self._breaker.record_failure(
            key, outcome, now, older=older, asked=asked, patience=patience, fields=fields
        )
        streak = self._breaker.streak(key)
        if lease is not None and streak is not None:
            lease.fail(streak)
        if older is not None:
            why = f"status {outcome.status}" if isinstance(outcome, Response) else type(outcome).__name__
            log_failure(request, why, older, pause)

    def _age_of_older(self, key: str, request: Request) -> float | None:
        """The age of the response that may be served instead of a failure; None if there is none."""
        entry = self._entries.get(key)
        candidate = None if entry is None else entry.candidate(request, self._clock)
        return candidate.age if candidate is not None and candidate.is_usable_on_error() else None

    async def aclose(self) -> None:
        """Cancel what is under way, and close the layer below."""
        await self._look_ups.aclose()
        await self._flights.aclose()
        await self._transport.aclose()

    def _share(self, key: str, request: Request, flight: Hashable, insistent: bool) -> Coroutine[Any, Any, CacheEntry]:
        def work(latest: Deadline) -> Coroutine[Any, Any, CacheEntry]:
            outgoing = request.extended(deadline=latest, began=self._clock.monotonic())
            if self._shared is None:
                return self._exchange(key, outgoing)
            return self._exchange_for_all(key, outgoing, self._shared, insistent=insistent)

        deadline = deadline_of(request)
        return self._flights.join(flight, work, math.inf if deadline is None else deadline.at)

    async def _exchange_for_all(
        self, key: str, request: Request, shared: SharedEntries, *, insistent: bool
    ) -> CacheEntry:
        """What one of the processes on the store gets from the service, or what another one got."""
        known = self._entries.get(key)
        streak = self._breaker.streak(key)
        # What other processes noted before is outdated, once the success of another question ended the pause.
        insistent = insistent or (streak is not None and streak.is_released)
        lease = shared.lease(
            key,
            by=_name_of(key, request),
            fields=fields_hash(request),
            patience=patience_of(request, request.extensions["began"]),
            # Not in a variable, which error trackers would show of this frame.
            secret=key_of(request),
            insistent=insistent,
        )
        while not (attempt := await lease.acquire()).granted:
            if attempt.streak is not None and (
                attempt.is_failed or (not insistent and self._is_older_enough(key, request, attempt.streak))
            ):
                return self._failed(key, request, attempt.streak)
            await self._clock.sleep(_POLL_INTERVAL)
            found = await self._newer(key, request, known)
            if found is not None:
                return found
        if attempt.streak is not None:
            self._breaker.learn(key, attempt.streak, self._clock.monotonic())
        async with lease.held():
            # The process that held it before may have stored the response since we looked.
            found = await self._newer(key, request, known)
            return await self._exchange(key, request, lease) if found is None else found

    def _is_older_enough(self, key: str, request: Request, streak: FailureStreak) -> bool:
        """Whether nobody waits for another attempt after ``streak``: an older response can be served in its place."""
        return not streak.is_refused and self._age_of_older(key, request) is not None

    def _failed(self, key: str, request: Request, streak: FailureStreak) -> CacheEntry:
        """The response that another process got, which is a failure; an error is raised."""
        self._breaker.learn(key, streak, self._clock.monotonic())
        if not isinstance(streak.outcome, Response):
            raise cast("Failure", streak.outcome).error
        return self._entry(key, request, streak.outcome, self._clock.time(), streak.outcome.status)

    async def _newer(self, key: str, request: Request, known: CacheEntry | None) -> CacheEntry | None:
        await self.look_up(key, request)
        entry = self._arrived(key, known)
        return entry if entry is not None and entry.matches(request) else None

    async def _exchange(self, key: str, request: Request, lease: ExchangeLease | None = None) -> CacheEntry:
        known = self._entries.get(key)
        requested_at = self._clock.time()
        try:
            response, status = await self._send(request, known)
            entry = self._entry(key, request, response, requested_at, status)
        except (TransportError, InvalidResponseError, asyncio.CancelledError) as error:
            failure = self._missed_deadline(request) if isinstance(error, asyncio.CancelledError) else error
            newest = self._arrived(key, known)
            age = _initial_age(request, _NO_FIELDS, requested_at, self._clock.time())
            if failure is not None and (newest is None or newest.times.age(self._clock) >= age):
                self._record_failure(key, request, failure, lease)
            raise
        is_refused = is_refusal(response)
        if is_refused:
            # It may have come later than the answer of another process.
            await self.look_up(key, request)
        newest = self._arrived(key, known)
        if newest is not None and newest.times.age(self._clock) < entry.times.age(self._clock):
            return entry
        if is_refused:
            # Nobody is to get the older response in its place.
            await self.discard(key)
        if is_refused or is_failure(response):
            self._record_failure(key, request, response, lease)
            return entry
        self._breaker.record_success(key, self._clock.monotonic())
        if is_storable(response):
            self._entries.put(key, entry, entry.size)
            if self._shared is not None:
                self._shared.put(key, encode_entry(entry), entry.times.freshness.usable_for)
        return entry

    def _missed_deadline(self, request: Request) -> RequestTimeoutError | None:
        """The error of an exchange that the deadline of its last caller ended; None if it was something else.

        It counts as a failure, since another attempt would cost a slot of the quota again.
        """
        deadline = deadline_of(request)
        is_missed = deadline is not None and self._clock.monotonic() >= deadline.at
        return missed_deadline() if is_missed else None

    def _arrived(self, key: str, known: CacheEntry | None) -> CacheEntry | None:
        """The entry of ``key``, if it has come since ``known`` was the one."""
        newest = self._entries.get(key)
        return None if newest is known else newest

    async def _send(self, request: Request, known: CacheEntry | None) -> tuple[Response, int]:
        """The response, and the status that the service sent: 304 where it confirmed the known one."""
        outgoing = conditional(request, known) if known is not None and known.matches(request) else request
        response = await self._transport.send(outgoing)
        if response.status != 304 or known is None or outgoing is request:
            return response, response.status
        freshened = freshen(known, response.headers)
        if freshened is not None:
            return freshened, 304
        response = await self._transport.send(request)
        return response, response.status

    def _entry(self, key: str, request: Request, response: Response, requested_at: float, status: int) -> CacheEntry:
        received_at = self._clock.time()
        times = Times(
            freshness=self._policy.freshness_of(response.headers, received_at),
            received_at=received_at,
            initial_age=_initial_age(request, response.headers, requested_at, received_at),
            kept_since=self._clock.monotonic(),
        )
        kept = response.with_headers(kept_headers(response.headers))
        decoded = _decoded(request, kept, self._entries.get(key))
        return CacheEntry(key, decoded, times, varies_of(request, response), status)

    async def _look_up(self, key: str, request: Request) -> None:
        record = None if self._shared is None else await self._shared.get(key)
        if record is None or self._shared is None:
            return
        known = self._entries.get(key)
        try:
            found = decode_entry(key, record, self._clock, self._policy.freshness_of)
            if known is not None and found.times.received_at <= known.times.received_at:
                return
            entry = attrs.evolve(found, response=_decoded(request, found.response, known))
        except (ValueError, InvalidResponseError):
            # Damaged, or written by another version.
            await self._shared.discard(key)
            return
        self._entries.put(key, entry, entry.size)
        self._breaker.end(key)


def _initial_age(request: Request, headers: Headers, requested_at: float, received_at: float) -> float:
    return initial_age(headers, requested_at=requested_at, received_at=received_at, timeout=request.timeout)


def _decoded(request: Request, response: Response, known: CacheEntry | None) -> Response:
    """The response with its value; that of the known entry, if it has the same body.

    Raises:
        InvalidResponseError: the request's ``"decode"`` refuses it.
    """
    decode = request.extensions.get("decode")
    if decode is None or "value" in response.extensions or not 200 <= response.status <= 299:
        return response
    if known is not None and "value" in known.response.extensions and _is_same(response, known.response):
        value = known.response.extensions["value"]
    else:
        value = decode(response)
    return response.extended(value=value)


def _is_same(response: Response, known: Response) -> bool:
    return response.body == known.body and response.headers.get("Content-Type") == known.headers.get("Content-Type")


def _flight_key(key: str, request: Request) -> tuple[str, Headers, float | None, Hashable]:
    # With other fields a caller may get another response, and with another timeout or policy another error.
    return key, request.headers, request.timeout, request.extensions.get("retry", "the layer's own")


def _name_of(key: str, request: Request) -> str:
    """A name for how a question is asked, which reveals no header field."""
    _, _, timeout, retry = _flight_key(key, request)
    return digest(repr((fields_hash(request), timeout, retry)))


def log_failure(request: Request, why: str, age: float, pause: float) -> None:
    """Say that an older response is served instead of a new one."""
    from openrouter_rankings.events import about

    path = about(request)["path"]
    logger.warning(
        "%s %s: no new response (%s); the cached one is %.0f s old; asking again in %.0f s at the earliest",
        request.method,
        path,
        why,
        age,
        pause,
        extra={"age": age, "path": path, "wait": pause},
    )
