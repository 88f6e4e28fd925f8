"""The examples run, and print what they say."""

import re
import runpy
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openrouter_rankings import client
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize(
    ("name", "first", "lines"),
    [
        ("quickstart", r"\w.* \d+\.\d%  [a-z-]+/\S+ \(\d+\.\d% of it\)", 6),
        ("model_rankings", "0 of 2 answers", 15),
        ("trending_apps", r" +1  +\d{1,3}(,\d{3})+  \S.*", 7),
        ("session_costs", r" +\d+\.\d\d USD  \S+/\S+ in \S.*", 11),
        ("benchmarks", r" +\d+\.\d  .*: (\d+\.\d\d USD|unknown) for a million tokens of output", None),
    ],
)
def test_an_example_prints_its_lines_and_the_citation(
    name: str, first: str, lines: int | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FakeClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    monkeypatch.setenv("OPENROUTER_API_KEY", "example")
    monkeypatch.setattr(client, "_aiohttp_transport", lambda: FakeTransport(EmulatedAPI(), clock=clock))
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    printed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(first, printed[0])
    assert [line for line in printed if line.startswith("Source: ")]
    assert lines is None or len(printed) == lines


def test_every_example_is_run() -> None:
    tested = {"quickstart", "model_rankings", "trending_apps", "session_costs", "benchmarks", "test_with_fake"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == tested
