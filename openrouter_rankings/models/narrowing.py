"""The mark of a part of an answer.

JSON that the command line writes with fewer rows than the answer has, such as the first ten, carries it as a top-level
field beside ``data``: ``{"data": ..., "narrowed": true}``. The service never sends it, and the decoders ignore it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["NARROWED", "is_narrowed"]

NARROWED = "narrowed"
"""The name of the field. Its value is ``true``; whole answers do not have it."""


def is_narrowed(document: Mapping[str, Any]) -> bool:
    """Whether a document says that rows were left out of it, so that it is no answer of the service."""
    return document.get(NARROWED) is True
