"""The bases of the answers, and joining the pages of a list."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, SupportsIndex, TypeVar, overload

import attrs

from openrouter_rankings.errors import ConfigurationError, ListChangedError
from openrouter_rankings.models.item import Item, shortened
from openrouter_rankings.models.scalar_types import Columns, Timestamp
from openrouter_rankings.models.synthetic import NOTICE, SYNTHETIC, Mark

if TYPE_CHECKING:
    import pandas
    import polars

    from openrouter_rankings.models.converter import Decoder

__all__ = [
    "FIRST_DAY",
    "LICENCE",
    "Answer",
    "DataSet",
    "DataSetMeta",
    "check_follows",
    "join_pages",
    "oldest",
]

if TYPE_CHECKING:
    # With a default, ``DataSet`` alone means one whose rows are of any class.
    from typing_extensions import TypeVar as TypeVarWithDefault

    R = TypeVarWithDefault("R", default=Any)
else:
    R = TypeVar("R")

_ROWS_IN_REPR = 3

FIRST_DAY = date(2025, 1, 1)
"""The first UTC day with data of models and apps."""

LICENCE = "Licensed under CC BY 4.0."
"""The line to add to the citation where the data itself is republished."""


@attrs.frozen(repr=False)
class DataSetMeta(Item):
    """What an answer says about itself.

    Attributes:
        as_of: when the service made the answer.
        version: the version of the data set, ``v1``.
        start_date: the first UTC day of the span, as the service resolved it.
        end_date: the last UTC day of the span, inclusive.
    """

    as_of: Timestamp
    version: str
    start_date: date
    end_date: date

    @property
    def span(self) -> str:
        """The span in words: ``2026-03-01 to 2026-03-31``."""
        return f"{self.start_date} to {self.end_date}"


class Answer(ABC):
    """The base of every answer: its citation and licence, and the ways in and out."""

    __slots__ = ()

    synthetic: Mark

    @property
    def citation(self) -> str:
        """The line to show where the figures are quoted, as the service asks; that they are invented, if they are."""
        return NOTICE if self.synthetic else self.source_line

    @property
    @abstractmethod
    def source_line(self) -> str:
        """The line by which measured figures are cited."""

    @property
    def licence(self) -> str:
        """The line to add to the citation where the data itself is republished; empty for invented figures."""
        return "" if self.synthetic else LICENCE

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The answer as the service sends it, without the fields that this library does not know."""

    def __repr__(self) -> str:
        rows = self._rows()
        first = ", ".join(shortened(self._label(row)) for row in rows[:_ROWS_IN_REPR])
        more = ", ..." if len(rows) > _ROWS_IN_REPR else ""
        return f"<{type(self).__name__}: {self._subject()}{': ' if first else ''}{first}{more}>"

    @abstractmethod
    def _subject(self) -> str:
        """The number of rows and their dates, in a few words."""

    @abstractmethod
    def _rows(self) -> Sequence[Any]:
        """The rows, of which ``repr`` shows the first few."""

    @abstractmethod
    def _label(self, row: Any) -> str:
        """A row in a few words."""

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Self:
        """Read an answer from its parsed JSON: what ``to_dict`` gives, or what the service sends.

        Raises:
            InvalidResponseError: the document is not what the contract promises; ``problems`` names each place.
        """
        answer: Self = cls._decoder().structure(document)
        return answer

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """Read an answer from JSON text, such as a saved response.

        Raises:
            InvalidResponseError: the text is not what the contract promises; ``problems`` names each place.
            ConfigurationError: ``text`` is neither ``str`` nor ``bytes``.
        """
        if not isinstance(text, (str, bytes, bytearray)):
            raise ConfigurationError(f"text must be str or bytes, not {type(text).__name__}: see from_dict.")
        # A lone surrogate cannot be encoded; passed on, it is refused like any other body that is not UTF-8.
        answer: Self = cls._decoder().decode(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
        return answer

    @classmethod
    @cache
    def _decoder(cls) -> Decoder[Any]:
        # Imported with the first answer: cattrs would take a third of the time until a client is ready to send.
        from openrouter_rankings.models.converter import Decoder

        return Decoder(cls)


@attrs.frozen(repr=False)
class DataSet(Answer, Generic[R]):
    """An answer that is one table, and a sequence of its rows: ``len(answer)``, ``answer[0]``, ``for row in answer``.

    An answer is true even without rows, so that ``if answer`` tells an empty answer from none at all.

    Attributes:
        data: the rows.
        meta: what the answer says about itself.
        synthetic: whether the figures are invented, as those of the emulation are.
        columns: the columns of ``to_records``, in order.
        key: the fields that identify a row; none if the whole row does.
        unstable: the fields of a row that can change while its figures stay.
    """

    columns: ClassVar[Columns] = {}
    key: ClassVar[tuple[str, ...]] = ()
    unstable: ClassVar[frozenset[str]] = frozenset()

    data: tuple[R, ...]
    meta: Any
    synthetic: Mark = attrs.field(default=False, kw_only=True)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[R]:
        return iter(self.data)

    @overload
    def __getitem__(self, index: SupportsIndex) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[R, ...]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> R | tuple[R, ...]:
        return self.data[index]

    def to_dict(self) -> dict[str, Any]:
        from openrouter_rankings.models.plain import to_plain

        document = {"data": [to_plain(row) for row in self.data], "meta": to_plain(self.meta)}
        return document | ({SYNTHETIC: True} if self.synthetic else {})

    def to_records(self, *, json: bool = False) -> list[dict[str, Any]]:
        """The rows as dictionaries with the keys of ``columns``, for a database or a data frame.

        Args:
            json: use values that JSON can hold: dates as ISO text, prices as text.
        """
        from openrouter_rankings.models.plain import to_plain

        shared = {name: getattr(self.meta, name, getattr(self, name, None)) for name in self.columns}
        records = [self._record(row, shared) for row in self.data]
        return [to_plain(record) for record in records] if json else records

    def _record(self, row: R, shared: Mapping[str, Any]) -> dict[str, Any]:
        return {name: getattr(row, name, value) for name, value in shared.items()}

    def to_pandas(self) -> pandas.DataFrame:
        """The records as a pandas data frame: days as ``datetime64``, token counts as ``int64``.

        The frame's ``attrs`` have the ``citation``, the ``licence`` and the answer's ``as_of``. Needs the extra
        ``pandas``.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        from openrouter_rankings.models.frames import pandas_frame

        about = {"citation": self.citation, "licence": self.licence}
        if hasattr(self.meta, "as_of"):
            about["as_of"] = str(self.meta.as_of)
        return pandas_frame(self.to_records(), self.columns, about)

    def to_polars(self) -> polars.DataFrame:
        """The records as a polars data frame: days as ``Date``, token counts as ``Int64``.

        Needs the extra ``polars``.

        Raises:
            ConfigurationError: polars is not installed, or a price has more digits than its decimals hold.
        """
        from openrouter_rankings.models.frames import polars_frame

        return polars_frame(self.to_records(), self.columns)

    def _repr_html_(self) -> str:
        from openrouter_rankings.models.html import MAX_ROWS, html_table

        records = attrs.evolve(self, data=self.data[:MAX_ROWS]).to_records()
        first = next(iter(self.data), None)
        # The values that all rows share are in the caption and the citation.
        shared = [name for name in self.columns if hasattr(self.meta, name) and not hasattr(first, name)]
        shown = [{name: value for name, value in record.items() if name not in shared} for record in records]
        return html_table(self._subject(), shown, len(self), (self.citation, self.licence), self.key)

    def _subject(self) -> str:
        return f"{len(self):,} rows as of {shortened(self.meta.as_of)}"

    def _rows(self) -> Sequence[R]:
        return self.data

    def _label(self, row: R) -> str:
        return ", ".join(str(getattr(row, name)) for name in self.key) or repr(row)


D = TypeVar("D", bound=DataSet)


def join_pages(pages: Sequence[D]) -> D:
    """Join the pages of one list into one answer, dated like the oldest of them.

    Pages do not state their filters, so it is up to the caller that all were requested with the same ones.

    Args:
        pages: at least one page, in order.

    Raises:
        ConfigurationError: there are no pages, they are of different data sets, or they are not in order.
        ListChangedError: the list changed between two pages: spans differ, a row occurs twice, or ranks are missing.
    """
    if not isinstance(pages, Sequence) or not all(isinstance(page, DataSet) for page in pages):
        raise ConfigurationError("pages must be a list of answers, each of them a page of the same list.")
    if not pages:
        raise ConfigurationError("pages must not be empty: join_pages needs at least one page.")
    kinds = sorted({type(page).__name__ for page in pages})
    if len(kinds) > 1:
        raise ConfigurationError(f"pages must be of one list, not of {' and '.join(kinds)}.")
    filled = [page for page in pages if page.data]
    if any(_rank(before.data[0]) > _rank(after.data[0]) for before, after in pairwise(filled)):
        raise ConfigurationError("pages must be in order: a page begins with a smaller rank than the one before it.")
    for number, page in enumerate(pages):
        check_follows(page, pages[:number])
    meta = attrs.evolve(pages[0].meta, as_of=oldest(pages))
    rows = tuple(row for page in pages for row in page.data)
    return attrs.evolve(pages[0], data=rows, meta=meta, synthetic=any(page.synthetic for page in pages))


def check_follows(page: D, earlier: Sequence[D]) -> None:
    """Check that ``page`` continues the list that the ``earlier`` pages begin. An empty page continues any list.

    Raises:
        ListChangedError: the spans differ, a row occurs twice, or ranks are missing in between.
    """
    filled = [each for each in earlier if each.data]
    if not filled or not page.data:
        return
    first = filled[0].meta
    if attrs.evolve(page.meta, as_of=first.as_of) != first:
        raise ListChangedError("they are of different spans")
    seen = {_identity(each, row) for each in filled for row in each.data}
    again = next((key for key in (_identity(page, row) for row in page.data) if key in seen), None)
    if again is not None:
        raise ListChangedError(f"{', '.join(map(str, again)):.200} came twice")
    before, after = _rank(filled[-1].data[-1]), _rank(page.data[0])
    if before and after != before + 1:
        raise ListChangedError(f"rank {before} is followed by rank {after}")


def _identity(page: DataSet, row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in page.key) or (row,)


def _rank(row: Any) -> int:
    rank: int = getattr(row, "rank", 0)
    return rank


def oldest(answers: Sequence[DataSet]) -> Timestamp:
    """The earliest of the instants at which the answers were made."""
    as_of: Timestamp = min((answer.meta.as_of for answer in answers), key=lambda as_of: as_of.utc)
    return as_of
