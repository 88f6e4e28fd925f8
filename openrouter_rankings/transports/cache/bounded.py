"""A mapping with a limit: the least recently used values make room."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

__all__ = ["BoundedMapping"]

V = TypeVar("V")


class BoundedMapping(Generic[V]):
    """Values by key, at most so many of them and of so many bytes; the least recently used are dropped.

    Args:
        max_entries: how many values at most.
        max_bytes: how many bytes they may take together; a value that alone takes more is not kept.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._values: OrderedDict[str, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._values)

    @property
    def size(self) -> int:
        """The bytes that all values take."""
        return self._bytes

    def get(self, key: str) -> V | None:
        """The value of ``key``, which is now the most recently used one."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: str, value: V, size: int) -> None:
        """Keep ``value``, which takes ``size`` bytes, in place of an earlier one of ``key``."""
        self.discard(key)
        if size > self._max_bytes:
            return
        self._values[key] = value, size
        self._bytes += size
        while len(self._values) > self._max_entries or self._bytes > self._max_bytes:
            self.discard(next(iter(self._values)))

    def discard(self, key: str) -> None:
        """Forget the value of ``key``, if there is one."""
        found = self._values.pop(key, None)
        if found is not None:
            self._bytes -= found[1]
