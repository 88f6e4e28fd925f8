"""Each bot, started as its user would start it, says what it lacks."""

import os
import subprocess
import sys

import pytest
from example_files import EXAMPLES

BOTS = {"discord_bot": ("DISCORD_TOKEN",)}


def _started(bot: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    unset = {"OPENROUTER_API_KEY", *(variable for each in BOTS.values() for variable in each)}
    environment = {name: value for name, value in os.environ.items() if name not in unset} | variables
    command = [sys.executable, EXAMPLES / "bots" / f"{bot}.py"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603


@pytest.mark.parametrize(
    ("bot", "missing"), [(bot, variable) for bot, variables in BOTS.items() for variable in variables]
)
def test_a_bot_without_a_token_says_which_variable_it_needs(bot: str, missing: str) -> None:
    ended = _started(bot, {variable: "1:x" for variable in BOTS[bot] if variable != missing})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"error: Set {missing} to the " in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("bot", BOTS)
def test_a_bot_without_a_key_says_which_variable_it_needs(bot: str) -> None:
    ended = _started(bot, dict.fromkeys(BOTS[bot], "1:x"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "OPENROUTER_API_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_bot_is_started() -> None:
    assert {path.stem for path in (EXAMPLES / "bots").glob("*.py")} == set(BOTS)
