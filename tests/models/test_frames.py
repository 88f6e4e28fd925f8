"""Data frames: the columns' types, exact values, empty answers, and what happens without pandas or polars."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings import ConfigurationError, MacroCategory, ModelShare, TaskClassification, TaskClassifications
from openrouter_rankings.installing import install_command
from openrouter_rankings.models.app_rankings import AppRankings, AppRankingsItem
from openrouter_rankings.models.benchmarks import (
    ArtificialAnalysisBenchmark,
    BenchmarkPricing,
    Benchmarks,
    BenchmarksMeta,
    UnknownBenchmark,
)
from openrouter_rankings.models.data_set import DataSet, DataSetMeta
from openrouter_rankings.models.frames import pandas_frame, polars_frame
from openrouter_rankings.models.rankings_daily import RankingsDaily, RankingsDailyItem
from openrouter_rankings.models.scalar_types import Columns, Timestamp
from openrouter_rankings.models.session_cost import SessionCost, SessionCostMeta
from openrouter_rankings.models.task_classifications import TaskTable

COLUMNS: Columns = {
    "text": str,
    "maybe_text": str | None,
    "number": int,
    "maybe_number": int | None,
    "share": float,
    "maybe_share": float | None,
    "flag": bool,
    "maybe_flag": bool | None,
    "day": date,
    "maybe_day": date | None,
    "instant": Timestamp,
    "maybe_instant": Timestamp | None,
    "price": Decimal,
    "maybe_price": Decimal | None,
}
STATED: dict[str, Any] = {
    "text": "a",
    "number": 2**53 + 1,
    "share": 0.1,
    "flag": True,
    "day": date(2026, 3, 1),
    "instant": Timestamp("2026-03-01T02:00:00.123+02:00"),
    "price": Decimal("0.0000025"),
}
FULL = STATED | {f"maybe_{name}": value for name, value in STATED.items()}
GAPS = FULL | {name: None for name in FULL if name.startswith("maybe_")}

PANDAS_TYPES = {
    "text": "string",
    "number": "int64",
    "maybe_number": "Int64",
    "share": "float64",
    "flag": "bool",
    "maybe_flag": "boolean",
    "day": "datetime64[us]",
    "instant": "datetime64[us, UTC]",
    "price": "object",
}
MIDNIGHT = datetime(2026, 3, 1, 0, 0, 0, 123000, UTC)

AS_OF = Timestamp("2026-03-02T06:00:00Z")
SPAN = DataSetMeta(AS_OF, "v1", date(2026, 2, 1), date(2026, 3, 1))
APPS = AppRankings((AppRankingsItem(1, 2**53 + 1, "Birch Editor", 2**63 - 1, 5),), SPAN)
DAILY = RankingsDaily(
    (
        RankingsDailyItem(date(2026, 3, 1), "acme/swift-1:free", 2**53 + 1),
        RankingsDailyItem(date(2026, 3, 1), "other", 7),
    ),
    SPAN,
)
COSTS = SessionCost((), SessionCostMeta(AS_OF, "v1", None, None))
BENCHMARKS = Benchmarks(
    (
        ArtificialAnalysisBenchmark(
            *("artificial-analysis", "acme/swift-1", "Swift", 1.5, None, None),
            BenchmarkPricing(Decimal("0.0000025"), Decimal(-1)),
        ),
        UnknownBenchmark({"source": "kite-lab"}),
    ),
    BenchmarksMeta(AS_OF, "v1", None, None, None, 1, None),
)
TASKS = TaskClassifications(
    date(2026, 3, 1),
    7,
    (TaskClassification("math", "Math", "general", 0.5, 0.25, 1.0, 1.0, (ModelShare("acme/swift-1", 0.5, 0.75),)),),
    (MacroCategory("general", "General", 1.0, 1.0),),
)
RECORDS = TASKS.to_records()
TABLES: dict[TaskTable, list[dict[str, Any]]] = {
    "tasks": RECORDS["tasks"],
    "models": RECORDS["models"],
    "macro_categories": RECORDS["macro_categories"],
}


# -- pandas ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("records", [[FULL, GAPS], [GAPS], []])
def test_the_types_of_pandas_columns_do_not_depend_on_the_values(records: list[dict[str, Any]]) -> None:
    pytest.importorskip("pandas")
    frame = pandas_frame(records, COLUMNS, {})
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == len(records)
    for name in COLUMNS:
        expected = PANDAS_TYPES.get(name) or PANDAS_TYPES[name.removeprefix("maybe_")]
        assert str(frame[name].dtype).removesuffix("[python]") == expected


def test_pandas_holds_every_value_exactly_and_what_is_missing_as_missing() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas_frame([FULL, GAPS], COLUMNS, {})
    for prefix in ("", "maybe_"):
        assert frame[f"{prefix}text"][0] == "a"
        assert int(frame[f"{prefix}number"][0]) == 2**53 + 1
        assert frame[f"{prefix}share"][0] == 0.1
        assert bool(frame[f"{prefix}flag"][0])
        assert frame[f"{prefix}day"][0] == pandas.Timestamp(2026, 3, 1)
        assert frame[f"{prefix}instant"][0].to_pydatetime() == MIDNIGHT
        assert frame[f"{prefix}price"][0] == Decimal("0.0000025")
    assert set(frame.columns[frame.isna().iloc[1]]) == {name for name in COLUMNS if name.startswith("maybe_")}


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_and_the_last_day_that_python_knows_fit_into_pandas(day: date) -> None:
    pytest.importorskip("pandas")
    instant = Timestamp(f"{day}T00:00:00Z")
    frame = pandas_frame([{"day": day, "instant": instant}], {"day": date, "instant": Timestamp}, {})
    assert frame["day"][0].date() == frame["instant"][0].date() == day


def test_data_sets_become_pandas_frames() -> None:
    pytest.importorskip("pandas")
    apps = APPS.to_pandas()
    assert list(apps.columns) == list(AppRankings.columns)
    assert (int(apps["total_tokens"][0]), int(apps["app_id"][0])) == (2**63 - 1, 2**53 + 1)
    daily = DAILY.to_pandas()
    assert daily["total_tokens"].tolist() == [2**53 + 1, 7]
    assert daily["is_other"].tolist() == [False, True]
    costs = COSTS.to_pandas()
    assert (len(costs), str(costs["window_end_date"].dtype), str(costs["window_days"].dtype)) == (
        *(0, "datetime64[us]", "Int64"),
    )
    benchmarks = BENCHMARKS.to_pandas()
    assert benchmarks["pricing_prompt"].tolist() == [Decimal("0.0000025"), None]
    assert benchmarks["source"].tolist() == ["artificial-analysis", "kite-lab"]


def test_task_classifications_become_a_pandas_frame_of_each_table() -> None:
    pytest.importorskip("pandas")
    records = TASKS.to_records()
    for name, rows in TABLES.items():
        frame = TASKS.to_pandas(name)
        assert list(frame.columns) == list(rows[0])
        assert len(frame) == 1
        assert str(frame["as_of"].dtype) == "datetime64[us]"
        assert str(frame["window_days"].dtype) == "int64"
    assert TASKS.to_pandas("models")["tag_token_share"].tolist() == [0.75]
    assert TASKS.to_pandas().equals(TASKS.to_pandas("tasks"))
    assert list(TABLES) == list(records)


@pytest.mark.parametrize(
    ("answer", "as_of"), [(APPS, AS_OF), (COSTS, AS_OF), (DAILY, AS_OF), (BENCHMARKS, AS_OF), (TASKS, "2026-03-01")]
)
def test_a_pandas_frame_carries_its_citation_licence_and_date(
    answer: DataSet | TaskClassifications, as_of: str
) -> None:
    pytest.importorskip("pandas")
    about = {"citation": answer.citation, "licence": answer.licence, "as_of": as_of}
    frame = answer.to_pandas()
    assert frame.attrs == about
    assert frame.head(1).attrs == about
    assert {type(value) for value in frame.attrs.values()} == {str}


# -- polars ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("records", [[FULL, GAPS], [GAPS], []])
def test_the_types_of_polars_columns_do_not_depend_on_the_values(records: list[dict[str, Any]]) -> None:
    polars = pytest.importorskip("polars")
    types = {
        "text": polars.String(),
        "number": polars.Int64(),
        "share": polars.Float64(),
        "flag": polars.Boolean(),
        "day": polars.Date(),
        "instant": polars.Datetime("us", "UTC"),
        "price": polars.Decimal(38, 12),
    }
    frame = polars_frame(records, COLUMNS)
    assert dict(frame.schema) == {name: types[name.removeprefix("maybe_")] for name in COLUMNS}
    assert frame.height == len(records)


def test_polars_holds_every_value_exactly_and_what_is_missing_as_null() -> None:
    pytest.importorskip("polars")
    full, gaps = polars_frame([FULL, GAPS], COLUMNS).to_dicts()
    expected = FULL | {"instant": MIDNIGHT, "maybe_instant": MIDNIGHT}
    assert full == expected
    assert gaps == expected | {name: None for name in COLUMNS if name.startswith("maybe_")}


def test_data_sets_become_polars_frames() -> None:
    polars = pytest.importorskip("polars")
    apps = APPS.to_polars()
    assert apps.columns == list(AppRankings.columns)
    assert apps.row(0, named=True)["total_tokens"] == 2**63 - 1
    assert DAILY.to_polars()["date"].to_list() == [date(2026, 3, 1)] * 2
    assert COSTS.to_polars().schema["window_end_date"] == polars.Date()
    benchmarks = BENCHMARKS.to_polars()
    assert benchmarks["pricing_completion"].to_list() == [Decimal(-1), None]
    assert benchmarks["last_run_timestamp"].null_count() == 2


def test_task_classifications_become_a_polars_frame_of_each_table() -> None:
    pytest.importorskip("polars")
    for name, rows in TABLES.items():
        assert TASKS.to_polars(name).to_dicts() == rows
    assert TASKS.to_polars().equals(TASKS.to_polars("tasks"))


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17, places=20)


def exactly(values: list[Decimal | None]) -> list[Decimal | None]:
    return polars_frame([{"price": value} for value in values], {"price": Decimal | None})["price"].to_list()


@given(st.lists(numbers | st.none() | st.sampled_from([Decimal("1E+17"), Decimal("1E-20"), Decimal("0E-99")])))
@settings(max_examples=examples(50))
def test_no_decimal_number_is_rounded_in_polars(values: list[Decimal | None]) -> None:
    pytest.importorskip("polars")
    assert exactly(values) == values


@pytest.mark.parametrize("number", ["9" * 38, "-0." + "9" * 38, "9" * 26 + "." + "9" * 12, "1.5" + "0" * 60])
def test_a_decimal_number_of_38_digits_fits_into_polars(number: str) -> None:
    pytest.importorskip("polars")
    assert exactly([Decimal(number)]) == [Decimal(number)]


@pytest.mark.parametrize("values", [["1" + "0" * 38], ["9" * 30, "0." + "9" * 9], ["1E-39"]])
def test_decimal_numbers_of_more_digits_are_refused_with_the_way_out(values: list[str]) -> None:
    pytest.importorskip("polars")
    with pytest.raises(ConfigurationError, match="column price .* 38 digits of polars: use to_records"):
        exactly([Decimal(value) for value in values])


# -- either ----------------------------------------------------------------------------------------------------------


def pandas_frame_of(records: Any, columns: Columns) -> Any:
    return pandas_frame(records, columns, {})


FRAMES = pytest.mark.parametrize(("package", "frame"), [("pandas", pandas_frame_of), ("polars", polars_frame)])


@FRAMES
@pytest.mark.parametrize("kind", [int, int | None])
def test_an_integer_of_more_than_64_bits_is_refused_with_the_way_out(
    package: str, frame: Callable[..., Any], kind: Any
) -> None:
    pytest.importorskip(package)
    for edge in (2**63 - 1, -(2**63)):
        assert int(frame([{"n": edge}], {"n": kind})["n"][0]) == edge
    for beyond in (2**63, -(2**63) - 1):
        with pytest.raises(ConfigurationError, match="column n .* 64 bits: use to_records"):
            frame([{"n": beyond}], {"n": kind})


@pytest.mark.parametrize("package", ["pandas", "polars"])
@pytest.mark.parametrize("answer", [APPS, COSTS, DAILY, BENCHMARKS, TASKS])
def test_without_the_package_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, answer: DataSet | TaskClassifications, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError) as caught:
        getattr(answer, f"to_{package}")()
    assert str(caught.value) == (f"to_{package} needs {package}, which is not installed: {install_command(package)}.")
    assert isinstance(caught.value.__cause__, ImportError)


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_table_that_does_not_exist_is_named_with_those_that_do(package: str) -> None:
    pytest.importorskip(package)
    with pytest.raises(ConfigurationError, match="table must be one of tasks, models, macro_categories, not 'rows'"):
        getattr(TASKS, f"to_{package}")("rows")
