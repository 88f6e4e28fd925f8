"""Errors of this package.

RankingsError
├── AmbiguousModelError (LookupError)      a slug fits several models of the answer
├── StaleSnapshotError                     a snapshot is older than the caller accepts
└── UnknownAuthorError (KeyError)          an answer has no model of the author
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from openrouter_rankings.errors import RankingsError

__all__ = ["AmbiguousModelError", "StaleSnapshotError", "UnknownAuthorError"]

_MAX_NAMED = 5


class AmbiguousModelError(RankingsError, LookupError):
    """A slug fits several models of an answer.

    Attributes:
        model: the slug asked for.
        candidates: the slugs that it fits, sorted.
    """

    def __init__(self, model: str, candidates: Iterable[str]) -> None:
        self.model = model
        self.candidates: tuple[str, ...] = tuple(candidates)
        named = ", ".join(map(repr, self.candidates[:_MAX_NAMED]))
        more = len(self.candidates) - _MAX_NAMED
        also = f" and {more} more" if more > 0 else ""
        super().__init__(f"{model!r} can be any of {named}{also}: give one of them in full.")


class UnknownAuthorError(RankingsError, KeyError):
    """An answer has no model of the author asked for.

    Attributes:
        author: the author asked for.
        suggestions: authors in the answer with similar names, the nearest first.
    """

    def __init__(self, author: str, suggestions: Iterable[str] = ()) -> None:
        self.author = author
        self.suggestions: tuple[str, ...] = tuple(suggestions)
        named = " or ".join(map(repr, self.suggestions))
        super().__init__(f"The answer has no model of {author!r}.{f' Did you mean {named}?' if named else ''}")

    def __str__(self) -> str:
        # KeyError shows its message as a quoted key.
        return str(self.args[0])


class StaleSnapshotError(RankingsError):
    """A snapshot is older than the caller accepts.

    Attributes:
        as_of: the last UTC day of the snapshot.
        age: the time since the end of that day.
        max_age: the greatest age accepted.
    """

    def __init__(self, as_of: date, age: timedelta, max_age: timedelta) -> None:
        self.as_of = as_of
        self.age = age
        self.max_age = max_age
        super().__init__(
            f"The snapshot ends on {as_of} and is {age} old, more than max_age={max_age}: get a newer one, or accept "
            "an older one with a greater max_age."
        )
