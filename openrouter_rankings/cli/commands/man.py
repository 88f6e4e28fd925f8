"""The command ``man``: the manual page, made of the same texts as ``--help``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc

import click

from openrouter_rankings import __version__
from openrouter_rankings.cli.options import OPTIONS, OUTPUT, SOURCE, Command
from openrouter_rankings.cli.options import command as make_command

__all__ = ["command", "manual"]


@make_command(
    "man",
    examples=(
        ("man | man -l -", "Read it"),
        ("man > ~/.local/share/man/man1/openrouter-rankings.1", "Install it"),
    ),
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print the manual page in roff."""
    from openrouter_rankings.cli.streams import put

    put("\n".join(manual(ctx.find_root())) + "\n")


def manual(root: click.Context) -> Iterator[str]:
    """The manual page of the whole program, line by line (man(7))."""
    from openrouter_rankings.cli.commands.watch import Watch
    from openrouter_rankings.cli.program import COMMANDS, load

    yield f'.TH OPENROUTER\\-RANKINGS 1 "" "openrouter\\-rankings {__version__}"'
    yield ".SH NAME"
    yield "openrouter\\-rankings \\- OpenRouter's rankings on the command line"
    yield ".SH SYNOPSIS"
    yield ".B openrouter\\-rankings"
    yield "COMMAND [OPTIONS]"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(root.command.help or "")
    yield ".SH COMMANDS"
    for name in COMMANDS:
        made = load(name)
        ctx = click.Context(made, info_name=name, parent=root)
        yield from _command(made, ctx)
        if isinstance(made, Watch):
            for each in made.list_commands(ctx):
                under = made.get_command(ctx, each)
                yield from _command(under, click.Context(under, info_name=f"{name} {each}", parent=ctx))


def _command(made: Command, ctx: click.Context) -> Iterator[str]:
    yield f".SS {_escaped(ctx.info_name or '')}"
    yield from _paragraphs(made.help or "")
    for name in (OPTIONS, SOURCE, OUTPUT):
        records = [record for option in made.section(ctx, name) if (record := option.get_help_record(ctx))]
        if records:
            yield f".P\n.I {_escaped(name)}"
        for declared, does in records:
            yield f".TP\n.B {_escaped(declared)}\n{_escaped(does)}"
    yield ".P\n.I Examples"
    for line, does in made.examples:
        yield f".TP\n{_escaped(does)}:\n.nf\nopenrouter\\-rankings {_escaped(line)}\n.fi"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", cleandoc(text)):
        first, *lines = paragraph.splitlines()
        # The mark by which click keeps the lines of a paragraph.
        if first == "\b":
            yield "\n".join((".P", ".nf", *map(_escaped, lines), ".fi"))
        else:
            yield f".P\n{_escaped(' '.join(paragraph.split()))}"


def _escaped(text: str) -> str:
    # A line that begins with a dot or an apostrophe would be a request of roff's.
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
