"""Saved answers: what ``to_dict`` gives is read back by ``from_dict`` and ``from_json``, as strictly as a response."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from answers import check_same_without_msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings import (
    AppRankings,
    AppRankingsItem,
    ArtificialAnalysisBenchmark,
    BenchmarkPricing,
    Benchmarks,
    BenchmarksMeta,
    ConfigurationError,
    DataSetMeta,
    DesignArenaBenchmark,
    InvalidResponseError,
    MacroCategory,
    ModelShare,
    OpenRouterBenchmark,
    OpenRouterSearchBenchmark,
    Period,
    RankingsDaily,
    RankingsDailyItem,
    SearchRunConfig,
    SessionCost,
    SessionCostItem,
    SessionCostMeta,
    TaskClassification,
    TaskClassifications,
    Timestamp,
    TournamentStats,
    UnknownBenchmark,
)
from openrouter_rankings.models.data_set import Answer

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe_texts = st.none() | texts
numbers = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(0, 2**63 - 1)
days = st.dates()
prices = st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=-(10**9), max_value=10**9)
instants = st.sampled_from(["2026-03-02T06:00:00.123Z", "2026-03-02T06:00:00+02:00", "2026-03-02 06:00"]).map(Timestamp)


def tuples(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=3).map(tuple)


shares = st.builds(ModelShare, texts, numbers, numbers)
tasks = st.builds(
    TaskClassifications,
    days,
    integers,
    tuples(st.builds(TaskClassification, texts, texts, texts, numbers, numbers, numbers, numbers, tuples(shares))),
    tuples(st.builds(MacroCategory, texts, texts, numbers, numbers)),
)
spans = st.builds(DataSetMeta, instants, texts, days, days)
apps = st.builds(AppRankings, tuples(st.builds(AppRankingsItem, integers, integers, texts, counts, integers)), spans)
costs = st.builds(
    SessionCost,
    tuples(st.builds(SessionCostItem, texts, texts, texts, texts, numbers)),
    st.builds(SessionCostMeta, instants, texts, st.none() | integers, st.none() | days),
)
maybe_numbers = st.none() | numbers
maybe_integers = st.none() | integers
pricing = st.none() | st.builds(BenchmarkPricing, prices, prices)
places = st.builds(TournamentStats, *[maybe_integers] * 5)
configurations = st.none() | st.builds(SearchRunConfig, maybe_integers, maybe_texts, maybe_numbers)
benchmarks = st.builds(
    Benchmarks,
    tuples(
        st.builds(
            ArtificialAnalysisBenchmark,
            *(st.just("artificial-analysis"), texts, texts, maybe_numbers, maybe_numbers, maybe_numbers, pricing),
        )
        | st.builds(
            DesignArenaBenchmark,
            *(st.just("design-arena"), texts, texts, texts, texts, numbers, numbers, maybe_numbers, places, pricing),
        )
        | st.builds(
            OpenRouterBenchmark,
            *(st.just("openrouter"), texts, texts, st.just("gpqa_diamond"), numbers, maybe_numbers, maybe_numbers),
            *(integers, instants),
        )
        | st.builds(
            OpenRouterSearchBenchmark,
            *(st.just("openrouter"), texts, texts, st.just("search_hle"), texts, numbers, integers, maybe_numbers),
            *(maybe_numbers, texts, texts, instants, configurations),
        )
        | st.fixed_dictionaries({"source": st.just("kite-lab"), "score": numbers | texts}).map(UnknownBenchmark)
    ),
    st.builds(BenchmarksMeta, instants, texts, maybe_texts, maybe_texts, maybe_texts, integers, maybe_texts),
)


@given(tasks | apps | costs | benchmarks)
@settings(max_examples=examples(200))
def test_any_answer_is_read_back_from_its_document(answer: Answer) -> None:
    assert type(answer).from_dict(answer.to_dict()) == answer


@given(tasks | apps | costs | benchmarks)
@settings(max_examples=examples(100))
def test_any_answer_is_read_back_from_its_json(answer: Answer) -> None:
    text = json.dumps(answer.to_dict())
    assert type(answer).from_json(text) == answer
    check_same_without_msgspec(type(answer).from_json, text.encode())


rankings = st.builds(
    RankingsDaily,
    tuples(st.builds(RankingsDailyItem, days, texts, counts)),
    spans,
    st.sampled_from(Period) | texts,
    st.booleans(),
)


@given(rankings.filter(lambda answer: answer.period not in {"", Period.DAY}))
def test_any_daily_rankings_but_those_by_day_are_read_back_with_their_grain(answer: RankingsDaily) -> None:
    assert RankingsDaily.from_dict(answer.to_dict()) == answer
    assert RankingsDaily.from_json(json.dumps(answer.to_dict())) == answer


def test_a_grain_of_days_that_is_noted_is_not_inferred() -> None:
    answer = attrs.evolve(published(date(2026, 6, 1), date(2026, 7, 31), Period.WEEK), period=Period.DAY)
    assert RankingsDaily.from_dict(as_sent(answer) | {"period": "day"}) == answer


@given(rankings)
def test_any_daily_rankings_are_read_back_when_their_grain_is_stated(answer: RankingsDaily) -> None:
    stated: dict[str, Any] = {"period": answer.period, "is_estimate": answer.is_estimate}
    document = answer.to_dict()
    assert RankingsDaily.from_dict(document, **stated) == answer
    assert RankingsDaily.from_json(json.dumps(document), **stated) == answer


# -- the grain of daily rankings, which an answer of the service does not state ----------------------------------------

starts = {
    Period.DAY: lambda day: day,
    Period.WEEK: lambda day: day - timedelta(days=day.weekday()),
    Period.MONTH: lambda day: day.replace(day=1),
}


def published(start: date, end: date, period: Period) -> RankingsDaily:
    """A row on each date on which the service has one, if the span ended before the answer was made."""
    span = (start + timedelta(days=number) for number in range((end - start).days + 1))
    dates = sorted({starts[period](day) for day in span})
    rows = tuple(RankingsDailyItem(day, "acme/swift-1", 1) for day in dates)
    return RankingsDaily(rows, DataSetMeta(Timestamp("2030-01-01T00:00:00Z"), "v1", start, end), period)


def as_sent(answer: RankingsDaily) -> dict[str, Any]:
    """The answer as the service sends it."""
    return {name: value for name, value in answer.to_dict().items() if name in {"data", "meta"}}


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(7, 400), st.sampled_from(Period))
@example(date(2027, 2, 15), 21, Period.MONTH)
@example(date(2027, 2, 22), 7, Period.MONTH)
@settings(max_examples=examples(300))
def test_the_grain_of_more_than_a_week_is_inferred(start: date, days: int, period: Period) -> None:
    answer = published(start, start + timedelta(days=days), period)
    assert RankingsDaily.from_dict(as_sent(answer)) == answer


@pytest.mark.parametrize("noted", [None, 5, ["week"], {}, ""])
def test_what_is_noted_as_a_grain_and_is_none_is_as_good_as_nothing(noted: Any) -> None:
    answer = published(date(2026, 6, 1), date(2026, 7, 31), Period.WEEK)
    document = as_sent(answer) | {"period": noted}
    assert RankingsDaily.from_dict(document) == RankingsDaily.from_json(json.dumps(document)) == answer


@pytest.mark.parametrize("start", [date(2026, 3, 2), date(2026, 3, 4), date(2026, 6, 1)])
def test_one_day_is_read_as_a_day_unless_a_grain_is_stated(start: date) -> None:
    answer = published(start, start, Period.DAY)
    assert RankingsDaily.from_json(json.dumps(answer.to_dict())).period is Period.DAY
    assert RankingsDaily.from_json(json.dumps(answer.to_dict()), period="week").period == "week"


def test_an_answer_without_rows_is_read_as_days() -> None:
    answer = attrs.evolve(published(date(2026, 6, 1), date(2026, 7, 1), Period.MONTH), data=())
    assert RankingsDaily.from_dict(as_sent(answer)).period is Period.DAY


def test_a_missing_day_does_not_make_weeks_of_days() -> None:
    answer = published(date(2026, 3, 2), date(2026, 3, 10), Period.DAY)
    gap = attrs.evolve(answer, data=answer.data[:1] + answer.data[3:])
    assert RankingsDaily.from_dict(gap.to_dict()).period is Period.DAY


def test_nothing_in_an_answer_shows_that_it_is_an_estimate() -> None:
    document = as_sent(published(date(2026, 3, 2), date(2026, 3, 29), Period.WEEK))
    assert not RankingsDaily.from_dict(document).is_estimate
    estimate = RankingsDaily.from_dict(document, is_estimate=True)
    assert (estimate.is_estimate, estimate.period) == (True, Period.WEEK)


def test_of_a_span_of_all_time_the_days_are_not_counted_one_by_one() -> None:
    document = as_sent(published(date(2026, 3, 2), date(2026, 3, 29), Period.WEEK))
    document["meta"] |= {"start_date": "0001-01-01", "end_date": "9999-12-31"}
    assert RankingsDaily.from_dict(document).period is Period.WEEK


# -- refusing --------------------------------------------------------------------------------------------------------

SPAN: dict[str, Any] = {"as_of": "2026-03-02T00:00Z", "version": "v1", "start_date": "2026-03-01"}
SAVED: dict[str, Any] = {"data": [], "meta": SPAN | {"end_date": "2026-03-01"}}


def test_a_document_is_read_as_strictly_as_a_response() -> None:
    row = {"rank": 1, "app_id": True, "app_name": Decimal(1), "total_tokens": 5, "total_requests": 10**5000}
    document = {"data": [row, (), None], "meta": SPAN | {"end_date": date(2026, 3, 1)}}
    with pytest.raises(InvalidResponseError) as caught:
        AppRankings.from_dict(document)
    assert caught.value.problems == (
        "data[0].app_id: expected a 64-bit integer, got a boolean",
        "data[0].app_name: expected a string, got a value of type Decimal",
        "data[0].total_tokens: expected a 64-bit integer as a string of digits, got 5",
        "data[0].total_requests: expected a 64-bit integer, got an integer of 16610 bits",
        "data[1]: expected an object, got a value of type tuple",
        "data[2]: expected an object, got null",
        "meta.end_date: expected a date (YYYY-MM-DD), got a value of type date",
    )
    assert caught.value.body == b""


@pytest.mark.parametrize("kind", [TaskClassifications, RankingsDaily, AppRankings, SessionCost, Benchmarks])
def test_what_is_not_an_answer_is_refused_with_its_text(kind: type[Answer]) -> None:
    with pytest.raises(InvalidResponseError, match="data: missing") as caught:
        kind.from_json("{}")
    assert caught.value.body == b"{}"
    with pytest.raises(InvalidResponseError, match="expected an object, got null"):
        kind.from_json(b"null")
    with pytest.raises(InvalidResponseError, match="data: missing"):
        kind.from_dict({})


def test_half_a_surrogate_pair_in_a_text_is_refused() -> None:
    with pytest.raises(InvalidResponseError, match="the body is not UTF-8"):
        AppRankings.from_json('"\ud83d"')


def test_an_empty_answer_of_the_right_shape_is_accepted() -> None:
    assert AppRankings.from_dict(SAVED).to_dict() == SAVED


def test_an_unknown_row_does_not_change_with_the_document_that_it_was_read_from() -> None:
    row: dict[str, Any] = {"source": "kite-lab", "score": 1}
    meta = {"source": None, "source_url": None, "citation": None, "model_count": 0, "task_type": None}
    document = {"data": [row], "meta": SPAN | meta}
    read = Benchmarks.from_dict(document)
    row["score"] = 2
    assert read.data == (UnknownBenchmark({"source": "kite-lab", "score": 1}),)


def test_an_estimate_is_read_back_as_one_unless_it_is_said_not_to_be() -> None:
    answer = attrs.evolve(published(date(2026, 6, 1), date(2026, 7, 1), Period.WEEK), is_estimate=True)
    assert RankingsDaily.from_dict(answer.to_dict()) == answer
    assert RankingsDaily.from_json(json.dumps(answer.to_dict())) == answer
    assert not RankingsDaily.from_dict(answer.to_dict(), is_estimate=False).is_estimate
    assert attrs.evolve(answer, is_estimate=False, period=Period.DAY).to_dict().keys() == {"data", "meta"}


@pytest.mark.parametrize("kind", [AppRankings, Benchmarks, RankingsDaily, SessionCost, TaskClassifications])
@pytest.mark.parametrize("text", [5, None, {}, []])
def test_what_is_no_text_is_refused_as_one(kind: type[Answer], text: Any) -> None:
    with pytest.raises(ConfigurationError, match="text must be str or bytes"):
        kind.from_json(text)
