"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

__all__ = ["check_folder", "save", "write_whole"]


def check_folder(name: str | None) -> None:
    """Refuse a file whose folder does not exist, before anything is asked for.

    Args:
        name: the value of ``--output``; None is stdout.

    Raises:
        BadParameter: there is no such folder.
    """
    import click

    if name is not None and not Path(name).absolute().parent.is_dir():
        raise click.BadParameter(f"There is no folder {Path(name).parent}.", param_hint="--output")


def save(name: str, content: str | bytes) -> None:
    """Write a file whole; end the command if that fails, with the file as it was."""
    from openrouter_rankings.cli.streams import fail

    try:
        write_whole(name, content)
    except OSError as error:
        fail(f"Cannot write {name}: {error.strerror}.")


def write_whole(name: str, content: str | bytes) -> None:
    """Write a file so that it has its old content or its new one at any moment, even after a crash of the machine.

    The content goes to a temporary file in the same folder, which then takes the name. A link is followed, and what is
    no file, such as a named pipe, is written directly. Text is written in UTF-8.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    # Loading it takes longer than most commands that write nothing.
    import tempfile

    data = content.encode() if isinstance(content, str) else content
    path = Path(os.path.realpath(name))
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor is no path
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_mode(path))
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    _sync_folder(path.parent)


def _mode(path: Path) -> int:
    """The permissions of the file, or those that a new one would get."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    # The new name is on the disk only once the folder is. Some systems cannot open a folder.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
