"""The names in the last answers, such as tags and models, which complete options on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Any

from openrouter_rankings.cli.question import Names

__all__ = ["keep_names", "names_of"]

_MOST_NAMES = 2000
_LONGEST_NAME = 200
_LARGEST_FILE = 4 * 2**20


def names_of(kind: str) -> list[str]:
    """The names of one kind in the last answers; none if there is no answer yet."""
    names = _kept().get(kind)
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def keep_names(names: Names) -> None:
    """Keep the names of an answer, instead of those of its kinds before. It does without where they cannot be kept."""
    from openrouter_rankings.cli.files import write_whole
    from openrouter_rankings.cli.folder import names_file
    from openrouter_rankings.errors import ConfigurationError

    kept = {**_kept(), **{kind: _usable(each) for kind, each in names.items()}}
    with suppress(OSError, ConfigurationError):
        write_whole(str(names_file()), json.dumps(kept))


def _usable(names: Iterable[str]) -> list[str]:
    # A name that a shell would take apart or a terminal obey is not offered.
    usable = (name for name in names if name.isprintable() and 0 < len(name) <= _LONGEST_NAME)
    return list(islice(dict.fromkeys(usable), _MOST_NAMES))


def _kept() -> dict[str, Any]:
    from openrouter_rankings.cli.folder import names_file
    from openrouter_rankings.errors import ConfigurationError

    with suppress(OSError, ValueError, ConfigurationError, RecursionError):
        with names_file().open("rb") as file:
            document = json.loads(file.read(_LARGEST_FILE))
        if isinstance(document, dict):
            return document
    return {}
