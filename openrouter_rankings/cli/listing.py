"""From a question to what is printed: the way that all commands go which show an answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import TypeVar

from openrouter_rankings.cli.answers import answer_to
from openrouter_rankings.cli.options import Format, check_exclusive
from openrouter_rankings.cli.question import Origin, Question
from openrouter_rankings.cli.streams import put, reporting, say
from openrouter_rankings.cli.table import table
from openrouter_rankings.render.data_sets import Asked
from openrouter_rankings.render.listing import (
    SYNTHETIC_NOTICE,
    Listing,
    csv_text,
    json_text,
    markdown,
    sheet,
    source_lines,
)

__all__ = ["show"]

T = TypeVar("T")


def show(question: Question[T], origin: Origin, output: Format, listing: Callable[[T, Asked], Listing]) -> None:
    """Print the answer as ``listing`` makes it of the answer and of what is known of it besides."""
    check_exclusive({"--input": origin.saved_answer, "--sample": origin.sample or None, "--base-url": origin.base_url})
    unheeded = {**question.filters, **question.others, "--timeout": origin.timeout}
    for name, value in {**unheeded, "--no-cache": None if origin.cached else True}.items():
        check_exclusive({"--input": origin.saved_answer, name: value})
    with reporting(), answer_to(question, origin) as (answer, asked):
        _print(listing(answer, asked), output)


def _table(listing: Listing) -> str:
    return table(sheet(listing), shutil.get_terminal_size().columns)


_FORMATS: Mapping[Format, Callable[[Listing], str]] = {
    "table": _table,
    "json": json_text,
    "csv": csv_text,
    "markdown": markdown,
}


def _print(listing: Listing, output: Format) -> None:
    if listing.synthetic:
        say(SYNTHETIC_NOTICE)
    put(_FORMATS[output](listing))
    if output == "csv":
        for line in (*listing.remarks, *source_lines(listing)):
            say(line)
