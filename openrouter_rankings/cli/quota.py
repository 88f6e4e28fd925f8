"""The command ``quota``: the state of the quota, for people and for programs."""

from __future__ import annotations

import json
import math
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from openrouter_rankings.cli.options import BaseUrl
from openrouter_rankings.cli.service import quota_status
from openrouter_rankings.cli.streams import put, reporting
from openrouter_rankings.cli.table import table
from openrouter_rankings.render.listing import Column, Sheet, printable
from openrouter_rankings.transports.quota.policy import QuotaStatus, QuotaWindow

__all__ = ["quota", "quota_json", "quota_table"]

_COLUMNS = (
    Column("Requests in the last"),
    Column("Used", right=True),
    Column("Remaining", right=True),
    Column("Limit", right=True),
    Column("Next one frees up at"),
)


def quota(
    output: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print it.")] = "table",
    base_url: BaseUrl = None,
) -> None:
    """Show what is used of the key's requests a minute and a day.

    Sends no request. It counts what this command line sent with the key in
    OPENROUTER_API_KEY; other programs' requests are not known here.
    """
    with reporting():
        status, counted_in = quota_status(base_url)
        if output == "json":
            put(quota_json(status, counted_in))
        else:
            put(quota_table(status, counted_in, shutil.get_terminal_size().columns))


def quota_table(status: QuotaStatus, counted_in: Path, width: int) -> str:
    """A row for each window, in ``width`` columns; times in UTC."""
    notes = [
        "These are the requests of this command line with this key. What other programs",
        "send with it counts for the service too, but not here, unless they count in",
        f"{printable(str(counted_in))}.",
    ]
    if status.closed_until is not None:
        notes.insert(0, f"The service wants no requests until {_utc(status.closed_until)}.")
    rows = (_row("minute", status.minute), _row("day", status.day))
    return table(Sheet("Quota of the key in OPENROUTER_API_KEY", _COLUMNS, rows, tuple(notes)), width)


def quota_json(status: QuotaStatus, counted_in: Path) -> str:
    """The same as a JSON document; times in UTC, or null."""
    document = {
        "minute": _document(status.minute),
        "day": _document(status.day),
        "closed_until": _iso(status.closed_until),
        "store": str(counted_in),
    }
    return json.dumps(document, indent=2) + "\n"


def _row(name: str, window: QuotaWindow) -> tuple[str, ...]:
    frees_at = "-" if window.frees_at is None else _utc(window.frees_at)
    return name, str(window.used), str(window.remaining), str(window.limit), frees_at


def _document(window: QuotaWindow) -> dict[str, int | str | None]:
    return {
        "used": window.used,
        "remaining": window.remaining,
        "limit": window.limit,
        "frees_at": _iso(window.frees_at),
    }


def _utc(instant: datetime) -> str:
    # Rounded up, so that a request at that second does not come too early.
    return f"{datetime.fromtimestamp(math.ceil(instant.timestamp()), UTC):%Y-%m-%d %H:%M:%S} UTC"


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
