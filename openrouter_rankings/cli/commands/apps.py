"""The command ``apps``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.options import SOURCE, Known, Output, option, shows_answer, top
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.earlier import Earlier
    from openrouter_rankings.cli.question import Names, Origin
    from openrouter_rankings.models.app_rankings import AppRankings
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["command"]

_MOST = 200
_USUAL = 50

_ORDERS = Known("app_rankings", "AppSort")


@make_command(
    "apps",
    examples=(
        ("apps --category coding --sort trending --top 10", "The ten coding apps that grow the most"),
        ("apps --start 2026-09 --end 2026-09 -o apps.json", "A month's apps as JSON"),
    ),
)
@option("--category", type=Known("app_rankings", "AppCategory"), metavar="KIND", help="Only {known}.")
@option("--subcategory", type=Known("app_rankings", "AppSubcategory"), metavar="KIND", help="Only {known}.")
@option("--start", metavar="DATE", help="The first UTC day: 2026-09-16, 2026-09, yesterday, 7d.  [default: 30 days]")
@option("--end", metavar="DATE", help="The last UTC day, in the same forms.  [default: the last complete one]")
@db_option(SOURCE)
@top(f"Only the first N.  [default: {_USUAL}]", _MOST)
@shows_answer
def command(
    category: str | None,
    subcategory: str | None,
    start: str | None,
    end: str | None,
    db: str | None,
    top: int | None,
    origin: Origin,
    output: Output,
) -> None:
    """Rank the apps by the tokens they send, or by their growth.

    --sort trending ranks by growth, --sort popular (the default) by tokens. If
    your archive has the apps of about four weeks before, there is a column of
    change.

    Needs a key and keeps answers as `tasks` does; see its --help. More than
    100 apps take two requests.
    """
    from openrouter_rankings.cli.answers import today
    from openrouter_rankings.cli.days import span_of
    from openrouter_rankings.cli.earlier import Earlier
    from openrouter_rankings.cli.listing import show
    from openrouter_rankings.cli.question import pages
    from openrouter_rankings.models.app_rankings import MOST_APPS

    # An invalid day is refused before anything is asked.
    span_of(start, end, today(origin))
    # The service's own orders share the option with the columns.
    order, output = (output.sort, attrs.evolve(output, sort=None)) if output.sort in _ORDERS.values else (None, output)
    question = pages(
        "apps",
        lambda client, options: client.iter_app_rankings(
            # "7d" is another day at a later look of a watch.
            category=category,
            subcategory=subcategory,
            sort=order,
            **span_of(start, end, today(origin)),
            **options,
        ),
        _decode,
        _names,
        enough=_MOST if output.sort else top or _USUAL,
        filters={"--category": category, "--subcategory": subcategory, "--sort": order},
        others={"--start": start, "--end": end},
    )
    parameters = {"category": category, "subcategory": subcategory, "sort": order, "limit": MOST_APPS}
    earlier = Earlier(db, parameters, has_archive=not origin.sample)
    table = partial(_table, earlier=earlier)
    show(question, origin, output, table, top or (_USUAL if origin.saved is None else None))


def _table(answer: AppRankings, asked: Asked, top: int | None, *, earlier: Earlier) -> Table:
    from openrouter_rankings.render.app_rankings import apps

    made = apps(answer, asked, top=top)
    comparison = earlier.apps(answer)
    if comparison is None:
        return made
    from openrouter_rankings.render.changes import with_app_changes

    return with_app_changes(made, comparison)


def _names(answer: AppRankings) -> Names:
    return {}


def _decode(body: bytes, document: Mapping[str, Any]) -> AppRankings:
    """Read a saved answer."""
    from openrouter_rankings.models.app_rankings import decode_app_rankings

    return decode_app_rankings(body)
