"""The command as a process of its own: statuses, signals, pipes and missing extras."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from itertools import repeat
from pathlib import Path
from types import ModuleType

import pytest
from command_line import COMMAND, KEY, Call, started
from patience import PATIENCE, wait_until

from openrouter_rankings import __version__, cli
from openrouter_rankings.cli import main
from openrouter_rankings.installing import install_command
from openrouter_rankings.testing import EmulatedAPI, Fault, serve_in_thread

ADVICE = f"{install_command('cli')}."


def environment(**changes: str) -> dict[str, str]:
    return os.environ | {"COLUMNS": "80", "OPENROUTER_API_KEY": KEY} | changes


def run(*command: str, stdin: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(**changes),
        timeout=PATIENCE,
        check=False,
    )


class _Interfering:
    """Raises ``error`` when the module ``name`` is imported."""

    def __init__(self, name: str, error: BaseException) -> None:
        self._name = name
        self._error = error

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == self._name:
            raise self._error
        return None


@pytest.fixture
def interfere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delitem(sys.modules, "openrouter_rankings.cli.program", raising=False)
    return monkeypatch


def exit_status(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> object:
    finder = _Interfering("openrouter_rankings.cli.program", error)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    with pytest.raises(SystemExit) as raised:
        main()
    return raised.value.code


def test_an_interrupt_of_the_imports_has_the_status_130(interfere: pytest.MonkeyPatch) -> None:
    assert exit_status(interfere, KeyboardInterrupt()) == 130


@pytest.mark.parametrize("missing", ["click", "click.core", "platformdirs"])
def test_a_missing_extra_is_told_with_its_remedy(
    missing: str, interfere: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status(interfere, ModuleNotFoundError(name=missing)) == 1
    assert capsys.readouterr().err == (
        f"error: The command line needs {missing.partition('.')[0]}, which is not installed: {ADVICE}\n"
    )


def test_another_missing_module_is_no_missing_extra(interfere: pytest.MonkeyPatch) -> None:
    finder = _Interfering("openrouter_rankings.cli.program", ModuleNotFoundError(name="attrs"))
    interfere.setattr(sys, "meta_path", [finder, *sys.meta_path])
    with pytest.raises(ModuleNotFoundError):
        main()


def test_an_interrupt_of_a_command_has_the_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("openrouter_rankings.cli.listing.show", interrupt)
    call = Call("tasks", "--sample")
    assert (call.status, call.out, call.err) == (130, "", "")


def test_each_closed_standard_stream_is_opened_so_that_no_file_takes_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []

    def is_open(descriptor: int) -> None:
        if descriptor != 1:
            raise OSError(9, "Bad file descriptor")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", is_open)
        patch.setattr(os, "open", lambda path, _: opened.append(path))
        cli._open_standard_streams()
    assert opened == [os.devnull] * 2


def test_the_package_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["anything", "--version"])
    with pytest.raises(SystemExit) as raised:
        import_module("openrouter_rankings.__main__")
    assert not raised.value.code
    assert capsys.readouterr().out == f"openrouter-rankings {__version__}\n"


def test_without_the_extra_a_process_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['click'] = None; from openrouter_rankings.cli import main; main()"
    result = run(sys.executable, "-c", code, "tasks", "--sample")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.endswith(f"{ADVICE}\n")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("tasks", "--sample"), 0),
        (("tasks", "--sample", "--tag", "nosuch"), 1),
        (("tasks", "--by", "nonsense"), 2),
        (("tasks",), 4),
    ],
)
def test_the_statuses_of_the_program_are_as_promised(
    arguments: tuple[str, ...], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["openrouter-rankings", *arguments])
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    with pytest.raises(SystemExit) as raised:
        main()
    assert raised.value.code == status


def test_the_status_of_the_process_is_that_of_the_program() -> None:
    assert run(*COMMAND, "tasks", OPENROUTER_API_KEY="").returncode == 4


def test_output_that_is_no_terminal_is_plain_text() -> None:
    result = run(*COMMAND, "tasks", "--sample", FORCE_COLOR="1")
    assert "\x1b" not in result.stdout + result.stderr


def test_an_encoding_without_every_letter_does_not_fail() -> None:
    foreign = (
        '{"data": {"as_of": "2026-03-04", "window_days": 7, "macro_categories": [], "classifications": [{"tag": "t",'
        '"display_name": "\N{GREEK SMALL LETTER ALPHA}", "macro_category": "m", "usage_share": 1.0, "token_share": 1.0,'
        '"category_usage_share": 1.0, "category_token_share": 1.0, "models": []}]}}'
    )
    arguments = ("tasks", "--input", "-", "--format", "csv")
    result = run(*COMMAND, *arguments, stdin=foreign, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert result.returncode == 0
    assert "2026-03-04,7,t,\\u03b1,m," in result.stdout


def test_a_closed_pipe_ends_the_process_without_a_word() -> None:
    with started("tasks", "--sample", "--format", "csv") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert said == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_is_told_in_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*COMMAND, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
        )
    assert result.returncode == 1
    assert result.stderr == "error: Cannot write the output: No space left on device.\n"


def test_an_interrupt_of_a_retry_wait_is_prompt_and_quiet() -> None:
    api = EmulatedAPI(faults=repeat(Fault(429, headers={"Retry-After": "50"})))
    with serve_in_thread(api) as base_url, started("tasks", "--base-url", base_url) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        status = process.wait(PATIENCE)
        said = process.stderr.read()
    assert line.startswith("GET /api/v1/classifications/task: attempt 1 got 429; trying again in 5")
    assert (status, said) == (130, "")


def test_an_interrupt_of_a_slow_answer_is_prompt_and_quiet() -> None:
    api = EmulatedAPI(faults=[503, Fault(delay=25.0)])
    with serve_in_thread(api) as base_url, started("tasks", "--base-url", base_url) as process:
        assert process.stderr is not None
        process.stderr.readline()
        wait_until(lambda: len(api.requests) == 2)
        process.send_signal(signal.SIGINT)
        status = process.wait(PATIENCE)
        said = process.stderr.read()
    assert (status, said) == (130, "")
