"""What the service's answers say together: pure functions of answers, without I/O and without a clock.

Each function gives a table that cites its sources and carries the remarks that a reader must see with it:

- ``compare``: what changed between two answers
- ``trend``: a task, model or author over time, with the gaps
- ``leaders``: models and authors over all tasks, a macro category, one task, or a span of days
- ``concentration``: how much of the traffic few models or authors have
- ``weekly_totals``: the top models or authors of each week, and the rest
- ``sightings``: when models were first and last seen, so which are new and which have vanished
- ``pick``: which models are used for a kind of task, with reasons

``span``, ``previous``, ``last_week`` and ``week_before`` choose what to compare; ``resolve`` finds a model by any form
of its slug. ``differences`` lists the rows in which two answers of any data set differ.

Only top lists are published. Absence from a list is not zero here, and what a list hides is never shown as a fall.
"""

from openrouter_rankings.analysis.app_comparison import AppChange, AppComparison
from openrouter_rankings.analysis.changes import ComparedSpan, ComparisonMeta
from openrouter_rankings.analysis.comparison import compare
from openrouter_rankings.analysis.concentration import Concentration, ConcentrationItem, concentration
from openrouter_rankings.analysis.criteria import Reason
from openrouter_rankings.analysis.dates import incomplete_dates, last_week, previous, span, week_before
from openrouter_rankings.analysis.differences import Differences, RowChange, differences
from openrouter_rankings.analysis.errors import AmbiguousModelError, StaleSnapshotError, UnknownAuthorError
from openrouter_rankings.analysis.leaders import (
    LeadersMeta,
    ShareLeader,
    ShareLeaders,
    TokenLeader,
    TokenLeaders,
    leaders,
)
from openrouter_rankings.analysis.picks import Pick, Picks, PicksMeta, pick
from openrouter_rankings.analysis.rankings_comparison import RankingsChange, RankingsComparison
from openrouter_rankings.analysis.result import Analysis, AnalysisMeta
from openrouter_rankings.analysis.series import Revision
from openrouter_rankings.analysis.sightings import Sighting, Sightings, SightingsMeta, sightings
from openrouter_rankings.analysis.slugs import Of, Slug, author_of, base_slug_of, parse_slug, resolve
from openrouter_rankings.analysis.task_comparison import TaskChange, TaskComparison
from openrouter_rankings.analysis.trends import (
    RankingsTrend,
    RankingsTrendPoint,
    TaskTrend,
    TaskTrendPoint,
    TrendMeta,
    trend,
)
from openrouter_rankings.analysis.weeks import WeeklyTotal, WeeklyTotals, WeeklyTotalsMeta, weekly_totals

__all__ = [
    "AmbiguousModelError",
    "Analysis",
    "AnalysisMeta",
    "AppChange",
    "AppComparison",
    "ComparedSpan",
    "ComparisonMeta",
    "Concentration",
    "ConcentrationItem",
    "Differences",
    "LeadersMeta",
    "Of",
    "Pick",
    "Picks",
    "PicksMeta",
    "RankingsChange",
    "RankingsComparison",
    "RankingsTrend",
    "RankingsTrendPoint",
    "Reason",
    "Revision",
    "RowChange",
    "ShareLeader",
    "ShareLeaders",
    "Sighting",
    "Sightings",
    "SightingsMeta",
    "Slug",
    "StaleSnapshotError",
    "TaskChange",
    "TaskComparison",
    "TaskTrend",
    "TaskTrendPoint",
    "TokenLeader",
    "TokenLeaders",
    "TrendMeta",
    "UnknownAuthorError",
    "WeeklyTotal",
    "WeeklyTotals",
    "WeeklyTotalsMeta",
    "author_of",
    "base_slug_of",
    "compare",
    "concentration",
    "differences",
    "incomplete_dates",
    "last_week",
    "leaders",
    "parse_slug",
    "pick",
    "previous",
    "resolve",
    "sightings",
    "span",
    "trend",
    "week_before",
    "weekly_totals",
]
