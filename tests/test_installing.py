"""What is said about installing this package is true."""

import re
from pathlib import Path

import pytest

from openrouter_rankings import installing

ROOT = Path(__file__).parents[1]
PROSE = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.py"))]
FROM_AN_INDEX = re.compile(r"pip install[^\n#]* \"?openrouter[-_]rankings")


@pytest.mark.parametrize(
    ("on_index", "command"),
    [
        (False, 'pip install ".[redis]" in a checkout of openrouter-rankings'),
        (True, 'pip install "openrouter-rankings[redis]"'),
    ],
)
def test_a_hint_names_the_place_where_pip_finds_the_package(
    monkeypatch: pytest.MonkeyPatch, on_index: bool, command: str
) -> None:
    monkeypatch.setattr(installing, "ON_INDEX", on_index)
    assert installing.install_command("redis") == command


def test_no_other_module_says_how_to_install_the_package() -> None:
    package = ROOT / "openrouter_rankings"
    saying = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "pip install" in path.read_text(encoding="utf-8")
    }
    assert saying == {"installing.py"}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_page_sends_readers_to_an_index_that_does_not_have_the_package(path: Path) -> None:
    assert installing.ON_INDEX or not FROM_AN_INDEX.search(path.read_text(encoding="utf-8"))
