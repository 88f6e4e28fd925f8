"""Settings of the whole suite."""

import gc
import os

import pytest
from hypothesis import settings

from openrouter_rankings.clock import SystemClock
from openrouter_rankings.transports.quota import ledger_store
from openrouter_rankings.transports.stores import memory

# How long an example takes says nothing on a busy machine.
settings.register_profile("suite", deadline=None)
# For a second look, on another Python or with other dependencies: the tests are the same, the examples fewer.
settings.register_profile("brief", deadline=None, max_examples=20)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the thousands of tests, so that a test can collect its own garbage soon."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _measured_no_further() -> None:
    """What a test starts is not measured: it would be slower, and the suite covers the package without it."""
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.fixture(autouse=True)
def _usual_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests ask the service they name, whatever the user's own programs ask."""
    monkeypatch.delenv("OPENROUTER_RANKINGS_BASE_URL", raising=False)


@pytest.fixture(autouse=True)
def _nothing_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a count of its own: all clients of a process share one, with the pauses that a 429 asked for."""
    monkeypatch.setattr(memory, "_OF_THIS_PROCESS", memory.MemoryStore(SystemClock()))
    monkeypatch.setattr(ledger_store, "_OF_THIS_PROCESS", ledger_store._Copies())
