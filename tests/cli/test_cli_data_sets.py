"""The commands of the data sets that are tables: ``models``, ``apps``, ``sessions`` and ``benchmarks``."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from command_line import KEY, Call

from openrouter_rankings.render.listing import SYNTHETIC_NOTICE
from openrouter_rankings.testing import EmulatedAPI, Fault

COMMANDS = ["models", "apps", "sessions", "benchmarks"]
TITLES = {
    "models": "models by tokens, 2025-12-01 to 2025-12-31",
    "apps": "apps, 2025-12-01 to 2025-12-31",
    "sessions": "median costs of a session, 7 days to 2025-12-31",
    "benchmarks": "benchmarks, as of 2026-01-01",
}


@pytest.fixture
def api() -> EmulatedAPI:
    # These tests are about the cache, which needs to know how long an answer stays fresh.
    return EmulatedAPI(keys=[KEY], cache_control_everywhere=True)


def queries(api: EmulatedAPI) -> list[dict[str, str]]:
    return [
        {name: value for name, (value,) in parse_qs(urlsplit(request.url).query).items()} for request in api.requests
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_sample_needs_no_key_and_says_that_it_is_synthetic(command: str) -> None:
    call = Call(command, "--sample", "--top", "3", key="")
    assert (call.status, call.err) == (0, "")
    assert call.out.startswith(f"Synthetic sample: {TITLES[command]}\n\n")
    assert call.out.endswith(f"\n{SYNTHETIC_NOTICE}\n")
    assert "Source:" not in call.out


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("columns", [80, 140])
def test_a_table_fits_the_terminal(command: str, columns: int) -> None:
    call = Call(command, "--sample", "--top", "60", columns=columns)
    assert max(map(len, call.out.splitlines())) <= columns


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_an_input_again_and_gives_the_same_table(command: str) -> None:
    whole = ("--all",) if command == "sessions" else ()
    document = Call(command, "--sample", "--format", "json", "--top", "4", *whole).out
    again = Call(command, "--input", "-", "--top", "4", stdin=document, key="")
    assert (again.status, again.err) == (0, "")
    assert again.out == Call(command, "--sample", "--top", "4", *whole).out


@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_of_the_service_is_an_input_too_and_is_cited(command: str) -> None:
    document = json.loads(Call(command, "--sample", "--format", "json", "--top", "9").out)
    plain = json.dumps({name: document[name] for name in ("data", "meta")})
    call = Call(command, "--input", "-", stdin=plain)
    assert (call.status, call.err) == (0, "")
    assert call.out.startswith(TITLES[command][0].upper())
    assert "\nSource: " in call.out
    assert call.out.endswith("\nLicensed under CC BY 4.0.\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_csv_has_only_rows_on_stdout_and_the_source_on_stderr(command: str) -> None:
    narrowed = dict.fromkeys(COMMANDS, ()) | {"benchmarks": ("--benchmark-type", "gpqa_diamond")}
    call = Call(command, "--sample", "--format", "csv", "--top", "3", *narrowed[command])
    assert len(call.rows()) == 3
    assert SYNTHETIC_NOTICE in call.err


@pytest.mark.parametrize("command", COMMANDS)
def test_markdown_has_the_title_and_the_source(command: str) -> None:
    call = Call(command, "--sample", "--format", "markdown", "--top", "3")
    assert call.out.startswith(f"## Synthetic sample: {TITLES[command]}\n")
    assert SYNTHETIC_NOTICE in call.out


@pytest.mark.parametrize(
    ("command", "arguments", "asked"),
    [
        (
            "models",
            ("--start", "2026-01-05", "--end", "2026-01-11", "--period", "week", "--modality", "text"),
            {"start_date": "2026-01-05", "end_date": "2026-01-11", "period": "week", "modality": "text"},
        ),
        ("models", ("--context", "1M"), {"context_bucket": "1M"}),
        ("models", ("--category", "marketing/seo"), {"category": "marketing/seo"}),
        ("models", ("--language-type", "natural"), {"language_type": "natural"}),
        (
            "apps",
            ("--category", "coding", "--subcategory", "cli-agent", "--sort", "trending", "--end", "2026-01-11"),
            {
                "category": "coding", "subcategory": "cli-agent", "sort": "trending", "end_date": "2026-01-11",
                "limit": "100", "offset": "0",
            },
        ),
        (
            "sessions",
            ("--app", "alder-drift", "--model", "ironbark/anvil-1", "--turns", "1-turn"),
            {
                "app_slug": "alder-drift", "model": "ironbark/anvil-1", "turn_range": "1-turn",
                "limit": "500", "offset": "0",
            },
        ),
        (
            "benchmarks",
            ("--source", "design-arena", "--arena", "models", "--category", "svg", "--top", "2"),
            {"source": "design-arena", "arena": "models", "category": "svg"},
        ),
        ("benchmarks", ("--category", "svg"), {"source": "design-arena", "category": "svg"}),
        (
            "benchmarks",
            ("--max-results", "100"),
            {"max_results": "100"},
        ),
        (
            "benchmarks",
            ("--task-type", "search", "--benchmark-type", "search_hle", "--search-engine", "spyglass",
             "--search-surface", "plugin", "--run-config"),
            {
                "source": "openrouter", "task_type": "search", "benchmark_type": "search_hle",
                "search_engine": "spyglass", "search_surface": "plugin", "include_run_config": "true",
            },
        ),
    ],
)  # fmt: skip
def test_each_option_is_asked_of_the_service(
    command: str, arguments: tuple[str, ...], asked: dict[str, str], server: str, api: EmulatedAPI
) -> None:
    call = Call(command, "--base-url", server, "--timeout", "20", *arguments)
    assert (call.status, call.err) == (0, "")
    assert call.out.startswith("Synthetic sample: ")
    assert queries(api) == [asked]


@pytest.mark.parametrize(
    ("command", "arguments", "title"),
    [
        ("models", ("--category", "legal"), "models by estimated tokens, category legal, 2025-12-01 to 2025-12-31"),
        ("apps", ("--sort", "trending"), "apps, sort trending, 2025-12-01 to 2025-12-31"),
        ("sessions", ("--turns", "1-turn"), "median costs of a session, turns 1-turn, 7 days to 2025-12-31"),
        ("benchmarks", ("--source", "openrouter"), "benchmarks, source openrouter, as of 2026-01-01"),
    ],
)
def test_the_title_names_the_filters_also_when_they_are_read_back(
    command: str, arguments: tuple[str, ...], title: str
) -> None:
    document = Call(command, "--sample", "--format", "json", *arguments).out
    table = Call(command, "--input", "-", stdin=document, columns=140).out
    assert table.startswith(f"Synthetic sample: {title}\n")


def test_filters_that_are_no_texts_are_passed_over() -> None:
    document = json.loads(Call("apps", "--sample", "--format", "json").out)
    for filters in (["coding"], {"category": 3}):
        call = Call("apps", "--input", "-", stdin=json.dumps(document | {"filters": filters}))
        assert call.out.startswith("Synthetic sample: apps, 2025-12-01 to 2025-12-31\n")


def test_a_leaderboard_has_no_row_of_the_others() -> None:
    call = Call("models", "--sample", "--format", "csv")
    assert [row["rank"] for row in call.rows()] == [str(rank) for rank in range(1, len(call.rows()) + 1)]
    assert "other" not in {row["model_permaslug"] for row in call.rows()}
    assert "All tokens, those of models outside the top 50 included: " in call.err


def test_variants_are_merged_when_asked() -> None:
    apart, merged = (
        Call("models", "--sample", "--format", "csv", *more).rows() for more in ((), ("--merge-variants",))
    )
    assert len(merged) < len(apart)
    assert not [row for row in merged if ":" in row["model_permaslug"]]


def test_the_rows_of_each_date_show_the_others_as_what_they_are() -> None:
    call = Call("models", "--sample", "--by-day", "--start", "2025-12-30")
    assert call.out.startswith("Synthetic sample: tokens of models by day, 2025-12-30 to 2025-12-31\n")
    assert call.out.count(" other (all models not named)\n") == 2


def models_json(*options: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Call("models", "--sample", "--format", "json", *options).out)
    return document


def tokens(document: dict[str, Any]) -> int:
    return sum(int(row["total_tokens"]) for row in document["data"])


def test_json_of_the_first_models_of_each_date_sums_the_others() -> None:
    whole, document = models_json("--by-day"), models_json("--by-day", "--top", "1")
    assert "leaderboard" not in document
    assert [row["model_permaslug"] == "other" for row in document["data"]] == [False, True] * 31
    assert tokens(document) == tokens(whole)


def test_json_of_the_leaderboard_has_its_models_only_and_sums_the_others() -> None:
    whole, document = models_json(), models_json("--top", "3")
    named = {row["model_permaslug"] for row in document["data"]} - {"other"}
    assert named == {model["model_permaslug"] for model in document["leaderboard"]}
    assert len(named) == 3
    assert document["leaderboard"] == whole["leaderboard"][:3]
    assert tokens(document) == tokens(whole)


def test_json_with_merged_variants_has_no_variant() -> None:
    document = models_json("--merge-variants")
    assert not [row for row in document["data"] if ":" in row["model_permaslug"]]
    assert tokens(document) == tokens(models_json())


def test_variants_are_merged_within_a_date_as_well() -> None:
    rows = Call("models", "--sample", "--by-day", "--merge-variants", "--format", "csv").rows()
    assert not [row for row in rows if ":" in row["model_permaslug"]]


def test_estimates_stay_estimates_when_they_are_read_back() -> None:
    document = json.loads(Call("models", "--sample", "--language-type", "natural", "--format", "json").out)
    assert (document["period"], document["estimate"]) == ("week", True)
    again = Call("models", "--input", "-", "--format", "json", stdin=json.dumps(document))
    unknown = {"age_seconds": None, "stale": None, "from_cache": None}
    assert json.loads(again.out) == document | unknown


def test_the_period_of_a_saved_answer_of_the_services_own_is_inferred_unless_it_is_told(tmp_path: Path) -> None:
    weeks = json.loads(Call("models", "--sample", "--period", "week", "--format", "json").out)
    saved = tmp_path / "answer.json"
    saved.write_text(json.dumps({"data": weeks["data"], "meta": weeks["meta"]}))
    for period, has_gaps in ((), False), (("--period", "week"), False), (("--period", "day"), True):
        call = Call("models", "--input", str(saved), *period)
        assert (call.status, "No data of " in call.out) == (0, has_gaps)
    assert json.loads(Call("models", "--input", str(saved), "-f", "json").out)["period"] == "week"
    assert Call("models", "--input", str(saved), "--period", "").status == 2


def test_a_part_from_the_cache_gives_the_answer_its_age(server: str, api: EmulatedAPI) -> None:
    api.misbehave(Fault(headers={"Age": "50", "Cache-Control": "private, max-age=60"}))
    Call("models", "--base-url", server, "--start", "2025-01-01", "--end", "2026-01-01")
    whole = Call("models", "--base-url", server, "--start", "2025-01-01", "--end", "2026-02-10", "--top", "1")
    assert re.fullmatch(r"From the cache: \d+ seconds old\.\n", whole.err)
    assert len(api.requests) == 2


def test_a_long_span_takes_several_requests_and_counts_as_one_answer(server: str, api: EmulatedAPI) -> None:
    arguments = ("models", "--base-url", server, "--start", "2025-01-01", "--end", "2026-02-10", "--top", "1")
    first, second = Call(*arguments), Call(*arguments)
    assert (first.status, first.err) == (0, "")
    assert first.out.startswith("Synthetic sample: models by tokens, 2025-01-01 to 2026-02-10\n")
    assert "No data of 2025-06-15, 2025-07-15.\n" in first.out
    assert second.out == first.out
    assert re.fullmatch(r"From the cache: \d+ seconds? old\.\n", second.err)
    assert len(api.requests) == 2


def test_a_stale_part_makes_the_answer_stale(server: str, api: EmulatedAPI) -> None:
    api.misbehave(None, Fault(headers={"Cache-Control": "private, max-age=0, stale-while-revalidate=300"}))
    arguments = ("sessions", "--base-url", server, "--all", "--format", "csv")
    first, second = Call(*arguments), Call(*arguments)
    assert second.out == first.out
    assert "From the cache" not in first.err
    assert re.search(r"^From the cache: \d+ seconds? old, and stale\.$", second.err, re.MULTILINE)


def test_no_more_pages_are_read_than_are_shown(server: str, api: EmulatedAPI) -> None:
    assert len(Call("apps", "--base-url", server, "--format", "csv").rows()) == 50
    assert len(Call("apps", "--base-url", server, "--format", "csv", "--top", "100").rows()) == 100
    assert len(api.requests) == 1
    assert len(Call("apps", "--base-url", server, "--format", "csv", "--top", "101").rows()) == 101
    assert [query["offset"] for query in queries(api)] == ["0", "100"]


def test_sessions_take_one_request_unless_all_are_asked_for(server: str, api: EmulatedAPI) -> None:
    first = Call("sessions", "--base-url", server, "--format", "csv")
    assert (len(first.rows()), len(api.requests)) == (500, 1)
    assert "These are of the first 500 rows of the service's list, which goes on.\n" in first.err
    whole = Call("sessions", "--base-url", server, "--format", "csv", "--all", "--no-cache")
    assert len(whole.rows()) > 500
    assert len(api.requests) == 1 + len(whole.rows()) // 500 + 1
    assert "goes on" not in whole.err


def test_the_sessions_with_the_highest_costs_come_first() -> None:
    rows = Call("sessions", "--sample", "--format", "csv", "--all").rows()
    costs = [float(row["median_session_cost_usd"]) for row in rows]
    assert costs == sorted(costs, reverse=True)
    assert Call("sessions", "--sample", "--format", "csv", "--all", "--top", "5").rows() == rows[:5]


def test_a_saved_answer_of_many_apps_is_shown_whole() -> None:
    document = Call("apps", "--sample", "--top", "120", "--format", "json").out
    assert len(Call("apps", "--input", "-", "--format", "csv", stdin=document).rows()) == 120


def test_a_list_that_changed_meanwhile_is_told_with_what_to_do(server: str, api: EmulatedAPI) -> None:
    page = json.loads(Call("apps", "--sample", "--top", "100", "--format", "json").out)
    api.misbehave(*[Fault(body=json.dumps(page).encode())] * 2)
    call = Call("apps", "--base-url", server, "--top", "200")
    assert (call.status, call.out) == (1, "")
    assert call.err == (
        "error: The list changed while its pages were read, so that they do not fit together: try again.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("models", "--start", "2025-02-30"), 'Invalid value for --start: "2025-02-30" is not a day'),
        (("models", "--end", "2024-12-31"), "error: --end must be 2025-01-01 or later"),
        (("models", "--start", "2026-02-02", "--end", "2026-02-01"), "error: --start must not be after --end, and"),
        (("models", "--category", "legal", "--modality", "text"), "exclude each other"),
        (
            ("models", "--category", "legal", "--context", "1M"),
            "error: --category and --context exclude each other: --category and --language-type read",
        ),
        (("models", "--period", "Day", "--allow-unknown"), 'error: --period must be one of "day", "week" or "month"'),
        (("apps", "--top", "201"), "--top"),
        (("apps", "--category", "coding", "--subcategory", "game"), "error: --subcategory must be"),
        (("sessions", "--app", ""), "error: --app must be"),
        (("benchmarks", "--source", "openrouter", "--arena", "models"), "--arena and --source exclude each other."),
        (("benchmarks", "--arena", "models", "--search-engine", "x"), "--arena and --search-engine exclude"),
        (("models", "--input", "x", "--start", "2026-01-01"), "Give one of --input and --start, not both."),
        (("models", "--input", "x", "--category", "legal"), "Give one of --input and --category, not both."),
        (("apps", "--input", "x", "--sort", "trending"), "Give one of --input and --sort, not both."),
        (("sessions", "--input", "x", "--turns", "1-turn"), "Give one of --input and --turns, not both."),
        (("benchmarks", "--input", "x", "--run-config"), "Give one of --input and --run-config, not both."),
    ],
)
def test_a_mistake_in_the_command_has_the_status_2(arguments: tuple[str, ...], said: str) -> None:
    call = Call(*arguments)
    assert (call.status, call.out) == (2, "")
    assert said in call.err


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_key_the_status_is_4(command: str) -> None:
    call = Call(command, key="")
    assert (call.status, call.out) == (4, "")
    assert "--sample" in call.err


def test_a_value_that_only_the_service_knows_is_left_to_it() -> None:
    call = Call("benchmarks", "--sample", "--source", "new-arena", "--allow-unknown")
    assert call.status == 1
    assert call.err.startswith("error: The service answered 400 Bad Request: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_of_another_data_set_is_no_input(command: str) -> None:
    others = Call("tasks", "--sample", "--format", "json").out
    call = Call(command, "--input", "-", stdin=others)
    assert (call.status, call.out) == (1, "")
    assert call.err == f"error: standard input is an answer for `openrouter-rankings tasks`, not for `{command}`.\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_80_columns_and_names_the_known_values(command: str) -> None:
    call = Call(command, "--help", columns=200)
    assert max(map(len, call.out.splitlines())) <= 80
    known = {"models": "image_output", "apps": "cloud-agent", "sessions": "50-plus-turns", "benchmarks": "gpqa_diamond"}
    assert known[command] in call.out
