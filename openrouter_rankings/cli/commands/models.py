"""The command ``models``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from openrouter_rankings.cli.options import Known, Output, option, shows_answer, top
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Names, Origin, Progress, Question
    from openrouter_rankings.client import CallOptions, RankingsClient
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["command", "question"]


@make_command(
    "models",
    examples=(
        ("models --start 4w --top 10", "The ten models with the most tokens in the last four weeks"),
        ("models --start 2026-01 --by-day -o days.csv", "Each day's models since January, for a spreadsheet"),
    ),
)
@option("--start", metavar="DATE", help="The first UTC day: 2026-09-16, 2026-09, yesterday, 7d.  [default: 30 days]")
@option("--end", metavar="DATE", help="The last UTC day, in the same forms.  [default: the last complete one]")
@option(
    "--period",
    type=Known("rankings_daily", "Period"),
    metavar="PERIOD",
    help="The grain: {known}.  [default: day, or week if estimated]",
)
@option("--modality", type=Known("rankings_daily", "Modality"), metavar="KIND", help="Only {known}.")
@option(
    "--context",
    type=Known("rankings_daily", "ContextBucket"),
    metavar="LENGTH",
    help="Only contexts of about {known} tokens.",
)
@option(
    "--category",
    type=Known("rankings_daily", "RankingsCategory"),
    metavar="USE",
    help="Only this use, estimated: {known}.",
)
@option(
    "--language-type",
    type=Known("rankings_daily", "LanguageType"),
    metavar="TYPE",
    help="Only these languages, estimated: {known}.",
)
@option("--by-day", is_flag=True, help="The rows of each date instead of the leaderboard.")
@option("--merge-variants", is_flag=True, help="Count the variants of a model, such as :free, as one.")
@top("Only the first N models, of each date with --by-day. JSON sums the others in `other`.")
@shows_answer
def command(
    start: str | None,
    end: str | None,
    period: str | None,
    modality: str | None,
    context: str | None,
    category: str | None,
    language_type: str | None,
    by_day: bool,
    merge_variants: bool,
    top: int | None,
    origin: Origin,
    output: Output,
) -> None:
    """Rank the models by their tokens over any span of days.

    Only the top 50 models of each date are known by name. Each provider
    counts tokens in its own way, so that models of different providers
    compare only roughly.

    Needs a key and keeps answers as `tasks` does; see its --help. A span over
    366 days takes several requests.
    """
    from openrouter_rankings.cli.listing import show

    asked = question(
        origin,
        start,
        end,
        period,
        {"--modality": modality, "--context": context, "--category": category, "--language-type": language_type},
    )
    show(asked, origin, output, partial(_table, by_day=by_day, merge_variants=merge_variants), top)


def question(
    origin: Origin,
    start: str | None,
    end: str | None,
    period: str | None = None,
    filters: Mapping[str, str | None] | None = None,
) -> Question[RankingsDaily]:
    """What to ask for the models of a span.

    Args:
        origin: where the answer is to come from.
        start: the value of ``--start``.
        end: the value of ``--end``.
        period: the grain.
        filters: the options that narrow the answer.

    Raises:
        BadParameter: ``start`` or ``end`` is no day.
    """
    from openrouter_rankings.cli.answers import today
    from openrouter_rankings.cli.days import day_of
    from openrouter_rankings.cli.question import one_answer

    span = {
        "start_date": day_of("--start", start, today(origin)),
        "end_date": day_of("--end", end, today(origin)),
    }
    given = filters or {}

    async def ask(client: RankingsClient, options: CallOptions, progress: Progress) -> RankingsDaily:
        return await client.get_rankings_daily(
            **span,
            period=period,
            modality=given.get("--modality"),
            context_bucket=given.get("--context"),
            category=given.get("--category"),
            language_type=given.get("--language-type"),
            progress=progress,
            **options,
        )

    return one_answer(
        "models",
        ask,
        partial(_decode, given=period),
        _names,
        filters=given,
        others={"--start": start, "--end": end},
    )


def _table(answer: RankingsDaily, asked: Asked, top: int | None, *, by_day: bool, merge_variants: bool) -> Table:
    from openrouter_rankings.render.rankings_daily import by_date, leaderboard

    return (by_date if by_day else leaderboard)(answer, asked, top=top, merge_variants=merge_variants)


def _names(answer: RankingsDaily) -> Names:
    return {"models": [model.model_permaslug for model in answer.leaderboard()]}


def _decode(body: bytes, document: Mapping[str, Any], *, given: str | None) -> RankingsDaily:
    """Read an answer with what our JSON has beside it; the service's own does not tell its period."""
    import attrs

    from openrouter_rankings.models.rankings_daily import Period, decode_rankings_daily
    from openrouter_rankings.parameters import choice

    answer = decode_rankings_daily(body)
    period = document.get("period", answer.period) if given is None else choice("period", given, Period)
    return attrs.evolve(answer, period=str(period), is_estimate=document.get("estimate") is True)
