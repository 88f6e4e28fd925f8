from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.render.figures import compact, rounded


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.00"),
        (0.0, "0.00"),
        (9.996, "10.0"),
        (0.99996, "1.00"),
        (999.6, "1,000"),
        (61.5, "61.5"),
        (0.875, "0.875"),
        (0.0129, "0.0129"),
        (1312.4, "1,312"),
        (100, "100"),
        (-2.5, "-2.50"),
        (Decimal("1E-9"), "0.00000000100"),
    ],
)
def test_a_value_has_three_significant_digits_or_all_of_its_whole_part(value: float | Decimal, text: str) -> None:
    assert rounded(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00K"),
        (12_345, "12.3K"),
        (95_400_000, "95.4M"),
        (979_000_000_000, "979B"),
        (1_234_567_890_123, "1.23T"),
        (1_230 * 10**12, "1,230T"),
        (-1500, "-1.50K"),
        (999_499, "999K"),
        (999_500, "1.00M"),
        (9_996_000, "10.0M"),
        (-999_999_999_999, "-1.00T"),
    ],
)
def test_a_count_has_three_significant_digits_and_its_unit(count: int, text: str) -> None:
    assert compact(count) == text


@given(st.integers(0, 10**30))
def test_a_compact_count_is_off_by_at_most_half_a_hundredth(count: int) -> None:
    text = compact(count)
    unit = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}.get(text[-1], 1)
    shown = Decimal(text.rstrip("KMBT").replace(",", "")) * unit
    assert abs(shown - count) <= Decimal(count) / 200


def test_a_count_of_thousands_of_digits_is_written_too() -> None:
    assert compact(10**5000).endswith("T")
