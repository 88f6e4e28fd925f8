"""What comparisons have in common: figures that are known within a range, and what a comparison says of itself."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any, Generic, Literal, Protocol, TypeVar

import attrs

from openrouter_rankings.analysis.result import AnalysisMeta
from openrouter_rankings.analysis.slugs import Of
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.task_classifications import By

__all__ = [
    "Compared",
    "ComparedSpan",
    "ComparisonMeta",
    "Range",
    "Standing",
    "Status",
    "TopList",
    "change",
    "check_sources",
    "compared",
    "comparison_meta",
    "least",
    "rank_change",
    "status",
]

N = TypeVar("N", int, float)
F = TypeVar("F")
F_co = TypeVar("F_co", covariant=True)

_MAX_NAMED = 10

Compared = Of | Literal["task", "app"]
"""What a comparison is of."""

Status = Literal["stayed", "entered", "left"]
"""In which answers something is listed: in both, in the later one only, or in the earlier one only."""


@attrs.frozen
class Range(Generic[N]):
    """A figure of which only a part is listed.

    Attributes:
        least: what is listed.
        most: the same with the most that can be unlisted; equal to ``least`` where nothing is hidden.
    """

    least: N
    most: N


def change(before: Range[N] | None, after: Range[N] | None) -> N | None:
    """The change of what is listed; None if one side is not listed, or if what is unlisted could reverse it."""
    if before is None or after is None:
        return None
    is_exact = before.least == before.most and after.least == after.most
    is_apart = before.most < after.least or after.most < before.least
    return after.least - before.least if is_exact or is_apart else None


def least(figure: Range[N] | None) -> N | None:
    """What is listed of a figure."""
    return None if figure is None else figure.least


def rank_change(before: int | None, after: int | None, figure_change: float | None) -> int | None:
    """By how many places something rose, negative if it fell; None unless the change of its figure is known."""
    return None if before is None or after is None or figure_change is None else before - after


def status(before: int | None, after: int | None) -> Status:
    """The status of what has these ranks, one of them at least."""
    if before is None:
        return "entered"
    return "left" if after is None else "stayed"


class _Source(Protocol):
    @property
    def synthetic(self) -> bool: ...


def check_sources(before: _Source, after: _Source) -> None:
    """Refuse to compare invented figures with measured ones.

    Raises:
        ConfigurationError: one of the two is synthetic, and the other is not.
    """
    if before.synthetic is not after.synthetic:
        raise ConfigurationError("One of the two answers is synthetic and the other is not: they do not compare.")


class TopList(Protocol[F_co]):
    """What one answer lists of the models, or of whatever else is compared.

    Attributes:
        listed: their names.
    """

    @property
    def listed(self) -> Collection[str]: ...

    def figures(self, models: Collection[str]) -> F_co:
        """The figures of these models together; the ranges, None if none is listed, include unlisted ones."""
        ...


@attrs.frozen
class Standing(Generic[F]):
    """A place in a top list.

    Attributes:
        rank: the place, from 1; equal figures are in alphabetical order; None if unlisted.
        figures: the figures.
    """

    rank: int | None
    figures: F


def compared(
    before: TopList[F], after: TopList[F], member_of: Callable[[str], str], by: Callable[[F], Range[Any] | None]
) -> list[tuple[str, Standing[F], Standing[F]]]:
    """Each member of the two lists with its standings, in the order of the second list and then of the first.

    Args:
        before: the first list.
        after: the second list.
        member_of: the member that a name in the lists counts for.
        by: the figure that the ranks go by.
    """
    models: defaultdict[str, set[str]] = defaultdict(set)
    for name in (*before.listed, *after.listed):
        models[member_of(name)].add(name)
    old, new = (
        _ranked({member: top_list.figures(names) for member, names in models.items()}, by)
        for top_list in (before, after)
    )
    order = sorted(models, key=lambda member: (_place(new[member]), _place(old[member])))
    return [(member, old[member], new[member]) for member in order]


def _ranked(figures: dict[str, F], by: Callable[[F], Range[Any] | None]) -> dict[str, Standing[F]]:
    ranked_by = {member: listed.least for member, each in figures.items() if (listed := by(each)) is not None}
    order = sorted(ranked_by, key=lambda member: (-ranked_by[member], member))
    ranks = {member: rank for rank, member in enumerate(order, 1)}
    return {member: Standing(ranks.get(member), each) for member, each in figures.items()}


def _place(standing: Standing[Any]) -> float:
    return math.inf if standing.rank is None else standing.rank


@attrs.frozen
class ComparedSpan:
    """The days that one side of a comparison is about.

    Attributes:
        start_date: the first UTC day.
        end_date: the last UTC day, inclusive.
        dates: how many dates there are figures of: days of a window, or rows' dates of daily rankings.
        left_out: dates whose rows are not counted, because they were in progress or cut by the span.
    """

    start_date: date
    end_date: date
    dates: int
    left_out: tuple[date, ...] = ()


@attrs.frozen(kw_only=True)
class ComparisonMeta(AnalysisMeta):
    """What a comparison says of itself.

    Attributes:
        of: what is compared: tasks, apps, or what ``Of`` names.
        by: what the ranks go by.
        before: the days of the first answer.
        after: the days of the second answer.
        overlap_days: how many days both sides count; 0 if the changes are between different days only.
        ambiguous: undated slugs that may be the same model as a dated one; they are compared as models of their own.
    """

    of: Compared
    by: By
    before: ComparedSpan
    after: ComparedSpan
    overlap_days: int
    ambiguous: tuple[str, ...] = ()


def comparison_meta(
    spans: tuple[ComparedSpan, ComparedSpan],
    citations: Iterable[str],
    remarks: Iterable[str],
    of: Compared,
    by: By,
    ambiguous: tuple[str, ...] = (),
) -> ComparisonMeta:
    """What a comparison of two spans says of itself; the remarks on the spans come first."""
    before, after = spans
    overlap = _overlap_in_days(before, after)
    return ComparisonMeta(
        citations=tuple(dict.fromkeys(citations)),
        remarks=(*_remarks_on_spans(before, after, overlap, ambiguous), *remarks),
        of=of,
        by=by,
        before=before,
        after=after,
        overlap_days=overlap,
        ambiguous=ambiguous,
    )


def _overlap_in_days(before: ComparedSpan, after: ComparedSpan) -> int:
    first, last = max(before.start_date, after.start_date), min(before.end_date, after.end_date)
    return max(0, (last - first).days + 1)


def _remarks_on_spans(
    before: ComparedSpan, after: ComparedSpan, overlap: int, ambiguous: tuple[str, ...]
) -> Iterable[str]:
    if overlap:
        yield f"The two spans have {overlap} days in common, whose traffic counts in both."
    if before.dates != after.dates:
        yield f"The spans have {before.dates} and {after.dates} dates: shares and ranks are compared, tokens are not."
    left_out = sorted({*before.left_out, *after.left_out})
    if left_out:
        yield f"Left out because they are incomplete: {_named(map(str, left_out))}."
    if ambiguous:
        yield f"Compared as models of their own, though they may be dated versions: {_named(ambiguous)}."


def _named(names: Iterable[str]) -> str:
    all_names = list(names)
    more = len(all_names) - _MAX_NAMED
    return ", ".join(all_names[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
