"""The authors of the models as a table, with how concentrated the traffic is."""

from __future__ import annotations

from collections.abc import Iterator

from openrouter_rankings.analysis.concentration import Concentration, concentration
from openrouter_rankings.analysis.leaders import leaders
from openrouter_rankings.analysis.slugs import author_of
from openrouter_rankings.models.plain import to_plain
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.task_classifications import By, TaskClassifications
from openrouter_rankings.render.data_sets import Asked, Field, Table, percent, subject
from openrouter_rankings.render.rankings_daily import tokens_of, total_and_gaps, trends
from openrouter_rankings.render.results import result_table

__all__ = ["authors_of_rankings", "authors_of_tasks"]

_TOKEN_FIELDS = (
    Field("rank", "#"),
    Field("total_tokens", "Tokens"),
    Field("token_share", "Share", percent),
    Field("trend", "Trend", drawn=True, spare=1),
    Field("author", "Author"),
)


def authors_of_rankings(answer: RankingsDaily, asked: Asked, *, top: int | None = None) -> Table:
    """The first ``top`` authors (all if None) by the tokens of their listed models.

    Raises:
        ConfigurationError: ``top`` is negative.
    """
    result = leaders(answer, of="author", n=top)
    its_trends = trends(answer, {row.author for row in result.data}, author_of)
    concentrated = concentration(answer, of="author")
    return result_table(
        result,
        asked,
        subject=subject(f"authors by {tokens_of(answer)}", asked, answer.meta.span),
        fields=_TOKEN_FIELDS,
        drawings=[{"trend": its_trends[row.author]} for row in result.data],
        remarks=(*_words(concentrated), *total_and_gaps(answer)),
        beside={"concentration": to_plain(concentrated.data[0])},
    )


def authors_of_tasks(
    answer: TaskClassifications,
    asked: Asked,
    *,
    by: By = "usage",
    tag: str | None = None,
    macro_category: str | None = None,
    top: int | None = None,
) -> Table:
    """The first ``top`` authors (all if None) by their share of all tasks, of a macro category, or of one task.

    Raises:
        UnknownTagError: the answer has no such task.
        ConfigurationError: ``by`` is neither "usage" nor "tokens", the answer has no such macro category, both ``tag``
            and ``macro_category`` are given, or ``top`` is negative.
    """
    result = leaders(answer, of="author", by=by, tag=tag, macro_category=macro_category, n=top)
    concentrated = concentration(answer, of="author", by=by, tag=tag, macro_category=macro_category)
    usage = Field("usage_share", "Requests", percent, spare=None if by == "usage" else 1)
    tokens = Field("token_share", "Tokens", percent, spare=None if by == "tokens" else 1)
    bar = Field("usage_share" if by == "usage" else "token_share", "", drawn=True, spare=0)
    where = f" in {tag or macro_category}" if tag or macro_category else ""
    return result_table(
        result,
        asked,
        subject=f"authors{where} by share of {'requests' if by == 'usage' else 'tokens'}, "
        f"{answer.window_days} days to {answer.as_of}",
        fields=(Field("rank", "#"), usage, tokens, bar, Field("tasks", "Tasks", spare=2), Field("author", "Author")),
        remarks=_words(concentrated),
        beside={"concentration": to_plain(concentrated.data[0])},
    )


def _words(concentrated: Concentration) -> Iterator[str]:
    item = concentrated.data[0]
    if not item.listed:
        return
    few = "how few make 90% is not known" if item.count_for_90 is None else f"at most {item.count_for_90} make 90%"
    yield (
        f"Authors listed: {item.listed}, with {item.listed_share:.1%} of the traffic. The first 3 have "
        f"{item.top_3_share:.1%}; {few}. HHI {item.hhi:.3f}, where 1 is a monopoly. Shares and HHI are the least they "
        "can be."
    )
