"""The command ``models``."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated

import attrs
import typer

from openrouter_rankings.cli.listing import show
from openrouter_rankings.cli.meter import meter
from openrouter_rankings.cli.options import (
    BaseUrl,
    End,
    NoCache,
    Output,
    Sample,
    SavedAnswer,
    Start,
    Timeout,
    check_exclusive,
    known,
)
from openrouter_rankings.cli.question import Origin, one_answer
from openrouter_rankings.client import RankingsClient
from openrouter_rankings.models.rankings_daily import (
    ContextBucket,
    LanguageType,
    Modality,
    Period,
    RankingsCategory,
    RankingsDaily,
    decode_rankings_daily,
)
from openrouter_rankings.parameters import choice
from openrouter_rankings.render import rankings_daily as render

__all__ = ["models"]


def models(
    start: Start = None,
    end: End = None,
    period: Annotated[
        str | None,
        typer.Option(metavar="PERIOD", help=f"The grain: {known(Period)}.  [default: day, or week if estimated]"),
    ] = None,
    modality: Annotated[str | None, typer.Option(metavar="KIND", help=f"Only {known(Modality)}.")] = None,
    context: Annotated[
        str | None, typer.Option(metavar="LENGTH", help=f"Only contexts of about {known(ContextBucket)} tokens.")
    ] = None,
    category: Annotated[
        str | None, typer.Option(metavar="USE", help=f"Only this use, estimated: {known(RankingsCategory)}.")
    ] = None,
    language_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help=f"Only these languages, estimated: {known(LanguageType)}.")
    ] = None,
    by_date: Annotated[
        bool, typer.Option("--by-day", help="The rows of each date instead of the leaderboard.")
    ] = False,
    merge_variants: Annotated[
        bool, typer.Option("--merge-variants", help="Count the variants of a model, such as :free, as one.")
    ] = False,
    top: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the first N models, of each date with --by-day.")
    ] = None,
    output: Output = "table",
    sample: Sample = False,
    saved_answer: SavedAnswer = None,
    base_url: BaseUrl = None,
    timeout: Timeout = None,
    no_cache: NoCache = False,
) -> None:
    """Rank the models by their tokens over any span of days.

    Only the top 50 models of each date are known by name. Each provider
    counts tokens in its own way, so that models of different providers
    compare only roughly. JSON has the rows of all dates in any case.

    Needs a key and keeps answers as `tasks` does; see its --help. A span over
    366 days takes several requests.
    """
    check_exclusive({"--by-day": by_date or None, "--merge-variants": merge_variants or None})

    async def ask(client: RankingsClient) -> RankingsDaily:
        with meter() as tell:
            return await client.get_rankings_daily(
                start_date=start,
                end_date=end,
                period=period,
                modality=modality,
                context_bucket=context,
                category=category,
                language_type=language_type,
                progress=tell,
            )

    question = one_answer(
        ask,
        partial(_decode, given=period),
        filters={
            "--modality": modality,
            "--context": context,
            "--category": category,
            "--language-type": language_type,
        },
        others={"--start": start, "--end": end},
    )
    listing = (
        partial(render.by_date, top=top)
        if by_date
        else partial(render.leaderboard, top=top, merge_variants=merge_variants)
    )
    show(question, Origin(saved_answer, sample, base_url, timeout, not no_cache), output, listing)


def _decode(body: bytes, *, given: str | None) -> RankingsDaily:
    """Read an answer with what our JSON has beside it; the service's own does not tell its period."""
    answer, document = decode_rankings_daily(body), json.loads(body)
    period = document.get("period", answer.period) if given is None else choice("period", given, Period)
    return attrs.evolve(answer, period=str(period), is_estimate=document.get("estimate") is True)
