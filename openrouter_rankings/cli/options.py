"""The options that commands share, and the words of their help."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

import typer

__all__ = [
    "BaseUrl",
    "End",
    "Format",
    "NoCache",
    "Output",
    "Sample",
    "SavedAnswer",
    "Start",
    "Timeout",
    "Top",
    "check_exclusive",
    "known",
]

Format = Literal["table", "json", "csv", "markdown"]


Top = Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the first N, such as 5.")]
Start = Annotated[
    str | None, typer.Option(metavar="DATE", help="The first UTC day.  [default: 30 days before the end]")
]
End = Annotated[str | None, typer.Option(metavar="DATE", help="The last UTC day.  [default: the last complete one]")]
Output = Annotated[Format, typer.Option("--format", help="How to print them.")]
Sample = Annotated[bool, typer.Option("--sample", help="Show invented figures; needs no key.")]
SavedAnswer = Annotated[
    str | None, typer.Option("--input", metavar="FILE", help="Read a saved answer of the API; - reads stdin.")
]
BaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Another service, such as http://127.0.0.1:8765/api/v1.")
]
Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", help="For one exchange, such as 10.  [default: 30]")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Ask the service in any case, and keep no answer.")]


def known(values: type[StrEnum]) -> str:
    """The known values for a help text: ``a, b or c``."""
    *others, last = values
    return f"{', '.join(others)} or {last}"


def check_exclusive(options: Mapping[str, object]) -> None:
    """End the command if more than one of the options is given; those that are None are not.

    Raises:
        BadParameter: more than one is.
    """
    given = [name for name, value in options.items() if value is not None]
    if len(given) > 1:
        raise typer.BadParameter(f"Give one of {' and '.join(given)}, not both.")
