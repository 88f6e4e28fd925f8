"""What the extras install."""

from __future__ import annotations

import configparser
from pathlib import Path


def test_the_extra_of_the_mcp_server_installs_the_command_line_that_starts_it() -> None:
    metadata = configparser.ConfigParser()
    metadata.read(Path(__file__).parents[2] / "setup.cfg", encoding="utf-8")
    extras = metadata["options.extras_require"]
    assert "openrouter-rankings[cli]" in extras["mcp"].split()
