import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.render.listing import printable
from openrouter_rankings.render.monospace import clipped, left_to_right, width, wrapped

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" /:_-千\u0301א"), max_size=120).map(
    printable
)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("千问", 4), ("e\u0301", 1), ("\uff21", 2), ("😀", 2), ("é", 1), ("a\u20dd", 1)],
)
def test_wide_letters_take_two_columns_and_combining_marks_none(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("abcd", 4, "abcd"),
        ("abcde", 4, "abc…"),
        ("千问千", 6, "千问千"),
        ("千问千", 5, "千问…"),
        ("千问千", 4, "千…"),
        ("a" + "\u0301" * 9, 2, "a" + "\u0301" * 2 + "…"),
    ],
)
def test_what_does_not_fit_is_cut_off_and_shows_as_an_ellipsis(text: str, columns: int, shown: str) -> None:
    assert clipped(text, columns) == shown


@given(texts, st.integers(2, 40))
def test_a_clipped_text_has_no_more_columns_than_asked_for_and_few_code_points(text: str, columns: int) -> None:
    shown = clipped(text, columns)
    assert width(shown) <= columns
    assert len(shown) <= 2 * columns
    assert shown == text or (shown[-1] == "…" and text.startswith(shown[:-1]))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("Multi-step Planning", ["Multi-step", "Planning"]),
        ("saltmarsh/heron-2-vision:free", ["saltmarsh/", "heron-2-", "vision:", "free"]),
        ("SQL (a:sql)", ["SQL", "(a:sql)"]),
        ("unbreakableword", ["unbreakabl", "eword"]),
        ("exactly te n", ["exactly te", "n"]),
        ("千千千千千千", ["千千千千千", "千"]),
    ],
)
def test_a_line_ends_at_a_space_or_after_punctuation_where_it_can(text: str, lines: list[str]) -> None:
    assert wrapped(text, 10) == lines


@given(texts, st.integers(2, 40))
def test_wrapping_loses_nothing_but_spaces_at_the_ends_of_lines(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(texts.filter(bool))
def test_wrapping_takes_at_most_twice_the_lines_that_full_ones_would_be(text: str) -> None:
    lines = wrapped(text, 16)
    assert len(lines) <= 2 * (width(text) // 15 + 1)


def test_right_to_left_letters_cannot_reorder_the_figures_beside_them() -> None:
    assert left_to_right("heron 模型") == "heron 模型"
    for text in ("שלום/3", "سلام", "\u0660"):
        assert left_to_right(text) == f"\u200e{text}\u200e"
        assert unicodedata.bidirectional(left_to_right(text)[0]) == "L"
