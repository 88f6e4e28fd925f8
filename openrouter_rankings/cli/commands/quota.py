"""The command ``quota``: the state of the quota, for people and for programs."""

from __future__ import annotations

import asyncio
import json
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from openrouter_rankings.cli.options import command as make_command
from openrouter_rankings.cli.options import option

if TYPE_CHECKING:
    from openrouter_rankings.render.listing import Sheet
    from openrouter_rankings.transports.quota.status import QuotaStatus, QuotaWindow

__all__ = ["command", "quota_json", "quota_table"]


_OTHER_PROGRAMS = (
    "These are the requests of this command line with this key. What other programs send with it counts for the "
    "service too, but not here, unless they count in {}."
)


@make_command(
    "quota",
    examples=(
        ("quota", "What is used, and when the next request can go"),
        ("quota --base-url http://127.0.0.1:8765/api/v1 --reset", "Forget what was sent to a test service"),
    ),
)
@option("-f", "--format", "form", type=click.Choice(["table", "json"]), default="table", help="The form.")
@option(
    "--base-url",
    metavar="URL",
    help="The service whose requests are counted.  [default: $OPENROUTER_RANKINGS_BASE_URL, or OpenRouter's]",
)
@option("--reset", is_flag=True, help="Forget what was sent to this service with this key, and its last 429.")
def command(form: Literal["table", "json"], base_url: str | None, reset: bool) -> None:
    """Show what is used of the key's requests a minute and a day.

    Sends no request. It counts what this command line sent with the key in
    OPENROUTER_API_KEY to this service; other programs' requests are not known
    here.
    """
    from openrouter_rankings.cli.folder import quota_file
    from openrouter_rankings.cli.screen import drawn
    from openrouter_rankings.cli.service import require_key
    from openrouter_rankings.cli.streams import put, reporting
    from openrouter_rankings.settings import checked_base_url

    with reporting():
        require_key()
        path, service = quota_file(), checked_base_url(base_url)
        status = asyncio.run(_status(path, service, reset=reset))
        put(quota_json(status, path) if form == "json" else drawn(quota_table(status, service, path)))


async def _status(path: Path, base_url: str, *, reset: bool) -> QuotaStatus:
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.cli.service import open_client
    from openrouter_rankings.transports.quota.policy import Quota

    async with open_client(Origin(base_url=base_url), Quota(store=path)) as client:
        if reset:
            await client.reset_quota()
        return await client.quota()


def quota_table(status: QuotaStatus, service: str, counted_in: Path) -> Sheet:
    """A row for each window of the quota at ``service``, which is counted in a file; times in UTC."""
    from openrouter_rankings.cli.service import KEY_VARIABLE
    from openrouter_rankings.redaction import redact_place
    from openrouter_rankings.render.listing import Column, Sheet, printable

    columns = (
        Column("Requests in the last"),
        Column("Used", right=True),
        Column("Remaining", right=True),
        Column("Limit", right=True),
        Column("Next one frees up at"),
    )
    blocked = status.closed_until
    notes = (
        *(() if blocked is None else (f"The service wants no requests until {_utc(blocked)}.",)),
        _OTHER_PROGRAMS.format(printable(str(counted_in))),
    )
    rows = (_row("minute", status.minute), _row("day", status.day))
    place = redact_place(service, os.environ.get(KEY_VARIABLE, ""))
    return Sheet(f"Quota of the key in OPENROUTER_API_KEY at {printable(place)}", columns, rows, notes)


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
