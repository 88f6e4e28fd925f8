"""The command line, ``openrouter-rankings``. It needs the extra ``cli``."""

import os
import sys
from typing import NoReturn

from openrouter_rankings.cli.exit_codes import FAILURE, INTERRUPTED

__all__ = ["main"]

_EXTRA = ("click", "platformdirs")


def main() -> NoReturn:
    """Run the command line and exit with its status.

    0 is success, 1 a failure, 2 a mistake in the command or its settings, 3 an answer older than allowed
    (``--fail-if-stale``) or days missing (``gaps``), 4 no API key, and 130 an interrupt (Ctrl-C).
    """
    _open_standard_streams()
    # The imports are in here too, so that an interrupt during them is handled like any other.
    try:
        if sys.argv[1:] == ["--version"]:
            _print_version()
        from openrouter_rankings.cli.program import program

        program(prog_name="openrouter-rankings")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA or sys.stderr is None:
            raise
        from openrouter_rankings.installing import install_command

        sys.stderr.write(
            f"error: The command line needs {missing}, which is not installed: {install_command('cli')}.\n"
        )
    sys.exit(FAILURE)


def _open_standard_streams() -> None:
    """Open the null device for each standard stream that is closed.

    The next file or socket would get its number, and whatever writes to that stream would write into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _print_version() -> NoReturn:
    """Answer ``--version`` without click: scripts ask it often."""
    from openrouter_rankings import __version__
    from openrouter_rankings.cli.streams import put

    put(f"openrouter-rankings {__version__}\n")
    sys.exit(0)
