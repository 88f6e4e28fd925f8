"""Writing the archive out: all that it knows as JSON lines, or its newest figures as tables.

A line has ``data_set``, ``parameters``, ``first``, ``date``, ``revision``, ``content_hash``, ``citation``, ``licence``,
``seen`` (each time that the archive saw it) and ``body``, the answer as received, as text. Where a revision returns to
figures that its date had before, its body is the earlier one.

The tables are ``task_classifications_tasks``, ``task_classifications_models``,
``task_classifications_macro_categories``, ``rankings_daily``, ``app_rankings``, ``session_cost`` and ``benchmarks``.
They have the columns of ``to_records`` after ``parameters`` (as a query, empty for the defaults), ``synthetic`` (the
figures are invented) and, except for daily rankings, ``fetched_at``.
"""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncGenerator, Collection, Generator, Iterable
from contextlib import aclosing, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from openrouter_rankings.history.data_sets import by_type
from openrouter_rankings.history.engine import Engine
from openrouter_rankings.history.errors import ArchiveError
from openrouter_rankings.history.lines import write_line
from openrouter_rankings.history.reading import reading, stream, wanted_days
from openrouter_rankings.history.storage import Stored, covered
from openrouter_rankings.history.tables import Table, TableFile, TableFormat, answer_tables, rankings_table, table_file
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.parameters import day
from openrouter_rankings.whole_file import WholeFile

if TYPE_CHECKING:
    from openrouter_rankings.history.archive import Archive, Series

__all__ = ["export_lines", "export_tables", "exported_lines"]

_Day = date | str | None


async def export_lines(
    archive: Archive,
    target: str | os.PathLike[str],
    data_sets: Collection[type[Any]] | None = None,
    *,
    start: _Day = None,
    end: _Day = None,
    by_date: bool = False,
) -> int:
    """Write every revision of every answer as a line of JSON, from which ``import_files`` makes an equal archive.

    See the module for the fields of a line.

    Args:
        archive: the archive.
        target: the file to write, gzipped if its name ends in ``.gz``; with ``by_date`` a folder.
        data_sets: the classes of the answers to write; None writes all.
        start: the first date; None is the first there is.
        end: the last date, included; None is the last there is.
        by_date: write a file for each date, such as ``2026-06-17.jsonl``.

    Returns:
        The number of lines.

    Raises:
        ConfigurationError: ``start`` or ``end`` is not a day.
        ArchiveError: a file cannot be written, or the archive cannot be read. No incomplete file is left.
    """
    path = Path(target)
    if not by_date:
        return await _write_lines(path, exported_lines(archive, data_sets, start=start, end=end))
    chosen = await _chosen(archive, data_sets)
    dates = {
        each for series in chosen for each in await archive.dates(series.answer, series.parameters, unfinished=True)
    }
    count = 0
    for each in _within(dates, start, end):
        lines = exported_lines(archive, data_sets, start=each, end=each)
        count += await _write_lines(path / f"{each}.jsonl", lines)
    return count


async def exported_lines(
    archive: Archive, data_sets: Collection[type[Any]] | None = None, *, start: _Day = None, end: _Day = None
) -> AsyncGenerator[bytes]:
    """The lines that ``export_lines`` writes, for a pipe or an upload: UTF-8, each with its line feed.

    Args:
        archive: the archive.
        data_sets: the classes of the answers; None takes all.
        start: the first date; None is the first there is.
        end: the last date, included; None is the last there is.

    Raises:
        ConfigurationError: ``start`` or ``end`` is not a day.
        ArchiveError: the archive cannot be read.
    """
    chosen = await _chosen(archive, data_sets)
    async with aclosing(_stored(archive.engine, chosen, start, end)) as batches:
        async for batch in batches:
            for line in await asyncio.to_thread(_lines, batch):
                yield line


async def export_tables(
    archive: Archive,
    folder: str | os.PathLike[str],
    table_format: TableFormat = "csv",
    data_sets: Collection[type[Any]] | None = None,
    *,
    start: _Day = None,
    end: _Day = None,
    by_date: bool = False,
) -> tuple[Path, ...]:
    """Write the newest figures of each complete date as tables, a file for each.

    See the module for the tables and their columns. Daily rankings are joined from all answers, so that each date is
    there once.

    Args:
        archive: the archive.
        folder: the folder to write to; made if there is none.
        table_format: ``"csv"``, or ``"parquet"`` (extra ``polars``).
        data_sets: the classes of the answers to write; None writes all.
        start: the first date; None is the first there is.
        end: the last date, included; None is the last there is.
        by_date: write the tables of each date to a folder of their own, such as ``2026-06-17``.

    Returns:
        The files written.

    Raises:
        ConfigurationError: ``start`` or ``end`` is not a day, the format is unknown, or the extra is not installed.
        ArchiveError: a file cannot be written, or the archive cannot be read. No incomplete file is left.
    """
    chosen = await _chosen(archive, data_sets)
    path = Path(folder)
    if not by_date:
        return await _write_tables(path, table_format, _tables(archive, chosen, start, end))
    dates = {each for series in chosen for each in await _dates_of_rows(archive, series)}
    written: list[Path] = []
    for each in _within(dates, start, end):
        written += await _write_tables(path / str(each), table_format, _tables(archive, chosen, each, each))
    return tuple(written)


async def _chosen(archive: Archive, data_sets: Collection[type[Any]] | None) -> list[Series]:
    return [series for series in await archive.series() if data_sets is None or series.answer in data_sets]


def _within(dates: Iterable[date], start: _Day, end: _Day) -> list[date]:
    first, last = day("start", start) or date.min, day("end", end) or date.max
    return sorted(each for each in dates if first <= each <= last)


async def _dates_of_rows(archive: Archive, series: Series) -> Iterable[date]:
    kind = by_type(series.answer)
    if not kind.cumulative:
        return await archive.dates(series.answer, series.parameters)
    spans = await archive.engine.run(covered(kind.name, kind.series(series.parameters), cumulative=True))
    return {first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1)}


async def _stored(engine: Engine, chosen: Iterable[Series], start: _Day, end: _Day) -> AsyncGenerator[list[Stored]]:
    for series in chosen:
        wanted = wanted_days(by_type(series.answer), series.parameters, first=start, last=end, unfinished=True)
        async with aclosing(stream(engine, wanted, every_revision=True)) as batches:
            async for batch in batches:
                yield batch


async def _tables(archive: Archive, chosen: Iterable[Series], start: _Day, end: _Day) -> AsyncGenerator[Table]:
    for series in chosen:
        if series.answer is RankingsDaily:
            joined = await archive.rankings_daily(start, end, series.parameters)
            if joined is not None:
                yield rankings_table(series.parameters, joined)
            continue
        async with aclosing(archive.between(series.answer, start, end, series.parameters)) as answers:
            async for archived in answers:
                for table in answer_tables(archived):
                    yield table


async def _write_lines(path: Path, lines: AsyncGenerator[bytes]) -> int:
    count = 0
    with _written_to(path):
        target = await asyncio.to_thread(_LinesFile, path)
        try:
            async with aclosing(lines):
                async for line in lines:
                    await asyncio.to_thread(target.file.write, line)
                    count += 1
            await asyncio.to_thread(target.finish)
        finally:
            await asyncio.to_thread(target.discard)
    return count


class _LinesFile:
    """A file of lines, gzipped if its name ends in ``.gz``.

    Attributes:
        file: what to write to.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._whole = WholeFile(path)
        # Without name and time, equal archives give equal files.
        self.file: IO[bytes] = (
            cast("IO[bytes]", gzip.GzipFile("", "wb", fileobj=self._whole.file, mtime=0))
            if path.name.lower().endswith(".gz")
            else self._whole.file
        )

    def finish(self) -> None:
        """Complete the file."""
        self.file.close()
        self._whole.finish()

    def discard(self) -> None:
        """Close the file, and remove it if it is not complete."""
        with suppress(OSError):
            self.file.close()
        self._whole.discard()


def _lines(batch: Iterable[Stored]) -> list[bytes]:
    lines: list[bytes] = []
    for stored in batch:
        with reading(stored.revision.slot):
            lines.append(write_line(stored))
    return lines


async def _write_tables(folder: Path, table_format: TableFormat, tables: AsyncGenerator[Table]) -> tuple[Path, ...]:
    files: dict[str, TableFile] = {}

    def add(table: Table) -> None:
        if table.name not in files:
            folder.mkdir(parents=True, exist_ok=True)
            files[table.name] = table_file(folder, table.name, table_format)
        files[table.name].add(table)

    with _written_to(folder):
        try:
            async with aclosing(tables):
                async for table in tables:
                    await asyncio.to_thread(add, table)
            return tuple([await asyncio.to_thread(file.finish) for file in files.values()])
        finally:
            for file in files.values():
                await asyncio.to_thread(file.discard)


@contextmanager
def _written_to(path: Path) -> Generator[None]:
    """Raise ``ArchiveError`` where the export to ``path`` cannot be written."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"The export to {path} cannot be written: {error.strerror or error}.") from error
