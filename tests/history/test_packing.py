"""How bodies are stored."""

from __future__ import annotations

import json
import sqlite3
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from archived import DAY, FETCHED, ONE_DAY, encoded, morning_after, tasks
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import TaskClassifications
from openrouter_rankings.history import Archive, ArchiveFormatError, task_history
from openrouter_rankings.history.data_sets import by_type
from openrouter_rankings.history.packing import Part, pack, unpack, unpack_part


@st.composite
def bodies_with_parts(draw: st.DrawFn) -> tuple[bytes, list[Part]]:
    text = draw(st.text(min_size=1))
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), max_size=9)))
    names = draw(st.lists(st.text(), min_size=len(bounds), max_size=len(bounds)))
    # A surrogate is not text.
    body = text.encode(errors="replace")
    parts = [Part(name, start, end) for name, (start, end) in zip(names, pairwise(bounds), strict=False)]
    return body, parts


@given(bodies_with_parts())
def test_a_body_comes_back_whole_and_part_by_part(given_: tuple[bytes, list[Part]]) -> None:
    body, parts = given_
    stored = pack(body, parts)
    assert unpack(stored, len(body)) == body
    text = body.decode()
    for part in parts:
        first = next(each for each in parts if each.name == part.name)
        found = unpack_part(stored, len(body), part.name)
        assert found is not None
        assert found.decode().startswith(text[first.start : first.end])
    assert unpack_part(stored, len(body), "no such part") is None or "no such part" in {part.name for part in parts}


BODY = b"".join(b"%d: some text that compresses, " % n for n in range(9))
PARTS = [Part(str(n), n * 30, n * 30 + 28) for n in range(9)]


@pytest.mark.parametrize("parts", [[], PARTS])
def test_a_size_that_is_wrong_is_damage(parts: list[Part]) -> None:
    stored = pack(BODY, parts)
    for size in (0, len(BODY) - 1, len(BODY) + 1):
        with pytest.raises(ValueError, match="were stored"):
            unpack(stored, size)


@pytest.mark.parametrize("parts", [[], PARTS])
def test_a_byte_that_is_wrong_is_damage(parts: list[Part]) -> None:
    stored = pack(BODY, parts)
    for at in range(len(stored)):
        for flip in (0x01, 0x80):
            changed = bytearray(stored)
            changed[at] ^= flip
            try:
                found = unpack(bytes(changed), len(BODY))
            except (ValueError, TypeError, LookupError):
                continue
            assert found == BODY


def _with_header(header: Any) -> bytes:
    packed = zlib.compress(json.dumps(header).encode())
    return b"\1" + len(packed).to_bytes(4, "big") + packed


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\1",
        b"\1\0\0\0\1",
        _with_header(5),
        _with_header([]),
        _with_header([["a"], "b", [1], 0]),
        _with_header([["a"], [10], [], 0]),
        _with_header([["a"], [10], [5, 5], 0]),
        _with_header([["a"], [-10, 20], [0], 0]),
        _with_header(["a" * 2_000_000, [10], [5, 5], 0]),
    ],
)
def test_what_was_never_packed_is_damage(stored: bytes) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        unpack(stored, 10)
    if stored:
        with pytest.raises((ValueError, TypeError, LookupError)):
            unpack_part(stored, 10, "a")


def answer(day: Any, *tags: str) -> bytes:
    document = json.loads(tasks(day))
    (task,) = document["data"]["classifications"]
    document["data"]["classifications"] = [task | {"tag": tag, "display_name": f"Näme of {tag}"} for tag in tags]
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


TAGS = ("code:debugging", "math", "translation", "devops", "summarization", "code:repo_scan")


async def test_a_task_is_read_without_the_others(location: str) -> None:
    days = [DAY, DAY + ONE_DAY, DAY + 2 * ONE_DAY]
    bodies = [answer(days[0], *TAGS), answer(days[1], *reversed(TAGS)), answer(days[2], "math")]
    async with Archive(location) as archive:
        for day, body in zip(days, bodies, strict=True):
            await archive.add(TaskClassifications, body, fetched_at=morning_after(day))
        for tag in TAGS:
            found = [each async for each in task_history(archive, tag)]
            whole = [each.answer async for each in archive.between(TaskClassifications)]
            assert [each.as_of for each in found] == days
            assert [each.window_days for each in found] == [7, 7, 7]
            assert [each.citation for each in found] == [each.citation for each in whole]
            expected = [tuple(task for task in each.classifications if task.tag == tag) for each in whole]
            assert [each.classifications for each in found] == expected
        assert [each.as_of async for each in task_history(archive, "math", days[1], days[1])] == [days[1]]


async def test_the_history_of_a_task_has_the_newest_figures_of_complete_dates(location: str) -> None:
    async with Archive(location) as archive:
        for hour, share in enumerate([0.4, 0.3]):
            await archive.add(TaskClassifications, tasks(share=share), fetched_at=FETCHED + hour * ONE_DAY / 24)
        await archive.add(TaskClassifications, tasks(FETCHED.date()), fetched_at=FETCHED)
        found = [each.classifications[0].usage_share async for each in task_history(archive, "code:debugging")]
        assert found == [0.3]
        rest = [each async for each in task_history(archive, "code:debugging", unfinished=True)]
        assert len(rest) == 2


def _twice(body: bytes) -> bytes:
    """The tasks stand twice, and JSON takes the second."""
    return body.replace(b'"as_of"', b'"classifications": [{"tag": "x"}], "as_of"')


@pytest.mark.parametrize(
    "body",
    [
        tasks().replace(b'"classifications"', b'"class\\u0069fications"'),
        _twice(tasks()),
        tasks()
        .replace(b'"as_of"', b'"classifications": [1], "as_of"')
        .replace(b'"window_days"', b'"w": [], "window_days"'),
    ],
)
async def test_tasks_that_are_not_where_they_are_expected_are_read_all_the_same(location: str, body: bytes) -> None:
    async with Archive(location) as archive:
        await archive.add(TaskClassifications, body, fetched_at=FETCHED)
        found = await archive.latest(TaskClassifications)
        assert found is not None
        assert found.body == body
        (one,) = [each async for each in task_history(archive, "code:debugging")]
        assert one.classifications == found.answer.classifications


def test_no_part_is_found_where_the_array_ends_too_early() -> None:
    document = json.loads(tasks())
    find = by_type(TaskClassifications).parts
    assert len(find(encoded(document), document)) == 1
    assert find(b'{"classifications": [', document) == ()
    assert find(b'{"other": [', document) == ()


async def test_a_damaged_task_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rankings.sqlite3"
    async with Archive(path) as archive:
        await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE openrouter_rankings_archive SET body = substr(body, 1, 90)")
    connection.close()
    async with Archive(path) as archive:
        with pytest.raises(ArchiveFormatError, match="it is damaged"):
            assert [each async for each in task_history(archive, "code:debugging")]
