"""The README's Python runs as a test, on the emulated service."""

import os
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from openrouter_rankings import client
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

_patch = pytest.MonkeyPatch()


def _emulate(_: dict[str, Any]) -> None:
    _patch.setitem(os.environ, "OPENROUTER_API_KEY", "readme")
    _patch.setattr(client, "_aiohttp_transport", lambda: FakeTransport(EmulatedAPI()))


def _undo(_: dict[str, Any]) -> None:
    _patch.undo()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md"], setup=_emulate, teardown=_undo
).pytest()
