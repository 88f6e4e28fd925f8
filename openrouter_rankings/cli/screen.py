"""What the terminal can show, and text in its colours."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from openrouter_rankings.cli.terminal import has_cursor, stdout_is_terminal, terminal_width
from openrouter_rankings.render.listing import Sheet
from openrouter_rankings.render.terminal import Line, Span, lines, plain_text

__all__ = ["coloured", "drawn"]

# Of the 256 colours these are about as far from black as from white: contrast 3.8 to 4.6 with either.
_GROUP_COLOURS: Mapping[str, int] = {"code": 32, "agent": 133, "data": 166, "general": 29}

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True},
    "heading": {"bold": True},
    "note": {"dim": True},
}


def drawn(sheet: Sheet, *, to_terminal: bool = True) -> str:
    """The table as text: for a terminal in its width and colours, for anything else in full and plain."""
    rendered = lines(sheet, _width_of_output() if to_terminal else None, blocks=_has_blocks() or not to_terminal)
    return _coloured(rendered) if to_terminal and _has_colours() else plain_text(rendered)


def coloured(text: str, colour: str) -> str:
    """``text`` in one of the terminal's own colours, where stdout shows any."""
    from click import style

    return style(text, fg=colour) if _has_colours() else text


def _width_of_output() -> int | None:
    # Whatever reads a pipe can have the names in full; `watch` and others set COLUMNS where they want a width.
    return terminal_width() if stdout_is_terminal() or os.environ.get("COLUMNS", "").isdigit() else None


def _has_blocks() -> bool:
    try:
        "\u2588\u2581\u2026".encode((sys.stdout and sys.stdout.encoding) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _has_colours() -> bool:
    # https://no-color.org: any value but the empty one.
    return has_cursor(sys.stdout) and not os.environ.get("NO_COLOR")


def _coloured(rendered: Iterable[Line]) -> str:
    return "".join(f"{''.join(map(_styled, line)).rstrip()}\n" for line in rendered)


def _styled(span: Span) -> str:
    from click import style

    if span.style.startswith("group:"):
        colour = _GROUP_COLOURS.get(span.style.removeprefix("group:"))
        return span.text if colour is None or not _has_256_colours() else style(span.text, fg=colour)
    attributes = _STYLES.get(span.style)
    return style(span.text, **attributes) if attributes and span.text.strip() else span.text


def _has_256_colours() -> bool:
    return "256" in os.environ.get("TERM", "") or bool(os.environ.get("COLORTERM"))
