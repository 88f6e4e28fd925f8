"""The command ``trend``."""

import asyncio
import json
import shlex
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from archived import daily, tasks
from command_line import Call
from past_answers import fill

from openrouter_rankings import RankingsDaily, TaskClassifications
from openrouter_rankings.history import Archive

FIRST = date(2026, 5, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def run(line: str, *, columns: int | None = 80) -> Call:
    return Call("trend", *shlex.split(line), columns=columns, key="")


def test_a_task_is_followed_with_its_gaps_as_gaps(db: Path) -> None:
    fill(db, TaskClassifications, map(day, (0, 1, 2, 5, 6)))
    call = run("--tag code:debugging")
    assert (call.status, call.err) == (0, "")
    title, line, table, notes = call.out.split("\n\n")
    assert title == "Trend of code:debugging by share of requests, 2026-05-01 to 2026-05-07"
    drawn, caption = line.splitlines()
    assert (len(drawn), drawn[3:5], caption) == (7, "  ", "2026-05-01 to 2026-05-07")
    rows = table.splitlines()
    assert rows[0].split() == ["Date", "Requests", "Tokens"]
    assert rows[5].split() == ["2026-05-04", "-", "-", "no", "answer"]
    assert "A gap is no zero" in notes
    assert call.out.count("\nSource: ") == 2


def test_without_gaps_none_are_spoken_of(db: Path) -> None:
    fill(db, TaskClassifications, map(day, range(3)))
    assert "gap" not in run("--tag math").out


def test_a_model_that_is_not_in_the_list_has_no_figure_and_no_zero(db: Path) -> None:
    fill(db, TaskClassifications, map(day, range(20)))
    model = "quillfern/verse-2-mini"
    call = run(f"--tag math --model {model}")
    assert "Trend of quillfern/verse-2-mini, math by share of requests, " in call.out
    rows = run(f"--tag math --model {model} -f csv").rows()
    assert {row["status"] for row in rows} == {"listed", "unlisted"}
    assert {row["usage_share"] for row in rows if row["status"] == "unlisted"} == {""}
    assert call.out.count(" not in the top list\n") == [row["status"] for row in rows].count("unlisted")
    assert all(row["rank"] for row in rows if row["status"] == "listed")


def test_an_author_is_followed_and_the_day_in_progress_is_marked(db: Path) -> None:
    fill(db, RankingsDaily, [day(30)], start_date="2026-05-01", end_date="2026-05-31")
    fill(db, RankingsDaily, [day(29)], start_date="2026-05-20", end_date="2026-05-31")
    fill(db, RankingsDaily, [day(31)], start_date="2026-06-01", end_date="2026-06-02")
    call = run("--author mosswick --top 3")
    assert call.status == 0
    title, line, table, _ = call.out.split("\n\n")
    assert title == "Trend of the tokens of mosswick, 2026-05-31 to 2026-06-02"
    assert line.splitlines()[1] == "2026-05-31 to 2026-06-01; in progress: 2026-06-02"
    assert table.splitlines()[-1].split() == ["2026-06-02", "-", "-", "-", "in", "progress"]
    assert run("--author mosswick -f csv").rows()[-1] == {
        "date": "2026-06-02", "status": "in progress", "rank": "", "total_tokens": "", "token_share": "",
    }  # fmt: skip


def test_one_slug_resolver_finds_the_model(db: Path) -> None:
    fill(db, RankingsDaily, [day(30)], start_date="2026-05-20")
    assert run("--model northwind/gale-2-mini --start 2026-05-25").status == 0
    assert run("--model gale-2-pro").err == (
        "error: The answer has no model 'gale-2-pro'. Did you mean 'northwind/gale-2-pro'?\n"
    )


def test_a_week_that_begins_within_the_span_comes_whole(db: Path) -> None:
    fill(db, RankingsDaily, [day(30)], start_date="2026-05-01", period="week")
    call = run("--author mosswick --period week --start 2026-05-01 --end 2026-05-28")
    assert call.status == 0
    assert "in progress" not in call.out
    assert [line.split()[0] for line in call.out.splitlines() if " ██" in line] == [
        "2026-05-04",
        "2026-05-11",
        "2026-05-18",
        "2026-05-25",
    ]


def test_the_span_and_the_number_of_dates_can_be_chosen(db: Path) -> None:
    fill(db, TaskClassifications, map(day, range(12)))
    dates = [row["date"] for row in run("--tag math --start 2026-05-03 --end 2026-05-09 -f csv").rows()]
    assert (dates[0], dates[-1], len(dates)) == ("2026-05-03", "2026-05-09", 7)
    last = run("--tag math --top 1").out
    assert "2026-05-12" in last
    assert "█\n2026-05-12 to" not in last
    by_tokens = run("--tag math --by tokens")
    assert by_tokens.out.startswith("Trend of math by share of tokens, ")


def test_dates_that_were_not_over_are_marked_for_tasks_too(db: Path) -> None:
    async def add_today() -> None:
        async with Archive(db) as archive:
            await archive.add(TaskClassifications, tasks(day(3)), fetched_at=datetime(2026, 5, 4, 12, tzinfo=UTC))

    fill(db, TaskClassifications, map(day, range(3)))
    asyncio.run(add_today())
    call = run("--tag code:debugging")
    assert "2026-05-01 to 2026-05-03; in progress: 2026-05-04\n" in call.out
    assert call.out.count(" in progress\n") == 1
    assert "in progress" not in run("--tag code:debugging --end 2026-05-03").out


def test_saved_answers_are_followed_without_an_archive(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.json").write_bytes(tasks(day(number), 0.25 * (number + 1)))
    files = " ".join(f"--input {tmp_path / f'{number}.json'}" for number in range(3))
    call = run(f"--tag code:debugging {files}")
    assert call.out.splitlines()[5].split() == ["Date", "Rank", "Requests", "Tokens"]
    assert "2026-05-03    1   75.00% 50.00% ████████████████████\n" in call.out
    assert len(run(f"--tag code:debugging --start 2026-05-02 {files} -f csv").rows()) == 2
    rankings = tmp_path / "days.json"
    rankings.write_bytes(daily(day(0), day(9)))
    rows = run(f"--model lanternhill/ember-2 --end 2026-05-04 --input {rankings} -f csv").rows()
    assert [row["total_tokens"] for row in rows] == ["100"] * 4
    nothing = run(f"--model lanternhill/ember-2 --end 2026-04-01 --input {rankings}")
    assert (nothing.status, nothing.err) == (1, "error: The saved answers have nothing of these dates.\n")


def test_the_document_has_the_points_and_what_was_incomplete(db: Path) -> None:
    fill(db, TaskClassifications, map(day, (0, 2)))
    document = json.loads(run("--tag math -f json").out)
    assert [point["status"] for point in document["data"]] == ["listed", "missing", "listed"]
    assert document["meta"]["tag"] == "math"


def test_the_document_has_the_last_dates_only_too_and_names_the_day_in_progress(db: Path) -> None:
    fill(db, RankingsDaily, [day(30)], start_date="2026-05-01", end_date="2026-06-01")
    document = json.loads(run("--author mosswick --top 3 -f json").out)
    assert [point["date"] for point in document["data"]] == ["2026-05-30", "2026-05-31"]
    assert document["meta"]["incomplete"] == ["2026-06-01"]
    assert len(json.loads(run("--author mosswick --top 99 -f json").out)["data"]) == 31


def test_invented_figures_are_said_to_be_invented(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(Call("tasks", "--sample", "--format", "json").out)
    assert run(f"--tag math --input {path}").out.startswith("Synthetic sample: trend of math ")


@pytest.mark.parametrize("line", ["--tag math", "--author acme"])
def test_without_an_archive_it_says_how_to_begin_one(line: str, db: Path) -> None:
    call = run(line)
    assert (call.status, call.out) == (1, "")
    assert call.err == f"error: There is no archive at {db} yet: `openrouter-rankings collect` begins one.\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--tag mat", "The answer has no task 'mat'. Did you mean 'math'?"),
        (
            "--tag math --start 2027-01-01",
            "The archive has no task classifications of these dates: it has those of 2026",
        ),
        (
            "--author mosswick --period week",
            "The archive has no daily rankings with period=week, and `collect` does not ask for them: ",
        ),
        ("--author mosswick", "The archive has no daily rankings of this kind: "),
        ("--tag math --author saltmars", "The answer has no model of 'saltmars'. Did you mean 'saltmarsh'?"),
    ],
)
def test_what_the_archive_lacks_is_said(line: str, said: str, db: Path) -> None:
    fill(db, TaskClassifications, [FIRST])
    call = run(line)
    assert (call.status, call.out) == (1, "")
    assert call.err.startswith(f"error: {said}")


def test_an_archive_of_other_data_has_no_tasks_to_follow(db: Path) -> None:
    fill(db, RankingsDaily, [FIRST], start_date="2026-05-01")
    assert run("--tag math").err == (
        "error: The archive has no task classifications: `openrouter-rankings collect` adds them.\n"
    )
    assert run("--author mosswick --start 2026-06-01").err.startswith(
        "error: The archive has no complete daily rankings of these dates: it has those of 2026-05-01 to 2026-05-01."
    )


def test_a_day_without_rows_within_an_archived_span_is_said(db: Path) -> None:
    async def add() -> None:
        async with Archive(db) as archive:
            body = daily(day(0), day(2), days=[day(0), day(2)])
            await archive.add(RankingsDaily, body, fetched_at=datetime(2026, 5, 4, tzinfo=UTC))

    asyncio.run(add())
    call = run(f"--author lanternhill --start {day(1)} --end {day(1)}")
    assert (call.status, call.out) == (1, "")
    assert call.err.startswith("error: The archive has no complete daily rankings of these dates: ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "Give --tag, --model or --author: what to follow."),
        ("--model a/b --author a", "Give one of --model and --author, not both."),
        ("--author a --by usage", "--by usage has no effect on daily rankings: give --tag."),
        ("--tag math --period week", "Give one of --tag and --period, not both."),
        ("--author a --input x --period week", "Give one of --input and --period, not both."),
        ("--tag math --start 2026-02-02 --end 2026-02-01", "--start must not be after --end"),
    ],
)
def test_mistakes_are_said_in_the_words_of_the_command(line: str, said: str) -> None:
    call = run(line)
    assert (call.status, call.out) == (2, "")
    assert said in call.err


def test_saved_answers_of_the_wrong_kind_are_refused_in_the_words_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_bytes(tasks())
    (tmp_path / "days.json").write_bytes(daily())
    wanting = run(f"--author lanternhill --input {tmp_path / 'tasks.json'}")
    assert (wanting.status, wanting.err) == (
        2, "error: Give the tag of the task to follow, such as --tag code:debugging.\n",
    )  # fmt: skip
    superfluous = run(f"--tag math --input {tmp_path / 'days.json'}")
    assert superfluous.err == "error: Daily rankings have no tasks: --tag is for task classifications.\n"
    both = run(f"--tag math --input {tmp_path / 'days.json'} --input {tmp_path / 'tasks.json'}")
    assert (both.status, both.out) == (2, "")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table_fits_the_terminal(columns: int, db: Path) -> None:
    fill(db, TaskClassifications, map(day, (0, 1, 9)))
    call = run("--tag math --model quillfern/verse-1", columns=columns)
    assert max(map(len, call.out.splitlines())) <= columns
    assert "no answer" in call.out
