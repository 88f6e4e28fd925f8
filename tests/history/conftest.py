"""Archives to test with: in a SQLite file, and in a real PostgreSQL server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from postgres_server import PostgresServer, find_binaries


@pytest.fixture
def no_blocking_call() -> Iterator[None]:
    """A call of the package that blocks the event loop fails the test."""
    with blockbuster_ctx("openrouter_rankings") as blockbuster:
        for function in blockbuster.functions.values():
            # asyncpg looks for the user's TLS files when it connects, as libpq does.
            function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
            # The threads that are measured share a lock for as long as it takes to begin with a file.
            function.can_block_in("coverage/collector.py", "lock_data")
        yield


@pytest.fixture(scope="session")
def postgres_binaries() -> Path:
    pytest.importorskip("asyncpg", reason="the package asyncpg is not installed")
    found = find_binaries()
    if found is None:
        pytest.skip("there is no PostgreSQL server")
    return found


@pytest.fixture(scope="session")
def _session_postgres(postgres_binaries: Path) -> Iterator[PostgresServer]:
    # A folder of pytest's is closed to the user who runs the server.
    folder = Path(tempfile.mkdtemp(prefix="archive-postgres-"))
    try:
        server = PostgresServer(postgres_binaries, folder)
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgres(_session_postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A running server, which the test may stop and start, and whose databases are the test's own."""
    _session_postgres.start()
    yield _session_postgres
    _session_postgres.take_back()


@pytest.fixture(params=["sqlite", "postgres"])
def new_location(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes the location of an archive that does not exist yet, on each engine."""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.new_database
    numbers = count()
    return lambda: str(tmp_path / f"rankings-{next(numbers)}.sqlite3")


@pytest.fixture
def location(new_location: Callable[[], str]) -> str:
    """The location of an archive that does not exist yet, on each engine."""
    return new_location()
