"""The pytest fixtures, which work with and without an asyncio plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from openrouter_rankings.client import RankingsClient
    from openrouter_rankings.clock import FakeClock
    from openrouter_rankings.testing.emulated_api import EmulatedAPI

# Each fixture imports what it needs, because pytest loads this module in every run, used or not.


@pytest.fixture
def openrouter_clock() -> FakeClock:
    """The fake clock of ``openrouter_client``: waits take no real time, and ``advance(seconds)`` moves it forward."""
    from openrouter_rankings.clock import FakeClock

    return FakeClock()


@pytest.fixture
def openrouter_api() -> EmulatedAPI:
    """The service in memory: ``misbehave(503, Fault(reset=True))`` injects faults, ``requests`` lists what it got."""
    from openrouter_rankings.testing.emulated_api import EmulatedAPI

    return EmulatedAPI()


@pytest.fixture
def openrouter_client(openrouter_api: EmulatedAPI, openrouter_clock: FakeClock) -> RankingsClient:
    """A client with real retries, quota and cache, connected to ``openrouter_api`` and run by ``openrouter_clock``."""
    from openrouter_rankings.client import RankingsClient
    from openrouter_rankings.transports.fake import FakeTransport

    return RankingsClient("test-key", transport=FakeTransport(openrouter_api, clock=openrouter_clock))


@pytest.fixture
def openrouter_server(openrouter_api: EmulatedAPI) -> Iterator[str]:
    """The base URL of a loopback server that answers like ``openrouter_api``, in real time."""
    from openrouter_rankings.testing.server import serve_in_thread

    with serve_in_thread(openrouter_api) as base_url:
        yield base_url
