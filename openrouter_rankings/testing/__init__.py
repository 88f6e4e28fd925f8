"""Test doubles for code that uses this library: the service in memory, a fake clock, and a loopback server.

They need no network, no key and no real time::

    from openrouter_rankings import RankingsClient
    from openrouter_rankings.testing import EmulatedAPI, FakeTransport

    async with RankingsClient("test-key", transport=FakeTransport(EmulatedAPI(faults=[503]))) as client:
        answer = await client.get_task_classifications()  # after one retry, without a real wait

pytest finds the fixtures ``openrouter_clock``, ``openrouter_api``, ``openrouter_client`` and ``openrouter_server``
without an import. All figures are synthetic, and every answer of ``EmulatedAPI`` says so.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["EmulatedAPI", "FakeClock", "FakeScriptError", "FakeTransport", "Fault", "Reply", "serve", "serve_in_thread"]

_NAMES = {
    "openrouter_rankings.clock": ("FakeClock",),
    "openrouter_rankings.testing.emulated_api": ("EmulatedAPI",),
    "openrouter_rankings.testing.faults": ("Fault",),
    "openrouter_rankings.testing.server": ("serve", "serve_in_thread"),
    "openrouter_rankings.transports.fake": ("FakeScriptError", "FakeTransport", "Reply"),
}

_HOMES = {name: module for module, names in _NAMES.items() for name in names}

if TYPE_CHECKING:
    from openrouter_rankings.clock import FakeClock
    from openrouter_rankings.testing.emulated_api import EmulatedAPI
    from openrouter_rankings.testing.faults import Fault
    from openrouter_rankings.testing.server import serve, serve_in_thread
    from openrouter_rankings.transports.fake import FakeScriptError, FakeTransport, Reply
else:
    # Names are loaded on first use, because pytest imports this package, through its plugin, in every run.
    # Type checkers must not see this function: to them it would mean that every name exists.
    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
