"""The fixtures that every pytest run has when the package is installed."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.testing.emulated_api import EmulatedAPI

if TYPE_CHECKING:
    from openrouter_rankings.client import RankingsClient


async def test_the_client_is_connected_to_the_emulated_service(
    openrouter_client: RankingsClient, openrouter_api: EmulatedAPI
) -> None:
    async with openrouter_client as client:
        answer = await client.get_task_classifications()
    assert len(answer.classifications) == 29
    assert openrouter_api.requests[0].headers["Authorization"] == "Bearer test-key"


async def test_the_client_waits_on_the_fake_clock(
    openrouter_client: RankingsClient, openrouter_api: EmulatedAPI, openrouter_clock: FakeClock
) -> None:
    openrouter_api.misbehave(503)
    start = openrouter_clock.monotonic()
    async with openrouter_client as client:
        answer = await client.get_task_classifications()
    assert len(openrouter_api.requests) == 2
    assert openrouter_clock.monotonic() > start
    assert answer.as_of < openrouter_clock.now().date()


def test_the_server_answers_like_the_emulated_service(openrouter_server: str, openrouter_api: EmulatedAPI) -> None:
    openrouter_api.misbehave(503)
    url = urlsplit(openrouter_server)
    connection = http.client.HTTPConnection(str(url.hostname), url.port)
    connection.request("GET", f"{url.path}/classifications/task", headers={"Authorization": "Bearer test-key"})
    with connection.getresponse() as answer:
        assert answer.status == 503
    connection.close()
    assert len(openrouter_api.requests) == 1


def test_the_fixtures_work_without_an_asyncio_plugin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio
        from urllib.request import Request, urlopen

        def test_client(openrouter_client, openrouter_api, openrouter_clock):
            async def ask():
                async with openrouter_client as client:
                    return await client.get_task_classifications()

            openrouter_api.misbehave(503)
            assert asyncio.run(ask()).window_days == 7
            assert openrouter_clock.sleeps

        def test_server(openrouter_server):
            request = Request(openrouter_server + "/classifications/task", headers={"Authorization": "Bearer key"})
            with urlopen(request) as answer:
                assert answer.status == 200
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-W", "error")
    result.assert_outcomes(passed=2)


def test_the_fixtures_are_listed_with_a_description(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures")
    result.stdout.fnmatch_lines(
        [
            "*fixtures defined from openrouter_rankings.testing.pytest_plugin*",
            "openrouter_clock *",
            "*The fake clock of ``openrouter_client``*",
            "openrouter_api *",
            "*The service in memory*",
            "openrouter_client *",
            "*A client with real retries, quota and cache*",
            "openrouter_server *",
            "*The base URL of a loopback server*",
        ]
    )


def test_a_run_that_uses_no_fixture_imports_the_package_and_the_plugin_only(pytester: pytest.Pytester) -> None:
    result = pytester.runpython_c(
        "import sys, pytest, openrouter_rankings; before = set(sys.modules);"
        "import openrouter_rankings.testing.pytest_plugin; print(sorted(set(sys.modules) - before))"
    )
    assert result.outlines == ["['openrouter_rankings.testing', 'openrouter_rankings.testing.pytest_plugin']"]
