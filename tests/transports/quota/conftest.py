"""A count of its own for each test."""

from __future__ import annotations

import pytest

from openrouter_rankings.clock import SystemClock
from openrouter_rankings.transports.stores import memory


@pytest.fixture(autouse=True)
def _nothing_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what earlier tests of this process have sent."""
    monkeypatch.setattr(memory, "_OF_THIS_PROCESS", memory.MemoryStore(SystemClock()))
