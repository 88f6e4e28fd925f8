"""The command ``sessions``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from openrouter_rankings.cli.options import Known, Name, Output, option, shows_answer, top
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Names, Origin
    from openrouter_rankings.models.session_cost import SessionCost
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["command"]


@make_command(
    "sessions",
    examples=(
        ("sessions --turns 50-plus-turns --top 10", "The ten highest median costs of long sessions"),
        ("sessions --all -o sessions.csv", "All rows of the service, for a spreadsheet"),
    ),
)
@option("--app", type=Name("apps"), metavar="SLUG", help="Only this app, by its slug.")
@option("--model", type=Name("models"), metavar="SLUG", help="Only this model, by its exact slug.")
@option("--turns", type=Known("session_cost", "TurnRange"), metavar="RANGE", help="Only sessions of {known}.")
@option("--all", "everything", is_flag=True, help="All rows: each 500 take a request.  [default: the first 500]")
@top("Only the N highest costs, such as 5.")
@shows_answer
def command(
    app: str | None,
    model: str | None,
    turns: str | None,
    everything: bool,
    top: int | None,
    origin: Origin,
    output: Output,
) -> None:
    """Show what a session costs, by app, model and turns.

    The highest cost comes first. Each row is a median of sampled sessions in
    US dollars; medians cannot be averaged.

    Needs a key and keeps answers as `tasks` does; see its --help.
    """
    from openrouter_rankings.cli.listing import show
    from openrouter_rankings.cli.question import pages
    from openrouter_rankings.models.session_cost import MOST_SESSION_COSTS

    question = pages(
        "sessions",
        lambda client, options: client.iter_session_cost(app_slug=app, model=model, turn_range=turns, **options),
        _decode,
        _names,
        enough=None if everything else MOST_SESSION_COSTS,
        filters={"--app": app, "--model": model, "--turns": turns},
        others={"--all": everything},
    )
    show(question, origin, output, partial(_table, whole=everything or origin.saved is not None), top)


def _table(answer: SessionCost, asked: Asked, top: int | None, *, whole: bool) -> Table:
    from openrouter_rankings.models.session_cost import MOST_SESSION_COSTS
    from openrouter_rankings.render.session_cost import sessions

    return sessions(answer, asked, top=top, goes_on=not whole and len(answer.data) >= MOST_SESSION_COSTS)


def _names(answer: SessionCost) -> Names:
    return {"apps": sorted({row.app_slug for row in answer.data})}


def _decode(body: bytes, document: Mapping[str, Any]) -> SessionCost:
    from openrouter_rankings.models.session_cost import decode_session_cost

    return decode_session_cost(body)
