"""The command ``models``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.options import SOURCE, Known, Output, option, shows_answer, top
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.earlier import Earlier
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["command", "rankings_before", "rankings_options", "rankings_series"]

# The name of each option, the enumeration of the known values, the metavar and the help.
_SERIES = (
    ("--period", "Period", "PERIOD", "The grain: {known}.  [default: day, or week if estimated]"),
    ("--modality", "Modality", "KIND", "Only {known}."),
    ("--context", "ContextBucket", "LENGTH", "Only contexts of about {known} tokens."),
    ("--category", "RankingsCategory", "USE", "Only this use, estimated: {known}."),
    ("--language-type", "LanguageType", "TYPE", "Only these languages, estimated: {known}."),
)


def rankings_series(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator that adds what daily rankings can be asked for with, the span apart."""
    for name, kind, metavar, text in reversed(_SERIES):
        function = option(name, type=Known("rankings_daily", kind), metavar=metavar, help=text)(function)
    return function


def rankings_options(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator that adds what daily rankings can be asked for with."""
    function = rankings_series(function)
    end = "The last UTC day, in the same forms.  [default: the last complete one]"
    function = option("--end", metavar="DATE", help=end)(function)
    start = "The first UTC day: 2026-09-16, 2026-09, yesterday, 7d.  [default: 30 days]"
    return option("--start", metavar="DATE", help=start)(function)


@make_command(
    "models",
    examples=(
        ("models --start 4w --top 10", "The ten models with the most tokens in the last four weeks"),
        ("models --start 2026-01 --by-day -o days.csv", "Each day's models since January, for a spreadsheet"),
    ),
)
@rankings_options
@option("--by-day", is_flag=True, help="The rows of each date instead of the leaderboard.")
@option("--merge-variants", is_flag=True, help="Count the variants of a model, such as :free, as one.")
@db_option(SOURCE)
@top("Only the first N models, of each date with --by-day. JSON sums the others in `other`.")
@shows_answer
def command(
    by_day: bool,
    merge_variants: bool,
    db: str | None,
    top: int | None,
    origin: Origin,
    output: Output,
    **asked: str | None,
) -> None:
    """Rank the models by their tokens over any span of days.

    Only the top 50 models of each date are known by name. Each provider
    counts tokens in its own way, so that models of different providers
    compare only roughly. The column of change compares the last week with that
    of about four weeks before, of the answer itself or of your archive.

    Needs a key and keeps answers as `tasks` does; see its --help. A span over
    366 days takes several requests.
    """
    from openrouter_rankings.cli.listing import show
    from openrouter_rankings.cli.questions.models import rankings_question

    earlier = rankings_before(origin, asked, db)
    table = partial(_table, by_day=by_day, merge_variants=merge_variants, earlier=earlier)
    show(rankings_question(origin, asked), origin, output, table, top)


def rankings_before(origin: Origin, asked: Mapping[str, str | None], db: str | None) -> Earlier:
    """Where the earlier figures of such a question are; ``asked`` is as for ``rankings_question``."""
    from openrouter_rankings.cli.earlier import Earlier
    from openrouter_rankings.cli.questions.models import rankings_parameters

    return Earlier(db, rankings_parameters(asked), has_archive=not origin.sample)


def _table(
    answer: RankingsDaily, asked: Asked, top: int | None, *, by_day: bool, merge_variants: bool, earlier: Earlier
) -> Table:
    from openrouter_rankings.render.rankings_daily import by_date, leaderboard

    if by_day:
        return by_date(answer, asked, top=top, merge_variants=merge_variants)
    made = leaderboard(answer, asked, top=top, merge_variants=merge_variants)
    comparison = earlier.rankings(answer, of="base_slug" if merge_variants else "model")
    if comparison is None:
        return made
    from openrouter_rankings.render.changes import with_rankings_changes

    return with_rankings_changes(made, comparison)
