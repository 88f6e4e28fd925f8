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
        top = click.Context(program, info_name=_NAME, terminal_width=_WIDTH, help_option_names=["-h", "--help"])
        contexts = [top, *(click.Context(load(name), top, name, terminal_width=_WIDTH) for name in COMMANDS)]
        text = "\n".join(map(_section, contexts))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _section(context: click.Context) -> str:
    return f"## {context.command_path}\n\n```text\n{context.command.get_help(context)}\n```\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True}
