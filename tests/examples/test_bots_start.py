"""Each bot, started as its user would start it, says what it lacks."""

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from example_files import EXAMPLES, load_example

BOTS = {
    "aiogram_bot": ("TELEGRAM_TOKEN",),
    "discord_bot": ("DISCORD_TOKEN",),
    "slack_bot": ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"),
    "telegram_bot": ("TELEGRAM_TOKEN",),
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENROUTER_API_KEY", *(variable for each in BOTS.values() for variable in each)):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("bot", "missing"), [(bot, variable) for bot, variables in BOTS.items() for variable in variables]
)
def test_a_bot_without_a_token_says_which_variable_it_needs(
    bot: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in BOTS[bot]:
        if variable != missing:
            monkeypatch.setenv(variable, "1:x")
    command = [sys.executable, str(EXAMPLES / "bots" / f"{bot}.py"), "--emulate"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"error: Set {missing} to the " in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
def _own_logging() -> Iterator[None]:
    """Undoes what a bot does to the logging of its process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


# discord.py imports audioop, which Python 3.12 calls deprecated.
@pytest.mark.filterwarnings("ignore:'audioop' is deprecated:DeprecationWarning")
@pytest.mark.usefixtures("_own_logging")
@pytest.mark.parametrize("bot", BOTS)
def test_a_bot_without_a_key_says_which_variable_it_needs(
    bot: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in BOTS[bot]:
        monkeypatch.setenv(variable, "1:x")
    monkeypatch.setattr(sys, "argv", [bot])
    main = load_example(f"bots/{bot}").main
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "set the environment variable OPENROUTER_API_KEY" in capsys.readouterr().err


def test_every_bot_is_started() -> None:
    assert {path.stem for path in (EXAMPLES / "bots").glob("*.py")} == set(BOTS)
