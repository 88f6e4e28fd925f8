"""The colours, computed: contrast, and what is left of their differences for readers who see fewer colours."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import dist

import pytest

from openrouter_rankings.render.charts.themes import THEMES, Theme

Colour = tuple[float, float, float]
Matrix = tuple[Colour, Colour, Colour]

# G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency" (2009): linear RGB as a dichromat sees it (severity 1.0).
VISIONS: Mapping[str, Matrix] = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}

# B. Ottosson, "A perceptual color space for image processing" (2020).
TO_CONES: Matrix = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_OKLAB: Matrix = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)

# A just noticeable difference is about 0.02.
LEAST_DISTANCE = 0.08


def linear(colour: str) -> Colour:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return expanded(red), expanded(green), expanded(blue)


def expanded(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def times(matrix: Matrix, colour: Sequence[float]) -> Colour:
    one, two, three = (sum(a * b for a, b in zip(row, colour, strict=True)) for row in matrix)
    return one, two, three


def seen(colour: str, vision: str) -> Colour:
    """The colour in OKLab, as it is seen."""
    rgb = [min(1.0, max(0.0, channel)) for channel in times(VISIONS[vision], linear(colour))]
    return times(TO_OKLAB, [cone ** (1 / 3) for cone in times(TO_CONES, rgb)])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    weights = (0.2126, 0.7152, 0.0722)
    lights = sorted(sum(w * c for w, c in zip(weights, linear(colour), strict=True)) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_the_measures_are_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert seen("#ffffff", "full") == pytest.approx((1, 0, 0), abs=1e-3)
    assert seen("#ff0000", "full") == pytest.approx((0.628, 0.225, 0.126), abs=1e-3)
    # A red and a green that readers with protanopia or deuteranopia take for one another.
    pair = ("#b05b00", "#7c7c00")
    assert dist(*(seen(colour, "full") for colour in pair)) > 0.1
    assert dist(*(seen(colour, "deuteranopia") for colour in pair)) < 0.05


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_any_two_colours_are_told_apart(theme: Theme, vision: str) -> None:
    for one, other in combinations((*theme.series, theme.neutral), 2):
        assert dist(seen(one, vision), seen(other, vision)) >= LEAST_DISTANCE, (one, other)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_stands_out_from_the_background_and_from_the_series_colours(theme: Theme) -> None:
    assert contrast(theme.ink, theme.background) >= 7
    assert contrast(theme.muted, theme.background) >= 4.5
    for colour in (*theme.series, theme.neutral):
        assert contrast(theme.text_on(colour), colour) >= 4.5, colour


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_shapes_stand_out_from_the_background(theme: Theme) -> None:
    assert all(contrast(colour, theme.background) >= 3 for colour in (*theme.series, theme.neutral))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_colours_are_given_out_in_order_and_then_are_neutral(theme: Theme) -> None:
    assert [theme.colour(number) for number in range(len(theme.series))] == list(theme.series)
    assert theme.colour(len(theme.series)) == theme.colour(None) == theme.neutral


def test_a_pale_colour_is_half_way_to_the_background() -> None:
    assert THEMES["light"].pale("#204060") == "#8f9faf"
