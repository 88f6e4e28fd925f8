"""The tools, asked by the SDK's own client in memory."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp.server.mcpserver")

from archived import DAY, daily, morning_after
from archived import tasks as archived_tasks
from assistant import Measured, assistant, sources
from patience import PATIENCE

from openrouter_rankings import (
    ConfigurationError,
    Quota,
    RankingsClient,
    RankingsDaily,
    Request,
    Response,
    TaskClassifications,
    __version__,
)
from openrouter_rankings.analysis import pick
from openrouter_rankings.history import Archive
from openrouter_rankings.models.data_set import LICENCE
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport

TAG = "code:debugging"
NOT_QUALITY = "popularity is not quality"

DATA_TOOLS: dict[str, dict[str, Any]] = {
    "tasks": {},
    "task_models": {"tag": TAG},
    "daily_rankings": {},
    "apps": {},
    "session_costs": {},
    "benchmarks": {},
    "pick": {"tags": {"code:*": 1.0}},
}
OTHER_TOOLS: dict[str, dict[str, Any]] = {"quota": {}, "changes": {}, "trend": {"tag": TAG}}

ONE_DAY = timedelta(days=1)


def share_on(day: date) -> float:
    """A share of the task that differs from day to day."""
    return round(0.2 + day.toordinal() % 100 / 200, 3)


async def fill(path: Path, days: int = 40) -> None:
    """An archive of so many days of tasks and daily rankings up to ``DAY``."""
    async with Archive(path) as archive:
        for day in (DAY - offset * ONE_DAY for offset in range(days)):
            body = archived_tasks(day, share_on(day))
            await archive.add(TaskClassifications, body, fetched_at=morning_after(day))
        body = daily(DAY - (days - 1) * ONE_DAY, DAY)
        await archive.add(RankingsDaily, body, fetched_at=morning_after(DAY))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive to read."""
    path = tmp_path_factory.mktemp("archive") / "archive.sqlite3"
    asyncio.run(fill(path))
    return path


def the_morning_after() -> FakeClock:
    return FakeClock(morning_after(DAY))


async def test_each_tool_says_what_it_is_for_takes_and_gives_and_that_it_changes_nothing() -> None:
    async with assistant() as user:
        tools = (await user.client.list_tools()).tools
    assert {tool.name for tool in tools} == DATA_TOOLS.keys() | OTHER_TOOLS.keys()
    for tool in tools:
        assert tool.description is not None
        assert len(tool.description.partition("\n")[0]) >= 50
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert tool.output_schema is not None


def test_the_server_is_made_without_loading_what_only_its_tools_need() -> None:
    program = "import sys, openrouter_rankings.mcp as mcp; mcp.make_server(None); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    packages = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("openrouter_rankings.")}
    assert packages == {f"openrouter_rankings.{name}" for name in ("errors", "mcp", "models")}


async def test_the_server_says_what_it_is_and_that_popularity_is_not_quality() -> None:
    async with assistant() as user:
        assert NOT_QUALITY in (user.client.instructions or "")
        about = user.client.server_info
    assert about is not None
    assert (about.name, about.version) == ("openrouter-rankings", __version__)


@pytest.mark.parametrize("tool", DATA_TOOLS)
async def test_an_answer_is_small_and_has_what_must_be_shown_with_it(tool: str) -> None:
    async with assistant(sources(Measured())) as user:
        result = await user.call(tool, **DATA_TOOLS[tool])
        content = await user.ask(tool, **DATA_TOOLS[tool])
    assert len(result.model_dump_json(by_alias=True)) < 8000
    assert content["citation"].startswith("Source: ")
    assert content["licence"] == LICENCE
    assert content["as_of"].startswith(("2025-12-31", "2026-01-01"))
    assert (content["age_seconds"], content["stale"], content["synthetic"]) == (0.0, False, False)
    assert sum(NOT_QUALITY in remark for remark in content["remarks"]) == 1
    assert content["rows"]


@pytest.mark.parametrize("tool", DATA_TOOLS)
async def test_invented_figures_are_called_so_and_have_no_licence(tool: str) -> None:
    async with assistant() as user:
        content = await user.ask(tool, **DATA_TOOLS[tool])
    assert content["synthetic"]
    assert "invented" in content["citation"]
    assert content["licence"] == ""


@pytest.mark.parametrize(
    ("tool", "arguments", "shown"),
    [
        ("tasks", {}, 10),
        ("task_models", {"tag": TAG}, 10),
        ("daily_rankings", {}, 10),
        ("apps", {}, 10),
        ("session_costs", {}, 10),
        ("benchmarks", {}, 10),
        ("pick", {"tags": {"code:*": 1.0}}, 5),
    ],
)
async def test_a_limit_says_how_many_more_there_are_and_how_to_get_them(
    tool: str, arguments: dict[str, Any], shown: int
) -> None:
    async with assistant() as user:
        usual = await user.ask(tool, **arguments)
        few = await user.ask(tool, **arguments, limit=3)
    assert len(usual["rows"]) == shown
    assert few["rows"] == usual["rows"][:3]
    assert few["more"] == usual["more"] + shown - 3
    assert "Ask again with" in few["how_to_get_more"]
    assert (usual["how_to_get_more"] is None) == (usual["more"] == 0)


async def test_where_nothing_matches_the_remarks_say_so() -> None:
    async with assistant() as user:
        answer = await user.ask("daily_rankings", start_date="9999-12-30", end_date="9999-12-31")
        other = await user.ask("session_costs", model="nonesuch/x")
    assert answer["rows"] == other["rows"] == []
    assert {"No row matches these arguments.", "The latest complete day is yesterday (UTC)."} <= {*answer["remarks"]}
    assert not any("yesterday" in remark for remark in other["remarks"])


async def test_where_there_are_no_other_rows_to_ask_for_none_are_suggested() -> None:
    async with assistant() as user:
        answer = await user.ask("task_models", tag=TAG, limit=2)
    assert (answer["more"] > 0, answer["how_to_get_more"]) == (True, "Ask again with a greater limit (at most 50).")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("daily_rankings", {"limit": 50}),
        ("benchmarks", {"limit": 50, "best": 50}),
        ("pick", {"tags": {"*": 1.0}, "limit": 20}),
    ],
)
async def test_at_the_greatest_limit_no_greater_one_is_suggested(tool: str, arguments: dict[str, Any]) -> None:
    async with assistant() as user:
        answer = await user.ask(tool, **arguments)
    assert answer["more"]
    assert answer["how_to_get_more"]
    assert "greater limit" not in answer["how_to_get_more"]


@pytest.mark.parametrize("tool", ["apps", "session_costs"])
async def test_an_offset_continues_where_the_rows_before_ended(tool: str) -> None:
    async with assistant() as user:
        first, second, both = (
            await user.ask(tool, limit=5),
            await user.ask(tool, limit=5, offset=5),
            await user.ask(tool, limit=10),
        )
    assert first["rows"] + second["rows"] == both["rows"]
    assert second["more"] == both["more"]
    assert "offset=5" in first["how_to_get_more"]


async def test_apps_beyond_the_first_page_of_the_service_can_be_reached() -> None:
    async with assistant() as user:
        content = await user.ask("apps", offset=95)
    assert [row["rank"] for row in content["rows"]] == list(range(96, 106))


async def test_apps_that_end_with_a_page_of_the_service_say_that_there_are_more() -> None:
    async with assistant() as user:
        content = await user.ask("apps", offset=90)
    assert (content["rows"][-1]["rank"], content["more"] > 0) == (100, True)
    assert "offset=100" in content["how_to_get_more"]


class Meeting(FakeTransport):
    """Answers nobody before two have asked."""

    def __init__(self) -> None:
        super().__init__(EmulatedAPI())
        self._both = asyncio.Event()
        self._arrived = 0

    async def send(self, request: Request) -> Response:
        self._arrived += 1
        if self._arrived == 2:
            self._both.set()
        await asyncio.wait_for(self._both.wait(), PATIENCE)
        return await super().send(request)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("pick", {"tags": {TAG: 1.0}, "criteria": {"coding_index": 1.0}}), ("apps", {"offset": 95})],
)
async def test_what_takes_two_requests_sends_them_together(tool: str, arguments: dict[str, Any]) -> None:
    async with assistant(sources(connect=lambda: RankingsClient("key", transport=Meeting()))) as user:
        assert (await user.ask(tool, **arguments))["rows"]


async def test_tasks_are_ranked_as_asked_within_the_macro_category() -> None:
    async with assistant() as user:
        content = await user.ask("tasks", by="tokens", macro_category="code", limit=50)
    shares = [row["token_share"] for row in content["rows"]]
    assert shares == sorted(shares, reverse=True)
    assert {row["macro_category"] for row in content["rows"]} == {"code"}
    assert content["more"] == 0


async def test_filters_reach_the_service() -> None:
    transport = FakeTransport(EmulatedAPI())
    async with assistant(sources(connect=lambda: RankingsClient("key", transport=transport))) as user:
        await user.ask("daily_rankings", start_date="2026-01-01", end_date="2026-01-31", modality="text")
        await user.ask("apps", category="coding", sort="trending")
        await user.ask("session_costs", turn_range="1-turn", app_slug="alder-hatch")
        await user.ask("benchmarks", source="design-arena", arena="models")
    queries = [request.url.partition("?")[2] for request in transport.requests]
    assert ["modality=text" in queries[0], "start_date=2026-01-01" in queries[0]] == [True, True]
    assert ["category=coding" in queries[1], "sort=trending" in queries[1]] == [True, True]
    assert ["turn_range=1-turn" in queries[2], "app_slug=alder-hatch" in queries[2]] == [True, True]
    assert ["source=design-arena" in queries[3], "arena=models" in queries[3]] == [True, True]


async def test_authors_can_be_ranked_by_their_tokens() -> None:
    async with assistant() as user:
        content = await user.ask("daily_rankings", of="author")
    assert content["subject"].startswith("authors by tokens, ")
    assert {row["model_permaslug"] for row in content["rows"]} == {None}


async def test_estimates_are_called_so() -> None:
    async with assistant() as user:
        content = await user.ask("daily_rankings", category="programming")
    assert content["subject"].startswith("models by estimated tokens")


async def test_the_quota_counts_the_requests_of_all_tools() -> None:
    async with assistant() as user:
        assert (await user.ask("quota"))["day"]["used"] == 0
        await user.ask("tasks")
        await user.ask("task_models", tag=TAG)
        content = await user.ask("quota")
    assert (content["minute"]["used"], content["day"]["used"], content["day"]["remaining"]) == (1, 1, 499)
    assert content["day"]["frees_at"].endswith("+00:00")
    assert content["closed_until"] is None


async def test_a_server_of_invented_figures_counts_nothing_and_leaves_the_archive_alone(archive: Path) -> None:
    figures = sources(archive=archive)
    figures.is_sample = True
    async with assistant(figures) as user:
        said = {tool: await user.fail(tool, **arguments) for tool, arguments in OTHER_TOOLS.items()}
    assert all("started with --sample" in sentence for sentence in said.values())
    assert "is not counted" in said["quota"]
    assert all("have no past" in said[tool] for tool in ("changes", "trend"))


async def test_concurrent_calls_open_one_client_which_is_closed_at_the_end() -> None:
    opened: list[FakeTransport] = []

    def connect() -> RankingsClient:
        opened.append(FakeTransport(EmulatedAPI()))
        return RankingsClient("key", transport=opened[-1])

    async with assistant(sources(connect=connect)) as user:
        await asyncio.gather(*(user.ask("tasks") for _ in range(5)))
        (transport,) = opened
        assert len(transport.requests) == 1
    with pytest.raises(ConfigurationError, match="closed"):
        await transport.send(Request("GET", "https://openrouter.ai/api/v1/classifications/task"))


async def test_a_client_that_cannot_be_opened_is_an_error_and_the_next_call_tries_again() -> None:
    outcomes = iter([ConfigurationError("No API key."), None])

    def connect() -> RankingsClient:
        error = next(outcomes)
        if error is not None:
            raise error
        return RankingsClient("key", transport=FakeTransport(EmulatedAPI()))

    async with assistant(sources(connect=connect)) as user:
        assert await user.fail("tasks") == "Error executing tool tasks: No API key."
        assert (await user.ask("tasks"))["rows"]


async def test_an_unknown_tag_is_an_error_that_suggests_one_and_says_where_they_are_listed() -> None:
    async with assistant() as user:
        sentence = await user.fail("task_models", tag="code:debuging")
    assert "Did you mean 'code:debugging'?" in sentence
    assert "The tool tasks lists the tags." in sentence


async def test_an_unknown_macro_category_is_an_error_that_names_those_there_are() -> None:
    async with assistant() as user:
        assert "it has agent, code, data, general" in await user.fail("tasks", macro_category="coding")


@pytest.mark.parametrize("arguments", [{"limit": 51}, {"limit": 0}, {"by": "requests"}])
async def test_an_argument_out_of_range_is_an_error_that_names_it(arguments: dict[str, Any]) -> None:
    async with assistant() as user:
        assert next(iter(arguments)) in await user.fail("tasks", **arguments)


async def test_an_invalid_date_is_an_error() -> None:
    async with assistant() as user:
        assert "start_date" in await user.fail("daily_rankings", start_date="2026-13-01")


async def test_a_spent_quota_is_an_error_with_the_time_to_ask_again() -> None:
    def connect() -> RankingsClient:
        return RankingsClient("key", transport=FakeTransport(EmulatedAPI()), quota=Quota(per_day=1))

    async with assistant(sources(connect=connect)) as user:
        await user.ask("tasks")
        sentence = await user.fail("apps")
    assert "The next request can go at 20" in sentence
    assert "Tell the user when to ask again" in sentence


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (401, {}, "The user has to correct OPENROUTER_API_KEY in the configuration of this server."),
        (429, {"Retry-After": "3600"}, "Ask again in 3600 s"),
        (400, {}, "Check the parameters"),
        (503, {}, "Tell the user, and try again later."),
    ],
)
async def test_a_refusal_of_the_service_is_an_error_that_says_what_to_do(
    status: int, headers: dict[str, str], said: str
) -> None:
    def refuse(request: Request) -> Response:
        return Response(status, headers, b'{"error": {"code": 0, "message": "no"}}')

    def connect() -> RankingsClient:
        return RankingsClient("key", transport=FakeTransport(refuse), retry=None)

    async with assistant(sources(connect=connect)) as user:
        assert said in await user.fail("tasks")


async def test_picks_are_those_of_the_analysis_with_their_reasons() -> None:
    async with assistant() as user:
        content = await user.ask("pick", tags={TAG: 1.0}, deny=["lanternhill/*"], min_share=0.01)
    api = EmulatedAPI()
    async with RankingsClient("key", transport=FakeTransport(api)) as client:
        expected = pick(await client.get_task_classifications(), {TAG: 1.0}, deny=["lanternhill/*"], min_share=0.01)
    assert [row["model"] for row in content["rows"]] == [each.model for each in expected.data[:5]]
    assert content["rows"][0]["reasons"].startswith("at least ")


async def test_picks_can_be_weighed_with_benchmarks() -> None:
    async with assistant() as user:
        content = await user.ask("pick", tags={"code:*": 1.0}, criteria={"popularity": 1.0, "coding_index": 2.0})
        alone = await user.ask("pick", tags={"code:*": 1.0}, criteria={"popularity": 1.0})
    assert "coding_index" in content["rows"][0]["reasons"]
    assert "coding_index" not in alone["rows"][0]["reasons"]


async def test_a_pattern_that_matches_no_task_is_an_error() -> None:
    async with assistant() as user:
        assert "'nothing:*'" in await user.fail("pick", tags={"nothing:*": 1.0})


@pytest.mark.parametrize("tool", ["changes", "trend"])
async def test_without_an_archive_the_tools_of_the_past_say_how_to_begin_one(tool: str) -> None:
    async with assistant() as user:
        sentence = await user.fail(tool, **OTHER_TOOLS[tool])
    assert "There is no archive at nowhere.sqlite3 yet" in sentence
    assert "`openrouter-rankings collect`" in sentence


@pytest.mark.parametrize("tool", ["changes", "trend"])
async def test_an_answer_from_the_archive_is_small_and_has_what_must_be_shown_with_it(tool: str, archive: Path) -> None:
    async with assistant(sources(archive=archive, clock=the_morning_after())) as user:
        result = await user.call(tool, **OTHER_TOOLS[tool])
        content = await user.ask(tool, **OTHER_TOOLS[tool])
    assert len(result.model_dump_json(by_alias=True)) < 8000
    assert content["as_of"] == str(DAY)
    assert (content["age_seconds"], content["stale"]) == (5 * 3600, False)
    assert str(DAY) in content["citation"]
    assert content["licence"] == LICENCE
    assert sum(NOT_QUALITY in remark for remark in content["remarks"]) == 1


async def test_archived_figures_are_stale_when_newer_ones_should_be_there(archive: Path) -> None:
    clock = FakeClock(morning_after(DAY + 2 * ONE_DAY))
    async with assistant(sources(archive=archive, clock=clock)) as user:
        assert (await user.ask("changes"))["stale"]


async def test_a_trend_of_the_past_that_was_asked_for_is_not_stale(archive: Path) -> None:
    clock = FakeClock(morning_after(DAY + 9 * ONE_DAY))
    async with assistant(sources(archive=archive, clock=clock)) as user:
        ends = [None, str(DAY + ONE_DAY), str(DAY), str(DAY - ONE_DAY)]
        stale = [(await user.ask("trend", tag=TAG, end_date=end))["stale"] for end in ends]
    assert stale == [True, True, False, False]


@pytest.mark.parametrize(
    ("tool", "arguments"), [("changes", {}), ("trend", {"tag": TAG}), ("trend", {"model": "lanternhill/ember-2"})]
)
async def test_an_archive_without_answers_says_what_adds_them(
    tool: str, arguments: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "archive.sqlite3"
    async with Archive(path):
        pass
    async with assistant(sources(archive=path)) as user:
        assert "`openrouter-rankings collect`" in await user.fail(tool, **arguments)


async def test_a_trend_has_the_newest_date_first_and_says_how_to_go_back(archive: Path) -> None:
    async with assistant(sources(archive=archive, clock=the_morning_after())) as user:
        content = await user.ask("trend", tag=TAG)
        assert [row["date"] for row in content["rows"]] == [str(DAY - n * ONE_DAY) for n in range(14)]
        assert [row["usage_share"] for row in content["rows"]] == [share_on(DAY - n * ONE_DAY) for n in range(14)]
        assert content["more"] == 26
        before = DAY - 14 * ONE_DAY
        assert f"end_date={before}" in content["how_to_get_more"]
        earlier = await user.ask("trend", tag=TAG, end_date=str(before), limit=100)
    assert [row["date"] for row in earlier["rows"]] == [str(before - n * ONE_DAY) for n in range(26)]


async def test_a_trend_of_a_model_within_a_task_is_called_so(archive: Path) -> None:
    async with assistant(sources(archive=archive, clock=the_morning_after())) as user:
        content = await user.ask("trend", tag=TAG, model="lanternhill/ember-2")
    assert content["subject"] == f"lanternhill/ember-2 within {TAG}, by UTC day"
    assert {row["rank"] for row in content["rows"]} == {1}


async def test_a_trend_of_a_task_has_no_rank_because_the_other_tasks_are_not_read(archive: Path) -> None:
    async with assistant(sources(archive=archive, clock=the_morning_after())) as user:
        content = await user.ask("trend", tag=TAG)
    assert {row["rank"] for row in content["rows"]} == {None}


async def test_without_a_tag_a_trend_is_of_tokens_in_all_traffic(archive: Path) -> None:
    async with assistant(sources(archive=archive, clock=the_morning_after())) as user:
        content = await user.ask("trend", author="lanternhill")
    assert content["subject"] == "lanternhill, by UTC day"
    assert {row["total_tokens"] for row in content["rows"]} == {100}


async def test_a_trend_of_nothing_is_an_error(archive: Path) -> None:
    async with assistant(sources(archive=archive)) as user:
        assert "Say what to follow" in await user.fail("trend")


async def test_a_misspelt_tag_is_an_error_that_suggests_one_of_the_archive(archive: Path) -> None:
    async with assistant(sources(archive=archive)) as user:
        assert "Did you mean 'code:debugging'?" in await user.fail("trend", tag="code:debuging")


async def test_a_trend_of_days_that_are_not_archived_is_an_error(archive: Path) -> None:
    span = {"start_date": str(DAY + ONE_DAY), "end_date": str(DAY + 2 * ONE_DAY)}
    async with assistant(sources(archive=archive)) as user:
        for arguments in ({"tag": TAG}, {"author": "lanternhill"}):
            sentence = await user.fail("trend", **arguments, **span)
            assert f" to {DAY}, and none of the days asked for" in sentence
            reversed_span = {"start_date": span["end_date"], "end_date": span["start_date"]}
            assert "is after end_date" in await user.fail("trend", **arguments, **reversed_span)


async def test_a_trend_from_an_empty_archive_says_how_to_fill_it(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    async with Archive(path):
        pass
    async with assistant(sources(archive=path)) as user:
        assert "has no complete daily rankings. `openrouter-rankings collect`" in await user.fail("trend", author="a")


async def test_a_model_that_the_archive_does_not_know_is_an_error(archive: Path) -> None:
    async with assistant(sources(archive=archive)) as user:
        assert "'lanternhill/ember-2'" in await user.fail("trend", tag=TAG, model="lanternhill/ember-3")
        assert "before the slash" in await user.fail("trend", author="lanternhil")


async def test_an_argument_that_a_tool_does_not_have_is_an_error_that_names_it() -> None:
    async with assistant() as user:
        assert "category" in await user.fail("tasks", category="code")
        tools = (await user.client.list_tools()).tools
    assert {tool.input_schema["additionalProperties"] for tool in tools} == {False}
