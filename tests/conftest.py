"""Settings of the whole suite."""

import os

import pytest
from hypothesis import settings

from openrouter_rankings.clock import SystemClock
from openrouter_rankings.transports.stores import memory

# How long an example takes says nothing on a busy machine.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _measured_no_further() -> None:
    """What a test starts is not measured: it would be slower, and the suite covers the package without it."""
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.fixture(autouse=True)
def _nothing_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a count of its own: all clients of a process share one, with the pauses that a 429 asked for."""
    monkeypatch.setattr(memory, "_OF_THIS_PROCESS", memory.MemoryStore(SystemClock()))
