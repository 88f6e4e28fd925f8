"""The common base of the results: tables that cite their sources and print as the service's own tables do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, get_type_hints

import attrs

from openrouter_rankings.models.data_set import DataSet
from openrouter_rankings.models.scalar_types import Columns

__all__ = [
    "ESTIMATE",
    "LISTED_ONLY",
    "POPULARITY",
    "TOKENIZERS",
    "Analysis",
    "AnalysisMeta",
    "citations_of",
    "columns_of",
    "is_any_synthetic",
]

LISTED_ONLY = "Only the service's top lists are counted: a figure is the least it can be, and absence is not zero."
TOKENIZERS = "Token counts of different providers compare only roughly: each provider uses its own tokenizer."
ESTIMATE = "The figures are estimates from a weekly sample."
POPULARITY = "Shares show what is used, not what is good: popularity is not quality."


class _Citable(Protocol):
    @property
    def citation(self) -> str: ...
    @property
    def synthetic(self) -> bool: ...


@attrs.frozen(kw_only=True)
class AnalysisMeta:
    """What a result says of itself.

    Attributes:
        citations: the lines to cite where the figures are quoted; for a series, those of its first and last answer.
        remarks: what a reader must know with the figures, a sentence or two each.
    """

    citations: tuple[str, ...]
    remarks: tuple[str, ...]


@attrs.frozen(repr=False)
class Analysis(DataSet):
    """A table computed from answers of the service.

    Attributes:
        data: its rows.
        meta: what it was computed from and what a reader must know.
    """

    data: tuple[Any, ...]
    meta: Any

    @property
    def source_line(self) -> str:
        return "\n".join(self.meta.citations)

    def _subject(self) -> str:
        return f"{len(self):,} rows"


def columns_of(row: type[Any]) -> Columns:
    """The fields of a flat attrs class as columns."""
    hints = get_type_hints(row)
    return {field.name: hints[field.name] for field in attrs.fields(row)}


def citations_of(answers: Iterable[_Citable]) -> tuple[str, ...]:
    """The lines to cite for answers in the order of their dates: the first and the last stand for those between."""
    lines = list(dict.fromkeys(answer.citation for answer in answers))
    return tuple(lines if len(lines) < 2 else (lines[0], lines[-1]))


def is_any_synthetic(answers: Iterable[_Citable]) -> bool:
    """Whether one of the answers is invented, so that what is computed of them is."""
    return any(answer.synthetic for answer in answers)
