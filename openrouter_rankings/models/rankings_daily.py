"""``GET /datasets/rankings-daily``: the tokens of the top 50 public models, day by day, and of all the others together.

The row of the others, ``other``, is no model: it belongs in totals, and in no leaderboard. On a date on which a model
is not among the top 50 its tokens are within ``other``, so what is said of a model over a span is the least it had.
Token counts come from each provider's own tokenizer, so that models of different providers compare only roughly. Rows
by category or type of language are estimates from a weekly sample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import attrs

from openrouter_rankings.errors import ConfigurationError, InvalidResponseError, UnknownModelError
from openrouter_rankings.models.data_set import Columns, DataSet, DataSetMeta, TokenCount, oldest
from openrouter_rankings.models.item import Item, shortened

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

FIRST_DAY = date(2025, 1, 1)
"""The first UTC day of which there is data."""

OTHER = "other"
"""The reserved slug of the row that sums all models outside the top 50 of its date."""


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
    """Only requests whose context is about so many tokens long."""

    UP_TO_1K = "1K"
    UP_TO_10K = "10K"
    UP_TO_100K = "100K"
    UP_TO_1M = "1M"
    UP_TO_10M = "10M"


class RankingsCategory(StrEnum):
    """Use cases, of which there are weekly estimates from a sample."""

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
    """Natural or programming languages, of which there are weekly estimates from a sample."""

    NATURAL = "natural"
    PROGRAMMING = "programming"


@attrs.frozen(repr=False, weakref_slot=False)
class RankingsDailyItem(Item):
    """One model on one date, or all the others on it.

    Attributes:
        date: the UTC day, or the first day of the week or month.
        model_permaslug: the model with its variant, such as ``vendor/model:free``; or ``other``.
        total_tokens: prompt and completion tokens.
    """

    date: date
    model_permaslug: str
    total_tokens: TokenCount

    @property
    def is_other(self) -> bool:
        """It sums the models outside the top 50, and is no model."""
        return self.model_permaslug == OTHER

    @property
    def base_slug(self) -> str:
        """The slug without its variant."""
        return self.model_permaslug.partition(":")[0]

    @property
    def variant(self) -> str | None:
        """The variant of the model, such as ``free``; None for the standard one."""
        return self.model_permaslug.partition(":")[2] or None


@attrs.frozen(repr=False)
class ModelTokens(Item):
    """A model's place in a span.

    Attributes:
        model_permaslug: the model.
        total_tokens: its tokens on the dates on which it was among the top 50; on others they are within ``other``.
        token_share: the same as a fraction (0 to 1) of all tokens of the span, those of ``other`` included.
        dates: on how many dates it was among the top 50.
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
        is_estimate: the figures are estimates from a weekly sample, as those by category or type of language are.
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
    def citation(self) -> str:
        return f"Source: OpenRouter (openrouter.ai/rankings), as of {self.meta.as_of}."

    @classmethod
    def from_dict(
        cls, document: dict[str, Any], *, period: Period | str | None = None, is_estimate: bool = False
    ) -> Self:
        """Read an answer from its parsed JSON: what ``to_dict`` gives, or what the service does.

        Args:
            document: the parsed JSON, which states neither of the other two.
            period: the grain of the rows. None infers it: weeks are dated on Mondays and months on their first day, and
                of the grains that fit the dates, the one is taken whose number of dates comes nearest to that of the
                span. A span of one day is read as a day; where many dates have no rows, say the grain.
            is_estimate: whether the figures are estimates from the weekly sample, which nothing in an answer shows.

        Raises:
            InvalidResponseError: the document is not what the contract promises; ``problems`` names each place.
        """
        return _as_asked(super().from_dict(document), period, is_estimate=is_estimate)

    @classmethod
    def from_json(cls, text: bytes | str, *, period: Period | str | None = None, is_estimate: bool = False) -> Self:
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
            lambda document: RankingsDaily(document.data, document.meta),
            quick_hooks={tuple[RankingsDailyItem, ...]: _quick_rows},
        )

    def _subject(self) -> str:
        estimated = "estimated " if self.is_estimate else ""
        return f"{len(self):,} {estimated}rows by {shortened(self.period)}, {self.meta.span}"

    def _label(self, row: RankingsDailyItem) -> str:
        return f"{row.date} {row.model_permaslug}"

    def totals_by_date(self) -> dict[date, int]:
        """All tokens of each date, those of ``other`` included, in the order of the dates."""
        return _tokens_by_date(self.data)

    def leaderboard(
        self,
        n: int | None = None,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        merge_variants: bool = False,
    ) -> tuple[ModelTokens, ...]:
        """The first ``n`` models (all if None) by tokens, equal ones by slug; ``other`` is not among them.

        Args:
            n: how many models at most.
            start: the first date to count, a ``date`` or ISO text; None counts from the first row. A row of a week or
                month counts by the bucket's first day.
            end: the last date to count, which counts too; None counts to the last row.
            merge_variants: sum the variants of a model, under the slug without its variant.

        Raises:
            ConfigurationError: ``n`` is negative, ``start`` or ``end`` is no date, or ``start`` is after ``end``.
        """
        if n is not None and n < 0:
            raise ConfigurationError(f"n must not be negative, and is {n}.")
        first, last = _sub_span(start, end)
        rows = [row for row in self.data if first <= row.date <= last]
        return tuple(_ranked(rows, merge_variants=merge_variants)[:n])

    def token_share(self, model: str) -> float:
        """The model's fraction (0 to 1) of all tokens of the span, those of ``other`` included.

        A lower bound: on dates on which the model is not among the top 50 its tokens are within ``other``.

        Args:
            model: the slug as the rows have it; each variant is a model of its own.

        Raises:
            UnknownModelError: the model is on no date (also a ``KeyError``); it suggests slugs like it.
            ConfigurationError: ``model`` is ``other``.
        """
        return _fraction(_total(self._rows_of(model)), _total(self.data))

    def token_shares_by_date(self, model: str) -> dict[date, float]:
        """The model's fraction (0 to 1) of all tokens of a date, for each date on which it is among the top 50.

        How many it had on the other dates is not known: they are within ``other``.

        Args:
            model: the slug as the rows have it; each variant is a model of its own.

        Raises:
            UnknownModelError: the model is on no date (also a ``KeyError``); it suggests slugs like it.
            ConfigurationError: ``model`` is ``other``.
        """
        totals = self.totals_by_date()
        return {day: _fraction(tokens, totals[day]) for day, tokens in _tokens_by_date(self._rows_of(model)).items()}

    def missing_dates(self) -> tuple[date, ...]:
        """The dates of the span that have no row though there should be one, such as the never published 2025-06-15.

        Only days count that were over in UTC when the answer was made. By weeks and by months, rows are due on the
        first day of each into which such a day of the span falls; if they are estimates, of each into which such a
        Monday falls, for a sampled week belongs to its Monday. Where the answer is narrowed to a kind of traffic, a
        date may also be missing because there was none.

        Raises:
            ConfigurationError: ``period`` is none of ``Period``.
        """
        bucket = _BUCKETS.get(self.period)
        if bucket is None:
            known = ", ".join(Period)
            raise ConfigurationError(f'The missing dates are known for the periods {known}, not for "{self.period}".')
        over = min(self.meta.end_date.toordinal() + 1, self.meta.as_of.utc.toordinal())
        days = map(date.fromordinal, range(self.meta.start_date.toordinal(), over))
        expected = {bucket(day) for day in days if not self.is_estimate or day.weekday() == _MONDAY}
        return tuple(sorted(expected - _dates(self.data)))

    def _rows_of(self, model: str) -> list[RankingsDailyItem]:
        if model == OTHER:
            raise ConfigurationError(f'"{OTHER}" is no model: it sums the models outside the top 50 of each date.')
        rows = [row for row in self.data if row.model_permaslug == model]
        if not rows:
            from difflib import get_close_matches

            slugs = {row.model_permaslug for row in self.data if not row.is_other}
            raise UnknownModelError(model, get_close_matches(model, sorted(slugs)))
        return rows


_MONDAY = 0

_BUCKETS: Mapping[str, Callable[[date], date]] = {
    Period.DAY: lambda day: day,
    Period.WEEK: lambda day: day - timedelta(days=day.weekday()),
    Period.MONTH: lambda day: day.replace(day=1),
}
"""By period, the date of the row that a day falls into."""

_DAYS_IN: Mapping[Period, int] = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30}


R = TypeVar("R", bound=RankingsDaily)


def _as_asked(answer: R, period: Period | str | None, *, is_estimate: bool) -> R:
    stated = attrs.evolve(answer, period=Period.DAY if period is None else period, is_estimate=is_estimate)
    return stated if period is not None else attrs.evolve(stated, period=_inferred_period(stated))


def _inferred_period(answer: RankingsDaily) -> Period:
    dates, meta = _dates(answer.data), answer.meta
    if not dates:
        return Period.DAY
    days = (meta.end_date - meta.start_date).days + 1
    fitting = [period for period in Period if all(_BUCKETS[period](day) == day for day in dates)]
    return min(fitting, key=lambda period: abs(days / _DAYS_IN[period] - len(dates)))


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
        return _iso_date(value)
    except (ValueError, TypeError) as error:
        like = '"2026-09-16" or datetime.date(2026, 9, 16)'
        raise ConfigurationError(f"{name} must be a day, such as {like}, not {value!r}.") from error


def _iso_date(text: Any) -> date:
    day = date.fromisoformat(text)
    # It reads other ways to write a date as well.
    if day.isoformat() != text:
        raise ValueError("not YYYY-MM-DD")
    return day


def join_rankings_daily(parts: Sequence[RankingsDaily]) -> RankingsDaily:
    """The answers for one span after another as one, which is as old as the oldest of them.

    A row that two of the answers hold is in the whole once.

    Args:
        parts: at least one answer, in the order of their spans, all asked for with the same parameters besides. No
            bucket of a week or month may be spread over two of them.

    Raises:
        InvalidResponseError: two of the answers have different figures for a model on a date.
    """
    meta = attrs.evolve(
        parts[0].meta,
        as_of=oldest(parts),
        start_date=min(part.meta.start_date for part in parts),
        end_date=max(part.meta.end_date for part in parts),
    )
    rows = [row for part in parts for row in part.data]
    return attrs.evolve(parts[0], data=tuple(rows if _are_apart(parts) else _united(rows)), meta=meta)


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


@attrs.frozen
class _Document:
    data: tuple[RankingsDailyItem, ...]
    meta: DataSetMeta


# Two years are 37,000 rows. A frozen class's __init__ finds each slot by its name; the slots' own setters build the
# same value sooner. Equal dates and equal slugs are one object each, which more than halves the memory of a row.
_set_date, _set_model, _set_tokens = (
    vars(RankingsDailyItem)[field.name].__set__ for field in attrs.fields(RankingsDailyItem)
)


def _quick_rows(rows: Any, _: Any) -> tuple[RankingsDailyItem, ...]:
    if type(rows) is not list:
        raise TypeError
    dates, slugs = _Made(_iso_date), _Made(_string)
    items: list[RankingsDailyItem] = []
    for row in rows:
        tokens = row["total_tokens"]
        # Nineteen digits may be more than 64 bits: those are left to the exact way. What is no str is a TypeError.
        if not str.isdecimal(tokens) or len(tokens) > 18 or not tokens.isascii():
            raise ValueError
        item = object.__new__(RankingsDailyItem)
        _set_date(item, dates[row["date"]])
        _set_model(item, slugs[row["model_permaslug"]])
        _set_tokens(item, int(tokens))
        items.append(item)
    return tuple(items)


class _Made(dict[Any, Any]):
    """What was made of each key, made when it is first asked for: quicker than a function that remembers."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self._make(key)
        return value


def _string(value: Any) -> str:
    if type(value) is not str:
        raise TypeError
    return value


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
