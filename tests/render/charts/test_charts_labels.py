"""Wherever an answer leads, its labels keep apart and stay in the picture."""

from datetime import date, timedelta

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from property_tests import examples

pytest.importorskip("matplotlib")

from pictures import answers, check_labels, names, rankings, slugs

from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.task_classifications import By, ModelShare, TaskClassifications
from openrouter_rankings.render.charts.authors import author_lines
from openrouter_rankings.render.charts.bars import MOST_BARS, model_bars, task_bars
from openrouter_rankings.render.charts.lines import MOST_LINES
from openrouter_rankings.render.charts.stacks import MOST_STACKED, model_stacks
from openrouter_rankings.render.charts.treemap import treemap
from openrouter_rankings.render.charts.trends import trend_line

# Each example draws a picture.
few = settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

tops = st.integers(1, MOST_BARS)
measures: st.SearchStrategy[By] = st.sampled_from(["usage", "tokens"])


@few
@given(answers(), measures, st.booleans())
def test_the_labels_of_a_treemap_keep_apart(answer: TaskClassifications, by: By, synthetic: bool) -> None:
    check_labels(treemap(answer, by), synthetic=synthetic)


@few
@given(answers(), measures, tops, st.booleans(), st.data())
def test_the_labels_of_bars_of_tasks_keep_apart(
    answer: TaskClassifications, by: By, top: int, synthetic: bool, data: st.DataObject
) -> None:
    tasks = data.draw(st.lists(st.sampled_from(answer.classifications), unique_by=lambda task: task.tag))
    earlier = attrs.evolve(answer, as_of=date.min, classifications=tuple(tasks)) if answer.as_of > date.min else None
    check_labels(task_bars(answer, earlier, by, top), synthetic=synthetic)


@few
@given(answers(), st.lists(st.builds(ModelShare, slugs, st.floats(0, 1), st.floats(0, 1)), max_size=20), measures, tops)
def test_the_labels_of_bars_of_models_keep_apart(
    answer: TaskClassifications, models: list[ModelShare], by: By, top: int
) -> None:
    first = attrs.evolve(answer.classifications[0], models=(ModelShare("a/b", 0.001, 0.001), *models))
    answer = attrs.evolve(answer, classifications=(first, *answer.classifications[1:]))
    check_labels(model_bars(answer, first.tag, by, top), synthetic=True)


@few
@given(rankings(), st.integers(1, MOST_STACKED), st.booleans(), st.booleans())
def test_the_labels_of_stacked_bars_keep_apart(answer: RankingsDaily, top: int, merged: bool, synthetic: bool) -> None:
    check_labels(model_stacks(answer, top, merge_variants=merged), synthetic=synthetic)


@few
@given(rankings(), st.integers(1, MOST_LINES), st.booleans())
def test_the_labels_of_lines_of_authors_keep_apart(answer: RankingsDaily, top: int, synthetic: bool) -> None:
    check_labels(author_lines(answer, top), synthetic=synthetic)


@few
@given(
    st.dictionaries(st.integers(0, 799), st.none() | st.floats(-1e24, 1e24) | st.floats(0, 1), min_size=1, max_size=20),
    st.dates(max_value=date(9990, 1, 1)),
    names,
    st.sampled_from(["share", "tokens"]) | names,
    names | st.text(min_size=200, max_size=900),
    st.booleans(),
    st.booleans(),
)
def test_the_labels_of_a_trend_keep_apart(
    values: dict[int, float | None],
    first: date,
    subject: str,
    unit: str,
    citation: str,
    unfinished: bool,
    synthetic: bool,
) -> None:
    dates = {first + timedelta(days=number): value for number, value in values.items()} | {first: 0.5}
    last = max(dates) if unfinished else None
    chart = trend_line(dates, subject=subject, unit=unit, citation=citation, period="day", unfinished=last)
    check_labels(chart, synthetic=synthetic)
