"""Which models are used for a kind of task, ranked, with reasons. Popularity is not quality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from math import fsum
from typing import Any, ClassVar

import attrs

from openrouter_rankings.analysis.criteria import POPULARITY_CRITERION, PRICE_CRITERION, Reason, criteria_in
from openrouter_rankings.analysis.errors import StaleSnapshotError
from openrouter_rankings.analysis.globs import checked_patterns, match_models, matching
from openrouter_rankings.analysis.leaders import checked_by
from openrouter_rankings.analysis.result import LISTED_ONLY, Analysis, AnalysisMeta
from openrouter_rankings.analysis.slugs import author_of, near
from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.benchmarks import Benchmarks
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.models.task_classifications import By, TaskClassification, TaskClassifications

__all__ = ["CAVEAT", "Pick", "Picks", "PicksMeta", "Reason", "pick"]

CAVEAT = (
    "The score says how much a model is used for these tasks, weighed with what else was asked for. It does not say "
    "how good the model is: popularity is not quality."
)

_WITHOUT_POPULARITY = (
    "The score is made of the criteria that were asked for, and does not say how much a model is used for these tasks."
)

_POPULARITY_ALONE: Mapping[str, float] = {POPULARITY_CRITERION: 1.0}
_LARGEST_WEIGHT = 1_000_000_000
_MOST_NAMED = 12

# An answer of today lists 290 models, so the most entries, 400, are far from this.
_MOST_WORK = 1_000_000

_ONE_DAY = timedelta(days=1)


@attrs.frozen
class Pick(Item):
    """A model that is used for the tasks asked for.

    Attributes:
        rank: its place, from 1.
        model: its slug.
        author: its author.
        score: 0 to 1; 1 is the best of these models by every criterion. See ``pick``.
        share: its fraction (0 to 1) of the traffic of the tasks, weighted as asked for, at least.
        reasons: what the score is made of.
    """

    rank: int
    model: str
    author: str
    score: float
    share: float
    reasons: tuple[Reason, ...]


@attrs.frozen(kw_only=True)
class PicksMeta(AnalysisMeta):
    """What picks say of themselves.

    Attributes:
        as_of: the last UTC day of the snapshot.
        by: whether the shares are of requests ("usage") or of tokens.
        tags: the tasks that the patterns match.
        unmatched: what in ``allow`` and ``deny`` matches no model listed for these tasks.
    """

    as_of: date
    by: By
    tags: tuple[str, ...]
    unmatched: tuple[str, ...]


@attrs.frozen(repr=False)
class Picks(Analysis):
    """The models by score; none if ``allow``, ``deny`` and ``min_share`` leave none."""

    data: tuple[Pick, ...]
    meta: PicksMeta

    columns: ClassVar[Columns] = {
        "rank": int,
        "model": str,
        "author": str,
        "score": float,
        "share": float,
        "reasons": str,
    }

    @property
    def caveat(self) -> str:
        """What the score does not say; it is among the remarks too."""
        return self.meta.remarks[0]

    def _record(self, row: Pick, shared: Mapping[str, Any]) -> dict[str, Any]:
        return super()._record(row, shared) | {"reasons": "; ".join(reason.text for reason in row.reasons)}


def pick(
    snapshot: TaskClassifications,
    weights: Mapping[str, float],
    *,
    by: By = "usage",
    allow: str | Iterable[str] | None = None,
    deny: str | Iterable[str] = (),
    min_share: float = 0.0,
    max_age: timedelta | None = None,
    now: datetime | None = None,
    benchmarks: Benchmarks | None = None,
    criteria: Mapping[str, float] | None = None,
    n: int | None = None,
) -> Picks:
    """The models that are used most for some kinds of task, best score first; equal ones by share, then by slug.

    A model's share of a pattern is its part of the traffic of all tasks that match: each task counts as much as it has
    traffic. Its ``share`` is the mean over the patterns, by their weights. It is the least it can be, because only the
    leading models of each task are published.

    Its ``score`` is the mean over the criteria, by their weights. Each is scaled over the models that remain after
    ``allow``, ``deny`` and ``min_share``: popularity is the share divided by the largest share; a benchmark score goes
    from 0 for the lowest to 1 for the highest, a price from 0 for the highest to 1 for the lowest. A model of which a
    criterion is not known gets 0 for it, and its reason says so.

    Args:
        snapshot: the classifications.
        weights: the weight of each tag; ``*``, ``?`` and ``[ab]`` match several: ``{"code:*": 1.0}``.
        by: whether shares are of requests ("usage") or of tokens.
        allow: only these models: patterns, or slugs in any of their forms; None allows all.
        deny: not these models, even if allowed.
        min_share: only models of at least this ``share``, 0 to 1.
        max_age: the greatest age of the snapshot accepted, counted from the end of its last day; None accepts any.
        now: the present instant, an aware ``datetime``; needed with ``max_age``.
        benchmarks: the benchmarks answer that ``criteria`` refer to.
        criteria: the weight of each criterion; None is ``{"popularity": 1}``. Others are ``price``,
            ``intelligence_index``, ``coding_index``, ``agentic_index``, each ``benchmark_type``, and
            ``arena/category`` of Design Arena.
        n: how many at most; all if None.

    Raises:
        UnknownTagError: a pattern matches no task.
        AmbiguousModelError: a slug in ``allow`` or ``deny`` fits several models.
        StaleSnapshotError: the snapshot is older than ``max_age``.
        ConfigurationError: a weight is not a positive number, ``criteria`` has one that ``benchmarks`` does not, there
            are too many models for the number of patterns, or another argument is invalid.
    """
    by = checked_by(snapshot, by)
    _check_age(snapshot, max_age, now)
    _check_numbers(min_share, n)
    allowing = ("*",) if allow is None else checked_patterns("allow", allow)
    denying = checked_patterns("deny", deny)
    wanted = _portions("weights", weights)
    scale = _portions("criteria", _POPULARITY_ALONE if criteria is None else criteria)
    _check_work(snapshot, len(wanted) + len(scale) + len(allowing) + len(denying))
    parts = _parts(snapshot, wanted, by)
    shares = _shares(parts)
    allowed, unmatched = _allowed(shares, allowing, denying)
    candidates = {model: shares[model] for model in sorted(allowed) if shares[model] >= min_share}
    reasons = _reasons(candidates, parts, scale, snapshot, benchmarks, by)
    picks = _ranked(candidates, reasons)[:n]
    lines = (line for each in picks for reason in each.reasons for line in reason.citation.split("\n"))
    meta = PicksMeta(
        citations=tuple(dict.fromkeys((snapshot.citation, *lines))),
        remarks=(CAVEAT if POPULARITY_CRITERION in scale else _WITHOUT_POPULARITY, LISTED_ONLY),
        as_of=snapshot.as_of,
        by=by,
        tags=tuple(dict.fromkeys(task.tag for part in parts for task in part.tasks)),
        unmatched=unmatched,
    )
    synthetic = snapshot.synthetic or (benchmarks is not None and benchmarks.synthetic)
    return Picks(tuple(picks), meta, synthetic=synthetic)


def _check_age(snapshot: TaskClassifications, max_age: timedelta | None, now: datetime | None) -> None:
    if max_age is None:
        return
    if now is None or now.tzinfo is None:
        raise ConfigurationError(f"max_age needs now, an aware datetime such as datetime.now(UTC), not {now!r}.")
    # Subtracted here, because the last day of the calendar has no next one.
    age = now - datetime.combine(snapshot.as_of, time(), UTC) - _ONE_DAY
    if age > max_age:
        raise StaleSnapshotError(snapshot.as_of, age, max_age)


def _check_numbers(min_share: float, n: int | None) -> None:
    if not 0 <= min_share <= 1:
        raise ConfigurationError(f"min_share must be a fraction from 0 to 1, and is {min_share}.")
    if n is not None and n < 0:
        raise ConfigurationError(f"n must not be negative, and is {n}.")


def _check_work(snapshot: TaskClassifications, entries: int) -> None:
    listed = sum(len(task.models) for task in snapshot.classifications)
    if listed * entries > _MOST_WORK:
        raise ConfigurationError(
            f"The tasks list {listed} models, which is too many for {entries} entries in weights, criteria, "
            f"allow and deny together: give at most {_MOST_WORK // listed}."
        )


def _portions(name: str, weights: Mapping[str, float]) -> dict[str, float]:
    """The weights as fractions of their sum."""
    names = checked_patterns(name, weights)
    if not names:
        raise ConfigurationError(f"{name} must not be empty.")
    for each in names:
        if not isinstance(weights[each], int | float) or not 0 < weights[each] <= _LARGEST_WEIGHT:
            raise ConfigurationError(
                f"The weight of {each!r} in {name} must be a number above 0, up to {_LARGEST_WEIGHT:,}, not "
                f"{weights[each]!r}."
            )
    total = fsum(weights.values())
    return {each: weights[each] / total for each in names}


@attrs.frozen
class _Part:
    """What the snapshot says of one pattern.

    Attributes:
        pattern: the pattern.
        portion: its weight as a fraction of all weights.
        tasks: the tasks that match.
        shares: the share of each listed model in the traffic of these tasks.
    """

    pattern: str
    portion: float
    tasks: tuple[TaskClassification, ...]
    shares: Mapping[str, float]

    def __str__(self) -> str:
        return self.tasks[0].tag if len(self.tasks) == 1 else f"the {len(self.tasks)} tasks like {self.pattern}"


def _parts(snapshot: TaskClassifications, portions: Mapping[str, float], by: By) -> list[_Part]:
    tasks = {task.tag: task for task in snapshot.classifications}
    parts: list[_Part] = []
    for pattern, portion in portions.items():
        matched = tuple(tasks[tag] for tag in matching(pattern, tasks))
        if not matched:
            raise UnknownTagError(pattern, near(pattern, tasks))
        parts.append(_Part(pattern, portion, matched, _shares_of_traffic(matched, by)))
    return parts


def _shares_of_traffic(tasks: Sequence[TaskClassification], by: By) -> dict[str, float]:
    traffic = [task.usage_share if by == "usage" else task.token_share for task in tasks]
    total = fsum(traffic)
    products: defaultdict[str, list[float]] = defaultdict(list)
    for task, its_traffic in zip(tasks, traffic, strict=True):
        # Tasks without any traffic count alike.
        portion = its_traffic / total if total else 1 / len(tasks)
        for model in task.models:
            products[model.id].append(portion * (model.tag_usage_share if by == "usage" else model.tag_token_share))
    return {model: fsum(its_products) for model, its_products in products.items()}


def _shares(parts: Iterable[_Part]) -> dict[str, float]:
    products: defaultdict[str, list[float]] = defaultdict(list)
    for part in parts:
        for model, share in part.shares.items():
            products[model].append(part.portion * share)
    return {model: fsum(its_products) for model, its_products in products.items()}


def _allowed(
    models: Collection[str], allowing: Iterable[str], denying: Iterable[str]
) -> tuple[set[str], tuple[str, ...]]:
    """The models that may be picked, and the patterns that match none."""
    allowed, denied = match_models(allowing, models), match_models(denying, models)
    unmatched = [pattern for found in (allowed, denied) for pattern, matched in found.items() if not matched]
    return set().union(*allowed.values()).difference(*denied.values()), tuple(unmatched)


def _reasons(
    candidates: Mapping[str, float],
    parts: Sequence[_Part],
    portions: Mapping[str, float],
    snapshot: TaskClassifications,
    benchmarks: Benchmarks | None,
    by: By,
) -> dict[str, list[Reason]]:
    """What the score of each candidate is made of, in the order of the criteria."""
    known = {} if benchmarks is None else criteria_in(benchmarks)
    reasons: defaultdict[str, list[Reason]] = defaultdict(list)
    for name, portion in portions.items():
        if name == POPULARITY_CRITERION:
            rated = _popularity(candidates, parts, snapshot, by)
        elif name in known:
            rated = known[name].rate(candidates)
        else:
            raise ConfigurationError(f"There is no criterion {name!r}. There are {_named(known)}.")
        for model, reason in rated:
            reasons[model].append(attrs.evolve(reason, contribution=portion * reason.contribution))
    return reasons


def _named(known: Collection[str]) -> str:
    """The criteria there are. The price is among the first, since most benchmarks have it."""
    if not known:
        return f"{POPULARITY_CRITERION}; others need benchmarks, and none are given"
    names = [POPULARITY_CRITERION, *sorted(known, key=lambda name: (name != PRICE_CRITERION, name))]
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _popularity(
    candidates: Mapping[str, float], parts: Sequence[_Part], snapshot: TaskClassifications, by: By
) -> Iterator[tuple[str, Reason]]:
    best = max(candidates.values(), default=0.0)
    what = "requests" if by == "usage" else "tokens"
    for model, part in product(candidates, parts):
        share = part.shares.get(model)
        text = f"not among the leading models of {part}"
        if share is not None:
            text = f"at least {share:.1%} of the {what} of {part}"
        contribution = part.portion * (share or 0.0) / best if best else 0.0
        yield model, Reason(POPULARITY_CRITERION, text, contribution, snapshot.citation, part.pattern, share)


def _ranked(shares: Mapping[str, float], reasons: Mapping[str, Sequence[Reason]]) -> list[Pick]:
    scores = {model: fsum(reason.contribution for reason in reasons[model]) for model in shares}
    order = sorted(shares, key=lambda model: (-scores[model], -shares[model], model))
    return [
        Pick(rank, model, author_of(model), scores[model], shares[model], tuple(reasons[model]))
        for rank, model in enumerate(order, 1)
    ]
