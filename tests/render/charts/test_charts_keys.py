"""The key of the colours."""

import pytest

pytest.importorskip("matplotlib")

from openrouter_rankings.render.charts.keys import Key, keys_row
from openrouter_rankings.render.charts.shapes import Box, Label, Rectangle
from openrouter_rankings.render.charts.themes import THEMES
from openrouter_rankings.render.charts.words import SMALLEST, text_width

ROW = Box(40, 10, 800, 38)
THEME = THEMES["light"]


def drawn(*labels: str) -> tuple[list[float], list[Label]]:
    """Where each key begins, and its label."""
    shapes = list(keys_row([Key(label, number) for number, label in enumerate(labels)], ROW, THEME))
    return (
        [shape.box.left for shape in shapes if isinstance(shape, Rectangle)],
        [shape for shape in shapes if isinstance(shape, Label)],
    )


def test_keys_that_fit_stand_side_by_side_in_full() -> None:
    lefts, labels = drawn("one", "twice as long", "three")
    assert [label.text for label in labels] == ["one", "twice as long", "three"]
    assert lefts[0] == ROW.left
    assert lefts[2] - lefts[1] > lefts[1] - lefts[0]


def test_keys_that_are_too_long_get_an_equal_part_of_the_row_each() -> None:
    lefts, labels = drawn("short", "long " * 40, "another " * 40, "last")
    assert lefts == [40, 240, 440, 640]
    assert [label.text for label in labels if label.text.endswith("\N{HORIZONTAL ELLIPSIS}")] == [
        label.text for label in labels[1:3]
    ]
    for left, label in zip([*lefts[1:], ROW.right], labels, strict=True):
        assert label.x + text_width(label.text, SMALLEST) < left


def test_keys_without_a_colour_are_one() -> None:
    count = len(THEME.series)
    _, labels = drawn(*(str(number) for number in range(count + 3)))
    assert [label.text for label in labels] == [*(str(number) for number in range(count)), "Others"]
