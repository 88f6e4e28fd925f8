"""The base of the values within an answer."""

from __future__ import annotations

from reprlib import Repr
from typing import Any, ClassVar

import attrs

__all__ = ["Item", "shortened"]

# Names can be of any length, and a task has ten models; a prompt or log needs only the beginning.
_MAX_TEXT = 60
_short = Repr()
_short.maxstring = _short.maxlong = _MAX_TEXT
_short.maxother = 120
_short.maxtuple = _short.maxdict = 2


def shortened(text: object) -> str:
    """The beginning of a text, on one line and without control characters."""
    shown = repr(str(text)[: _MAX_TEXT + 1])[1:-1]
    return shown if len(shown) <= _MAX_TEXT else f"{shown[:_MAX_TEXT]}..."


class Item:
    """A value within an answer."""

    __slots__ = ()
    __attrs_attrs__: ClassVar[Any]

    def to_dict(self) -> dict[str, Any]:
        """The value as the API writes it: dicts, lists, strings and numbers, ready for JSON."""
        from openrouter_rankings.models.plain import to_plain

        plain: dict[str, Any] = to_plain(self)
        return plain

    def __repr__(self) -> str:
        names = [field.name for field in attrs.fields(type(self))]
        return f"{type(self).__name__}({', '.join(f'{name}={_short.repr(getattr(self, name))}' for name in names)})"
