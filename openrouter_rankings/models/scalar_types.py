"""The types of single values that are more than Python's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

__all__ = ["Columns", "Timestamp", "TokenCount"]

TokenCount = Annotated[int, "the API writes it as a decimal string, because it can exceed 53 bits"]
"""A number of prompt and completion tokens, as counted by the provider's own tokenizer."""

Columns = Mapping[str, Any]
"""The columns of a table: each name with the type of its values, ``| None`` where a value can be missing."""


class Timestamp(str):
    """An ISO-8601 instant, exactly as the service wrote it, so that it can be cited.

    Instants compare as text; compare ``utc`` where they may be written differently.
    """

    __slots__ = ()

    @property
    def utc(self) -> datetime:
        """The instant as an aware ``datetime`` in UTC. An instant without a time zone is read as UTC."""
        instant = datetime.fromisoformat(self)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
