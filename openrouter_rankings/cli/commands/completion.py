"""The command ``completion``."""

from __future__ import annotations

import click

from openrouter_rankings.cli.options import command as make_command

__all__ = ["command"]

_VARIABLE = "_OPENROUTER_RANKINGS_COMPLETE"


@make_command(
    "completion",
    examples=(
        ("completion bash > ~/.openrouter-rankings.bash", "For bash: source this file in ~/.bashrc"),
        ("completion fish | source", "For fish, in this session"),
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes command lines in a shell.

    Tags, models, apps and categories are those of the last answers.
    """
    from click.shell_completion import get_completion_class

    from openrouter_rankings.cli.streams import put

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - the shells above are click's own
    put(kind(ctx.find_root().command, {}, "openrouter-rankings", _VARIABLE).source())
