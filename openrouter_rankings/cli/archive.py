"""The archive on the command line: where it is, and how commands open it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from openrouter_rankings.cli.options import OPTIONS, option

if TYPE_CHECKING:
    from openrouter_rankings.history import Archive

__all__ = ["DB_VARIABLE", "archive_if_any", "archive_to_fill", "archive_to_read", "db_option", "location"]

DB_VARIABLE = "OPENROUTER_RANKINGS_DB"


def db_option(section: str = OPTIONS) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that adds ``--db``, whose value (``db``) the functions here take.

    Args:
        section: the section of the help that it belongs to.
    """
    return option(
        "--db",
        envvar=DB_VARIABLE,
        type=click.Path(dir_okay=False),
        metavar="FILE",
        section=section,
        help=f"The archive: a file, or postgresql://user:password@host/database. {DB_VARIABLE} sets it as well.  "
        "[default: archive.sqlite3 in your data folder]",
    )


@asynccontextmanager
async def archive_to_read(db: str | None) -> AsyncGenerator[Archive]:
    """The archive; where there is none, end the command and say how to begin one. Nothing is made.

    Args:
        db: the value of ``--db``.

    Raises:
        ArchiveError: it cannot be read.
        ConfigurationError: ``db`` is neither a path nor a URL of PostgreSQL, or the extra ``postgres`` is missing.
    """
    async with aclosing(_begun(await _opened(db), db)) as archive:
        yield archive


@asynccontextmanager
async def archive_if_any(db: str | None) -> AsyncGenerator[Archive | None]:
    """The archive, or None where there is none. Nothing is made.

    Args:
        db: the value of ``--db``.

    Raises:
        ArchiveError: it cannot be read.
        ConfigurationError: ``db`` is neither a path nor a URL of PostgreSQL, or the extra ``postgres`` is missing.
    """
    archive = await _opened(db)
    async with nullcontext() if archive is None else aclosing(archive):
        yield archive


@asynccontextmanager
async def archive_to_fill(db: str | None, *, synthetic: bool = False) -> AsyncGenerator[Archive]:
    """The archive, which begins here where there is none.

    Args:
        db: the value of ``--db``.
        synthetic: it takes invented figures as well.

    Raises:
        ArchiveError: it cannot be used.
        ConfigurationError: ``db`` is neither a path nor a URL of PostgreSQL, the extra ``postgres`` is missing, or the
            user's data folder cannot be made.
    """
    from openrouter_rankings.history import Archive

    async with Archive(_place(db, make_folder=True), synthetic=synthetic) as archive:
        yield archive


def location(db: str | None) -> str:
    """Where the archive is, for people: the path, or the URL without user and password."""
    from openrouter_rankings.history.location import open_engine

    return open_engine(_place(db), create=False).name


def _begun(archive: Archive | None, db: str | None) -> Archive:
    from openrouter_rankings.cli.streams import fail

    if archive is None:
        fail(f"There is no archive at {location(db)} yet: `openrouter-rankings collect` begins one.")
    return archive


async def _opened(db: str | None) -> Archive | None:
    """The archive, which the caller closes; None where there is none."""
    from openrouter_rankings.history import Archive, ArchiveMissingError

    try:
        return await Archive(_place(db), create=False).__aenter__()
    except ArchiveMissingError:
        return None


def _place(db: str | None, *, make_folder: bool = False) -> str | Path:
    from openrouter_rankings.cli.folder import archive_file

    return archive_file(make_folder=make_folder) if db is None else db
