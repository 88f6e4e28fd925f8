"""The invented market is large enough, and its names and ids are unique."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.testing.routes.market import (
    APPS,
    MODELS,
    RANKED_MODELS,
    Price,
    dice,
    price_of,
    swing,
    trend_of,
)

SEEDS = st.integers()


def test_the_most_popular_models_are_among_all_models() -> None:
    assert set(MODELS) < set(RANKED_MODELS)
    assert all(model.count("/") == 1 for model in RANKED_MODELS)


def test_ids_slugs_and_names_of_apps_are_unique() -> None:
    names = [name for app in APPS for name in app.names]
    assert len({app.app_id for app in APPS}) == len({app.slug for app in APPS}) == len(APPS)
    assert len(set(names)) == len(names) > len(APPS)


def test_an_app_uses_each_of_its_aliases() -> None:
    day = date(2026, 6, 18)
    for app in APPS:
        assert {app.name_on(day + timedelta(days=n)) for n in range(2)} == set(app.names)


def test_a_price_has_no_exponent_and_no_trailing_zeros() -> None:
    assert Price(5, 1000).per_token() == {"prompt": "0.00000005", "completion": "0.00001"}


@given(st.sampled_from(RANKED_MODELS), SEEDS)
def test_a_completion_costs_more_than_a_prompt(model: str, seed: int) -> None:
    price = price_of(model, seed)
    assert 0 < price.prompt < price.completion
    assert price == price_of(model, seed)


@given(SEEDS)
def test_a_swing_is_close_to_one(seed: int) -> None:
    assert 0.95 <= swing(dice(seed)) <= 1.05


@given(st.sampled_from(RANKED_MODELS), SEEDS, st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_there_is_some_traffic_on_every_day(model: str, seed: int, day: date) -> None:
    assert trend_of(model, seed, 1e9).on(day, dice(seed, day)) > 0
