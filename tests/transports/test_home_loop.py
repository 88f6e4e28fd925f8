"""An object belongs to one event loop, and to asyncio's."""

from __future__ import annotations

import asyncio

import pytest

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.transports.home_loop import HomeLoop


async def check(home: HomeLoop) -> asyncio.AbstractEventLoop:
    return home.check()


def test_the_loop_of_the_first_use_is_home() -> None:
    home = HomeLoop()

    async def twice() -> None:
        assert home.check() is home.check() is asyncio.get_running_loop()

    asyncio.run(twice())


def test_a_second_loop_is_an_error_that_says_one_client_per_loop() -> None:
    home = HomeLoop()
    asyncio.run(check(home))
    with pytest.raises(ConfigurationError, match="one client per event loop"):
        asyncio.run(check(home))


def test_without_asyncio_the_error_says_that_it_is_needed_and_home_is_still_to_be_found() -> None:
    home = HomeLoop()
    # A coroutine without an event loop of asyncio, as under trio.
    with pytest.raises(ConfigurationError, match="needs asyncio"):
        check(home).send(None)
    asyncio.run(check(home))
