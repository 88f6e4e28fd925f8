"""Tables of archived answers, as CSV or Parquet files. A file appears when it is complete."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import attrs

from openrouter_rankings.csv_lines import CsvLines
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history.revisions import ArchivedAnswer
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.scalar_types import Columns, Timestamp
from openrouter_rankings.models.task_classifications import TaskClassifications
from openrouter_rankings.whole_file import WholeFile, complete, partial_path

__all__ = ["Table", "TableFile", "TableFormat", "answer_tables", "rankings_table", "table_file"]

TableFormat = Literal["csv", "parquet"]

# Rows of a Parquet file that are in memory at once.
_ROWS_AT_ONCE = 50_000


@attrs.frozen
class Table:
    """Rows for one file.

    Attributes:
        name: the name of the file without its suffix.
        columns: the name of each column with the type of its values.
        rows: the rows, which have these names for keys.
    """

    name: str
    columns: Columns
    rows: Sequence[Mapping[str, Any]]


def answer_tables(archived: ArchivedAnswer[Any]) -> Iterator[Table]:
    """The tables of an answer: its records, each with the parameters of the answer and the time that it was fetched."""
    name = archived.data_set.replace("-", "_")
    answer = archived.answer
    columns = {"parameters": str, "synthetic": bool, "fetched_at": Timestamp}
    stamp = {
        "parameters": urlencode(archived.parameters),
        "synthetic": answer.synthetic,
        "fetched_at": Timestamp(archived.fetched_at.isoformat()),
    }
    if isinstance(answer, TaskClassifications):
        for part, records in answer.to_records().items():
            rows: Any = records
            # No value of these records can be missing, so that the first row shows the types of all.
            for first in rows[:1]:
                types = {field: type(value) for field, value in first.items()}
                yield Table(f"{name}_{part}", columns | types, [stamp | row for row in rows])
    else:
        yield Table(name, {**columns, **answer.columns}, [stamp | row for row in answer.to_records()])


def rankings_table(parameters: Mapping[str, str], joined: RankingsDaily) -> Table:
    """The table of joined daily rankings."""
    stamp = {"parameters": urlencode(parameters), "synthetic": joined.synthetic}
    rows = [stamp | row for row in joined.to_records()]
    return Table("rankings_daily", {"parameters": str, "synthetic": bool, **joined.columns}, rows)


class TableFile(Protocol):
    """A file that is being written."""

    def add(self, table: Table) -> None:
        """Append the rows of ``table``."""
        ...

    def finish(self) -> Path:
        """Complete the file and give it its name, which is returned."""
        ...

    def discard(self) -> None:
        """Close the file, and remove it if it is not complete. Repeating it does nothing."""
        ...


def table_file(folder: Path, name: str, table_format: TableFormat) -> TableFile:
    """The file for the tables of a name in ``folder``.

    Raises:
        ConfigurationError: the format is none of the two, or the extra ``polars`` is not installed.
    """
    if table_format == "csv":
        return _CsvFile(folder / f"{name}.csv")
    if table_format == "parquet":
        return _ParquetFile(folder / f"{name}.parquet")
    raise ConfigurationError(f'Tables are exported as "csv" or "parquet", not {table_format!r}.')


class _CsvFile:
    """UTF-8 with a line of headings. What is missing is empty."""

    def __init__(self, path: Path) -> None:
        self._whole = WholeFile(path)
        self._text = io.TextIOWrapper(self._whole.file, encoding="utf-8", newline="")
        self._lines = CsvLines(self._text)
        self._has_heading = False

    def add(self, table: Table) -> None:
        if not self._has_heading:
            self._lines.add(table.columns)
            self._has_heading = True
        for row in table.rows:
            self._lines.add(_csv_value(row[name]) for name in table.columns)

    def finish(self) -> Path:
        self._text.close()
        return self._whole.finish()

    def discard(self) -> None:
        with suppress(OSError):
            self._text.close()
        self._whole.discard()


def _csv_value(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value


class _ParquetFile:
    """Written in parts, since no part of a Parquet file can be added to, and joined as a stream."""

    def __init__(self, path: Path) -> None:
        self._path = Path(os.path.realpath(path))
        self._parts = partial_path(self._path)
        self._parts.mkdir()
        self._count = 0
        self._columns: Columns = {}
        self._rows: list[Mapping[str, Any]] = []

    def add(self, table: Table) -> None:
        self._columns = table.columns
        self._rows += table.rows
        if len(self._rows) >= _ROWS_AT_ONCE:
            self._write_part()

    def finish(self) -> Path:
        # It raises the error that names the extra.
        self._write_part()
        import polars

        whole = self._parts / "whole"
        with _polars_errors():
            parts = [polars.scan_parquet(part) for part in sorted(self._parts.iterdir())]
            # The decimal places of a column can differ from part to part.
            polars.concat(parts, how="vertical_relaxed").sink_parquet(whole)
        return complete(whole, self._path)

    def discard(self) -> None:
        shutil.rmtree(self._parts, ignore_errors=True)

    def _write_part(self) -> None:
        from openrouter_rankings.models.frames import polars_frame

        self._count += 1
        frame = polars_frame(self._rows, self._columns)
        with _polars_errors():
            frame.write_parquet(self._parts / f"{self._count:06}.parquet")
        self._rows = []


@contextmanager
def _polars_errors() -> Generator[None]:
    """Raise what polars makes of a full disk as the ``OSError`` that it is."""
    import polars

    try:
        yield
    except polars.exceptions.PolarsError as error:
        raise OSError(str(error)) from error
