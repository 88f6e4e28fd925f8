"""The command ``snapshots``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from openrouter_rankings.cli.options import asks_service, option
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.transports.protocol import Transport

__all__ = ["command"]

_NOT_FOUND = 404


@make_command(
    "snapshots",
    examples=(
        ("snapshots > catalogue.json", "What there is"),
        ("snapshots NAME --date 2026-09-16 -o files", "One day's file of a data set of the catalogue"),
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@option("--date", "on", metavar="DATE", default="yesterday", help="The UTC day.  [default: yesterday]")
@option("-f", "--format", "form", type=click.Choice(["csv", "json"]), default="csv", help="The form.  [default: csv]")
@option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Keep the files here.  [default: snapshots in your data folder]",
)
@option("-q", "--quiet", is_flag=True, help="Print nothing but failures.")
@asks_service
def command(
    names: Sequence[str],
    on: str,
    form: Literal["csv", "json"],
    folder: str | None,
    quiet: bool,
    origin: Origin,
) -> None:
    """Keep the daily files that OpenRouter publishes for everyone.

    They need no key. Without a NAME it prints their catalogue as received;
    each NAME is a data set of it. A file is verified against the checksum in
    its manifest, and kept with the manifest as NAME/DATE.csv; nothing is read
    out of it. A file that is there already stays as it is.

    The exit status is 1 if a file could not be fetched, verified or kept.
    """
    from openrouter_rankings.cli.days import day_of
    from openrouter_rankings.cli.folder import snapshots_folder
    from openrouter_rankings.cli.streams import Loudness, put, reporting

    date_on = day_of("--date", on, datetime.now(UTC).date())
    with reporting(Loudness.QUIET if quiet else Loudness.NORMAL):
        if not names:
            put(asyncio.run(_catalogue(origin)).decode(errors="backslashreplace"))
            return
        target = snapshots_folder() if folder is None else Path(folder)
        kept = [asyncio.run(_keep(name, date_on or on, form, target, origin, quiet=quiet)) for name in names]
        if not all(kept):
            raise click.exceptions.Exit(1)


async def _catalogue(origin: Origin) -> bytes:
    from openrouter_rankings.history import fetch_catalogue
    from openrouter_rankings.settings import BASE_URL

    transport = _transport(origin)
    try:
        return await fetch_catalogue(transport, base_url=origin.base_url or BASE_URL, timeout=origin.timeout or 30.0)
    finally:
        await transport.aclose()


async def _keep(name: str, on: str, form: Literal["csv", "json"], folder: Path, origin: Origin, *, quiet: bool) -> bool:
    """Whether the file is kept; why it is not is said."""
    from openrouter_rankings.cli.streams import note, put, say
    from openrouter_rankings.cli.words import explained
    from openrouter_rankings.errors import APIError, ConfigurationError, RankingsError
    from openrouter_rankings.history import fetch_snapshot, keep_snapshot
    from openrouter_rankings.render.listing import printable
    from openrouter_rankings.settings import BASE_URL

    transport = _transport(origin)
    try:
        snapshot = await fetch_snapshot(
            transport, name, on, form, base_url=origin.base_url or BASE_URL, timeout=origin.timeout or 30.0
        )
        outcome = await keep_snapshot(folder, snapshot)
    except ConfigurationError:
        raise
    except RankingsError as error:
        is_missing = isinstance(error, APIError) and error.status == _NOT_FOUND
        missing = f"there is no such data set, or no {form} file of {on} yet: without a NAME, `snapshots` lists them."
        say(printable(f"{name}: failed: {missing if is_missing else explained(error)[0]}"))
        return False
    finally:
        await transport.aclose()
    if not quiet:
        put(f"{name}: {outcome} ({on}, {form}, {len(snapshot.body):,} bytes)\n")
        note(snapshot.citation)
    return True


def _transport(origin: Origin) -> Transport:
    from openrouter_rankings.transports.aiohttp import AiohttpTransport
    from openrouter_rankings.transports.retry import RetryPolicy, RetryTransport

    seconds = origin.max_wait
    policy = RetryPolicy() if seconds is None else RetryPolicy(max_wait=seconds, max_elapsed=seconds)
    return RetryTransport(AiohttpTransport(), policy)
