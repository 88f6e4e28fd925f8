"""Which rows of two answers differ, for every data set. Pure, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.benchmarks import Benchmarks
from openrouter_rankings.models.data_set import Answer, DataSet
from openrouter_rankings.models.task_classifications import TaskClassification, TaskClassifications

__all__ = ["Differences", "RowChange", "differences", "same_figures"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

# Each shape has some of them.
_BENCHMARK_KEY = (
    "source",
    "model_permaslug",
    "benchmark_type",
    "arena",
    "category",
    "search_engine",
    "search_surface",
)

_Identity = tuple[Any, ...]


@attrs.frozen
class RowChange(Generic[R_co]):
    """A row that both answers have, with other figures.

    Attributes:
        before: the row of the earlier answer.
        after: the row of the later answer.
    """

    before: R_co
    after: R_co


@attrs.frozen
class Differences(Generic[R_co]):
    """The rows in which two answers differ; true if there are any.

    Only top lists are published: a row that entered or left was not zero on the other side.

    Attributes:
        entered: the rows that the later answer alone has, in its order.
        left: the rows that the earlier answer alone has, in its order.
        changed: the rows that both have, with other figures, in the order of the later answer.
    """

    entered: tuple[R_co, ...] = ()
    left: tuple[R_co, ...] = ()
    changed: tuple[RowChange[R_co], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entered or self.left or self.changed)

    def to_dict(self) -> dict[str, Any]:
        """The same with each row as the API writes it, ready for JSON; a changed one has ``before`` and ``after``."""
        changed: tuple[RowChange[Any], ...] = self.changed
        return {
            "entered": _plain(self.entered),
            "left": _plain(self.left),
            "changed": [{"before": each.before.to_dict(), "after": each.after.to_dict()} for each in changed],
        }


def _plain(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row.to_dict() for row in rows]


@overload
def differences(before: TaskClassifications, after: TaskClassifications) -> Differences[TaskClassification]: ...
@overload
def differences(before: DataSet[R], after: DataSet[R]) -> Differences[R]: ...
@overload
def differences(before: Answer, after: Answer) -> Differences[Any]: ...
def differences(before: Answer, after: Answer) -> Differences[Any]:
    """The rows in which two answers of one data set differ.

    A row is the same one if it is about the same thing: a task by its tag, a model on one date, an app by its number, a
    session cost by app, length and model, a benchmark by its kind and model. A new display name alone is no
    difference. For shares and ranks over time see ``compare``.

    Args:
        before: the earlier answer.
        after: the later answer, asked for with the same parameters.

    Raises:
        ConfigurationError: the answers are not of one data set, or no answers of the service.
    """
    if type(before) is not type(after):
        raise ConfigurationError(f"{type(before).__name__} and {type(after).__name__} have no rows in common.")
    old, new = _rows_of(before), _rows_of(after)
    return Differences(
        entered=tuple(row for identity, row in new.items() if identity not in old),
        left=tuple(row for identity, row in old.items() if identity not in new),
        changed=tuple(
            RowChange(old[identity], row)
            for identity, row in new.items()
            if identity in old and not _same_row(before, old[identity], row)
        ),
    )


def same_figures(before: Answer, after: Answer) -> bool:
    """Whether two answers are about the same span and have the same figures, whenever the service made them."""
    if before == after:
        return True
    if not (isinstance(before, DataSet) and isinstance(after, DataSet) and type(before) is type(after)):
        return False
    return attrs.evolve(before.meta, as_of=after.meta.as_of) == after.meta and not differences(before, after)


def _rows_of(answer: Answer) -> Mapping[_Identity, Any]:
    """The rows by what they are about, and by their number where several are about the same."""
    rows, key = _table(answer)
    seen: Counter[_Identity] = Counter()
    found: dict[_Identity, Any] = {}
    for row in rows:
        identity = tuple(getattr(row, name, None) for name in key) or (row,)
        seen[identity] += 1
        found[*identity, seen[identity]] = row
    return found


def _table(answer: Answer) -> tuple[Sequence[Any], tuple[str, ...]]:
    """The rows, and the fields that say what a row is about."""
    if isinstance(answer, DataSet):
        return answer.data, _BENCHMARK_KEY if isinstance(answer, Benchmarks) else answer.key
    if isinstance(answer, TaskClassifications):
        return answer.classifications, ("tag",)
    raise ConfigurationError(f"A {type(answer).__name__} is not an answer of the service.")


def _same_row(answer: Answer, before: Any, after: Any) -> bool:
    if before == after:
        return True
    unstable = {name: getattr(after, name) for name in getattr(answer, "unstable", ())}
    return bool(unstable) and attrs.evolve(before, **unstable) == after
