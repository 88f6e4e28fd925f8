"""Numbers in few letters, for where there is little room."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["compact", "rounded"]

_UNITS = ((12, "T"), (9, "B"), (6, "M"), (3, "K"))
_DIGITS = 3


def rounded(value: float | Decimal) -> str:
    """The value with three significant digits, or all digits of its whole part: ``0.0129``, ``61.5``, ``1,312``."""
    number = Decimal(str(value))
    # The exponent is read after rounding, which can add a digit before the point.
    exponent = int(f"{number:.{_DIGITS - 1}e}".partition("e")[2]) if number else 0
    return f"{number:,.{max(0, _DIGITS - 1 - exponent)}f}"


def compact(count: int) -> str:
    """A count in thousands (K), millions (M), billions (B) or trillions (T): ``987``, ``1.23T``, ``1,230T``."""
    for exponent, unit in _UNITS:
        # What would be shown as 1,000 of the next smaller unit has this one.
        if 2 * abs(count) >= 1999 * 10 ** (exponent - _DIGITS):
            return rounded(Decimal(count).scaleb(-exponent)) + unit
    return str(count)
