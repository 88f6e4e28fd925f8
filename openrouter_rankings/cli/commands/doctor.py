"""The command ``doctor``: what may keep the others from working, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal

import click

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.options import asks_service, option
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.diagnosis.checks import Finding, State
    from openrouter_rankings.cli.question import Origin

__all__ = ["command"]

_COLOURS: Mapping[State, str] = {"ok": "green", "warning": "yellow", "problem": "red"}


@make_command(
    "doctor",
    examples=(
        ("doctor", "What may keep the commands from working"),
        ("doctor --ask", "The same, with one request that the quota counts"),
        ("doctor --format json", "For monitoring: the exit status is 0, 3 for warnings, or 1 for problems"),
    ),
)
@option("--ask", is_flag=True, help="Send one request with the key, which the quota counts.")
@db_option()
@option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="The form.")
@asks_service
def command(ask: bool, db: str | None, form: Literal["text", "json"], origin: Origin) -> None:
    """Look for what may keep the other commands from working.

    It looks at the installation, the key (which is never shown), the network,
    the machine's clock, the quota, and the files of the cache and the archive.
    The exit status is 0 if all is well, 3 if there are warnings, and 1 if
    there are problems.

    Without --ask it uses no quota: it asks for the root of the service's site,
    without the key, and only the service's data is limited.
    """
    import asyncio

    from openrouter_rankings.cli.diagnosis.checks import EXIT_CODES, findings, worst
    from openrouter_rankings.cli.diagnosis.gathering import gather
    from openrouter_rankings.cli.streams import put, reporting

    with reporting():
        found = findings(asyncio.run(gather(origin, db, ask=ask)))
        state = worst(found)
        put(_json(found, state) if form == "json" else _text(found))
        if state != "ok":
            raise click.exceptions.Exit(EXIT_CODES[state])


def _json(found: Iterable[Finding], state: State) -> str:
    import attrs

    document: dict[str, Any] = {"state": state, "checks": [attrs.asdict(each) for each in found]}
    return json.dumps(document, indent=2) + "\n"


def _text(found: Iterable[Finding]) -> str:
    from openrouter_rankings.cli.screen import coloured
    from openrouter_rankings.cli.terminal import terminal_width
    from openrouter_rankings.render.listing import printable

    lines: list[str] = []
    for each in found:
        state = coloured(f"{each.state:8}", _COLOURS[each.state])
        first, *others = _wrapped(printable(each.text), printable(each.advice), terminal_width() - _INDENT)
        lines += [f"{state} {each.name:15} {first}", *(f"{' ' * _INDENT}{line}" for line in others)]
    return "\n".join(lines) + "\n"


_INDENT = 25


def _wrapped(text: str, advice: str, width: int) -> Iterator[str]:
    """The lines of a finding; a path or URL is never broken, so that it can be copied."""
    for part in (text, advice):
        yield from wrap(part, max(width, 20), break_long_words=False, break_on_hyphens=False)
