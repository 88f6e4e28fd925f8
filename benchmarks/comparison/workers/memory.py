"""How much memory this process has taken."""

import re
from pathlib import Path


def peak_bytes() -> int | None:
    """The largest resident set so far; None where the system does not tell it in /proc.

    Not from ``getrusage``: on Linux its figure begins with that of the process which started this one.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else None
