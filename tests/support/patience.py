"""Waiting for something to happen, with a limit, and giving the event loop time in which nothing may happen."""

import asyncio
import time
from collections.abc import Callable

PATIENCE = 30.0


def wait_until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds; fail if it does not within ``PATIENCE`` seconds.

    It blocks: a test on an event loop runs it in a thread.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        _check(deadline)
        time.sleep(0.001)


async def turn_until(condition: Callable[[], object]) -> None:
    """Turn the event loop until the condition holds; fail if it does not within ``PATIENCE`` seconds.

    The seconds are real ones, even in a test with a ``FakeClock``: they only bound a failure.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        _check(deadline)
        await asyncio.sleep(0)


async def turn(times: int) -> None:
    """Turn the event loop ``times`` times: to show that nothing happens, or to stop at a given await of a call."""
    for _ in range(times):
        await asyncio.sleep(0)


async def settle() -> None:
    """Let every task run until it waits, in too few turns for a ``FakeClock`` to move."""
    await turn(10)


def _check(deadline: float) -> None:
    assert time.monotonic() < deadline, f"What the test waits for did not come about within {PATIENCE:g} s."
