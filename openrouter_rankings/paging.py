"""Lists that the service gives in pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Generic, Self, TypeVar

import attrs

from openrouter_rankings.errors import ListChangedError
from openrouter_rankings.models.data_set import DataSet

__all__ = ["Paged"]

P = TypeVar("P", bound=DataSet)
R = TypeVar("R")


class Paged(AsyncIterator[R], Generic[P, R]):
    """The rows of a list, page after page, each asked for when it is needed: ``async for row in paged``.

    Rows have no citation. Where it is needed, take the ``pages()``; ``join_pages`` makes them one answer.

    Both end where the list ends, or where the service gives no more of it. They raise what the operation for one page
    raises, and besides:

    Raises:
        ListChangedError: rows repeat or are missing, because the list changed while its pages were read.
    """

    def __init__(
        self,
        ask: Callable[[int], Awaitable[P]],
        *,
        page_size: int,
        last_offset: int,
        identity: Callable[[R], object],
        rank: Callable[[R], int] | None = None,
    ) -> None:
        """Made by the client's ``iter_`` methods.

        Args:
            ask: gives the page of ``page_size`` rows that begins at an offset.
            page_size: the rows of a page that is not the last one.
            last_offset: the greatest offset that the service takes.
            identity: what only one row of the list has.
            rank: the row's place in the list; None if it does not say.
        """
        self._ask = ask
        self._offsets = range(0, last_offset + 1, page_size)
        self._identity = identity
        self._rank = rank
        self._rows = self._all_rows()

    def __repr__(self) -> str:
        most = self._offsets[-1] + self._offsets.step
        return f"<Paged: at most {most:,} rows in pages of {self._offsets.step:,}; read them with async for>"

    async def pages(self) -> AsyncGenerator[P]:
        """The pages, each an answer of its own; read from the beginning, whatever rows were taken before."""
        read: list[P] = []
        for offset in self._offsets:
            page = await self._ask(offset)
            self._check_fits(page, read)
            yield page
            if len(page.data) < self._offsets.step:
                return
            read.append(page)

    async def _all_rows(self) -> AsyncGenerator[R]:
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for row in page.data:
                    yield row

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> R:
        return await anext(self._rows)

    async def aclose(self) -> None:
        """End the iteration over the rows; there are no more then."""
        await self._rows.aclose()

    def _check_fits(self, page: P, read: list[P]) -> None:
        if not read or not page.data:
            return
        first = read[0].meta
        if attrs.evolve(page.meta, as_of=first.as_of) != first:
            raise ListChangedError("they are of different spans")
        seen = {self._identity(row) for earlier in read for row in earlier.data}
        again = next((row for row in page.data if self._identity(row) in seen), None)
        if again is not None:
            raise ListChangedError(f"{self._identity(again)} came twice")
        if self._rank is None:
            return
        before, after = self._rank(read[-1].data[-1]), self._rank(page.data[0])
        if after != before + 1:
            raise ListChangedError(f"rank {before} is followed by rank {after}")
