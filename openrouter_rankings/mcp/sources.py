"""Where the tools' figures come from: one client for all calls, and the archive. Failures become tool errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

import attrs
from mcp.server.mcpserver.exceptions import ToolError

from openrouter_rankings.errors import (
    BadRequestError,
    ConfigurationError,
    QuotaExceededError,
    RankingsError,
    TooManyRequestsError,
    UnauthorizedError,
    UnknownModelError,
    UnknownTagError,
)

if TYPE_CHECKING:
    from openrouter_rankings.client import RankingsClient
    from openrouter_rankings.history import Archive
    from openrouter_rankings.provenance import Provenance
    from openrouter_rankings.transports.quota.status import QuotaStatus

__all__ = ["Sources", "says_what_to_do"]

A = ParamSpec("A")
S = TypeVar("S")
T = TypeVar("T")

# An answer of the service can be quoted in an error, and this goes into a conversation.
_LONGEST_ERROR = 1000

_SAMPLE = "This server was started with --sample. Its figures are invented, and {}"

_HINTS: tuple[tuple[type[RankingsError], str], ...] = (
    (UnknownTagError, "The tool tasks lists the tags."),
    (UnknownModelError, "Give a slug that another tool has listed, or a part of the tasks that lists it."),
    (QuotaExceededError, "Tell the user when to ask again; the tool quota shows what is used."),
    (TooManyRequestsError, "Tell the user when to ask again."),
    (UnauthorizedError, "The user has to correct OPENROUTER_API_KEY in the configuration of this server."),
    (BadRequestError, ""),
    (ConfigurationError, ""),
    (RankingsError, "Tell the user, and try again later."),
)


@attrs.define
class Sources:
    """The client, which is opened by the first call that needs it, and the archive.

    An async context manager, which closes the client at its end.

    Attributes:
        connect: opens a client.
        open_archive: the archive while the context is open; None where there is none.
        archive_name: where the archive is, for people.
        is_sample: the client's figures are invented: its requests are not counted, and the archive is left alone, whose
            figures are not.
    """

    connect: Callable[[], Awaitable[RankingsClient]]
    open_archive: Callable[[], AbstractAsyncContextManager[Archive | None]]
    archive_name: Callable[[], str]
    is_sample: bool = False
    _client: RankingsClient | None = attrs.field(init=False, default=None)
    _opening: asyncio.Lock = attrs.field(init=False, factory=asyncio.Lock)

    async def client(self) -> RankingsClient:
        """The client of all calls.

        Raises:
            RankingsError: it cannot be opened; the next call tries again.
        """
        async with self._opening:
            if self._client is None:
                self._client = await self.connect()
            return self._client

    async def quota(self) -> QuotaStatus:
        """What is used of the client's quota.

        Raises:
            ToolError: nothing is counted.
            RankingsError: the count cannot be read.
        """
        if self.is_sample:
            raise ToolError(_SAMPLE.format("asking for them is not counted and has no limit."))
        return await (await self.client()).quota()

    async def provenance(self, answers: Sequence[object]) -> Provenance:
        """How old the oldest of the client's answers is, and whether one is stale."""
        from openrouter_rankings.provenance import Provenance

        client = await self.client()
        parts = [client.provenance(answer) for answer in answers]
        return Provenance(round(max(part.age for part in parts), 3), any(part.stale for part in parts))

    @asynccontextmanager
    async def archive(self) -> AsyncGenerator[Archive]:
        """The archive while the context is open.

        Raises:
            ToolError: there is none; it says how to begin one.
            ArchiveError: it cannot be read.
        """
        if self.is_sample:
            raise ToolError(_SAMPLE.format("they have no past. Without --sample it tells what the archive has."))
        async with self.open_archive() as archive:
            if archive is None:
                raise ToolError(
                    f"There is no archive at {self.archive_name()} yet, and the service does not tell of the past. "
                    "`openrouter-rankings collect`, run once a day, begins one and keeps it; tell the user. The tools "
                    "tasks, task_models and daily_rankings work without."
                )
            yield archive

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()


def says_what_to_do(
    tool: Callable[Concatenate[S, A], Awaitable[T]],
) -> Callable[Concatenate[S, A], Awaitable[T]]:
    """A decorator for a tool whose failures of ours become tool errors, with what to do about them."""

    @wraps(tool)
    async def call(self: S, /, *args: A.args, **kwargs: A.kwargs) -> T:
        try:
            return await tool(self, *args, **kwargs)
        except RankingsError as error:
            raise ToolError(f"{str(error)[:_LONGEST_ERROR]} {_hint(error)}".strip()) from error

    return call


def _hint(error: RankingsError) -> str:
    from openrouter_rankings.analysis.errors import AmbiguousModelError, UnknownAuthorError

    of_analysis = ((UnknownAuthorError, "An author is the part of a slug before the slash."), (AmbiguousModelError, ""))
    return next(hint for kind, hint in (*of_analysis, *_HINTS) if isinstance(error, kind))
