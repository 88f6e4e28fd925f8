"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

__all__ = ["check_no_database", "check_target", "save", "write_whole"]

_SQLITE = b"SQLite format 3\0"


def check_target(name: str | None) -> None:
    """Refuse a file that cannot be written or must not be replaced, before anything is asked for.

    Args:
        name: the value of ``--output``; None is stdout.

    Raises:
        BadParameter: its folder does not exist, or it is a SQLite database.
    """
    import click

    if name is None:
        return
    if not Path(name).absolute().parent.is_dir():
        raise click.BadParameter(f"There is no folder {Path(name).parent}.", param_hint="--output")
    check_no_database(name)


def check_no_database(name: str) -> None:
    """Refuse to replace a SQLite database, such as the archive, which may hold what cannot be had again.

    Args:
        name: the value of ``--output``; the file need not exist.

    Raises:
        BadParameter: it is a SQLite database.
    """
    import click

    if _begins_with(name, _SQLITE):
        raise click.BadParameter(
            f"{name} is a SQLite database, such as an archive, and is not replaced: choose another file.",
            param_hint="--output",
        )


def _begins_with(name: str, mark: bytes) -> bool:
    # Opening a pipe would wait for its other end.
    if not Path(name).is_file():
        return False
    try:
        with Path(name).open("rb") as file:
            return file.read(len(mark)) == mark
    except OSError:
        return False


def save(name: str, content: str | bytes) -> None:
    """Write a file whole; end the command if that fails, with the file as it was."""
    from openrouter_rankings.cli.streams import fail

    try:
        write_whole(name, content)
    except OSError as error:
        fail(f"Cannot write {name}: {error.strerror}.")


def write_whole(name: str, content: str | bytes) -> None:
    """Write a file so that it has its old content or its new one at any moment, even after a crash of the machine.

    See ``WholeFile``. Text is written in UTF-8.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    from openrouter_rankings.whole_file import WholeFile

    whole = WholeFile(Path(name))
    try:
        whole.file.write(content.encode() if isinstance(content, str) else content)
        whole.finish()
    finally:
        whole.discard()
