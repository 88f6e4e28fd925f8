"""Settings of the whole suite."""

import os

import pytest
from hypothesis import settings

# How long an example takes says nothing on a busy machine.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _measured_no_further() -> None:
    """What a test starts is not measured: it would be slower, and the suite covers the package without it."""
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
