"""Leaderboards of models and authors, over all tasks, a macro category, one task, or a span of days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import fsum
from typing import ClassVar, overload

import attrs

from openrouter_rankings.analysis.result import (
    ESTIMATE,
    LISTED_ONLY,
    POPULARITY,
    TOKENIZERS,
    Analysis,
    AnalysisMeta,
    columns_of,
)
from openrouter_rankings.analysis.slugs import Of, author_of, grouping
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.rankings_daily import RankingsDaily, RankingsDailyItem
from openrouter_rankings.models.scalar_types import Columns, TokenCount
from openrouter_rankings.models.task_classifications import By, TaskClassification, TaskClassifications

__all__ = [
    "LeadersMeta",
    "ShareLeader",
    "ShareLeaders",
    "TokenLeader",
    "TokenLeaders",
    "check_no_task",
    "checked_by",
    "leaders",
    "model_column",
    "remarks_on",
    "tokens_by_member",
]


@attrs.frozen
class ShareLeader(Item):
    """A model or an author among the leaders of some tasks.

    Attributes:
        rank: its place, from 1; equal shares are in alphabetical order.
        author: the author.
        id: the model; None where the row is an author's.
        usage_share: its fraction (0 to 1) of the requests of these tasks, at least.
        token_share: its fraction (0 to 1) of the tokens of these tasks, at least.
        tasks: in how many of these tasks it is among the leading models.
    """

    rank: int
    author: str
    id: str | None
    usage_share: float
    token_share: float
    tasks: int


@attrs.frozen
class TokenLeader(Item):
    """A model or an author among the leaders of a span.

    Attributes:
        rank: its place, from 1; equal tokens are in alphabetical order.
        author: the author.
        model_permaslug: the model; None where the row is an author's.
        total_tokens: its tokens, at least.
        token_share: its fraction (0 to 1) of all tokens of the span, those of ``other`` included, at least.
        dates: on how many dates it is among the top 50.
    """

    rank: int
    author: str
    model_permaslug: str | None
    total_tokens: TokenCount
    token_share: float
    dates: int


@attrs.frozen(kw_only=True)
class LeadersMeta(AnalysisMeta):
    """What a leaderboard says of itself.

    Attributes:
        of: what is ranked: models, base slugs (the variants of a model together) or authors.
        by: what it is ranked by.
        tag: the one task it is about; None if several.
        macro_category: the macro category it is about; None if all, one task, or a span of days.
    """

    of: Of
    by: By
    tag: str | None = None
    macro_category: str | None = None


@attrs.frozen(repr=False)
class ShareLeaders(Analysis):
    """The leading models or authors of some tasks."""

    data: tuple[ShareLeader, ...]
    meta: LeadersMeta

    columns: ClassVar[Columns] = columns_of(ShareLeader)


@attrs.frozen(repr=False)
class TokenLeaders(Analysis):
    """The leading models or authors of a span of days."""

    data: tuple[TokenLeader, ...]
    meta: LeadersMeta

    columns: ClassVar[Columns] = columns_of(TokenLeader)


@overload
def leaders(
    answer: TaskClassifications,
    *,
    of: Of = "model",
    by: By | None = None,
    tag: str | None = None,
    macro_category: str | None = None,
    n: int | None = None,
) -> ShareLeaders: ...
@overload
def leaders(answer: RankingsDaily, *, of: Of = "model", by: By | None = None, n: int | None = None) -> TokenLeaders: ...
def leaders(
    answer: TaskClassifications | RankingsDaily,
    *,
    of: Of = "model",
    by: By | None = None,
    tag: str | None = None,
    macro_category: str | None = None,
    n: int | None = None,
) -> ShareLeaders | TokenLeaders:
    """The models or authors with the largest figures.

    Across several tasks, a share is the sum of a model's shares of each task, weighted with the task's share of the
    traffic of all of them. Only the leading models of each task are published, so a share is the least it can be. Daily
    rankings count with all their rows, those of the current UTC day included.

    Args:
        answer: the classifications, or the daily rankings; see ``span`` for a part of their days.
        of: rank models, base slugs (variants together) or authors.
        by: "usage" (requests) or "tokens"; None takes requests for classifications and tokens for daily rankings,
            which have nothing else.
        tag: only this task.
        macro_category: only the tasks of this macro category; their traffic is the whole.
        n: how many at most; all if None.

    Raises:
        UnknownTagError: the answer has no such task.
        ConfigurationError: ``of`` or ``by`` is invalid, ``n`` is negative, the answer has no such macro category, both
            ``tag`` and ``macro_category`` are given, or one of them with daily rankings.
    """
    if n is not None and n < 0:
        raise ConfigurationError(f"n must not be negative, and is {n}.")
    if isinstance(answer, TaskClassifications):
        return _share_leaders(answer, of, checked_by(answer, by), tag, macro_category, n)
    check_no_task(tag, macro_category)
    return _token_leaders(answer, of, checked_by(answer, by), n)


def check_no_task(tag: str | None, macro_category: str | None = None) -> None:
    """Refuse a task where the data set is the daily rankings.

    Raises:
        ConfigurationError: a tag or a macro category is given.
    """
    if tag is not None or macro_category is not None:
        raise ConfigurationError("Daily rankings have no tasks: tag and macro_category are for task classifications.")


def checked_by(answer: TaskClassifications | RankingsDaily, by: By | None) -> By:
    """What to rank by, with the default of the data set.

    Raises:
        ConfigurationError: ``by`` is invalid for this data set.
    """
    if isinstance(answer, RankingsDaily):
        if by not in (None, "tokens"):
            raise ConfigurationError(f'Daily rankings count tokens only: by must be "tokens", not {by!r}.')
        return "tokens"
    if by not in (None, "usage", "tokens"):
        raise ConfigurationError(f'by must be "usage" (share of requests) or "tokens" (share of tokens), not {by!r}.')
    return by or "usage"


def remarks_on(answer: TaskClassifications | RankingsDaily) -> tuple[str, ...]:
    """What a reader must know of figures that come from the top lists of this answer."""
    if isinstance(answer, TaskClassifications):
        return LISTED_ONLY, POPULARITY
    return LISTED_ONLY, TOKENIZERS, *((ESTIMATE,) if answer.is_estimate else ()), POPULARITY


def model_column(member: str, of: Of) -> str | None:
    """What the column of the model holds for a member: its slug, and nothing for an author."""
    return None if of == "author" else member


def _share_leaders(
    answer: TaskClassifications, of: Of, by: By, tag: str | None, macro_category: str | None, n: int | None
) -> ShareLeaders:
    member_of = grouping(of)
    parts: defaultdict[str, list[_Part]] = defaultdict(list)
    for task in _in_scope(answer, tag, macro_category):
        for model in task.models:
            part = _Part(task.tag, task.usage_share * model.tag_usage_share, task.token_share * model.tag_token_share)
            parts[member_of(model.id)].append(part)
    unranked = [_share_leader(member, of, its_parts) for member, its_parts in parts.items()]
    share = "usage_share" if by == "usage" else "token_share"
    ranked = sorted(unranked, key=lambda leader: (-getattr(leader, share), leader.id or leader.author))[:n]
    meta = LeadersMeta(
        citations=(answer.citation,), remarks=remarks_on(answer), of=of, by=by, tag=tag, macro_category=macro_category
    )
    data = tuple(attrs.evolve(leader, rank=rank) for rank, leader in enumerate(ranked, 1))
    return ShareLeaders(data, meta, synthetic=answer.synthetic)


@attrs.frozen
class _Part:
    tag: str
    usage: float
    tokens: float


def _share_leader(member: str, of: Of, parts: Iterable[_Part]) -> ShareLeader:
    return ShareLeader(
        rank=0,
        author=author_of(member),
        id=model_column(member, of),
        usage_share=fsum(part.usage for part in parts),
        token_share=fsum(part.tokens for part in parts),
        tasks=len({part.tag for part in parts}),
    )


def _in_scope(answer: TaskClassifications, tag: str | None, macro_category: str | None) -> Iterable[TaskClassification]:
    """The tasks, each with its shares of the traffic of all of them as ``usage_share`` and ``token_share``."""
    if macro_category is None:
        if tag is None:
            return answer.classifications
        return [attrs.evolve(answer.by_tag(tag), usage_share=1.0, token_share=1.0)]
    if tag is not None:
        raise ConfigurationError("Give tag or macro_category, not both: a task belongs to one macro category.")
    return [
        attrs.evolve(task, usage_share=task.category_usage_share, token_share=task.category_token_share)
        for task in answer.in_macro_category(macro_category)
    ]


def tokens_by_member(rows: Iterable[RankingsDailyItem], members: Mapping[str, str]) -> Counter[str]:
    """The tokens of each member.

    Args:
        rows: rows of models, ``other`` not among them.
        members: the member that each slug counts for.
    """
    tokens: Counter[str] = Counter()
    for row in rows:
        tokens[members[row.model_permaslug]] += row.total_tokens
    return tokens


def _token_leaders(answer: RankingsDaily, of: Of, by: By, n: int | None) -> TokenLeaders:
    member_of = grouping(of)
    total = sum(row.total_tokens for row in answer.data)
    rows = [row for row in answer.data if not row.is_other]
    members = {slug: member_of(slug) for slug in {row.model_permaslug for row in rows}}
    dates: defaultdict[str, set[object]] = defaultdict(set)
    for row in rows:
        dates[members[row.model_permaslug]].add(row.date)
    ranked = sorted(tokens_by_member(rows, members).items(), key=lambda item: (-item[1], item[0]))[:n]
    data = tuple(
        TokenLeader(
            rank=rank,
            author=author_of(member),
            model_permaslug=model_column(member, of),
            total_tokens=tokens,
            token_share=tokens / total if total else 0.0,
            dates=len(dates[member]),
        )
        for rank, (member, tokens) in enumerate(ranked, 1)
    )
    meta = LeadersMeta(citations=(answer.citation,), remarks=remarks_on(answer), of=of, by=by)
    return TokenLeaders(data, meta, synthetic=answer.synthetic)
