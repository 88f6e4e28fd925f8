"""The client: one method for each operation of the Data API, on a tower of transports that it builds and owns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Self, TypedDict, TypeVar, Unpack

import attrs

from openrouter_rankings import __version__, endpoints
from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Headers, Request, Response
from openrouter_rankings.provenance import Origins, Provenance
from openrouter_rankings.redaction import redact_place
from openrouter_rankings.settings import (
    App,
    checked_base_url,
    checked_callback,
    checked_extra_headers,
    checked_headers,
    checked_instance,
    checked_key,
    checked_methods,
    checked_seconds,
)
from openrouter_rankings.transports.cache.freshness import request_cache_control
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.cache.transport import CacheTransport
from openrouter_rankings.transports.deadline import Deadline, DeadlineTransport
from openrouter_rankings.transports.home_loop import HomeLoop
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.quota.transport import QuotaTransport
from openrouter_rankings.transports.retry import RetryPolicy, RetryTransport
from openrouter_rankings.watching import Change, Watches, checked_interval

if TYPE_CHECKING:
    from openrouter_rankings.events import OnEvent
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
    from openrouter_rankings.models.data_set import Answer
    from openrouter_rankings.models.rankings_daily import (
        ContextBucket,
        LanguageType,
        Modality,
        Period,
        RankingsCategory,
        RankingsDaily,
    )
    from openrouter_rankings.models.session_cost import SessionCost, SessionCostItem, TurnRange
    from openrouter_rankings.models.task_classifications import TaskClassifications, Window
    from openrouter_rankings.paging import Paged
    from openrouter_rankings.transports.quota.status import QuotaStatus

__all__ = ["CallOptions", "Fetched", "Progress", "RankingsClient"]

A = TypeVar("A", bound="Answer")
P = ParamSpec("P")
T = TypeVar("T")

Progress = Callable[[int, int], object]
"""Progress callback: ``(completed, total)``. First ``(0, total)``, and ``(total, total)`` at the end."""


class CallOptions(TypedDict, total=False):
    """What every operation takes in addition to its parameters.

    What is not given is the client's setting; None means none.

    Attributes:
        timeout: seconds for one exchange with the service; None for no limit.
        deadline: seconds for the whole call: waits for the quota, retries and exchanges. When it cannot be met, the
            call gets an older answer if the cache has one; otherwise it fails, and begins no wait that would be too
            long. None for no limit.
        retry: the policy for this call; None does not retry.
        headers: further header fields for this call.
        fresh: ask the service, whatever the cache has.
        max_age: the greatest age in seconds that will do, whatever the service calls stale; None for what the service
            and the cache's policy call fresh.
    """

    timeout: float | None
    deadline: float | None
    retry: RetryPolicy | None
    headers: Mapping[str, str] | None
    fresh: bool
    max_age: float | None


@attrs.frozen
class Fetched(Generic[T]):
    """An answer together with the response that it was decoded from.

    Attributes:
        value: the answer.
        response: the response, with its raw body. The cache adds the header fields ``Age`` and ``Cache-Status``.
    """

    value: T
    response: Response


class RankingsClient:
    """Asks OpenRouter's Data API.

    An async context manager; without ``async with``, call ``aclose`` at the end. One client serves any number of
    concurrent calls, in one event loop.

    Each operation raises

    - ``ConfigurationError`` if a parameter is invalid; nothing was sent;
    - ``QuotaExceededError`` if our own budget is spent and the cache has no answer; nothing was sent;
    - ``TransportError`` if no whole answer arrived, after all retries; ``RequestTimeoutError`` if it took too long;
    - ``APIError`` if the service refused: ``BadRequestError``, ``UnauthorizedError``, ``TooManyRequestsError``,
      ``InternalServerError``, or the base class for any other status;
    - ``InvalidResponseError`` if the answer is not what the service promises.

    Args:
        api_key: any valid OpenRouter key; from the environment variable ``OPENROUTER_API_KEY`` if None.
        transport: sends the requests; an ``AiohttpTransport`` if None. The client closes it when it is closed itself.
        base_url: the URL of the Data API. If None, the environment variable ``OPENROUTER_RANKINGS_BASE_URL``, which
            points a whole program at the emulation or at a proxy, and else ``https://openrouter.ai/api/v1``.
        timeout: seconds for one exchange with the service, the body included; None for no limit.
        deadline: seconds for a whole call; see ``CallOptions``. None for no limit.
        retry: how often and for how long failures are retried; None never retries.
        quota: how many requests may be sent, and where they are counted; None does not count.
        cache: how long responses are reused, and where they are kept; None asks the service every time.
        app: the app that asks, for OpenRouter's attribution.
        on_event: a callback for each event of ``openrouter_rankings.events``; it must not block.
        clock: the time to wait in; the transport's own if it has one (a fake's), else the system's.

    Raises:
        ConfigurationError: there is no key, or an argument is invalid.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        transport: Transport | None = None,
        base_url: str | None = None,
        timeout: float | None = 30.0,
        deadline: float | None = None,
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008 - a frozen value, shown in the signature
        quota: Quota | None = Quota(),  # noqa: B008 - the same
        cache: CachePolicy | None = CachePolicy(),  # noqa: B008 - the same
        app: App | None = None,
        on_event: OnEvent | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._key = checked_key(api_key)
        self._base_url = checked_base_url(base_url)
        self._timeout = checked_seconds("timeout", timeout)
        self._deadline = checked_seconds("deadline", deadline)
        checked_instance("retry", retry, RetryPolicy)
        checked_instance("quota", quota, Quota)
        checked_instance("cache", cache, CachePolicy)
        checked_instance("app", app, App)
        self._headers = checked_headers(
            {
                "Authorization": f"Bearer {self._key}",
                "Accept": "application/json",
                "User-Agent": f"openrouter-rankings/{__version__}",
            }
            | (app.headers() if app else {})
        )
        self._clock = _clock_of(clock, transport)
        self._on_event = checked_callback("on_event", on_event)
        wire = _wire(transport, self._clock, is_observed=on_event is not None)
        self._quota = None if quota is None else QuotaTransport(wire, quota, clock=self._clock)
        self._tower = _tower(self._quota or wire, retry, cache, self._clock)
        self._origins = Origins()
        self._watches = Watches(self._clock)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {redact_place(self._base_url, self._key)}>"

    async def get_task_classifications(
        self, window: Window | str = "7d", **options: Unpack[CallOptions]
    ) -> TaskClassifications:
        """The market share of OpenRouter's traffic by task, and of each model within a task.

        Operation ``GET /classifications/task``.

        Args:
            window: the trailing window. The service offers ``"7d"`` only today; another is sent on, and the service
                answers 400 if it does not know it.
            options: see ``CallOptions``.
        """
        return await self._ask(endpoints.task_classifications(window), options)

    def watch_task_classifications(
        self, window: Window | str = "7d", *, every: float = 3600.0
    ) -> AsyncGenerator[TaskClassifications]:
        """The current answer, and then each one that differs from the last: a new day, or restated figures.

        It continues after failures, each of which is a record on the logger ``openrouter_rankings``, and ends with
        ``break``, with a cancellation, or when the client is closed.

        Args:
            window: the trailing window.
            every: seconds between two requests, at least 60. The figures change once a day, and can be restated.

        Raises:
            ConfigurationError: ``window`` is implausible, or ``every`` too short.
        """
        endpoint = endpoints.task_classifications(window)
        changes = self._watches.watch(
            lambda max_age: self._ask(endpoint, {"max_age": max_age}),
            every=checked_interval(every),
            what=f"GET {endpoint.path}",
        )
        return _answers_of(changes)

    def watch(
        self, get: Callable[P, Awaitable[A]], every: float = 3600.0, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncGenerator[Change[A]]:
        """The current answer of an operation, and then each one with other figures or another span.

        ::

            async for change in client.watch(client.get_app_rankings, every=3600, category="coding"):
                for app in change.differences().entered:
                    ...

        It continues after failures, each of which is a record on the logger ``openrouter_rankings``, and ends with
        ``break``, with a cancellation, or when the client is closed. What the service alone renews, such as
        ``meta.as_of``, is no change.

        Args:
            get: a ``get_`` method of this client, or a coroutine function that passes ``max_age`` on to one.
            every: seconds between two requests, at least 60. Most figures change once a day, and can be restated.
            args: the positional parameters of ``get``.
            kwargs: the parameters of ``get``, and any of ``CallOptions`` but ``max_age`` and ``fresh``, which the watch
                sets itself.

        Raises:
            ConfigurationError: ``every`` is too short, or ``get`` no function; while iterating: a parameter of ``get``
                is invalid.
        """
        if not callable(get):
            raise ConfigurationError(
                f"get must be a method of a client, as in watch(client.get_app_rankings), not {type(get).__name__}."
            )
        if not kwargs.keys().isdisjoint({"fresh", "max_age"}):
            raise ConfigurationError("A watch decides itself how old an answer may be: leave out fresh and max_age.")

        def ask(max_age: float | None) -> Awaitable[A]:
            # That a function of any parameters has this one cannot be expressed.
            asked: Callable[..., Awaitable[A]] = get
            return asked(*args, **kwargs, max_age=max_age)

        what = getattr(get, "__name__", type(get).__name__)
        return self._watches.watch(ask, every=checked_interval(every), what=what)

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

        Operation ``GET /datasets/rankings-daily``. A span of over 366 days takes several requests, which are sent
        together as far as the quota has slots, and whose answers are joined.

        Args:
            start_date: the first UTC day, as a ``date`` or as ISO text; 30 days before the end if None. The data begins
                on 2025-01-01, and an earlier start is moved there.
            end_date: the last UTC day, included; the last complete one if None.
            period: the period of a row: ``"day"`` if None, or ``"week"`` with ``category`` or ``language_type``.
            modality: only this kind of model or request.
            context_bucket: only requests with about this context length.
            category: only this use case, by weekly estimates from a sample. It excludes all other filters, and
                ``period="day"``.
            language_type: only this type of language, with the same restrictions as ``category``.
            progress: a callback, ``(completed, total)`` requests.
            options: see ``CallOptions``.

        Raises:
            ConfigurationError: a date is invalid, the span ends before the data begins, or filters exclude each other.
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

        joined = join_rankings_daily(answers)
        self._origins.remember(joined, self._origins.of_all(answers))
        return joined

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
        """A page of the apps with the most tokens, or the most growth.

        Operation ``GET /datasets/app-rankings``.

        Args:
            category: only apps of this group of the apps marketplace.
            subcategory: only apps of this kind; it must belong to ``category`` where both are given.
            sort: ``"popular"`` (the default) ranks by tokens in the span, ``"trending"`` by how far they exceed the
                mean of the three spans before it. Apps that do not grow are not trending.
            start_date: the first UTC day, as for ``get_rankings_daily``.
            end_date: the last UTC day; the span has at most 366 days.
            limit: how many apps, 1 to 100; 50 if None.
            offset: how many apps to skip, 0 to 100; ``rank`` counts them.
            options: see ``CallOptions``.

        Raises:
            ConfigurationError: a date is invalid, the span is too long, a number is out of range, or the subcategory
                belongs to another category.
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
        return await self._ask(endpoint, options)

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
        """All apps that can be read, 200 at most: ``async for app in client.iter_app_rankings(sort="trending")``.

        The parameters and errors are those of ``get_app_rankings``; each page is a request. An invalid parameter raises
        immediately, and not only with the first app.

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
        _check_names(options, "iter_app_rankings")
        at(offset=0)
        return Paged(
            lambda offset: self._ask(at(offset=offset), options),
            page_size=MOST_APPS,
            last_offset=LAST_APP_OFFSET,
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
        """A page of the median costs of a session, by app, model and length of the session.

        Operation ``GET /datasets/session-cost``.

        Args:
            app_slug: only this app.
            model: only this model, by its exact permaslug, in all apps.
            turn_range: only sessions of this length.
            limit: how many rows, 1 to 500; 100 if None. There may be more.
            offset: how many rows to skip, 0 to 5,000.
            options: see ``CallOptions``.

        Raises:
            ConfigurationError: a text is empty, or a number is out of range.
        """
        endpoint = endpoints.session_cost(
            app_slug=app_slug, model=model, turn_range=turn_range, limit=limit, offset=offset
        )
        return await self._ask(endpoint, options)

    def iter_session_cost(
        self,
        *,
        app_slug: str | None = None,
        model: str | None = None,
        turn_range: TurnRange | str | None = None,
        **options: Unpack[CallOptions],
    ) -> Paged[SessionCost, SessionCostItem]:
        """All rows that can be read, 5,500 at most: ``async for row in client.iter_session_cost()``.

        The parameters and errors are those of ``get_session_cost``; each page of 500 rows is a request. An invalid
        parameter raises immediately, and not only with the first row.

        Raises:
            ListChangedError: while iterating: the list changed between two pages.
        """
        from openrouter_rankings.models.session_cost import LAST_SESSION_COST_OFFSET, MOST_SESSION_COSTS
        from openrouter_rankings.paging import Paged

        at = partial(
            endpoints.session_cost, app_slug=app_slug, model=model, turn_range=turn_range, limit=MOST_SESSION_COSTS
        )
        _check_names(options, "iter_session_cost")
        at(offset=0)
        return Paged(
            lambda offset: self._ask(at(offset=offset), options),
            page_size=MOST_SESSION_COSTS,
            last_offset=LAST_SESSION_COST_OFFSET,
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
        """The scores of models in the benchmarks of Artificial Analysis, Design Arena and OpenRouter.

        Operation ``GET /benchmarks``.

        Args:
            source: only benchmarks of this source.
            task_type: only benchmarks of this type of task.
            benchmark_type: only this benchmark of OpenRouter; a search benchmark leaves out the other sources.
            include_run_config: whether rows of search benchmarks include how they were run; False if None.
            search_engine: only search benchmarks with this engine.
            search_surface: only search benchmarks that searched this way.
            arena: only this arena of Design Arena.
            category: only this category of Design Arena, such as ``"codecategories"``.
            max_results: at most so many rows, at least 1; the service's default if None.
            options: see ``CallOptions``.

        Raises:
            ConfigurationError: ``arena`` or ``category`` is combined with a source other than Design Arena, a text is
                empty, or ``max_results`` is below 1.
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
        return await self._ask(endpoint, options)

    async def quota(self) -> QuotaStatus:
        """How much of the key's quota for the minute and for the day is used, and how much remains; sends no request.

        Raises:
            ConfigurationError: the client was made with ``quota=None``, or the quota's store cannot be used.
        """
        return await self._kept_quota().status(Request("GET", self._base_url, self._headers))

    def _kept_quota(self) -> QuotaTransport:
        if self._quota is None:
            raise ConfigurationError("This client keeps no quota: it was made with quota=None.")
        return self._quota

    def provenance(self, answer: object) -> Provenance:
        """How old an answer of this client is by now, and whether it is stale.

        One that took several requests is as old as the oldest of their responses. Give the very
        object that the client returned: an equal one, such as a copy, is not known.

        Raises:
            ConfigurationError: it is not an answer of this client, or the client was made with ``cache=None``.
        """
        return self._origins.provenance(answer, self._clock)

    async def fetch(self, endpoint: endpoints.Endpoint[T], **options: Unpack[CallOptions]) -> Fetched[T]:
        """The answer of any endpoint of ``openrouter_rankings.endpoints``, with the response it came in.

        For archives and proxies, which need the bytes as received. The ``get_`` methods are this with their parameters
        made into an endpoint, and without the response.

        Args:
            endpoint: the operation with its parameters.
            options: see ``CallOptions``.
        """
        _check_names(options, "fetch")
        checked_instance("endpoint", endpoint, endpoints.Endpoint, optional=False)
        return Fetched(*await self._exchange(endpoint, options))

    async def aclose(self) -> None:
        """Close the client and its transport. A session of the caller's own stays open. Repeating it does nothing."""
        self._watches.close()
        await self._tower.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _latest_day(self) -> date:
        """The most recent complete UTC day."""
        return datetime.fromtimestamp(self._clock.time(), UTC).date() - timedelta(days=1)

    async def _ask(self, endpoint: endpoints.Endpoint[T], options: CallOptions) -> T:
        value, _ = await self._exchange(endpoint, options)
        return value

    async def _exchange(self, endpoint: endpoints.Endpoint[T], options: CallOptions) -> tuple[T, Response]:
        decode = _Decode(endpoint, self._key)
        request = self._request(endpoint, decode, options)
        response = await self._tower.send(request)
        if not 200 <= response.status <= 299:
            raise endpoints.error_of(response, self._key, self._clock.time())
        extensions = response.extensions
        value: T = extensions["value"] if "value" in extensions else request.extensions["decode"](response)
        times = extensions.get("times")
        if times is not None and self._origins.of(value) != (times,):
            self._origins.remember(value, (times,))
        return value, response

    def _request(
        self, endpoint: endpoints.Endpoint[T], decode: Callable[[Response], T], options: CallOptions
    ) -> Request:
        extensions: dict[str, Any] = {"decode": decode}
        deadline = self._deadline
        timeout, headers = self._timeout, self._headers
        if options:
            _check_names(options, _METHODS.get(endpoint.path, "fetch"))
            deadline = checked_seconds("deadline", options.get("deadline", deadline))
            timeout = checked_seconds("timeout", options.get("timeout", timeout))
            headers = self._fields(options)
            if "retry" in options:
                checked_instance("retry", options["retry"], RetryPolicy)
                extensions["retry"] = options["retry"]
        if deadline is not None:
            extensions["deadline"] = Deadline(self._clock.monotonic() + deadline)
        request = endpoints.request_of(endpoint, self._base_url, headers, timeout, extensions)
        if self._on_event is None:
            return request
        from openrouter_rankings.transports.observed import observed

        return observed(request, self._on_event, self._clock)

    def _fields(self, options: CallOptions) -> Headers:
        extra = options.get("headers")
        fields = self._headers if extra is None else self._headers.merge(checked_extra_headers(extra))
        fresh, max_age = options.get("fresh", False), options.get("max_age")
        checked_instance("fresh", fresh, bool, optional=False)
        directives = request_cache_control(fresh=fresh, max_age=checked_seconds("max_age", max_age, zero=True))
        # The field is for our own cache, and not for the service.
        if directives is None or not isinstance(self._tower, CacheTransport):
            return fields
        given = fields.get("Cache-Control")
        # Of a directive that is given twice the first one counts: the option's.
        return fields.merge({"Cache-Control": directives if given is None else f"{directives}, {given}"})

    async def _ask_all(
        self, parts: Sequence[endpoints.Endpoint[T]], progress: Progress | None, options: CallOptions
    ) -> list[T]:
        """All answers, in the order of ``parts``; the first failure cancels the others."""
        report = checked_callback("progress", progress) or _ignore_progress
        loop = HomeLoop().check()
        report(0, len(parts))
        asked = [loop.create_task(self._ask(part, options)) for part in parts]
        try:
            for done, answered in enumerate(asyncio.as_completed(asked), 1):
                await answered
                report(done, len(parts))
            return [task.result() for task in asked]
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)


def _tower(transport: Transport, retry: RetryPolicy | None, cache: CachePolicy | None, clock: Clock) -> Transport:
    """The layers above the quota."""
    retrying = RetryTransport(transport, retry, clock=clock)
    return DeadlineTransport(retrying, clock) if cache is None else CacheTransport(retrying, cache, clock=clock)


@attrs.frozen
class _Decode(Generic[T]):
    """Decodes the responses of an endpoint. Its ``repr``, which a debugger shows of each frame, hides the key."""

    endpoint: endpoints.Endpoint[T]
    key: str = attrs.field(repr=False)

    def __call__(self, response: Response) -> T:
        return endpoints.value_of(self.endpoint, self.key, response)


async def _answers_of(changes: AsyncGenerator[Change[A]]) -> AsyncGenerator[A]:
    async with aclosing(changes):
        async for change in changes:
            yield change.answer


def _ignore_progress(_done: int, _total: int) -> None:
    """The progress callback where none is given."""


# The operations by their paths, to name the parameters of the one that was called.
_METHODS: Mapping[str, str] = {
    "/classifications/task": "get_task_classifications",
    "/datasets/rankings-daily": "get_rankings_daily",
    "/datasets/app-rankings": "get_app_rankings",
    "/datasets/session-cost": "get_session_cost",
    "/benchmarks": "get_benchmarks",
}


def _check_names(options: CallOptions, method: str) -> None:
    """Refuse a keyword argument that the method of the client does not have."""
    for name in options:
        if name not in CallOptions.__annotations__:
            raise TypeError(f"{method} has no parameter or option {name!r}. {_right_names(name, method)}")


def _right_names(wrong: str, method: str) -> str:
    # Calls without a mistake need neither of the two.
    from difflib import get_close_matches
    from inspect import signature

    parameters = signature(getattr(RankingsClient, method)).parameters
    known = [*(name for name in parameters if name not in {"self", "options"}), *CallOptions.__annotations__]
    near = [*get_close_matches(wrong, known, n=1), *(name for name in known if name.startswith(wrong))]
    return f"Did you mean {near[0]!r}?" if near else f"It takes {', '.join(known)}."


def _clock_of(clock: Clock | None, transport: Transport | None) -> Clock:
    usual = getattr(transport, "clock", None) or SystemClock()
    return checked_methods("clock", clock or usual, "time", "monotonic", "sleep")


def _wire(transport: Transport | None, clock: Clock, *, is_observed: bool) -> Transport:
    wire = _aiohttp_transport() if transport is None else checked_methods("transport", transport, "send", "aclose")
    if not is_observed:
        return wire
    from openrouter_rankings.transports.observed import ObservedTransport

    return ObservedTransport(wire, clock)


def _aiohttp_transport() -> Transport:
    from openrouter_rankings.transports.aiohttp import AiohttpTransport

    return AiohttpTransport()
