"""What the pages say to readers of the files as they are: links, paths, and blocks that run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOR_READERS_OF_FILES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "benchmarks/README.md"]
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)[^)]*\)")
PATH = re.compile(r"`([\w.]+/[\w./-]*|[\w-]+\.(?:cfg|toml|ini|md|cff))`")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
NEEDS = "# Needs "


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FOR_READERS_OF_FILES)
def test_every_link_between_files_leads_to_one(name: str) -> None:
    links = LINK.findall(text_of(name))
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


def test_the_guide_for_contributors_names_files_that_exist() -> None:
    named = [path for path in PATH.findall(text_of("CONTRIBUTING.md")) if not path.startswith((".tox/", ".venv/"))]
    assert len(named) > 40
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_a_block_of_readme_runs_without_a_key_or_begins_with_what_it_needs(tmp_path: Path) -> None:
    blocks = BLOCK.findall(text_of("README.md"))
    standing_alone = [block for block in blocks if not block.startswith(NEEDS)]
    assert 2 <= len(standing_alone) < len(blocks)
    for block in standing_alone:
        run = _run(block, tmp_path)
        assert run.returncode == 0, run.stderr


def test_a_block_that_needs_a_key_says_so_when_there_is_none(tmp_path: Path) -> None:
    needing = [block for block in BLOCK.findall(text_of("README.md")) if block.startswith(NEEDS)]
    run = _run(needing[0], tmp_path)
    assert run.returncode == 1
    assert "OPENROUTER_API_KEY" in run.stderr


def _run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in that folder, without a key."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENROUTER")}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
