import csv
import io
import json
import logging
import re
from itertools import repeat
from pathlib import Path

import pytest
from click.exceptions import Exit
from command_line import KEY, Call

from openrouter_rankings import __version__
from openrouter_rankings.cli import streams
from openrouter_rankings.cli.program import program as app
from openrouter_rankings.render.listing import SYNTHETIC_NOTICE
from openrouter_rankings.testing import EmulatedAPI, Fault


def run(*arguments: str, stdin: bytes | None = None, key: str = "", columns: int | None = 80) -> Call:
    return Call(*arguments, stdin=stdin, key=key, columns=columns)


@pytest.fixture
def live(tmp_path: Path) -> str:
    """A file with an answer as the service gives it; its figures are the sample's."""
    document = json.loads(run("tasks", "--sample", "--format", "json").out)
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"data": document["data"]}))
    return str(path)


@pytest.fixture
def api() -> EmulatedAPI:
    return EmulatedAPI(keys=[KEY])


def test_the_sample_needs_no_key_and_says_that_it_is_synthetic() -> None:
    outcome = run("tasks", "--sample")
    assert outcome.status == 0
    assert outcome.err == ""
    assert outcome.out.startswith("Synthetic sample: tasks by share of requests, 7 days to 2025-12-31\n")
    assert outcome.out.endswith(f"\n\n{SYNTHETIC_NOTICE}\n")
    assert re.search(r"\n 1 Classification +12\.5% +13\.7% █+ +lanternhill/ember-2\n", outcome.out)


def test_the_table_fits_80_columns_and_shows_more_in_a_wider_terminal() -> None:
    narrow, wide = run("tasks", "--sample"), run("tasks", "--sample", columns=140)
    assert max(map(len, narrow.out.splitlines())) <= 80
    assert (
        "# Task                Tag                       Macro   Requests Tokens                      Top model"
        in wide.out
    )
    assert len(narrow.out.splitlines()) == len(wide.out.splitlines())


def test_the_sample_is_the_same_each_time() -> None:
    assert run("tasks", "--sample").out == run("tasks", "--sample").out


def test_a_live_answer_is_cited_under_the_table(live: str) -> None:
    outcome = run("tasks", "--input", live, "--top", "1")
    assert outcome.err == ""
    assert outcome.out.endswith(
        "\nSource: OpenRouter (openrouter.ai/rankings), as of 2025-12-31.\nLicensed under CC BY 4.0.\n"
    )


def test_markdown_has_the_same_rows_as_the_table(live: str) -> None:
    outcome = run("tasks", "--input", live, "--format", "markdown", "--macro", "data", "--by", "tokens")
    assert outcome.out == (
        "## Tasks by share of tokens, 7 days to 2025-12-31\n"
        "\n"
        "| # | Task | Tag | Macro | Requests | Tokens | Top model |\n"
        "| ---: | --- | --- | --- | ---: | ---: | --- |\n"
        "| 1 | Data Extraction | data:extraction | data | 4.3% | 3.7% | northwind/gale-1 |\n"
        "| 2 | Data Transformation | data:transformation | data | 1.7% | 2.0% | tidewater/skiff-1 |\n"
        "\n"
        "The service lists only the leading models by requests of each task.  \n"
        "Source: OpenRouter (openrouter.ai/rankings), as of 2025-12-31.  \n"
        "Licensed under CC BY 4.0.\n"
    )


def test_csv_has_only_rows_on_stdout_and_the_citation_on_stderr(live: str) -> None:
    outcome = run("tasks", "--input", live, "--format", "csv", "--top", "3")
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert [row["tag"] for row in rows] == ["classification_tagging", "customer_support", "code:frontend_ui"]
    assert outcome.err == (
        "Source: OpenRouter (openrouter.ai/rankings), as of 2025-12-31.\nLicensed under CC BY 4.0.\n"
    )


def test_csv_of_one_task_has_its_models(live: str) -> None:
    outcome = run("tasks", "--input", live, "--format", "csv", "--tag", "math", "--top", "2")
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert [(row["tag"], row["id"]) for row in rows] == [
        ("math", "quillfern/verse-1"),
        ("math", "farpoint-labs/sextant-2-mini"),
    ]


def test_json_is_an_input_again_also_through_stdin(live: str) -> None:
    document = run("tasks", "--input", live, "--format", "json", "--tag", "math", "--top", "2").out
    again = run("tasks", "--input", "-", "--format", "json", "--tag", "math", stdin=document.encode())
    assert again.out == document
    assert again.err == ""


def test_json_of_the_sample_stays_synthetic_when_it_is_read_again() -> None:
    document = run("tasks", "--sample", "--format", "json").out
    again = run("tasks", "--input", "-", stdin=document.encode())
    assert again.out == run("tasks", "--sample").out
    assert again.err == ""


def test_the_service_is_asked_with_the_key_of_the_environment(server: str, api: EmulatedAPI) -> None:
    outcome = run("tasks", "--base-url", server, "--timeout", "5", "--format", "json", key=KEY)
    assert outcome.status == 0
    assert len(json.loads(outcome.out)["data"]["classifications"]) == 29
    assert api.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert api.requests[0].url.endswith("/api/v1/classifications/task?window=7d")


def test_without_a_key_the_status_is_4_and_a_sentence_names_the_ways_out() -> None:
    outcome = run("tasks")
    assert (outcome.status, outcome.out) == (4, "")
    assert outcome.err.startswith("error: No API key")
    assert "OPENROUTER_API_KEY" in outcome.err
    assert "--sample" in outcome.err


def test_openrouter_is_asked_where_no_base_url_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dict[str, object]] = []

    def refuse(_: object, **options: object) -> None:
        opened.append(options)
        raise Exit(9)

    monkeypatch.setattr("openrouter_rankings.cli.service.ObservedClient", refuse)
    assert run("tasks", key=KEY).status == 9
    assert ["base_url" in options for options in opened] == [False]


def test_a_retry_is_told_in_one_line_without_the_key(server: str, api: EmulatedAPI) -> None:
    api.misbehave(Fault(503, headers={"Retry-After": "0"}))
    outcome = run("tasks", "--base-url", server, "--top", "1", key=KEY)
    assert outcome.status == 0
    assert outcome.err.startswith("GET /api/v1/classifications/task: attempt 1 got 503; trying again in 0.")
    assert outcome.err.count("\n") == 1
    assert KEY not in outcome.err + outcome.out


def test_the_logger_is_left_as_it_was_found(server: str) -> None:
    before = list(logging.getLogger("openrouter_rankings").handlers)
    run("tasks", "--base-url", server, key=KEY)
    assert logging.getLogger("openrouter_rankings").handlers == before


def test_a_refusal_of_the_service_is_one_sentence_without_the_key(server: str) -> None:
    outcome = run("tasks", "--base-url", server, key="sk-another-key")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("error: The service answered 401 Unauthorized")
    assert outcome.err.count("\n") == 1
    assert "sk-another-key" not in outcome.err


def test_a_service_that_keeps_failing_ends_the_command_with_its_last_answer(server: str, api: EmulatedAPI) -> None:
    api.misbehave(*repeat(Fault(500, headers={"Retry-After": "0"}), 3), Fault(500, headers={"Retry-After": "86400"}))
    outcome = run("tasks", "--base-url", server, key=KEY)
    assert outcome.status == 1
    assert outcome.err.splitlines()[-1].startswith("error: The service answered 500 Internal Server Error")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tag", "code:debuging"), "error: The answer has no task 'code:debuging'. Did you mean 'code:debugging'?\n"),
        (
            ("--macro", "cod"),
            "error: The answer has no macro category 'cod': it has agent, code, data, general. Did you mean 'code'?\n",
        ),
        (("--window", "30d", "--allow-unknown"), "error: The service answered 400 Bad Request: Invalid window '30d'"),
    ],
)
def test_what_the_answer_does_not_have_is_a_failure(arguments: tuple[str, ...], said: str) -> None:
    outcome = run("tasks", "--sample", *arguments)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(said)


def test_an_answer_without_tasks_is_shown_and_has_no_macro_category() -> None:
    empty = b'{"data": {"as_of": "2026-03-04", "window_days": 7, "classifications": [], "macro_categories": []}}'
    assert run("tasks", "--input", "-", stdin=empty).status == 0
    outcome = run("tasks", "--input", "-", "--macro", "code", stdin=empty)
    assert outcome.err == "error: The answer has no macro category 'code': it has none.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--by", "cost"),
        ("--format", "yaml"),
        ("--top", "0"),
        ("--top", "x"),
        ("--nonsense",),
        ("--sample", "--input", "x"),
        ("--sample", "--base-url", "http://127.0.0.1:1/api/v1"),
        ("--input", "x", "--base-url", "http://127.0.0.1:1/api/v1"),
        ("--input", "x", "--window", "7d"),
        ("--input", "x", "--timeout", "5"),
        ("--input", "x", "--no-cache"),
        ("--sample", "--tag", "math", "--macro", "general"),
        ("--sample", "--window", "week"),
        ("--sample", "--window", "week", "--allow-unknown"),
        ("--tag", "math", "--models"),
        ("--max-age", "1h", "--refresh"),
        ("--max-age", "soon"),
        ("--quiet", "--verbose"),
        ("--timeout", "0"),
        ("--base-url", "localhost"),
        ("--base-url", "http://192.0.2.1/api/v1"),
    ],
)
def test_a_mistake_in_the_command_has_the_status_2(arguments: tuple[str, ...]) -> None:
    outcome = run("tasks", *arguments, key=KEY)
    assert (outcome.status, outcome.out) == (2, "")
    assert "error: " in outcome.err.lower()


def test_options_that_exclude_each_other_are_named() -> None:
    assert "Give one of --input and --sample, not both." in run("tasks", "--sample", "--input", "x").err


def test_a_key_that_cannot_be_one_is_refused_without_being_shown() -> None:
    outcome = run("tasks", key="sk-with a-space")
    assert outcome.status == 2
    assert outcome.err.startswith("error: The environment variable OPENROUTER_API_KEY is not an API key")
    assert "sk-with" not in outcome.err


def test_an_input_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    outcome = run("tasks", "--input", str(missing))
    assert outcome.status == 1
    assert outcome.err == f"error: Cannot read {missing}: No such file or directory.\n"


def test_an_input_that_is_no_answer_is_a_failure_that_names_the_place() -> None:
    outcome = run("tasks", "--input", "-", stdin=b'{"data": {"classifications": []}}')
    assert outcome.status == 1
    assert "data.as_of: missing" in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_version_is_told() -> None:
    assert run("--version").out == f"openrouter-rankings {__version__}\n"


@pytest.mark.parametrize("arguments", [("--help",), ("tasks", "-h"), ("quota", "--help"), ("emulate", "--help")])
def test_help_fits_80_columns(arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments, columns=200)
    assert outcome.status == 0
    assert max(map(len, outcome.out.splitlines())) <= 80


class _Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


class _Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_output_that_cannot_be_written_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout", _Full())
    with pytest.raises(SystemExit) as raised:
        streams.put("data")
    assert raised.value.code == 1
    assert capsys.readouterr().err == "error: Cannot write the output: No space left on device.\n"


def test_a_reader_that_is_gone_ends_the_command_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout", _Closed())
    with pytest.raises(SystemExit):
        app(["tasks", "--sample"])
    assert capsys.readouterr().err == ""
