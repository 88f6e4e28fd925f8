"""The mark of invented figures.

Every answer of the emulation carries it as a top-level field beside ``data``: ``{"data": ..., "synthetic": true}``. As
part of the body it survives the cache, an archive and a file. The service never sends it, and a decoder that does not
know it ignores it like any other new field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

__all__ = ["NOTICE", "SYNTHETIC", "Mark", "is_synthetic"]

NOTICE = "Synthetic sample: invented vendors, models and figures, not OpenRouter's."
"""What stands in place of a citation."""

Mark = Annotated[bool, "true, or else not a mark"]
"""The value of the field, which only ``true`` sets."""

SYNTHETIC = "synthetic"
"""The name of the field. Its value is ``true``; figures that were measured do not have it."""


def is_synthetic(document: Mapping[str, Any]) -> bool:
    """Whether an answer says that its figures are invented, so that no citation may name a real source."""
    return document.get(SYNTHETIC) is True
