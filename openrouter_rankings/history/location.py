"""Where an archive is, and the engine for it."""

from __future__ import annotations

import os
from pathlib import Path

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history.engine import Engine

__all__ = ["Location", "open_engine"]

Location = str | os.PathLike[str]
"""The path of a SQLite file, or ``postgresql://user:password@host:port/database``."""


def open_engine(location: Location, *, create: bool) -> Engine:
    """The engine for ``location``, not connected yet.

    Args:
        location: where the archive is.
        create: make the file if there is none.

    Raises:
        ConfigurationError: ``location`` is neither a path nor a URL of PostgreSQL, or the extra ``postgres`` is not
            installed.
    """
    if not isinstance(location, (str, os.PathLike)) or not os.fspath(location):
        raise ConfigurationError(f"The location of an archive is a path or a postgresql:// URL, not {location!r}.")
    text = os.fspath(location)
    scheme = text.partition("://")[0].lower() if "://" in text else None
    if scheme in {"postgresql", "postgres"}:
        from openrouter_rankings.history.postgres import PostgresEngine

        return PostgresEngine(text)
    if scheme is None and text.lower().startswith(("postgresql:", "postgres:", "postgresql//", "postgres//")):
        # Without the text, which may hold a password.
        raise ConfigurationError("The URL of a PostgreSQL database begins with postgresql://.")
    if scheme is not None:
        raise ConfigurationError(f"The location of an archive is a path or a postgresql:// URL, not {scheme}://.")
    from openrouter_rankings.history.sqlite import SqliteEngine

    return SqliteEngine(Path(text), create=create)
