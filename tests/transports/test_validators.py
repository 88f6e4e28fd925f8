"""The validators of settings."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.validators import is_count, is_number


@attrs.frozen(kw_only=True)
class Settings:
    count: int = attrs.field(default=1, validator=is_count)
    least: float = attrs.field(default=1, validator=is_number(1))
    between: float = attrs.field(default=1, validator=is_number(0.5, 2))


@pytest.mark.parametrize(
    "good", [{"count": 1}, {"count": 10**9}, {"least": 1}, {"least": math.inf}, {"between": 0.5}, {"between": 2}]
)
def test_what_is_within_the_bounds_is_accepted(good: dict[str, Any]) -> None:
    assert attrs.asdict(Settings(**good)).items() >= good.items()


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None, 10**400])
def test_a_count_is_a_whole_number_of_at_least_one(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^count must be a whole number of at least 1, not {value!r}.$"):
        Settings(count=value)


@pytest.mark.parametrize("value", [0.999, -math.inf, math.nan, True, "1", None, 1j, 10**400])
def test_a_number_with_a_minimum_only(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^least must be a number of at least 1, not .*\.$"):
        Settings(least=value)


@pytest.mark.parametrize("value", [0.499, 2.001, math.inf, math.nan, True, "1", None])
def test_a_number_between_two_bounds(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^between must be a number from 0.5 to 2, not .*\.$"):
        Settings(between=value)
