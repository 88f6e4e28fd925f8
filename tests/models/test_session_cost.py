"""The costs of sessions: what is decoded, what is refused, and what the values can do."""

from datetime import date
from typing import Any

import pytest
from answers import Json, Place, changed, check_same_without_msgspec, check_value, encoded, json_values, places, without
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings import InvalidResponseError
from openrouter_rankings.models.session_cost import SessionCost, TurnRange, decode_session_cost


def sample() -> Json:
    cell = {"app_slug": "birch-editor", "app_name": "Birch Editor", "model_permaslug": "acme/swift-1"}
    return {
        "data": [
            cell | {"turn_range": "1-turn", "median_session_cost_usd": 0.0125},
            cell | {"turn_range": "50-plus-turns", "median_session_cost_usd": 3.5},
        ],
        "meta": {
            "as_of": "2026-03-02T06:00:00.123Z",
            "version": "v1",
            "window_days": 30,
            "window_end_date": "2026-03-01",
        },
    }


def decoded(document: Any) -> SessionCost:
    return decode_session_cost(encoded(document))


def test_every_field_of_an_answer_is_kept(parser: None) -> None:
    costs = decoded(sample())
    assert costs.to_dict() == sample()
    assert costs.data[1].turn_range == TurnRange.FIFTY_PLUS
    assert costs.data[1].median_session_cost_usd == 3.5
    assert costs.meta.window_end_date == date(2026, 3, 1)


def test_an_answer_before_the_first_snapshot_has_no_window_and_no_rows(parser: None) -> None:
    document = sample()
    document["data"] = []
    document["meta"] |= {"window_days": None, "window_end_date": None}
    costs = decoded(document)
    assert (costs.data, costs.meta.window_days, costs.meta.window_end_date) == ((), None, None)
    assert costs.to_dict() == document
    assert costs.to_records() == []


def test_unknown_fields_and_new_lengths_are_accepted(parser: None) -> None:
    document = sample()
    document["next"] = None
    document["meta"]["sampled"] = True
    document["data"][0] |= {"turn_range": "1000-plus-turns", "sessions": 12}
    costs = decoded(document)
    assert costs.data[0].turn_range == "1000-plus-turns"
    assert costs.data[1] == decoded(sample()).data[1]


def test_a_whole_number_is_a_cost_too(parser: None) -> None:
    cost = decoded(changed(sample(), ("data", 0, "median_session_cost_usd"), 2)).data[0].median_session_cost_usd
    assert (cost, type(cost)) == (2.0, float)


def test_values_are_frozen_hashable_and_slotted() -> None:
    costs = decoded(sample())
    for value in (costs, costs.data[0], costs.meta):
        check_value(value)


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (
            ("data", 1, "median_session_cost_usd"),
            "3.5",
            "data[1].median_session_cost_usd: expected a number, got a string",
        ),
        (
            ("data", 1, "median_session_cost_usd"),
            None,
            "data[1].median_session_cost_usd: expected a number, got null",
        ),
        (("data", 0, "turn_range"), 1, "data[0].turn_range: expected a string, got 1"),
        (("meta", "window_days"), "30", "meta.window_days: expected a 64-bit integer, got a string"),
        (("meta", "window_end_date"), "March", "meta.window_end_date: expected a date (YYYY-MM-DD), got a string"),
        (("meta",), None, "meta: expected an object, got null"),
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
    check_same_without_msgspec(decode_session_cost, encoded(changed(sample(), place, value)))


def test_records_have_the_columns_and_know_their_window() -> None:
    records = decoded(sample()).to_records()
    assert [list(row) for row in records] == [list(SessionCost.columns)] * 2
    assert records[0] == {
        "as_of": "2026-03-02T06:00:00.123Z",
        "window_days": 30,
        "window_end_date": date(2026, 3, 1),
        "app_slug": "birch-editor",
        "app_name": "Birch Editor",
        "turn_range": "1-turn",
        "model_permaslug": "acme/swift-1",
        "median_session_cost_usd": 0.0125,
    }


def test_the_citation_is_the_services_own() -> None:
    page = "openrouter.ai/docs/cookbook/administration/data-api"
    assert decoded(sample()).citation == f"Source: OpenRouter Data API ({page}), as of 2026-03-02T06:00:00.123Z."
