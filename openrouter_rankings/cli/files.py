"""Files that are written whole or not at all."""

from __future__ import annotations

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
