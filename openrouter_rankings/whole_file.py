"""Files that are written piece by piece, and appear whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["WholeFile", "complete", "partial_path"]


def partial_path(path: Path) -> Path:
    """A name beside ``path`` that no other process takes, for what is not complete."""
    return path.with_name(f".{path.name}.{os.urandom(6).hex()}.partial")


def complete(partial: Path, path: Path) -> Path:
    """Give the file ``partial`` the name ``path``, once its content is on the disk.

    A file that had the name is replaced, and leaves its permissions.
    """
    with partial.open("r+b") as file:
        os.fsync(file.fileno())
    if path.exists():
        partial.chmod(stat.S_IMODE(path.stat().st_mode))
    partial.replace(path)
    _sync_folder(path.parent)
    return path


def _sync_folder(folder: Path) -> None:
    # The new name is on the disk only once the folder is. Some systems cannot open a folder.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class WholeFile:
    """A file that takes its name when it is complete.

    A link is followed, and what is no file, such as a named pipe, is written directly.

    Args:
        path: the name.

    Attributes:
        file: what to write to.

    Raises:
        OSError: it cannot be written; so do the methods.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(os.path.realpath(path))
        is_file = not self._path.exists() or self._path.is_file()
        self._partial = partial_path(self._path) if is_file else None
        self.file: BinaryIO = self._path.open("wb") if self._partial is None else self._partial.open("xb")

    def finish(self) -> Path:
        """Complete the file and give it its name, which is returned."""
        self.file.close()
        return self._path if self._partial is None else complete(self._partial, self._path)

    def discard(self) -> None:
        """Close the file, and remove it if it is not complete. Repeating it does nothing."""
        # The error that led here says more than one of closing, or of removing what is already complete.
        with suppress(OSError):
            self.file.close()
        if self._partial is not None:
            with suppress(OSError):
                self._partial.unlink()
