"""Records as data frames (extras ``pandas`` and ``polars``).

A column's type does not depend on its values, so that the frame of an empty answer can be concatenated with others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.installing import install_command
from openrouter_rankings.models.scalar_types import Columns, Timestamp

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["pandas_frame", "polars_frame"]

Records = Sequence[Mapping[str, Any]]

_PANDAS_TYPES: Mapping[Any, Any] = {
    str: "string",
    int: "int64",
    float: "float64",
    bool: "bool",
    date: "datetime64[us]",
    Timestamp: "datetime64[us, UTC]",
    Decimal: "object",
}
# NumPy's types cannot hold a missing integer or boolean.
_PANDAS_NULLABLE_TYPES: Mapping[Any, Any] = {int: "Int64", bool: "boolean"}

_POLARS_DIGITS = 38
# Few prices per token need more places. A minimum keeps the type the same, so that frames can be concatenated.
_LEAST_SCALE = 12


def pandas_frame(records: Records, columns: Columns, about: Mapping[str, str]) -> pandas.DataFrame:
    """The records as a pandas data frame.

    Strings become ``string``, integers ``int64`` (``Int64`` where values can be missing), days and instants
    ``datetime64[us]`` (instants in UTC), and decimal numbers ``Decimal`` objects. Missing values are NA, NaN, NaT or
    None, depending on the type.

    Args:
        records: the rows, each with a value for each column.
        columns: the columns, in order, with the types of their values.
        about: the frame's ``attrs``.

    Raises:
        ConfigurationError: pandas is not installed, or an integer does not fit into 64 bits.
    """
    try:
        import pandas
    except ImportError as error:
        raise _not_installed("pandas") from error
    frame = pandas.DataFrame(
        {name: pandas.Series(_values(records, name, kind), dtype=_pandas_type(kind)) for name, kind in columns.items()}
    )
    frame.attrs.update(about)
    return frame


def polars_frame(records: Records, columns: Columns) -> polars.DataFrame:
    """The records as a polars data frame.

    Strings become ``String``, integers ``Int64``, days ``Date``, instants ``Datetime`` in UTC (microseconds), and
    decimal numbers ``Decimal`` with as many places as the values need, at least 12. Missing values are null.

    Args:
        records: the rows, each with a value for each column.
        columns: the columns, in order, with the types of their values.

    Raises:
        ConfigurationError: polars is not installed, an integer does not fit into 64 bits, or the decimal numbers of a
            column into 38 digits.
    """
    try:
        import polars
    except ImportError as error:
        raise _not_installed("polars") from error
    return polars.DataFrame(
        [_polars_series(name, _values(records, name, kind), _without_none(kind)) for name, kind in columns.items()]
    )


def _not_installed(package: str) -> ConfigurationError:
    return ConfigurationError(f"to_{package} needs {package}, which is not installed: {install_command(package)}.")


def _does_not_fit(column: str, into: str) -> ConfigurationError:
    return ConfigurationError(f"The column {column} has numbers that do not fit into {into}: use to_records.")


def _without_none(kind: Any) -> Any:
    return next((each for each in get_args(kind) if each is not NoneType), kind)


def _values(records: Records, name: str, kind: Any) -> list[Any]:
    values = [row[name] for row in records]
    base = _without_none(kind)
    if base is Timestamp:
        return [None if value is None else value.utc for value in values]
    if base is int and not all(value is None or -(2**63) <= value < 2**63 for value in values):
        raise _does_not_fit(name, "64 bits")
    return values


def _pandas_type(kind: Any) -> Any:
    base = _without_none(kind)
    if base is kind:
        return _PANDAS_TYPES[kind]
    return _PANDAS_NULLABLE_TYPES.get(base) or _PANDAS_TYPES[base]


def _polars_series(name: str, values: list[Any], base: Any) -> polars.Series:
    import polars

    if base is Decimal:
        scale = _scale(name, values)
        # polars 1.0 accepts only values with exactly the series' number of places.
        values = [None if value is None else Decimal(f"{value:.{scale}f}") for value in values]
        return polars.Series(name, values, dtype=polars.Decimal(_POLARS_DIGITS, scale))
    types: Mapping[Any, Any] = {
        str: polars.String,
        int: polars.Int64,
        float: polars.Float64,
        bool: polars.Boolean,
        date: polars.Date,
        Timestamp: polars.Datetime("us", "UTC"),
    }
    return polars.Series(name, values, dtype=types[base])


def _scale(name: str, values: list[Decimal | None]) -> int:
    parts = [f"{value:f}".lstrip("-0").partition(".") for value in values if value is not None]
    whole = max((len(digits) for digits, _, _ in parts), default=0)
    places = max((len(digits.rstrip("0")) for _, _, digits in parts), default=0)
    if whole + places > _POLARS_DIGITS:
        raise _does_not_fit(name, f"the {_POLARS_DIGITS} digits of polars")
    return max(places, min(_LEAST_SCALE, _POLARS_DIGITS - whole))
