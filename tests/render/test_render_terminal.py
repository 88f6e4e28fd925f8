from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.render.listing import Column, Sheet
from openrouter_rankings.render.monospace import width
from openrouter_rankings.render.terminal import Span, bar, lines, plain_text, sparkline

SHARES = ((0.226,), (0.113,))
COLUMNS = (
    Column("#", right=True),
    Column("Task"),
    Column("Tag", spare=2, grouped=True),
    Column("Macro", spare=1, grouped=True),
    Column("Requests", right=True),
    Column("", spare=3, drawn=SHARES),
    Column("Top model"),
)
MODEL = "northwind/gale-with-a-long-name-20260102"
ROWS = (
    ("1", "Multi-step Planning", "agent:multi_step_planning", "agent", "22.6%", "", MODEL),
    ("2", "Math", "math", "general", "11.3%", "", "saltmarsh/heron"),
)
PAGE = Sheet("Tasks by share of requests", COLUMNS, ROWS, ("Source: a test.",), ("agent", "general"))


def shown(sheet: Sheet, columns: int | None, *, blocks: bool = True) -> list[str]:
    return plain_text(lines(sheet, columns, blocks=blocks)).splitlines()


def test_a_wide_terminal_shows_every_column_in_full_and_a_long_bar() -> None:
    assert shown(PAGE, 160) == [
        "Tasks by share of requests",
        "",
        "# Task                Tag                       Macro   Requests                      Top model",
        "-" * 126,
        f"1 Multi-step Planning agent:multi_step_planning agent      22.6% {'█' * 20} {MODEL}",
        f"2 Math                math                      general    11.3% {'█' * 10}           saltmarsh/heron",
        "",
        "Source: a test.",
    ]


@pytest.mark.parametrize(
    ("columns", "headings"),
    [
        (112, ["#", "Task", "Tag", "Macro", "Requests", "Top", "model"]),
        (104, ["#", "Task", "Tag", "Requests", "Top", "model"]),
        (80, ["#", "Task", "Requests", "Top", "model"]),
    ],
)
def test_columns_are_given_up_in_their_order_before_a_name_is_shortened(columns: int, headings: list[str]) -> None:
    table = shown(PAGE, columns)
    assert table[2].split() == headings
    assert table[4].endswith(MODEL)


def test_a_bar_that_has_no_room_is_given_up_before_a_name_is_shortened() -> None:
    assert "█" in shown(PAGE, 79)[4]
    assert "█" not in shown(PAGE, 72)[4]
    assert shown(PAGE, 72)[4].endswith(MODEL)


def test_the_name_in_the_last_column_is_the_last_thing_to_be_shortened() -> None:
    narrow = shown(PAGE, 64)[4]
    assert narrow.endswith(MODEL)
    assert "…" in narrow
    assert shown(PAGE, 50)[4].endswith("…")


def test_without_a_width_everything_is_shown_in_full_and_notes_are_not_wrapped() -> None:
    note = "A note of many words. " * 20
    assert shown(Sheet("T", COLUMNS, ROWS, (note.strip(),)), None)[-1] == note.strip()
    assert MODEL in shown(PAGE, None)[4]


def test_long_titles_and_notes_are_wrapped_between_words() -> None:
    sheet = Sheet("Tasks by share of requests", COLUMNS, (), ("Source: a page (a.example/with-a-name), as of today.",))
    assert shown(sheet, 20)[:2] == ["Tasks by share of", "requests"]
    assert shown(sheet, 40)[-2:] == ["Source: a page (a.example/with-a-name),", "as of today."]


def test_a_table_without_rows_has_its_headings() -> None:
    empty = (*COLUMNS[:5], Column("", spare=3, drawn=()), COLUMNS[6])
    assert shown(Sheet("T", empty, (), ()), 80)[2] == "# Task Tag Macro Requests Top model"


def test_decimal_points_stand_under_each_other() -> None:
    columns = (Column("Cost", right=True), Column("Model"))
    rows = (("1,204", "a"), ("0.5", "b"), ("-", "c"), ("12.125", "d"))
    assert shown(Sheet("T", columns, rows, ()), 80)[2:8] == [
        "     Cost Model",
        "---------------",
        "1,204     a",
        "    0.5   b",
        "    -     c",
        "   12.125 d",
    ]


def test_columns_of_one_rank_are_given_up_together() -> None:
    columns = (Column("In", right=True, spare=1), Column("Out", right=True, spare=1), Column("Tag"), Column("Model"))
    assert shown(Sheet("T", columns, (("1", "2", "t" * 38, MODEL),), ()), 80)[2].split() == ["Tag", "Model"]


def test_a_wide_letter_takes_two_columns() -> None:
    columns = (Column("App"), Column("Model"))
    table = shown(Sheet("T", columns, (("日本", "a"), ("abcd", "b")), ()), 80)
    assert table[4:6] == ["日本 a", "abcd b"]


def test_styles_name_the_title_the_headings_the_notes_and_the_groups() -> None:
    rendered = list(lines(PAGE, 160))
    assert rendered[0] == (Span("Tasks by share of requests", "title"),)
    assert Span("Top model", "heading") in rendered[2]
    assert Span("agent", "group:agent") in rendered[4]
    assert Span("math", "group:general") in rendered[5]
    assert rendered[-1] == (Span("Source: a test.", "note"),)


TRENDS = Sheet("T", (Column("Trend", drawn=((1, None, 8), (None, 4, 2))), Column("Model")), (("", "a"), ("", "b")), ())


def test_a_sparkline_shows_gaps_as_gaps() -> None:
    assert shown(TRENDS, 80)[2:6] == ["Trend  Model", "------------", "▁ ▇    a", " ▇▁    b"]


def test_output_without_block_elements_has_bars_of_ascii_and_no_sparklines() -> None:
    assert shown(PAGE, 160, blocks=False)[4].count("#") == 20
    assert shown(TRENDS, 80, blocks=False)[2] == "Model"


@pytest.mark.parametrize(("fraction", "drawn"), [(0.0, ""), (0.001, "▏"), (0.5, "██"), (0.53, "██▏"), (1.0, "████")])
def test_a_bar_is_exact_to_an_eighth_and_shows_any_value_above_0(fraction: float, drawn: str) -> None:
    assert bar(fraction, 4) == drawn


def test_a_bar_of_ascii_shows_any_value_above_0() -> None:
    assert [bar(fraction, 4, blocks=False) for fraction in (0.0, 0.001, 1.0)] == ["", "#", "####"]


def test_a_sparkline_begins_at_the_least_value_if_that_is_under_half_of_the_greatest() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 9) == "▁▂▃▄▅▆▇▇"
    assert sparkline([0, 0], 9) == "▁▁"


def test_a_small_change_looks_small_in_a_sparkline() -> None:
    assert sparkline([90, 100, 95, 50], 9) == "▆▇▇▁"
    assert sparkline([], 9) == ""


def test_a_sparkline_without_room_for_each_value_shows_means() -> None:
    assert sparkline([8, None, 6, 6, None, None], 3) == "▇▄ "


TEXT = st.text(st.characters(exclude_categories=("C", "Z", "M")), max_size=60)


@settings(max_examples=examples(50))
@given(
    rows=st.lists(st.tuples(*[TEXT] * 6, st.lists(st.none() | st.floats(0, 1e12), max_size=40)), max_size=5),
    columns=st.integers(40, 200),
)
def test_a_row_is_one_line_within_the_width(rows: list[tuple[Any, ...]], columns: int) -> None:
    drawn = tuple(tuple(row[6]) for row in rows)
    headings = (*COLUMNS[:5], Column("", spare=3, drawn=drawn), COLUMNS[6])
    cells = tuple((*row[:5], "", row[5]) for row in rows)
    rendered = list(lines(Sheet("T", headings, cells, ("N",)), columns))
    assert len(rendered) == 2 + 2 + len(rows) + 2
    assert max(sum(width(span.text) for span in line) for line in rendered) <= columns
