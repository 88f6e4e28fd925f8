"""How many examples a property test tries."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["examples"]

_OF_THE_WHOLE_SUITE = 100


def examples(number: int) -> int:
    """``number`` of examples in the profile ``suite``, and fewer in proportion in a briefer one."""
    return max(1, number * settings().max_examples // _OF_THE_WHOLE_SUITE)
