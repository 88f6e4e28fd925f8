"""The user's folders for caches and for data, and the files in them."""

from __future__ import annotations

from pathlib import Path

from openrouter_rankings.errors import ConfigurationError

__all__ = ["archive_file", "cache_file", "names_file", "quota_file", "snapshots_folder"]


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


def archive_file(*, make_folder: bool) -> Path:
    """Where answers are kept for good.

    Args:
        make_folder: make its folder if there is none.

    Raises:
        ConfigurationError: the user has no folder for data, or it is to be made and cannot be.
    """
    import platformdirs

    folder = platformdirs.user_data_path("openrouter-rankings", appauthor=False)
    return _checked(folder, "data", "XDG_DATA_HOME", make=make_folder) / "archive.sqlite3"


def snapshots_folder() -> Path:
    """Where published files are kept; it need not exist.

    Raises:
        ConfigurationError: the user has no folder for data.
    """
    return archive_file(make_folder=False).with_name("snapshots")


def _folder() -> Path:
    import platformdirs

    folder = platformdirs.user_cache_path("openrouter-rankings", appauthor=False)
    return _checked(folder, "cache", "XDG_CACHE_HOME", make=True)


def _checked(folder: Path, kind: str, variable: str, *, make: bool) -> Path:
    if not folder.is_absolute():
        # Such as "~/.cache" where the user has no home.
        raise ConfigurationError(f"The {kind} folder {folder} is no absolute path: set HOME or {variable}.")
    try:
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"The {kind} folder {folder} cannot be made: {error.strerror}.") from error
    return folder
