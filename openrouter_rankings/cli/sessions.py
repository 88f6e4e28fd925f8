"""The command ``sessions``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from openrouter_rankings.cli.listing import show
from openrouter_rankings.cli.options import BaseUrl, NoCache, Output, Sample, SavedAnswer, Timeout, Top, known
from openrouter_rankings.cli.question import Origin, pages
from openrouter_rankings.models.session_cost import TurnRange, decode_session_cost
from openrouter_rankings.render import session_cost as render

__all__ = ["sessions"]


def sessions(
    app: Annotated[str | None, typer.Option(metavar="SLUG", help="Only this app, by its slug.")] = None,
    model: Annotated[str | None, typer.Option(metavar="SLUG", help="Only this model, by its exact slug.")] = None,
    turns: Annotated[str | None, typer.Option(metavar="RANGE", help=f"Only sessions of {known(TurnRange)}.")] = None,
    top: Top = None,
    output: Output = "table",
    sample: Sample = False,
    saved_answer: SavedAnswer = None,
    base_url: BaseUrl = None,
    timeout: Timeout = None,
    no_cache: NoCache = False,
) -> None:
    """Show what a session costs, by app, model and turns.

    Each row is a median of sampled sessions in US dollars; medians cannot be
    averaged.

    Needs a key and keeps answers as `tasks` does; see its --help. Each 500
    rows take a request.
    """
    question = pages(
        lambda client: client.iter_session_cost(app_slug=app, model=model, turn_range=turns),
        decode_session_cost,
        enough=top,
        filters={"--app": app, "--model": model, "--turns": turns},
    )
    listing = partial(render.sessions, top=top)
    show(question, Origin(saved_answer, sample, base_url, timeout, not no_cache), output, listing)
