"""An answer as a table: its renderer says which columns people see, and all the rest is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from difflib import get_close_matches
from typing import Any, Protocol, Self, TypeVar, get_args

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.data_set import DataSet
from openrouter_rankings.models.narrowing import NARROWED
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.render.listing import Column, Sparkline, printable

__all__ = [
    "Asked",
    "Field",
    "Freshness",
    "Records",
    "Table",
    "dollars",
    "first",
    "first_rows",
    "per_million",
    "percent",
    "plain",
    "sorted_by",
    "subject",
    "with_columns",
]

D = TypeVar("D", bound=DataSet)

# More digits than a price can have: a product of prices is never rounded.
_DIGITS = 200

_NUMBERS = {int, float, Decimal}


@attrs.frozen
class Freshness:
    """How old an answer is, for programs; None is not known.

    Attributes:
        age_seconds: seconds since the service made it.
        stale: it is older than the service, or the caller, calls fresh.
        from_cache: it, or a part of it, was not asked of the service for this call.
    """

    age_seconds: float | None = None
    stale: bool | None = None
    from_cache: bool | None = None


@attrs.frozen
class Asked:
    """What is known of an answer apart from the answer itself.

    Attributes:
        filters: what narrowed it, by the names of the filters; the service does not repeat them.
        synthetic: its figures are invented.
        freshness: how old it is.
        narrowed: it is a part of what the service gave.
    """

    filters: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    synthetic: bool = False
    freshness: Freshness = Freshness()
    narrowed: bool = False


@attrs.frozen
class Records:
    """Rows with exact values.

    Attributes:
        columns: the name of each column with the type of its values.
        rows: the rows, which have these names for keys. Further keys are for drawings.
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
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
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
        spare: when it is left out for lack of room, see ``Column``.
        drawn: it is a bar of the value, or a sparkline if the value is a sequence.
        grouped: its cells take the colour of their row's group.
        right: it is aligned on the right though the column is not among the records', or is not one of numbers.
    """

    name: str
    heading: str
    text: Callable[[Any], str] = plain
    spare: int | None = None
    drawn: bool = False
    grouped: bool = False
    right: bool = False


class Citable(Protocol):
    """An answer that says how to cite it."""

    @property
    def citation(self) -> str: ...
    @property
    def licence(self) -> str: ...


@attrs.frozen(kw_only=True)
class Table:
    """A ``Listing`` of an answer.

    Attributes:
        answer: what to cite.
        asked: what is known of the answer apart from itself.
        subject: what is shown, as a line without a full stop.
        fields: the columns for people; the last one holds names, which are long.
        records: the rows.
        plain: the rows in the API's shape, with ``data`` and what else the API has beside it.
        group_by: the column of the records that groups the rows by colour; None for no groups.
        remarks: what readers must know, a line each.
        beside: what stands in JSON beside the answer.
        line: what a terminal draws above the table; None for nothing.
        narrowed: JSON has fewer rows than the answer that the table was made of.
    """

    answer: Citable
    asked: Asked
    subject: str
    fields: tuple[Field, ...]
    records: Records
    plain: Callable[[], Mapping[str, Any]]
    group_by: str | None = None
    remarks: tuple[str, ...] = ()
    beside: Mapping[str, Any] = attrs.field(factory=dict[str, Any], hash=False)
    line: Sparkline | None = None
    narrowed: bool = False

    @property
    def synthetic(self) -> bool:
        return self.asked.synthetic

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(self._column(field) for field in self.fields)

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        return tuple(
            tuple("" if field.drawn else field.text(row[field.name]) for field in self.fields)
            for row in self.records.rows
        )

    @property
    def groups(self) -> tuple[str, ...]:
        return () if self.group_by is None else tuple(str(row[self.group_by]) for row in self.records.rows)

    @property
    def citations(self) -> tuple[str, ...]:
        return tuple(self.answer.citation.split("\n"))

    @property
    def licence(self) -> str:
        return self.answer.licence

    def exact(self) -> tuple[Sequence[str], Iterable[Mapping[str, Any]]]:
        return tuple(self.records.columns), self.records.rows

    def document(self) -> dict[str, Any]:
        filters = {"filters": dict(self.asked.filters)} if self.asked.filters else {}
        mark = {NARROWED: True} if self.narrowed or self.asked.narrowed else {}
        return {**self.plain(), **filters, **self.beside, **attrs.asdict(self.asked.freshness), **mark}

    def _column(self, field: Field) -> Column:
        if field.drawn:
            return Column(field.heading, spare=field.spare, grouped=field.grouped, drawn=self._drawn(field.name))
        right = field.right or _is_number(self.records.columns[field.name])
        return Column(field.heading, right, field.spare, field.grouped)

    def _drawn(self, name: str) -> tuple[tuple[float | None, ...], ...]:
        values = (row[name] for row in self.records.rows)
        return tuple(value if isinstance(value, tuple) else (value,) for value in values)


def with_columns(table: Table, names: Sequence[str]) -> Table:
    """The table with these columns of its records only, in this order.

    Raises:
        ConfigurationError: it has no such column; the error names those that it has.
    """
    columns = {name: table.records.columns[_checked_column(table, name)] for name in names}
    known = {field.name: field for field in table.fields if not field.drawn}
    fields = tuple(attrs.evolve(known.get(name, Field(name, name)), spare=None) for name in names)
    return attrs.evolve(table, fields=fields, records=attrs.evolve(table.records, columns=columns))


def sorted_by(table: Table, order: str) -> Table:
    """The table sorted by a column: numbers from the greatest, everything else from the least; missing values last.

    Args:
        table: the table.
        order: the name of a column of its records, and after it ``:asc`` or ``:desc`` for the order.

    Raises:
        ConfigurationError: it has no such column, or the order is neither ``asc`` nor ``desc``.
    """
    name, _, direction = order.partition(":")
    _checked_column(table, name)
    if direction not in {"", "asc", "desc"}:
        raise ConfigurationError(f'The order of a sort must be "asc" or "desc", not "{direction}".')
    descending = direction == "desc" or (not direction and _is_number(table.records.columns[name]))
    present = [row for row in table.records.rows if row[name] is not None]
    missing = [row for row in table.records.rows if row[name] is None]
    rows = [*sorted(present, key=lambda row: row[name], reverse=descending), *missing]
    return attrs.evolve(table, records=attrs.evolve(table.records, rows=rows))


def first(table: Table, top: int | None) -> Table:
    """The first ``top`` rows of the table; all if None."""
    return attrs.evolve(table, records=attrs.evolve(table.records, rows=table.records.rows[:top]))


def subject(what: str, asked: Asked, when: str | None) -> str:
    """A subject that names the filters: ``apps, category coding, 2026-01-01 to 2026-01-31``."""
    filters = (f"{name.replace('_', ' ').replace('-', ' ')} {value}" for name, value in asked.filters.items())
    return ", ".join(part for part in (what, *filters, when) if part is not None)


def first_rows(answer: D, top: int | None) -> D:
    """The answer with its first rows only, all if None."""
    return answer if top is None else attrs.evolve(answer, data=answer.data[:top])


def _checked_column(table: Table, name: str) -> str:
    known = list(table.records.columns)
    if name not in known:
        near = get_close_matches(name, known, n=1)
        meant = f' Did you mean "{near[0]}"?' if near else ""
        raise ConfigurationError(f'There is no column "{name}".{meant} The columns are {", ".join(known)}.')
    return name


def _is_number(kind: Any) -> bool:
    return bool(_NUMBERS & {kind, *get_args(kind)})


def _number(value: float | Decimal, decimals: int = 0) -> str:
    whole, _, fraction = f"{Decimal(str(value)):,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole
