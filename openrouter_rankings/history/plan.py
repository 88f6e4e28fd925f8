"""What to collect: the questions that people follow, and the days of the daily rankings to ask for. Pure, no I/O."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import attrs

from openrouter_rankings import endpoints
from openrouter_rankings.endpoints import Endpoint
from openrouter_rankings.history.data_sets import ArchivedDataSet, by_type, grain_of, parameters_of
from openrouter_rankings.models.app_rankings import LAST_APP_OFFSET, MOST_APPS, AppRankings, AppSort
from openrouter_rankings.models.benchmarks import Benchmarks
from openrouter_rankings.models.rankings_daily import LanguageType, Modality, Period, RankingsCategory, RankingsDaily
from openrouter_rankings.models.session_cost import LAST_SESSION_COST_OFFSET, MOST_SESSION_COSTS, SessionCost
from openrouter_rankings.models.task_classifications import TaskClassifications, Window
from openrouter_rankings.spans import LONGEST_SPAN

__all__ = ["Question", "is_collected", "questions", "spans_to_ask"]

_DAY = timedelta(days=1)

# Days whose figures are asked for once more, since the service may have restated them.
_RESTATED = 7 * _DAY

_FILTERS: Sequence[Mapping[str, str]] = (
    {},
    *({"modality": modality} for modality in Modality),
    *({"category": category} for category in RankingsCategory),
    *({"language_type": language_type} for language_type in LanguageType),
)

Spans = Iterable[tuple[date, date]]


@attrs.frozen
class Question:
    """One thing to ask the service for again and again.

    Attributes:
        data_set: the data set.
        parameters: what it is asked for with, without the span and the offset.
        offsets: where the pages of a list begin; one offset where there are no pages.
        endpoints: from an offset, or from a first and a last day, to the requests to send.
    """

    data_set: ArchivedDataSet[Any]
    parameters: Mapping[str, object]
    offsets: range
    endpoints: Callable[..., tuple[Endpoint[Any], ...]]

    @property
    def series(self) -> str:
        """The parameters in their canonical spelling."""
        return self.data_set.series(self.parameters)


def questions(data_sets: Collection[type[Any]] | None, yesterday: date) -> list[Question]:
    """What people follow of the data sets, of all if None.

    The task classifications; the daily rankings of all traffic, and of each modality, category and type of language;
    all pages of the popular and of the trending apps, and of the session costs; and all benchmarks.

    Raises:
        ConfigurationError: a member of ``data_sets`` is not the class of a data set's answers.
    """
    makers: Mapping[type[Any], Iterable[Question]] = {
        TaskClassifications: [_tasks()],
        AppRankings: [_apps(sort, yesterday) for sort in AppSort],
        SessionCost: [_sessions()],
        Benchmarks: [_benchmarks()],
        RankingsDaily: [_rankings(filters, yesterday) for filters in _FILTERS],
    }
    wanted = makers if data_sets is None else [by_type(each).answer for each in data_sets]
    return [question for each in wanted for question in makers[each]]


def _tasks() -> Question:
    def ask(_offset: int) -> tuple[Endpoint[Any], ...]:
        return (endpoints.task_classifications(Window.SEVEN_DAYS),)

    return Question(by_type(TaskClassifications), {}, range(1), ask)


def _apps(sort: AppSort, yesterday: date) -> Question:
    def ask(offset: int) -> tuple[Endpoint[Any], ...]:
        return (
            endpoints.app_rankings(
                category=None,
                subcategory=None,
                sort=sort,
                start_date=None,
                end_date=None,
                limit=MOST_APPS,
                offset=offset,
                latest=yesterday,
            ),
        )

    offsets = range(0, LAST_APP_OFFSET + 1, MOST_APPS)
    return Question(by_type(AppRankings), {"sort": sort, "limit": MOST_APPS}, offsets, ask)


def _sessions() -> Question:
    def ask(offset: int) -> tuple[Endpoint[Any], ...]:
        size = MOST_SESSION_COSTS
        return (endpoints.session_cost(app_slug=None, model=None, turn_range=None, limit=size, offset=offset),)

    offsets = range(0, LAST_SESSION_COST_OFFSET + 1, MOST_SESSION_COSTS)
    return Question(by_type(SessionCost), {"limit": MOST_SESSION_COSTS}, offsets, ask)


def _benchmarks() -> Question:
    def ask(_offset: int) -> tuple[Endpoint[Any], ...]:
        return (
            endpoints.benchmarks(
                source=None,
                task_type=None,
                benchmark_type=None,
                include_run_config=None,
                search_engine=None,
                search_surface=None,
                arena=None,
                category=None,
                max_results=None,
            ),
        )

    return Question(by_type(Benchmarks), {}, range(1), ask)


def _rankings(filters: Mapping[str, str], yesterday: date) -> Question:
    def ask(first: date, last: date) -> tuple[Endpoint[Any], ...]:
        return endpoints.rankings_daily(
            start_date=first,
            end_date=last,
            period=None,
            modality=filters.get("modality"),
            context_bucket=None,
            category=filters.get("category"),
            language_type=filters.get("language_type"),
            latest=yesterday,
        )

    return Question(by_type(RankingsDaily), filters, range(1), ask)


def is_collected(parameters: Mapping[str, object]) -> bool:
    """Whether daily rankings with these parameters are collected, and not only imported."""
    data_set = by_type(RankingsDaily)
    return data_set.series(parameters) in map(data_set.series, _FILTERS)


def spans_to_ask(question: Question, covered: Spans, since: date, yesterday: date) -> Iterator[tuple[date, date]]:
    """The fewest spans to ask for, so that each day from ``since`` to ``yesterday`` is covered.

    The most recent days are asked for again even so, always from the first of a month on: a month that is collected day
    by day is then found in a few answers. Where an answer about them ends on the same day, its span is asked for again:
    the new answer is then unchanged or a revision. Estimates are made of whole weeks, so that their spans begin on a
    Monday.

    Args:
        question: a question about daily rankings.
        covered: the days that there are figures of.
        since: the first day wanted.
        yesterday: the last day wanted: the last one that is complete.
    """
    known = list(covered)
    have = {day for first, last in known for day in _days(max(first, since), min(last, yesterday))}
    recent = (yesterday - _RESTATED).replace(day=1)
    wanted = [day for day in _days(since, yesterday) if day not in have or day >= recent]
    same = _newest_span(known, since, recent, yesterday)
    if same is not None and wanted[0] >= recent:
        yield same
        return
    grain, _ = grain_of(parameters_of(question.series))
    while wanted:
        first = wanted[0]
        if grain == Period.WEEK:
            first = max(since, first - first.weekday() * _DAY)
        after = bisect_left(wanted, first + LONGEST_SPAN * _DAY)
        yield first, wanted[after - 1]
        wanted = wanted[after:]


def _newest_span(covered: Spans, since: date, recent: date, yesterday: date) -> tuple[date, date] | None:
    """The shortest span from ``recent`` or before to ``yesterday`` that there is an answer about."""
    earliest = max(since, yesterday - (LONGEST_SPAN - 1) * _DAY)
    firsts = [first for first, last in covered if last == yesterday and earliest <= first <= max(recent, since)]
    return (max(firsts), yesterday) if firsts else None


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * _DAY for n in range((last - first).days + 1))
