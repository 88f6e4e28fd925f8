"""The library's errors in the words of the command line: options instead of parameters, and hints that exist here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from openrouter_rankings.analysis.errors import StaleSnapshotError
from openrouter_rankings.cli.ages import age_in_words
from openrouter_rankings.cli.exit_codes import FAILURE, STALE, USAGE
from openrouter_rankings.errors import (
    ConfigurationError,
    ListChangedError,
    RankingsError,
    RequestTimeoutError,
    StoreError,
    TransportError,
)

__all__ = ["explained", "in_words"]

# The parameters of the client whose option has another name, or whose name no other word in a sentence is.
_OPTIONS: Mapping[str, str] = {
    "start_date": "--start",
    "end_date": "--end",
    "context_bucket": "--context",
    "language_type": "--language-type",
    "app_slug": "--app",
    "turn_range": "--turns",
    "task_type": "--task-type",
    "benchmark_type": "--benchmark-type",
    "search_engine": "--search-engine",
    "search_surface": "--search-surface",
    "max_results": "--max-results",
    "base_url": "--base-url",
    "max_wait": "--max-wait",
    "max_elapsed of the retries": "--max-wait",
    "the deadline of the call": "--max-wait",
}
# The others are named at the start of a sentence only.
_FIRST_WORDS = "window|period|modality|category|subcategory|sort|model|source|arena|timeout|every"

_HINTS: Mapping[str, str] = {
    "use https, or AiohttpTransport(allow_plain_http=True) for plain http to another machine": (
        "use https. Plain http is for this machine alone"
    ),
    "A CA bundle can be given to the transport.": "Set SSL_CERT_FILE to a file with the CA certificates to trust.",
    ", or give api_key": "",
    "Check the API key, given as api_key or in OPENROUTER_API_KEY.": "Check the key in OPENROUTER_API_KEY.",
    "ask again with fresh=True": "try again with --refresh",
    'tag="code:debugging"': "--tag code:debugging",
    ": give each as Revision(answer, fetched_at).": ": leave one of them out.",
    "name another file": "move it away",
    ", or name a file of its own": "",
    "its figures are synthetic": "its figures are synthetic: add --synthetic to archive them",
    "tag and macro_category are for task classifications": "--tag is for task classifications",
    " in weights must be": " must be",
    "A pattern in weights has": "A TAG has",
    " in criteria must be": " in --weigh must be",
    "criteria must not be empty.": "--weigh popularity=0 needs something else to go by, such as --weigh price.",
}

_PARAMETER = re.compile(
    rf"(?<![\w-])(?:{'|'.join(map(re.escape, _OPTIONS))})(?!\w)"
    rf"|(?:^|(?<=[.:] ))(?:{_FIRST_WORDS})(?= (?:must|and|is for)\b)"
)
_DAY = ', such as "2026-09-16" or datetime.date(2026, 9, 16),'


def explained(error: RankingsError) -> tuple[str, int]:
    """The error as a sentence for the command line, and the status to end with."""
    if isinstance(error, ListChangedError):
        return "The list changed while its pages were read, so that they do not fit together: try again.", FAILURE
    if isinstance(error, RequestTimeoutError):
        return "No whole answer came in time: give it more with --timeout, or see if the service is up.", FAILURE
    if isinstance(error, TransportError):
        return _connection(error), FAILURE
    if isinstance(error, StaleSnapshotError):
        age = age_in_words(error.age.total_seconds())
        return f"The figures end on {error.as_of}, which ended {age} ago: more than --max-snapshot-age.", STALE
    is_usage = isinstance(error, ConfigurationError) and not isinstance(error, StoreError)
    return in_words(str(error)), USAGE if is_usage else FAILURE


def _connection(error: TransportError) -> str:
    """One line with the host and the reason, if the connection itself failed."""
    cause = error.__cause__
    host, port, reason = (getattr(cause, name, None) for name in ("host", "port", "os_error"))
    if host is None or not isinstance(reason, OSError):
        return in_words(str(error))
    # Of a connection, the number says more than asyncio's sentence; a failed lookup of the name has no such number.
    number = reason.errno or 0
    why = os.strerror(number) if number > 0 else reason.strerror or str(reason)
    return f"Cannot connect to {host}, port {port}: {why}. Check the network and --base-url."


def in_words(sentence: str) -> str:
    """A sentence of the library's with the names that parameters have here."""
    for theirs, ours in _HINTS.items():
        sentence = sentence.replace(theirs, ours)
    sentence = sentence.replace(_DAY, ', such as "2026-09-16",')
    return _PARAMETER.sub(lambda match: _OPTIONS.get(match[0], f"--{match[0]}"), sentence)
