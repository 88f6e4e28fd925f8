"""What holds of every archive, whatever was stored in which order."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest
from archived import DAY, ONE_DAY, apps, contents, daily, encoded, tasks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings import AppRankings, RankingsDaily, TaskClassifications
from openrouter_rankings.history import Archive, export_lines, import_files, storage
from openrouter_rankings.history.data_sets import by_type
from openrouter_rankings.history.entry import Entry, prepare

START = datetime(2026, 6, 17, 18, tzinfo=UTC)

# Each example makes archives on the disk.
SOME = settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])


@attrs.frozen
class Given:
    """An answer that is to be stored."""

    kind: type[Any]
    body: bytes
    fetched_at: datetime

    def entry(self) -> Entry:
        return prepare(by_type(self.kind), self.body, {}, self.fetched_at)

    def envelope(self) -> bytes:
        """A file with the answer, whose bytes stay as they are."""
        return encoded({"requests": [{"response": self.body.decode(), "fetched_at": self.fetched_at.isoformat()}]})


def _given(kind: type[Any], day: int, figure: int, hour: int, minute: int) -> Given:
    date, fetched_at = DAY + day * ONE_DAY, START + timedelta(days=day, hours=hour)
    # The same figures come with other bytes.
    as_of = fetched_at - timedelta(minutes=minute)
    if kind is TaskClassifications:
        return Given(kind, tasks(date, figure / 10), fetched_at)
    if kind is AppRankings:
        return Given(kind, apps(date, tokens=figure, names=[f"name {minute}"], as_of=as_of), fetched_at)
    return Given(kind, daily(DAY - ONE_DAY, date, tokens=figure, as_of=as_of), fetched_at)


# Few dates and figures, so that they often meet.
ANSWERS = st.builds(
    _given,
    st.sampled_from([TaskClassifications, RankingsDaily, AppRankings]),
    st.integers(0, 2),
    st.integers(1, 2),
    st.integers(0, 9),
    st.integers(0, 1),
)

WAYS = st.sampled_from(["collect", "import", "repeat", "kill"])


async def store(archive: Archive, answer: Given, way: str, folder: Path) -> None:
    if way == "kill":
        await interrupted(archive, answer)
    if way == "import":
        file = folder / "answer.json"
        file.write_bytes(answer.envelope())
        assert (await import_files(archive, [file])).refused == 0
        return
    for _ in range(2 if way == "repeat" else 1):
        await archive.add(answer.kind, answer.body, fetched_at=answer.fetched_at)


async def interrupted(archive: Archive, answer: Given) -> None:
    """A transaction that does not reach its end leaves nothing behind."""

    def script() -> Any:
        yield from storage.insert([answer.entry()])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await archive.engine.run(script(), write=True)


async def stored(location: str, answers: Sequence[tuple[Given, str]], folder: Path) -> list[Any]:
    for answer, way in answers:
        # Each in a process of its own, as it were.
        async with Archive(location) as archive:
            await store(archive, answer, way, folder)
    async with Archive(location) as archive:
        return await contents(archive)


def check_any_order(new_location: Callable[[], str], answers: list[tuple[Given, str]], data: st.DataObject) -> None:
    in_order = [(answer, "collect") for answer, _ in sorted(answers, key=lambda each: each[0].fetched_at)]
    shuffled = data.draw(st.permutations(answers))
    with tempfile.TemporaryDirectory() as folder:
        expected = asyncio.run(stored(new_location(), in_order, Path(folder)))
        assert asyncio.run(stored(new_location(), shuffled, Path(folder))) == expected


@SOME
@given(answers=st.lists(st.tuples(ANSWERS, WAYS), max_size=8), data=st.data())
def test_any_order_of_collect_import_repeat_and_kill_gives_the_same_archive(
    tmp_path_factory: pytest.TempPathFactory, answers: list[tuple[Given, str]], data: st.DataObject
) -> None:
    folder, numbers = tmp_path_factory.mktemp("archives"), count()
    check_any_order(lambda: str(folder / f"{next(numbers)}.sqlite3"), answers, data)


@settings(SOME, max_examples=examples(5))
@given(answers=st.lists(st.tuples(ANSWERS, WAYS), max_size=8), data=st.data())
def test_any_order_gives_the_same_archive_in_postgresql(
    postgres: Any, answers: list[tuple[Given, str]], data: st.DataObject
) -> None:
    check_any_order(postgres.new_database, answers, data)


@SOME
@given(st.lists(ANSWERS, max_size=8))
def test_an_export_that_is_imported_is_the_same_archive(
    tmp_path_factory: pytest.TempPathFactory, answers: list[Given]
) -> None:
    folder = tmp_path_factory.mktemp("archives")

    async def check() -> None:
        async with Archive(folder / "one.sqlite3") as one, Archive(folder / "other.sqlite3") as other:
            for answer in answers:
                await one.add(answer.kind, answer.body, fetched_at=answer.fetched_at)
            await export_lines(one, folder / "one.jsonl")
            assert (await import_files(other, [folder / "one.jsonl"])).refused == 0
            await export_lines(other, folder / "other.jsonl")
            assert await contents(one) == await contents(other)
        assert (folder / "one.jsonl").read_bytes() == (folder / "other.jsonl").read_bytes()

    asyncio.run(check())


SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 99)), max_size=6)


@SOME
@given(SPANS)
def test_the_total_of_a_span_is_the_sum_of_its_parts_with_other_counted_once(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("archives") / "rankings.sqlite3"

    async def check() -> None:
        newest: dict[int, int] = {}
        async with Archive(path) as archive:
            for number, (first, more, tokens) in enumerate(spans):
                at = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=number)
                body = daily(DAY + first * ONE_DAY, DAY + (first + more) * ONE_DAY, tokens=tokens, as_of=at)
                await archive.add(RankingsDaily, body, fetched_at=at)
                newest |= dict.fromkeys(range(first, first + more + 1), tokens)
            whole = await archive.rankings_daily()
            parts = [await archive.rankings_daily(DAY + n * ONE_DAY, DAY + n * ONE_DAY) for n in range(42)]
        expected = sum(newest.values()) + 7 * len(newest)
        assert sum(row.total_tokens for part in parts if part for row in part.data) == expected
        assert sum(row.total_tokens for row in (whole.data if whole else ())) == expected

    asyncio.run(check())


@SOME
@given(st.lists(ANSWERS, min_size=1, max_size=5))
def test_a_body_comes_back_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, answers: list[Given]) -> None:
    path = tmp_path_factory.mktemp("archives") / "rankings.sqlite3"

    async def check() -> None:
        async with Archive(path) as archive:
            for answer in answers:
                await archive.add(answer.kind, answer.body, fetched_at=answer.fetched_at)
            found = await contents(archive)
        assert {each.body for each in found} <= {answer.body for answer in answers}
        assert all(json.loads(each.body) for each in found)

    asyncio.run(check())
