"""The column of change: from the archive or, of daily rankings, from the answer itself."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from command_line import Call
from past_answers import MeasuredAPI, fill, morning_of

from openrouter_rankings import AppRankings, RankingsDaily, TaskClassifications
from openrouter_rankings.testing import serve_in_thread

YESTERDAY = date(2026, 5, 30)
BEFORE = date(2026, 5, 2)


@pytest.fixture
def api() -> MeasuredAPI:
    return MeasuredAPI(morning_of(YESTERDAY + timedelta(days=1)))


@pytest.fixture
def server(api: MeasuredAPI) -> Iterator[str]:
    with serve_in_thread(api) as base_url:
        yield base_url


def headings(call: Call) -> list[str]:
    return call.out.split("\n\n")[1].splitlines()[0].split()


def test_tasks_have_the_change_of_their_shares_since_four_weeks_ago(db: Path, server: str) -> None:
    fill(db, TaskClassifications, [BEFORE - timedelta(days=3), BEFORE, BEFORE + timedelta(days=4)])
    call = Call("tasks", "--base-url", server)
    assert (call.status, call.err, headings(call)) == (
        0,
        "",
        ["#", "Task", "Requests", "Tokens", "Change", "Top", "model"],
    )
    assert "\nChange: percentage points of the share of requests, 2026-05-24 to 2026-05-30\n" in call.out
    assert "against 2026-04-26 to 2026-05-02.\n" in call.out
    rows = Call("tasks", "--base-url", server, "--format", "csv").rows()
    changes = [float(row["change"]) for row in rows]
    assert sum(changes) == pytest.approx(0, abs=1e-9)
    assert {row["change_since"] for row in rows} == {str(BEFORE)}
    assert f"{changes[0] * 100:+.1f}" in call.out.splitlines()[4]


def test_models_within_tasks_have_their_change_and_new_ones_are_new(db: Path, server: str) -> None:
    fill(db, TaskClassifications, [BEFORE])
    call = Call("tasks", "--tag", "math", "--by", "tokens", "--base-url", server)
    assert headings(call) == ["#", "Requests", "Tokens", "Change", "Model"]
    rows = Call("tasks", "--models", "--base-url", server, "--format", "csv").rows()
    words = {row["change_status"] for row in rows}
    assert words == {"stayed", "entered"}
    assert all((row["change"] == "") is (row["change_status"] == "entered") for row in rows)
    table = Call("tasks", "--models", "--base-url", server, columns=120).out
    assert table.count(" new ") >= [row["change_status"] for row in rows].count("entered")
    assert "\nnew: not in the top list then, which is not zero.\n" in table


def test_models_have_their_change_from_the_answer_itself_where_it_goes_back_so_far(server: str) -> None:
    call = Call("models", "--base-url", server, "--top", "3")
    assert headings(call) == ["#", "Tokens", "Share", "Dates", "Change", "Trend", "Model"]
    assert "2026-05-24 to 2026-05-30\nagainst 2026-04-30 to 2026-05-06." in call.out


def test_models_and_authors_of_a_short_span_have_their_change_from_the_archive(db: Path, server: str) -> None:
    short = ("--base-url", server, "--start", "2026-05-24")
    assert "Change" not in headings(Call("models", *short))
    fill(db, RankingsDaily, [YESTERDAY], start_date="2026-03-20")
    for command in (("models",), ("models", "--merge-variants"), ("authors",)):
        call = Call(*command, *short)
        assert "Change" in headings(call), command
        assert "against 2026-04-26 to 2026-05-02." in " ".join(call.out.split())


def test_figures_that_were_asked_for_otherwise_are_no_earlier_ones(db: Path, server: str) -> None:
    fill(db, RankingsDaily, [YESTERDAY], start_date="2026-03-20")
    assert "Change" not in headings(Call("models", "--base-url", server, "--start", "2026-05-24", "--modality", "text"))


def test_estimates_are_compared_with_estimates(db: Path, server: str) -> None:
    short = ("models", "--base-url", server, "--start", "2026-05-11", "--category", "legal")
    assert "Change" not in headings(Call(*short))
    fill(db, RankingsDaily, [YESTERDAY], start_date="2026-03-02", category="legal")
    assert "Change" in headings(Call(*short))


def test_apps_have_the_change_of_their_tokens_also_on_the_second_page(db: Path, server: str) -> None:
    fill(db, AppRankings, [BEFORE], limit=100)
    first = Call("apps", "--base-url", server, "--format", "csv", "--top", "150").rows()
    fill(db, AppRankings, [BEFORE], limit=100, offset=100)
    both = Call("apps", "--base-url", server, "--format", "csv", "--top", "150").rows()
    known = [len([row for row in rows if row["change"]]) for rows in (first, both)]
    assert known[0] < known[1] <= 150
    call = Call("apps", "--base-url", server, "--top", "5")
    assert headings(call) == ["#", "Tokens", "Change", "Requests", "App"]
    spans = "2026-04-30 to 2026-05-30 against 2026-04-02 to 2026-05-02, with 3 days in both."
    assert f"Change: of the tokens, in percent, {spans}" in " ".join(call.out.split())
    assert "%" in call.out.splitlines()[4]


def test_a_second_page_of_another_span_is_left_out(db: Path, server: str) -> None:
    fill(db, AppRankings, [BEFORE], limit=100)
    fill(db, AppRankings, [BEFORE], limit=100, offset=100, start_date="2026-04-20")
    rows = Call("apps", "--base-url", server, "--format", "csv", "--top", "150").rows()
    assert {row["change_status"] for row in rows[110:]} == {"entered"}


@pytest.mark.parametrize("span", [("--start", "2026-05-20"), ("--end", "2026-05-31")])
def test_apps_of_another_number_of_days_or_of_today_have_no_change(
    span: tuple[str, str], db: Path, server: str
) -> None:
    fill(db, AppRankings, [BEFORE], limit=100)
    call = Call("apps", "--base-url", server, *span)
    assert (call.status, "Change" in headings(call)) == (0, False)


def test_the_document_reads_back_and_has_the_changes_beside_the_answer(db: Path, server: str) -> None:
    fill(db, TaskClassifications, [BEFORE])
    text = Call("tasks", "--base-url", server, "--format", "json", "--top", "2").out
    document = json.loads(text)
    assert document["change_since"] == "2026-05-02"
    assert [each["tag"] for each in document["changes"]] == [
        task["tag"] for task in document["data"]["classifications"]
    ]
    assert Call("tasks", "--input", "-", stdin=text).out == Call("tasks", "--base-url", server, "--top", "2").out


def test_without_earlier_figures_there_is_no_column(db: Path, server: str) -> None:
    assert "Change" not in headings(Call("tasks", "--base-url", server))
    fill(db, TaskClassifications, [YESTERDAY - timedelta(days=20), YESTERDAY - timedelta(days=36)])
    fill(db, AppRankings, [YESTERDAY], limit=100)
    assert "Change" not in headings(Call("tasks", "--base-url", server))
    assert "Change" not in headings(Call("apps", "--base-url", server))


def test_invented_figures_are_not_compared_with_measured_ones(db: Path) -> None:
    fill(db, TaskClassifications, [date(2025, 12, 3)])
    document = json.loads(Call("tasks", "--sample", "--format", "json").out)
    for marked in (True, False):
        call = Call("tasks", "--input", "-", stdin=json.dumps(document | {"synthetic": marked}))
        assert ("Change" in headings(call)) is not marked
    assert "Change" not in headings(Call("tasks", "--sample"))


def test_windows_of_other_lengths_are_not_compared(db: Path) -> None:
    fill(db, TaskClassifications, [date(2025, 12, 3)])
    document = json.loads(Call("tasks", "--sample", "--format", "json").out) | {"synthetic": False}
    document["data"]["window_days"] = 30
    assert "Change" not in headings(Call("tasks", "--input", "-", stdin=json.dumps(document)))


def test_an_archive_that_cannot_be_read_is_reported_and_done_without(db: Path, server: str) -> None:
    db.write_bytes(b"no archive" * 1000)
    call = Call("tasks", "--base-url", server)
    assert (call.status, "Change" in headings(call)) == (0, False)
    assert call.err.startswith("No changes are shown. ")
    connection = sqlite3.connect(db.with_name("other.sqlite3"))
    connection.execute("CREATE TABLE other (name)")
    connection.close()
    call = Call("tasks", "--base-url", server, "--db", str(db.with_name("other.sqlite3")))
    assert call.err.startswith("From the cache: ")
    assert "No changes are shown. " in call.err


def test_a_location_that_is_none_is_done_without(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call("tasks", "--base-url", server, "--db", "mysql://localhost/rankings")
    assert (call.status, call.err) == (
        0,
        "No changes are shown. The location of an archive is a path or a postgresql:// URL, not mysql://.\n",
    )
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("~/nowhere"))
    assert Call("tasks", "--base-url", server, "--quiet").status == 0


def test_rows_of_unknown_length_have_no_change(tmp_path: Path) -> None:
    document = json.loads(Call("models", "--sample", "--format", "json").out) | {"period": "fortnight"}
    call = Call("models", "--input", "-", stdin=json.dumps(document))
    assert (call.status, "Change" in headings(call)) == (0, False)


def test_an_answer_without_complete_days_has_no_change() -> None:
    document = json.loads(Call("models", "--sample", "--format", "json").out) | {"data": []}
    assert "Change" not in headings(Call("models", "--input", "-", stdin=json.dumps(document)))


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", ["tasks", "models", "apps", "authors"])
def test_a_table_with_the_column_fits_the_terminal(command: str, columns: int, db: Path, server: str) -> None:
    fill(db, TaskClassifications, [BEFORE])
    fill(db, AppRankings, [BEFORE], limit=100)
    call = Call(command, "--base-url", server, columns=columns)
    assert max(map(len, call.out.splitlines())) <= columns
    assert "Change" in headings(call)


def test_no_models_name_is_shortened_in_sixty_columns(server: str) -> None:
    few, all_of_them = (
        Call("models", "--base-url", server, "--start", "2026-03-30", *top, columns=60) for top in (("-n", "8"), ())
    )
    assert headings(few) == ["#", "Tokens", "Change", "Model"]
    assert headings(all_of_them)[-2:] == ["Change", "Model"]
    assert "\N{HORIZONTAL ELLIPSIS}" not in few.out + all_of_them.out
