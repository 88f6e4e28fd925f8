"""What the archive must know of each data set: how to recognise, decode, date and compare its answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Generic, TypeVar, cast
from urllib.parse import parse_qsl, urlencode

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history.packing import Part
from openrouter_rankings.models.app_rankings import AppRankings, decode_app_rankings
from openrouter_rankings.models.benchmarks import Benchmarks, decode_benchmarks
from openrouter_rankings.models.rankings_daily import Period, RankingsDaily, decode_rankings_daily
from openrouter_rankings.models.session_cost import SessionCost, decode_session_cost
from openrouter_rankings.models.task_classifications import TaskClassifications, decode_task_classifications

__all__ = ["DATA_SETS", "ArchivedDataSet", "Span", "by_name", "by_path", "by_type", "grain_of", "parameters_of"]

T = TypeVar("T")

_CLASSIFICATIONS = re.compile(r'"classifications"\s*:\s*\[')
_JSON = json.JSONDecoder()

_NOTHING: frozenset[str] = frozenset()


@attrs.frozen
class Span:
    """The UTC days that an answer is about, by its own account.

    Attributes:
        first: the first day.
        last: the last day: the date that the answer is archived under.
        complete: the last day was over when the service made the answer.
    """

    first: date
    last: date
    complete: bool


@attrs.frozen(kw_only=True)
class ArchivedDataSet(Generic[T]):
    """One data set, as the archive sees it.

    Attributes:
        name: its name in the archive and in exports.
        path: the path of its operation below the base URL.
        answer: the class of its answers.
        decode: from a body and the parameters that it was asked for with to its value.
        span: from a value and the instant it was fetched at to the days that it is about.
        mark: a field that rows of this data set have, and those of no other, to recognise an answer by.
        defaults: from the parameters given to the values that mean the same as leaving one out.
        volatile_meta: fields of ``meta`` that change from one answer to the next while the figures stay.
        volatile_rows: such fields of each row.
        rows: the attribute of a value that holds its rows.
        parts: from a body and its document to the parts that can be read by themselves; none if there are none.
        daily: a new date is published each day.
        cumulative: an answer holds figures of every day of its span, and not only of the span as a whole.
    """

    name: str
    path: str
    answer: type[T]
    decode: Callable[[bytes, Mapping[str, str]], T]
    span: Callable[[T, datetime], Span]
    mark: str
    defaults: Callable[[Mapping[str, str]], Mapping[str, str]]
    volatile_meta: frozenset[str] = frozenset({"as_of"})
    volatile_rows: frozenset[str] = _NOTHING
    rows: str = "data"
    parts: Callable[[bytes, Any], Sequence[Part]] = lambda _body, _document: ()
    daily: bool = False
    cumulative: bool = False

    def series(self, parameters: Mapping[str, object]) -> str:
        """The parameters in one canonical spelling, as a query.

        Left out: what is None or the service's default, and the span asked for, since the answer states the span it is
        about.
        """
        given = {
            name: str(value)
            for name, value in parameters.items()
            if value is not None and name not in {"start_date", "end_date"}
        }
        return urlencode(sorted(item for item in given.items() if item not in self.defaults(given).items()))

    def content_hash(self, document: Any) -> bytes:
        """SHA-256 of the answer without its volatile fields, however its JSON is formatted."""
        stable = dict(document)
        if isinstance(stable.get("meta"), dict):
            stable["meta"] = _without(stable["meta"], self.volatile_meta)
        if self.volatile_rows:
            stable["data"] = [_without(row, self.volatile_rows) for row in stable["data"]]
        return sha256(json.dumps(stable, sort_keys=True, separators=(",", ":")).encode()).digest()


def _without(fields: Mapping[str, Any], left_out: Set[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in left_out}


def grain_of(parameters: Mapping[str, str]) -> tuple[str, bool]:
    """The period of daily rankings that were asked for so, and whether they are estimates from the weekly sample."""
    sampled = not {"category", "language_type"}.isdisjoint(parameters)
    return parameters.get("period", Period.WEEK if sampled else Period.DAY), sampled


def _tasks_span(answer: TaskClassifications, fetched_at: datetime) -> Span:
    first = answer.as_of - timedelta(days=answer.window_days - 1)
    return Span(first, answer.as_of, answer.as_of < fetched_at.date())


def _task_parts(body: bytes, document: Any) -> Sequence[Part]:
    """Each classification, by its tag; none if they are not found where they are expected."""
    text = body.decode()
    opening = _CLASSIFICATIONS.search(text)
    if opening is None:
        return ()
    parts: list[Part] = []
    end = opening.end()
    for task in document["data"]["classifications"]:
        start = text.find("{", end)
        try:
            found, end = _JSON.raw_decode(text, start)
        except ValueError:
            return ()
        if found != task:
            return ()
        parts.append(Part(task["tag"], start, end))
    return parts


def _stated_span(answer: RankingsDaily | AppRankings, fetched_at: datetime) -> Span:
    meta = answer.meta
    return Span(meta.start_date, meta.end_date, meta.end_date < min(meta.as_of.utc, fetched_at).date())


def _sessions_span(answer: SessionCost, fetched_at: datetime) -> Span:
    made_at = min(answer.meta.as_of.utc, fetched_at)
    last = answer.meta.window_end_date or made_at.date()
    return Span(last - timedelta(days=(answer.meta.window_days or 1) - 1), last, last < made_at.date())


def _benchmarks_span(answer: Benchmarks, _fetched_at: datetime) -> Span:
    # The instant of the last update; scores are not counted by the day, so that none is unfinished.
    updated = answer.meta.as_of.utc.date()
    return Span(updated, updated, complete=True)


def _decode_rankings(body: bytes, parameters: Mapping[str, str]) -> RankingsDaily:
    period, sampled = grain_of(parameters)
    return decode_rankings_daily(body, period=period, is_estimate=sampled)


DATA_SETS: tuple[ArchivedDataSet[Any], ...] = (
    ArchivedDataSet(
        name="task-classifications",
        path="/classifications/task",
        answer=TaskClassifications,
        decode=lambda body, _: decode_task_classifications(body),
        span=_tasks_span,
        mark="usage_share",
        defaults=lambda _: {"window": "7d"},
        rows="classifications",
        parts=_task_parts,
        daily=True,
    ),
    ArchivedDataSet(
        name="rankings-daily",
        path="/datasets/rankings-daily",
        answer=RankingsDaily,
        decode=_decode_rankings,
        span=_stated_span,
        mark="date",
        defaults=lambda given: {"period": grain_of(_without(given, {"period"}))[0]},
        daily=True,
        cumulative=True,
    ),
    ArchivedDataSet(
        name="app-rankings",
        path="/datasets/app-rankings",
        answer=AppRankings,
        decode=lambda body, _: decode_app_rankings(body),
        span=_stated_span,
        mark="app_id",
        defaults=lambda _: {"sort": "popular", "limit": "50", "offset": "0"},
        volatile_rows=AppRankings.unstable,
        daily=True,
    ),
    ArchivedDataSet(
        name="session-cost",
        path="/datasets/session-cost",
        answer=SessionCost,
        decode=lambda body, _: decode_session_cost(body),
        span=_sessions_span,
        mark="median_session_cost_usd",
        defaults=lambda _: {"limit": "100", "offset": "0"},
        volatile_rows=SessionCost.unstable,
    ),
    ArchivedDataSet(
        name="benchmarks",
        path="/benchmarks",
        answer=Benchmarks,
        decode=lambda body, _: decode_benchmarks(body),
        span=_benchmarks_span,
        mark="source",
        defaults=lambda _: {"include_run_config": "false"},
    ),
)
"""The data sets that an archive can hold."""


def by_type(answer: type[T]) -> ArchivedDataSet[T]:
    """The data set whose answers are of this class.

    Raises:
        ConfigurationError: it is none of the five.
    """
    for data_set in DATA_SETS:
        if data_set.answer is answer:
            return cast("ArchivedDataSet[T]", data_set)
    names = ", ".join(each.answer.__name__ for each in DATA_SETS)
    raise ConfigurationError(f"A data set is named by the class of its answers ({names}), not by {answer!r}.")


def by_name(name: str) -> ArchivedDataSet[Any]:
    """The data set of this name.

    Raises:
        ConfigurationError: there is none.
    """
    for data_set in DATA_SETS:
        if data_set.name == name:
            return data_set
    raise ConfigurationError(f"The data sets are {', '.join(each.name for each in DATA_SETS)}, not {name!r}.")


def by_path(path: str) -> ArchivedDataSet[Any] | None:
    """The data set whose operation has a path that ends so; None if there is none."""
    return next((data_set for data_set in DATA_SETS if path.endswith(data_set.path)), None)


def parameters_of(series: str) -> dict[str, str]:
    """The parameters that ``series`` spells."""
    return dict(parse_qsl(series, keep_blank_values=True))
