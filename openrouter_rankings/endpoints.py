"""The operations of the Data API as pure functions: parameters to a request, and a response to a value or an error.

Each operation imports the models of its answers on first use: importing all of them would take a tenth of the time in
which a client is ready to send.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

import attrs

from openrouter_rankings.errors import (
    APIError,
    BadRequestError,
    ConfigurationError,
    InternalServerError,
    InvalidResponseError,
    TooManyRequestsError,
    UnauthorizedError,
)
from openrouter_rankings.messages import Extensions, Headers, Request, Response, error_object
from openrouter_rankings.parameters import choice, flag, listed, text, whole_number
from openrouter_rankings.redaction import redact, redact_body, redact_field_name, redact_nested
from openrouter_rankings.retry_after import requested_wait

if TYPE_CHECKING:
    from openrouter_rankings.models.app_rankings import AppCategory, AppRankings, AppSort, AppSubcategory
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
    from openrouter_rankings.models.session_cost import SessionCost, TurnRange
    from openrouter_rankings.models.task_classifications import TaskClassifications, Window

__all__ = [
    "Endpoint",
    "app_rankings",
    "benchmarks",
    "error_of",
    "rankings_daily",
    "request_of",
    "session_cost",
    "task_classifications",
    "value_of",
]

T = TypeVar("T")

_WINDOW = re.compile(r"[0-9]+[a-z]")
_NO_EXTENSIONS: Extensions = MappingProxyType({})


@attrs.frozen
class Endpoint(Generic[T]):
    """One operation with its parameters.

    Attributes:
        path: the path below the base URL.
        query: the parameters of the query; those that are None are left out.
        decode: makes the value from the body of a 200 response. The cache keeps the value with the response, so two
            endpoints with the same path and query must decode alike.
    """

    path: str
    query: Mapping[str, object]
    decode: Callable[[bytes], T]

    @cached_property
    def target(self) -> str:
        """The path with the query, as it follows the base URL."""
        query = urlencode({name: value for name, value in self.query.items() if value is not None})
        return f"{self.path}{'?' if query else ''}{query}"


def task_classifications(window: Window | str) -> Endpoint[TaskClassifications]:
    """``GET /classifications/task``.

    Raises:
        ConfigurationError: ``window`` is not a number and a letter. An unknown one is sent, since the service may have
            gained it.
    """
    if not isinstance(window, str) or not _WINDOW.fullmatch(window):
        raise ConfigurationError(f'window must be a number and a letter, such as "7d" (7 days), not {window!r}.')
    return _task_classifications(str(window))


# A client is asked this again and again, and the URL takes longer to build than a cached answer to find.
@lru_cache(maxsize=8)
def _task_classifications(window: str) -> Endpoint[TaskClassifications]:
    from openrouter_rankings.models.task_classifications import decode_task_classifications

    return Endpoint("/classifications/task", {"window": window}, decode_task_classifications)


def rankings_daily(
    *,
    start_date: date | str | None,
    end_date: date | str | None,
    period: Period | str | None,
    modality: Modality | str | None,
    context_bucket: ContextBucket | str | None,
    category: RankingsCategory | str | None,
    language_type: LanguageType | str | None,
    latest: date,
) -> tuple[Endpoint[RankingsDaily], ...]:
    """``GET /datasets/rankings-daily``: as few requests as the span takes, in the order of their spans.

    Raises:
        ConfigurationError: a parameter, or a combination of parameters, is one that the service rejects.
    """
    from openrouter_rankings.models import rankings_daily as data_set
    from openrouter_rankings.spans import checked_span, split

    grain = choice("period", period, data_set.Period)
    query = {
        "period": grain,
        "modality": choice("modality", modality, data_set.Modality),
        "context_bucket": choice("context_bucket", context_bucket, data_set.ContextBucket),
        "category": choice("category", category, data_set.RankingsCategory),
        "language_type": choice("language_type", language_type, data_set.LanguageType),
    }
    sampled = _is_sampled(query)
    grain = grain or (data_set.Period.WEEK if sampled else data_set.Period.DAY)
    decode = partial(data_set.decode_rankings_daily, period=grain, is_estimate=sampled)
    spans = split(checked_span(start_date, end_date), period=grain, sampled=sampled, latest=latest)
    return tuple(
        Endpoint("/datasets/rankings-daily", {"start_date": start, "end_date": end, **query}, decode)
        for start, end in spans
    )


def _is_sampled(query: Mapping[str, str | None]) -> bool:
    """Whether the figures are from the weekly sample, which has two filters that exclude each other and all others."""
    filters = [name for name in ("category", "language_type", "modality", "context_bucket") if query[name]]
    if not {"category", "language_type"} & set(filters):
        return False
    if len(filters) > 1:
        raise ConfigurationError(
            f"{' and '.join(filters)} exclude each other: category and language_type read a sample that has no other "
            "filter. Give one of them."
        )
    if query["period"] == "day":
        raise ConfigurationError(
            f'period must be "week" or "month" with {filters[0]}, whose figures are weekly estimates, not "day".'
        )
    return True


def app_rankings(
    *,
    category: AppCategory | str | None,
    subcategory: AppSubcategory | str | None,
    sort: AppSort | str | None,
    start_date: date | str | None,
    end_date: date | str | None,
    limit: int | None,
    offset: int | None,
    latest: date,
) -> Endpoint[AppRankings]:
    """``GET /datasets/app-rankings``.

    Raises:
        ConfigurationError: a parameter, or a combination of parameters, is one that the service rejects.
    """
    from openrouter_rankings.models import app_rankings as data_set
    from openrouter_rankings.spans import LONGEST_SPAN, checked_span, days_in

    span = checked_span(start_date, end_date)
    if days_in(span, latest) > LONGEST_SPAN:
        raise ConfigurationError(
            f"start_date and end_date must span at most {LONGEST_SPAN} days, not {days_in(span, latest)}: apps are "
            "ranked over the whole span, so that it cannot be put together from shorter ones."
        )
    group = choice("category", category, data_set.AppCategory)
    kind = choice("subcategory", subcategory, data_set.AppSubcategory)
    _check_subcategory(group, kind, data_set.SUBCATEGORIES)
    query = {
        "category": group,
        "subcategory": kind,
        "sort": choice("sort", sort, data_set.AppSort),
        "start_date": span[0],
        "end_date": span[1],
        "limit": whole_number("limit", limit, 1, data_set.MOST_APPS),
        "offset": whole_number("offset", offset, 0, data_set.LAST_APP_OFFSET),
    }
    return Endpoint("/datasets/app-rankings", query, data_set.decode_app_rankings)


def _check_subcategory(
    category: str | None, subcategory: str | None, groups: Mapping[AppCategory, tuple[AppSubcategory, ...]]
) -> None:
    homes: Mapping[str | None, str] = {each: group for group, members in groups.items() for each in members}
    if subcategory in homes and category in set(groups) - {homes[subcategory]}:
        allowed = listed(each for each, home in homes.items() if each and home == category)
        raise ConfigurationError(
            f'subcategory must be {allowed} in the category "{category}", not "{subcategory}", which belongs to '
            f'"{homes[subcategory]}".'
        )


def session_cost(
    *,
    app_slug: str | None,
    model: str | None,
    turn_range: TurnRange | str | None,
    limit: int | None,
    offset: int | None,
) -> Endpoint[SessionCost]:
    """``GET /datasets/session-cost``.

    Raises:
        ConfigurationError: a parameter is one that the service rejects.
    """
    from openrouter_rankings.models import session_cost as data_set

    query = {
        "app_slug": text("app_slug", app_slug),
        "model": text("model", model),
        "turn_range": choice("turn_range", turn_range, data_set.TurnRange),
        "limit": whole_number("limit", limit, 1, data_set.MOST_SESSION_COSTS),
        "offset": whole_number("offset", offset, 0, data_set.LAST_SESSION_COST_OFFSET),
    }
    return Endpoint("/datasets/session-cost", query, data_set.decode_session_cost)


def benchmarks(
    *,
    source: BenchmarkSource | str | None,
    task_type: TaskType | str | None,
    benchmark_type: BenchmarkType | str | None,
    include_run_config: bool | None,
    search_engine: str | None,
    search_surface: SearchSurface | str | None,
    arena: Arena | str | None,
    category: str | None,
    max_results: int | None,
) -> Endpoint[Benchmarks]:
    """``GET /benchmarks``.

    Raises:
        ConfigurationError: a parameter, or a combination of parameters, is one that the service rejects.
    """
    from openrouter_rankings.models import benchmarks as data_set

    query = {
        "source": choice("source", source, data_set.BenchmarkSource),
        "task_type": choice("task_type", task_type, data_set.TaskType),
        "benchmark_type": choice("benchmark_type", benchmark_type, data_set.BenchmarkType),
        "include_run_config": flag("include_run_config", include_run_config),
        "search_engine": text("search_engine", search_engine),
        "search_surface": choice("search_surface", search_surface, data_set.SearchSurface),
        "arena": choice("arena", arena, data_set.Arena),
        "category": text("category", category),
        "max_results": whole_number("max_results", max_results, 1),
    }
    for name in ("arena", "category"):
        if query[name] is not None and query["source"] not in {None, data_set.BenchmarkSource.DESIGN_ARENA}:
            raise ConfigurationError(
                f'{name} is for the source "design-arena" alone, and the source is "{query["source"]}".'
            )
    return Endpoint("/benchmarks", query, data_set.decode_benchmarks)


def request_of(
    endpoint: Endpoint[Any],
    base_url: str,
    headers: Headers,
    timeout: float | None,
    extensions: Extensions = _NO_EXTENSIONS,
) -> Request:
    """The request for ``endpoint`` to the service at ``base_url``."""
    return Request("GET", base_url + endpoint.target, headers, timeout, extensions)


def value_of(endpoint: Endpoint[T], key: str, response: Response) -> T:
    """The value in a 2XX response.

    Args:
        endpoint: the operation that was asked.
        key: the API key, which no error may show.
        response: the response.

    Raises:
        InvalidResponseError: the response is not what the service promises.
    """
    try:
        _check_content_type(response)
        return endpoint.decode(response.body)
    except InvalidResponseError as error:
        clean = _without_key(error, key)
    # Debuggers and error trackers show the variables of each frame.
    del key
    # Raised out here, the error has no context that could hold the key.
    raise clean


def error_of(response: Response, key: str, now: float) -> APIError:
    """The error that a response other than a 2XX stands for.

    Args:
        response: the response.
        key: the API key, which the error may not show.
        now: the time of the response, in epoch seconds.
    """
    error = error_object(response.body) or {}
    code, message, metadata = error.get("code"), error.get("message"), error.get("metadata")
    facts: dict[str, Any] = {
        "status": response.status,
        "code": code if type(code) is int else None,
        "message": redact(message, key) if isinstance(message, str) else "",
        "metadata": redact_nested(metadata, key) if isinstance(metadata, dict) else None,
        "headers": Headers(
            (redact_field_name(name, key), redact(value, key)) for name, value in response.headers.items()
        ),
        "body": redact_body(response.body, key),
    }
    if response.status == 429:
        wait = requested_wait(response, now)
        retry_at = None if wait is None else datetime.fromtimestamp(now + wait, UTC)
        return TooManyRequestsError(**facts, retry_after=wait, retry_at=retry_at)
    return _ERRORS.get(response.status, APIError)(**facts)


def _check_content_type(response: Response) -> None:
    given = response.headers.get("Content-Type")
    media_type = (given or "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        problem = f"expected the content type application/json, got {given or 'none'}"
        raise InvalidResponseError(("", problem), body=response.body)


def _without_key(error: InvalidResponseError, key: str) -> InvalidResponseError:
    # Built anew, because the message of the original can hold a part of the key where it cuts a text.
    first, *others = (("", redact(problem, key)) for problem in error.problems)
    clean = InvalidResponseError(first, *others, body=redact_body(error.body, key))
    clean.path = redact(error.path, key)
    return clean


_ERRORS: Mapping[int, type[APIError]] = {400: BadRequestError, 401: UnauthorizedError, 500: InternalServerError}
