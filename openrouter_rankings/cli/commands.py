"""The program: its commands, and what it says of itself."""

from __future__ import annotations

from typing import Annotated

import typer

from openrouter_rankings import __version__
from openrouter_rankings.cli.apps import apps
from openrouter_rankings.cli.benchmarks import benchmarks
from openrouter_rankings.cli.emulate import emulate
from openrouter_rankings.cli.models import models
from openrouter_rankings.cli.quota import quota
from openrouter_rankings.cli.sessions import sessions
from openrouter_rankings.cli.streams import put
from openrouter_rankings.cli.tasks import tasks

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        put(f"openrouter-rankings {__version__}\n")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """OpenRouter's rankings: tasks, models, apps, session costs, benchmarks.

    Which tasks its traffic serves and which models serve each task, how many
    tokens each model and app uses, what sessions cost, and how models score.
    Popularity is not quality.
    """


for command in (tasks, models, apps, sessions, benchmarks, quota, emulate):
    app.command()(command)
