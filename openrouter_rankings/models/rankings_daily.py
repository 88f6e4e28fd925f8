"""``GET /datasets/rankings-daily``: the daily tokens of the top 50 public models, and of all other models together.

The row ``other`` sums the models outside the top 50. It is not a model: it counts in totals, never in a leaderboard. On
dates on which a model is outside the top 50 its tokens are part of ``other``; its total over a span is a lower bound.
Each provider counts tokens with its own tokenizer, so models of different providers compare only roughly. Rows by
category or language type are estimates from a weekly sample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from itertools import pairwise
from operator import eq
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar

import attrs

from openrouter_rankings.errors import ConfigurationError, InvalidResponseError, UnknownModelError
from openrouter_rankings.models.data_set import FIRST_DAY, DataSet, DataSetMeta, oldest
from openrouter_rankings.models.item import Item, shortened
from openrouter_rankings.models.rankings_daily_rows import OTHER, RankingsDailyItem, quick_rows, strict_date
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.models.synthetic import Mark

if TYPE_CHECKING:
    from openrouter_rankings.models.converter import Decoder

__all__ = [
    "FIRST_DAY",
    "OTHER",
    "ContextBucket",
    "LanguageType",
    "Modality",
    "ModelTokens",
    "Period",
    "RankingsCategory",
    "RankingsDaily",
    "RankingsDailyItem",
    "decode_rankings_daily",
    "join_rankings_daily",
]


class Period(StrEnum):
    """The grain of the rows: a UTC day, an ISO week from its Monday, or a month from its first day."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Modality(StrEnum):
    """A kind of model: by output (``text``, ``image_output``), by input (``image``, ``audio``) or by its tool calls."""

    TEXT = "text"
    IMAGE = "image"
    IMAGE_OUTPUT = "image_output"
    AUDIO = "audio"
    TOOL_CALLING = "tool_calling"


class ContextBucket(StrEnum):
    """Requests by the length of their context, in tokens: up to so many."""

    UP_TO_1K = "1K"
    UP_TO_10K = "10K"
    UP_TO_100K = "100K"
    UP_TO_1M = "1M"
    UP_TO_10M = "10M"


class RankingsCategory(StrEnum):
    """Use cases. The figures are estimates from a weekly sample."""

    PROGRAMMING = "programming"
    ROLEPLAY = "roleplay"
    MARKETING = "marketing"
    MARKETING_SEO = "marketing/seo"
    TECHNOLOGY = "technology"
    SCIENCE = "science"
    TRANSLATION = "translation"
    LEGAL = "legal"
    FINANCE = "finance"
    HEALTH = "health"
    TRIVIA = "trivia"
    ACADEMIA = "academia"


class LanguageType(StrEnum):
    """Natural or programming languages. The figures are estimates from a weekly sample."""

    NATURAL = "natural"
    PROGRAMMING = "programming"


@attrs.frozen(repr=False)
class ModelTokens(Item):
    """A model's tokens over a span.

    Attributes:
        model_permaslug: the model.
        total_tokens: its tokens on the dates on which it was in the top 50; on other dates they are part of ``other``.
        token_share: ``total_tokens`` as a fraction (0 to 1) of all tokens of the span, ``other`` included.
        dates: the number of dates on which it was in the top 50.
    """

    model_permaslug: str
    total_tokens: int
    token_share: float
    dates: int


@attrs.frozen(repr=False)
class RankingsDaily(DataSet[RankingsDailyItem]):
    """The rows of a span.

    Attributes:
        data: the rows: dates ascending, then tokens descending, with ``other`` last in its date.
        meta: the span, and when the answer was made.
        period: the grain of the rows, a ``Period``.
        is_estimate: whether the figures are estimates from a weekly sample, as those by category or language type are.
    """

    data: tuple[RankingsDailyItem, ...]
    meta: DataSetMeta
    period: str = Period.DAY
    is_estimate: bool = False

    columns: ClassVar[Columns] = {
        "date": date,
        "model_permaslug": str,
        "total_tokens": int,
        "is_other": bool,
        "variant": str | None,
        "base_slug": str,
        "is_estimate": bool,
    }

    key: ClassVar[tuple[str, ...]] = ("date", "model_permaslug")

    @property
    def source_line(self) -> str:
        return f"Source: OpenRouter (openrouter.ai/rankings), as of {self.meta.as_of}."

    def to_dict(self) -> dict[str, Any]:
        # The service says neither; without them, an estimate would be read back as a count, and a month as a week.
        grain = {} if self.period == Period.DAY else {"period": str(self.period)}
        return super().to_dict() | grain | ({"estimate": True} if self.is_estimate else {})

    @classmethod
    def from_dict(
        cls, document: dict[str, Any], *, period: Period | str | None = None, is_estimate: bool | None = None
    ) -> Self:
        """Read an answer from its parsed JSON: what ``to_dict`` gives, or what the service sends.

        Args:
            document: the parsed JSON. The service states neither the period nor whether the figures are estimates.
            period: the grain of the rows. None takes what ``to_dict`` noted, or else infers it: a week is dated on its
                Monday and a month on its first day, and of the grains that fit all dates, the one is taken by which the
                span should have the most similar number of dates, the finer one if in doubt. State it for the service's
                own answers over spans of up to a week, and where many dates may have no rows.
            is_estimate: whether the figures are estimates from the weekly sample; None for what ``to_dict`` noted.

        Raises:
            InvalidResponseError: the document is not what the contract promises; ``problems`` names each place.
        """
        return _as_asked(super().from_dict(document), period, is_estimate=is_estimate)

    @classmethod
    def from_json(
        cls, text: bytes | str, *, period: Period | str | None = None, is_estimate: bool | None = None
    ) -> Self:
        """Read an answer from JSON text, such as a saved response.

        Args:
            text: the JSON.
            period: the grain of the rows; None infers it, see ``from_dict``.
            is_estimate: whether the figures are estimates, see ``from_dict``.

        Raises:
            InvalidResponseError: the text is not what the contract promises; ``problems`` names each place.
        """
        return _as_asked(super().from_json(text), period, is_estimate=is_estimate)

    @classmethod
    @cache
    def _decoder(cls) -> Decoder[RankingsDaily]:
        from openrouter_rankings.models.converter import Decoder

        return Decoder(
            _Document,
            lambda document: RankingsDaily(
                document.data, document.meta, document.period or "", document.estimate, synthetic=document.synthetic
            ),
            quick_hooks={tuple[RankingsDailyItem, ...]: quick_rows},
            register=lambda converter: converter.register_structure_hook_func(partial(eq, _NotedPeriod), _noted_period),
        )

    def _subject(self) -> str:
        estimated = "estimated " if self.is_estimate else ""
        return f"{len(self):,} {estimated}rows by {shortened(self.period)}, {self.meta.span}"

    def _label(self, row: RankingsDailyItem) -> str:
        return f"{row.date} {row.model_permaslug}"

    def totals_by_date(self) -> dict[date, int]:
        """All tokens of each date, ``other`` included, by ascending date."""
        return _tokens_by_date(self.data)

    def leaderboard(
        self,
        n: int | None = None,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        merge_variants: bool = False,
    ) -> tuple[ModelTokens, ...]:
        """The top ``n`` models by tokens, ties by slug. ``other`` is not a model and never listed.

        Args:
            n: the number of models; all if None.
            start: the first date to count, a ``date`` or ISO text; None starts at the first row. A week or month counts
                by its first day.
            end: the last date to count, inclusive; None ends at the last row.
            merge_variants: add up the variants of a model under the slug without variant.

        Raises:
            ConfigurationError: ``n`` is negative, ``start`` or ``end`` is not a date, or ``start`` is after ``end``.
        """
        if n is not None and n < 0:
            raise ConfigurationError(f"n must not be negative, and is {n}.")
        first, last = _sub_span(start, end)
        rows = [row for row in self.data if first <= row.date <= last]
        return tuple(_ranked(rows, merge_variants=merge_variants)[:n])

    def token_share(self, model: str) -> float:
        """The model's fraction (0 to 1) of all tokens of the span, ``other`` included.

        A lower bound: on dates on which the model is outside the top 50 its tokens are part of ``other``.

        Args:
            model: the slug as it is in the rows; each variant counts as a model of its own.

        Raises:
            UnknownModelError: no row has this model (also a ``KeyError``); the error suggests similar slugs.
            ConfigurationError: ``model`` is ``other``.
        """
        return _fraction(_total(self._rows_of(model)), _total(self.data))

    def token_shares_by_date(self, model: str) -> dict[date, float]:
        """The model's fraction (0 to 1) of all tokens of a date, for each date on which it is in the top 50.

        Its tokens on the other dates are unknown: they are part of ``other``.

        Args:
            model: the slug as it is in the rows; each variant counts as a model of its own.

        Raises:
            UnknownModelError: no row has this model (also a ``KeyError``); the error suggests similar slugs.
            ConfigurationError: ``model`` is ``other``.
        """
        totals = self.totals_by_date()
        return {day: _fraction(tokens, totals[day]) for day, tokens in _tokens_by_date(self._rows_of(model)).items()}

    def missing_dates(self) -> tuple[date, ...]:
        """The dates of the span that should have a row and have none, such as 2025-06-15, which was never published.

        A day counts once it had ended in UTC when the answer was made. A week or month is expected if such a day of the
        span falls into it; of estimates, if such a Monday does, as a sampled week belongs to the month of its Monday.
        If filters narrowed the answer, a date may also be missing because it had no such traffic.

        Raises:
            ConfigurationError: ``period`` is not a ``Period``, or the span is longer than a century.
        """
        bucket = _BUCKETS.get(self.period)
        if bucket is None:
            known = ", ".join(Period)
            raise ConfigurationError(f'Missing dates are known for the periods {known}, not for "{self.period}".')
        ended = min(self.meta.end_date.toordinal() + 1, self.meta.as_of.utc.toordinal())
        span = range(self.meta.start_date.toordinal(), ended)
        if len(span) > _DAYS_IN_A_CENTURY:
            raise ConfigurationError(f"Missing dates are known for at most a century, not for {self.meta.span}.")
        days = map(date.fromordinal, span)
        expected = {bucket(day) for day in days if not self.is_estimate or day.weekday() == _MONDAY}
        return tuple(sorted(expected - _dates(self.data)))

    def _rows_of(self, model: str) -> list[RankingsDailyItem]:
        if model == OTHER:
            raise ConfigurationError(f'"{OTHER}" is not a model: it sums the models outside the top 50 of each date.')
        rows = [row for row in self.data if row.model_permaslug == model]
        if not rows:
            from difflib import get_close_matches

            slugs = {row.model_permaslug for row in self.data if not row.is_other}
            raise UnknownModelError(model, get_close_matches(model, sorted(slugs)))
        return rows


_MONDAY = 0
_DAYS_IN_A_CENTURY = 36_525

_BUCKETS: Mapping[str, Callable[[date], date]] = {
    Period.DAY: lambda day: day,
    Period.WEEK: lambda day: day - timedelta(days=day.weekday()),
    Period.MONTH: lambda day: day.replace(day=1),
}
"""For each period, the date of the row to which a day belongs."""


R = TypeVar("R", bound=RankingsDaily)


def _as_asked(answer: R, period: Period | str | None, *, is_estimate: bool | None) -> R:
    return attrs.evolve(
        answer,
        period=(answer.period or _inferred_period(answer)) if period is None else period,
        is_estimate=answer.is_estimate if is_estimate is None else is_estimate,
    )


def _inferred_period(answer: RankingsDaily) -> Period:
    dates, meta = _dates(answer.data), answer.meta
    if not dates:
        return Period.DAY
    fitting = [
        period
        for period in Period
        if all(_BUCKETS[period](day) == day for day in dates) and min(dates) >= _BUCKETS[period](meta.start_date)
    ]
    return min(
        fitting,
        key=lambda period: abs(_buckets_in(period, meta.start_date, meta.end_date) - len(dates)),
        default=Period.DAY,
    )


def _buckets_in(period: Period, first: date, last: date) -> int:
    """How many days, weeks or months the span touches, without counting them one by one."""
    if period is Period.MONTH:
        return (last.year - first.year) * 12 + last.month - first.month + 1
    days = (_BUCKETS[period](last) - _BUCKETS[period](first)).days
    return days + 1 if period is Period.DAY else days // 7 + 1


def _ranked(rows: Iterable[RankingsDailyItem], *, merge_variants: bool) -> list[ModelTokens]:
    total = 0
    models: defaultdict[str, list[RankingsDailyItem]] = defaultdict(list)
    for row in rows:
        total += row.total_tokens
        models[row.base_slug if merge_variants else row.model_permaslug].append(row)
    models.pop(OTHER, None)
    ranked = [_model_tokens(model, its_rows, total) for model, its_rows in models.items()]
    return sorted(ranked, key=lambda model: (-model.total_tokens, model.model_permaslug))


def _model_tokens(model: str, rows: Sequence[RankingsDailyItem], total: int) -> ModelTokens:
    tokens = _total(rows)
    return ModelTokens(model, tokens, _fraction(tokens, total), len(_dates(rows)))


def _tokens_by_date(rows: Iterable[RankingsDailyItem]) -> dict[date, int]:
    tokens: defaultdict[date, int] = defaultdict(int)
    for row in rows:
        tokens[row.date] += row.total_tokens
    return dict(sorted(tokens.items()))


def _total(rows: Iterable[RankingsDailyItem]) -> int:
    return sum(row.total_tokens for row in rows)


def _dates(rows: Iterable[RankingsDailyItem]) -> set[date]:
    return {row.date for row in rows}


def _fraction(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _sub_span(start: date | str | None, end: date | str | None) -> tuple[date, date]:
    first = date.min if start is None else _checked_date("start", start)
    last = date.max if end is None else _checked_date("end", end)
    if first > last:
        raise ConfigurationError(f"start must not be after end, and {first} is after {last}.")
    return first, last


def _checked_date(name: str, value: date | str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return strict_date(value)
    except (ValueError, TypeError) as error:
        like = '"2026-09-16" or datetime.date(2026, 9, 16)'
        raise ConfigurationError(f"{name} must be a day, such as {like}, not {value!r}.") from error


def join_rankings_daily(parts: Sequence[RankingsDaily]) -> RankingsDaily:
    """Join the answers for successive spans into one, dated like the oldest of them.

    A row that two answers share is kept once.

    Args:
        parts: at least one answer, in the order of their spans, requested with otherwise equal parameters. No week or
            month may be split between two of them.

    Raises:
        InvalidResponseError: two answers have different figures for a model on a date.
    """
    meta = attrs.evolve(
        parts[0].meta,
        as_of=oldest(parts),
        start_date=min(part.meta.start_date for part in parts),
        end_date=max(part.meta.end_date for part in parts),
    )
    rows = [row for part in parts for row in part.data]
    return attrs.evolve(
        parts[0],
        data=tuple(rows if _are_apart(parts) else _united(rows)),
        meta=meta,
        synthetic=any(part.synthetic for part in parts),
    )


def _are_apart(parts: Iterable[RankingsDaily]) -> bool:
    dates = [_dates(part.data) for part in parts if part.data]
    return all(max(before) < min(after) for before, after in pairwise(dates))


def _united(rows: Iterable[RankingsDailyItem]) -> list[RankingsDailyItem]:
    united: dict[tuple[date, str], RankingsDailyItem] = {}
    for row in rows:
        if united.setdefault((row.date, row.model_permaslug), row).total_tokens != row.total_tokens:
            problem = (
                f"{row.model_permaslug} on {row.date} came with different figures in two answers: they were restated "
                "between the requests; ask again with fresh=True"
            )
            raise InvalidResponseError(("data", problem))
    return sorted(united.values(), key=lambda row: (row.date, row.is_other, -row.total_tokens, row.model_permaslug))


_NotedPeriod = Annotated[str | None, "a text, or else not noted"]


def _noted_period(value: Any, _: Any) -> str | None:
    return value if isinstance(value, str) else None


@attrs.frozen
class _Document:
    data: tuple[RankingsDailyItem, ...]
    meta: DataSetMeta
    period: _NotedPeriod = None
    estimate: Mark = False
    synthetic: Mark = False


def decode_rankings_daily(body: bytes, *, period: str = Period.DAY, is_estimate: bool = False) -> RankingsDaily:
    """Read the body of a 200 response.

    Args:
        body: the body.
        period: the grain that was asked for, which the service does not repeat.
        is_estimate: whether a category or language type was asked for.

    Raises:
        InvalidResponseError: the body is not what the contract promises; ``problems`` names each place.
    """
    return RankingsDaily.from_json(body, period=period, is_estimate=is_estimate)
