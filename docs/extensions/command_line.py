"""``{command-line}``: a section for each command of ``openrouter-rankings``, with the help that it prints."""

from __future__ import annotations

from typing import Any

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from openrouter_rankings.cli.program import COMMANDS, load, program

_WIDTH = 90
_NAME = "openrouter-rankings"


class CommandLine(SphinxDirective):
    """Prints the help of the program and of its commands."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        top = click.Context(program, info_name=_NAME, terminal_width=_WIDTH)
        contexts = [top, *(click.Context(load(name), top, name, terminal_width=_WIDTH) for name in COMMANDS)]
        text = "\n".join(f"## {context.command_path}\n\n```text\n{_help(context)}\n```\n" for context in contexts)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _help(context: click.Context) -> str:
    return context.command.get_help(context)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True}
