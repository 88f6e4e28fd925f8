"""What the flat data sets have in common: their instants, token counts, licence, and ways out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

import attrs

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["LICENCE", "Columns", "DataSet", "DataSetMeta", "Timestamp", "TokenCount", "join_pages"]

LICENCE = "Licensed under CC BY 4.0."

TokenCount = Annotated[int, "the API writes it as a decimal string, because it can exceed 53 bits"]
"""A number of prompt and completion tokens, as the provider's own tokenizer counts them."""

Columns = Mapping[str, Any]
"""The columns of a table: the name of each with the type of its values, ``| None`` where a value can be missing."""


class Timestamp(str):
    """An ISO-8601 instant, word for word as the service wrote it: so it belongs in a citation.

    Two instants compare as texts; compare ``utc`` where they may be written differently.
    """

    __slots__ = ()

    @property
    def utc(self) -> datetime:
        """The instant as an aware ``datetime`` in UTC; one that names no zone is in UTC."""
        instant = datetime.fromisoformat(self)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


@attrs.frozen
class DataSetMeta:
    """What an answer says of itself.

    Attributes:
        as_of: when the service made the answer.
        version: the version of the data set, ``v1``.
        start_date: the first UTC day of the span, as the service resolved it.
        end_date: the last UTC day of the span, which belongs to it.
    """

    as_of: Timestamp
    version: str
    start_date: date
    end_date: date


@attrs.frozen
class DataSet:
    """An answer that is one table.

    Attributes:
        data: its rows.
        meta: what it says of itself.
        columns: the columns of ``to_records``, in their order.
    """

    columns: ClassVar[Columns] = {}

    data: tuple[Any, ...]
    meta: Any

    @property
    def citation(self) -> str:
        """The line that the service asks for where its figures are quoted."""
        raise NotImplementedError

    @property
    def licence(self) -> str:
        """The line to add to the citation where the data itself is republished."""
        return LICENCE

    def to_dict(self) -> dict[str, Any]:
        """The answer as the service gives it, without the fields that this library does not know."""
        from openrouter_rankings.models.converter import to_plain

        return {"data": [to_plain(row) for row in self.data], "meta": to_plain(self.meta)}

    def to_records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries with the keys of ``columns``, for a database or a data frame."""
        raise NotImplementedError

    def to_pandas(self) -> pandas.DataFrame:
        """The records as a pandas data frame: days as ``datetime64``, token counts as ``int64``.

        Needs the extra ``pandas``.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        from openrouter_rankings.models.frames import pandas_frame

        return pandas_frame(self.to_records(), self.columns)

    def to_polars(self) -> polars.DataFrame:
        """The records as a polars data frame: days as ``Date``, token counts as ``Int64``.

        Needs the extra ``polars``.

        Raises:
            ConfigurationError: polars is not installed, or a price has more digits than its decimals hold.
        """
        from openrouter_rankings.models.frames import polars_frame

        return polars_frame(self.to_records(), self.columns)


D = TypeVar("D", bound=DataSet)


def join_pages(pages: Sequence[D]) -> D:
    """The pages of one list as one answer, which is as old as the first of them."""
    return attrs.evolve(pages[0], data=tuple(row for page in pages for row in page.data))
