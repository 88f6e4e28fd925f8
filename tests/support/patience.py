"""Waiting for another process or thread, whose time is not ours to turn."""

import time
from collections.abc import Callable

PATIENCE = 30.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds; fail if it does not within ``PATIENCE`` seconds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"It did not come about within {PATIENCE:g} s."
        time.sleep(0.001)
