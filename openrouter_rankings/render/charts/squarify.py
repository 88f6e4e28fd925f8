"""Boxes whose areas are as given numbers, as near to squares as may be: a squarified treemap.

The method is of M. Bruls, K. Huizing and J. J. van Wijk, "Squarified Treemaps" (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from openrouter_rankings.render.charts.shapes import Box

__all__ = ["squarify"]


def squarify(sizes: Sequence[float], box: Box, *, aspect: float = 1.0) -> list[Box]:
    """The parts of the box, without gaps, in the order of the sizes.

    Args:
        sizes: numbers above zero, the largest first, and none so small that its square is zero.
        box: what is divided.
        aspect: the desired width of each part, as a multiple of its height. A text needs more width than height.
    """
    boxes: list[Box] = []
    rest = list(sizes)
    while rest:
        wide = box.width >= aspect * box.height
        row = rest[: _row_length(rest, box.width, aspect * box.height)]
        del rest[: len(row)]
        strip, box = _slices((sum(row), sum(rest)), box, along_x=wide)
        boxes += _slices(row, strip, along_x=not wide)
    return boxes


def _row_length(sizes: Sequence[float], width: float, height: float) -> int:
    """How many of the sizes make the squarest row along the shorter side of a box."""
    # In units in which the box is as large as all sizes together.
    square_of_side = sum(sizes) * min(width, height) / max(width, height)
    total, best = 0.0, float("inf")
    for length, size in enumerate(sizes):
        total += size
        # The first box of the row is the longest, the last one the shortest.
        worst = max(square_of_side * sizes[0] / total**2, total**2 / (square_of_side * size))
        if worst > best:
            return length
        best = worst
    return len(sizes)


def _slices(sizes: Sequence[float], box: Box, *, along_x: bool) -> list[Box]:
    scale = (box.width if along_x else box.height) / sum(sizes)
    ends = [scale * end for end in accumulate(sizes, initial=0.0)]
    if along_x:
        return [Box(box.left + start, box.top, end - start, box.height) for start, end in pairwise(ends)]
    return [Box(box.left, box.top + start, box.width, end - start) for start, end in pairwise(ends)]
