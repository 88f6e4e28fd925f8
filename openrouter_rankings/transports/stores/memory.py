"""A store in the memory of this process."""

from __future__ import annotations

import threading
from typing import TypeVar

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.forks import in_each_child
from openrouter_rankings.transports.stores.protocol import Change

__all__ = ["MemoryStore", "process_memory"]

T = TypeVar("T")


class MemoryStore:
    """Keeps values in a dict, for all threads of this process. Its time is the monotonic clock, which nobody sets.

    Args:
        clock: the time in which values expire.
        max_entries: how many values are kept. One more drops those that have expired, or else the one whose last
            write is the longest ago.
    """

    def __init__(self, clock: Clock, *, max_entries: int = 1000) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._lock = threading.Lock()
        # In the order of writing: each value and when it expires.
        self._entries: dict[str, tuple[bytes, float]] = {}

    def forget_other_threads(self) -> None:
        """Free the lock in a child process, where the thread that held it at the fork does not exist."""
        self._lock = threading.Lock()

    async def get(self, key: str) -> bytes | None:
        with self._lock:
            return self._read(key, self._clock.monotonic())

    async def put(self, key: str, value: bytes, expires_in: float) -> None:
        with self._lock:
            self._write(key, value, self._clock.monotonic(), expires_in)

    async def delete(self, key: str) -> None:
        with self._lock:
            self._entries.pop(key, None)

    async def update(self, key: str, change: Change[T]) -> T:
        with self._lock:
            now = self._clock.monotonic()
            present = self._read(key, now)
            update = change(present, now)
            if update.value is None:
                self._entries.pop(key, None)
            elif update.value != present:
                self._write(key, update.value, now, update.expires_in)
            return update.result

    async def aclose(self) -> None:
        """Does nothing: there is nothing to close, and others may still share the values."""

    def _read(self, key: str, now: float) -> bytes | None:
        value, expires_at = self._entries.get(key, (None, now))
        return value if now < expires_at else None

    def _write(self, key: str, value: bytes, now: float, expires_in: float) -> None:
        self._entries.pop(key, None)
        self._entries[key] = (value, now + expires_in)
        if len(self._entries) > self._max_entries:
            self._entries = {key: entry for key, entry in self._entries.items() if now < entry[1]}
        while len(self._entries) > self._max_entries:
            del self._entries[next(iter(self._entries))]


_OF_THIS_PROCESS = MemoryStore(SystemClock())
in_each_child(lambda: _OF_THIS_PROCESS.forget_other_threads())


def process_memory(clock: Clock) -> MemoryStore:
    """The one store of this process for all who live on the system's clock; one of its own for any other clock."""
    return _OF_THIS_PROCESS if isinstance(clock, SystemClock) else MemoryStore(clock)
