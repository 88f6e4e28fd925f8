"""The command ``apps``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from openrouter_rankings.cli.listing import show
from openrouter_rankings.cli.options import (
    BaseUrl,
    End,
    NoCache,
    Output,
    Sample,
    SavedAnswer,
    Start,
    Timeout,
    known,
)
from openrouter_rankings.cli.question import Origin, pages
from openrouter_rankings.models.app_rankings import AppCategory, AppSort, AppSubcategory, decode_app_rankings
from openrouter_rankings.render import app_rankings as render

__all__ = ["apps"]

_MOST = 200
_USUAL = 50


def apps(
    category: Annotated[str | None, typer.Option(metavar="KIND", help=f"Only {known(AppCategory)}.")] = None,
    subcategory: Annotated[str | None, typer.Option(metavar="KIND", help=f"Only {known(AppSubcategory)}.")] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="ORDER", help=f"Most tokens or most growth: {known(AppSort)}.")
    ] = None,
    start: Start = None,
    end: End = None,
    top: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=_MOST, help=f"Only the first N.  [default: {_USUAL}]")
    ] = None,
    output: Output = "table",
    sample: Sample = False,
    saved_answer: SavedAnswer = None,
    base_url: BaseUrl = None,
    timeout: Timeout = None,
    no_cache: NoCache = False,
) -> None:
    """Rank the apps by the tokens they send, or by their growth.

    Needs a key and keeps answers as `tasks` does; see its --help. More than
    100 apps take two requests.
    """
    question = pages(
        lambda client: client.iter_app_rankings(
            category=category, subcategory=subcategory, sort=sort, start_date=start, end_date=end
        ),
        decode_app_rankings,
        enough=top or _USUAL,
        filters={"--category": category, "--subcategory": subcategory, "--sort": sort},
        others={"--start": start, "--end": end},
    )
    shown = top or (_USUAL if saved_answer is None else None)
    listing = partial(render.apps, top=shown)
    show(question, Origin(saved_answer, sample, base_url, timeout, not no_cache), output, listing)
