"""What the tests of all data sets share."""

import pytest

from openrouter_rankings.models import converter


@pytest.fixture(params=["msgspec", "json"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test that asks for this runs with msgspec, where it is installed, and without it."""
    if request.param == "msgspec":
        pytest.importorskip("msgspec", reason="the extra speedups is not installed")
    else:
        monkeypatch.setattr(converter, "_msgspec", None)
