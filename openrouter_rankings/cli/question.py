"""What a command asks, and where the answer is to come from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Generic, TypeVar

import attrs

from openrouter_rankings.cli.meter import meter
from openrouter_rankings.client import RankingsClient
from openrouter_rankings.models.data_set import DataSet, join_pages
from openrouter_rankings.paging import Paged

__all__ = ["Origin", "Question", "one_answer", "pages"]

T = TypeVar("T")
D = TypeVar("D", bound=DataSet)

Ask = Callable[[RankingsClient], Awaitable[Sequence[T]]]


@attrs.frozen
class Origin:
    """Where the answer is to come from: the service, unless it is a saved one or the sample.

    Attributes:
        saved_answer: the file of a saved answer; ``-`` is stdin.
        sample: from the service in memory, whose figures are invented.
        base_url: where the Data API is; OpenRouter's if None.
        timeout: seconds for one exchange; the client's default if None.
        cached: whether an answer of before will do, and this one is to be kept.
    """

    saved_answer: str | None
    sample: bool
    base_url: str | None
    timeout: float | None
    cached: bool


@attrs.frozen(kw_only=True)
class Question(Generic[T]):
    """What a command asks.

    Attributes:
        ask: asks it of a service; the answers are several where they are the pages of a list.
        join: makes one of these answers.
        decode: reads it from a saved answer.
        filters: the options that narrow the answer, which does not repeat them; None is not given.
        others: the other options that a saved answer cannot heed.
    """

    ask: Ask[T]
    join: Callable[[Sequence[T]], T]
    decode: Callable[[bytes], T]
    filters: Mapping[str, str | None] = attrs.field(factory=dict[str, "str | None"])
    others: Mapping[str, object] = attrs.field(factory=dict[str, object])

    def given_filters(self) -> dict[str, str]:
        """The filters that are given, by the names of their options without the dashes."""
        return {name.removeprefix("--"): value for name, value in self.filters.items() if value is not None}


def one_answer(
    ask: Callable[[RankingsClient], Awaitable[T]],
    decode: Callable[[bytes], T],
    *,
    filters: Mapping[str, str | None] | None = None,
    others: Mapping[str, object] | None = None,
) -> Question[T]:
    """A question with one answer."""

    async def asked(client: RankingsClient) -> list[T]:
        return [await ask(client)]

    return Question(ask=asked, join=_only, decode=decode, filters=filters or {}, others=others or {})


def pages(
    paged: Callable[[RankingsClient], Paged[D, Any]],
    decode: Callable[[bytes], D],
    *,
    enough: int | None,
    filters: Mapping[str, str | None],
    others: Mapping[str, object] | None = None,
) -> Question[D]:
    """A question whose answer is a list in pages: of them, as many are read as have ``enough`` rows; all if None."""

    async def asked(client: RankingsClient) -> list[D]:
        return await _read(paged(client), enough)

    return Question(ask=asked, join=join_pages, decode=decode, filters=filters, others=others or {})


async def _read(paged: Paged[D, Any], enough: int | None) -> list[D]:
    read: list[D] = []
    rows = 0
    with meter() as tell:
        async with aclosing(paged.pages()) as source:
            async for page in source:
                read.append(page)
                rows += len(page.data)
                if enough is not None and rows >= enough:
                    break
                tell(rows, None)
    return read


def _only(answers: Sequence[T]) -> T:
    (answer,) = answers
    return answer
