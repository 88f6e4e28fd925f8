"""The program: its commands, each in a module of its own that is loaded when it is called."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from openrouter_rankings import __version__
from openrouter_rankings.cli.exit_codes import INTERRUPTED
from openrouter_rankings.cli.options import Command, suggestion

__all__ = ["COMMANDS", "Program", "load", "program"]

COMMANDS = (
    "tasks",
    "models",
    "apps",
    "sessions",
    "benchmarks",
    "chart",
    "authors",
    "pick",
    "diff",
    "trend",
    "watch",
    "collect",
    "import",
    "export",
    "gaps",
    "snapshots",
    "quota",
    "mcp",
    "doctor",
    "emulate",
    "completion",
    "man",
)
"""The commands, in the order of the help. Each is the module of that name in ``cli.commands``, and its ``command``;
that of a Python keyword has an underscore after it."""


class Program(click.Group):
    """Loads a command when it is called, since all of them together would double the time to start."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Command | None:
        return load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # Completion comes here with a word that is not whole yet.
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            ctx.fail(f'There is no command "{args[0]}".{suggestion(args[0], COMMANDS)}')
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None


def load(name: str) -> Command:
    """The command with this name, one of ``COMMANDS``."""
    module = f"{name}_" if iskeyword(name) else name
    command: Command = import_module(f"openrouter_rankings.cli.commands.{module}").command
    return command


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="openrouter-rankings %(version)s")
def program() -> None:
    """OpenRouter's rankings: tasks, models, apps, session costs, benchmarks.

    Which tasks its traffic serves and which models serve each task, how many
    tokens each model and app uses, what sessions cost, and how models score.
    Popularity is not quality.

    Exit status: 0 success, 1 failure, 2 mistake in the command, 3 answer older
    than allowed, or days missing, 4 no API key, 130 interrupted.
    """
