"""How much of the traffic few models or authors have."""

from __future__ import annotations

from itertools import accumulate
from math import fsum
from typing import ClassVar, overload

import attrs

from openrouter_rankings.analysis.leaders import LeadersMeta, ShareLeaders, TokenLeaders, check_no_task, leaders
from openrouter_rankings.analysis.result import Analysis, columns_of
from openrouter_rankings.analysis.slugs import Of
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.models.task_classifications import By, TaskClassifications

__all__ = ["Concentration", "ConcentrationItem", "concentration"]

# Published shares are rounded, and so are their sums.
_ROUNDING = 1e-9


@attrs.frozen
class ConcentrationItem(Item):
    """How concentrated the traffic is.

    The traffic outside the top lists counts as if it were spread over endlessly many models: all figures but
    ``count_for_90`` are the least they can be.

    Attributes:
        listed: how many models or authors are listed.
        listed_share: their fraction (0 to 1) of the traffic.
        hhi: the Herfindahl-Hirschman index, the sum of the squared shares: 1 is a monopoly. Antitrust practice
            multiplies it by 10,000.
        top_3_share: the fraction of the three largest.
        count_for_90: how few have at least 90 % of the traffic; None if all that are listed do not.
    """

    listed: int
    listed_share: float
    hhi: float
    top_3_share: float
    count_for_90: int | None


@attrs.frozen(repr=False)
class Concentration(Analysis):
    """The concentration of the traffic, as a table of one row."""

    data: tuple[ConcentrationItem]
    meta: LeadersMeta

    columns: ClassVar[Columns] = columns_of(ConcentrationItem)


@overload
def concentration(
    answer: TaskClassifications,
    *,
    of: Of = "model",
    by: By | None = None,
    tag: str | None = None,
    macro_category: str | None = None,
) -> Concentration: ...
@overload
def concentration(answer: RankingsDaily, *, of: Of = "model", by: By | None = None) -> Concentration: ...
def concentration(
    answer: TaskClassifications | RankingsDaily,
    *,
    of: Of = "model",
    by: By | None = None,
    tag: str | None = None,
    macro_category: str | None = None,
) -> Concentration:
    """How much of the traffic the largest models or authors have.

    Args:
        answer: the classifications, or the daily rankings.
        of: models, base slugs (variants together) or authors.
        by: "usage" (requests) or "tokens", as in ``leaders``.
        tag: only this task.
        macro_category: only the tasks of this macro category.

    Raises:
        UnknownTagError: the answer has no such task.
        ConfigurationError: as in ``leaders``.
    """
    board: ShareLeaders | TokenLeaders
    if isinstance(answer, TaskClassifications):
        board = leaders(answer, of=of, by=by, tag=tag, macro_category=macro_category)
    else:
        check_no_task(tag, macro_category)
        board = leaders(answer, of=of, by=by)
    return Concentration((_measured(_shares(board)),), board.meta, synthetic=board.synthetic)


def _shares(board: ShareLeaders | TokenLeaders) -> list[float]:
    if isinstance(board, ShareLeaders) and board.meta.by == "usage":
        return [leader.usage_share for leader in board.data]
    return [leader.token_share for leader in board.data]


def _measured(shares: list[float]) -> ConcentrationItem:
    """The concentration of shares in descending order."""
    enough = (count for count, share in enumerate(accumulate(shares), 1) if share >= 0.9 - _ROUNDING)
    return ConcentrationItem(
        listed=len(shares),
        listed_share=fsum(shares),
        hhi=fsum(share * share for share in shares),
        top_3_share=fsum(shares[:3]),
        count_for_90=next(enough, None),
    )
