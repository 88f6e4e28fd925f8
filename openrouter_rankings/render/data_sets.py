"""A data set that is one table, as a listing: its module says which columns people see, all the rest is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any, Self, TypeVar, get_args

import attrs

from openrouter_rankings.models.data_set import Columns, DataSet
from openrouter_rankings.render.listing import Column, printable

__all__ = ["Asked", "Field", "Records", "Table", "dollars", "first_rows", "per_million", "percent", "plain", "subject"]

D = TypeVar("D", bound=DataSet)

# More digits than a price can have: a product of prices is never rounded.
_DIGITS = 200

_NUMBERS = {int, float, Decimal}


@attrs.frozen
class Asked:
    """What is known of an answer besides itself.

    Attributes:
        filters: what narrowed it, by the names of the filters; the service does not repeat them.
        synthetic: its figures are invented.
    """

    filters: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    synthetic: bool = False


@attrs.frozen
class Records:
    """Rows with exact values.

    Attributes:
        columns: the name of each column with the type of its values.
        rows: the rows, which have these names for keys.
    """

    columns: Columns
    rows: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, answer: DataSet) -> Self:
        """The records of a data set."""
        return cls(answer.columns, answer.to_records())


def plain(value: object) -> str:
    """Any value for people, with all its digits: ``1,234,567``; a dash for None."""
    if value is None:
        return "-"
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    return printable(str(value))


def percent(share: float | None) -> str:
    """A fraction (0 to 1) in percent, with two decimals."""
    return "-" if share is None else f"{share:.2%}"


def dollars(amount: float | Decimal | None) -> str:
    """An amount with all its digits, and at least four decimals."""
    return "-" if amount is None else _number(amount, decimals=4)


def per_million(price: Decimal | None) -> str:
    """The price of a million tokens, from that of one, with all its digits and at least two decimals."""
    if price is None:
        return "-"
    with localcontext(prec=_DIGITS):
        return _number(price * 1_000_000, decimals=2)


@attrs.frozen
class Field:
    """A column for people.

    Attributes:
        name: the column of the records that it shows.
        heading: its heading.
        text: how a value of it is written.
        spare: its place in the order in which columns are given up, see ``Column``.
    """

    name: str
    heading: str
    text: Callable[[Any], str] = plain
    spare: int | None = None


@attrs.frozen(kw_only=True)
class Table:
    """A ``Listing`` of a data set.

    Attributes:
        answer: the data set; JSON has it whole.
        asked: what is known of it besides itself.
        subject: what is shown, as a line without a full stop.
        fields: the columns for people; the last one holds names, which are long.
        shown: the records that these are columns of.
        exported: the records for programs; those shown if None.
        remarks: what people must know besides, a line each.
        beside: what stands in JSON beside the answer.
    """

    answer: DataSet
    asked: Asked
    subject: str
    fields: tuple[Field, ...]
    shown: Records
    exported: Records | None = None
    remarks: tuple[str, ...] = ()
    beside: Mapping[str, Any] = attrs.field(factory=dict[str, Any], hash=False)

    @property
    def synthetic(self) -> bool:
        return self.asked.synthetic or self.answer.synthetic

    @property
    def columns(self) -> tuple[Column, ...]:
        types = self.shown.columns
        return tuple(Column(field.heading, _is_number(types[field.name]), field.spare) for field in self.fields)

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(field.text(row[field.name]) for field in self.fields) for row in self.shown.rows)

    @property
    def citations(self) -> tuple[str, ...]:
        return tuple(self.answer.source_line.split("\n"))

    @property
    def licence(self) -> str:
        return self.answer.licence

    def records(self) -> tuple[Sequence[str], Sequence[Mapping[str, Any]]]:
        records = self.exported or self.shown
        return tuple(records.columns), records.rows

    def document(self) -> dict[str, Any]:
        filters = {"filters": dict(self.asked.filters)} if self.asked.filters else {}
        return self.answer.to_dict() | filters | dict(self.beside)


def subject(what: str, asked: Asked, when: str | None) -> str:
    """A subject that names the filters: ``apps, category coding, 2026-01-01 to 2026-01-31``."""
    filters = (f"{name.replace('_', ' ').replace('-', ' ')} {value}" for name, value in asked.filters.items())
    return ", ".join(part for part in (what, *filters, when) if part is not None)


def first_rows(answer: D, top: int | None) -> D:
    """The answer with its first rows only, all if None."""
    return answer if top is None else attrs.evolve(answer, data=answer.data[:top])


def _is_number(kind: Any) -> bool:
    return bool(_NUMBERS & {kind, *get_args(kind)})


def _number(value: float | Decimal, decimals: int = 0) -> str:
    whole, _, fraction = f"{Decimal(str(value)):,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole
