"""Numbers in few letters, for where there is little room."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["compact", "rounded"]

_UNITS = ((12, "T"), (9, "B"), (6, "M"), (3, "K"))
_DIGITS = 3


def rounded(value: float | Decimal) -> str:
    """The value with three significant digits, or all digits of its whole part: ``0.0129``, ``61.5``, ``1,312``."""
    number = Decimal(str(value))
    return f"{number:,.{max(0, _DIGITS - 1 - number.adjusted())}f}"


def compact(count: int) -> str:
    """A count in thousands (K), millions (M), billions (B) or trillions (T): ``987``, ``1.23T``, ``1,230T``."""
    for exponent, unit in _UNITS:
        if abs(count) >= 10**exponent:
            return rounded(Decimal(count).scaleb(-exponent)) + unit
    return str(count)
