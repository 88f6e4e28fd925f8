"""The transport that remembers: answers are given again for as long as the service and the policy allow."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError, QuotaExceededError, TransportError
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.retry_after import requested_wait
from openrouter_rankings.transports.cached_answer import (
    Answer,
    AnswerMemory,
    StoredAnswer,
    record_of,
    stored_answer,
    stored_answer_of,
    without_unkept_fields,
)
from openrouter_rankings.transports.freshness import (
    Freshness,
    Use,
    Wishes,
    freshness_of,
    initial_age,
    is_storable,
    is_usable_on_error,
    use_of,
    wishes_of,
)
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.single_flight import Failure, SingleFlight
from openrouter_rankings.transports.store_location import StoreSetting, key_hash, store_location
from openrouter_rankings.transports.trouble import Trouble

if TYPE_CHECKING:
    from openrouter_rankings.transports.cache_stores import SharedStore

__all__ = ["CachePolicy", "CacheTransport", "MayRefresh"]

_logger = logging.getLogger("openrouter_rankings")

_DAY = 86400.0

# Seconds after an error for which the service is left alone where an older answer is at hand.
_PAUSE_AFTER_ERROR = 60.0

# In a long outage the service is asked again each time that the answer at hand has aged by one part in so many.
_PAUSES_IN_AN_AGE = 30

# Seconds for which the end of the cache waits for the refreshes under way.
_CLOSING_GRACE = 5.0

# Seconds until the store is asked again whether it is our turn to refresh, after another process had it.
_PAUSE_AFTER_DENIAL = 10.0

MayRefresh = Callable[[Request, float], bool]
"""Whether a refresh of the answer to this request, which has this age in seconds, may be sent now."""

_ExchangeKey = tuple[str, Headers, float | None, int]


def _check_number(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not (isinstance(value, (int, float)) and value >= 0):
        raise ConfigurationError(f"{attribute.name} must be a number of at least 0, not {value!r}.")


def _check_count(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number of at least 1, not {value!r}.")


def _check_store(_: object, __: attrs.Attribute[Any], value: Any) -> None:
    store_location(value)


_check_seconds: Callable[[Any, attrs.Attribute[Any], Any], Any] = attrs.validators.optional(_check_number)


@attrs.frozen(kw_only=True)
class CachePolicy:
    """How long answers may be given again, and where they are kept.

    Attributes:
        store: where to keep answers, beside this process's memory. None: nowhere. A path: in a SQLite file, for the
            processes of one machine and across restarts. ``redis://...``: in a Redis server, for several machines.
        max_age: seconds for which an answer is fresh; None for what the service says (``max-age``, ``Expires``).
        stale_while_revalidate: seconds after that for which an answer is given while it is refreshed; None for what
            the service says.
        stale_if_error: seconds after its lifetime for which an answer is given where the service gives none: on a 5XX,
            a 429, a failed exchange or a spent quota. None for what the service says.
        max_entries: how many answers are kept at most, in memory and in the store each; the least recently used make
            room in memory, and the oldest in the store.
        max_bytes: how many bytes they may take together. What is decoded from them is not counted.
        refreshes_per_day: how many refreshes behind the callers may begin in a day, at an even pace: by default four
            fifths of the service's 500 requests. 0 never refreshes behind a caller.
    """

    # Its URL can hold a password.
    store: StoreSetting = attrs.field(default=None, validator=_check_store, repr=False)
    max_age: float | None = attrs.field(default=None, validator=_check_seconds)
    stale_while_revalidate: float | None = attrs.field(default=None, validator=_check_seconds)
    stale_if_error: float | None = attrs.field(default=_DAY, validator=_check_seconds)
    max_entries: int = attrs.field(default=256, validator=_check_count)
    max_bytes: int = attrs.field(default=64 * 2**20, validator=_check_count)
    refreshes_per_day: float = attrs.field(default=400, validator=_check_number)

    def freshness_of(self, headers: Headers) -> Freshness:
        """How long an answer with these fields may be used."""
        return freshness_of(
            headers,
            max_age=self.max_age,
            stale_while_revalidate=self.stale_while_revalidate,
            stale_if_error=self.stale_if_error,
        )


class CacheTransport:
    """Gives an answer again while it is fresh, and lets callers who ask the same at the same time share one exchange.

    A private cache after RFC 9111, with ``stale-while-revalidate`` and ``stale-if-error`` after RFC 5861. It keeps
    answers to GET, which are 200 and JSON, by URL and key: two keys never share one. An older answer is never given in
    place of a 400, a 401 or any other 4XX but 429.

    A request can say what it wants by its ``Cache-Control`` (RFC 9111, 5.2.1): ``no-cache``, ``no-store``, ``max-age``
    and ``max-stale``. The field is meant for this cache and not sent on.

    After an error, where an older answer is at hand, that answer is given to all who come soon, and the service asked
    again behind them: after a minute, or after as long as it asks, and in a long outage ever more seldom. Where there
    is none, three exchanges in a row that failed make a pause too, a fifteenth of the time since the first of them; who
    comes within it gets the last failure again. ``no-cache`` asks all the same.

    Args:
        transport: what is asked.
        policy: how long answers may be given again, and where they are kept.
        clock: the time by which answers age; the system's if not given.
        without_retry: what is asked where an older answer is at hand, so that a retry is not worth its place in the
            quota: the same tower as ``transport`` without its retries. ``transport`` if not given.
        may_refresh: asked before each refresh behind a caller, besides the policy's pace: False while the rest of the
            quota is to be kept for callers who have to wait for an answer.

    Raises:
        ConfigurationError: the store needs a package that is not installed, or its URL cannot be read.
    """

    def __init__(
        self,
        transport: Transport,
        policy: CachePolicy | None = None,
        *,
        clock: Clock | None = None,
        without_retry: Transport | None = None,
        may_refresh: MayRefresh | None = None,
    ) -> None:
        self._transport = transport
        self._without_retry = transport if without_retry is None else without_retry
        self._policy = policy or CachePolicy()
        self._clock = clock or SystemClock()
        self._may_refresh = may_refresh
        self._answers = AnswerMemory(self._policy.max_entries, self._policy.max_bytes)
        self._store = _open_store(self._policy, self._clock)
        self._exchanges: SingleFlight[_ExchangeKey, StoredAnswer] = SingleFlight()
        self._look_ups: SingleFlight[str, None] = SingleFlight()
        self._refreshes: dict[str, asyncio.Task[None]] = {}
        self._troubles: dict[str, Trouble] = {}
        self._pace = _DAY / self._policy.refreshes_per_day if self._policy.refreshes_per_day else math.inf
        self._next_refresh = -math.inf if self._policy.refreshes_per_day else math.inf
        self._closed = False

    async def send(self, request: Request) -> Response:
        """The answer to ``request``, with its ``Age`` and with what the cache did in ``Cache-Status`` (RFC 9211).

        Raises:
            TransportError: no whole answer arrived, and no older one may be given.
            QuotaExceededError: the quota is spent, and no older answer may be given.
            ConfigurationError: the store cannot be used, or the request may not be sent from here.
        """
        answer = await self.fetch(request)
        return answer.to_response()

    async def fetch(self, request: Request, *, via: Transport | None = None) -> Answer:
        """The answer to ``request``, with its age, and whether it is stale.

        Args:
            request: what is asked.
            via: what to ask, should the service have to be asked, instead of the cache's own transport; for a call
                with its own retries.

        Raises:
            TransportError: no whole answer arrived, and no older one may be given.
            QuotaExceededError: the quota is spent, and no older answer may be given.
            ConfigurationError: the store cannot be used, or the request may not be sent from here.
        """
        if self._closed:
            raise ConfigurationError("This transport is closed: open a new one.")
        wishes = wishes_of(request.headers)
        name = f"{key_hash(request)} {request.method} {request.url}"
        if request.method != "GET" or wishes.no_store:
            transport = self._transport if via is None else via
            exchanged = await self._exchange(name, _inward(request), transport, keep=False)
            return self._forwarded(exchanged, "fwd=bypass" if wishes.no_store else "fwd=method")
        stored = self._answers.get(name)
        answer = None if stored is None else self._reuse(stored, request, wishes)
        return answer or await self._obtain(name, request, wishes, via)

    async def discard(self, answer: Answer) -> None:
        """Forget an answer, for example because it cannot be decoded; a newer one in its place stays.

        Raises:
            ConfigurationError: the store cannot be used.
        """
        name = answer.stored.name
        if self._answers.get(name) is not answer.stored:
            return
        self._answers.discard(name)
        if self._store is not None:
            await self._store.delete(name)

    async def aclose(self) -> None:
        """Close the store and the transport, after the refreshes under way, or after 5 s if they take longer.

        Whoever waits for an exchange gets a ``TransportError``. Repeating it does nothing.
        """
        self._closed = True
        try:
            await self._await_refreshes()
        finally:
            await self._look_ups.aclose()
            await self._exchanges.aclose()
            if self._store is not None:
                await self._store.aclose()
            await self._transport.aclose()

    async def _await_refreshes(self) -> None:
        refreshes = set(self._refreshes.values())
        if not refreshes:
            return
        loop = asyncio.get_running_loop()
        finished = loop.create_task(asyncio.wait(refreshes))
        grace = loop.create_task(self._clock.sleep(_CLOSING_GRACE))
        try:
            await asyncio.wait({finished, grace}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = {finished, grace, *refreshes}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _reuse(self, stored: StoredAnswer, request: Request, wishes: Wishes) -> Answer | None:
        age = stored.age(self._clock)
        use = use_of(stored.freshness, age, wishes)
        if use is Use.UNUSABLE or not stored.suits(request):
            return None
        if use is Use.FRESH:
            return Answer(stored, age, False, "hit")
        if use is Use.REVALIDATE:
            if stored.refused:
                return None
            self._refresh_behind(stored, request, age)
        return Answer(stored, age, True, "hit")

    async def _obtain(self, name: str, request: Request, wishes: Wishes, via: Transport | None) -> Answer:
        answer = None
        if self._store is not None:
            await self._look_ups.join(name, lambda: self._look_up(name))
            found = self._answers.get(name)
            answer = None if found is None else self._reuse(found, request, wishes)
        stored = self._answers.get(name)
        if answer is None and stored is not None:
            answer = self._during_failure(stored, request, wishes)
        return answer or await self._ask(name, stored, request, wishes, via)

    def _during_failure(self, stored: StoredAnswer, request: Request, wishes: Wishes) -> Answer | None:
        """The answer that is kept, if there was just no newer one to be had: nobody waits for the next failure."""
        if stored.refused or self._clock.monotonic() >= stored.retry_at + _PAUSE_AFTER_ERROR:
            return None
        answer = self._instead_of_error(stored, request, wishes, "hit")
        if answer is not None:
            self._refresh_behind(stored, request, answer.age)
        return answer

    async def _ask(
        self, name: str, stored: StoredAnswer | None, request: Request, wishes: Wishes, via: Transport | None
    ) -> Answer:
        reason = self._reason(stored, request, wishes)
        has_spare = self._instead_of_error(stored, request, wishes, reason) is not None
        trouble = self._troubles.get(name)
        if trouble is not None and not has_spare and not wishes.no_cache and trouble.lasts(self._clock.monotonic()):
            return self._forwarded(trouble.outcome_again(), "hit")
        if via is None:
            is_retry_in_vain = has_spare or (trouble is not None and trouble.is_serious)
            via = self._without_retry if is_retry_in_vain else self._transport
        try:
            exchanged, collapsed = await self._share_exchange(name, request, via)
        except (TransportError, QuotaExceededError) as error:
            answer = self._fall_back(stored, request, wishes, f"{reason}; detail={type(error).__name__}")
            if answer is None:
                raise
            return answer
        handling = f"{reason}; fwd-status={exchanged.response.status}"
        if _is_failure(exchanged.response):
            answer = self._fall_back(stored, request, wishes, handling, exchanged.response)
            if answer is not None:
                return answer
        kept = "; stored" if self._answers.get(name) is exchanged else ""
        return self._forwarded(exchanged, f"{handling}{kept}{'; collapsed' if collapsed else ''}")

    def _reason(self, stored: StoredAnswer | None, request: Request, wishes: Wishes) -> str:
        if stored is None:
            return "fwd=uri-miss"
        if not stored.suits(request):
            return "fwd=vary-miss"
        # A fresh answer gets here only if the request would not have it.
        return "fwd=request" if use_of(stored.freshness, stored.age(self._clock)) is Use.FRESH else "fwd=stale"

    def _forwarded(self, exchanged: StoredAnswer, handling: str) -> Answer:
        return Answer(exchanged, exchanged.age(self._clock), False, handling)

    def _instead_of_error(
        self, stored: StoredAnswer | None, request: Request, wishes: Wishes, handling: str
    ) -> Answer | None:
        if stored is None or not stored.suits(request):
            return None
        age = stored.age(self._clock)
        if not is_usable_on_error(stored.freshness, age, wishes):
            return None
        return Answer(stored, age, age >= stored.freshness.lifetime, handling)

    def _fall_back(
        self,
        stored: StoredAnswer | None,
        request: Request,
        wishes: Wishes,
        handling: str,
        response: Response | None = None,
    ) -> Answer | None:
        answer = self._instead_of_error(stored, request, wishes, handling)
        if answer is not None:
            self._leave_alone(answer.stored, request, handling, response)
        return answer

    def _leave_alone(self, stored: StoredAnswer, request: Request, why: str, response: Response | None) -> float:
        """Note an error, and return for how long the service is not to be asked again for what is kept."""
        asked = None if response is None else requested_wait(response, self._clock.time())
        # The longer it lasts, the more seldom: an outage of a day must not take the whole day's budget.
        longest = min(stored.age(self._clock) / _PAUSES_IN_AN_AGE, self._pace)
        pause = max(_PAUSE_AFTER_ERROR, longest, asked or 0.0)
        now = self._clock.monotonic()
        # Of all who shared the exchange, the first one sees to it.
        if now >= stored.retry_at:
            stored.retry_at = now + pause
            path = urlsplit(request.url).path
            age = stored.age(self._clock)
            _logger.warning(
                "%s %s: no new answer (%s); the one that is kept is %.0f s old; asking again in %.0f s at the earliest",
                request.method,
                path,
                why,
                age,
                pause,
                extra={"age": age, "path": path, "wait": pause},
            )
        return pause

    async def _share_exchange(self, name: str, request: Request, transport: Transport) -> tuple[StoredAnswer, bool]:
        """The answer, and whether somebody else's exchange brought it."""
        inward = _inward(request)
        # With other fields a caller may get another answer, and with another timeout or other retries another error.
        key = name, inward.headers, inward.timeout, id(transport)
        under_way = key in self._exchanges
        exchanged = await self._exchanges.join(key, lambda: self._watched_exchange(name, inward, transport))
        return exchanged, under_way

    async def _watched_exchange(self, name: str, request: Request, transport: Transport) -> StoredAnswer:
        try:
            exchanged = await self._exchange(name, request, transport, keep=True)
        except TransportError as error:
            self._note_trouble(name, Failure(error, given=True))
            raise
        if _is_failure(exchanged.response):
            self._note_trouble(name, exchanged)
        else:
            self._troubles.pop(name, None)
        return exchanged

    def _note_trouble(self, name: str, outcome: StoredAnswer | Failure) -> None:
        now = self._clock.monotonic()
        before = self._troubles.get(name)
        self._troubles[name] = Trouble(now, outcome) if before is None else before.and_then(outcome, now, self._pace)

    async def _exchange(self, name: str, request: Request, transport: Transport, *, keep: bool) -> StoredAnswer:
        requested_at = self._clock.time()
        response = await transport.send(request)
        received_at = self._clock.time()
        keep = keep and is_storable(response)
        exchanged = stored_answer(
            name,
            request,
            without_unkept_fields(response) if keep else response,
            freshness=self._policy.freshness_of(response.headers),
            received_at=received_at,
            initial_age=initial_age(
                response.headers, requested_at=requested_at, received_at=received_at, timeout=request.timeout
            ),
            kept_since=self._clock.monotonic(),
        )
        if keep:
            self._answers.put(exchanged)
            if self._store is not None:
                await self._store.put(name, record_of(exchanged))
        return exchanged

    async def _look_up(self, name: str) -> None:
        """Take what the store has into the memory, if it is newer."""
        record = None if self._store is None else await self._store.get(name)
        if record is None:
            return
        found = stored_answer_of(name, record, self._clock, self._policy.freshness_of)
        known = self._answers.get(name)
        if found is not None and (known is None or found.received_at > known.received_at):
            self._answers.put(found)

    def _refresh_behind(self, stored: StoredAnswer, request: Request, age: float) -> None:
        now = self._clock.monotonic()
        # After a failure its own pause counts, and not the pace.
        due = self._next_refresh if stored.retry_at == -math.inf else stored.retry_at
        if now < due or self._pace == math.inf or stored.name in self._refreshes:
            return
        if self._may_refresh is not None and not self._may_refresh(request, age):
            return
        self._next_refresh = now + self._pace
        task = asyncio.get_running_loop().create_task(self._refresh(stored, request))
        self._refreshes[stored.name] = task
        task.add_done_callback(lambda _: self._refreshes.pop(stored.name))

    async def _refresh(self, stored: StoredAnswer, request: Request) -> None:
        try:
            if await self._is_our_turn(stored.name, request):
                await self._renew(stored, request)
        except Exception:
            # There is no caller to tell: a bug in a transport, or a store that cannot be used.
            _logger.exception("%s %s: the refresh behind a caller failed", request.method, urlsplit(request.url).path)

    async def _is_our_turn(self, name: str, request: Request) -> bool:
        """Whether no other process on the same store has refreshed this answer, or refreshes any."""
        if self._store is None:
            return True
        await self._look_up(name)
        newest = self._answers.get(name)
        if newest is not None and use_of(newest.freshness, newest.age(self._clock)) is Use.FRESH:
            self._next_refresh = self._clock.monotonic()
            return False
        if await self._store.claim(_turn(request), self._pace):
            return True
        self._next_refresh = self._clock.monotonic() + _PAUSE_AFTER_DENIAL
        return False

    async def _renew(self, stored: StoredAnswer, request: Request) -> None:
        try:
            exchanged, _ = await self._share_exchange(stored.name, request, self._without_retry)
        except (TransportError, QuotaExceededError) as error:
            await self._postpone(stored, request, type(error).__name__, None)
            return
        response = exchanged.response
        if _is_failure(response):
            await self._postpone(stored, request, f"status {response.status}", response)
        elif response.status >= 400:
            stored.refused = True

    async def _postpone(self, stored: StoredAnswer, request: Request, why: str, response: Response | None) -> None:
        """After a refresh that failed, let the next one begin sooner than at the usual pace."""
        pause = self._leave_alone(stored, request, why, response)
        self._next_refresh = self._clock.monotonic() + pause
        if self._store is not None:
            await self._store.hold(_turn(request), pause)


def _open_store(policy: CachePolicy, clock: Clock) -> SharedStore | None:
    location = store_location(policy.store)
    if location is None:
        return None
    from openrouter_rankings.transports.cache_stores import open_store

    return open_store(location, policy.max_entries, policy.max_bytes, clock)


def _is_failure(response: Response) -> bool:
    return response.status == 429 or 500 <= response.status <= 599


def _inward(request: Request) -> Request:
    if "Cache-Control" not in request.headers:
        return request
    headers = Headers({name: value for name, value in request.headers.items() if name.lower() != "cache-control"})
    return attrs.evolve(request, headers=headers)


def _turn(request: Request) -> str:
    return f"{key_hash(request)} refresh"
