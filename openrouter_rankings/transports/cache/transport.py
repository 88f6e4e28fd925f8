"""An HTTP cache (RFC 9111) as a transport."""

from __future__ import annotations

import json
import math
import random
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

import attrs

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import (
    ConfigurationError,
    InvalidResponseError,
    QuotaExceededError,
    RankingsError,
    RequestTimeoutError,
    StoreError,
    TransportError,
)
from openrouter_rankings.log import logger
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.transports.cache.bounded import BoundedMapping
from openrouter_rankings.transports.cache.circuit_breaker import CircuitBreaker, FailureStreak
from openrouter_rankings.transports.cache.decision import Action, decide
from openrouter_rankings.transports.cache.entry import CacheEntry, Candidate, with_cache_status
from openrouter_rankings.transports.cache.fetcher import Fetcher, log_failure
from openrouter_rankings.transports.cache.freshness import NO_DIRECTIVES, RequestDirectives, request_directives
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.cache.refreshes import Refreshes
from openrouter_rankings.transports.deadline import deadline_of, patience_of, within
from openrouter_rankings.transports.home_loop import HomeLoop
from openrouter_rankings.transports.identity import fields_hash, key_hash
from openrouter_rankings.transports.outcome import Failure, is_failure
from openrouter_rankings.transports.protocol import Transport

if TYPE_CHECKING:
    from openrouter_rankings.events import How
    from openrouter_rankings.transports.cache.shared import SharedEntries

__all__ = ["CacheTransport"]

# Methods that change nothing on the server (RFC 9110, 9.2.1).
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

# A request with one of these asks for a part, or compares with what its sender has.
_PRECONDITIONS = frozenset(
    {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"}
)

# The fewest seconds for the exchange of a refresh. Nobody waits for it, and if a hasty caller's time-out ended it, all
# others would get an ever older response from a service that is well.
_SHORTEST_TIMEOUT = 30.0

# Seconds until another attempt at a refresh, after callers waited for the quota.
_PAUSE_AFTER_DENIAL = 60.0

# Seconds for the response of the process whose turn it is, and within which the others look for it, not all at once.
_SPREAD = 30.0


class _Question(NamedTuple):
    """A request as the cache sees it.

    Attributes:
        key: the key of its entry.
        request: the request as it is sent on.
        directives: what it asks of the cache.
    """

    key: str
    request: Request
    directives: RequestDirectives


class _Step(NamedTuple):
    """What to do with a question, and what that was decided from."""

    action: Action
    reason: str
    entry: CacheEntry | None
    candidate: Candidate | None
    streak: FailureStreak | None

    @property
    def is_hit(self) -> bool:
        return self.action is Action.SERVE or self.action is Action.SERVE_AND_REFRESH


class CacheTransport:
    """Reuses a response while it is fresh; callers who ask the same at the same time share one exchange.

    A private cache (RFC 9111) with ``stale-while-revalidate`` and ``stale-if-error`` (RFC 5861). It keeps responses to
    GET that are 200 and JSON, by URL and key: two keys never share one. A stale one is revalidated with
    ``If-None-Match`` and ``If-Modified-Since`` where the service gave validators. An older response is never served in
    place of a 400, a 401 or any other 4XX but 429.

    A request says what it wants in its ``Cache-Control`` (RFC 9111, 5.2.1): ``no-cache``, ``no-store``, ``max-age``,
    ``max-stale``, ``min-fresh`` and ``only-if-cached``. The field is meant for this cache and not sent on.

    Failures open a circuit breaker. Where an older response is at hand, it is served to all who come soon, and the
    service is tried again in the background: after a minute, or after as long as it asks, and in a long outage ever
    more rarely. Where there is none, after three failures in a row the last one is repeated for a fifteenth of the time
    since the first, and after six in a row of any questions each of them. An invalid response or a refusal (a 4XX other
    than 429) is repeated for at least a minute, one for the key (401, 402, 403) for at least ten seconds, and both for
    up to an hour. A refusal that is not for the key is repeated to requests with other header fields only after one of
    them was refused too. That an exchange took too long is repeated only to those who would not wait notably longer.
    The more questions of a key fail, the longer is each left alone. When one succeeds, the next may try, and with it
    all for which the key was refused. ``no-cache`` asks the service all the same.

    Where the policy has a store, processes share the responses, the pace of the refreshes, and the first requests: one
    of them asks, and the others take its response from the store.

    Args:
        transport: the layer below.
        policy: how long responses may be reused, and where they are kept.
        clock: the time by which they age; the system's if not given.

    Raises:
        ConfigurationError: the store needs a package that is not installed, or its URL cannot be read.
    """

    def __init__(
        self,
        transport: Transport,
        policy: CachePolicy = CachePolicy(),  # noqa: B008 - a frozen value, shown in the signature
        *,
        clock: Clock | None = None,
    ) -> None:
        self._transport = transport
        self._policy = policy
        self._clock = clock or SystemClock()
        self._home = HomeLoop()
        self._entries: BoundedMapping[CacheEntry] = BoundedMapping(policy.max_entries, policy.max_bytes)
        self._refreshes = Refreshes(self._clock, policy.refreshes_per_day)
        # Half of the refreshes' pace: in an outage of a day, half of them are left for the time after it.
        self._breaker = CircuitBreaker(2 * self._refreshes.interval)
        self._shared = _shared(policy, self._clock)
        self._fetcher = Fetcher(
            transport, policy, self._clock, entries=self._entries, breaker=self._breaker, shared=self._shared
        )
        self._closed = False

    async def send(self, request: Request) -> Response:
        """The response to ``request``, with its ``Age`` and with what the cache did in ``Cache-Status`` (RFC 9211).

        Raises:
            TransportError: no whole response arrived, and no older one may be served.
            InvalidResponseError: the request's ``"decode"`` refused the response, and no older one may be served.
            QuotaExceededError: the quota is spent, and no older response may be served.
            StoreError: the quota's store cannot be used, and no older response may be served.
            ConfigurationError: the request may not be sent from here.
        """
        self._home.check()
        if self._closed:
            raise ConfigurationError("This transport is closed: open a new one.")
        directives = request_directives(request.headers)
        if directives is not NO_DIRECTIVES:
            # They were for this cache.
            request = request.with_headers(request.headers.without({"cache-control"}))
        key = f"{key_hash(request)} GET {request.url}"
        if request.method != "GET" or directives.no_store or request.headers.has_any(_PRECONDITIONS):
            if directives.only_if_cached:
                return with_cache_status(_NOT_CACHED, "fwd=bypass")
            return await self._bypass(key, request)
        return await self._answer(_Question(key, request, directives))

    async def aclose(self) -> None:
        """Close the store and the transport, after the refreshes under way, or after 5 s if they take longer.

        Callers who wait for an exchange get a ``TransportError``. Repeating it does nothing.
        """
        self._closed = True
        try:
            await self._refreshes.aclose()
        finally:
            try:
                await self._fetcher.aclose()
            finally:
                if self._shared is not None:
                    await self._shared.aclose()

    async def _answer(self, question: _Question) -> Response:
        step = self._decide(question)
        if self._shared is not None and (not step.is_hit or step.streak is not None):
            # Another process may have the response, or a newer one than when the failure occurred.
            try:
                look_up = self._fetcher.look_up(question.key, question.request)
                await within(self._clock, deadline_of(question.request), look_up)
            except RequestTimeoutError as error:
                return self._instead_of(error, question, step.reason)
            step = self._decide(question)
        return await self._fetch(question, step) if step.action is Action.FETCH else self._serve(question, step)

    def _decide(self, question: _Question) -> _Step:
        entry = self._entries.get(question.key)
        candidate = None if entry is None else entry.candidate(question.request, self._clock)
        streak = self._breaker.streak(question.key)
        if streak is not None and not streak.is_for(fields_hash(question.request)):
            streak = None
        now = self._clock.monotonic()
        patience = math.inf if streak is None else patience_of(question.request, now)
        action, reason = decide(candidate, question.directives, streak, now, patience)
        return _Step(action, reason, entry, candidate, streak)

    def _serve(self, question: _Question, step: _Step) -> Response:
        """What the cache answers without the service.

        Raises:
            RankingsError: the last failure, repeated.
        """
        if step.action is Action.SERVE_AND_REFRESH:
            retry_at = None if step.streak is None else step.streak.retry_at
            self._refreshes.begin(question.key, partial(self._refresh, question), retry_at)
        if step.entry is not None and step.candidate is not None and step.is_hit:
            if "on_event" in question.request.extensions:
                is_fresh = step.candidate.age < step.candidate.freshness.lifetime
                _notify(question, step.candidate.age, "fresh" if is_fresh else "stale")
            return step.entry.response_for(step.candidate.age, step.reason)
        if step.streak is not None and step.action is Action.REPLAY:
            now = self._clock.monotonic()
            _notify(question, now - step.streak.since, "repeated failure")
            return _last_response(step.streak, step.reason, now)
        return with_cache_status(_NOT_CACHED, step.reason)

    async def _fetch(self, question: _Question, step: _Step) -> Response:
        key, request, reason = question.key, self._without_vain_retries(question, step), step.reason
        try:
            exchange = self._fetcher.fetch(key, request, insistent=question.directives.no_cache)
            entry, is_collapsed = await within(self._clock, deadline_of(request), exchange)
        except (TransportError, InvalidResponseError, QuotaExceededError, StoreError) as error:
            return self._instead_of(error, question, reason)
        reason = f"{reason}; fwd-status={entry.fetched_status}"
        if is_failure(entry.response):
            older = self._instead_of_failure(question, reason, why=f"status {entry.response.status}")
            if older is not None:
                return older
        stored = "; stored" if self._entries.get(key) is entry else ""
        age = entry.times.age(self._clock)
        return entry.response_for(age, f"{reason}{stored}{'; collapsed' if is_collapsed else ''}")

    def _without_vain_retries(self, question: _Question, step: _Step) -> Request:
        """The request; without the layer's retries if an older response is at hand, or the circuit is open."""
        is_older_at_hand = step.candidate is not None and step.candidate.is_usable_on_error(question.directives)
        request = question.request
        patience = patience_of(request, self._clock.monotonic())
        is_vain = is_older_at_hand or self._breaker.is_open(question.key, patience)
        return request.extended(retry=None) if is_vain and "retry" not in request.extensions else request

    def _older(self, question: _Question) -> tuple[CacheEntry, float] | None:
        """The entry that may be served instead of a failure, with its age; None if there is none."""
        entry = self._entries.get(question.key)
        if entry is None:
            return None
        candidate = entry.candidate(question.request, self._clock)
        return (entry, candidate.age) if candidate.is_usable_on_error(question.directives) else None

    def _instead_of(self, error: RankingsError, question: _Question, reason: str) -> Response:
        """The older response that is served instead of ``error``, which is raised if there is none."""
        why = type(error).__name__
        response = self._instead_of_failure(question, f"{reason}; detail={why}", why=why)
        if response is None:
            raise error
        return response

    def _instead_of_failure(self, question: _Question, reason: str, *, why: str) -> Response | None:
        older = self._older(question)
        if older is None:
            return None
        entry, age = older
        # Already paused after a failure of the service; not after a limit of our own.
        pause = self._breaker.pause(question.key, self._clock.monotonic(), older=age)
        if pause is not None:
            log_failure(question.request, why, age, pause)
        _notify(question, age, "instead of an error")
        return entry.response_for(age, reason)

    async def _refresh(self, question: _Question) -> None:
        request = _in_background(question.request)
        try:
            if await self._is_our_turn(question.key, request):
                await self._renew(question.key, request)
        except Exception:
            # There is no caller: this is a bug in a transport or a decoder.
            logger.exception("%s: the background refresh failed", question.key.partition(" ")[2])

    async def _is_our_turn(self, key: str, request: Request) -> bool:
        """Whether no other process on the same store has refreshed this entry, or is refreshing any."""
        if self._shared is None:
            return True
        await self._fetcher.look_up(key, request)
        newest = self._entries.get(key)
        if newest is not None and newest.times.age(self._clock) < newest.times.freshness.lifetime:
            self._refreshes.postpone(0)
            return False
        interval = self._refreshes.interval
        wait = await self._shared.take_turn(key_hash(request), interval)
        self._refreshes.postpone(_until_next_look(wait, interval))
        return not wait

    async def _renew(self, key: str, request: Request) -> None:
        try:
            entry, _ = await self._fetcher.fetch(key, request)
        except (QuotaExceededError, StoreError):
            await self._postpone_all(request, _PAUSE_AFTER_DENIAL)
        except (TransportError, InvalidResponseError):
            await self._postpone_after_failure(key, request)
        else:
            if is_failure(entry.response):
                await self._postpone_after_failure(key, request)

    async def _postpone_after_failure(self, key: str, request: Request) -> None:
        streak = self._breaker.streak(key)
        await self._postpone_all(request, 0.0 if streak is None else streak.retry_at - self._clock.monotonic())

    async def _postpone_all(self, request: Request, pause: float) -> None:
        """Let the next refresh of any process on the store begin in ``pause`` seconds."""
        self._refreshes.postpone(pause)
        if self._shared is not None:
            await self._shared.hold_turn(key_hash(request), pause)

    async def _bypass(self, key: str, request: Request) -> Response:
        response = await within(self._clock, deadline_of(request), self._transport.send(request))
        if request.method not in _SAFE and response.status < 400:
            # An unsafe method may have changed what the URL stands for (RFC 9111, 4.4).
            await self._fetcher.discard(key)
        return with_cache_status(response, "fwd=bypass" if request.method == "GET" else "fwd=method")


def _shared(policy: CachePolicy, clock: Clock) -> SharedEntries | None:
    if policy.store is None:
        return None
    from openrouter_rankings.transports.cache.shared import open_shared

    return open_shared(policy, clock)


def _in_background(request: Request) -> Request:
    """The request of a refresh that a caller with ``request`` begins."""
    timeout = None if request.timeout is None else max(request.timeout, _SHORTEST_TIMEOUT)
    return attrs.evolve(request, timeout=timeout).extended(retry=None, background=True, deadline=None)


def _notify(question: _Question, age: float, how: How) -> None:
    if "on_event" in question.request.extensions:
        from openrouter_rankings.events import ServedFromCache, about, notify

        notify(question.request, ServedFromCache(**about(question.request), age=age, how=how))


def _until_next_look(wait: float, interval: float) -> float:
    """Seconds until a process looks again for a newer response, where another one has the turn for ``wait`` more.

    With 0 the turn is this process's own. The response of a turn comes at its beginning: if that was long ago, there is
    none to come before the next turn, which is as likely to be another process's.
    """
    spread = random.uniform(0, min(_SPREAD, interval))  # noqa: S311 - nobody gains by guessing it
    if not wait:
        return interval + spread
    return (wait if wait < interval - _SPREAD else _SPREAD) + spread


_NOT_CACHED = Response(
    504,
    {"Content-Type": "application/json"},
    json.dumps(
        {"error": {"code": 504, "message": "Nothing was sent: the cache has no response, and only-if-cached was asked"}}
    ).encode(),
)


def _last_response(streak: FailureStreak, handling: str, now: float) -> Response:
    """The response that ended the last exchange, with what is left at ``now`` of the wait that it asks for.

    Raises:
        RankingsError: it ended with this error.
    """
    if isinstance(streak.outcome, Response):
        left = None if streak.asked_until is None else max(0, math.ceil(streak.asked_until - now))
        return with_cache_status(streak.outcome, handling, {} if left is None else {"Retry-After": str(left)})
    raise cast("Failure", streak.outcome).error
