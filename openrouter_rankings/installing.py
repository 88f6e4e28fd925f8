"""How this package is installed with an extra, for the errors that name one."""

from __future__ import annotations

__all__ = ["ON_INDEX", "install_command"]

ON_INDEX: bool = False
"""Whether the package index has this package. If not, pip would find nothing there, or a package of somebody else's."""


def install_command(extra: str) -> str:
    """The command that adds an extra, and where to run it."""
    if ON_INDEX:
        return f'pip install "openrouter-rankings[{extra}]"'
    return f'pip install ".[{extra}]" in a checkout of openrouter-rankings'
