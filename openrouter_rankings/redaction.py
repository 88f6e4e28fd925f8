"""Finds the API key in what an error shows, in every form in which a service or a proxy can repeat it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = ["redact", "redact_body", "redact_field_name", "redact_nested", "redact_place", "shows_key"]

_REDACTED = "***"

# Characters. No service gives out shorter keys, but tests and emulations use words such as "key".
_SHORTEST_IN_PLACE = 8

# Nesting below this depth is left out: an error must survive pickling, which recurses.
_DEEPEST = 32


def redact(text: str, key: str) -> str:
    """``text`` without the key, if there is one."""
    return _pattern(key).sub(_REDACTED, text) if key else text


def redact_field_name(name: str, key: str) -> str:
    """The name of a header field without the key. Names are case-insensitive, and HTTP/2 has them in lower case."""
    return _pattern(key, re.IGNORECASE).sub(_REDACTED, name) if key else name


def redact_body(body: bytes, key: str) -> bytes:
    """``body`` without the key. Bytes that are not UTF-8 stay as they are."""
    return redact(body.decode("utf-8", "surrogateescape"), key).encode("utf-8", "surrogateescape")


def redact_place(place: str, key: str) -> str:
    """A URL or path without the key, unless the key is so short that it may stand there by chance."""
    return redact(place, key) if len(key) >= _SHORTEST_IN_PLACE else place


def redact_nested(value: Any, key: str, depth: int = 0) -> Any:
    """A value of decoded JSON without the key, in the names of its members too."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return redact(value, key)
    if isinstance(value, dict):
        return {redact(str(name), key): redact_nested(inner, key, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [redact_nested(inner, key, depth + 1) for inner in value]
    return value


def shows_key(text: str, key: str) -> bool:
    """Whether the key is in ``text``."""
    return bool(key) and _pattern(key).search(text) is not None


# One client has one key; the cache is small so that a key does not stay long after its client.
@lru_cache(maxsize=4)
def _pattern(key: str, flags: int = 0) -> re.Pattern[str]:
    """Each character as itself, as a JSON escape, percent-encoded, or as a character reference of HTML."""
    return re.compile("".join(map(_forms_of, key)), flags)


def _forms_of(character: str) -> str:
    # A large table, for the errors of a service alone.
    from html.entities import codepoint2name

    code = f"{ord(character):x}"
    name = codepoint2name.get(ord(character))
    # The character itself last: it can be the beginning of another form, such as of %25.
    forms = (
        rf"\\u(?i:{code:0>4})",
        rf"%(?:25)*(?i:{code:0>2})",
        rf"&#0*{ord(character)};",
        rf"&#[xX]0*(?i:{code});",
        *([f"&{name};"] if name else []),
        rf"\\?{re.escape(character)}",
    )
    return f"(?:{'|'.join(forms)})"
