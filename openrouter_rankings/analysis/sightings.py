"""When models were first and last seen in the top lists: which are new, and which have vanished."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import ClassVar

import attrs

from openrouter_rankings.analysis.result import Analysis, AnalysisMeta, citations_of, columns_of, is_any_synthetic
from openrouter_rankings.analysis.series import (
    AnyRankings,
    AnyTasks,
    answers_by_date,
    by_kind,
    rows_by_date,
    slugs_in,
)
from openrouter_rankings.analysis.slugs import SlugForms, author_of
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.models.task_classifications import TaskClassifications

__all__ = ["Sighting", "Sightings", "SightingsMeta", "sightings"]

_SEEN_ONLY = "Seen means among the leading models: a new one may have been used before, a vanished one may still be."


@attrs.frozen
class Sighting(Item):
    """When a model was seen.

    Attributes:
        author: the author.
        model_permaslug: the model.
        first_seen: the first date on which it is listed.
        last_seen: the last date on which it is listed.
        dates: on how many dates it is listed.
        is_new: it is not listed on the first date of all.
        is_vanished: it is not listed on the last date of all.
    """

    author: str
    model_permaslug: str
    first_seen: date
    last_seen: date
    dates: int
    is_new: bool
    is_vanished: bool


@attrs.frozen(kw_only=True)
class SightingsMeta(AnalysisMeta):
    """What sightings say of themselves.

    Attributes:
        dates: how many dates there are figures of.
        start_date: the first of them; None if there are none.
        end_date: the last of them; None if there are none.
        incomplete: dates left out because their rows are incomplete, such as the current UTC day.
    """

    dates: int
    start_date: date | None
    end_date: date | None
    incomplete: tuple[date, ...] = ()


@attrs.frozen(repr=False)
class Sightings(Analysis):
    """The models that are listed on any date, in alphabetical order."""

    data: tuple[Sighting, ...]
    meta: SightingsMeta

    columns: ClassVar[Columns] = columns_of(Sighting)

    @property
    def new(self) -> tuple[Sighting, ...]:
        """The models that came after the first date, the newest first."""
        return tuple(
            sorted((each for each in self.data if each.is_new), key=lambda each: each.first_seen, reverse=True)
        )

    @property
    def vanished(self) -> tuple[Sighting, ...]:
        """The models that are no longer listed on the last date, the last to vanish first."""
        gone = (each for each in self.data if each.is_vanished)
        return tuple(sorted(gone, key=lambda each: each.last_seen, reverse=True))


def sightings(answers: RankingsDaily | Iterable[AnyTasks] | Iterable[AnyRankings]) -> Sightings:
    """When each model was first and last among the leading models, of any task or of the daily rankings.

    A model whose slug changes from undated to dated stays the same model. For restated answers see ``trend``.

    Args:
        answers: task classifications; or daily rankings, all asked for with the same parameters but the span.

    Raises:
        ConfigurationError: there are no answers, or they are of different kinds; two different answers are for a date,
            and nothing says which is later.
    """
    tasks, rankings = by_kind(answers)
    incomplete: tuple[date, ...] = ()
    if tasks:
        by_date = answers_by_date(tasks)
        listed = {day: _models(answer) for day, answer in by_date.items()}
        citations, synthetic = citations_of(by_date.values()), is_any_synthetic(by_date.values())
    else:
        rows, incomplete = rows_by_date(rankings)
        listed = dict(zip(rows, slugs_in(rows), strict=True))
        citations, synthetic = citations_of(rankings), is_any_synthetic(rankings)
    meta = SightingsMeta(
        citations=citations,
        remarks=(_SEEN_ONLY,),
        dates=len(listed),
        start_date=min(listed, default=None),
        end_date=max(listed, default=None),
        incomplete=incomplete,
    )
    return Sightings(tuple(_sightings(listed)), meta, synthetic=synthetic)


def _models(answer: TaskClassifications) -> set[str]:
    return {model.id for task in answer.classifications for model in task.models}


def _sightings(listed: Mapping[date, set[str]]) -> Iterator[Sighting]:
    forms = SlugForms.of(listed.values())
    seen: defaultdict[str, set[date]] = defaultdict(set)
    for day, slugs in listed.items():
        for slug in slugs:
            seen[forms.name(slug)].add(day)
    start, end = min(listed, default=None), max(listed, default=None)
    for model, dates in sorted(seen.items()):
        first, last = min(dates), max(dates)
        is_new, is_vanished = first != start, last != end
        yield Sighting(author_of(model), model, first, last, len(dates), is_new, is_vanished)
