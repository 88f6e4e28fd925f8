"""The command ``watch``, with a command for each data set."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from openrouter_rankings.cli.options import OPTIONS, WATCHED, Command, Duration, option, suggestion
from openrouter_rankings.cli.options import command as make_command

__all__ = ["Watch", "command"]

_DATA_SETS = ("tasks", "models", "apps", "sessions", "benchmarks")

_EXAMPLES = (
    ("watch --top 20", "The first twenty tasks, drawn again when they change"),
    ("watch tasks --tag code:debugging --every 15m", "The models of one task, looked at every 15 minutes"),
    ("watch models --start 7d --top 10", "The ten models with the most tokens in the last seven days"),
    ("watch apps --category coding --sort trending", "The coding apps that grow the most"),
    ("watch sessions --turns 50-plus-turns --top 10", "The ten highest median costs of long sessions"),
    ("watch benchmarks --task-type coding --top 5", "The five best models of each coding benchmark"),
)


# All of a first sentence, in place of the usual 45 letters of it.
_SHORT = 80


class Watch(Command, click.Group):
    """The commands that show a data set, as ones that show it again. Options alone are those of ``tasks``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_DATA_SETS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Command:
        return _watching(cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_for_tasks = args[0].startswith("-") if args else not ctx.resilient_parsing
        if is_for_tasks and args[:1] != ["--help"] and args[:1] != ["-h"]:
            args = ["tasks", *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        if args[0] not in _DATA_SETS and not ctx.resilient_parsing:
            ctx.fail(f'There is no data set "{args[0]}".{suggestion(args[0], _DATA_SETS)}')
        if args[0] not in _DATA_SETS:
            # Completion comes here with a word that is none of them, and stays where it is.
            return None, None, []
        return args[0], self.get_command(ctx, args[0]), args[1:]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if not incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        tasks = self.get_command(ctx, "tasks")
        return tasks.shell_complete(click.Context(tasks, info_name="tasks", parent=ctx), incomplete)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return ["[DATA_SET]", "[OPTIONS]"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section("Data sets"):
            formatter.write_dl(
                [(name, self.get_command(ctx, name).get_short_help_str(limit=_SHORT)) for name in _DATA_SETS]
            )


def _watching(name: str) -> Command:
    """The command that shows a data set, as one that watches it."""
    shown: Command = import_module(f"openrouter_rankings.cli.commands.{name}").command
    kept = [each for each in shown.params if getattr(each, "section", OPTIONS) == OPTIONS or each.name in WATCHED]

    @make_command(name, examples=[each for each in _EXAMPLES if each[0].startswith(f"watch {name}")])
    @option(
        "--every",
        type=Duration(),
        default="1h",
        metavar="TIME",
        help="How often to look; 1m at least.  [default: 1h]",
    )
    @click.pass_context
    def watch(ctx: click.Context, /, every: float, **given: Any) -> None:
        usual = shown.make_context(name, [], parent=ctx).params
        ctx.invoke(shown, **usual | given, every=every)

    watch.params[:0] = kept
    what = (shown.help or "").partition("\n\n")[0]
    watch.help = f"{what}\n\nIt is shown again each time it changes, until Ctrl-C."
    return watch


def _command() -> Watch:
    made = Watch(
        "watch",
        help="""Show a data set, and again each time it changes, until Ctrl-C.

        Without a data set, it is the tasks. Most figures change once a day, and
        can be restated. A failure is reported, and watching goes on. On a
        terminal the new table takes the place of the old one; elsewhere it
        follows it.

        The options of each are those of the command of that name: see `watch
        models --help`.
        """,
    )
    made.examples = _EXAMPLES
    return made


command: Watch = _command()
