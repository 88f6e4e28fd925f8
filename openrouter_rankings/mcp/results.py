"""What the tools give: rows, and beside them what a reader must know. The field descriptions are for assistants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs
from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from openrouter_rankings.models.data_set import Answer
    from openrouter_rankings.provenance import Provenance
    from openrouter_rankings.render.data_sets import Table
    from openrouter_rankings.transports.quota.status import QuotaStatus, QuotaWindow

__all__ = [
    "NARROWER",
    "AppRow",
    "BenchmarkRow",
    "ChangeRow",
    "DailyRow",
    "ModelRow",
    "Page",
    "PickRow",
    "QuotaResult",
    "R",
    "Result",
    "Row",
    "SessionCostRow",
    "TaskRow",
    "TrendRow",
    "answer_of",
    "structured",
]

R = TypeVar("R", bound="Row")

_NOT_QUALITY = "popularity is not quality"


class Row(BaseModel):
    """A row of a table: those of its columns that an assistant needs."""


class TaskRow(Row):
    """A kind of task."""

    rank: int
    tag: str = Field(description="What task_models takes.")
    display_name: str
    macro_category: str
    usage_share: float = Field(description="Fraction (0 to 1) of all requests.")
    token_share: float = Field(description="Fraction (0 to 1) of all tokens.")
    top_model: str | None


class ModelRow(Row):
    """A model within a task."""

    rank: int
    id: str
    tag_usage_share: float = Field(description="Fraction (0 to 1) of the task's requests.")
    tag_token_share: float = Field(description="Fraction (0 to 1) of the task's tokens.")


class DailyRow(Row):
    """A model or an author in a span of days."""

    rank: int
    author: str
    model_permaslug: str | None = Field(description="null where the row is an author's.")
    total_tokens: int
    token_share: float = Field(description="Fraction (0 to 1) of all tokens of the span.")
    dates: int = Field(description="On how many dates it is among the top 50.")


class AppRow(Row):
    """An app."""

    rank: int
    app_name: str
    total_tokens: int
    total_requests: int


class SessionCostRow(Row):
    """The median cost of sessions of one length, in one app, with one model."""

    app_slug: str
    app_name: str
    model_permaslug: str
    turn_range: str
    median_session_cost_usd: float = Field(description="A median: it must not be averaged.")


class BenchmarkRow(Row):
    """A model's score in one benchmark."""

    rank: int = Field(description="Within its benchmark.")
    source: str
    benchmark: str | None
    score: float | None = Field(description="Compares within its benchmark only.")
    metric: str | None
    model_permaslug: str | None


class ChangeRow(Row):
    """A task, model, author or app, before and after. null is not known, which is not zero."""

    name: str = Field(description="The tag, the slug of the model, the author or the app.")
    status: str = Field(description="stayed, entered or left the top list, which says nothing of the market.")
    after_rank: int | None
    rank_change: int | None = Field(description="Places that it rose.")
    before_share: float | None = Field(description="Fraction (0 to 1) of what the subject says; null of apps.")
    after_share: float | None
    share_change: float | None = Field(description="0.01 is one percentage point.")
    before_total_tokens: int | None = Field(None, description="null of tasks, and of what is within them.")
    after_total_tokens: int | None = None
    total_tokens_change: int | None = None


class TrendRow(Row):
    """One date. null is not known, which is not zero."""

    date: date
    status: str = Field(description="listed, unlisted (not in the top list) or missing (nothing archived).")
    rank: int | None = Field(description="null also where a task is followed.")
    usage_share: float | None = Field(None, description="Fraction of the requests; null in trends of tokens.")
    token_share: float | None
    total_tokens: int | None = Field(None, description="null in trends of a task.")


class PickRow(Row):
    """A model that is used for the tasks asked for."""

    rank: int
    model: str
    score: float = Field(description="0 to 1. Says how much the model is used, not how good it is.")
    share: float = Field(description="Fraction (0 to 1) of the traffic of these tasks, at least.")
    reasons: str = Field(description="What the score is made of.")


class Result(BaseModel, Generic[R]):
    """Rows, and what belongs to them wherever they are quoted."""

    subject: str = Field(description="What the rows are.")
    rows: list[R]
    more: int = Field(description="How many rows were left out, at least.")
    how_to_get_more: str | None
    as_of: str = Field(description="The date or instant of the figures.")
    age_seconds: float = Field(description="Seconds since the service made them, or since their last day.")
    stale: bool = Field(description="Newer figures should be there.")
    remarks: list[str] = Field(description="What to tell the user with the figures.")
    citation: str = Field(description="Show this line where the figures are quoted.")
    licence: str
    synthetic: bool = Field(description="The figures are invented.")


class QuotaUse(BaseModel):
    """The requests of a minute, or of a day."""

    used: int
    remaining: int
    limit: int
    frees_at: str | None = Field(description="When one more can be sent than now, in UTC.")

    @classmethod
    def of(cls, window: QuotaWindow) -> QuotaUse:
        """What is used of a window."""
        frees_at = None if window.frees_at is None else window.frees_at.isoformat(timespec="seconds")
        return cls(used=window.used, remaining=window.remaining, limit=window.limit, frees_at=frees_at)


class QuotaResult(BaseModel):
    """What is used of the API key's requests, as far as this user's programs count them here."""

    minute: QuotaUse
    day: QuotaUse
    closed_until: str | None = Field(description="Until when the service wants no requests, in UTC.")

    @classmethod
    def of(cls, status: QuotaStatus) -> QuotaResult:
        """The state of a quota."""
        closed_until = None if status.closed_until is None else status.closed_until.isoformat(timespec="seconds")
        return cls(minute=QuotaUse.of(status.minute), day=QuotaUse.of(status.day), closed_until=closed_until)


NARROWER = "Narrow the question down by the other arguments."
"""How to get other rows, where arguments say which rows there are."""

_NO_ROWS = "No row matches these arguments."


@attrs.frozen
class Page:
    """Which of the rows are shown.

    Attributes:
        limit: how many at most.
        offset: how many are skipped.
        most: the greatest limit that the tool takes.
        otherwise: how to get the others otherwise than by a greater limit.
    """

    limit: int
    offset: int = 0
    most: int = 50
    otherwise: str = ""

    @property
    def how_to_get_more(self) -> str | None:
        """What to ask for the rows that were left out; None if they cannot be had."""
        greater = f"Ask again with a greater limit (at most {self.most})." if self.limit < self.most else ""
        return f"{greater} {self.otherwise}".strip() or None


def answer_of(
    kind: type[Result[R]],
    table: Table,
    answer: Answer,
    *,
    as_of: object,
    age: Provenance,
    page: Page,
    remarks: Iterable[str] = (),
) -> CallToolResult:
    """A page of a table as the result of a tool.

    Args:
        kind: the class of the result.
        table: the table.
        answer: what it cites.
        as_of: the date or instant of the figures.
        age: how old they are.
        page: which rows are shown.
        remarks: what readers must know beyond the remarks of the table.
    """
    from openrouter_rankings.analysis.result import POPULARITY

    rows, end = table.records.rows, page.offset + page.limit
    more = max(0, len(rows) - end)
    notes = [*table.remarks, *remarks, *(() if rows else (_NO_ROWS,))]
    result = kind.model_validate(
        {
            "subject": table.subject,
            "rows": rows[page.offset : end],
            "more": more,
            "how_to_get_more": page.how_to_get_more if more else None,
            "as_of": str(as_of),
            "age_seconds": age.age,
            "stale": age.stale,
            "remarks": notes if any(_NOT_QUALITY in note for note in notes) else [*notes, POPULARITY],
            "citation": answer.citation,
            "licence": answer.licence,
            "synthetic": bool(answer.synthetic),
        }
    )
    return structured(result)


def structured(result: BaseModel) -> CallToolResult:
    """The result as structured content, and as text for clients that show nothing else to the model."""
    return CallToolResult(
        content=[TextContent(type="text", text=result.model_dump_json())],
        structured_content=result.model_dump(mode="json"),
    )
