"""What changed between two answers, and what cannot be known to have changed."""

from __future__ import annotations

from typing import Literal, overload

from openrouter_rankings.analysis.app_comparison import AppComparison, compare_apps
from openrouter_rankings.analysis.leaders import check_no_task, checked_by
from openrouter_rankings.analysis.rankings_comparison import RankingsComparison, compare_rankings
from openrouter_rankings.analysis.slugs import Of
from openrouter_rankings.analysis.task_comparison import TaskComparison, compare_tasks
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.app_rankings import AppRankings
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.task_classifications import By, TaskClassifications

__all__ = ["compare"]


@overload
def compare(
    before: TaskClassifications,
    after: TaskClassifications,
    *,
    of: Of | Literal["task"] | None = None,
    by: By | None = None,
    tag: str | None = None,
) -> TaskComparison: ...
@overload
def compare(
    before: RankingsDaily, after: RankingsDaily, *, of: Of | None = None, by: By | None = None
) -> RankingsComparison: ...
@overload
def compare(before: AppRankings, after: AppRankings) -> AppComparison: ...
def compare(
    before: TaskClassifications | RankingsDaily | AppRankings,
    after: TaskClassifications | RankingsDaily | AppRankings,
    *,
    of: Of | Literal["task"] | None = None,
    by: By | None = None,
    tag: str | None = None,
) -> TaskComparison | RankingsComparison | AppComparison:
    """The change of shares, tokens and ranks from ``before`` to ``after``.

    Only top lists are published. What is not in a list is not zero: a model that left the list may have just as much as
    before. So a change is given only where the lists cannot hide its opposite:

    - What one answer alone lists has no change; its ``status`` is "entered" or "left".
    - Where a model is unlisted on some dates, or some models of an author are unlisted, what they can have at most is
      known: no more each than the last model of the list, and no more together than all that is unlisted. If that could
      turn a rise into a fall, the change is None.

    Rows of daily rankings that are incomplete are left out: of the current UTC day, week or month, and of weeks and
    months that the span cuts. Dated and undated slugs of a model are matched; where that is ambiguous, they are not,
    and ``meta.ambiguous`` names them. ``meta.overlap_days`` is not 0 if both sides count some of the same days.

    Apps are compared by ``app_id``, since one app goes by several names.

    Args:
        before: the first answer. For two parts of one answer, see ``span``.
        after: the second answer, of the same data set, asked for with the same parameters.
        of: what to compare: "task", or within each task "model", "base_slug" (variants together) or "author"; for daily
            rankings one of these three. None takes tasks for classifications and models for daily rankings. Not for
            apps, and neither are ``by`` and ``tag``.
        by: what the ranks go by: "usage" (requests) or "tokens"; None takes requests for classifications and tokens for
            daily rankings, which have nothing else.
        tag: only this task.

    Raises:
        UnknownTagError: neither answer has the task.
        ConfigurationError: the answers are not of one data set, have different windows or periods, have nothing
            complete to compare, or only one of them is synthetic; ``of`` or ``by`` is invalid; ``tag`` is given with
            daily rankings.
    """
    if isinstance(before, AppRankings) and isinstance(after, AppRankings):
        if (of, by, tag) != (None, None, None):
            raise ConfigurationError("Apps are compared as they are ranked: of, by and tag are for other answers.")
        return compare_apps(before, after)
    if isinstance(before, TaskClassifications) and isinstance(after, TaskClassifications):
        return compare_tasks(before, after, of or "task", checked_by(after, by), tag)
    if isinstance(before, RankingsDaily) and isinstance(after, RankingsDaily):
        checked_by(after, by)
        check_no_task(tag)
        if of == "task":
            raise ConfigurationError('Daily rankings have no tasks: of must be "model", "base_slug" or "author".')
        return compare_rankings(before, after, of or "model")
    raise ConfigurationError("Two task classifications can be compared, two daily rankings, or two app rankings.")
