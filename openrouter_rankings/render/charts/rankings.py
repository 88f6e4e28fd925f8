"""What the charts of daily rankings have in common: the tokens by date and name, and what is said of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.rankings_daily import RankingsDaily, RankingsDailyItem

__all__ = ["Tokens", "estimate_note"]

# A day of all models together has about 10 to the power of 13.
_MOST_TOKENS = 10**24


@attrs.frozen
class Tokens:
    """Tokens by date and name.

    Attributes:
        by_date: for each date that has rows, the tokens by name; those of ``other`` under None.
        totals: the tokens of all dates by name, without those of ``other``.
        whole: all tokens.
    """

    by_date: Mapping[date, Mapping[str | None, int]]
    totals: Mapping[str, int]
    whole: int

    @classmethod
    def of(
        cls, answer: RankingsDaily, bucket: Callable[[date], date], name: Callable[[RankingsDailyItem], str]
    ) -> Tokens:
        """The tokens of an answer; rows of one bucket and one name count as one.

        Raises:
            ConfigurationError: a number of tokens is negative or absurd, or no model has any.
        """
        by_date: defaultdict[date, Counter[str | None]] = defaultdict(Counter)
        totals: Counter[str] = Counter()
        for row in answer.data:
            called = None if row.is_other else name(row)
            by_date[bucket(row.date)][called] += _checked(row)
            if called is not None:
                totals[called] += row.total_tokens
        if not totals.total():
            raise ConfigurationError("There is nothing to draw: the answer has no model with tokens.")
        return cls(by_date, totals, sum(row.total_tokens for row in answer.data))

    def leaders(self, n: int) -> list[str]:
        """The first ``n`` names by their tokens, equal ones by name."""
        return sorted(self.totals, key=lambda name: (-self.totals[name], name))[:n]

    def share(self, name: str) -> float:
        """The part of all tokens that has this name, as a fraction."""
        return self.totals[name] / self.whole


def estimate_note(answer: RankingsDaily) -> tuple[str, ...]:
    """A remark that the figures are estimates, where they are."""
    return ("Estimates from a weekly sample.",) if answer.is_estimate else ()


def _checked(row: RankingsDailyItem) -> int:
    if not 0 <= row.total_tokens <= _MOST_TOKENS:
        raise ConfigurationError(f"The tokens of {row.model_permaslug!r} on {row.date} are out of range.")
    return row.total_tokens
