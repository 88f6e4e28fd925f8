from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.render.charts.shapes import Box
from openrouter_rankings.render.charts.squarify import squarify

sizes = st.lists(st.floats(1e-6, 1), min_size=1, max_size=60).map(lambda drawn: sorted(drawn, reverse=True))
boxes = st.builds(Box, st.floats(-500, 500), st.floats(-500, 500), st.floats(10, 1200), st.floats(10, 700))


@given(sizes, boxes, st.floats(0.5, 3))
def test_the_areas_are_as_the_sizes(sizes: list[float], box: Box, aspect: float) -> None:
    whole = box.width * box.height
    for size, part in zip(sizes, squarify(sizes, box, aspect=aspect), strict=True):
        assert part.width * part.height == pytest.approx(whole * size / sum(sizes), rel=1e-6, abs=1e-6)


@given(sizes, boxes)
def test_the_parts_lie_within_the_box_and_do_not_overlap(sizes: list[float], box: Box) -> None:
    parts = squarify(sizes, box)
    for part in parts:
        assert part.left >= box.left - 1e-6
        assert part.top >= box.top - 1e-6
        assert part.right <= box.right + 1e-6
        assert part.bottom <= box.bottom + 1e-6
    for one, other in combinations(parts, 2):
        width = min(one.right, other.right) - max(one.left, other.left)
        height = min(one.bottom, other.bottom) - max(one.top, other.top)
        assert width <= 1e-6 or height <= 1e-6


def test_the_example_of_the_paper_is_laid_out_as_in_the_paper() -> None:
    parts = squarify([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    assert [(round(part.width, 2), round(part.height, 2)) for part in parts] == [
        (3, 2),
        (3, 2),
        (1.71, 2.33),
        (1.29, 2.33),
        (1.2, 1.67),
        (1.2, 1.67),
        (0.6, 1.67),
    ]


def test_equal_sizes_in_a_square_are_squares_or_as_wide_as_asked_for() -> None:
    assert {(part.width, part.height) for part in squarify([1] * 4, Box(0, 0, 100, 100))} == {(50, 50)}
    assert {(part.width, part.height) for part in squarify([1] * 4, Box(0, 0, 100, 100), aspect=4)} == {(100, 25)}


def test_nothing_takes_no_place() -> None:
    assert squarify([], Box(0, 0, 100, 100)) == []
