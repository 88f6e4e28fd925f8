"""One event loop for each client: a lock, a task or a connection of one loop cannot be awaited in another."""

from __future__ import annotations

import asyncio

from openrouter_rankings.errors import ConfigurationError

__all__ = ["HomeLoop"]


class HomeLoop:
    """The event loop that an object belongs to: the one in which it is first used."""

    __slots__ = ("_loop",)

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_known(self) -> bool:
        """Whether the object has been used in an event loop."""
        return self._loop is not None

    def check(self) -> asyncio.AbstractEventLoop:
        """The running event loop, which is this object's own.

        Raises:
            ConfigurationError: another event loop is running, or none of asyncio's.
        """
        try:
            running = asyncio.get_running_loop()
        except RuntimeError as error:
            raise ConfigurationError(
                "openrouter_rankings needs asyncio, and no asyncio event loop is running: trio's does not serve."
            ) from error
        if self._loop is None:
            self._loop = running
        elif self._loop is not running:
            raise ConfigurationError(
                "This client was first used in another event loop: open one client per event loop, "
                "such as one for each asyncio.run()."
            )
        return running
