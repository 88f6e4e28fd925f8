"""The emulated daily rankings keep the service's contract."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.testing.routes import rankings_daily
from openrouter_rankings.testing.routes.market import RANKED_MODELS
from openrouter_rankings.testing.routes.query import BadQueryError, Query

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)
TODAY = NOW.date()
YEAR = "start_date=2025-01-01&end_date=2025-12-31"
FILTERS = st.sampled_from(
    [
        "",
        "modality=audio",
        "context_bucket=1M",
        "modality=text&context_bucket=10K",
        "category=legal",
        "language_type=natural",
    ]
)

Rows = list[dict[str, str]]


def document(query: str = "", now: datetime = NOW, seed: int = 0) -> dict[str, Any]:
    return rankings_daily.answer(Query(query), now, seed)


def rows(query: str = "", now: datetime = NOW, seed: int = 0) -> Rows:
    found: Rows = document(query, now, seed)["data"]
    return found


def by_date(found: Rows) -> dict[str, Rows]:
    return {day: list(group) for day, group in groupby(found, key=lambda row: row["date"])}


def total(found: Iterable[dict[str, str]]) -> int:
    return sum(int(row["total_tokens"]) for row in found)


def span(start: date, end: date, rest: str = "") -> str:
    return f"start_date={start}&end_date={end}&{rest}"


def has_other(found: Rows) -> bool:
    return found[-1]["model_permaslug"] == "other"


def test_a_row_is_a_date_a_model_and_its_tokens_as_digits() -> None:
    for row in rows():
        assert list(row) == ["date", "model_permaslug", "total_tokens"]
        assert date.fromisoformat(row["date"]) < TODAY
        assert row["model_permaslug"] in {*RANKED_MODELS, "other"}
        assert 0 < int(row["total_tokens"]) < 2**63
        assert row["total_tokens"] == str(int(row["total_tokens"]))


def test_the_largest_models_have_hundreds_of_billions_of_tokens_a_day() -> None:
    assert 1e11 < max(int(row["total_tokens"]) for row in rows()) < 1e12


def test_by_default_there_are_the_31_days_up_to_yesterday() -> None:
    answer = document()
    assert answer["meta"] == {"start_date": "2026-05-18", "end_date": "2026-06-17"}
    assert list(by_date(answer["data"])) == [str(date(2026, 5, 18) + timedelta(days=n)) for n in range(31)]


def test_there_are_more_models_than_a_day_has_rows_and_some_are_free() -> None:
    assert len(set(RANKED_MODELS)) == len(RANKED_MODELS) >= 70
    assert any(model.endswith(":free") for model in RANKED_MODELS)
    assert "other" not in RANKED_MODELS


@settings(max_examples=examples(25))
@given(st.integers(), FILTERS, st.sampled_from(["", "period=week", "period=month"]))
def test_rows_are_sorted_by_date_then_by_tokens_with_other_last(seed: int, filters: str, period: str) -> None:
    found = rows(f"{filters}&{period}", seed=seed)
    dates = by_date(found)
    assert list(dates) == sorted(set(dates))
    assert len({(row["date"], row["model_permaslug"]) for row in found}) == len(found)
    for day_rows in dates.values():
        models = [row for row in day_rows if row["model_permaslug"] != "other"]
        assert len(models) <= 50
        assert models == sorted(models, key=lambda row: (-int(row["total_tokens"]), row["model_permaslug"]))
        assert day_rows[: len(models)] == models
        assert len(models) == 50 or not has_other(day_rows)


def test_models_with_equal_tokens_are_in_alphabetical_order() -> None:
    found = rankings_daily._rows({TODAY: {"b/1": 5, "c/1": 9, "a/1": 5}})
    assert [row["model_permaslug"] for row in found] == ["c/1", "a/1", "b/1"]


def test_days_without_a_tail_have_no_row_for_other() -> None:
    days = by_date(rows(YEAR)).values()
    quiet = [day for day in days if not has_other(day)]
    assert 0 < len(quiet) < len(days) / 4
    assert all(len(day) < 50 for day in quiet)


def test_two_days_were_never_published() -> None:
    dates = by_date(rows(YEAR))
    assert len(dates) == 363
    assert {"2025-06-15", "2025-07-15"}.isdisjoint(dates)


def test_the_day_in_progress_has_the_tokens_of_its_hours_so_far() -> None:
    midnight = NOW.replace(hour=0)
    today = "start_date=2026-06-18&end_date=2026-06-18"
    by_hour = [
        {row["model_permaslug"]: int(row["total_tokens"]) for row in rows(today, midnight + timedelta(hours=hours))}
        for hours in (0, 6, 12, 24)
    ]
    assert by_hour[0] == {}
    leaders = list(by_hour[3])[:10]
    for model in leaders:
        tokens = by_hour[3][model]
        assert [counts.get(model) for counts in by_hour[1:]] == [tokens // 4, tokens // 2, tokens]


def test_a_span_that_reaches_into_the_future_is_echoed_and_has_rows_up_to_now() -> None:
    answer = document("start_date=2026-06-16&end_date=2026-07-31")
    assert answer["meta"] == {"start_date": "2026-06-16", "end_date": "2026-07-31"}
    assert list(by_date(answer["data"])) == ["2026-06-16", "2026-06-17", "2026-06-18"]
    assert rows("start_date=2026-06-19&end_date=2026-06-19") == []


@pytest.mark.parametrize("period", ["week", "month"])
def test_a_week_or_month_in_progress_grows_with_its_last_day(period: str) -> None:
    query = f"start_date=2026-06-15&end_date=2026-06-30&period={period}"
    (bucket,) = by_date(rows(query)).values()
    (later,) = by_date(rows(query, NOW + timedelta(hours=1))).values()
    assert total(rows("start_date=2026-06-15&end_date=2026-06-18")) == total(bucket) < total(later)


def test_a_start_before_the_data_is_moved_to_its_first_day_and_echoed() -> None:
    answer = document("start_date=2020-01-01&end_date=2025-01-02")
    assert answer["meta"] == {"start_date": "2025-01-01", "end_date": "2025-01-02"}
    assert list(by_date(answer["data"])) == ["2025-01-01", "2025-01-02"]


@settings(max_examples=examples(25))
@given(st.dates(date(2025, 1, 1), date(2026, 6, 10)), st.integers(0, 10), st.integers(0, 10), FILTERS, st.integers())
@example(date(2025, 6, 1), 13, 40, "", 0)
def test_two_adjacent_spans_make_up_the_whole(start: date, first: int, second: int, filters: str, seed: int) -> None:
    middle = start + timedelta(days=first)
    end = middle + timedelta(days=second + 1)
    parts = [span(start, middle, filters), span(middle + timedelta(days=1), end, filters)]
    joined = [row for part in parts for row in rows(part, seed=seed)]
    assert joined == rows(span(start, end, filters), seed=seed)


def test_the_figures_of_a_past_day_do_not_change() -> None:
    query = "start_date=2026-06-01&end_date=2026-06-10"
    assert rows(query) == rows(query, datetime(2027, 1, 1, tzinfo=UTC))


# Periods


@pytest.mark.parametrize(
    ("period", "first_day"), [("week", lambda day: day.weekday() == 0), ("month", lambda day: day.day == 1)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_weeks_and_months_have_all_tokens_of_their_days(period: str, first_day: Any, seed: int) -> None:
    query = "start_date=2025-06-05&end_date=2025-08-20"
    sums: dict[str, int] = {}
    for day, day_rows in by_date(rows(query, seed=seed)).items():
        bucket = date.fromisoformat(day)
        while not first_day(bucket):
            bucket -= timedelta(days=1)
        sums[str(bucket)] = sums.get(str(bucket), 0) + total(day_rows)
    found = by_date(rows(f"{query}&period={period}", seed=seed))
    assert {day: total(day_rows) for day, day_rows in found.items()} == sums
    assert all(len(day_rows) == 51 for day_rows in found.values())


def test_a_models_tokens_of_a_week_are_the_sum_of_its_days() -> None:
    week = "start_date=2026-06-01&end_date=2026-06-07"
    found = {row["model_permaslug"]: int(row["total_tokens"]) for row in rows(f"{week}&period=week")}
    for model in list(found)[:10]:
        assert found[model] == total(row for row in rows(week) if row["model_permaslug"] == model)


def test_day_is_the_default_period() -> None:
    assert rows("period=day") == rows()


# Filters


@pytest.mark.parametrize("modality", ["text", "image", "image_output", "audio", "tool_calling"])
def test_a_modality_has_some_of_the_models_with_part_of_their_tokens(modality: str) -> None:
    whole = {(row["date"], row["model_permaslug"]): int(row["total_tokens"]) for row in rows()}
    part = rows(f"modality={modality}")
    assert 0 < total(part) < total(rows())
    assert len({row["model_permaslug"] for row in part}) > 5
    for row in part:
        key = (row["date"], row["model_permaslug"])
        assert row["model_permaslug"] == "other" or key not in whole or int(row["total_tokens"]) <= whole[key]


def test_a_modality_of_few_models_has_no_row_for_other() -> None:
    assert not any(has_other(day) for day in by_date(rows("modality=image_output")).values())


@pytest.mark.parametrize("modality", ["", "modality=audio"])
def test_the_context_buckets_make_up_the_whole(modality: str) -> None:
    buckets = [rows(f"context_bucket={bucket}&{modality}") for bucket in ("1K", "10K", "100K", "1M", "10M")]
    missing = total(rows(modality)) - sum(map(total, buckets))
    # Each count of a bucket is rounded down.
    assert 0 <= missing < 5 * 31 * len(RANKED_MODELS)


def test_another_seed_has_another_market() -> None:
    assert rows(seed=1) != rows(seed=2)
    assert rows(seed=1) == rows(seed=1)


def test_the_figures_are_the_same_on_every_machine() -> None:
    first, *_, last = rows("start_date=2026-06-17")
    assert first == {
        "date": "2026-06-17",
        "model_permaslug": "farpoint-labs/sextant-3-preview",
        "total_tokens": "404824192299",
    }
    assert last == {"date": "2026-06-17", "model_permaslug": "other", "total_tokens": "20322399496"}


# Estimates


@pytest.mark.parametrize("sampled", ["category=programming", "category=marketing/seo", "language_type=programming"])
def test_estimates_cover_the_weeks_whose_monday_is_in_the_span(sampled: str) -> None:
    query = f"start_date=2026-05-05&end_date=2026-06-08&{sampled}"
    found = rows(query)
    assert list(by_date(found)) == ["2026-05-11", "2026-05-18", "2026-05-25", "2026-06-01", "2026-06-08"]
    assert rows(f"{query}&period=week") == found


def test_there_is_no_estimate_of_a_week_whose_monday_is_not_over() -> None:
    query = "start_date=2026-06-15&end_date=2026-06-21&category=health"
    monday = datetime(2026, 6, 15, 23, 59, tzinfo=UTC)
    assert rows(query, monday) == []
    assert list(by_date(rows(query, monday + timedelta(minutes=1)))) == ["2026-06-15"]


def test_the_last_week_of_an_estimate_is_whole() -> None:
    monday, sunday = (
        rows(f"start_date=2026-06-01&end_date={day}&category=health") for day in ("2026-06-01", "2026-06-07")
    )
    assert monday == sunday != []


def test_months_of_estimates_sum_the_weeks_by_their_mondays() -> None:
    query = "start_date=2026-03-30&end_date=2026-04-30&category=science"
    weeks, months = by_date(rows(query)), by_date(rows(f"{query}&period=month"))
    assert list(months) == ["2026-03-01", "2026-04-01"]
    assert total(months["2026-03-01"]) == total(weeks["2026-03-30"])
    assert total(rows(f"{query}&period=month")) == total(rows(query))


def test_the_language_types_of_a_week_sum_to_about_its_tokens() -> None:
    week = "start_date=2026-06-01&end_date=2026-06-07"
    parts = sum(total(rows(f"{week}&language_type={kind}")) for kind in ("natural", "programming"))
    assert 0.95 < parts / total(rows(week)) < 1.05


# Refusals


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("period=year", "Invalid period 'year': the allowed values are 'day', 'week', 'month'."),
        ("modality=smell", "Invalid modality 'smell': the allowed values are 'text', 'image', 'image_output', "),
        ("context_bucket=2K", "Invalid context_bucket '2K': the allowed values are '1K', '10K', '100K', '1M', '10M'."),
        ("category=cooking", "Invalid category 'cooking': the allowed values are 'programming', 'roleplay', "),
        ("language_type=dead", "Invalid language_type 'dead': the allowed values are 'natural', 'programming'."),
        ("category=legal&language_type=natural", "category cannot be given together with another of modality, "),
        ("category=legal&modality=text", "category cannot be given together with another of modality, "),
        ("category=legal&context_bucket=1K", "category cannot be given together with another of modality, "),
        ("language_type=natural&modality=text", "language_type cannot be given together with another of modality, "),
        ("language_type=natural&context_bucket=1K", "language_type cannot be given together with another of "),
        ("category=legal&period=day", "category and language_type are estimated by the week: period 'day' is not"),
        ("language_type=natural&period=day", "category and language_type are estimated by the week: period 'day'"),
        ("start_date=2025-01-01&end_date=2026-01-02", "From start_date to end_date are 367 days: at most 366 are"),
        ("end_date=2024-12-31", "end_date 2024-12-31 is before 2025-01-01"),
        ("end_date=2026-02-30", "Invalid end_date '2026-02-30'"),
    ],
)
def test_an_invalid_query_is_rejected(query: str, message: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        document(query)
    assert str(caught.value).startswith(message)
