"""The examples run, and print what they say."""

import ast
import re
import runpy
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openrouter_rankings import client
from openrouter_rankings.models.synthetic import NOTICE
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport

EXAMPLES = Path(__file__).parents[1] / "examples"

# A whole bot or service, with its commands or routes, its options and its errors: to be copied and started, not read.
LINES = {"bots": 160, "services": 190}

SCRIPTS = pytest.mark.parametrize(
    ("name", "first", "lines"),
    [
        ("quickstart", r"\w.* \d+\.\d%  [a-z0-9-]+/\S+ \(\d+\.\d% of it\)", 6),
        ("model_rankings", r"0 of [12] answers", None),
        ("trending_apps", r" +1  +\d{1,3}(,\d{3})+  \S.*", 7),
        ("session_costs", r" +\d+\.\d\d USD  \S+/\S+ in \S.*", 11),
        ("benchmarks", r" +\d+\.\d  .*: (\d+\.\d\d USD|unknown) for a million tokens of output", None),
    ],
)


def _run(name: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [name, *arguments])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")


def _check(printed: list[str], first: str, lines: int | None) -> None:
    assert re.fullmatch(first, printed[0])
    # What stands in place of a citation, which a measured answer would have.
    assert NOTICE in printed
    assert lines is None or len(printed) == lines


@SCRIPTS
def test_an_example_prints_its_lines_and_the_citation(
    name: str, first: str, lines: int | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FakeClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    monkeypatch.setenv("OPENROUTER_API_KEY", "example")
    monkeypatch.setattr(client, "_aiohttp_transport", lambda: FakeTransport(EmulatedAPI(), clock=clock))
    _run(name, monkeypatch=monkeypatch)
    _check(capsys.readouterr().out.splitlines(), first, lines)


@SCRIPTS
def test_an_example_runs_without_a_key_and_says_that_its_figures_are_invented(
    name: str, first: str, lines: int | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    _run(name, "--emulate", monkeypatch=monkeypatch)
    _check(capsys.readouterr().out.splitlines(), first, lines)


def test_an_example_says_who_would_copy_it_and_how_it_is_started() -> None:
    for path in EXAMPLES.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert re.search(r"^\n^For (people|teams) who", docstring, re.MULTILINE), path
        assert path.name in docstring


def test_an_example_runs_without_a_key() -> None:
    for path in EXAMPLES.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "--emulate" in text or "FakeTransport(" in text, path


def test_an_example_is_short() -> None:
    for path in EXAMPLES.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < LINES.get(path.parent.name, 60), path


def test_every_example_is_run() -> None:
    tested = {"quickstart", "model_rankings", "trending_apps", "session_costs", "benchmarks", "test_with_fake"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == tested
