"""Small answers of invented models, for tests that are about figures."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from hypothesis import strategies as st

from openrouter_rankings.models.app_rankings import AppRankings, AppRankingsItem
from openrouter_rankings.models.data_set import DataSetMeta
from openrouter_rankings.models.rankings_daily import OTHER, Period, RankingsDaily, RankingsDailyItem
from openrouter_rankings.models.scalar_types import Timestamp
from openrouter_rankings.models.task_classifications import (
    MacroCategory,
    ModelShare,
    TaskClassification,
    TaskClassifications,
)

MONDAY = date(2026, 3, 2)

Shares = Mapping[str, tuple[float, float]]
"""The share of the requests and the share of the tokens of each model."""


def task(
    tag: str, models: Shares | None = None, *, usage: float = 0.5, tokens: float = 0.5, macro: str = "code"
) -> TaskClassification:
    """A task with its leading models; its shares of the macro category are twice those of all traffic."""
    listed = tuple(ModelShare(model, *shares) for model, shares in (models or {}).items())
    return TaskClassification(tag, tag.title(), macro, usage, tokens, 2 * usage, 2 * tokens, listed)


def tasks(*classifications: TaskClassification, as_of: date = MONDAY, window_days: int = 7) -> TaskClassifications:
    """An answer with these tasks."""
    return TaskClassifications(as_of, window_days, classifications, (MacroCategory("code", "Code", 1.0, 1.0),))


def rankings(
    days: Mapping[int, Mapping[str, int]],
    *,
    start: date = MONDAY,
    length: int | None = None,
    as_of: str = "2026-09-17T06:00:00Z",
    period: str = Period.DAY,
    is_estimate: bool = False,
) -> RankingsDaily:
    """Daily rankings with the tokens of each model by days after the start; ``length`` days, all with rows if None."""
    rows = [
        RankingsDailyItem(start + timedelta(days=day), model, tokens)
        for day, listed in sorted(days.items())
        for model, tokens in sorted(listed.items(), key=lambda item: (item[0] == OTHER, -item[1], item[0]))
    ]
    last = max(days, default=0) if length is None else length - 1
    meta = DataSetMeta(Timestamp(as_of), "v1", start, start + timedelta(days=last))
    return RankingsDaily(tuple(rows), meta, period, is_estimate)


def apps(tokens: Mapping[int, int], *, days_later: int = 0, days: int = 30, as_of: str | None = None) -> AppRankings:
    """The apps with these numbers in the order given, over ``days`` days; made on the day after, if not ``as_of``."""
    end = MONDAY + timedelta(days=days_later)
    rows = (
        AppRankingsItem(rank, app, f"App {app}", count, count // 2)
        for rank, (app, count) in enumerate(tokens.items(), 1)
    )
    made = Timestamp(as_of or f"{end + timedelta(days=1)}T06:00:00Z")
    return AppRankings(tuple(rows), DataSetMeta(made, "v1", end - timedelta(days=days - 1), end))


SLUGS = [f"vendor{i % 3}/model-{i}{form}" for i in range(4) for form in ("", ":free", "-20260101", "-2026-02-02")]

_fractions = st.floats(0, 1)


def _distinct(names: Iterable[str], values: st.SearchStrategy[tuple[float, float]]) -> st.SearchStrategy[Shares]:
    return st.dictionaries(st.sampled_from(list(names)), values, max_size=6)


shares_of_models = _distinct(SLUGS, st.tuples(_fractions, _fractions))


@st.composite
def task_answers(draw: st.DrawFn, as_of: date = MONDAY) -> TaskClassifications:
    """Answers of one to four tasks."""
    tags = draw(st.lists(st.sampled_from(["code:a", "code:b", "math", "agent:c"]), min_size=1, unique=True))
    return tasks(
        *(task(tag, draw(shares_of_models), usage=draw(_fractions), tokens=draw(_fractions)) for tag in tags),
        as_of=as_of,
    )


@st.composite
def rankings_answers(draw: st.DrawFn) -> RankingsDaily:
    """Daily rankings of one to twenty days, some of them without rows or without ``other``."""
    listed = st.dictionaries(st.sampled_from([*SLUGS, OTHER]), st.integers(0, 2**62), max_size=6)
    days = draw(st.dictionaries(st.integers(0, 19), listed, min_size=1))
    return rankings(days, start=MONDAY + timedelta(days=draw(st.integers(0, 6))), length=20)
