"""The tables of the archive, and how one of an earlier version becomes one of this version."""

from __future__ import annotations

from collections.abc import Sequence

from openrouter_rankings.history.engine import Engine, Script
from openrouter_rankings.history.errors import ArchiveFormatError, ArchiveMissingError

__all__ = ["MIGRATIONS", "upgrade"]

_VERSION_TABLE = "openrouter_rankings_archive_version"

Migration = Sequence[str]
"""Statements that lead from one version to the next."""

# One row for each time that an answer was seen. Its body is NULL where an earlier answer of the same slot has the same
# content. ``complete`` is 0 or 1. It all stands in the key, so that no query of dates reads a row with a body.
MIGRATIONS: Sequence[Migration] = (
    (
        """CREATE TABLE openrouter_rankings_archive (
            data_set TEXT NOT NULL,
            series TEXT NOT NULL,
            last_day TEXT NOT NULL,
            first_day TEXT NOT NULL,
            fetched_at TEXT NOT NULL,
            content BYTEA NOT NULL,
            digest BYTEA NOT NULL,
            complete BIGINT NOT NULL,
            size BIGINT NOT NULL,
            citation TEXT NOT NULL,
            licence TEXT NOT NULL,
            body BYTEA,
            PRIMARY KEY (data_set, series, last_day, first_day, fetched_at, content, digest, complete))""",
    ),
)
"""The migrations in order: the first makes version 1 of nothing. One that was released is never changed."""


async def upgrade(engine: Engine, migrations: Sequence[Migration] = MIGRATIONS, *, create: bool = True) -> None:
    """Bring the database to the version of ``migrations``; a database that has it is only read.

    Args:
        engine: the database.
        migrations: what leads to the version.
        create: begin an archive in an empty database.

    Raises:
        ArchiveMissingError: the database is empty, and not ``create``.
        ArchiveFormatError: the database is of a newer version, or another program's.
    """
    version = await engine.run(_installed(engine, len(migrations)))
    if version == 0 and not create:
        raise ArchiveMissingError(f"There is no archive at {engine.name}.")
    if version < len(migrations):
        await engine.run(_migrate(engine, migrations), write=True)


def _installed(engine: Engine, known: int) -> Script[int]:
    """The version of the database; 0 if it is empty."""
    names = {str(row[0]) for row in (yield (engine.table_names,))}
    if _VERSION_TABLE not in names:
        if names:
            raise _foreign(engine, f"it has the table {min(names)}")
        return 0
    rows = yield (f"SELECT max(version) FROM {_VERSION_TABLE}",)  # noqa: S608 - a constant
    version = rows[0][0]
    if not isinstance(version, int) or version < 1:
        raise _foreign(engine, "it names no version")
    if version > known:
        raise ArchiveFormatError(
            f"The archive {engine.name} is of version {version}, and this library reads up to version {known}: "
            "install a newer openrouter-rankings."
        )
    return version


def _migrate(engine: Engine, migrations: Sequence[Migration]) -> Script[None]:
    # Another process may have done it meanwhile.
    version = yield from _installed(engine, len(migrations))
    if version == 0:
        yield (f"CREATE TABLE {_VERSION_TABLE} (version BIGINT PRIMARY KEY)",)
    for number, statements in enumerate(migrations[version:], version + 1):
        for statement in statements:
            yield (statement,)
        yield (f"INSERT INTO {_VERSION_TABLE} VALUES ($1)", number)  # noqa: S608 - a constant


def _foreign(engine: Engine, sign: str) -> ArchiveFormatError:
    return ArchiveFormatError(
        f"{engine.name} is not an archive of openrouter-rankings: {sign}. Give the archive a file or schema of its own."
    )
