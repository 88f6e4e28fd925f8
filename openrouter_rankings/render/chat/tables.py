"""Each data set as the one table that every chat platform shows, narrow enough for a phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.app_rankings import AppRankings
from openrouter_rankings.models.benchmarks import Benchmarks
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.session_cost import SessionCost
from openrouter_rankings.models.task_classifications import By, TaskClassifications
from openrouter_rankings.render.benchmarks import leading_index, scored
from openrouter_rankings.render.figures import compact, rounded
from openrouter_rankings.render.rankings_daily import remarks
from openrouter_rankings.render.session_cost import NO_SNAPSHOT
from openrouter_rankings.render.task_classifications import TOKENS_NOTICE

__all__ = ["Answer", "Row", "Table", "table"]

Answer = TaskClassifications | RankingsDaily | AppRankings | SessionCost | Benchmarks
"""What a message can show: the answer of any operation."""

_POPULARITY = "Popularity is not quality."
_TOKENIZERS = "Each provider counts tokens with its own tokenizer."
_MEDIANS = "Medians of sampled sessions; they cannot be averaged."
_SCORES = "Scores compare only within one benchmark."


@attrs.frozen
class Row:
    """One row.

    Attributes:
        figures: short cells, aligned on the right.
        names: longer texts, one below the other at the end of the row.
    """

    figures: tuple[str, ...]
    names: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Table:
    """What a message shows of an answer.

    ``subject``, the cells and ``quoted`` hold texts of the service: any text at all. All other text is this library's
    own, with dates and numbers in it.

    Attributes:
        heading: what is ranked, and by what.
        period: the days that the figures are of, or the date of the answer.
        subject: the one task that is shown; None if it is not about one.
        headings: the headings of the columns; the last one is for the names.
        rows: the first rows.
        total: how many rows there are to show.
        remarks: what readers must know, a sentence each.
        citation: the citation where this library words it; empty otherwise.
        quoted: the citations where the service words them, or the names in them.
    """

    heading: str
    period: str
    subject: str | None = None
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    total: int
    remarks: tuple[str, ...]
    citation: str = ""
    quoted: tuple[str, ...] = ()


def table(answer: Answer, most: int, *, by: By | None, tag: str | None) -> Table:
    """The first ``most`` rows of the answer.

    Args:
        answer: the answer of any operation.
        most: how many rows at most.
        by: what tasks, or the models of one, are ranked by; None for "usage", and for every other answer.
        tag: the one task whose models are shown; None for the tasks, and for every other answer.

    Raises:
        ConfigurationError: ``by`` is neither "usage" nor "tokens", ``by`` or ``tag`` is given for another data set, or
            ``answer`` is of another type.
        UnknownTagError: the answer has no task of that tag.
    """
    if isinstance(answer, TaskClassifications):
        return _tasks(answer, most, by or "usage") if tag is None else _models(answer, most, by or "usage", tag)
    if by is not None or tag is not None:
        raise ConfigurationError("by and tag are for an answer of get_task_classifications only; leave them out.")
    match answer:
        case RankingsDaily():
            return _leaderboard(answer, most)
        case AppRankings():
            return _apps(answer, most)
        case SessionCost():
            return _sessions(answer, most)
        case Benchmarks():
            return _benchmarks(answer, most)
        case _:
            raise ConfigurationError(f"A message shows what a get_ method returned, not a {type(answer).__name__}.")


def _tasks(answer: TaskClassifications, most: int, by: By) -> Table:
    tasks = answer.top(most, by)
    shares = (task.usage_share if by == "usage" else task.token_share for task in tasks)
    return Table(
        heading=f"Tasks by {_share_of(by)}",
        period=_window(answer),
        headings=("#", "Share", "Task"),
        rows=_ranked((f"{share:.1%}", task.display_name) for share, task in zip(shares, tasks, strict=True)),
        total=len(answer.classifications),
        remarks=(_POPULARITY,),
        citation=answer.source_line,
    )


def _models(answer: TaskClassifications, most: int, by: By, tag: str) -> Table:
    task = answer.by_tag(tag)
    models = task.top_models(most, by)
    shares = (model.tag_usage_share if by == "usage" else model.tag_token_share for model in models)
    return Table(
        heading=f"Models of one task by {_share_of(by)}",
        period=_window(answer),
        subject=f"{task.display_name} ({task.tag})",
        headings=("#", "Share", "Model"),
        rows=_ranked((f"{share:.1%}", model.id) for share, model in zip(shares, models, strict=True)),
        total=len(task.models),
        remarks=(TOKENS_NOTICE, _POPULARITY) if by == "tokens" else (_POPULARITY,),
        citation=answer.source_line,
    )


def _leaderboard(answer: RankingsDaily, most: int) -> Table:
    models = answer.leaderboard()
    return Table(
        heading="Models by estimated tokens" if answer.is_estimate else "Models by tokens",
        period=f"{answer.meta.start_date} to {answer.meta.end_date}",
        headings=("#", "Tokens", "Model"),
        rows=_ranked((compact(model.total_tokens), model.model_permaslug) for model in models[:most]),
        total=len(models),
        remarks=(*remarks(answer), _TOKENIZERS, _POPULARITY),
        citation=answer.source_line,
    )


def _apps(answer: AppRankings, most: int) -> Table:
    return Table(
        heading="Apps",
        period=f"{answer.meta.start_date} to {answer.meta.end_date}",
        headings=("#", "Tokens", "Reqs", "App"),
        rows=tuple(
            Row((str(app.rank), compact(app.total_tokens), compact(app.total_requests)), (app.app_name,))
            for app in answer.data[:most]
        ),
        total=len(answer.data),
        remarks=(_TOKENIZERS,),
        citation=answer.source_line,
    )


def _sessions(answer: SessionCost, most: int) -> Table:
    meta = answer.meta
    published = meta.window_days is not None and meta.window_end_date is not None
    return Table(
        heading="Median costs of a session",
        period=f"{meta.window_days} days to {meta.window_end_date}" if published else _as_of(answer),
        headings=("USD", "Turns", "App / model"),
        rows=tuple(
            Row(
                (_dollars(row.median_session_cost_usd), row.turn_range.removesuffix("s").removesuffix("-turn")),
                (row.app_name, row.model_permaslug),
            )
            for row in answer.data[:most]
        ),
        total=len(answer.data),
        remarks=(_MEDIANS,) if published else (NO_SNAPSHOT, _MEDIANS),
        citation=answer.source_line,
    )


def _benchmarks(answer: Benchmarks, most: int) -> Table:
    shown = attrs.evolve(answer, data=answer.data[:most])
    index = leading_index(answer)
    return Table(
        heading="Benchmarks",
        period=_as_of(answer),
        headings=("Score", "Model / benchmark"),
        rows=tuple(_benchmark_row(scored(row, index)) for row in shown.data),
        total=len(answer.data),
        remarks=(_SCORES,),
        quoted=tuple(shown.source_line.split("\n")),
    )


def _benchmark_row(record: Mapping[str, Any]) -> Row:
    score = record["score"]
    benchmark = " ".join(part for part in (record["benchmark"], record["metric"]) if part) or record["source"]
    return Row(("-" if score is None else rounded(score),), (record["model_permaslug"] or "-", benchmark))


def _ranked(rows: Iterable[tuple[str, str]]) -> tuple[Row, ...]:
    return tuple(Row((str(rank), figure), (name,)) for rank, (figure, name) in enumerate(rows, 1))


def _dollars(amount: float) -> str:
    return "<0.0001" if 0 < amount < 0.0001 else f"{amount:,.4f}"


def _share_of(by: By) -> str:
    return "share of requests" if by == "usage" else "share of tokens"


def _window(answer: TaskClassifications) -> str:
    return f"{answer.window_days} days to {answer.as_of}"


def _as_of(answer: SessionCost | Benchmarks) -> str:
    return f"as of {answer.meta.as_of.utc.date()}"
