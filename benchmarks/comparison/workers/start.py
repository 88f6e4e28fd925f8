"""Runs a statement in this fresh process and prints what that took as JSON.

Arguments: the statement; the monotonic time at which the process was started, in seconds.
"""

import time

_first_line = time.monotonic()

import sys  # noqa: E402 - the clock starts first

exec(sys.argv[1], {})  # noqa: S102 - the statement is run.py's own
_done = time.monotonic()

import json  # noqa: E402 - only here, so that the statement pays for its own imports

from memory import peak_bytes  # noqa: E402 - likewise

print(
    json.dumps(
        {"statement": _done - _first_line, "process": _done - float(sys.argv[2]), "peak_bytes": peak_bytes()},
    )
)
