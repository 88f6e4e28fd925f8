"""The archive of past answers: collect them, keep them for good, read, import and export them."""

from openrouter_rankings.history.archive import Archive, Series
from openrouter_rankings.history.collect import Collected, CollectReport, Fetched, Fetcher, collect_exit_code
from openrouter_rankings.history.errors import AnswerRefusedError, ArchiveError, ArchiveFormatError, ArchiveMissingError
from openrouter_rankings.history.exports import export_lines, export_tables, exported_lines
from openrouter_rankings.history.gaps import GAPS_FOUND, Gap, Gaps, gaps_exit_code
from openrouter_rankings.history.imports import ImportReport, Refusal, import_files
from openrouter_rankings.history.revisions import ArchivedAnswer, Outcome
from openrouter_rankings.history.snapshots import Snapshot, fetch_catalogue, fetch_snapshot, keep_snapshot
from openrouter_rankings.history.tasks import task_history

__all__ = [
    "GAPS_FOUND",
    "AnswerRefusedError",
    "Archive",
    "ArchiveError",
    "ArchiveFormatError",
    "ArchiveMissingError",
    "ArchivedAnswer",
    "CollectReport",
    "Collected",
    "Fetched",
    "Fetcher",
    "Gap",
    "Gaps",
    "ImportReport",
    "Outcome",
    "Refusal",
    "Series",
    "Snapshot",
    "collect_exit_code",
    "export_lines",
    "export_tables",
    "exported_lines",
    "fetch_catalogue",
    "fetch_snapshot",
    "gaps_exit_code",
    "import_files",
    "keep_snapshot",
    "task_history",
]
