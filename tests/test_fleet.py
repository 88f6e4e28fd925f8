"""The fleet of ``benchmarks/fleet/day.py``, for two virtual hours."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
HOUR = 3600.0


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Any:
    if not (ROOT / "benchmarks").exists():
        pytest.skip("the benchmarks are in the checkout only")
    monkeypatch.syspath_prepend(ROOT)
    return import_module("benchmarks.fleet.day")


async def test_a_fleet_keeps_to_the_limits_and_gets_an_answer_of_known_age_through_outage_and_burst(fleet: Any) -> None:
    plan = fleet.Plan(hours=2.0, workers=5, outage_from=0.25 * HOUR, outage_seconds=0.75 * HOUR, burst_after=1.5 * HOUR)
    outcome = await fleet.simulate(plan)
    within, outside = outcome.ages[fleet.Period.OUTAGE], outcome.ages[fleet.Period.OUTSIDE]
    # At the pace of 400 refreshes a day for two hours, and one a minute in the outage.
    assert len(outcome.service.arrivals) <= 2 * 400 / 24 + 45
    assert outcome.service.refused_for_pace == 0
    assert outcome.service.refused_in_burst > 1
    assert not outcome.refused
    assert max(outside) < 360
    assert max(within) > 0.75 * HOUR
    assert outcome.ages_are_right
    # It is asked again each time that the answer at hand has aged by a thirtieth; the last failure took 30 s.
    assert outcome.service.recovered_at - outcome.service.outage.end <= 0.75 * HOUR / 30 + 31
