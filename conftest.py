"""The Python in README and in the documentation runs as a test, on the emulated service."""

import os
import tempfile
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from openrouter_rankings import client
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

_patch = pytest.MonkeyPatch()


def _emulate(namespace: dict[str, Any]) -> None:
    folder = namespace["folder"] = tempfile.TemporaryDirectory()
    _patch.chdir(folder.name)
    _patch.setitem(os.environ, "OPENROUTER_API_KEY", "readme")
    _patch.setattr(client, "_aiohttp_transport", lambda: FakeTransport(EmulatedAPI()))


def _undo(namespace: dict[str, Any]) -> None:
    _patch.undo()
    namespace["folder"].cleanup()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    setup=_emulate,
    teardown=_undo,
).pytest()
