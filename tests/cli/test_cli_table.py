from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from openrouter_rankings.cli.table import table
from openrouter_rankings.render.listing import Column, Sheet

COLUMNS = (
    Column("#", right=True),
    Column("Task", spare=2),
    Column("Tag"),
    Column("Macro", spare=1),
    Column("Requests", right=True),
    Column("Top model"),
)
MODEL = "northwind/gale-with-a-long-name-20260102"


def page(*rows: tuple[str, ...]) -> Sheet:
    return Sheet("Tasks by share of requests", COLUMNS, rows, ("Source: a test.",))


ROW = ("1", "Multi-step Planning", "agent:multi_step_planning", "agent", "22.6%", MODEL)


def test_a_wide_terminal_shows_every_column_in_full() -> None:
    assert table(page(ROW), 140) == (
        "Tasks by share of requests\n"
        "\n"
        "# Task                Tag                       Macro Requests Top model\n"
        f"{'-' * 103}\n"
        f"1 Multi-step Planning agent:multi_step_planning agent    22.6% {MODEL}\n"
        "\n"
        "Source: a test.\n"
    )


def test_without_room_for_the_models_the_macro_category_is_given_up_first() -> None:
    lines = table(page(ROW), 86).splitlines()
    assert lines[2] == "# Task                Tag                       Requests Top model"
    assert lines[4] == "1 Multi-step Planning agent:multi_step_planning    22.6% northwind/gale-with-a-long-n…"


def test_at_80_columns_the_tag_stays_and_the_model_has_what_is_left() -> None:
    row = table(page(ROW), 80).splitlines()[4]
    assert row == f"1 agent:multi_step_planning    22.6% {MODEL}"


def test_a_long_title_is_broken_at_the_width() -> None:
    assert table(page(ROW), 20).splitlines()[:2] == ["Tasks by share of", "requests"]


def test_a_table_without_rows_has_its_heading() -> None:
    assert "# Task Tag Macro Requests Top model" in table(page(), 80)


def test_text_in_brackets_is_no_markup() -> None:
    assert "[bold]x[/bold]" in table(page(("1", "a", "[bold]x[/bold]", "b", "c", "d")), 80)


TEXT = st.text(st.characters(exclude_categories=("C", "Z")), max_size=60)


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(*[TEXT] * 6), max_size=5), width=st.integers(20, 160))
def test_a_row_is_one_line_within_the_width(rows: list[tuple[str, ...]], width: int) -> None:
    text = table(Sheet("T", COLUMNS, tuple(rows), ("N",)), width)
    lines = text.split("\n")
    assert len(lines) == 2 + 2 + len(rows) + 3
    assert max(map(cell_len, lines)) <= width


def test_decimal_points_stand_under_each_other() -> None:
    columns = (Column("Cost", right=True), Column("Model"))
    rows = (("1,204", "a"), ("0.5", "b"), ("-", "c"), ("12.125", "d"))
    lines = table(Sheet("T", columns, rows, ()), 80).splitlines()
    assert lines[2:8] == [
        "     Cost Model",
        "---------------",
        "1,204     a",
        "    0.5   b",
        "    -     c",
        "   12.125 d",
    ]


def test_columns_of_one_place_are_given_up_together() -> None:
    columns = (Column("In", right=True, spare=1), Column("Out", right=True, spare=1), Column("Tag"), Column("Model"))
    rows = (("1", "2", "t" * 48, MODEL),)
    assert table(Sheet("T", columns, rows, ()), 80).splitlines()[2].split() == ["Tag", "Model"]


def test_a_long_note_is_broken_between_words() -> None:
    sheet = Sheet("T", COLUMNS, (), ("Source: a page (a.example/with-a-name), as of 2026-01-01.",))
    assert table(sheet, 40).endswith("\nSource: a page (a.example/with-a-name),\nas of 2026-01-01.\n")
