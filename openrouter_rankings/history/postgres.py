"""An archive in a PostgreSQL database, by asyncpg (extra ``postgres``)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history.engine import Script
from openrouter_rankings.history.errors import ArchiveError, ArchiveFormatError
from openrouter_rankings.installing import install_command

if TYPE_CHECKING:
    from asyncpg import Pool, Record
    from asyncpg.pool import PoolConnectionProxy

__all__ = ["PostgresEngine"]

T = TypeVar("T")

# Seconds to connect, and for one statement, which may wait for another process that is writing.
_CONNECT_TIMEOUT = 10.0
_STATEMENT_TIMEOUT = 60.0

_MOST_CONNECTIONS = 4

# Held by the one transaction that writes. The number is "rankings" as big-endian ASCII.
_LOCK = "SELECT pg_advisory_xact_lock(8241990200674117491)"


class PostgresEngine:
    """A PostgreSQL database, in the first schema of the user's search path.

    Args:
        url: ``postgresql://user:password@host:port/database``. No error shows the user or the password.

    Raises:
        ConfigurationError: asyncpg is not installed, or the URL has an ``@`` after its host.
    """

    # A database is shared with other programs; only names like the archive's matter.
    table_names = (
        "SELECT tablename FROM pg_catalog.pg_tables "
        "WHERE schemaname = current_schema() AND tablename LIKE 'openrouter!_rankings!_archive%' ESCAPE '!'"
    )

    def __init__(self, url: str) -> None:
        try:
            import asyncpg
        except ImportError as error:
            raise ConfigurationError(
                f"An archive in PostgreSQL needs asyncpg: {install_command('postgres')}."
            ) from error
        self.name: str = _without_credentials(url)
        self._asyncpg = asyncpg
        self._url = url
        self._pool: Pool[Record] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def connect(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            self._pool = await self._asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=_MOST_CONNECTIONS,
                timeout=_CONNECT_TIMEOUT,
                command_timeout=_STATEMENT_TIMEOUT,
            )
        except ValueError:
            # The cause can show the password.
            raise ConfigurationError(f"{self.name} is not the URL of a PostgreSQL database.") from None
        except (self._asyncpg.PostgresError, self._asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise self._failure(error) from error

    async def run(self, script: Script[T], *, write: bool = False) -> T:
        if self._pool is None:
            raise ArchiveError(f"The archive {self.name} is closed.")
        if asyncio.get_running_loop() is not self._loop:
            raise ConfigurationError("An archive in PostgreSQL belongs to the event loop that opened it.")
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                if write:
                    await connection.execute(_LOCK)
                return await _play(connection, script)
        except (self._asyncpg.PostgresError, self._asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise self._failure(error) from error

    async def aclose(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    def _failure(self, error: Exception) -> ArchiveError:
        kinds = self._asyncpg
        problems: tuple[tuple[Any, type[ArchiveError], str], ...] = (
            (kinds.DiskFullError, ArchiveError, "the server's disk is full; nothing was written"),
            (kinds.ReadOnlySQLTransactionError, ArchiveError, "the database is read-only"),
            (kinds.InsufficientPrivilegeError, ArchiveError, "this user lacks a privilege"),
            (kinds.InvalidAuthorizationSpecificationError, ArchiveError, "the server refuses this user or password"),
            (kinds.QueryCanceledError, ArchiveError, "the server took too long"),
            (kinds.DataCorruptedError, ArchiveFormatError, "it is damaged"),
            (kinds.UndefinedColumnError, ArchiveFormatError, "its tables are not those of an archive"),
            (kinds.UndefinedTableError, ArchiveFormatError, "its tables are not those of an archive"),
            (kinds.PostgresError, ArchiveError, "the server reports an error"),
        )
        unreachable = (ArchiveError, "the server cannot be reached")
        kind, problem = next(
            ((kind, problem) for cause, kind, problem in problems if isinstance(error, cause)), unreachable
        )
        return kind(f"The archive {self.name} cannot be used: {problem} ({error or type(error).__name__}).")


def _without_credentials(url: str) -> str:
    """The scheme, host and database of ``url``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigurationError("The location of the archive is not the URL of a PostgreSQL database.") from None
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        # Part of the password would be taken for the host, and shown.
        raise ConfigurationError(
            "In the URL of an archive, special characters of the password are written percent-encoded: / as %2F, "
            "? as %3F, # as %23, @ as %40."
        )
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


async def _play(connection: PoolConnectionProxy[Record], script: Script[T]) -> T:
    """Run the statements of ``script`` and return its result."""
    try:
        statement = next(script)
        while True:
            rows = await connection.fetch(*statement)
            statement = script.send([tuple(row) for row in rows])
    except StopIteration as end:
        result: T = end.value
        return result
