from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib")

from openrouter_rankings.render.charts.axes import number_axis
from openrouter_rankings.render.charts.shapes import Box

numbers = st.floats(-1e24, 1e24) | st.floats(-1, 1) | st.integers(0, 2**63).map(float)


@given(st.lists(numbers, min_size=1, max_size=10), st.booleans())
def test_an_axis_holds_all_values_in_few_equal_steps_with_different_names(values: list[float], percent: bool) -> None:
    axis = number_axis(values, percent=percent)
    assert 2 <= len(axis.ticks) <= 8
    assert len(set(axis.texts)) == len(axis.texts)
    step = axis.ticks[1] - axis.ticks[0]
    slack = 1e-6 * step
    assert all(after - before == pytest.approx(step) for before, after in pairwise(axis.ticks))
    assert axis.ticks[0] - slack <= min(values)
    assert max(values) <= axis.ticks[-1] + slack


@pytest.mark.parametrize(
    ("values", "percent", "texts"),
    [
        ([0.2, 0.226], True, ("20%", "21%", "22%", "23%")),
        ([0.0, 1.0], True, ("0%", "20%", "40%", "60%", "80%", "100%")),
        ([0.02, 0.0215], True, ("2.00%", "2.05%", "2.10%", "2.15%")),
        ([0, 2.4e12], False, ("0", "0.5T", "1.0T", "1.5T", "2.0T", "2.5T")),
        ([-3, 5], False, ("\u22124", "\u22122", "0", "2", "4", "6")),
        ([0], False, ("0", "0.2", "0.4", "0.6", "0.8", "1.0")),
        ([1e-10], False, ("0", "0.2", "0.4", "0.6", "0.8", "1.0")),
        ([0.003], False, ("0", "0.001", "0.002", "0.003")),
        ([-7], False, ("\u22128", "\u22126", "\u22124", "\u22122", "0")),
        ([5e23], False, ("0", "100000000000T", "200000000000T", "300000000000T", "400000000000T", "500000000000T")),
    ],
)
def test_the_numbers_are_round(values: list[float], percent: bool, texts: tuple[str, ...]) -> None:
    assert number_axis(values, percent=percent).texts == texts


@given(st.lists(st.floats(0, 1e15), min_size=2, max_size=10))
def test_an_axis_begins_at_zero_unless_all_values_are_far_above(values: list[float]) -> None:
    axis = number_axis(values, percent=False)
    if min(values) < 0.6 * max(values):
        assert axis.ticks[0] == 0


def test_values_are_drawn_between_the_foot_and_the_top() -> None:
    axis, plot = number_axis([0, 10], percent=False), Box(0, 100, 500, 400)
    assert axis.y(0, plot) == 500
    assert axis.y(10, plot) == 100
    assert axis.y(2.5, plot) == 400
