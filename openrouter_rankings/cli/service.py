"""What the command line asks of the service. It remembers answers and counts requests in the user's cache folder."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from openrouter_rankings.cli.question import Origin, Question
from openrouter_rankings.cli.streams import NO_KEY, fail, say
from openrouter_rankings.client import RankingsClient
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Request, Response
from openrouter_rankings.provenance import Provenance
from openrouter_rankings.render.listing import printable
from openrouter_rankings.transports.cache.policy import CachePolicy
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.transports.quota.policy import Quota, QuotaStatus

__all__ = ["KEY_VARIABLE", "from_service", "quota_status", "require_key"]

T = TypeVar("T")

KEY_VARIABLE = "OPENROUTER_API_KEY"

# Seconds after which people are told what they wait for.
_SILENCE = 1.0

Stores = tuple[Quota, CachePolicy | None]


class _Wire:
    """Knows what became of a call.

    Attributes:
        is_used: a request has gone out. While it has not, the call waits for a slot in the quota.
        has_answered: the service has given an answer. If it has not, the answers that the call gives are the cache's.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.is_used = False
        self.has_answered = False

    async def send(self, request: Request) -> Response:
        self.is_used = True
        response = await self._transport.send(request)
        self.has_answered = response.status == 200
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


def require_key(also: str = "") -> None:
    """End the command if there is no key; ``also`` says what else can be done."""
    if not os.environ.get(KEY_VARIABLE):
        fail(f"No API key: set the environment variable {KEY_VARIABLE}{also}.", NO_KEY)


@contextmanager
def from_service(question: Question[T], origin: Origin) -> Generator[T]:
    """The service's answer; leaving the context waits for the refresh of a stale one, so show it before.

    A cache folder that cannot be used is told, and done without.
    """
    require_key(", or add --sample to see synthetic figures without one")
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())

        def ask(stores: Callable[[], Stores]) -> T:
            client, wire = _client(origin, *stores())
            stack.callback(lambda: runner.run(client.aclose()))
            begun = time.monotonic()
            answers = runner.run(_asked(question, client, wire))
            if origin.cached:
                parts = [client.provenance(answer) for answer in answers]
                # Of several answers the service may have given one, and the cache another. An age is exact to a second.
                if not wire.has_answered or max(part.age for part in parts) > time.monotonic() - begun + 1:
                    _tell_age(parts)
            return question.join(answers)

        yield _with_stores_if_possible(ask, origin)


def _with_stores_if_possible(ask: Callable[[Callable[[], Stores]], T], origin: Origin) -> T:
    try:
        return ask(partial(_stores, origin))
    except ConfigurationError as error:
        # Nothing was sent. What is wrong with the command or the key is so without the stores too, and told then.
        answer = ask(lambda: (Quota(), CachePolicy() if origin.cached else None))
        say(f"Went on without the cache folder. {printable(str(error))}")
        return answer


def quota_status(base_url: str | None) -> tuple[QuotaStatus, Path]:
    """What is used of the key's quota at the service, and the file in which that is counted.

    Raises:
        ConfigurationError: the key or the URL is unusable, or the cache folder is.
        StoreError: the file cannot be used.
    """
    require_key()
    path = _quota_file(_folder())
    return asyncio.run(_quota_status(path, base_url)), path


async def _quota_status(path: Path, base_url: str | None) -> QuotaStatus:
    make = RankingsClient if base_url is None else partial(RankingsClient, base_url=base_url)
    async with make(quota=Quota(store=path), cache=None) as client:
        return await client.quota()


def _client(origin: Origin, quota: Quota, cache: CachePolicy | None) -> tuple[RankingsClient, _Wire]:
    # It loads aiohttp, which the sample and a saved answer do without.
    from openrouter_rankings.transports.aiohttp import AiohttpTransport

    make = partial(RankingsClient, quota=quota, cache=cache)
    if origin.base_url is not None:
        make = partial(make, base_url=origin.base_url)
    if origin.timeout is not None:
        make = partial(make, timeout=origin.timeout)
    wire = _Wire(AiohttpTransport())
    return make(transport=wire), wire


async def _asked(question: Question[T], client: RankingsClient, wire: _Wire) -> Sequence[T]:
    telling = asyncio.get_running_loop().call_later(_SILENCE, _tell_of_wait, wire)
    try:
        return await question.ask(client)
    finally:
        telling.cancel()


def _tell_of_wait(wire: _Wire) -> None:
    if not wire.is_used:
        say("Waiting for a slot in the quota, which `openrouter-rankings quota` shows.")


def _tell_age(parts: Sequence[Provenance]) -> None:
    age = _duration(max(part.age for part in parts))
    say(f"From the cache: {age} old{', and stale' if any(part.stale for part in parts) else ''}.")


def _duration(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}s"
    whole = int(seconds)
    return f"{whole} second{'' if whole == 1 else 's'}"


def _stores(origin: Origin) -> Stores:
    folder = _folder()
    cache = CachePolicy(store=folder / "cache.sqlite3") if origin.cached else None
    return Quota(store=_quota_file(folder)), cache


def _quota_file(folder: Path) -> Path:
    # A file of its own, so that deleting the cache does not lose the count.
    return folder / "quota.sqlite3"


def _folder() -> Path:
    import platformdirs

    folder = platformdirs.user_cache_path("openrouter-rankings", appauthor=False)
    if not folder.is_absolute():
        # Such as "~/.cache" where the user has no home.
        raise ConfigurationError(f"The cache folder {folder} is no absolute path: set HOME or XDG_CACHE_HOME.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"The cache folder {folder} cannot be made: {error.strerror}.") from error
    return folder
