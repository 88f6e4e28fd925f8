"""Prepares a release.

    python tools/release.py version 0.2.0             # sets the version, closes the changelog's section
    python tools/release.py links https://HOST/REPO   # for the package index: links of README lead to that repository

It changes files and commits nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

__all__ = ["ReleaseError", "close_section", "main", "with_cited_version", "with_links", "with_version"]

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_ASSIGNED = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)
_UNRELEASED = "## [Unreleased]\n"
_NOT_YET = " Nothing has been released yet."
_RELATIVE_LINK = re.compile(r"(?P<before>(?P<picture>!?)\[[^\]]*\]\()(?!\w+:|#)(?P<path>[^)\s]+)\)")


class ReleaseError(Exception):
    """The release cannot be prepared; nothing was changed."""


def with_version(module: str, version: str) -> str:
    """The text of ``__init__.py`` with another version, which must be later than the present one."""
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"{version} is not a version such as 0.2.0.")
    present = _version_of(module)
    if _numbers(version) < _numbers(present):
        raise ReleaseError(f"{version} is before {present}.")
    return _ASSIGNED.sub(f'__version__ = "{version}"', module)


def _version_of(module: str) -> str:
    assigned = _ASSIGNED.search(module)
    if assigned is None:
        raise ReleaseError("The module assigns no __version__.")
    return assigned["version"]


def _numbers(version: str) -> list[int]:
    return list(map(int, version.split(".")))


def close_section(changelog: str, version: str, day: date) -> str:
    """The changelog with what is unreleased under ``version``, and an empty section for what comes next."""
    before, found, after = changelog.partition(_UNRELEASED)
    if not found:
        raise ReleaseError("The changelog has no section [Unreleased].")
    if f"## [{version}]" in changelog:
        raise ReleaseError(f"The changelog has a section [{version}] already.")
    if not after.partition("\n## ")[0].strip():
        raise ReleaseError("The changelog says nothing of this release: its section [Unreleased] is empty.")
    return f"{before.replace(_NOT_YET, '')}{_UNRELEASED}\n## [{version}] - {day}\n{after}"


def with_cited_version(citation: str, version: str, day: date) -> str:
    """The citation file with the version and its day."""
    released = re.sub(r"^date-released: .*\n", "", citation, flags=re.MULTILINE)
    return re.sub(r"^version: .*$", f"version: {version}\ndate-released: {day}", released, flags=re.MULTILINE)


def with_links(readme: str, repository: str, version: str) -> str:
    """README with absolute links, to the tag of the version, as a package index needs them."""

    def absolute(link: re.Match[str]) -> str:
        kind = "raw" if link["picture"] else "blob"
        return f"{link['before']}{repository}/{kind}/v{version}/{link['path']})"

    return _RELATIVE_LINK.sub(absolute, readme)


def _with_addresses(metadata: str, repository: str) -> str:
    """``setup.cfg`` with the address of the repository among the project's."""
    return metadata.replace(
        "project_urls =\n",
        f"project_urls =\n    Source = {repository}\n    Changelog = {repository}/blob/main/CHANGELOG.md\n",
    )


def main(arguments: list[str], root: Path) -> None:
    """Run the command in the project's folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version", help="set the version, and close the changelog's section").add_argument("version")
    commands.add_parser("links", help="let links of README lead to a repository").add_argument("repository")
    asked = parser.parse_args(arguments)
    if asked.command == "version":
        _set_version(root, asked.version, datetime.now(UTC).date())
    else:
        _set_links(root, asked.repository.rstrip("/"))


def _set_version(root: Path, version: str, day: date) -> None:
    _change(
        {
            root / "openrouter_rankings/__init__.py": lambda text: with_version(text, version),
            root / "CHANGELOG.md": lambda text: close_section(text, version, day),
            root / "CITATION.cff": lambda text: with_cited_version(text, version, day),
        }
    )


def _set_links(root: Path, repository: str) -> None:
    version = _version_of((root / "openrouter_rankings/__init__.py").read_text(encoding="utf-8"))
    _change(
        {
            root / "README.md": lambda text: with_links(text, repository, version),
            root / "setup.cfg": lambda text: _with_addresses(text, repository),
        }
    )


def _change(changes: dict[Path, Callable[[str], str]]) -> None:
    """Change all of the files, or none."""
    changed = {path: change(path.read_text(encoding="utf-8")) for path, change in changes.items()}
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:], Path(__file__).parents[1])
    except ReleaseError as error:
        sys.exit(f"error: {error}")
