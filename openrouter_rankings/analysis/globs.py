"""Patterns for tags and models: ``*`` is any text, ``?`` any character, ``[ab]`` one of some characters.

A pattern is bounded in length, and a list in the number of its patterns. Python compiles ``*`` to an atomic group, so
the time of a match is linear in the text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from itertools import islice

from openrouter_rankings.analysis.errors import AmbiguousModelError
from openrouter_rankings.analysis.slugs import SlugIndex
from openrouter_rankings.errors import ConfigurationError

__all__ = ["LONGEST_PATTERN", "MOST_PATTERNS", "checked_patterns", "match_models", "matching"]

LONGEST_PATTERN = 200
"""The most characters of a pattern."""

MOST_PATTERNS = 100
"""The most patterns in a list."""


def checked_patterns(name: str, patterns: str | Iterable[str]) -> tuple[str, ...]:
    """The patterns; a single text is one pattern.

    Raises:
        ConfigurationError: there are too many, or one is empty, too long or not a text.
    """
    checked = (patterns,) if isinstance(patterns, str) else tuple(islice(patterns, MOST_PATTERNS + 1))
    if len(checked) > MOST_PATTERNS:
        raise ConfigurationError(f"{name} has at most {MOST_PATTERNS} patterns.")
    for pattern in checked:
        if not isinstance(pattern, str) or not 0 < len(pattern) <= LONGEST_PATTERN:
            raise ConfigurationError(f"A pattern in {name} has 1 to {LONGEST_PATTERN} characters, not {pattern!r:.60}.")
    return checked


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that match the pattern as a whole; upper and lower case differ."""
    return [name for name in names if fnmatchcase(name, pattern)]


def match_models(patterns: Iterable[str], models: Collection[str]) -> dict[str, list[str]]:
    """The models that each pattern matches.

    A pattern without ``*``, ``?`` and ``[`` is a slug, and matches the model that it names in any of its forms.

    Raises:
        AmbiguousModelError: a slug fits several models.
    """
    index = SlugIndex.of(models)
    found: dict[str, list[str]] = {}
    for pattern in patterns:
        is_slug = set("*?[").isdisjoint(pattern)
        found[pattern] = index.fitting(pattern) if is_slug else matching(pattern, models)
        if is_slug and len(found[pattern]) > 1:
            raise AmbiguousModelError(pattern, found[pattern])
    return found
