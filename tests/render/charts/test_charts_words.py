import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib")

from pictures import NASTY_NAMES

from openrouter_rankings.render.charts.ink import has_glyph, text_extent
from openrouter_rankings.render.charts.words import (
    ABOVE,
    LINE,
    SMALLEST,
    day,
    drawable,
    leading_title,
    model_name,
    percent,
    quantity,
    shorten,
    text_width,
    whole,
    wrap,
    written,
)

any_text = st.text(max_size=80) | st.sampled_from(NASTY_NAMES)
widths = st.floats(0, 900)


@given(any_text)
def test_a_drawable_text_has_glyphs_only_and_is_no_taller_than_a_line(text: str) -> None:
    line = drawable(text)
    assert all(has_glyph(letter) and not unicodedata.combining(letter) for letter in line)
    for size in (SMALLEST, 36):
        _, above, below = text_extent(line or " ", size, bold=True)
        assert above <= ABOVE * size + 1e-9
        assert below <= (LINE - ABOVE) * size + 1e-9


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Q&A & Knowledge", "Q&A & Knowledge"),
        ("  two\n lines\t", "two lines"),
        ("price in $ and $", "price in $ and $"),
        ("Zażółć gęślą jaźń, Ångström, Пример", "Zażółć gęślą jaźń, Ångström, Пример"),
        ("e\u0301", "é"),
        ("x\u0335\u0335\u0335", "x"),
        ("\u65e5\u672c", "\ufffd\ufffd"),
        ("\U0001f980", "\ufffd"),
        ("\x00\ud800\u202e", "\ufffd\ufffd\ufffd"),
        # Two marks above a capital letter would reach into the line above.
        ("\u01d5", "U"),
        ("code:general_impl", "code:general_impl"),
    ],
)
def test_a_text_keeps_what_the_font_can_draw_on_one_line(text: str, line: str) -> None:
    assert drawable(text) == line


def test_an_endless_text_is_cut_before_it_costs_anything() -> None:
    assert drawable("a" * 10**7) == "a" * 400


@given(any_text.map(drawable), widths)
def test_a_shortened_text_fits_and_is_the_beginning(text: str, width: float) -> None:
    short = shorten(text, width, SMALLEST)
    assert short == "" or text_width(short, SMALLEST) <= width
    assert short == text or short == "" or text.startswith(short[:-1])


def test_a_text_is_shortened_as_little_as_possible() -> None:
    text = "deepwater/heron-2-mini"
    whole = text_width(text, SMALLEST)
    assert shorten(text, whole, SMALLEST) == text
    short = shorten(text, whole - 1, SMALLEST)
    assert short.endswith("…")
    assert text_width(text[: len(short)] + "…", SMALLEST) > whole - 1
    assert shorten(text, 0, SMALLEST) == ""


@given(any_text.map(drawable), widths, st.integers(1, 4))
def test_wrapped_lines_fit_and_are_not_too_many(text: str, width: float, most: int) -> None:
    lines = wrap(text, width, SMALLEST, most=most)
    assert len(lines) <= most
    assert all(line == line.rstrip() and text_width(line, SMALLEST) <= width for line in lines)


@given(any_text.map(drawable), st.integers(1, 4))
def test_a_text_that_has_room_is_one_line(text: str, most: int) -> None:
    lines = wrap(text, 10**6, SMALLEST, most=most)
    assert lines == ([text] if text else [])
    assert whole(text, 10**6, SMALLEST, most=most) == lines


def test_a_text_is_broken_after_spaces_and_the_punctuation_of_slugs() -> None:
    width = text_width("deepwater/heron-", SMALLEST)
    assert wrap("deepwater/heron-2-mini", width, SMALLEST, most=2) == ["deepwater/heron-", "2-mini"]
    assert wrap("Customer Support", text_width("Customer", SMALLEST), SMALLEST, most=2) == ["Customer", "Support"]


def test_the_last_line_is_shortened_unless_the_text_is_wanted_whole() -> None:
    width = text_width("Customer", SMALLEST)
    assert wrap("Customer Support Desk", width, SMALLEST, most=2) == ["Customer", "Suppor…"]
    assert whole("Customer Support Desk", width, SMALLEST, most=2) == []
    assert whole("Customer Support Desk", width, SMALLEST, most=3) == ["Customer", "Support", "Desk"]
    assert wrap("Incomprehensibilities", width, SMALLEST, most=3) == ["Incomp…"]


@pytest.mark.parametrize(
    ("share", "text"), [(0.226, "22.6%"), (1, "100.0%"), (0.0005, "0.1%"), (0.0004, "<0.1%"), (0, "0.0%")]
)
def test_a_share_in_percent_has_one_decimal(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (0.314159, "0.31"),
        (3.14159, "3.1"),
        (99.94, "99.9"),
        (999, "999"),
        (999.4, "999"),
        (999.6, "1K"),
        (1_234, "1.2K"),
        (45_600_000, "45.6M"),
        (999_960_000, "1B"),
        (1_234_000_000_000, "1.2T"),
        (5e15, "5000T"),
        (-1_500, "\u22121.5K"),
    ],
)
def test_a_quantity_has_three_digits_at_most(number: float, text: str) -> None:
    assert quantity(number) == text


def test_a_figure_is_written_in_percent_or_as_a_quantity() -> None:
    assert written(-0.0123, percent=True) == "\u22121.2%"
    assert written(0.5, percent=False) == "0.5"


@pytest.mark.parametrize(
    ("ranked", "title"),
    [
        ([("A", 0.226), ("B", 0.2)], "A leads with 23% of requests"),
        ([("A", 0.0994)], "A leads with 9.9% of requests"),
        ([("A", 0.0995)], "A leads with 10% of requests"),
        ([("A", 0.3), ("B", 0.3), ("C", 0.3)], "A and B lead with 30% of requests each"),
    ],
)
def test_a_title_says_who_leads(ranked: list[tuple[str, float]], title: str) -> None:
    assert leading_title(ranked, "requests") == title


def test_names_and_days_are_as_people_write_them() -> None:
    assert model_name("saltmarsh/heron-1") == "heron-1"
    assert model_name("heron-1") == "heron-1"
    assert day(date(2026, 9, 6)) == "6 Sep 2026"


def test_spaces_at_the_end_need_no_room() -> None:
    room = text_width("abc", SMALLEST)
    assert text_width("abc   ", SMALLEST) > room
    assert wrap("abc   ", room, SMALLEST, most=2) == ["abc"]
    assert whole("abc   ", room, SMALLEST, most=2) == ["abc"]


def test_of_no_text_there_is_no_line() -> None:
    assert wrap("", 100, SMALLEST, most=2) == []
    assert whole("", 100, SMALLEST, most=2) == []
