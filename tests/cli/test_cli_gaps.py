"""The command ``gaps``: which days are missing, for people and for monitoring."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from archived import DAY, ONE_DAY, apps, benchmarks, daily, morning_after, tasks
from command_line import Call

from openrouter_rankings import AppRankings, Benchmarks, RankingsDaily, TaskClassifications
from openrouter_rankings.history import Archive

TODAY = datetime.now(UTC).date()
Add = tuple[type[Any], bytes, Mapping[str, object], datetime]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.sqlite3"


@pytest.fixture
def gaps(path: Path) -> Callable[..., Call]:
    return lambda *arguments: Call("gaps", "--db", str(path), *arguments, key="")


def fill(path: Path, *answers: Add) -> None:
    async def add() -> None:
        async with Archive(path) as archive:
            for data_set, body, parameters, fetched_at in answers:
                await archive.add(data_set, body, parameters, fetched_at=fetched_at)

    asyncio.run(add())


def tasks_of(*days: date) -> list[Add]:
    return [(TaskClassifications, tasks(day), {}, morning_after(day)) for day in days]


def test_an_archive_without_gaps_is_all_good(path: Path, gaps: Callable[..., Call]) -> None:
    yesterday = TODAY - ONE_DAY
    fill(path, *tasks_of(yesterday - ONE_DAY, yesterday))
    call = gaps("--max-age", "2d")
    assert (call.status, call.err) == (0, "")
    assert [line.split()[:3] for line in call.out.splitlines() if line.startswith("tasks")] == [
        ["tasks", str(yesterday - ONE_DAY), str(yesterday)]
    ]


def test_a_missing_day_is_named_and_ends_with_status_3(path: Path, gaps: Callable[..., Call]) -> None:
    fill(path, *tasks_of(DAY, DAY + 2 * ONE_DAY, DAY + 5 * ONE_DAY))
    call = gaps()
    assert call.status == 3
    assert "tasks: missing 2026-06-18, 2026-06-20 to 2026-06-21.\n" in call.out
    (row,) = [line.split() for line in call.out.splitlines() if line.startswith("tasks ")]
    assert row[-2:] == ["3", str(TODAY - ONE_DAY)]


def test_many_gaps_are_cut_short_for_people_and_whole_for_programs(path: Path, gaps: Callable[..., Call]) -> None:
    fill(path, *tasks_of(*(DAY + 2 * n * ONE_DAY for n in range(8))))
    assert "2026-06-24, 2026-06-26 and 2 more." in " ".join(gaps().out.split())
    (series,) = json.loads(gaps("--format", "json").out)["series"]
    assert len(series["missing"]) == series["missing_days"] == 7


def test_json_has_the_days_of_each_parameters(path: Path, gaps: Callable[..., Call]) -> None:
    seo = {"category": "marketing/seo"}
    fill(
        path,
        (RankingsDaily, daily(DAY, DAY + ONE_DAY), {}, morning_after(DAY + ONE_DAY)),
        (RankingsDaily, daily(DAY, DAY), seo, morning_after(DAY)),
        (RankingsDaily, daily(DAY + 2 * ONE_DAY, DAY + 3 * ONE_DAY), seo, morning_after(DAY + 3 * ONE_DAY)),
    )
    call = gaps("models", "--format", "json")
    whole, part = json.loads(call.out)["series"]
    age = whole.pop("age_seconds")
    assert whole == {
        "data_set": "rankings-daily",
        "parameters": {},
        "first": "2026-06-17",
        "date": "2026-06-18",
        "missing": [],
        "missing_days": 0,
        "due": str(TODAY - ONE_DAY),
    }
    assert age > 86400
    assert (part["parameters"], part["missing"]) == (seo, [{"first": "2026-06-18", "last": "2026-06-18"}])
    assert "models (category=marketing/seo): missing 2026-06-18.\n" in gaps("models").out
    assert call.status == 3


def test_an_answer_that_is_too_old_ends_with_status_3(path: Path, gaps: Callable[..., Call]) -> None:
    fill(path, *tasks_of(DAY))
    assert gaps().status == 0
    assert gaps("--max-age", "2d").status == 3


def test_a_quiet_call_prints_nothing(path: Path, gaps: Callable[..., Call]) -> None:
    fill(path, *tasks_of(DAY))
    call = gaps("--max-age", "2d", "--quiet")
    assert (call.status, call.out, call.err) == (3, "", "")


def test_a_data_set_that_was_never_collected_ends_with_status_3(path: Path, gaps: Callable[..., Call]) -> None:
    fill(path, *tasks_of(DAY))
    call = gaps("benchmarks", "tasks")
    assert call.status == 3
    assert [line.split() for line in call.out.splitlines() if line.startswith("benchmarks")] == [
        ["benchmarks", "-", "-", "-", "0", "-"]
    ]


def test_an_empty_archive_ends_with_status_3(path: Path, gaps: Callable[..., Call]) -> None:
    fill(path)
    call = gaps()
    assert (call.status, call.err) == (3, "")
    assert "No rows." in call.out


def test_later_pages_of_a_list_are_not_looked_at(path: Path, gaps: Callable[..., Call]) -> None:
    yesterday = TODAY - ONE_DAY
    later = {"limit": 100, "offset": 100}
    fill(
        path,
        (AppRankings, apps(yesterday, as_of=morning_after(yesterday)), {"limit": 100}, morning_after(yesterday)),
        (AppRankings, apps(DAY, first_rank=101), later, morning_after(DAY)),
    )
    assert gaps("--max-age", "2d").status == 0


def test_benchmarks_are_as_old_as_their_last_answer(path: Path, gaps: Callable[..., Call]) -> None:
    updated = morning_after(DAY)
    fill(path, (Benchmarks, benchmarks(updated), {}, datetime.now(UTC)))
    assert gaps("--max-age", "1h").status == 0


def test_without_an_archive_nothing_is_made(path: Path, gaps: Callable[..., Call], tmp_path: Path) -> None:
    call = gaps()
    assert (call.status, call.out) == (1, "")
    assert call.err == f"error: There is no archive at {path} yet: `openrouter-rankings collect` begins one.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_archive_is_told_as_such(path: Path, gaps: Callable[..., Call]) -> None:
    path.write_text("notes " * 100)
    call = gaps()
    assert (call.status, call.out) == (1, "")
    assert "it is not a SQLite file" in call.err
