"""The client: one method per operation of the Data API, on a tower of transports that it builds and owns."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from operator import attrgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict, TypeVar, Unpack

import attrs

from openrouter_rankings import __version__, endpoints
from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError, InvalidResponseError, RankingsError
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.models.task_classifications import TaskClassifications, Window
from openrouter_rankings.settings import (
    BASE_URL,
    App,
    checked_base_url,
    checked_extra_headers,
    checked_headers,
    checked_key,
    checked_timeout,
)
from openrouter_rankings.transports.cache import CachePolicy, CacheTransport
from openrouter_rankings.transports.cached_answer import Answer, StoredAnswer
from openrouter_rankings.transports.freshness import cache_control
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.quota import Quota, QuotaStatus, QuotaTransport
from openrouter_rankings.transports.retry import RetryPolicy, RetryTransport

if TYPE_CHECKING:
    from openrouter_rankings.models.app_rankings import (
        AppCategory,
        AppRankings,
        AppRankingsItem,
        AppSort,
        AppSubcategory,
    )
    from openrouter_rankings.models.benchmarks import (
        Arena,
        Benchmarks,
        BenchmarkSource,
        BenchmarkType,
        SearchSurface,
        TaskType,
    )
    from openrouter_rankings.models.rankings_daily import (
        ContextBucket,
        LanguageType,
        Modality,
        Period,
        RankingsCategory,
        RankingsDaily,
    )
    from openrouter_rankings.models.session_cost import SessionCost, SessionCostItem, TurnRange
    from openrouter_rankings.paging import Paged

__all__ = ["CallOptions", "Progress", "Provenance", "RankingsClient"]

T = TypeVar("T")

_logger = logging.getLogger("openrouter_rankings")

# The service calls an answer fresh for so many seconds: to ask more often brings nothing new.
_SHORTEST_WATCH = 60.0

Progress = Callable[[int, int], object]
"""Told of answers: how many there are, and of how many. First ``(0, total)``, and ``(total, total)`` at last."""


class CallOptions(TypedDict, total=False):
    """What every operation takes besides its parameters.

    Attributes:
        timeout: seconds for one exchange with the service; the client's if None or not given.
        retry: the policy for this call; the client's if None or not given. ``RetryPolicy(max_attempts=1)`` does not
            retry.
        headers: further header fields for this call.
        fresh: pass over what the cache has, and ask the service.
        max_age: the greatest age in seconds that will do, whatever the service calls stale.
    """

    timeout: float | None
    retry: RetryPolicy | None
    headers: Mapping[str, str] | None
    fresh: bool
    max_age: float | None


@attrs.frozen
class Provenance:
    """What an answer is worth at this moment.

    Attributes:
        age: seconds since the service made it.
        stale: it is older than the service, or the cache's policy, calls fresh. It is given all the same while it is
            refreshed, and where the service gives no newer one.
    """

    age: float
    stale: bool


class RankingsClient:
    """Asks OpenRouter's Data API.

    An async context manager; without ``async with``, call ``aclose`` at the end. One client serves any number of
    concurrent calls, in one event loop.

    Each operation raises ``ConfigurationError`` where a parameter cannot be right, and then nothing was sent;
    ``QuotaExceededError`` where our own budget is spent and the cache has no answer, and nothing was sent either;
    ``TransportError`` where no whole answer arrived, after all retries; ``APIError`` where the service refused
    (``BadRequestError``, ``UnauthorizedError``, ``TooManyRequestsError``, ``InternalServerError``, or the base class
    for any other status); and ``InvalidResponseError`` where the answer is not what the service promises.

    Args:
        api_key: any valid OpenRouter key; from the environment variable ``OPENROUTER_API_KEY`` if None.
        transport: what carries the requests; an ``AiohttpTransport`` if None. The client closes it at its own end.
        base_url: where the Data API is.
        timeout: seconds for one exchange with the service, the body included; None for no limit.
        retry: how often and how long failures are retried; None never retries.
        quota: how many requests may be sent, and where they are counted; None does not count.
        cache: how long answers are given again, and where they are kept; None asks the service every time.
        app: the app that asks, for OpenRouter's attribution.
        clock: the time to wait in; the transport's own if it has one (a fake's), else the system's.

    Raises:
        ConfigurationError: there is no key, or an argument cannot be used.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        transport: Transport | None = None,
        base_url: str = BASE_URL,
        timeout: float | None = 30.0,
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008 - a frozen value, shown in the signature
        quota: Quota | None = Quota(),  # noqa: B008 - the same
        cache: CachePolicy | None = CachePolicy(),  # noqa: B008 - the same
        app: App | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._key = checked_key(api_key)
        self._base_url = checked_base_url(base_url)
        self._timeout = checked_timeout(timeout)
        self._headers = checked_headers(
            {
                "Authorization": f"Bearer {self._key}",
                "Accept": "application/json",
                "User-Agent": f"openrouter-rankings/{__version__}",
            }
            | (app.headers() if app else {})
        )
        self._clock: Clock = clock or getattr(transport, "clock", None) or SystemClock()
        wire = transport if transport is not None else _aiohttp_transport()
        self._quota = None if quota is None else QuotaTransport(wire, quota, clock=self._clock)
        self._without_retry: Transport = self._quota or wire
        self._with_retry = self._retrying(retry)
        self._cache = None if cache is None else self._caching(cache)
        self._origins: dict[int, tuple[weakref.ref[Any], tuple[StoredAnswer, ...]]] = {}
        self._naps: set[asyncio.Task[None]] = set()
        self._closed = False

    def _retrying(self, policy: RetryPolicy | None) -> Transport:
        if policy is None:
            return self._without_retry
        return RetryTransport(self._without_retry, policy, clock=self._clock)

    def _caching(self, policy: CachePolicy) -> CacheTransport:
        return CacheTransport(
            self._with_retry,
            policy,
            clock=self._clock,
            without_retry=self._without_retry,
            may_refresh=self._may_refresh,
        )

    def _may_refresh(self, request: Request, _: float) -> bool:
        return self._quota is None or self._quota.has_place(request)

    async def get_task_classifications(
        self, window: Window | str = Window.SEVEN_DAYS, **options: Unpack[CallOptions]
    ) -> TaskClassifications:
        """The market share of OpenRouter's traffic by task, and of each model within a task.

        Operation ``GET /classifications/task``.

        Args:
            window: the trailing window. The service offers ``"7d"`` only today; another is sent on, and the service
                answers 400 if it does not know it.
            options: ``timeout``, ``retry``, ``headers``, ``fresh`` and ``max_age``; see ``CallOptions``.
        """
        return await self._ask(endpoints.task_classifications(window), **options)

    async def watch_task_classifications(
        self, window: Window | str = Window.SEVEN_DAYS, *, every: float = 3600.0
    ) -> AsyncGenerator[TaskClassifications]:
        """The present answer, and then each one that differs from the last: a new day, or restated figures.

        It goes on over failures, each of which is a record on the logger ``openrouter_rankings``, and ends with
        ``break``, with a cancellation, or when the client is closed.

        Args:
            window: the trailing window.
            every: seconds between two looks, at least 60. The figures change once a day, and can be restated.

        Raises:
            ConfigurationError: ``window`` is implausible, or ``every`` too short.
        """
        endpoint = endpoints.task_classifications(window)
        if not every >= _SHORTEST_WATCH:
            raise ConfigurationError(f"every must be at least {_SHORTEST_WATCH:g} s, not {every!r}: nothing changes.")
        # Any answer will do at first, and later one that is newer than the last look's.
        max_age, last = None, None
        while not self._closed:
            try:
                answer = await self._ask(endpoint, max_age=max_age)
            except RankingsError as error:
                if not self._closed:
                    _logger.warning("GET %s: watching goes on after an error: %s", endpoint.path, error)
            else:
                if answer != last:
                    last = answer
                    yield answer
            max_age = every / 2
            await self._nap(every)

    async def get_rankings_daily(
        self,
        *,
        start_date: date | str | None = None,
        end_date: date | str | None = None,
        period: Period | str | None = None,
        modality: Modality | str | None = None,
        context_bucket: ContextBucket | str | None = None,
        category: RankingsCategory | str | None = None,
        language_type: LanguageType | str | None = None,
        progress: Progress | None = None,
        **options: Unpack[CallOptions],
    ) -> RankingsDaily:
        """The tokens of the top 50 models on each day of a span, and of all the others together.

        Operation ``GET /datasets/rankings-daily``. A span of over 366 days takes several requests, which are sent at
        once, as far as the quota has places, and whose answers are joined.

        Args:
            start_date: the first UTC day, as a ``date`` or as ISO text; 30 days before the end if None. The data begins
                on 2025-01-01, and so does an earlier span.
            end_date: the last UTC day, which belongs to the span; the last complete one if None.
            period: the grain of the rows: ``"day"`` if None, but ``"week"`` with ``category`` or ``language_type``.
            modality: only models, or requests, of this kind.
            context_bucket: only requests with a context of about this length.
            category: only this use case, by weekly estimates from a sample. It goes with no other filter, nor with
                ``period="day"``.
            language_type: only this type of language; the same holds for it.
            progress: called with the number of answers that have come and of those that will come.
            options: ``timeout``, ``retry``, ``headers``, ``fresh`` and ``max_age``; see ``CallOptions``.

        Raises:
            ConfigurationError: a date is none, the span ends before the data begins, or filters
                exclude each other.
        """
        parts = endpoints.rankings_daily(
            start_date=start_date,
            end_date=end_date,
            period=period,
            modality=modality,
            context_bucket=context_bucket,
            category=category,
            language_type=language_type,
            latest=self._latest_day(),
        )
        answers = await self._ask_all(parts, progress, options)
        if len(answers) == 1:
            return answers[0]
        from openrouter_rankings.models.rankings_daily import join_rankings_daily

        return self._derived(join_rankings_daily(answers), answers)

    async def get_app_rankings(
        self,
        *,
        category: AppCategory | str | None = None,
        subcategory: AppSubcategory | str | None = None,
        sort: AppSort | str | None = None,
        start_date: date | str | None = None,
        end_date: date | str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **options: Unpack[CallOptions],
    ) -> AppRankings:
        """A page of the apps that send the most tokens, or grow the most.

        Operation ``GET /datasets/app-rankings``.

        Args:
            category: only apps of this group of the apps marketplace.
            subcategory: only apps of this kind; it must belong to ``category`` where both are given.
            sort: ``"popular"`` (the default) ranks by tokens in the span, ``"trending"`` by how far they exceed the
                mean of the three spans before it. Apps that do not grow are not trending.
            start_date: the first UTC day, as for ``get_rankings_daily``.
            end_date: the last UTC day; the span has at most 366 days.
            limit: the length of the page, 1 to 100; 50 if None.
            offset: how many apps to leave out at first, 0 to 100. ``rank`` counts them all the same.
            options: ``timeout``, ``retry``, ``headers``, ``fresh`` and ``max_age``; see ``CallOptions``.

        Raises:
            ConfigurationError: a date is none, the span too long, a number out of range, or the
                subcategory of another category.
        """
        endpoint = endpoints.app_rankings(
            category=category,
            subcategory=subcategory,
            sort=sort,
            start_date=start_date,
            end_date=end_date,
            limit=limit,
            offset=offset,
            latest=self._latest_day(),
        )
        return await self._ask(endpoint, **options)

    def iter_app_rankings(
        self,
        *,
        category: AppCategory | str | None = None,
        subcategory: AppSubcategory | str | None = None,
        sort: AppSort | str | None = None,
        start_date: date | str | None = None,
        end_date: date | str | None = None,
        **options: Unpack[CallOptions],
    ) -> Paged[AppRankings, AppRankingsItem]:
        """All apps that the service gives, 200 at most: ``async for app in client.iter_app_rankings(sort="trending")``.

        The parameters and errors are those of ``get_app_rankings``; each page is a request. A mistake in a parameter is
        an error at once, and not only when the first app is asked for.

        Raises:
            ListChangedError: while iterating: the list changed between two pages.
        """
        from openrouter_rankings.models.app_rankings import LAST_APP_OFFSET, MOST_APPS
        from openrouter_rankings.paging import Paged

        at = partial(
            endpoints.app_rankings,
            category=category,
            subcategory=subcategory,
            sort=sort,
            start_date=start_date,
            end_date=end_date,
            limit=MOST_APPS,
            latest=self._latest_day(),
        )
        at(offset=0)
        return Paged(
            lambda offset: self._ask(at(offset=offset), **options),
            page_size=MOST_APPS,
            last_offset=LAST_APP_OFFSET,
            identity=attrgetter("app_id"),
            rank=attrgetter("rank"),
        )

    async def get_session_cost(
        self,
        *,
        app_slug: str | None = None,
        model: str | None = None,
        turn_range: TurnRange | str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **options: Unpack[CallOptions],
    ) -> SessionCost:
        """A page of what a session costs, by app, model and length of the session.

        Operation ``GET /datasets/session-cost``.

        Args:
            app_slug: only this app.
            model: only this model, by its exact permaslug, in all apps.
            turn_range: only sessions of this length.
            limit: the length of the page, 1 to 500; 100 if None, which leaves out the rest.
            offset: how many rows to leave out at first, 0 to 5,000.
            options: ``timeout``, ``retry``, ``headers``, ``fresh`` and ``max_age``; see ``CallOptions``.

        Raises:
            ConfigurationError: a text is empty, or a number out of range.
        """
        endpoint = endpoints.session_cost(
            app_slug=app_slug, model=model, turn_range=turn_range, limit=limit, offset=offset
        )
        return await self._ask(endpoint, **options)

    def iter_session_cost(
        self,
        *,
        app_slug: str | None = None,
        model: str | None = None,
        turn_range: TurnRange | str | None = None,
        **options: Unpack[CallOptions],
    ) -> Paged[SessionCost, SessionCostItem]:
        """All rows that the service gives, 5,500 at most: ``async for row in client.iter_session_cost()``.

        The parameters and errors are those of ``get_session_cost``; each page of 500 rows is a request. A mistake in a
        parameter is an error at once, and not only when the first row is asked for.

        Raises:
            ListChangedError: while iterating: the list changed between two pages.
        """
        from openrouter_rankings.models.session_cost import LAST_SESSION_COST_OFFSET, MOST_SESSION_COSTS
        from openrouter_rankings.paging import Paged

        at = partial(
            endpoints.session_cost, app_slug=app_slug, model=model, turn_range=turn_range, limit=MOST_SESSION_COSTS
        )
        at(offset=0)
        return Paged(
            lambda offset: self._ask(at(offset=offset), **options),
            page_size=MOST_SESSION_COSTS,
            last_offset=LAST_SESSION_COST_OFFSET,
            identity=attrgetter("app_slug", "turn_range", "model_permaslug"),
        )

    async def get_benchmarks(
        self,
        *,
        source: BenchmarkSource | str | None = None,
        task_type: TaskType | str | None = None,
        benchmark_type: BenchmarkType | str | None = None,
        include_run_config: bool | None = None,
        search_engine: str | None = None,
        search_surface: SearchSurface | str | None = None,
        arena: Arena | str | None = None,
        category: str | None = None,
        max_results: int | None = None,
        **options: Unpack[CallOptions],
    ) -> Benchmarks:
        """How models score in the benchmarks of Artificial Analysis, of Design Arena and of OpenRouter.

        Operation ``GET /benchmarks``.

        Args:
            source: only benchmarks of this source.
            task_type: only benchmarks of this type of task.
            benchmark_type: only this benchmark of OpenRouter's; one of search leaves out the other sources.
            include_run_config: whether rows of search benchmarks tell how they were run; False if None.
            search_engine: only search benchmarks with this engine.
            search_surface: only search benchmarks that searched so.
            arena: only this arena of Design Arena's.
            category: only this category of Design Arena's, such as ``"codecategories"``.
            max_results: the most rows to give, at least 1; all if None.
            options: ``timeout``, ``retry``, ``headers``, ``fresh`` and ``max_age``; see ``CallOptions``.

        Raises:
            ConfigurationError: ``arena`` or ``category`` with another source than Design Arena, a
                text is empty, or ``max_results`` is below 1.
        """
        endpoint = endpoints.benchmarks(
            source=source,
            task_type=task_type,
            benchmark_type=benchmark_type,
            include_run_config=include_run_config,
            search_engine=search_engine,
            search_surface=search_surface,
            arena=arena,
            category=category,
            max_results=max_results,
        )
        return await self._ask(endpoint, **options)

    async def quota(self) -> QuotaStatus:
        """What is used of the key's budget for the minute and for the day, and what remains; no request is sent.

        Raises:
            ConfigurationError: the client was made with ``quota=None``, or the quota's store cannot be used.
        """
        if self._quota is None:
            raise ConfigurationError("This client keeps no quota: it was made with quota=None.")
        return await self._quota.status(Request("GET", self._base_url, self._headers))

    def provenance(self, answer: object) -> Provenance:
        """How old an answer of this client is by now, and whether it is stale.

        One that took several requests is as old as the oldest of their answers.

        An answer is a pure value, and all who asked within its time share one object; what is asked about is that
        object, not an equal one.

        Raises:
            ConfigurationError: it is no answer of this client's cache.
        """
        origin = self._origins.get(id(answer))
        if origin is None:
            raise ConfigurationError("This is no answer of this client's, or the client was made with cache=None.")
        ages = [stored.age(self._clock) for stored in origin[1]]
        stale = any(age >= stored.freshness.lifetime for age, stored in zip(ages, origin[1], strict=True))
        return Provenance(max(ages), stale)

    def _fields(
        self, headers: Mapping[str, str] | None, *, fresh: bool = False, max_age: float | None = None
    ) -> Headers:
        fields = self._headers if headers is None else self._headers.merge(checked_extra_headers(headers))
        if max_age is not None and not max_age >= 0:
            raise ConfigurationError(f"max_age must be a number of seconds of at least 0, not {max_age!r}.")
        wish = cache_control(fresh=fresh, max_age=max_age)
        return fields if wish is None or self._cache is None else fields.merge({"Cache-Control": wish})

    async def _nap(self, seconds: float) -> None:
        """Wait, but not beyond the end of the client."""
        if self._closed:
            return
        nap = asyncio.ensure_future(self._clock.sleep(seconds))
        self._naps.add(nap)
        try:
            await asyncio.wait({nap})
        finally:
            self._naps.discard(nap)
            nap.cancel()

    def _latest_day(self) -> date:
        """The most recent complete UTC day."""
        return datetime.fromtimestamp(self._clock.time(), UTC).date() - timedelta(days=1)

    async def _ask(
        self,
        endpoint: endpoints.Endpoint[T],
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        fresh: bool = False,
        max_age: float | None = None,
    ) -> T:
        seconds = self._timeout if timeout is None else checked_timeout(timeout)
        fields = self._fields(headers, fresh=fresh, max_age=max_age)
        request = endpoints.request_of(endpoint, self._base_url, fields, seconds)
        transport = None if retry is None else self._retrying(retry)
        if self._cache is None:
            return self._result(endpoint, await (transport or self._with_retry).send(request))
        return await self._decoded(endpoint, self._cache, await self._cache.fetch(request, via=transport))

    async def _ask_all(
        self, parts: Sequence[endpoints.Endpoint[T]], progress: Progress | None, options: CallOptions
    ) -> list[T]:
        """The answers to all, in the order of the parts; the first failure ends what is still under way."""
        tell = progress or _tell_nobody
        tell(0, len(parts))
        asked = [asyncio.ensure_future(self._ask(part, **options)) for part in parts]
        try:
            for done, answered in enumerate(asyncio.as_completed(asked), 1):
                await answered
                tell(done, len(parts))
            return [task.result() for task in asked]
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    def _result(self, endpoint: endpoints.Endpoint[T], response: Response) -> T:
        return endpoints.result_of(endpoint, response, key=self._key, now=self._clock.time())

    async def _decoded(self, endpoint: endpoints.Endpoint[T], cache: CacheTransport, answer: Answer) -> T:
        try:
            value = answer.decode(partial(self._result, endpoint))
        except InvalidResponseError:
            await cache.discard(answer)
            raise
        if id(value) not in self._origins:
            self._remember(value, (answer.stored.without_content(),))
        return value

    def _derived(self, value: T, answers: Sequence[object]) -> T:
        """The value, which is made of these answers and thus of their age."""
        known = (self._origins.get(id(answer)) for answer in answers)
        self._remember(value, tuple(stored for origin in known if origin for stored in origin[1]))
        return value

    def _remember(self, value: object, origin: tuple[StoredAnswer, ...]) -> None:
        if origin:
            forget = partial(_forget, self._origins, id(value))
            self._origins[id(value)] = weakref.ref(value, forget), origin

    async def aclose(self) -> None:
        """Close the client and its transport. A session of the caller's own stays open. Repeating it does nothing."""
        self._closed = True
        for nap in self._naps:
            nap.cancel()
        await (self._cache or self._with_retry).aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _tell_nobody(_done: int, _total: int) -> None:
    """The progress that nobody follows."""


def _forget(
    origins: dict[int, tuple[weakref.ref[Any], tuple[StoredAnswer, ...]]], identity: int, _: weakref.ref[Any]
) -> None:
    origins.pop(identity, None)


def _aiohttp_transport() -> Transport:
    from openrouter_rankings.transports.aiohttp import AiohttpTransport

    return AiohttpTransport()
