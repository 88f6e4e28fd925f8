"""The synthetic task classifications keep the service's contract."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.testing.routes.market import MODELS
from openrouter_rankings.testing.routes.task_classifications import TAGS
from openrouter_rankings.testing.sample import task_classifications

SEEDS = st.integers()
DAYS = st.dates()
DAY = date(2026, 6, 17)

# An answer has over a thousand random figures, so few examples are enough and keep the run short.
SOME = settings(max_examples=examples(10))


def total(rows: list[dict[str, Any]], field: str) -> float:
    return math.fsum(row[field] for row in rows)


def is_one(value: float) -> bool:
    return math.isclose(value, 1, abs_tol=1e-9)


@SOME
@given(DAYS, SEEDS)
def test_the_answer_names_its_day_and_its_window(as_of: date, seed: int) -> None:
    data = task_classifications(as_of, seed)["data"]
    assert data["as_of"] == as_of.isoformat()
    assert data["window_days"] == 7


@SOME
@given(DAYS, SEEDS)
def test_shares_over_all_classifications_sum_to_one(as_of: date, seed: int) -> None:
    data = task_classifications(as_of, seed)["data"]
    for rows in (data["classifications"], data["macro_categories"]):
        assert is_one(total(rows, "usage_share"))
        assert is_one(total(rows, "token_share"))


@SOME
@given(DAYS, SEEDS)
def test_shares_within_each_macro_category_sum_to_one_and_follow_from_the_overall_ones(as_of: date, seed: int) -> None:
    data = task_classifications(as_of, seed)["data"]
    for macro in data["macro_categories"]:
        rows = [row for row in data["classifications"] if row["macro_category"] == macro["key"]]
        for kind in ("usage", "token"):
            assert is_one(total(rows, f"category_{kind}_share"))
            assert math.isclose(total(rows, f"{kind}_share"), macro[f"{kind}_share"])
            for row in rows:
                assert math.isclose(row[f"category_{kind}_share"] * macro[f"{kind}_share"], row[f"{kind}_share"])


@SOME
@given(DAYS, SEEDS)
def test_classifications_and_models_are_sorted_by_requests(as_of: date, seed: int) -> None:
    rows = task_classifications(as_of, seed)["data"]["classifications"]
    assert all(before["usage_share"] >= after["usage_share"] for before, after in pairwise(rows))
    for row in rows:
        models = row["models"]
        assert all(before["tag_usage_share"] >= after["tag_usage_share"] for before, after in pairwise(models))


@SOME
@given(DAYS, SEEDS)
def test_the_ten_models_of_a_tag_have_less_than_all_of_its_traffic(as_of: date, seed: int) -> None:
    for row in task_classifications(as_of, seed)["data"]["classifications"]:
        assert len({model["id"] for model in row["models"]}) == 10
        for field in ("tag_usage_share", "tag_token_share"):
            assert 0 < total(row["models"], field) < 1


@SOME
@given(DAYS, SEEDS)
def test_every_share_is_a_fraction(as_of: date, seed: int) -> None:
    data = task_classifications(as_of, seed)["data"]
    models = [model for row in data["classifications"] for model in row["models"]]
    for row in [*data["classifications"], *data["macro_categories"], *models]:
        shares = {name: value for name, value in row.items() if name.endswith("_share")}
        assert shares
        assert all(0 < share < 1 for share in shares.values())


@SOME
@given(DAYS, SEEDS)
def test_equal_arguments_give_equal_figures(as_of: date, seed: int) -> None:
    assert task_classifications(as_of, seed) == task_classifications(as_of, seed)


def test_the_figures_are_the_same_on_every_machine() -> None:
    leader = task_classifications(DAY)["data"]["classifications"][0]
    assert leader["tag"] == "classification_tagging"
    assert math.isclose(leader["usage_share"], 0.1294245692337868, rel_tol=1e-12)


def test_another_seed_gives_another_market() -> None:
    assert task_classifications(DAY, 1) != task_classifications(DAY, 2)


@SOME
@given(st.dates(max_value=date.max - timedelta(days=1)), SEEDS)
def test_figures_change_only_a_little_from_one_day_to_the_next(as_of: date, seed: int) -> None:
    today, tomorrow = (
        {row["tag"]: row["usage_share"] for row in task_classifications(day, seed)["data"]["classifications"]}
        for day in (as_of, as_of + timedelta(days=1))
    )
    assert today != tomorrow
    assert all(0.8 < tomorrow[tag] / today[tag] < 1.25 for tag in today)


def test_the_fields_are_those_of_the_contract() -> None:
    data = task_classifications(DAY)["data"]
    row = data["classifications"][0]
    assert set(data) == {"as_of", "window_days", "classifications", "macro_categories"}
    assert set(row) == {
        "tag",
        "display_name",
        "macro_category",
        "usage_share",
        "token_share",
        "category_usage_share",
        "category_token_share",
        "models",
    }
    assert set(row["models"][0]) == {"id", "tag_usage_share", "tag_token_share"}
    assert set(data["macro_categories"][0]) == {"key", "label", "usage_share", "token_share"}


def test_there_are_29_tags_and_those_of_the_general_category_have_no_prefix() -> None:
    rows = task_classifications(DAY)["data"]["classifications"]
    assert len({row["tag"] for row in rows}) == len(rows) == 29
    for row in rows:
        prefix, colon, _ = row["tag"].partition(":")
        assert row["macro_category"] == (prefix if colon else "general")
        assert TAGS[row["macro_category"]][row["tag"]] == row["display_name"]


def test_the_macro_categories_are_labelled() -> None:
    macros = task_classifications(DAY)["data"]["macro_categories"]
    assert {macro["key"]: macro["label"] for macro in macros} == {
        "code": "Code",
        "data": "Data",
        "agent": "Agent",
        "general": "General",
    }


def test_figures_are_not_rounded() -> None:
    rows = task_classifications(DAY)["data"]["classifications"]
    assert all(row["usage_share"] != round(row["usage_share"], 6) for row in rows)


def test_models_are_named_by_vendor_and_name() -> None:
    assert all(model.count("/") == 1 for model in MODELS)
    assert len(set(MODELS)) == len(MODELS)
