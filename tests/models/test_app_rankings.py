"""The app rankings: what is decoded, what is refused, and what the values can do."""

from datetime import date
from typing import Any

import pytest
from answers import Json, Place, changed, check_same_without_msgspec, check_value, encoded, json_values, places, without
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings import InvalidResponseError
from openrouter_rankings.models.app_rankings import (
    SUBCATEGORIES,
    AppCategory,
    AppRankings,
    AppSubcategory,
    decode_app_rankings,
)


def sample() -> Json:
    return {
        "data": [
            {
                "rank": 51,
                "app_id": 9007199254740993,
                "app_name": "Birch Editor",
                "total_tokens": "9007199254740995",
                "total_requests": 120,
            },
            {"rank": 52, "app_id": 7, "app_name": "Kite \N{KITE}", "total_tokens": "0", "total_requests": 0},
        ],
        "meta": {
            "as_of": "2026-03-02T06:00:00.123Z",
            "version": "v1",
            "start_date": "2026-02-01",
            "end_date": "2026-03-01",
        },
    }


def decoded(document: Any) -> AppRankings:
    return decode_app_rankings(encoded(document))


def test_every_field_of_an_answer_is_kept(parser: None) -> None:
    ranking = decoded(sample())
    assert ranking.to_dict() == sample()
    first = ranking.data[0]
    assert (first.rank, first.app_id, first.total_tokens) == (51, 9007199254740993, 9007199254740995)
    assert (ranking.meta.start_date, ranking.meta.end_date) == (date(2026, 2, 1), date(2026, 3, 1))


def test_unknown_fields_are_passed_over(parser: None) -> None:
    document = sample()
    document["next"] = None
    document["meta"]["sort"] = "popular"
    document["data"][0]["categories"] = ["cli-agent"]
    assert decoded(document) == decoded(sample())


def test_an_answer_without_apps_is_valid(parser: None) -> None:
    ranking = decoded(changed(sample(), ("data",), []))
    assert ranking.data == ()
    assert ranking.to_records() == []


def test_values_are_frozen_hashable_and_slotted() -> None:
    ranking = decoded(sample())
    for value in (ranking, ranking.data[0], ranking.meta):
        check_value(value)


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("data", 1, "rank"), "52", "data[1].rank: expected a 64-bit integer, got a string"),
        (("data", 1, "rank"), 52.0, "data[1].rank: expected a 64-bit integer, got 52.0"),
        (("data", 1, "rank"), 2**63, "data[1].rank: expected a 64-bit integer, got 9223372036854775808"),
        (("data", 1, "rank"), -(2**64), "data[1].rank: expected a 64-bit integer, got -18446744073709551616"),
        (("data", 0, "app_id"), None, "data[0].app_id: expected a 64-bit integer, got null"),
        (("data", 0, "app_name"), None, "data[0].app_name: expected a string, got null"),
        (
            ("data", 0, "total_tokens"),
            120,
            "data[0].total_tokens: expected a 64-bit integer as a string of digits, got 120",
        ),
        (("data", 0, "total_requests"), "120", "data[0].total_requests: expected a 64-bit integer, got a string"),
        (("data", 0), [], "data[0]: expected an object, got an array"),
        (("data",), None, "data: expected an array, got null"),
        (("meta", "end_date"), None, "meta.end_date: expected a date (YYYY-MM-DD), got null"),
    ],
)
def test_what_is_not_as_promised_is_named_with_its_place(parser: None, place: Place, value: Any, problem: str) -> None:
    with pytest.raises(InvalidResponseError) as caught:
        decoded(changed(sample(), place, value))
    assert caught.value.problems == (problem,)


FIELDS = [place for place in places(sample()) if place and isinstance(place[-1], str)]


@pytest.mark.parametrize("place", FIELDS)
def test_every_field_must_be_there(place: Place) -> None:
    with pytest.raises(InvalidResponseError, match=f"{place[-1]}: missing"):
        decoded(without(sample(), place))


@given(st.sampled_from(sorted(places(sample()), key=str)), json_values)
@settings(max_examples=examples(50))
def test_any_json_value_in_any_place_gives_data_or_an_invalid_response(place: Place, value: Any) -> None:
    check_same_without_msgspec(decode_app_rankings, encoded(changed(sample(), place, value)))


def test_records_have_the_columns_and_know_their_span() -> None:
    ranking = decoded(sample())
    records = ranking.to_records()
    assert [list(row) for row in records] == [list(AppRankings.columns)] * 2
    assert records[1] == {
        "as_of": "2026-03-02T06:00:00.123Z",
        "start_date": date(2026, 2, 1),
        "end_date": date(2026, 3, 1),
        "rank": 52,
        "app_id": 7,
        "app_name": "Kite \N{KITE}",
        "total_tokens": 0,
        "total_requests": 0,
    }


def test_the_citation_is_the_services_own() -> None:
    assert decoded(sample()).citation == "Source: OpenRouter (openrouter.ai/apps), as of 2026-03-02T06:00:00.123Z."


def test_every_subcategory_belongs_to_one_category() -> None:
    assert set(SUBCATEGORIES) == set(AppCategory)
    assert sorted(name for names in SUBCATEGORIES.values() for name in names) == sorted(AppSubcategory)
