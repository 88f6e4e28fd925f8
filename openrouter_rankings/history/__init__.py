"""The archive of past answers: collect them, keep them for good, read, import and export them."""

from openrouter_rankings.history.archive import Archive, Series
from openrouter_rankings.history.errors import AnswerRefusedError, ArchiveError, ArchiveFormatError
from openrouter_rankings.history.revisions import ArchivedAnswer, Outcome

__all__ = [
    "AnswerRefusedError",
    "Archive",
    "ArchiveError",
    "ArchiveFormatError",
    "ArchivedAnswer",
    "Outcome",
    "Series",
]
