"""The examples run."""

import runpy
from pathlib import Path

import pytest

from openrouter_rankings import client
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_quickstart_prints_five_tasks_and_the_citation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "example")
    monkeypatch.setattr(client, "_aiohttp_transport", lambda: FakeTransport(EmulatedAPI()))
    runpy.run_path(str(EXAMPLES / "quickstart.py"), run_name="__main__")
    *tasks, citation = capsys.readouterr().out.splitlines()
    assert len(tasks) == 5
    assert citation.startswith("Source: OpenRouter (openrouter.ai/rankings), as of 20")
