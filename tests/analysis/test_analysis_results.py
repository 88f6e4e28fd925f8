"""Every result prints, exports and makes data frames as the service's own tables do."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.util import find_spec
from typing import Any, get_args

import attrs
import pytest
from answers import check_value
from small_answers import MONDAY, apps, rankings, task, tasks

from openrouter_rankings import analysis
from openrouter_rankings.analysis import (
    Analysis,
    compare,
    concentration,
    leaders,
    pick,
    sightings,
    trend,
    weekly_totals,
)
from openrouter_rankings.models.data_set import DataSet
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.synthetic import NOTICE
from openrouter_rankings.models.task_classifications import TaskClassifications
from openrouter_rankings.render.data_sets import Asked, Field, Records, Table
from openrouter_rankings.render.listing import csv_text, json_text, markdown, source_lines

TASKS = tasks(
    task("math", {"acme/one": (0.5, 0.5), "birch/two:free": (0.25, 0.25)}), task("code:a", {"acme/one": (0.5, 0.5)})
)
LATER = tasks(task("math", {"acme/one": (0.25, 0.5)}), as_of=MONDAY + timedelta(days=2))
DAYS = rankings({0: {"acme/one": 2**62, "birch/two:free": 3, "other": 1}, 2: {"acme/one": 4}})

RESULTS: Mapping[str, Analysis] = {
    "leaders of tasks": leaders(TASKS),
    "authors of tasks": leaders(TASKS, of="author"),
    "leaders of days": leaders(DAYS),
    "authors of days": leaders(DAYS, of="author"),
    "concentration": concentration(DAYS),
    "tasks compared": compare(TASKS, LATER),
    "models compared": compare(TASKS, LATER, of="model"),
    "days compared": compare(DAYS, DAYS),
    "authors compared": compare(DAYS, DAYS, of="author"),
    "apps compared": compare(apps({7: 2**62}), apps({7: 3, 9: 1}, days_later=28)),
    "trend of a task": trend([TASKS, LATER], tag="math"),
    "trend of a model": trend(DAYS, model="birch/two:free"),
    "weeks": weekly_totals(DAYS, top=1),
    "sightings": sightings(DAYS),
    "picks": pick(TASKS, {"*": 1}),
    "nothing": leaders(tasks()),
}


@pytest.fixture(params=RESULTS, ids=str)
def result(request: pytest.FixtureRequest) -> Analysis:
    return RESULTS[request.param]


def table_of(result: Analysis) -> Table:
    fields = tuple(Field(name, name, str) for name in result.columns)
    return Table(
        answer=result,
        asked=Asked(),
        subject="a result",
        fields=fields,
        records=Records.of(result),
        plain=result.to_dict,
        remarks=result.meta.remarks,
    )


def test_the_public_names_are_sorted_and_there() -> None:
    assert analysis.__all__ == sorted(analysis.__all__)
    for name in analysis.__all__:
        assert getattr(analysis, name) is not None


def test_records_have_the_columns_in_their_order_with_values_of_their_types(result: Analysis) -> None:
    records = result.to_records()
    assert len(records) == len(result.data)
    for record in records:
        assert list(record) == list(result.columns)
        for name, value in record.items():
            kinds = get_args(result.columns[name]) or (result.columns[name],)
            assert type(value) in kinds, name


def test_a_result_is_a_frozen_value_that_cites_its_source(result: Analysis) -> None:
    assert isinstance(result, DataSet)
    check_value(result)
    for row in result.data:
        check_value(row)
    assert re.match(r"Source: OpenRouter \(openrouter\.ai/(rankings|apps)\), as of \d", result.citation)
    assert result.licence == "Licensed under CC BY 4.0."


def test_a_result_prints_in_every_format_with_remarks_citation_and_licence(result: Analysis) -> None:
    table = table_of(result)
    page = markdown(table)
    assert all(line in page for line in (*result.citation.split("\n"), result.licence))
    # Markdown escapes some marks of a remark; its beginning has none.
    assert all(remark[:20] in page for remark in result.meta.remarks)
    rows = list(csv.DictReader(io.StringIO(csv_text(table))))
    assert len(rows) == len(result.data)
    document = json.loads(json_text(table))
    assert (len(document["data"]), document["meta"]["citations"]) == (len(result.data), result.citation.split("\n"))
    assert source_lines(table)[-1] == result.licence


@pytest.mark.parametrize(
    "compute",
    [
        lambda tasks, _: leaders(tasks),
        lambda _, days: leaders(days),
        lambda tasks, _: concentration(tasks),
        lambda tasks, _: compare(tasks, tasks),
        lambda _, days: compare(days, days),
        lambda tasks, _: trend([tasks, attrs.evolve(LATER, synthetic=False)], tag="math"),
        lambda _, days: trend(days, author="acme"),
        lambda _, days: weekly_totals(days),
        lambda tasks, _: sightings([tasks]),
        lambda _, days: sightings(days),
        lambda tasks, _: pick(tasks, {"*": 1}),
    ],
)
def test_what_is_computed_of_invented_figures_says_that_it_is_invented(
    compute: Callable[[TaskClassifications, RankingsDaily], Analysis],
) -> None:
    result = compute(attrs.evolve(TASKS, synthetic=True), attrs.evolve(DAYS, synthetic=True))
    assert (result.citation.split("\n")[0], result.licence) == (NOTICE, "")
    assert result.to_dict()["synthetic"] is True
    assert "synthetic" not in compute(TASKS, DAYS).to_dict()


def test_token_counts_are_decimal_strings_in_json_as_the_api_writes_them() -> None:
    big = str(2**62)
    assert leaders(DAYS).to_dict()["data"][0]["total_tokens"].startswith(big[:6])
    row = compare(DAYS, DAYS).to_dict()["data"][0]
    assert (row["before_total_tokens"], row["total_tokens_change"]) == (str(2**62 + 4), "0")
    assert trend(DAYS, model="acme/one").to_dict()["data"][0]["total_tokens"] == big


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_result_makes_a_data_frame(result: Analysis, library: str) -> None:
    if find_spec(library) is None:
        pytest.skip(f"the extra {library} is not installed")
    frame: Any = result.to_pandas() if library == "pandas" else result.to_polars()
    assert list(frame.columns) == list(result.columns)
    assert len(frame) == len(result.data)


def test_a_result_shows_itself_in_a_line(result: Analysis) -> None:
    shown = repr(result)
    assert shown.startswith(f"<{type(result).__name__}: {len(result):,} rows")
    assert len(shown) <= 500


@pytest.mark.parametrize("name", RESULTS)
def test_every_row_becomes_plain_values_by_itself(name: str) -> None:
    result = RESULTS[name]
    assert [row.to_dict() for row in result] == result.to_dict()["data"]
    json.dumps([row.to_dict() for row in result])
