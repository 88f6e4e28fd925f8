"""How the fleets' figures are printed."""

from __future__ import annotations

from collections.abc import Sequence


def quantile(ordered: Sequence[float], fraction: float) -> float:
    """The least of the ascending values that at least ``fraction`` of them do not exceed."""
    return ordered[max(0, -int(-fraction * len(ordered) // 1) - 1)]


def spread(values: Sequence[float], unit: str = "s") -> str:
    """Median, 99th percentile and maximum, for a line of text."""
    if not values:
        return "none"
    ordered = sorted(values)
    median, most, maximum = quantile(ordered, 0.5), quantile(ordered, 0.99), ordered[-1]
    return f"median {median:.1f} {unit}, 99 % within {most:.1f} {unit}, maximum {maximum:.1f} {unit}"


def show(title: str, figure: object) -> None:
    print(f"  {title:<44} {figure}")


def verdict(goal: str, met: bool) -> bool:
    """Print whether the goal is met, and return it."""
    print(f"  {'met   ' if met else 'MISSED'} {goal}")
    return met
