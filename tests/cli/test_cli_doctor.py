"""The doctor: pure checks over facts, and facts of real servers, files and environments."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import ssl
from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import attrs
import pytest
import trustme
from archived import FETCHED, tasks
from click.testing import CliRunner
from command_line import KEY, Call
from raw_server import answer, raw_server, sending

from openrouter_rankings import Quota, QuotaStatus, QuotaWindow, TaskClassifications, TransportError
from openrouter_rankings.cli.archive import archive_to_fill
from openrouter_rankings.cli.diagnosis import gathering
from openrouter_rankings.cli.diagnosis.checks import Finding, findings, worst
from openrouter_rankings.cli.diagnosis.facts import (
    ArchiveFacts,
    Asked,
    Exchange,
    Facts,
    KeyFacts,
    Package,
    QuotaFacts,
    ServiceFacts,
    StoreFacts,
)
from openrouter_rankings.cli.program import program
from openrouter_rankings.cli.question import Origin
from openrouter_rankings.errors import StoreError
from openrouter_rankings.testing import EmulatedAPI, FakeClock, serve_in_thread
from openrouter_rankings.transports.stores.sqlite import SqliteStore

NOW = datetime(2026, 9, 17, 12, tzinfo=UTC)
USUAL_KEY = "sk-or-v1-invented"


def quota(day: int = 1, *, closed_until: datetime | None = None) -> QuotaFacts:
    frees_at = NOW + timedelta(hours=1)
    return QuotaFacts(QuotaStatus(QuotaWindow(30, 0, None), QuotaWindow(500, day, frees_at), closed_until, 0))


WELL = Facts(
    python="3.11.7",
    version="0.1.0",
    packages=(Package("attrs", None, "24.3", "26.1.0"), Package("redis", "redis", "5", "5.0.dev1")),
    key=KeyFacts(present=True),
    service=ServiceFacts("https://openrouter.ai/api/v1", "the default"),
    exchange=Exchange(0.25, 200, ahead=0.5),
    stores={"count": StoreFacts("/cache/quota.sqlite3", 4096), "cache": StoreFacts("/cache/cache.sqlite3")},
    quota=quota(),
    archive=ArchiveFacts("/data/archive.sqlite3", 12, date(2026, 9, 16)),
    asked=Asked(0.5, date(2026, 9, 16)),
)


def of(name: str, facts: Facts) -> Finding:
    (found,) = [each for each in findings(facts) if each.name == name]
    return found


def test_where_all_is_well_each_check_says_so() -> None:
    found = findings(WELL)
    assert worst(found) == "ok"
    assert [each.name for each in found] == [
        "python", "packages", "extra redis", "key", "base URL", "proxy", "network", "TLS", "clock", "count", "cache",
        "quota", "archive", "answer",
    ]  # fmt: skip
    assert of("quota", WELL).text == (
        "By this command line's count, 499 of 500 requests are left today, and 30 of 30 this minute."
    )


ILL: list[tuple[dict[str, Any], str, str, str, str]] = [
    ({"packages": None}, "packages", "warning", "is not installed", "Install it"),
    ({"packages": (Package("attrs", None, "24.3", None),)}, "packages", "problem", "Missing: attrs", "again"),
    ({"packages": (Package("attrs", None, "24.3", "24.2.9"),)}, "packages", "problem", "attrs 24.2.9", "Update"),
    ({"packages": (Package("redis", "redis", "5", "4.6"),)}, "extra redis", "warning", "needed: 5", "Update"),
    ({"packages": (Package("redis", "redis", "5", None),)}, "extra redis", "ok", "Not installed: redis", "[redis]"),
    ({"key": KeyFacts(present=False)}, "key", "problem", "is not set", "Set OPENROUTER_API_KEY"),
    ({"key": KeyFacts(present=True, mistake="It has a newline.")}, "key", "problem", "newline", "again"),
    ({"key": KeyFacts(present=True, usual=False)}, "key", "warning", "does not begin", "sk-or-"),
    ({"service": ServiceFacts(None, "--base-url", "No URL.")}, "base URL", "problem", "No URL.", "Correct it"),
    (
        {"service": ServiceFacts("https://openrouter.ai/api/v1", "the default", proxy="http://proxy:3128")},
        *("proxy", "ok", "go through http://proxy:3128", ""),
    ),
    (
        {"service": ServiceFacts("https://openrouter.ai/api/v1", "the default", proxy_mistake="No URL.")},
        *("proxy", "problem", "No URL.", "unset it"),
    ),
    ({"exchange": Exchange(1, failure="Refused.")}, "network", "problem", "Refused.", "HTTPS_PROXY"),
    ({"exchange": Exchange(1, 503)}, "network", "warning", "with status 503", "try again later"),
    ({"exchange": Exchange(1, 407)}, "network", "problem", "status 407", "http://user:password@"),
    ({"exchange": Exchange(1, failure="Bad.", is_certificate=True)}, "TLS", "problem", "Bad.", "SSL_CERT_FILE"),
    ({"exchange": Exchange(1, 200, ahead=31)}, "clock", "warning", "31 s ahead of", "NTP"),
    ({"exchange": Exchange(1, 200, ahead=-301)}, "clock", "problem", "5 minutes behind", "NTP"),
    ({"exchange": Exchange(1, 200, ahead=7300)}, "clock", "problem", "2 hours ahead of", "NTP"),
    ({"exchange": Exchange(1, 200, ahead=400000)}, "clock", "problem", "5 days ahead of", "NTP"),
    ({"stores": {"count": StoreFacts(None, failure="None.")}}, "count", "problem", "None.", "XDG_CACHE_HOME"),
    ({"stores": {"count": StoreFacts("/q", 9, "Bad.")}}, "count", "problem", "Bad.", "count of what was sent"),
    ({"stores": {"count": StoreFacts("/q", 9, "It.", is_locked=True)}}, "count", "problem", "It.", "The file is whole"),
    ({"stores": {"cache": StoreFacts("/c", 9, "Bad.")}}, "cache", "problem", "Bad.", "answers in it will be lost"),
    ({"quota": QuotaFacts(None, "Locked.")}, "quota", "problem", "Locked.", "count"),
    ({"quota": quota(451)}, "quota", "warning", "49 of 500", "--max-age"),
    ({"quota": quota(500)}, "quota", "problem", "0 of 500", "Wait"),
    ({"quota": quota(closed_until=NOW)}, "quota", "warning", "no requests until 2026-09-17 12:00 UTC", "Wait"),
    ({"archive": ArchiveFacts("/a", failure="Foreign.")}, "archive", "problem", "Foreign.", "--db"),
    ({"archive": ArchiveFacts("/a")}, "archive", "ok", "none at /a", "collect"),
    ({"archive": ArchiveFacts("/a", 3)}, "archive", "ok", "no complete day", "gaps"),
    ({"asked": Asked(1, failure="Refused.")}, "answer", "problem", "Refused.", "lines above"),
]


@pytest.mark.parametrize(("change", "name", "state", "text", "advice"), ILL)
def test_a_check_says_what_is_the_case_and_what_to_do(
    change: dict[str, Any], name: str, state: str, text: str, advice: str
) -> None:
    facts = attrs.evolve(WELL, **change)
    found = of(name, facts)
    assert found.state == state
    assert text in found.text
    assert advice in found.advice
    assert worst(findings(facts)) == state


def test_what_is_unknown_has_no_line() -> None:
    facts = attrs.evolve(WELL, exchange=Exchange(1, failure="Refused."), quota=None, asked=None)
    names = {each.name for each in findings(facts)}
    assert names.isdisjoint({"TLS", "clock", "quota", "answer"})
    invalid = attrs.evolve(WELL, service=ServiceFacts(None, "--base-url"), exchange=None)
    assert "network" not in {each.name for each in findings(invalid)}
    local = attrs.evolve(
        WELL, service=ServiceFacts("http://127.0.0.1:1/api/v1", "--base-url"), exchange=Exchange(1, 404)
    )
    assert {each.name for each in findings(local)}.isdisjoint({"TLS", "clock"})


def test_a_failure_by_way_of_a_proxy_names_the_proxy() -> None:
    service = ServiceFacts("https://openrouter.ai/api/v1", "the default", proxy="http://proxy:3128")
    facts = attrs.evolve(WELL, service=service, exchange=Exchange(1, failure="Refused."))
    assert "http://proxy:3128" in of("network", facts).advice


# -- facts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def api() -> EmulatedAPI:
    return EmulatedAPI(keys=[KEY, USUAL_KEY])


@pytest.fixture
def server(api: EmulatedAPI, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serve_in_thread(api) as base_url:
        yield base_url


def checks(call: Call) -> dict[str, dict[str, str]]:
    return {each["name"]: each for each in json.loads(call.out)["checks"]}


def test_on_the_emulation_all_is_well_and_no_request_is_counted(
    server: str, api: EmulatedAPI, cache_folder: Path
) -> None:
    call = Call("doctor", "--base-url", server, "--format", "json")
    assert (call.status, call.err) == (0, "")
    assert json.loads(call.out)["state"] == "ok"
    found = checks(call)
    assert found["network"]["text"].startswith("127.0.0.1 answers in ")
    assert found["base URL"]["text"] == f"{server}, from --base-url."
    assert "500 of 500" in found["quota"]["text"]
    assert found["archive"]["text"].startswith("There is none at ")
    (request,) = api.requests
    assert (request.method, request.url) == ("HEAD", server.replace("/api/v1", "/"))
    assert "Authorization" not in request.headers
    assert KEY not in call.out


def test_on_request_one_question_is_asked_and_counted(server: str, api: EmulatedAPI) -> None:
    call = Call("doctor", "--base-url", server, "--ask", "--format", "json")
    assert call.status == 0
    assert "with the tasks up to " in checks(call)["answer"]["text"]
    assert [request.method for request in api.requests] == ["HEAD", "GET"]
    again = Call("doctor", "--base-url", server, "--format", "json")
    assert "499 of 500" in checks(again)["quota"]["text"]


def test_a_spent_quota_sends_no_question(server: str, api: EmulatedAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "Quota", lambda **given: Quota(per_day=1, **given))
    assert Call("doctor", "--base-url", server, "--ask").status == 0
    call = Call("doctor", "--base-url", server, "--ask", "--format", "json")
    assert "budget of 1 requests is spent" in checks(call)["answer"]["text"]
    assert [request.method for request in api.requests] == ["HEAD", "GET", "HEAD"]


def test_a_question_that_fails_is_a_problem(server: str, api: EmulatedAPI) -> None:
    api.misbehave(None, 503)
    call = Call("doctor", "--base-url", server, "--ask", "--format", "json")
    assert call.status == 1
    assert "503" in checks(call)["answer"]["text"]
    assert len(api.requests) == 2


def test_text_is_for_people_with_a_line_for_each_check(server: str) -> None:
    call = Call("doctor", "--base-url", server, columns=60)
    assert call.status == 0
    assert "ok       key             OPENROUTER_API_KEY is set and\n                         well-formed.\n" in call.out
    assert "\x1b" not in call.out


def test_a_key_that_is_missing_is_a_problem_and_one_that_cannot_be_is_not_shown(server: str) -> None:
    missing = Call("doctor", "--base-url", server, "--ask", "--format", "json", key="")
    assert (missing.status, checks(missing)["key"]["state"]) == (1, "problem")
    assert {"quota", "answer"}.isdisjoint(checks(missing))
    broken = Call("doctor", "--base-url", server, "--format", "json", key=f"{KEY}\n")
    assert (broken.status, checks(broken)["key"]["state"]) == (1, "problem")
    assert KEY not in broken.out + broken.err


def test_warnings_alone_have_an_exit_status_of_their_own(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: None)
    monkeypatch.setattr(gathering, "_packages", lambda: None)
    call = Call("doctor", "--base-url", server, "--format", "json")
    assert (call.status, json.loads(call.out)["state"]) == (3, "warning")


def test_a_service_that_cannot_be_reached_is_a_problem(server: str) -> None:
    call = Call("doctor", "--base-url", "http://127.0.0.1:1/api/v1", "--format", "json")
    assert call.status == 1
    assert checks(call)["network"]["text"].startswith("Cannot connect to 127.0.0.1, port 1: ")
    assert checks(call)["network"]["advice"] == "See whether the service runs there."


def test_an_invalid_base_url_is_a_problem_that_names_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_RANKINGS_BASE_URL", "localhost")
    call = Call("doctor", "--format", "json")
    assert call.status == 1
    assert "OPENROUTER_RANKINGS_BASE_URL" in checks(call)["base URL"]["text"]
    assert "network" not in checks(call)


def test_a_key_in_the_base_url_is_not_shown(server: str) -> None:
    call = Call("doctor", "--base-url", f"{server}/{USUAL_KEY}", "--format", "json", key=USUAL_KEY)
    assert checks(call)["base URL"]["text"] == f"{server}/***, from --base-url."
    assert USUAL_KEY not in call.out + call.err


def test_the_environment_can_name_the_service(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_RANKINGS_BASE_URL", server)
    assert checks(Call("doctor", "--format", "json"))["base URL"]["text"].endswith("from OPENROUTER_RANKINGS_BASE_URL.")


async def gathered(base_url: str, **options: Any) -> dict[str, Finding]:
    facts = await gathering.gather(Origin(base_url=base_url, timeout=20.0), None, ask=False, **options)
    return {each.name: each for each in findings(facts)}


async def test_a_proxy_of_the_environment_is_used_and_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusal = sending(answer(b"", status=b"407 Proxy Authentication Required"))
    async with raw_server(refusal) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{proxy.port}")
        found = await gathered("https://service.invalid/api/v1")
    assert proxy.heads[0].startswith(b"CONNECT service.invalid:443")
    assert found["proxy"].text.startswith(f"Requests go through http://127.0.0.1:{proxy.port},")
    assert found["network"].state == "problem"
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    "proxy", ["http://me:secret@[::1:3128", "http://me:sec/ret@proxy:3128", "socks5://me:secret@p"]
)
def test_a_proxy_that_cannot_be_used_is_a_problem_that_does_not_show_it(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    call = Call("doctor", "--base-url", "https://service.invalid/api/v1", "--format", "json")
    assert call.status == 1
    found = checks(call)
    assert found["proxy"]["text"].startswith("The environment's proxy for https (HTTPS_PROXY) must be the URL")
    assert (found["proxy"]["state"], "network" in found) == ("problem", False)
    assert "ret" not in found["proxy"]["text"]
    asked = Call("tasks", "--base-url", "https://service.invalid/api/v1", "--no-cache")
    assert (asked.status, "HTTPS_PROXY" in asked.err, "ret@" in asked.err) == (2, True, False)


async def test_a_proxy_without_a_scheme_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = sending(answer(b"", status=b"407 Proxy Authentication Required"))
    async with raw_server(refusal) as proxy:
        monkeypatch.setenv("https_proxy", f"me:secret@127.0.0.1:{proxy.port}")
        found = await gathered("https://service.invalid/api/v1")
    assert proxy.heads[0].startswith(b"CONNECT service.invalid:443")
    assert found["proxy"].text.startswith(f"Requests go through http://127.0.0.1:{proxy.port},")
    assert "secret" not in str(found)


async def test_this_machines_own_addresses_are_asked_without_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(sending(answer(b""))) as server:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        found = await gathered(f"{server.url}api/v1")
    assert (found["network"].state, found["proxy"].text) == ("ok", "None is used.")


async def test_an_authority_that_is_not_trusted_is_a_problem_of_tls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with raw_server(sending(answer(b"")), context) as server:
        found = await gathered(f"https://127.0.0.1:{server.port}/api/v1")
    assert found["TLS"].state == "problem"
    assert found["TLS"].text == "The certificate of 127.0.0.1 is not trusted: unable to get local issuer certificate."
    assert "network" not in found


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ({"os_error": ssl.SSLError(1, "wrong version number")}, "wrong version number"),
        ({"os_error": OSError(111, "Connection refused")}, None),
        ({}, None),
    ],
)
def test_a_failure_of_tls_is_told_from_others(cause: dict[str, Any], said: str | None) -> None:
    original = Exception()
    vars(original).update(cause)
    error = TransportError("The exchange failed.")
    error.__cause__ = original
    found = gathering._certificate_error(error)
    assert found is None if said is None else said in str(found)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ((b"Date: Thu, 17 Sep 2026 12:00:00 GMT",), "It agrees with the service's."),
        ((b"Date: Thu, 17 Sep 2026 11:50:00 GMT", b"Age: 600"), "It agrees with the service's."),
        ((b"Date: Thu, 17 Sep 2026 11:50:00 GMT", b"Age: x"), "It is 10 minutes ahead of the service's."),
        ((b"Date: Thu, 17 Sep 2026 15:00:00 GMT",), "It is 3 hours behind the service's."),
    ],
)
async def test_a_clock_that_is_wrong_is_found_by_the_date_of_the_response(fields: tuple[bytes, ...], text: str) -> None:
    async with raw_server(sending(answer(b"", *fields))) as server:
        found = await gathered(f"{server.url}api/v1", clock=FakeClock(NOW))
    assert found["clock"].text == text


async def test_a_response_that_does_not_tell_the_time_says_nothing_of_the_clock() -> None:
    async with raw_server(sending(answer(b""))) as server:
        assert "clock" not in await gathered(f"{server.url}api/v1")


@pytest.mark.parametrize(
    ("code", "is_locked"),
    [(sqlite3.SQLITE_BUSY, True), (sqlite3.SQLITE_BUSY_SNAPSHOT, True), (sqlite3.SQLITE_CORRUPT, False)],
)
async def test_a_count_that_cannot_be_read_is_tried_once_and_a_lock_is_known(
    code: int, is_locked: bool, server: str, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    async def fail(store: SqliteStore, key: str) -> None:
        tried.append(key)
        original = sqlite3.OperationalError("no")
        original.sqlite_errorcode = code
        raise StoreError("It cannot be read.") from original

    cache_folder.mkdir(parents=True)
    (cache_folder / "quota.sqlite3").touch()
    monkeypatch.setenv("OPENROUTER_API_KEY", USUAL_KEY)
    monkeypatch.setattr(SqliteStore, "get", fail)
    facts = await gathering.gather(Origin(base_url=server), None, ask=False)
    assert (facts.stores["count"].is_locked, tried) == (is_locked, ["doctor"])
    assert facts.quota == QuotaFacts(None, "It cannot be read.")


async def test_a_count_that_fails_only_when_it_is_read_is_a_problem(
    server: str, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreError("It was locked a moment ago.")

    monkeypatch.setenv("OPENROUTER_API_KEY", USUAL_KEY)
    monkeypatch.setattr(SqliteStore, "update", fail)
    facts = await gathering.gather(Origin(base_url=server), None, ask=False)
    assert facts.stores["count"].failure is None
    assert facts.quota == QuotaFacts(None, "It was locked a moment ago.")


def test_a_damaged_count_or_cache_is_a_problem_with_its_path(server: str, cache_folder: Path) -> None:
    cache_folder.mkdir(parents=True)
    for name in ("quota", "cache"):
        (cache_folder / f"{name}.sqlite3").write_bytes(b"not a database" * 100)
    call = Call("doctor", "--base-url", server, "--format", "json")
    assert call.status == 1
    found = checks(call)
    assert {found[name]["state"] for name in ("count", "cache", "quota")} == {"problem"}
    assert str(cache_folder / "cache.sqlite3") in found["cache"]["advice"]


def test_a_folder_that_cannot_be_made_or_written_is_a_problem(
    server: str, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache_folder.parent.mkdir(parents=True)
    cache_folder.write_text("a file in its place")
    unmade = checks(Call("doctor", "--base-url", server, "--format", "json"))
    assert "cannot be made" in unmade["count"]["text"]
    assert unmade["quota"]["state"] == "problem"
    cache_folder.unlink()

    def refuse(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    unwritten = checks(Call("doctor", "--base-url", server, "--format", "json"))
    assert unwritten["cache"]["text"] == f"The folder {cache_folder} cannot be written: Permission denied."
    assert "XDG_CACHE_HOME" in unwritten["cache"]["advice"]


def test_files_in_use_are_told_with_their_size_and_an_archive_with_its_newest_day(server: str) -> None:
    async def fill() -> None:
        async with archive_to_fill(None) as archive:
            await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)

    Call("tasks", "--base-url", server)
    asyncio.run(fill())
    found = checks(Call("doctor", "--base-url", server, "--format", "json"))
    assert found["cache"]["text"].endswith(" KiB.")
    assert "1 series, the tasks up to " in found["archive"]["text"]


def test_an_archive_that_is_something_else_is_a_problem(server: str, tmp_path: Path) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_bytes(b"not a database" * 100)
    call = Call("doctor", "--base-url", server, "--db", str(foreign), "--format", "json")
    assert (call.status, checks(call)["archive"]["state"]) == (1, "problem")


def test_packages_are_those_of_the_metadata_with_their_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = ["attrs>=24.3", "nosuch>=1; extra == 'charts'", "openrouter-rankings[cli]; extra == 'all'", "odd"]
    monkeypatch.setattr(metadata, "requires", lambda _: requirements)
    assert gathering._packages() == (
        Package("attrs", None, "24.3", metadata.version("attrs")),
        Package("nosuch", "charts", "1", None),
    )

    def missing(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    assert gathering._packages() is None


def test_states_have_colours_on_a_terminal(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openrouter_rankings.cli.screen._has_colours", lambda: True)
    result = CliRunner().invoke(program, ["doctor", "--base-url", server], env={"OPENROUTER_API_KEY": KEY}, color=True)
    assert "\x1b[32mok      \x1b[0m key" in result.stdout
