"""A process that is killed loses nothing that it committed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

_SUPPORT = Path(__file__).parent.parent / "support"

_ROUNDS = 16


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_nothing_committed_is_lost_when_processes_are_killed(location: str) -> None:
    run = subprocess.run(
        [sys.executable, _SUPPORT / "kills.py", location, str(_ROUNDS), "1"],
        env=os.environ | {"PYTHONPATH": str(_SUPPORT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = re.fullmatch(rf"{_ROUNDS} kills, ([0-9]+) answers committed, ([0-9]+) rounds without a commit\n", run.stdout)
    assert said
    assert int(said[1]) >= _ROUNDS - int(said[2]) > 0
