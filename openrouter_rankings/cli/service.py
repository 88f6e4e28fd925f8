"""What the command line asks of the service. It keeps answers and counts requests in the user's cache folder."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from openrouter_rankings.cli.ages import age_in_words
from openrouter_rankings.cli.exit_codes import NO_KEY, STALE
from openrouter_rankings.cli.folder import cache_file, quota_file
from openrouter_rankings.cli.observed import ObservedClient, Wire
from openrouter_rankings.cli.question import Origin, Question
from openrouter_rankings.cli.streams import fail, note, trace
from openrouter_rankings.cli.waiting import reported_waits
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.render.data_sets import Freshness
from openrouter_rankings.render.listing import printable
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.quota.status import QuotaStatus
from openrouter_rankings.transports.retry import RetryPolicy

if TYPE_CHECKING:
    from openrouter_rankings.client import CallOptions, RankingsClient
    from openrouter_rankings.transports.aiohttp import AiohttpTransport

__all__ = [
    "KEY_VARIABLE",
    "Received",
    "counting_client",
    "from_service",
    "lasting_client",
    "network",
    "open_client",
    "require_key",
]

T = TypeVar("T")

KEY_VARIABLE = "OPENROUTER_API_KEY"

# People call a command once a week, or when the service is down.
_STALE_IF_ERROR = 30 * 86400.0

Stores = tuple[Quota, CachePolicy | None]


@attrs.frozen
class Received(Generic[T]):
    """An answer, and what is known of how it came.

    Attributes:
        answer: the answer.
        freshness: how old it is.
        synthetic: the service says that its figures are invented.
    """

    answer: T
    freshness: Freshness
    synthetic: bool


def require_key(also: str = "") -> None:
    """End the command if there is no key; ``also`` says what else can be done."""
    if not os.environ.get(KEY_VARIABLE):
        fail(f"No API key: set the environment variable {KEY_VARIABLE}{also}.", NO_KEY)


@contextmanager
def from_service(question: Question[T], origin: Origin) -> Generator[Received[T]]:
    """The service's answer. Leaving the context waits for the refresh of a stale one, so show it before.

    A cache folder that cannot be used is reported, and done without.
    """
    require_key(", or add --sample to see synthetic figures without one")
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())

        def ask(stores: Callable[[], Stores]) -> Received[T]:
            client = open_client(origin, *stores())
            stack.callback(lambda: runner.run(client.aclose()))
            return runner.run(_received(question, client, origin))

        received = _with_stores_if_possible(ask, origin)
        _check_age(received.freshness, origin)
        yield received


@asynccontextmanager
async def counting_client(origin: Origin) -> AsyncGenerator[ObservedClient]:
    """A client for the service of ``origin`` that keeps no answer, and counts its requests with those of other calls.

    A cache folder that cannot be used is reported, and the requests are then counted for this call alone.

    Raises:
        ConfigurationError: the key, the URL or a limit cannot be used.
    """
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(open_client(origin, _quota(quota_file(), origin)))
            await client.quota()
        except ConfigurationError as error:
            client = await stack.enter_async_context(open_client(origin, _quota(None, origin)))
            _note_missing_folder(error)
        yield client


def open_client(origin: Origin, quota: Quota | None = None, cache: CachePolicy | None = None) -> ObservedClient:
    """A client for the service of ``origin``.

    Raises:
        ConfigurationError: the key, the URL or a limit cannot be used.
    """
    wire = Wire(network())
    return ObservedClient(wire, quota=quota, cache=cache, **_settings(origin))


async def lasting_client(origin: Origin) -> RankingsClient:
    """A client for a server, which keeps answers, and counts its requests with those of other calls.

    A cache folder that cannot be used is reported, and done without.

    Raises:
        ConfigurationError: the key, the URL or a limit cannot be used.
    """
    from openrouter_rankings.client import RankingsClient

    settings = _settings(origin)
    try:
        quota, cache = _stores(origin)
        return await _tried(RankingsClient(transport=network(), quota=quota, cache=cache, **settings))
    except ConfigurationError as error:
        # A mistake in the settings is met again.
        client = RankingsClient(transport=network(), quota=_quota(None, origin), cache=CachePolicy(), **settings)
        _note_missing_folder(error)
        return client


async def _tried(client: RankingsClient) -> RankingsClient:
    try:
        await client.quota()
    except BaseException:
        await client.aclose()
        raise
    return client


def _settings(origin: Origin) -> dict[str, Any]:
    given: dict[str, Any] = {
        "base_url": origin.base_url,
        "timeout": origin.timeout,
        "deadline": origin.max_wait,
        "retry": None if origin.max_wait is None else _patient(origin.max_wait),
    }
    return {name: value for name, value in given.items() if value is not None}


def network() -> AiohttpTransport:
    """What sends requests to a service, through the proxy that the environment names."""
    # It loads aiohttp, which the sample and a saved answer do without.
    from openrouter_rankings.transports.aiohttp import AiohttpTransport

    return AiohttpTransport(trust_env=True)


def _patient(seconds: float) -> RetryPolicy:
    return RetryPolicy(max_wait=seconds, max_elapsed=seconds)


async def _received(question: Question[T], client: ObservedClient, origin: Origin) -> Received[T]:
    began = time.monotonic()
    async with reported_waits(client) as progress:
        answers = await question.ask(client, _call_options(origin), progress)
    trace(f"The answer took {time.monotonic() - began:.2f} s.")
    await _trace_quota(client)
    freshness = Freshness(0.0, False, False) if origin.no_cache else _freshness(client, answers, origin)
    return Received(question.join(answers), freshness, client.has_synthetic)


def _call_options(origin: Origin) -> CallOptions:
    options: CallOptions = {}
    if origin.refresh:
        options["fresh"] = True
    elif origin.max_age is not None:
        options["max_age"] = origin.max_age
    elif origin.fail_if_stale and not origin.no_cache:
        # A second of freshness rules out a stale answer that is refreshed in the background (RFC 9111, 5.2.1.3).
        options["headers"] = {"Cache-Control": "min-fresh=1"}
    return options


def _freshness(client: ObservedClient, answers: Sequence[object], origin: Origin) -> Freshness:
    parts = [client.provenance(answer) for answer in answers]
    age = max(part.age for part in parts)
    stale = any(part.stale for part in parts) if origin.max_age is None else age > origin.max_age + 1
    return Freshness(round(age, 3), stale, client.has_cached)


def _check_age(freshness: Freshness, origin: Origin) -> None:
    if not freshness.from_cache:
        return
    age = age_in_words(freshness.age_seconds or 0.0)
    if freshness.stale and origin.fail_if_stale:
        fail(f"The only answer is {age} old, and stale; nothing was written, because of --fail-if-stale.", STALE)
    note(f"From the cache: {age} old{', and stale' if freshness.stale else ''}.")


async def _trace_quota(client: ObservedClient) -> None:
    status: QuotaStatus = await client.quota()
    trace(
        f"Quota: {status.minute.used} of {status.minute.limit} requests used in the last minute, "
        f"{status.day.used} of {status.day.limit} in the last day."
    )


def _with_stores_if_possible(ask: Callable[[Callable[[], Stores]], T], origin: Origin) -> T:
    try:
        return ask(partial(_stores, origin))
    except ConfigurationError as error:
        # Nothing was sent. A mistake in the command or the key is met again without the stores, and reported then.
        memory = _quota(None, origin), None if origin.no_cache else CachePolicy()
        answer = ask(lambda: memory)
        _note_missing_folder(error)
        return answer


def _note_missing_folder(error: ConfigurationError) -> None:
    note(f"Went on without the cache folder. {printable(str(error))}")


def _stores(origin: Origin) -> Stores:
    cache = None if origin.no_cache else CachePolicy(store=cache_file(), stale_if_error=_STALE_IF_ERROR)
    return _quota(quota_file(), origin), cache


def _quota(store: Path | None, origin: Origin) -> Quota:
    return Quota(store=store) if origin.max_wait is None else Quota(store=store, max_wait=origin.max_wait)
