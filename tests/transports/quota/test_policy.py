"""The settings of a quota."""

from __future__ import annotations

import math
from typing import Any

import pytest
from user_store import UserStore

from openrouter_rankings.clock import FakeClock
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.quota.status import QuotaWindow


@pytest.mark.parametrize(
    "mistake",
    [
        {"per_minute": 0},
        {"per_minute": 1.5},
        {"per_minute": True},
        {"per_day": 0},
        {"per_day": "500"},
        {"margin": -1},
        {"margin": math.inf},
        {"margin": math.nan},
        {"margin": True},
        {"max_wait": -1},
        {"max_wait": "60"},
        {"fallback_fraction": 0},
        {"fallback_fraction": 1.1},
        {"store": ""},
        {"store": "https://x.test"},
        {"store": 5},
    ],
)
def test_a_quota_that_makes_no_sense_is_a_configuration_error_that_names_the_setting(mistake: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(mistake))):
        Quota(**mistake)


def test_the_default_quota_is_that_of_the_service() -> None:
    quota = Quota()
    assert (quota.per_minute, quota.per_day, quota.store, quota.max_wait) == (30, 500, None, 60.0)


def test_a_store_of_the_users_is_accepted() -> None:
    store = UserStore(FakeClock())
    assert Quota(store=store).store is store


def test_the_password_of_a_store_is_not_shown() -> None:
    assert "secret" not in repr(Quota(store="redis://user:secret@localhost"))


def test_what_remains_of_a_window_is_never_negative() -> None:
    assert (QuotaWindow(3, 1, None).remaining, QuotaWindow(3, 5, None).remaining) == (2, 0)
