"""The user's cache folder, and the files in it."""

from __future__ import annotations

from pathlib import Path

from openrouter_rankings.errors import ConfigurationError

__all__ = ["cache_file", "names_file", "quota_file"]


def quota_file() -> Path:
    """Where requests are counted. A file of its own, so that deleting the cache does not lose the count.

    Raises:
        ConfigurationError: there is no such folder, and it cannot be made.
    """
    return _folder() / "quota.sqlite3"


def cache_file() -> Path:
    """Where answers are kept.

    Raises:
        ConfigurationError: there is no such folder, and it cannot be made.
    """
    return _folder() / "cache.sqlite3"


def names_file() -> Path:
    """Where the names in the last answers are kept, for completion.

    Raises:
        ConfigurationError: there is no such folder, and it cannot be made.
    """
    return _folder() / "names.json"


def _folder() -> Path:
    import platformdirs

    folder = platformdirs.user_cache_path("openrouter-rankings", appauthor=False)
    if not folder.is_absolute():
        # Such as "~/.cache" where the user has no home.
        raise ConfigurationError(f"The cache folder {folder} is no absolute path: set HOME or XDG_CACHE_HOME.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"The cache folder {folder} cannot be made: {error.strerror}.") from error
    return folder
