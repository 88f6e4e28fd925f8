"""What a command asks, and where the answer is to come from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    from openrouter_rankings.client import CallOptions, RankingsClient
    from openrouter_rankings.models.data_set import DataSet
    from openrouter_rankings.paging import Paged

__all__ = ["Names", "Origin", "Progress", "Question", "one_answer", "pages"]

T = TypeVar("T")
D = TypeVar("D", bound="DataSet")

Progress = Callable[[int, int | None], None]
"""Progress callback: ``(completed, total)`` answers, or ``(rows, None)`` where nobody knows how many there are."""

Ask = Callable[["RankingsClient", "CallOptions", Progress], Awaitable[Sequence[Any]]]

Names = Mapping[str, Iterable[str]]
"""Names by their kind, such as ``tags`` or ``models``, for the completion of options."""


@attrs.frozen(kw_only=True)
class Origin:
    """Where the answer is to come from: the service, unless it is a saved one or the sample.

    Attributes:
        saved: the file of a saved answer; ``-`` is stdin.
        sample: from the service in memory, whose figures are invented.
        base_url: where the Data API is; as for ``RankingsClient`` if None.
        timeout: seconds for one exchange; the client's default if None.
        max_wait: seconds for the whole call; the client's defaults if None.
        allow_unknown: values that this version does not know are sent.
        max_age: the greatest age in seconds of a kept answer; None for what the service calls fresh.
        refresh: a kept answer will not do.
        no_cache: a kept answer will not do, and this one is not to be kept.
        fail_if_stale: a stale answer is a failure.
    """

    saved: str | None = None
    sample: bool = False
    base_url: str | None = None
    timeout: float | None = None
    max_wait: float | None = None
    allow_unknown: bool = False
    max_age: float | None = None
    refresh: bool = False
    no_cache: bool = False
    fail_if_stale: bool = False

    def options(self) -> dict[str, object]:
        """The options about the service, by the names that users give; those of a saved answer and a sample are not."""
        names = ("base_url", "timeout", "max_wait", "max_age", "refresh", "no_cache", "fail_if_stale")
        return {f"--{name.replace('_', '-')}": getattr(self, name) for name in names}


@attrs.frozen(kw_only=True)
class Question(Generic[T]):
    """What a command asks.

    Attributes:
        command: the command's name.
        ask: asks a client; the answers are several where they are the pages of a list, or of several data sets.
        join: makes one of these answers.
        decode: reads it from the body of a saved answer, with its parsed JSON.
        names: the names in the answer.
        filters: the options that narrow the answer, which does not repeat them; None is not given.
        others: the other options that have no effect on a saved answer.
        takes: the commands whose saved answers it takes; only its own if empty.
        whole: a saved answer that was narrowed will not do.
    """

    command: str
    ask: Ask
    join: Callable[[Sequence[Any]], T]
    decode: Callable[[bytes, Mapping[str, Any]], T]
    names: Callable[[T], Names]
    filters: Mapping[str, str | None] = attrs.field(factory=dict[str, "str | None"])
    others: Mapping[str, object] = attrs.field(factory=dict[str, object])
    takes: tuple[str, ...] = ()
    whole: bool = False

    def given_filters(self) -> dict[str, str]:
        """The filters that are given, by the names of their options without the dashes."""
        return {name.removeprefix("--"): value for name, value in self.filters.items() if value is not None}


def one_answer(
    command: str,
    ask: Callable[[RankingsClient, CallOptions, Progress], Awaitable[T]],
    decode: Callable[[bytes, Mapping[str, Any]], T],
    names: Callable[[T], Names],
    *,
    filters: Mapping[str, str | None] | None = None,
    others: Mapping[str, object] | None = None,
) -> Question[T]:
    """A question with one answer."""

    async def asked(client: RankingsClient, options: CallOptions, progress: Progress) -> list[T]:
        return [await ask(client, options, progress)]

    return Question(
        command=command,
        ask=asked,
        join=_only,
        decode=decode,
        names=names,
        filters=filters or {},
        others=others or {},
    )


def pages(
    command: str,
    paged: Callable[[RankingsClient, CallOptions], Paged[D, Any]],
    decode: Callable[[bytes, Mapping[str, Any]], D],
    names: Callable[[D], Names],
    *,
    enough: int | None,
    filters: Mapping[str, str | None],
    others: Mapping[str, object] | None = None,
) -> Question[D]:
    """A question whose answer is a list in pages, which are read until there are ``enough`` rows; all if None."""

    async def asked(client: RankingsClient, options: CallOptions, progress: Progress) -> list[D]:
        return await _read(paged(client, options), enough, progress)

    return Question(
        command=command,
        ask=asked,
        join=_joined,
        decode=decode,
        names=names,
        filters=filters,
        others=others or {},
    )


async def _read(paged: Paged[D, Any], enough: int | None, progress: Progress) -> list[D]:
    read: list[D] = []
    rows = 0
    async with aclosing(paged.pages()) as source:
        async for page in source:
            read.append(page)
            rows += len(page.data)
            if enough is not None and rows >= enough:
                break
            progress(rows, None)
    return read


def _joined(answers: Sequence[D]) -> D:
    from openrouter_rankings.models.data_set import join_pages

    return join_pages(answers)


def _only(answers: Sequence[T]) -> T:
    (answer,) = answers
    return answer
