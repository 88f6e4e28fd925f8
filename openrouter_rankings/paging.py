"""Lists that the service gives in pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Generic, Self, TypeVar

from openrouter_rankings.models.data_set import DataSet, check_follows

__all__ = ["Paged"]

P = TypeVar("P", bound=DataSet)
R = TypeVar("R")


class Paged(AsyncIterator[R], Generic[P, R]):
    """The rows of a list, page by page, each requested when it is needed: ``async for row in paged``.

    Rows carry no citation. Where you need it, iterate over ``pages()``, which ``join_pages`` makes one answer.

    Iteration ends with the list, or where the service gives no more of it. It raises what the operation for one page
    raises, and:

    Raises:
        ListChangedError: rows repeat or are missing, because the list changed between two pages.
    """

    def __init__(self, ask: Callable[[int], Awaitable[P]], *, page_size: int, last_offset: int) -> None:
        """Called by the client's ``iter_`` methods.

        Args:
            ask: requests the page of ``page_size`` rows that begins at an offset.
            page_size: the rows of every page but the last.
            last_offset: the greatest offset that the service accepts.
        """
        self._ask = ask
        self._offsets = range(0, last_offset + 1, page_size)
        self._rows = self._all_rows()

    def __repr__(self) -> str:
        most = self._offsets[-1] + self._offsets.step
        return f"<Paged: at most {most:,} rows in pages of {self._offsets.step:,}; read them with async for>"

    async def pages(self) -> AsyncGenerator[P]:
        """The pages, each an answer of its own, from the first one on, whatever rows were taken before."""
        read: list[P] = []
        for offset in self._offsets:
            page = await self._ask(offset)
            check_follows(page, read)
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
        """End the iteration over the rows."""
        await self._rows.aclose()
