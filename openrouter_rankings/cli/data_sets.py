"""The data sets by the names that the command line has for them: those of the commands that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

__all__ = ["COMMAND_NAMES", "answer_types", "data_sets_argument"]

COMMAND_NAMES = {
    "task-classifications": "tasks",
    "rankings-daily": "models",
    "app-rankings": "apps",
    "session-cost": "sessions",
    "benchmarks": "benchmarks",
}
"""From the names that the data sets have in an archive and its exports to those that they have here."""


def data_sets_argument(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator that adds the arguments ``data_sets``, any number of names."""
    names = click.Choice(list(COMMAND_NAMES.values()))
    return click.argument("data_sets", nargs=-1, type=names, metavar="[DATA_SET]...")(function)


def answer_types(names: Sequence[str]) -> list[type[Any]] | None:
    """The classes of the answers of these data sets, each once; None, for all of them, if no name is given."""
    from openrouter_rankings.history.data_sets import DATA_SETS

    return [each.answer for each in DATA_SETS if COMMAND_NAMES[each.name] in names] if names else None
