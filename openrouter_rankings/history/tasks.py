"""One task over time, without decoding what the archive has about all others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date
from typing import TYPE_CHECKING

import attrs

from openrouter_rankings.history.data_sets import by_type
from openrouter_rankings.history.packing import unpack, unpack_part
from openrouter_rankings.history.reading import reading, stream, wanted_days
from openrouter_rankings.history.storage import Stored
from openrouter_rankings.models.synthetic import NOTICE
from openrouter_rankings.models.task_classifications import TaskClassifications, decode_task_classifications

if TYPE_CHECKING:
    from openrouter_rankings.history.archive import Archive

__all__ = ["known_task_history", "task_history"]

_AROUND = (
    b'{"data": {"as_of": "%b", "window_days": %d, "classifications": [%b], "macro_categories": []}, "synthetic": %b}'
)

# Their bodies stay compressed, but for one task.
_ANSWERS_AT_ONCE = 128


async def task_history(
    archive: Archive,
    tag: str,
    start: date | str | None = None,
    end: date | str | None = None,
    *,
    unfinished: bool = False,
) -> AsyncGenerator[TaskClassifications]:
    """The newest answer of each date, reduced to one task, for a fifth of the cost of ``Archive.between``.

    Use it to follow a task, or a model within it, over years. The macro categories are left out, and so is the task on
    dates on which the answer does not have it.

    Args:
        archive: the archive.
        tag: the tag of the task.
        start: the first date; None is the first there is.
        end: the last date, included; None is the last there is.
        unfinished: also dates that were not over when their last answer was made.

    Raises:
        ConfigurationError: ``start`` or ``end`` is not a day.
        ArchiveError: the archive cannot be read.
    """
    wanted = wanted_days(by_type(TaskClassifications), {}, first=start, last=end, unfinished=unfinished)
    async with aclosing(stream(archive.engine, wanted, every_revision=False, at_once=_ANSWERS_AT_ONCE)) as batches:
        async for batch in batches:
            for answer in await asyncio.to_thread(_with_task_each, batch, tag):
                yield answer


async def known_task_history(
    archive: Archive, tag: str, start: date | None = None, end: date | None = None
) -> list[TaskClassifications]:
    """The answers of ``task_history``, one of which has the task; none if the archive has none of these dates.

    Raises:
        UnknownTagError: no answer has the task; it suggests similar tags.
        ArchiveError: the archive cannot be read.
    """
    answers = [answer async for answer in task_history(archive, tag, start, end)]
    if answers and not any(answer.classifications for answer in answers):
        whole = await archive.revisions(TaskClassifications, answers[-1].as_of)
        whole[-1].answer.by_tag(tag)
    return answers


def _with_task_each(batch: Sequence[Stored], tag: str) -> list[TaskClassifications]:
    return [_with_task(stored, tag) for stored in batch]


def _with_task(stored: Stored, tag: str) -> TaskClassifications:
    slot = stored.revision.slot
    with reading(slot):
        part = unpack_part(stored.body, stored.size, tag)
        if part is None:
            # Either the answer has no such task, or its tasks were not stored apart.
            answer = decode_task_classifications(unpack(stored.body, stored.size))
            tasks = tuple(task for task in answer.classifications if task.tag == tag)
            return attrs.evolve(answer, classifications=tasks, macro_categories=())
        days = (date.fromisoformat(slot.last) - date.fromisoformat(slot.first)).days + 1
        synthetic = b"true" if stored.citation == NOTICE else b"false"
        # A part includes the comma after it.
        return decode_task_classifications(_AROUND % (slot.last.encode(), days, part.rstrip(b", \t\r\n"), synthetic))
