"""What a shell gets: completions and the manual page, and commands that load little."""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from command_line import COMMAND, Call
from patience import PATIENCE

from openrouter_rankings.cli import names
from openrouter_rankings.cli.program import COMMANDS, program
from openrouter_rankings.testing import EmulatedAPI, serve_in_thread


@pytest.fixture
def server() -> Generator[str]:
    with serve_in_thread(EmulatedAPI()) as base_url:
        yield base_url


def completed(*words: str) -> list[str]:
    """What a shell is offered for the last word."""
    *given, last = words
    completion = ShellComplete(program, {}, "openrouter-rankings", "_OPENROUTER_RANKINGS_COMPLETE")
    return [item.value for item in completion.get_completions(given, last)]


def completed_in_bash(*words: str) -> list[str]:
    """What bash is offered for the last word by a process of its own."""
    line = " ".join(("openrouter-rankings", *words))
    result = subprocess.run(
        COMMAND,
        env=os.environ
        | {"_OPENROUTER_RANKINGS_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.stderr == ""
    return [each.partition(",")[2] for each in result.stdout.splitlines() if each]


def test_commands_options_and_known_values_are_completed() -> None:
    assert completed("chart", "w") == ["weekly-models"]
    assert completed("be") == completed_in_bash("be") == ["benchmarks"]
    assert completed("tasks", "--ma") == ["--macro", "--max-wait", "--max-age"]
    assert completed("benchmarks", "--source", "a") == ["artificial-analysis"]
    assert completed("tasks", "--by", "") == ["usage", "tokens"]


def test_what_can_be_watched_is_completed_with_its_options() -> None:
    assert completed("watch", "") == ["tasks", "models", "apps", "sessions", "benchmarks"]
    assert completed("watch", "--ma") == ["--macro", "--max-wait"]
    assert completed("watch", "--top", "3", "--ev") == completed("watch", "apps", "--ev") == ["--every"]
    assert completed("watch", "apps", "--category", "c") == ["coding", "creative"]
    assert completed("watch", "nosuch", "a") == ["apps"]


def test_without_an_answer_there_are_no_names_to_complete_with() -> None:
    assert completed("tasks", "--tag", "") == []


def test_tags_models_apps_and_categories_are_those_of_the_last_answers(server: str) -> None:
    for command in (("tasks",), ("models",), ("sessions",), ("benchmarks", "--task-type", "search"), ("benchmarks",)):
        assert Call(*command, "--base-url", server).status == 0
    assert completed_in_bash("tasks", "--tag", "code:d") == completed("tasks", "--tag", "code:d")
    assert completed("tasks", "--tag", "code:d") == ["code:debugging", "code:devops_config"]
    assert sorted(completed("tasks", "--macro", "")) == ["agent", "code", "data", "general"]
    assert "ironbark/anvil-1" in completed("sessions", "--model", "ironbark/")
    assert completed("sessions", "--app", "alder-h") == ["alder-hatch"]
    assert completed("benchmarks", "--search-engine", "s") == ["spyglass"]
    assert "svg" in completed("benchmarks", "--category", "")


def test_nothing_is_kept_of_an_answer_that_is_not_to_be_kept(server: str, cache_folder: Path) -> None:
    Call("tasks", "--base-url", server, "--no-cache")
    assert not (cache_folder / "names.json").exists()


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b'{"tags": 3}', b'{"tags": [1, null]}', b"[" * 100_000])
def test_a_damaged_file_of_names_completes_nothing_and_is_replaced(content: bytes, cache_folder: Path) -> None:
    cache_folder.mkdir(parents=True)
    (cache_folder / "names.json").write_bytes(content)
    assert names.names_of("tags") == []
    names.keep_names({"tags": ["a"]})
    assert names.names_of("tags") == ["a"]


def test_the_names_of_other_kinds_stay() -> None:
    names.keep_names({"tags": ["a"], "models": ["m"]})
    names.keep_names({"tags": ["b", "b"]})
    assert (names.names_of("tags"), names.names_of("models")) == (["b"], ["m"])


def test_no_more_than_so_many_names_are_kept_and_none_that_a_terminal_would_obey(cache_folder: Path) -> None:
    names.keep_names({"tags": ["", "x" * 201, "a\x1bb", *map(str, range(5000))]})
    assert names.names_of("tags") == [str(number) for number in range(2000)]
    assert (cache_folder / "names.json").stat().st_size < 100_000


def test_a_folder_that_cannot_be_used_keeps_no_names(cache_folder: Path) -> None:
    cache_folder.parent.mkdir(parents=True)
    cache_folder.write_text("")
    names.keep_names({"tags": ["a"]})
    assert names.names_of("tags") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_names_the_program(shell: str) -> None:
    call = Call("completion", shell)
    assert call.status == 0
    assert "_OPENROUTER_RANKINGS_COMPLETE" in call.out
    if shutil.which(shell):
        check = subprocess.run(
            [shell, "-n"], input=call.out, text=True, capture_output=True, timeout=PATIENCE, check=False
        )
        assert (check.returncode, check.stderr) == (0, "")


def test_the_manual_page_has_every_command_with_its_options_and_examples() -> None:
    text = Call("man").out
    assert text.startswith('.TH OPENROUTER\\-RANKINGS 1 ""')
    assert all(f"\n.SS {name}\n" in text for name in COMMANDS)
    assert "\\-\\-fail\\-if\\-stale" in text
    assert "openrouter\\-rankings tasks \\-\\-macro code \\-\\-top 5" in text
    assert "{known}" not in text


@pytest.mark.skipif(not shutil.which("groff"), reason="the system has no groff")
def test_the_manual_page_is_roff_without_a_warning() -> None:
    result = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z"],  # noqa: S607 - as found
        input=Call("man").out,
        text=True,
        encoding="utf-8",
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_a_line_that_begins_like_a_request_of_roff_is_text() -> None:
    from openrouter_rankings.cli.commands.man import _escaped

    assert [_escaped(text) for text in (".x", "'x", "a\\b-c")] == ["\\&.x", "\\&'x", "a\\eb\\-c"]


def modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys, contextlib, io\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        "from openrouter_rankings.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main()\n"
        "print(*sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("--version",), {"click", "attrs", "asyncio", "openrouter_rankings.cli.program"}),
        (("tasks", "--help"), {"asyncio", "cattrs", "aiohttp", "openrouter_rankings.client"}),
        (("tasks", "--sample"), {"aiohttp", "sqlite3", "platformdirs", "openrouter_rankings.cli.service"}),
    ],
)
def test_a_command_loads_only_what_it_needs(arguments: tuple[str, ...], unwanted: set[str]) -> None:
    assert not modules_after(*arguments) & unwanted


def test_a_command_that_does_not_exist_loads_none() -> None:
    loaded = modules_after("nosuch")
    assert not any(name.startswith("openrouter_rankings.cli.commands.") for name in loaded)
