"""What the command line keeps between its calls: answers and the count of requests, in the user's cache folder."""

import asyncio
import json
import logging
import re
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from command_line import KEY, Call, started
from patience import PATIENCE, wait_until

from openrouter_rankings import Quota, QuotaStatus, QuotaWindow, RankingsClient
from openrouter_rankings.cli import ages, service, streams
from openrouter_rankings.cli.commands import quota
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.render.terminal import lines, plain_text
from openrouter_rankings.testing import EmulatedAPI, FakeTransport, Fault, serve_in_thread

LOCKED = (
    "Waiting for the file in which requests are counted, which another program has locked. "
    "`openrouter-rankings quota` shows what is used.\n"
)
WAITING = r"Waiting \d+ s for a slot in the quota. `openrouter-rankings quota` shows what is used.\n"
Connect = Callable[..., sqlite3.Connection]

STALE_AT_ONCE = Fault(headers={"Cache-Control": "private, max-age=0, stale-while-revalidate=300"})


@pytest.fixture
def api() -> EmulatedAPI:
    return EmulatedAPI(keys=[KEY])


def tasks(base_url: str, *arguments: str, key: str = KEY) -> Call:
    return Call("tasks", "--base-url", base_url, "--top", "1", *arguments, key=key)


def used(base_url: str) -> int:
    document = json.loads(Call("quota", "--base-url", base_url, "--format", "json").out)
    count: int = document["day"]["used"]
    return count


def test_a_second_call_sends_no_request_and_says_how_old_its_answer_is(server: str, api: EmulatedAPI) -> None:
    first, second = tasks(server), tasks(server)
    assert (first.status, first.err) == (0, "")
    assert (second.status, second.out) == (0, first.out)
    assert re.fullmatch(r"From the cache: \d+ seconds? old\.\n", second.err)
    assert len(api.requests) == 1


def test_without_the_cache_every_call_is_sent_and_counted_and_keeps_nothing(
    server: str, api: EmulatedAPI, cache_folder: Path
) -> None:
    first, second = tasks(server, "--no-cache"), tasks(server, "--no-cache")
    assert (first.status, first.err, second.status, second.err) == (0, "", 0, "")
    assert len(api.requests) == used(server) == 2
    assert sorted(path.name for path in cache_folder.iterdir()) == ["quota.sqlite3"]


def test_without_the_cache_a_kept_answer_is_passed_over(server: str, api: EmulatedAPI) -> None:
    tasks(server)
    assert tasks(server, "--no-cache").err == ""
    assert len(api.requests) == 2


def test_two_keys_share_neither_an_answer_nor_a_count() -> None:
    with serve_in_thread(EmulatedAPI()) as base_url:
        tasks(base_url)
        assert tasks(base_url, key="sk-another-key").err == ""
        assert used(base_url) == 1


def test_a_stale_answer_is_shown_and_refreshed_before_the_command_ends(server: str, api: EmulatedAPI) -> None:
    api.misbehave(STALE_AT_ONCE)
    assert tasks(server).err == ""
    second, third = tasks(server), tasks(server)
    assert re.fullmatch(r"From the cache: \d+ seconds? old, and stale\.\n", second.err)
    assert re.fullmatch(r"From the cache: \d+ seconds? old\.\n", third.err)
    assert len(api.requests) == 2


def test_a_stale_answer_is_shown_before_its_refresh_ends_and_ctrl_c_does_not_wait_for_that(
    server: str, api: EmulatedAPI
) -> None:
    api.misbehave(STALE_AT_ONCE, Fault(delay=25.0))
    tasks(server)
    with started("tasks", "--base-url", server) as asking:
        assert asking.stdout is not None
        assert asking.stderr is not None
        title = asking.stdout.readline()
        wait_until(lambda: len(api.requests) == 2)
        asking.send_signal(signal.SIGINT)
        status = asking.wait(PATIENCE)
        said = asking.stderr.read()
    assert title.startswith("Synthetic sample: tasks by share of requests")
    assert status == 130
    assert re.fullmatch(r"From the cache: \d+ seconds? old, and stale\.\n", said)


def test_where_the_service_fails_a_stale_answer_is_shown_with_the_reason(server: str, api: EmulatedAPI) -> None:
    api.misbehave(Fault(headers={"Cache-Control": "private, max-age=0"}), 503)
    first, second = tasks(server), tasks(server)
    assert (second.status, second.out) == (0, first.out)
    reason, age = second.err.splitlines()
    assert "no new response" in reason
    assert "503" in reason
    assert re.fullmatch(r"From the cache: \d+ seconds? old, and stale\.", age)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.9, "0 seconds"),
        (1.9, "1 second"),
        (119.9, "119 seconds"),
        (120.0, "2 minutes"),
        (7199.0, "119 minutes"),
        (7200.0, "2 hours"),
        (172799.0, "47 hours"),
        (172800.0, "2 days"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_of_which_it_has_two(seconds: float, said: str) -> None:
    assert ages.age_in_words(seconds) == said


def test_the_folder_is_the_users_alone(server: str, cache_folder: Path) -> None:
    tasks(server)
    assert cache_folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in cache_folder.iterdir()) == ["cache.sqlite3", "names.json", "quota.sqlite3"]


def test_the_key_is_in_none_of_the_files(server: str, cache_folder: Path) -> None:
    tasks(server)
    assert not [path for path in cache_folder.iterdir() if KEY.encode() in path.read_bytes()]


def test_the_sample_and_a_saved_answer_touch_no_folder(cache_folder: Path, tmp_path: Path) -> None:
    document = Call("tasks", "--sample", "--format", "json").out
    (tmp_path / "saved.json").write_text(document)
    assert Call("tasks", "--input", str(tmp_path / "saved.json")).status == 0
    assert not cache_folder.parent.exists()


def test_the_sample_needs_no_package_for_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    assert Call("tasks", "--sample").status == 0


def test_a_missing_package_for_the_folder_is_no_unusable_folder(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(ModuleNotFoundError) as raised:
        tasks(server)
    assert raised.value.name == "platformdirs"


def _is_a_file(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("")


def _has_no_place(folder: Path) -> None:
    folder.parent.parent.mkdir(parents=True)
    folder.parent.write_text("")


def _has_a_foreign_quota(folder: Path) -> None:
    _has_a_foreign_file(folder, "quota.sqlite3")


def _has_a_foreign_cache(folder: Path) -> None:
    _has_a_foreign_file(folder, "cache.sqlite3")


def _has_a_foreign_file(folder: Path, name: str) -> None:
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / name)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


def _has_a_damaged_quota(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "quota.sqlite3").write_bytes(b"no database" * 100)


def _has_a_damaged_cache(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "cache.sqlite3").write_bytes(b"no database" * 100)


def _has_a_folder_for_a_file(folder: Path) -> None:
    (folder / "quota.sqlite3").mkdir(parents=True)


# A quota that cannot count is an error, which the command recovers from; a cache does without its store by itself.
WITHOUT_STORES = (
    "Went on without the cache folder. The ",
    "The cache continues without its store until it can be used: ",
)

UNUSABLE = [
    _is_a_file,
    _has_no_place,
    _has_a_foreign_quota,
    _has_a_foreign_cache,
    _has_a_damaged_quota,
    _has_a_damaged_cache,
    _has_a_folder_for_a_file,
]


@pytest.mark.parametrize("spoil", UNUSABLE)
def test_a_folder_that_cannot_be_used_is_told_once_and_done_without(
    spoil: Any, server: str, api: EmulatedAPI, cache_folder: Path
) -> None:
    spoil(cache_folder)
    call = tasks(server)
    assert (call.status, len(api.requests)) == (0, 1)
    assert call.out.startswith("Synthetic sample: tasks by share of requests")
    assert call.err.startswith(WITHOUT_STORES)
    assert str(cache_folder) in call.err
    assert call.err.count("\n") == 1
    assert tasks(server, "--no-cache").status == 0


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[[Connect], None]:
    """Makes SQLite open files in another way."""
    return lambda instead: monkeypatch.setattr(sqlite3, "connect", instead)


def test_files_that_may_only_be_read_do_not_stop_the_command(
    server: str, api: EmulatedAPI, connect: Callable[[Connect], None]
) -> None:
    tasks(server)
    original = sqlite3.connect
    connect(lambda database, **options: original(f"file:{database}?mode=ro", uri=True, **options))
    call = tasks(server, "--no-cache")
    assert (call.status, len(api.requests)) == (0, 2)
    assert call.err.startswith("Went on without the cache folder. ")
    assert "read-only" in call.err
    assert call.err.count("\n") == 1


@pytest.mark.parametrize("name", ["quota.sqlite3", "cache.sqlite3"])
def test_a_full_disk_does_not_stop_the_command(
    name: str, server: str, api: EmulatedAPI, connect: Callable[[Connect], None]
) -> None:
    original = sqlite3.connect

    def connect_to_a_full_disk(database: Path, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = original(database, **options)
        if database.name == name:
            connection.execute("PRAGMA max_page_count = 1")
        return connection

    connect(connect_to_a_full_disk)
    call = tasks(server)
    assert (call.status, len(api.requests)) == (0, 1)
    assert call.err.startswith(WITHOUT_STORES)
    assert "full" in call.err
    assert call.err.count("\n") == 1


def test_a_user_without_a_home_gets_no_folder_of_that_name(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache/openrouter-rankings"))
    monkeypatch.chdir(tmp_path)
    call = tasks(server)
    assert call.status == 0
    assert "set HOME or XDG_CACHE_HOME" in call.err
    assert not (tmp_path / "~").exists()


def test_a_mistake_in_the_command_is_told_as_such_whatever_the_folder_is(cache_folder: Path) -> None:
    _is_a_file(cache_folder)
    for arguments in (("--base-url", "localhost"), ("--window", "week", "--allow-unknown"), ("--timeout", "0")):
        call = Call("tasks", *arguments)
        assert (call.status, call.err.count("\n")) == (2, 1)
        assert "cache folder" not in call.err


def test_a_refusal_is_told_with_the_stores_in_place(server: str, api: EmulatedAPI) -> None:
    tasks(server)
    api.misbehave(401)
    call = tasks(server, "--no-cache")
    assert call.status == 1
    assert call.err.startswith("error: The service answered 401")


@pytest.fixture
def quota_file(cache_folder: Path) -> Path:
    cache_folder.mkdir(parents=True)
    return cache_folder / "quota.sqlite3"


async def send(base_url: str, limits: Quota, requests: int) -> None:
    """Let another program send some requests with the same key to the same service."""
    transport = FakeTransport(EmulatedAPI())
    async with RankingsClient(
        KEY, transport=transport, base_url=base_url, quota=limits, cache=None, clock=SystemClock()
    ) as client:
        for _ in range(requests):
            await client.get_task_classifications()


def test_a_spent_day_is_told_with_the_time_and_nothing_is_sent(
    server: str, api: EmulatedAPI, quota_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(send(server, Quota(store=quota_file), 1))
    monkeypatch.setattr(service, "Quota", partial(Quota, per_day=1))
    call = tasks(server)
    assert (call.status, call.out, api.requests) == (1, "", [])
    assert call.err.startswith("error: The day's budget of 1 requests is spent; nothing was sent. The next request can")


def test_ctrl_c_ends_a_wait_for_a_slot_at_once(server: str, api: EmulatedAPI, quota_file: Path) -> None:
    asyncio.run(send(server, Quota(store=quota_file), 30))
    with started("tasks", "--base-url", server) as asking:
        assert asking.stderr is not None
        told = asking.stderr.readline()
        asking.send_signal(signal.SIGINT)
        status = asking.wait(PATIENCE)
        said = asking.stderr.read()
    assert re.fullmatch(WAITING, told)
    assert (status, said, api.requests) == (130, "", [])


def test_the_quota_shows_a_call_of_another_process_without_a_request(server: str, api: EmulatedAPI) -> None:
    with started("tasks", "--base-url", server) as asking:
        assert asking.wait(PATIENCE) == 0
    shown = Call("quota", "--base-url", server).out.splitlines()
    assert len(api.requests) == 1
    at = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    assert shown[0] == f"Quota of the key in OPENROUTER_API_KEY at {server}"
    assert shown[2] == "Requests in the last Used Remaining Limit Next one frees up at"
    assert re.fullmatch(rf"minute {{14}} +1 +29 +30 {at}", shown[4])
    assert re.fullmatch(rf"day {{17}} +1 +499 +500 {at}", shown[5])


def test_an_unused_quota_frees_nothing_up(cache_folder: Path) -> None:
    call = Call("quota")
    assert (call.status, call.err) == (0, "")
    assert call.out.splitlines()[4].split() == ["minute", "0", "30", "30", "-"]
    document = json.loads(Call("quota", "--format", "json").out)
    assert document["minute"] == {"used": 0, "remaining": 30, "limit": 30, "frees_at": None}
    assert document["closed_until"] is None
    assert document["store"] == str(cache_folder / "quota.sqlite3")


STATUS = QuotaStatus(
    minute=QuotaWindow(30, 1, datetime(2026, 3, 4, 5, 6, 59, 1000, tzinfo=UTC)),
    day=QuotaWindow(500, 500, datetime(2026, 3, 5, tzinfo=UTC)),
    closed_until=datetime(2026, 3, 4, 6, tzinfo=UTC),
    waiting=0,
)


def test_a_pause_of_the_service_is_shown_and_no_time_too_early() -> None:
    assert plain_text(lines(quota.quota_table(STATUS, "http://a", Path("/cache/quota.sqlite3")), 80)) == (
        "Quota of the key in OPENROUTER_API_KEY at http://a\n"
        "\n"
        "Requests in the last Used Remaining Limit Next one frees up at\n"
        "-----------------------------------------------------------------\n"
        "minute                  1        29    30 2026-03-04 05:07:00 UTC\n"
        "day                   500         0   500 2026-03-05 00:00:00 UTC\n"
        "\n"
        "The service wants no requests until 2026-03-04 06:00:00 UTC.\n"
        "These are the requests of this command line with this key. What other programs\n"
        "send with it counts for the service too, but not here, unless they count in\n"
        "/cache/quota.sqlite3.\n"
    )


def test_the_quota_in_json_has_the_instants_in_utc() -> None:
    document = json.loads(quota.quota_json(STATUS, Path("quota.sqlite3")))
    assert document["minute"]["frees_at"] == "2026-03-04T05:06:59.001000+00:00"
    assert document["day"] == {"used": 500, "remaining": 0, "limit": 500, "frees_at": "2026-03-05T00:00:00+00:00"}
    assert document["closed_until"] == "2026-03-04T06:00:00+00:00"


def test_the_quota_needs_a_key_since_it_counts_for_each() -> None:
    call = Call("quota", key="")
    assert (call.status, call.out) == (4, "")
    assert call.err == "error: No API key: set the environment variable OPENROUTER_API_KEY.\n"


@pytest.mark.parametrize("spoil", [_is_a_file, _has_a_foreign_quota, _has_a_damaged_quota])
def test_a_count_that_cannot_be_read_is_an_error_of_the_quota(spoil: Any, cache_folder: Path) -> None:
    spoil(cache_folder)
    call = Call("quota")
    assert (call.status, call.out) == (2 if spoil is _is_a_file else 1, "")
    assert call.err.startswith("error: The ")
    assert call.err.count("\n") == 1


def test_the_service_can_be_named_by_the_environment_for_asking_and_counting(
    server: str, api: EmulatedAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_RANKINGS_BASE_URL", server)
    assert Call("tasks", "--top", "1").status == 0
    assert len(api.requests) == 1
    counted = Call("quota", columns=200).out
    assert counted.startswith(f"Quota of the key in OPENROUTER_API_KEY at {server}\n")
    assert re.search(r"^day +1 +499 +500 ", counted, re.MULTILINE)
    assert Call("quota", "--base-url", "https://openrouter.ai/api/v1", "--format", "json").out.count('"used": 0') == 2


@pytest.mark.parametrize("command", [("tasks",), ("quota",), ("watch",)])
def test_an_invalid_url_in_the_environment_is_a_mistake_that_names_the_variable(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_RANKINGS_BASE_URL", "localhost:8765")
    call = Call(*command)
    assert (call.status, call.out) == (2, "")
    assert call.err.startswith("error: The environment variable OPENROUTER_RANKINGS_BASE_URL must be an http or ")


def test_the_quota_does_without_the_cache(cache_folder: Path) -> None:
    _has_a_damaged_cache(cache_folder)
    assert Call("quota").status == 0


def test_ctrl_c_is_quiet_while_another_program_locks_the_count(server: str, quota_file: Path) -> None:
    asyncio.run(send(server, Quota(store=quota_file), 1))
    with closing(sqlite3.connect(quota_file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with started("tasks", "--base-url", server) as asking:
            assert asking.stderr is not None
            told = asking.stderr.readline()
            asking.send_signal(signal.SIGINT)
            other.execute("ROLLBACK")
            status = asking.wait(PATIENCE)
            said = asking.stderr.read()
    assert (told, status, said) == (LOCKED, 130, "")


def test_processes_that_start_together_on_a_new_folder_all_succeed_and_are_all_counted(
    server: str, api: EmulatedAPI
) -> None:
    arguments = ("tasks", "--base-url", server, "--format", "json", "--quiet")
    with started(*arguments) as a, started(*arguments) as b, started(*arguments) as c, started(*arguments) as d:
        ends = [(each.communicate(timeout=PATIENCE), each.returncode) for each in (a, b, c, d)]
    assert [status for _, status in ends] == [0] * 4
    assert len({json.dumps(json.loads(out)["data"]) for (out, _), _ in ends}) == 1
    assert {err for (_, err), _ in ends} == {""}
    assert len(api.requests) == used(server)


def test_a_record_with_an_error_is_told_in_one_line_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with streams.reporting():
        logging.getLogger("openrouter_rankings").error("The refresh failed", exc_info=OSError("no\nroom"))
    assert capsys.readouterr().err == "The refresh failed: no room\n"
