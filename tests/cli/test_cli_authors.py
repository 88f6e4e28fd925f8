"""The command ``authors``."""

import json
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from command_line import KEY, Call

from openrouter_rankings.testing import EmulatedAPI


@pytest.fixture
def api() -> EmulatedAPI:
    return EmulatedAPI(keys=[KEY])


def run(line: str, *, columns: int | None = 80) -> Call:
    return Call("authors", *shlex.split(line), columns=columns)


def saved(tmp_path: Path, command: str) -> Path:
    path = tmp_path / f"{command}.json"
    path.write_text(Call(command, "--sample", "--format", "json").out)
    return path


def test_authors_are_ranked_by_the_tokens_of_all_their_models() -> None:
    call = run("--sample --format csv")
    models = Call("models", "--sample", "--format", "csv").rows()
    for row in call.rows():
        own = [model for model in models if model["model_permaslug"].startswith(f"{row['author']}/")]
        assert int(row["total_tokens"]) == sum(int(model["total_tokens"]) for model in own)
    assert "other" not in {row["author"] for row in call.rows()}


def test_the_table_says_how_concentrated_the_traffic_is() -> None:
    call = run("--sample --top 3")
    assert (call.status, call.err) == (0, "")
    assert call.out.startswith("Synthetic sample: authors by tokens, 2025-12-01 to 2025-12-31\n")
    assert "Authors listed: 8, with 99.4% of the traffic. The first 3 have 50.2%; at most 7" in call.out
    assert "HHI 0.140, where 1 is a monopoly." in call.out


def test_how_few_make_90_percent_is_not_known_where_the_lists_hide_more() -> None:
    assert "how few make 90% is not known" in " ".join(run("--tag math --sample").out.split())


def test_the_document_has_the_concentration_beside_the_authors() -> None:
    document = json.loads(run("--sample --format json --top 2").out)
    assert [row["rank"] for row in document["data"]] == [1, 2]
    assert document["concentration"]["listed"] == 8
    assert isinstance(document["data"][0]["total_tokens"], str)


@pytest.mark.parametrize(
    ("line", "path", "title"),
    [
        ("", "/datasets/rankings-daily", "authors by tokens, "),
        ("--category legal", "/datasets/rankings-daily", "authors by estimated tokens, category legal, "),
        ("--tasks", "/classifications/task", "authors by share of requests, 7 days to "),
        ("--by usage", "/classifications/task", "authors by share of requests, 7 days to "),
        ("--macro code --by tokens", "/classifications/task", "authors in code by share of tokens, 7 days to "),
        ("--tag math", "/classifications/task", "authors in math by share of requests, 7 days to "),
    ],
)
def test_the_options_decide_which_data_set_is_asked(
    line: str, path: str, title: str, server: str, api: EmulatedAPI
) -> None:
    call = run(f"{line} --base-url {server}", columns=120)
    assert (call.status, call.err) == (0, "")
    assert call.out.startswith(f"Synthetic sample: {title}")
    assert [urlsplit(request.url).path.removeprefix("/api/v1") for request in api.requests] == [path]


def test_a_saved_answer_of_either_data_set_is_taken_for_what_it_is(tmp_path: Path) -> None:
    by_tokens = run(f"--input {saved(tmp_path, 'models')}")
    by_requests = run(f"--input {saved(tmp_path, 'tasks')}")
    assert (by_tokens.status, by_requests.status) == (0, 0)
    assert by_tokens.out.startswith("Synthetic sample: authors by tokens, ")
    assert by_requests.out.startswith("Synthetic sample: authors by share of requests, ")


def test_an_estimate_is_said_to_be_one_once() -> None:
    assert run("--category legal --sample", columns=None).out.count("stimates from a weekly sample") == 1


def test_an_answer_without_authors_says_nothing_of_their_concentration(tmp_path: Path) -> None:
    document = json.loads(saved(tmp_path, "models").read_text()) | {"data": []}
    (tmp_path / "empty.json").write_text(json.dumps(document))
    call = run(f"--input {tmp_path / 'empty.json'}")
    assert (call.status, "No rows." in call.out, "HHI" in call.out) == (0, True, False)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("line", ["--sample", "--by usage --sample"])
def test_the_table_fits_the_terminal(line: str, columns: int) -> None:
    call = run(line, columns=columns)
    assert max(map(len, call.out.splitlines())) <= columns
    assert call.out.split("\n\n")[1].splitlines()[0].split()[-1] == "Author"


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("--tag math --macro code", 2, "Give one of --tag and --macro, not both."),
        ("--tag math --start 4w", 2, "Give one of --tag and --start, not both."),
        ("--tasks --language-type natural", 2, "Give one of --tasks and --language-type, not both."),
        ("--by usage --period week", 2, "Give one of --by usage and --period, not both."),
        ("--macro cod --sample", 1, "Did you mean 'code'?"),
        ("--tag mat --sample", 1, "Did you mean 'math'?"),
    ],
)
def test_mistakes_are_said_in_the_words_of_the_command(line: str, status: int, said: str) -> None:
    call = run(line)
    assert (call.status, call.out) == (status, "")
    assert said in call.err


def test_daily_rankings_have_no_tasks(tmp_path: Path) -> None:
    call = run(f"--tag math --input {saved(tmp_path, 'models')}")
    assert (call.status, call.out) == (2, "")
    assert "--input has daily rankings; --tasks, --tag, --macro and --by usage are for tasks." in call.err
