"""The command ``pick``."""

import json
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from command_line import KEY, Call

from openrouter_rankings.analysis.picks import CAVEAT
from openrouter_rankings.render.listing import SYNTHETIC_NOTICE
from openrouter_rankings.testing import EmulatedAPI


@pytest.fixture
def api() -> EmulatedAPI:
    return EmulatedAPI(keys=[KEY])


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A folder with the sample's answers as the service would give them."""
    for command in ("tasks", "benchmarks"):
        document = json.loads(Call(command, "--sample", "--format", "json").out)
        kept = {name: document[name] for name in ("data", "meta") if name in document}
        (tmp_path / f"{command}.json").write_text(json.dumps(kept))
    return tmp_path


def run(line: str, *, columns: int | None = 80) -> Call:
    return Call("pick", *shlex.split(line), columns=columns)


def paths(api: EmulatedAPI) -> list[str]:
    return [urlsplit(request.url).path.removeprefix("/api/v1") for request in api.requests]


def test_models_are_ranked_with_the_share_of_each_pattern_caveat_and_source() -> None:
    call = run("'code:*' agent:tool_dispatch=0.5 --sample --top 3", columns=100)
    assert (call.status, call.err) == (0, "")
    title, _, heading, rule, first, _, third, *notes = call.out.splitlines()
    assert title == "Synthetic sample: models used for 10 tasks by share of requests, as of 2025-12-31"
    assert heading.split() == ["#", "Score", "code:*", "agent:tool_dispatch", "Model"]
    assert first.split()[:2] + first.split()[3:] == ["1", "1.000", "5.2%", "14.6%", "saltmarsh/heron-1"]
    # Not in the top list of the second task, which is no zero.
    assert third.split()[3:] == ["8.4%", "-", "farpoint-labs/sextant-2-mini"]
    assert set(rule) == {"-"}
    assert CAVEAT in " ".join(notes)
    assert notes[-1] == SYNTHETIC_NOTICE


def test_it_asks_the_service_for_the_tasks_alone(server: str, api: EmulatedAPI) -> None:
    call = run(f"math --base-url {server} --format csv")
    assert (call.status, paths(api), len(call.rows())) == (0, ["/classifications/task"], 10)
    assert CAVEAT in call.err
    assert SYNTHETIC_NOTICE in call.err


def test_other_criteria_are_asked_for_too_and_shown_with_their_figures(server: str, api: EmulatedAPI) -> None:
    call = run(f"math --weigh price=0.5 --weigh coding_index --base-url {server} --top 2", columns=100)
    assert paths(api) == ["/classifications/task", "/benchmarks"]
    assert call.out.splitlines()[2].split() == ["#", "Score", "math", "price", "coding_index", "Model"]
    assert " $" in call.out


def test_popularity_can_be_left_out(server: str) -> None:
    call = run(f"math --weigh price --weigh popularity=0 --base-url {server} --format json")
    reasons = [row["reasons"] for row in json.loads(call.out)["data"]]
    assert {reason["criterion"] for each in reasons for reason in each} == {"price"}


def test_saved_answers_are_picked_from_without_the_service_and_both_are_cited(measured: Path) -> None:
    call = run(f"math --input {measured / 'tasks.json'} --weigh price --benchmarks {measured / 'benchmarks.json'}")
    assert (call.status, call.err) == (0, "")
    assert "\nSource: OpenRouter (openrouter.ai/rankings), as of 2025-12-31.\n" in call.out
    assert call.out.count("\nSource: ") == 3
    assert call.out.endswith("\nLicensed under CC BY 4.0.\n")


def test_the_document_has_reasons_that_sum_to_the_score() -> None:
    document = json.loads(run("'*' 'code:*'=2 --by tokens --sample --format json").out)
    assert (document["meta"]["by"], document["synthetic"]) == ("tokens", True)
    assert CAVEAT in document["meta"]["remarks"]
    for row in document["data"]:
        assert sum(reason["contribution"] for reason in row["reasons"]) == pytest.approx(row["score"])


def test_models_can_be_allowed_denied_and_cut_by_share() -> None:
    call = run("math --allow 'lanternhill/*' --allow quillfern/verse-1 --deny '*-mini' --sample --format csv")
    assert {row["author"] for row in call.rows()} == {"lanternhill", "quillfern"}
    assert not [row for row in call.rows() if row["model"].endswith("-mini")]
    shares = [float(row["share"]) for row in run("math --min-share 0.08 --sample --format csv").rows()]
    assert shares
    assert min(shares) >= 0.08


def test_what_matches_no_model_is_said() -> None:
    call = run("math --deny nobody/x --sample --format markdown")
    assert "No model listed for these tasks matches nobody/x." in call.out


def test_nothing_left_is_an_empty_table_and_no_failure() -> None:
    call = run("math --allow 'nobody/*' --sample")
    assert (call.status, "No rows." in call.out, call.out.splitlines()[2].split()) == (0, True, ["#", "Score", "Model"])


def test_figures_that_are_too_old_have_the_status_3(measured: Path) -> None:
    call = run(f"math --input {measured / 'tasks.json'} --max-snapshot-age 30d")
    assert (call.status, call.out) == (3, "")
    assert call.err.startswith("error: The figures end on 2025-12-31, which ended ")
    assert call.err.endswith(" days ago: more than --max-snapshot-age.\n")
    assert run("math --sample --max-snapshot-age 1h").status == 0


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table_fits_the_terminal_and_keeps_score_and_model(columns: int) -> None:
    call = run("'code:*' agent:tool_dispatch 'data:*' math --sample --weigh coding_index", columns=columns)
    assert max(map(len, call.out.splitlines())) <= columns
    heading = call.out.split("\n\n")[1].splitlines()[0].split()
    assert (heading[:2], heading[-1]) == (["#", "Score"], "Model")
    assert ("coding_index" in heading) is (columns == 120)


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("", 2, "Missing argument 'TAG[=WEIGHT]...'"),
        ("mat --sample", 1, "error: The answer has no task 'mat'. Did you mean 'math'?"),
        ("math=x --sample", 2, 'The weight in "math=x" is not a number: write math=0.5.'),
        ("math=0 --sample", 2, "error: The weight of 'math' must be a number above 0, up to 1,000,000,000, not 0.0."),
        ("math=nan --sample", 2, "error: The weight of 'math' must be a number above 0"),
        ("math math=2 --sample", 2, "math is given twice."),
        ("'' --sample", 2, "error: A TAG has 1 to 200 characters, not ''."),
        (
            "math --weigh foo --sample",
            2,
            "error: There is no criterion 'foo'. There are popularity, price, agentic",
        ),
        ("math --weigh popularity=0 --sample", 2, "error: --weigh popularity=0 needs something else to go by"),
        ("math --weigh price --input x", 2, "--weigh needs the benchmarks too: give --benchmarks FILE with --input."),
        ("math --benchmarks x --sample", 2, "--benchmarks has no effect without --weigh."),
        ("math --weigh price --benchmarks /nowhere --sample", 1, "error: Cannot read /nowhere: No such file"),
        ("math --min-share 2", 2, "--min-share"),
        ("math --allow a/b-2-mini --deny 'x[' --sample", 0, ""),
        ("math --window 7d --input x", 2, "Give one of --input and --window, not both."),
    ],
)
def test_mistakes_are_said_in_the_words_of_the_command(line: str, status: int, said: str) -> None:
    call = run(line)
    assert call.status == status
    assert said in call.err


def test_an_answer_of_another_data_set_is_no_input(measured: Path) -> None:
    call = run(f"math --input {measured / 'benchmarks.json'}")
    assert (call.status, call.out) == (1, "")
    assert "is an answer for `openrouter-rankings benchmarks`, not for `pick`." in call.err
