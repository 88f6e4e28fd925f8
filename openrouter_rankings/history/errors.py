"""The errors of the archive.

::

    RankingsError
    └── ArchiveError                the archive cannot be read or written: full disk, read-only folder, lost server
        ├── ArchiveMissingError     there is no archive yet, and none was to be made
        ├── ArchiveFormatError      it is not an archive of this version: newer, damaged, or another program's
        └── AnswerRefusedError      an answer that the archive does not take: empty, synthetic, or not decodable
"""

from __future__ import annotations

from openrouter_rankings.errors import RankingsError

__all__ = ["AnswerRefusedError", "ArchiveError", "ArchiveFormatError", "ArchiveMissingError"]


class ArchiveError(RankingsError):
    """The archive cannot be read or written; what it held before is unharmed. The cause is ``__cause__``."""


class ArchiveMissingError(ArchiveError):
    """There is no archive at this place: no file, or a file or database without the archive's tables."""


class ArchiveFormatError(ArchiveError):
    """The file or database is not an archive that this version can read: newer, damaged, or another program's."""


class AnswerRefusedError(ArchiveError):
    """An answer that the archive does not take.

    Attributes:
        reason: why, as a clause: ``"it is empty"``.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The archive refuses this answer: {reason}.")
