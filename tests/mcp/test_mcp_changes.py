"""The tool ``changes``, on an archive of two days four weeks apart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp.server.mcpserver")

from archived import DAY, apps, daily, morning_after
from archived import tasks as archived_tasks
from assistant import Measured, assistant, sources

from openrouter_rankings import AppRankings, RankingsDaily, Request, TaskClassifications
from openrouter_rankings.analysis import compare, last_week, week_before
from openrouter_rankings.history import Archive
from openrouter_rankings.models.data_set import LICENCE
from openrouter_rankings.testing import FakeClock

TAG = "code:debugging"
NOT_QUALITY = "popularity is not quality"

# The last of the days that the emulation tells of at first, and four weeks later.
OLD, NEW = date(2025, 12, 31), date(2026, 1, 28)

FOUR_WEEKS = timedelta(days=28)
ONE_DAY = timedelta(days=1)

ASKED: Mapping[type[Any], tuple[str, dict[str, object]]] = {
    TaskClassifications: ("classifications/task", {}),
    RankingsDaily: ("datasets/rankings-daily", {}),
    AppRankings: ("datasets/app-rankings?limit=100", {"limit": 100}),
}

KINDS = [{"of": "task"}, {"of": "model"}, {"of": "author"}, {"of": "app"}, {"of": "model", "tag": TAG}]


async def fill(path: Path) -> None:
    api, clock = Measured(), FakeClock()
    async with Archive(path) as archive:
        for _ in range(2):
            for kind, (name, parameters) in ASKED.items():
                request = Request("GET", f"https://openrouter.ai/api/v1/{name}", {"Authorization": "Bearer key"})
                body = api.reply(request, clock.time()).response.body
                await archive.add(kind, body, parameters, fetched_at=clock.now())
            clock.advance(FOUR_WEEKS.total_seconds())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive to read."""
    path = tmp_path_factory.mktemp("archive") / "archive.sqlite3"
    asyncio.run(fill(path))
    return path


def ranked(day: date, tokens: Mapping[str, int]) -> bytes:
    """App rankings with these tokens, in which an app keeps its id at every rank."""
    document = json.loads(apps(day, names=tuple(tokens), as_of=morning_after(day)))
    for row in document["data"]:
        row["app_id"] = sum(row["app_name"].encode())
        row["total_tokens"] = str(tokens[row["app_name"]])
    return json.dumps(document).encode()


async def changes(archive: Path, **arguments: Any) -> dict[str, Any]:
    """What the tool says on the morning after the newest day."""
    async with assistant(sources(archive=archive, clock=FakeClock(morning_after(NEW)))) as user:
        return await user.ask("changes", **arguments)


async def failure(archive: Path, **arguments: Any) -> str:
    async with assistant(sources(archive=archive)) as user:
        return await user.fail("changes", **arguments)


@pytest.mark.parametrize("arguments", KINDS)
async def test_the_changes_of_each_kind_are_small_and_have_what_must_be_shown_with_them(
    arguments: dict[str, Any], archive: Path
) -> None:
    async with assistant(sources(archive=archive, clock=FakeClock(morning_after(NEW)))) as user:
        result = await user.call("changes", **arguments)
    assert len(result.model_dump_json(by_alias=True)) < 8000
    content = result.structured_content
    assert content is not None
    assert (content["as_of"], content["age_seconds"], content["stale"]) == (str(NEW), 5 * 3600, False)
    assert content["citation"].startswith("Source: OpenRouter")
    assert (content["licence"], content["synthetic"]) == (LICENCE, False)
    assert sum(NOT_QUALITY in remark for remark in content["remarks"]) == 1
    assert 5 <= len(content["rows"]) <= 8
    assert {row["status"] for row in content["rows"]} <= {"stayed", "entered", "left"}


@pytest.mark.parametrize("by", ["usage", "tokens"])
async def test_the_changes_of_tasks_are_those_of_the_share_asked_for(by: Any, archive: Path) -> None:
    content = await changes(archive, by=by, limit=50)
    async with Archive(archive) as opened:
        answers = [each.answer async for each in opened.between(TaskClassifications)]
    name = "usage_share" if by == "usage" else "token_share"
    expected = {row["tag"]: row[f"{name}_change"] for row in compare(*answers, by=by).to_records()}
    assert {row["name"]: row["share_change"] for row in content["rows"]} == expected
    what = "requests" if by == "usage" else "tokens"
    week = timedelta(days=6)
    assert content["subject"] == (
        f"changes of tasks by share of {what}, {NEW - week} to {NEW} against {OLD - week} to {OLD}"
    )


async def test_a_tag_alone_is_the_change_of_this_task(archive: Path) -> None:
    content = await changes(archive, tag=TAG)
    assert [row["name"] for row in content["rows"]] == [TAG]


@pytest.mark.parametrize("of", ["model", "author"])
async def test_without_a_tag_models_and_authors_are_compared_by_a_week_of_all_traffic(of: Any, archive: Path) -> None:
    content = await changes(archive, of=of, limit=50)
    async with Archive(archive) as opened:
        rankings = await opened.rankings_daily()
    assert rankings is not None
    after, before = last_week(rankings), week_before(rankings, NEW)
    assert after is not None
    assert before is not None
    expected = compare(before, after, of=of)
    named = {row.model_permaslug or row.author: row for row in expected.data}
    assert content["subject"].startswith(f"changes of {of}s by share of tokens, ")
    assert len(content["rows"]) + content["more"] == len(expected)
    for row in content["rows"]:
        same = named[row["name"]]
        assert (row["after_rank"], row["rank_change"]) == (same.after_rank, same.rank_change)
        assert (row["before_share"], row["share_change"]) == (same.before_token_share, same.token_share_change)
        assert (row["after_total_tokens"], row["total_tokens_change"]) == (
            same.after_total_tokens,
            same.total_tokens_change,
        )


@pytest.mark.parametrize("of", ["model", "author"])
async def test_with_a_tag_models_and_authors_are_compared_within_the_task(of: Any, archive: Path) -> None:
    content = await changes(archive, of=of, tag=TAG, by="tokens")
    assert content["subject"].startswith(f"changes of {of}s of {TAG} by share of tokens, ")
    assert all(("/" in row["name"]) == (of == "model") for row in content["rows"])
    assert {row["after_total_tokens"] for row in content["rows"]} == {None}


async def test_apps_are_compared_by_their_tokens(archive: Path) -> None:
    content = await changes(archive, of="app", limit=50)
    async with Archive(archive) as opened:
        answers = [each.answer async for each in opened.between(AppRankings, parameters={"limit": 100})]
    expected = {row.app_name: row.total_tokens_change for row in compare(*answers).data}
    assert {row["name"]: row["total_tokens_change"] for row in content["rows"]}.items() <= expected.items()
    assert {row["after_share"] for row in content["rows"]} == {None}
    assert content["subject"].startswith("changes of apps by tokens, ")
    assert len(content["rows"]) + content["more"] == len(expected)


@pytest.mark.parametrize("arguments", KINDS)
async def test_the_greatest_changes_come_first(arguments: dict[str, Any], archive: Path) -> None:
    content = await changes(archive, **arguments, limit=50)
    figure = "total_tokens_change" if arguments["of"] == "app" else "share_change"
    sizes = [abs(row[figure]) for row in content["rows"] if row[figure] is not None]
    assert sizes == sorted(sizes, reverse=True)


async def test_changes_that_are_not_known_come_last(archive: Path) -> None:
    content = await changes(archive, of="author", tag="code:frontend_ui", by="tokens", limit=50)
    known = [row["share_change"] is not None for row in content["rows"] if row["status"] == "stayed"]
    assert known == sorted(known, reverse=True)
    assert set(known) == {True, False}


async def test_what_entered_or_left_comes_by_how_far_it_is_above_the_end_of_the_other_list(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    lists = {
        DAY - FOUR_WEEKS: {"Weir": 100, "Sluice": 60, "Lock": 40},
        DAY: {"Quay": 500, "Weir": 115, "Mole": 41},
    }
    async with Archive(path) as opened:
        for day, tokens in lists.items():
            await opened.add(AppRankings, ranked(day, tokens), {"limit": 100}, fetched_at=morning_after(day))
    rows = (await changes(path, of="app"))["rows"]
    assert [(row["name"], row["status"]) for row in rows] == [
        ("Quay", "entered"),
        ("Sluice", "left"),
        ("Weir", "stayed"),
        ("Mole", "entered"),
        ("Lock", "left"),
    ]


def task_led_by(day: date, models: Mapping[str, tuple[float, float]]) -> bytes:
    """Task classifications whose one task has these models, with their shares of requests and of tokens."""
    document = json.loads(archived_tasks(day))
    document["data"]["classifications"][0]["models"] = [
        {"id": model, "tag_usage_share": usage, "tag_token_share": tokens} for model, (usage, tokens) in models.items()
    ]
    return json.dumps(document).encode()


async def test_what_a_task_does_not_list_may_have_had_any_tokens(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    lists = {
        DAY - FOUR_WEEKS: {"weir/one": (0.5, 0.2), "lock/one": (0.3, 0.01)},
        DAY: {"weir/one": (0.5, 0.25), "quay/one": (0.3, 0.1)},
    }
    async with Archive(path) as opened:
        for day, models in lists.items():
            await opened.add(TaskClassifications, task_led_by(day, models), fetched_at=morning_after(day))
    by_tokens = (await changes(path, of="model", tag=TAG, by="tokens"))["rows"]
    assert by_tokens[0]["name"] == "weir/one"


async def test_what_a_span_does_not_list_may_have_had_as_much_as_the_last_of_each_day(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"

    def week(last: date, top: int, second: str) -> bytes:
        document = json.loads(daily(last - 6 * ONE_DAY, last, tokens=top))
        others = [row for row in document["data"] if row["model_permaslug"] == "other"]
        for number, other in enumerate(others):
            other["total_tokens"] = str(900 - top)
            last_listed = {**other, "model_permaslug": second.format(number), "total_tokens": "100"}
            document["data"].insert(document["data"].index(other), last_listed)
        return json.dumps(document).encode()

    async with Archive(path) as opened:
        for body in (week(DAY - FOUR_WEEKS, 500, "lock/{}"), week(DAY, 540, "quay/one")):
            last = date.fromisoformat(json.loads(body)["meta"]["end_date"])
            await opened.add(RankingsDaily, body, fetched_at=morning_after(last))
    rows = (await changes(path, of="model"))["rows"]
    assert [(row["name"], row["status"]) for row in rows[:2]] == [
        ("lanternhill/ember-2", "stayed"),
        ("quay/one", "entered"),
    ]


async def test_changes_of_overlapping_weeks_say_so(archive: Path) -> None:
    content = await changes(archive, of="author", days=4)
    assert any("3 days in common" in remark for remark in content["remarks"])


async def test_app_names_are_followed_by_the_id_so_that_a_new_name_is_no_new_app(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    async with Archive(path) as opened:
        for day, name in ((DAY - FOUR_WEEKS, "Weir"), (DAY, "Weir Pro")):
            body = apps(day, names=[name], as_of=morning_after(day))
            await opened.add(AppRankings, body, {"limit": 100}, fetched_at=morning_after(day))
    (row,) = (await changes(path, of="app"))["rows"]
    assert (row["name"], row["status"]) == ("Weir Pro", "stayed")


async def test_what_apps_and_all_traffic_do_not_have_is_an_error_that_says_what_to_leave_out(archive: Path) -> None:
    assert "ask again without tag and by" in await failure(archive, of="app", tag=TAG)
    assert "ask again without tag and by" in await failure(archive, of="app", by="usage")
    assert "ask again without by, or with a tag" in await failure(archive, of="author", by="usage")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({}, "task classifications"),
        ({"of": "model"}, "complete daily rankings"),
        ({"of": "app"}, "app rankings"),
    ],
)
async def test_a_kind_of_which_nothing_is_archived_says_which_command_adds_it(
    arguments: dict[str, Any], what: str, tmp_path: Path
) -> None:
    path = tmp_path / "archive.sqlite3"
    async with Archive(path):
        pass
    sentence = await failure(path, **arguments)
    assert f"The archive has no {what}. `openrouter-rankings collect`" in sentence


async def test_days_that_are_not_over_are_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    async with Archive(path) as opened:
        noon = morning_after(DAY - ONE_DAY) + timedelta(hours=7)
        await opened.add(RankingsDaily, daily(DAY, DAY, as_of=noon), fetched_at=noon)
    assert "The archive has no complete daily rankings" in await failure(path, of="model")


@pytest.mark.parametrize("of", ["task", "author", "app"])
async def test_without_an_earlier_answer_the_error_says_what_there_is(of: str, tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    async with Archive(path) as opened:
        for day in (DAY - 2 * ONE_DAY, DAY):
            at = morning_after(day)
            await opened.add(TaskClassifications, archived_tasks(day), fetched_at=at)
            await opened.add(RankingsDaily, daily(day, day), fetched_at=at)
            await opened.add(AppRankings, apps(day, as_of=at), {"limit": 100}, fetched_at=at)
    sentence = await failure(path, of=of)
    assert f" from {DAY - 2 * ONE_DAY} to {DAY}, but none from about 28 days before the newest" in sentence
    assert "another number of days" in sentence


async def test_an_archive_of_one_day_has_nothing_to_compare_with_yet(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    async with Archive(path) as opened:
        await opened.add(TaskClassifications, archived_tasks(DAY), fetched_at=morning_after(DAY))
    sentence = await failure(path, of="task")
    assert f"of {DAY} only, so that there is nothing to compare with yet" in sentence
    assert "collect" in sentence
