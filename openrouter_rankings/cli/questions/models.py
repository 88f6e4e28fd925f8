"""The question for daily rankings, the names in an answer, and how a saved one is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Names, Origin, Progress, Question
    from openrouter_rankings.client import CallOptions, RankingsClient
    from openrouter_rankings.models.rankings_daily import RankingsDaily

__all__ = ["decode", "names", "rankings_filters", "rankings_parameters", "rankings_question"]

_PARAMETERS: Mapping[str, str] = {
    "period": "period",
    "modality": "modality",
    "context": "context_bucket",
    "category": "category",
    "language_type": "language_type",
}


def rankings_parameters(asked: Mapping[str, str | None]) -> dict[str, str | None]:
    """The values of the options for daily rankings, the span apart, by the names of the API's parameters."""
    return {name: asked.get(option) for option, name in _PARAMETERS.items()}


def rankings_filters(asked: Mapping[str, str | None]) -> dict[str, str | None]:
    """The options that narrow daily rankings, with their values."""
    return {f"--{option.replace('_', '-')}": asked.get(option) for option in _PARAMETERS if option != "period"}


def rankings_question(origin: Origin, asked: Mapping[str, str | None]) -> Question[RankingsDaily]:
    """A question for daily rankings; ``asked`` has the values of its options that were given.

    Raises:
        BadParameter: a day is invalid.
    """
    from openrouter_rankings.cli.answers import today
    from openrouter_rankings.cli.days import span_of
    from openrouter_rankings.cli.question import one_answer

    start, end = asked.get("start"), asked.get("end")
    parameters = rankings_parameters(asked)
    # An invalid day is refused before anything is asked.
    span_of(start, end, today(origin))

    async def ask(client: RankingsClient, options: CallOptions, progress: Progress) -> RankingsDaily:
        # "7d" is another day at a later look of a watch.
        span = span_of(start, end, today(origin))
        return await client.get_rankings_daily(**span, **parameters, progress=progress, **options)

    return one_answer(
        "models",
        ask,
        partial(decode, given=asked.get("period")),
        names,
        filters=rankings_filters(asked),
        others={"--start": start, "--end": end},
    )


def names(answer: RankingsDaily) -> Names:
    """The names in an answer, for completion."""
    return {"models": [model.model_permaslug for model in answer.leaderboard()]}


def decode(body: bytes, document: Mapping[str, Any], *, given: str | None) -> RankingsDaily:
    """Read an answer; a period that is neither given nor noted is inferred."""
    from openrouter_rankings.models.rankings_daily import Period, RankingsDaily
    from openrouter_rankings.parameters import choice

    return RankingsDaily.from_json(body, period=None if given is None else choice("period", given, Period))
