"""The command ``diff``."""

import json
import shlex
from datetime import date, timedelta
from pathlib import Path

import pytest
from archived import apps, daily, tasks
from command_line import Call
from past_answers import fill

from openrouter_rankings import AppRankings, RankingsDaily, TaskClassifications

FAR = (
    "The archive has nothing of about 28 days before 2026-05-30, from 2026-04-25 to 2026-05-09: choose another "
    "distance with --ago, or a date with --old."
)

NEWEST = date(2026, 5, 30)
BEFORE = date(2026, 5, 2)


def run(line: str = "", *, columns: int | None = 80) -> Call:
    return Call("diff", *shlex.split(line), columns=columns, key="")


def title(call: Call) -> str:
    return " ".join(call.out.split("\n\n")[0].split())


def headings(call: Call) -> list[str]:
    return call.out.split("\n\n")[1].splitlines()[0].split()


def test_the_newest_tasks_are_compared_with_those_of_about_28_days_before(db: Path) -> None:
    fill(db, TaskClassifications, [BEFORE - timedelta(days=2), BEFORE + timedelta(days=1), NEWEST])
    call = run()
    assert (call.status, call.err) == (0, "")
    assert title(call) == (
        "Changes of tasks by share of requests, 2026-05-24 to 2026-05-30 against 2026-04-27 to 2026-05-03"
    )
    assert headings(call) == ["#", "Was", "Before", "After", "Change", "Tag", "Task"]
    assert call.out.count("\nSource: OpenRouter (openrouter.ai/rankings), as of ") == 2
    assert call.out.endswith("\nLicensed under CC BY 4.0.\n")


def test_models_and_authors_are_compared_within_a_task(db: Path) -> None:
    fill(db, TaskClassifications, [BEFORE, NEWEST])
    models, authors = run("--tag math --by tokens"), run("authors --tag math")
    assert title(models).startswith("Changes of models of math by share of tokens, ")
    assert headings(models)[-1] == "Model"
    assert title(authors).startswith("Changes of authors of math by share of requests, ")
    assert headings(authors)[-1] == "Author"
    assert " new " in models.out
    assert " left " in models.out
    assert "left: no longer in the top list, which is not zero.\n" in models.out
    gone = [row for row in run("--tag math --by tokens -f csv").rows() if row["status"] == "left"]
    assert {row["after_token_share"] for row in gone} == {row["token_share_change"] for row in gone} == {""}


def test_models_and_authors_are_compared_over_the_last_complete_week(db: Path) -> None:
    fill(db, RankingsDaily, [NEWEST], start_date="2026-03-01")
    fill(db, RankingsDaily, [NEWEST], start_date="2026-05-25", end_date="2026-05-31")
    models, authors = run("models --top 3"), run("authors")
    spans = "2026-05-24 to 2026-05-30 against 2026-04-26 to 2026-05-02"
    assert title(models) == f"Changes of models by share of tokens, {spans}"
    assert title(authors) == f"Changes of authors by share of tokens, {spans}"
    assert len(run("models --top 3 -f csv").rows()) == 3
    merged = run("models --merge-variants -f csv").rows()
    assert not [row for row in merged if ":" in row["model_permaslug"]]


def test_weeks_and_estimates_are_compared_row_by_row(db: Path) -> None:
    fill(db, RankingsDaily, [date(2026, 5, 31)], start_date="2026-03-02", category="legal")
    call = run("models --category legal")
    assert title(call) == (
        "Changes of models by share of tokens, 2026-05-25 to 2026-05-31 against 2026-04-27 to 2026-05-03"
    )
    assert "The figures are estimates from a weekly sample." in call.out


def test_apps_are_compared_too_and_windows_that_overlap_are_flagged(db: Path) -> None:
    fill(db, AppRankings, [BEFORE, NEWEST], limit=100)
    call = run("apps --top 2")
    assert title(call) == "Changes of apps by tokens, 2026-04-30 to 2026-05-30 against 2026-04-02 to 2026-05-02"
    assert "The two spans have 3 days in common, whose traffic counts in both." in call.out
    assert " +" in call.out


def test_the_dates_and_the_distance_can_be_chosen(db: Path) -> None:
    fill(db, TaskClassifications, [NEWEST - timedelta(days=days) for days in (0, 7, 10, 28)])
    fill(db, RankingsDaily, [NEWEST], start_date="2026-01-01")
    assert title(run("--ago 1w")).endswith(" against 2026-05-17 to 2026-05-23")
    assert title(run("--old 2026-05-20")).endswith(" against 2026-05-14 to 2026-05-20")
    assert title(run("--new 2026-05-20 --old 2026-05-02")).endswith(
        ", 2026-05-14 to 2026-05-20 against 2026-04-26 to 2026-05-02"
    )
    assert title(run("models --new 2026-05-10")).endswith(", 2026-05-04 to 2026-05-10 against 2026-04-06 to 2026-04-12")
    assert title(run("models --old 2026-01-31")).endswith(", 2026-05-24 to 2026-05-30 against 2026-01-25 to 2026-01-31")


def test_two_saved_answers_are_compared_without_an_archive(tmp_path: Path) -> None:
    for name, day, share in (("old", date(2026, 5, 2), 0.25), ("new", NEWEST, 0.5)):
        (tmp_path / f"{name}.json").write_bytes(tasks(day, share))
        (tmp_path / f"{name}-days.json").write_bytes(daily(day - timedelta(days=6), day, tokens=int(share * 100)))
    call = run(f"--input {tmp_path / 'old.json'} --input {tmp_path / 'new.json'}")
    assert call.status == 0
    assert "25.00% 50.00% +25.00 code:debugging Debugging\n" in call.out
    models = run(f"--input {tmp_path / 'old-days.json'} --input {tmp_path / 'new-days.json'}")
    assert title(models).startswith("Changes of models by share of tokens, 2026-05-24 to 2026-05-30 against ")
    within = run(f"models --tag code:debugging --input {tmp_path / 'old.json'} --input {tmp_path / 'new.json'}")
    assert "lanternhill/ember-2\n" in within.out
    listed = tmp_path / "apps.json"
    listed.write_text(Call("apps", "--sample", "--format", "json").out)
    assert "save the whole one, with --top 100.\n" in run(f"--input {listed} --input {listed}").err
    listed.write_text(Call("apps", "--sample", "--top", "100", "--format", "json").out)
    same = run(f"--input {listed} --input {listed} --top 1")
    assert title(same).startswith("Synthetic sample: changes of apps by tokens, ")
    assert " 0 " in same.out
    mixed = run(f"--input {tmp_path / 'old.json'} --input {tmp_path / 'new-days.json'}")
    assert (mixed.status, "The two answers are of different data sets." in mixed.err) == (2, True)


def test_the_document_has_the_changes_as_numbers_and_the_two_spans(db: Path) -> None:
    fill(db, TaskClassifications, [BEFORE, NEWEST])
    document = json.loads(run("--format json --top 2").out)
    assert [row["after_rank"] for row in document["data"]] == [1, 2]
    assert document["meta"]["before"]["end_date"] == "2026-05-02"
    assert document["licence"] == "Licensed under CC BY 4.0."


def test_rows_can_be_sorted_by_their_change(db: Path) -> None:
    fill(db, TaskClassifications, [BEFORE, NEWEST])
    changes = [float(row["usage_share_change"]) for row in run("--sort usage_share_change -f csv").rows()]
    assert changes == sorted(changes, reverse=True)


@pytest.mark.parametrize("line", ["", "--tag math", "models", "apps"])
def test_without_an_archive_it_says_how_to_begin_one(line: str, db: Path) -> None:
    call = run(line)
    assert (call.status, call.out) == (1, "")
    assert call.err == f"error: There is no archive at {db} yet: `openrouter-rankings collect` begins one.\n"
    assert not db.exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("models", "The archive has no daily rankings of this kind: `openrouter-rankings collect` adds them."),
        ("apps", "The archive has no app rankings: `openrouter-rankings collect` adds them."),
        ("", "The archive has no task classifications from before 2026-05-30 to compare with."),
        ("--old 2026-05-02", "The archive has no answer of 2026-05-02, which --old names; the nearest: 2026-05-30."),
        ("models --new 2026-05-30", "The archive has no complete daily rankings for --new 2026-05-30."),
    ],
)
def test_what_the_archive_lacks_is_said(line: str, said: str, db: Path) -> None:
    fill(db, TaskClassifications, [NEWEST])
    call = run(line)
    assert (call.status, call.out, call.err) == (1, "", f"error: {said}\n")


def test_where_no_answer_is_as_old_as_wanted_another_distance_is_advised(db: Path) -> None:
    fill(db, TaskClassifications, [NEWEST - timedelta(days=2), NEWEST])
    assert run().err == f"error: {FAR}\n"


def test_weeks_that_the_archive_lacks_are_said(db: Path) -> None:
    fill(db, RankingsDaily, [NEWEST], start_date="2026-05-20")
    assert "has nothing of about 28 days before 2026-05-30" in run("models").err
    assert run("models --new 2026-05-30 --old 2026-05-19").err == (
        "error: The archive has no complete daily rankings for --old 2026-05-19.\n"
    )
    partly = "it has it from 2026-05-20 on.\n"
    assert run("models --old 2026-05-21").err.endswith(partly)
    assert run("models --new 2026-05-25 --old 2026-05-21").err.endswith(partly)
    assert run("models --new 2026-06-05").err == (
        "error: The archive has no daily rankings of 2026-06-05, which --new names: before it, 2026-05-30 is the last "
        "day.\n"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--ago 7d --old 2026-01-01", "Give one of --ago and --old, not both."),
        ("--input a --input b --ago 7d", "Give one of --input and --ago, not both."),
        ("--input a", "Give --input twice, the older answer first."),
        ("models --by usage", "--by usage has no effect on daily rankings."),
        ("--category legal", "--category has no effect on task classifications."),
        ("apps --tag math", "--tag has no effect on app rankings."),
        ("apps --merge-variants", "--merge-variants has no effect on app rankings."),
        ("--merge-variants", "--merge-variants has no effect on task classifications."),
        ("authors --merge-variants", "--merge-variants has no effect on authors."),
        ("authors --tag math --merge-variants", "--merge-variants has no effect on authors."),
        ("--old never", 'Invalid value for --old: "never" is not a day'),
        ("models --old 0001-01-01", "--old must not be before 2025-01-01, the first day with figures."),
        ("models --new 2024-12-31", "--new must not be before 2025-01-01, the first day with figures."),
        ("--old 2026-05-02 --new 2026-05-02", "--old must be before --new, and 2026-05-02 is not before 2026-05-02."),
        ("--ago 800000d", "is longer than 36500d, a hundred years."),
        ("sessions", "'sessions' is not one of"),
    ],
)
def test_mistakes_are_said_in_the_words_of_the_command(line: str, said: str) -> None:
    call = run(line)
    assert (call.status, call.out) == (2, "")
    assert said in call.err


@pytest.mark.parametrize("what", ["tasks", "apps"])
def test_saved_daily_rankings_are_not_compared_as_something_else(what: str, tmp_path: Path) -> None:
    path = tmp_path / "days.json"
    path.write_bytes(daily())
    call = run(f"{what} --input {path} --input {path}")
    assert (call.status, f"{what} has no effect on daily rankings." in call.err) == (2, True)


def test_saved_tasks_and_apps_are_not_compared_as_something_else(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(tasks())
    assert "apps has no effect on task classifications." in run(f"apps --input {path} --input {path}").err
    path.write_bytes(apps())
    for what in ("tasks", "models", "authors"):
        call = run(f"{what} --input {path} --input {path}")
        assert (call.status, f"{what} has no effect on app rankings." in call.err) == (2, True)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("line", ["", "--tag math", "models", "authors", "apps"])
def test_the_table_fits_the_terminal(line: str, columns: int, db: Path) -> None:
    fill(db, TaskClassifications, [BEFORE, NEWEST])
    fill(db, RankingsDaily, [NEWEST], start_date="2026-03-01")
    fill(db, AppRankings, [BEFORE, NEWEST], limit=100)
    call = run(line, columns=columns)
    assert max(map(len, call.out.splitlines())) <= columns
    assert {"#", "After", "Change"} <= set(headings(call))
