"""Taking answers in from files.

An envelope has the answers under ``requests[].response``, each as a JSON value or as text; where a request or the
envelope has ``url`` or ``fetched_at`` (an ISO-8601 instant), they say what was asked and when. Otherwise the fields of
an answer show its data set, and it was fetched when its ``meta.as_of`` says that it was made or, if it has none, when
its file was last modified.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from openrouter_rankings.history.revisions import Outcome
from openrouter_rankings.history.sources import Given, Item, files_below, items_of

if TYPE_CHECKING:
    from openrouter_rankings.history.archive import Archive

__all__ = ["ImportReport", "Refusal", "import_files"]

# Stored in one transaction. More would save little, and would make other processes wait for longer.
_ENTRIES_AT_ONCE = 100
_BYTES_AT_ONCE = 8 * 1024 * 1024

_MOST_REFUSALS = 1000

_NO_PARAMETERS: Mapping[str, object] = {}


@attrs.frozen
class Refusal:
    """An answer that was not taken.

    Attributes:
        source: the file, and the place in it where it holds several.
        reason: why.
    """

    source: str
    reason: str


@attrs.frozen
class ImportReport:
    """What became of the answers of an import.

    Attributes:
        new: answers about a span of which there was none.
        unchanged: answers whose figures the archive had.
        revisions: answers with other figures about a span of which there were some.
        refused: answers that the archive did not take.
        refusals: the first thousand of them, each with its reason.
    """

    new: int
    unchanged: int
    revisions: int
    refused: int
    refusals: tuple[Refusal, ...]


async def import_files(
    archive: Archive,
    paths: Iterable[str | os.PathLike[str]],
    parameters: Mapping[str, object] = _NO_PARAMETERS,
    *,
    progress: Callable[[int, int], object] = lambda _done, _total: None,
) -> ImportReport:
    """Store the answers of files: raw bodies, envelopes (see the module), and exports of an archive.

    An answer does not repeat its parameters: import files whose answers have different ones separately.

    An import can be interrupted: what was stored stays, and a repetition finds it unchanged.

    Args:
        archive: where to store them.
        paths: files, and folders, of which all files count that end in ``.json`` or ``.jsonl``, or these with ``.gz``.
        parameters: what the answers were asked for with, where the files do not say.
        progress: called with the number of files that are done and of all files.

    Raises:
        ConfigurationError: one of the paths does not exist.
        ArchiveError: the archive cannot be written; what was stored before stays.
    """
    files = await asyncio.to_thread(files_below, paths)
    counts: Counter[Outcome] = Counter()
    refusals: list[Refusal] = []
    progress(0, len(files))
    items = _batches(files, Given(parameters, archive.synthetic))
    while batch := await asyncio.to_thread(next, items, None):
        done, found = batch
        counts.update(await archive.add_entries([entry for item in found for entry in item.entries]))
        refused = [Refusal(item.source, item.refusal) for item in found if item.refusal is not None]
        counts[Outcome.REFUSED] += len(refused)
        refusals += refused[: _MOST_REFUSALS - len(refusals)]
        progress(done, len(files))
    return ImportReport(
        new=counts[Outcome.NEW],
        unchanged=counts[Outcome.UNCHANGED],
        revisions=counts[Outcome.REVISION],
        refused=counts[Outcome.REFUSED],
        refusals=tuple(refusals),
    )


def _batches(files: Sequence[Path], given: Given) -> Iterator[tuple[int, list[Item]]]:
    """The answers of the files, some at a time, each time with the number of files that are done."""
    batch: list[Item] = []
    entries = size = 0
    for done, path in enumerate(files):
        for item in items_of(path, given):
            batch.append(item)
            entries += max(1, len(item.entries))
            size += sum(len(entry.body) for entry in item.entries)
            if entries >= _ENTRIES_AT_ONCE or size >= _BYTES_AT_ONCE:
                yield done, batch
                batch, entries, size = [], 0, 0
    yield len(files), batch
