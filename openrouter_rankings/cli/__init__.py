"""The command line, ``openrouter-rankings``. It needs the extra ``cli``."""

import sys
from typing import NoReturn

__all__ = ["main"]

_FAILURE = 1
_INTERRUPTED = 130
_EXTRA = ("platformdirs", "rich", "typer")


def main() -> NoReturn:
    """Run the command line and exit with its status.

    0 is success, 1 a failure, 2 a mistake in the command or its settings, 4 no API key, and 130 an interrupt (Ctrl-C).
    """
    # Everything is imported in here, so that an interrupt of the imports is met like any other.
    try:
        from openrouter_rankings.cli.commands import app

        app(prog_name="openrouter-rankings")
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        sys.stderr.write(
            f'error: The command line needs {missing}, which is not installed: pip install "openrouter-rankings[cli]"\n'
        )
    sys.exit(_FAILURE)
