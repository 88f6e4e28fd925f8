"""Charts from the command line: which are drawn, of what, and into which file."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Generator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from archived import DAY, ONE_DAY, daily, morning_after
from archived import tasks as tasks_of
from command_line import Call

from openrouter_rankings import RankingsDaily, TaskClassifications
from openrouter_rankings.cli import streams, terminal
from openrouter_rankings.cli.archive import archive_to_fill
from openrouter_rankings.cli.charts import KINDS
from openrouter_rankings.cli.program import COMMANDS
from openrouter_rankings.installing import install_command
from openrouter_rankings.render import charts
from openrouter_rankings.testing import EmulatedAPI, serve_in_thread

SAMPLE_DAY = date(2025, 12, 31)

NEEDED = {
    "task-models": ("--tag", "math"),
    "task-trend": ("--tag", "math", "--start", "4d"),
    "model-trend": ("--author", "ironbark"),
}


@pytest.fixture
def server() -> Generator[str]:
    with serve_in_thread(EmulatedAPI()) as base_url:
        yield base_url


class Drawing:
    """Stands in for a function of the charts: notes what it is to draw.

    Attributes:
        calls: the arguments of each call.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def __call__(self, *arguments: Any, **options: Any) -> bytes:
        self.calls.append((arguments, options))
        return b"a picture"


def replaced(name: str, monkeypatch: pytest.MonkeyPatch) -> Drawing:
    drawing = Drawing()
    monkeypatch.setattr(charts, name, drawing)
    return drawing


def fill(db: Path | str, data_set: type[Any], *bodies: bytes, until: date = DAY, synthetic: bool = False) -> None:
    """Archive answers that were fetched a day apart, the last one on the morning after ``until``."""

    async def add() -> None:
        async with archive_to_fill(str(db), synthetic=synthetic) as archive:
            for number, body in enumerate(reversed(bodies)):
                await archive.add(data_set, body, fetched_at=morning_after(until - number * ONE_DAY))

    asyncio.run(add())


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_of_the_sample(kind: str, tmp_path: Path) -> None:
    call = Call("chart", kind, *NEEDED.get(kind, ()), "--sample", "-o", str(tmp_path / "a.svg"), key="")
    assert (call.status, call.out, call.err) == (0, "", "")
    assert "Synthetic sample: invented vendors" in (tmp_path / "a.svg").read_text()


def test_the_form_is_that_of_the_suffix_unless_one_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = replaced("task_treemap", monkeypatch)
    for name, *options in (("a.PNG",), ("a.svg",), ("a", "--format", "svg"), ("a.svg", "--format", "png")):
        assert Call("chart", "task-treemap", "--sample", "-o", str(tmp_path / name), *options).status == 0
    assert [options["format"] for _, options in drawing.calls] == ["png", "svg", "svg", "png"]
    assert (tmp_path / "a.PNG").read_bytes() == b"a picture"


def test_the_options_reach_the_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = replaced("task_models", monkeypatch)
    Call(
        *("chart", "task-models", "--tag", "math", "--by", "tokens", "-n", "3", "--theme", "dark", "--sample"),
        *("-o", str(tmp_path / "a.png")),
    )
    ((answer,), options) = drawing.calls[0]
    assert answer.as_of == SAMPLE_DAY
    assert options == {
        "tag": "math",
        "by": "tokens",
        "top": 3,
        "theme": "dark",
        "format": "png",
        "synthetic": True,
    }


@pytest.mark.parametrize("output", [(), ("-o", "-")])
def test_a_picture_goes_to_a_pipe_byte_by_byte(output: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(charts, "task_treemap", lambda *_, **__: b"\x89PNG\r\n")
    monkeypatch.setattr(streams, "_checked_stdout", lambda: pipe)
    assert Call("chart", "task-treemap", "--sample", *output).status == 0
    assert pipe.buffer.getvalue() == b"\x89PNG\r\n"


def test_no_picture_goes_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "stdout_is_terminal", lambda: True)
    call = Call("chart", "task-treemap", "--sample", "-o", "-")
    assert call.status == 2
    assert "A terminal shows no pictures: give -o FILE, such as -o chart.png." in call.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "There are task-treemap, task-changes"),
        (("task-treepam",), '"task-treepam" is no chart. Did you mean "task-treemap"? There are task-treemap,'),
        (("task-treemap", "--tag", "math"), "--tag has no effect on task-treemap."),
        (("weekly-models", "--period", "week"), "--period has no effect on weekly-models."),
        (("task-models",), "task-models needs --tag."),
        (("model-trend",), "model-trend needs --model or --author."),
        (("author-shares", "-n", "7"), "--top can be 6 at most for author-shares, not 7."),
        (("task-treemap", "-o", "a.jpg"), "Give a name that ends in .png or .svg, or --format."),
        (("task-treemap", "-o", "nosuch/a.png"), "There is no folder nosuch."),
        (("task-treemap", "-q", "-v"), "Give one of --quiet and --verbose, not both."),
        (("weekly-models", "--start", "soon"), '"soon" is not a day'),
        (("task-trend", "--tag", "math", "--refresh"), "--refresh has no effect on what is drawn from the archive."),
        (("task-treemap", "--db", "a", "--sample"), "--sample has no effect on what is drawn from the archive."),
        (("weekly-models", "--input", "a", "--start", "7d"), "Give one of --input and --start, not both."),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_asked(
    arguments: tuple[str, ...], said: str, server: str
) -> None:
    call = Call("chart", *arguments)
    assert call.status == 2
    assert said in call.err


def test_without_matplotlib_nothing_is_asked_and_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    api = EmulatedAPI()
    with serve_in_thread(api) as base_url:
        call = Call("chart", "task-treemap", "--base-url", base_url, "-o", str(tmp_path / "a.png"))
    assert call.status == 2
    assert install_command("charts") in call.err
    assert api.requests == []


def test_quiet_leaves_out_the_warnings_of_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: object, **__: object) -> bytes:
        logging.getLogger("matplotlib").warning("Matplotlib has no cache folder.")
        return b"a picture"

    monkeypatch.setattr(charts, "task_treemap", drawn)
    treemap = ("chart", "task-treemap", "--sample", "-o", str(tmp_path / "a.png"))
    assert Call(*treemap).err == "Matplotlib has no cache folder.\n"
    assert Call(*treemap, "--quiet").err == ""


def test_a_failed_run_leaves_yesterdays_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"yesterday's")
    assert Call("chart", "task-models", "--tag", "mth", "--sample", "-o", str(path)).status == 1
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir() if each.is_file()] == [
        ("a.png", b"yesterday's")
    ]


def test_the_service_is_asked_as_any_command_asks_it(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = replaced("author_shares", monkeypatch)
    again = ("chart", "author-shares", "--period", "week", "--base-url", server, "-o", str(tmp_path / "a.png"))
    assert Call(*again).status == 0
    assert "From the cache: " in Call(*again, "--max-age", "1h").err
    ((answer,), options) = drawing.calls[0]
    assert (answer.period, options["synthetic"]) == ("week", True)
    first = answer.meta.start_date
    assert first.weekday() == 0
    assert timedelta(weeks=12) <= answer.meta.end_date + ONE_DAY - first <= timedelta(weeks=13)


def test_a_saved_answer_is_drawn_whatever_its_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = replaced("trend", monkeypatch)
    path = tmp_path / "a.json"
    path.write_bytes(daily(DAY, DAY + 2 * ONE_DAY, days=[DAY, DAY + 2 * ONE_DAY]))
    call = Call(
        "chart", "model-trend", "--model", "lanternhill/ember-2", "--input", str(path), "-o", str(tmp_path / "a.png")
    )
    assert (call.status, call.err) == (0, "")
    ((shares,), options) = drawing.calls[0]
    assert shares == {DAY: 100 / 107, DAY + ONE_DAY: None, DAY + 2 * ONE_DAY: 100 / 107}
    assert options["subject"] == "ember-2's share of tokens"
    assert (options["period"], options["synthetic"]) == ("day", False)
    assert options["citation"].startswith("Source: OpenRouter (openrouter.ai/rankings), as of 2026-06-20")


def test_a_task_is_followed_through_the_archive_with_its_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = replaced("trend", monkeypatch)
    fill(tmp_path / "db", TaskClassifications, tasks_of(DAY - 2 * ONE_DAY, 0.2), tasks_of(DAY, 0.4))
    span = ("--start", str(DAY - 9 * ONE_DAY), "--end", str(DAY))
    for also in ((), ("--author", "lanternhill", "--by", "tokens")):
        monkeypatch.setenv("OPENROUTER_RANKINGS_DB", str(tmp_path / "db"))
        call = Call("chart", "task-trend", "--tag", "code:debugging", *span, *also, "-o", str(tmp_path / "a.png"))
        assert (call.status, call.err) == (0, "")
    ((task,), of_task), ((author,), of_author) = drawing.calls
    assert task == {DAY - 2 * ONE_DAY: 0.2, DAY - ONE_DAY: None, DAY: 0.4}
    assert set(author.values()) == {0.5, None}
    assert of_task["subject"] == "Debugging's share of requests"
    assert of_author["subject"] == "lanternhill's share of tokens in Debugging"
    assert of_task["remarks"] == ("Each figure is of the 7 days to its date.",)
    assert of_task["citation"] == " ".join(
        f"Source: OpenRouter (openrouter.ai/rankings), as of {day}." for day in (DAY - 2 * ONE_DAY, DAY)
    )


def test_invented_figures_of_the_archive_are_not_cited_as_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, drawing = str(tmp_path / "db"), replaced("trend", monkeypatch)
    fill(db, TaskClassifications, tasks_of(DAY - ONE_DAY, synthetic=True), tasks_of(synthetic=True), synthetic=True)
    span = ("--start", str(DAY - ONE_DAY), "--end", str(DAY))
    output = ("-o", str(tmp_path / "a.png"))
    assert Call("chart", "task-trend", "--db", db, "--tag", "code:debugging", *span, *output).status == 0
    assert drawing.calls[0][1]["synthetic"] is True


def test_the_archive_is_drawn_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, output = tmp_path / "db", ("-o", str(tmp_path / "a.png"))
    fill(db, TaskClassifications, tasks_of())
    fill(db, RankingsDaily, daily(DAY - ONE_DAY, DAY))
    treemap, weeks = replaced("task_treemap", monkeypatch), replaced("weekly_models", monkeypatch)
    assert Call("chart", "task-treemap", "--db", str(db), *output, key="").status == 0
    span = ("--start", str(DAY - 9 * ONE_DAY))
    assert Call("chart", "weekly-models", "--db", str(db), *span, *output, key="").status == 0
    assert treemap.calls[0][0][0].as_of == DAY
    assert [row.date for row in weeks.calls[0][0][0].data if not row.is_other] == [DAY - ONE_DAY, DAY]


def test_what_the_archive_does_not_have_is_said(tmp_path: Path) -> None:
    db, output = tmp_path / "db", ("-o", str(tmp_path / "a.png"))
    treemap = ("chart", "task-treemap", "--db", str(db), *output)
    assert f"There is no archive at {db} yet" in Call(*treemap).err
    fill(db, RankingsDaily, daily())
    assert "The archive has no task classifications: `openrouter-rankings collect`" in Call(*treemap).err
    before = Call("chart", "weekly-models", "--db", str(db), "--start", "2026-01", "--end", "2026-01", *output)
    assert "The archive has no complete daily rankings of these dates: it has those of" in before.err
    fill(db, TaskClassifications, tasks_of())
    unknown = Call("chart", "task-trend", "--db", str(db), "--tag", "code:debuging", "--start", str(DAY), *output)
    assert (unknown.status, "Did you mean 'code:debugging'?" in unknown.err) == (1, True)
    later = Call("chart", "task-trend", "--db", str(db), "--tag", "code:debugging", "--start", "2026-07", *output)
    assert "The archive has no task classifications of these dates:" in later.err


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (("--start", "2024-01-01"), "The sample goes back 366 days, and 2024-01-01 is before that."),
        (("--start", "2026-01-01", "--end", "2026-01-01"), "The sample has no tasks in this span."),
    ],
)
def test_the_sample_has_a_year_of_tasks(span: tuple[str, ...], said: str) -> None:
    call = Call("chart", "task-trend", "--tag", "math", "--sample", *span)
    assert (call.status, said in call.err) == (1, True)


@pytest.mark.parametrize(
    "kind",
    [("task-trend", "--tag", "math", "--sample"), ("weekly-models", "--sample"), ("weekly-models", "--db", "db")],
)
def test_a_span_that_ends_before_it_starts_is_refused(kind: tuple[str, ...]) -> None:
    call = Call("chart", *kind, "--start", "2025-12-31", "--end", "2025-12-01", "-f", "svg")
    assert (call.status, call.out) == (2, "")
    assert "--start must not be after --end" in " ".join(call.err.split())


def test_the_sample_ends_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = replaced("trend", monkeypatch)
    span = ("--start", "2025-12-29", "--end", "2025-12-30")
    assert Call("chart", "task-trend", "--tag", "math", "--sample", *span).status == 0
    assert list(drawing.calls[0][0][0]) == [date(2025, 12, 29), date(2025, 12, 30)]


def changes(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[Any, Call]:
    """What the tasks are compared with, and the call."""
    drawing = replaced("task_changes", monkeypatch)
    call = Call("chart", "task-changes", *arguments)
    assert call.status == 0
    return drawing.calls[0][0][1], call


def saved(path: Path, body: bytes) -> str:
    path.write_bytes(body)
    return str(path)


def test_tasks_are_compared_with_those_of_four_weeks_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, newest = str(tmp_path / "db"), ("--input", saved(tmp_path / "a", tasks_of()))
    days = [DAY - days * ONE_DAY for days in (60, 30, 7, 0)]
    fill(db, TaskClassifications, *map(tasks_of, days))
    monkeypatch.setenv("OPENROUTER_RANKINGS_DB", db)
    earlier, call = changes(monkeypatch, *newest)
    assert (earlier.as_of, call.err) == (DAY - 30 * ONE_DAY, "")
    given = saved(tmp_path / "b", tasks_of(DAY - 9 * ONE_DAY))
    assert changes(monkeypatch, *newest, "--earlier", given)[0].as_of == DAY - 9 * ONE_DAY
    assert changes(monkeypatch, "--sample")[0].as_of == SAMPLE_DAY - 28 * ONE_DAY


def test_without_earlier_tasks_there_are_no_changes_and_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = "There is no earlier answer to compare with"
    earlier, call = changes(monkeypatch, "--input", saved(tmp_path / "a", tasks_of()))
    assert (earlier, note in call.err) == (None, True)
    db = str(tmp_path / "db")
    fill(db, TaskClassifications, tasks_of(DAY - 28 * ONE_DAY))
    monkeypatch.setenv("OPENROUTER_RANKINGS_DB", db)
    # Those of the archive are measured, and no match for invented ones.
    invented = saved(tmp_path / "b", json.dumps(json.loads(tasks_of()) | {"synthetic": True}).encode())
    earlier, call = changes(monkeypatch, "--input", invented)
    assert (earlier, note in call.err) == (None, True)


def test_the_help_and_the_manual_page_list_the_kinds() -> None:
    shown, manual = Call("chart", "--help").out, Call("man").out
    for kind in KINDS:
        assert f"\n  {kind} " in shown
        assert f"\n{kind.replace('-', chr(92) + '-')} " in manual


def test_a_command_with_a_typo_is_known() -> None:
    call = Call("chrat")
    assert call.status == 2
    assert 'There is no command "chrat". Did you mean "chart"?' in call.err
    assert "chart" in COMMANDS
