"""The pytest fixtures. They work with and without an asyncio plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from openrouter_rankings.client import RankingsClient
    from openrouter_rankings.clock import FakeClock
    from openrouter_rankings.testing.emulated_api import EmulatedAPI

# Each fixture imports what it needs itself: pytest loads this module in every run, also where no test uses it.


@pytest.fixture
def openrouter_clock() -> FakeClock:
    """The time that ``openrouter_client`` lives in. Nothing waits in reality; ``advance(seconds)`` moves it on."""
    from openrouter_rankings.clock import FakeClock

    return FakeClock()


@pytest.fixture
def openrouter_api() -> EmulatedAPI:
    """The service in memory. ``misbehave(503, Fault(reset=True))`` tells it what comes; ``requests`` is its log."""
    from openrouter_rankings.testing.emulated_api import EmulatedAPI

    return EmulatedAPI()


@pytest.fixture
def openrouter_client(openrouter_api: EmulatedAPI, openrouter_clock: FakeClock) -> RankingsClient:
    """A real client, with its retries, quota and cache, of ``openrouter_api`` in the time of ``openrouter_clock``."""
    from openrouter_rankings.client import RankingsClient
    from openrouter_rankings.transports.fake import FakeTransport

    return RankingsClient("test-key", transport=FakeTransport(openrouter_api, clock=openrouter_clock))


@pytest.fixture
def openrouter_server(openrouter_api: EmulatedAPI) -> Iterator[str]:
    """The base URL of a real server on the loopback interface, which answers as ``openrouter_api`` in real time."""
    from openrouter_rankings.testing.server import serve_in_thread

    with serve_in_thread(openrouter_api) as base_url:
        yield base_url
