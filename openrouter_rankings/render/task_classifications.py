"""Task classifications as text: what to show is chosen once, by a ``Ranking``, and shown alike in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import attrs

from openrouter_rankings.models.task_classifications import (
    By,
    ModelShare,
    TaskClassification,
    TaskClassifications,
)

__all__ = [
    "SYNTHETIC_NOTICE",
    "Column",
    "Ranking",
    "Sheet",
    "csv_text",
    "json_text",
    "markdown",
    "printable",
    "sheet",
    "source_lines",
]

SYNTHETIC_NOTICE = "Synthetic sample: invented vendors, models and figures, not OpenRouter's."
_TOKENS_NOTICE = "The service lists only the leading models by requests of each task."


def _selected(ranking: Ranking) -> TaskClassifications:
    tasks = _ranked_tasks(ranking) if ranking.tag is None else (_ranked_task(ranking, ranking.tag),)
    return attrs.evolve(ranking.answer, classifications=tasks)


def _ranked_tasks(ranking: Ranking) -> tuple[TaskClassification, ...]:
    macro, answer = ranking.macro_category, ranking.answer
    wanted = answer.classifications if macro is None else answer.in_macro_category(macro)
    tasks = attrs.evolve(answer, classifications=wanted).top(ranking.top, ranking.by)
    return tuple(attrs.evolve(task, models=task.top_models(by=ranking.by)) for task in tasks)


def _ranked_task(ranking: Ranking, tag: str) -> TaskClassification:
    task = ranking.answer.by_tag(tag)
    return attrs.evolve(task, models=task.top_models(ranking.top, ranking.by))


@attrs.frozen
class Ranking:
    """What to show of an answer, and in which order.

    Attributes:
        answer: the whole answer.
        by: what tasks and models are ranked by.
        macro_category: only the tasks of the macro category with this key; None for all.
        tag: show the models of this one task instead of the tasks; None shows the tasks.
        top: only the first so many tasks, or models where ``tag`` is given; None for all.
        synthetic: the figures are invented, and every text must say so.
        selected: the answer with nothing but what is to be shown, ranked; its macro categories stay whole.

    Raises:
        UnknownTagError: the answer has no task of that tag.
        ConfigurationError: ``by`` is neither "usage" nor "tokens", or ``top`` is negative.
    """

    answer: TaskClassifications
    by: By = attrs.field(default="usage", kw_only=True)
    macro_category: str | None = attrs.field(default=None, kw_only=True)
    tag: str | None = attrs.field(default=None, kw_only=True)
    top: int | None = attrs.field(default=None, kw_only=True)
    synthetic: bool = attrs.field(default=False, kw_only=True)
    selected: TaskClassifications = attrs.field(init=False, default=attrs.Factory(_selected, takes_self=True))


@attrs.frozen
class Column:
    """A column of a ``Sheet``.

    Attributes:
        heading: its heading.
        right: its cells are numbers, and stand on the right.
        spare: its place in the order in which columns are given up where there is no room; None is never given up.
    """

    heading: str
    right: bool = False
    spare: int | None = None


@attrs.frozen
class Sheet:
    """A ranking as a table for people: shares in percent, and no control characters in any text.

    Attributes:
        title: one line.
        columns: the columns; the last one holds model ids, which are long.
        rows: the cells, row by row.
        notes: the lines below the table; they carry the citation.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


_REQUESTS = Column("Requests", right=True)
_TOKENS = Column("Tokens", right=True)
_RANK = Column("#", right=True)
_TASK_COLUMNS = (
    _RANK,
    Column("Task", spare=2),
    Column("Tag"),
    Column("Macro", spare=1),
    _REQUESTS,
    _TOKENS,
    Column("Top model"),
)
_MODEL_COLUMNS = (_RANK, _REQUESTS, _TOKENS, Column("Model"))


def sheet(ranking: Ranking) -> Sheet:
    """The ranking as a table for people."""
    tasks = ranking.selected.classifications
    notes = source_lines(ranking) if ranking.by == "usage" else (_TOKENS_NOTICE, *source_lines(ranking))
    if ranking.tag is None:
        rows = tuple(_task_cells(rank, task) for rank, task in enumerate(tasks, 1))
        return Sheet(_title(ranking, "tasks"), _TASK_COLUMNS, rows, notes)
    rows = tuple(_model_cells(rank, model) for rank, model in enumerate(tasks[0].models, 1))
    subject = printable(f"models of {tasks[0].display_name} ({tasks[0].tag})")
    return Sheet(_title(ranking, subject), _MODEL_COLUMNS, rows, notes)


def markdown(ranking: Ranking) -> str:
    """The ranking as a Markdown document: title, table, citation."""
    page = sheet(ranking)
    rule = tuple("---:" if column.right else "---" for column in page.columns)
    head = tuple(column.heading for column in page.columns)
    rows = [tuple(map(_escape, row)) for row in page.rows]
    table = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    return "\n".join([f"## {_escape(page.title)}", "", *table, "", "  \n".join(page.notes), ""])


def csv_text(ranking: Ranking) -> str:
    """The ranking as CSV: a row for each task, or for each model of the one task, with its exact shares and its date.

    It has no place for the citation: show ``source_lines`` beside it.
    """
    records = ranking.selected.to_records()
    columns, rows = (
        (_columns(TaskClassification), records["tasks"])
        if ranking.tag is None
        else (("tag", *_columns(ModelShare)), records["models"])
    )
    text = io.StringIO()
    writer = csv.DictWriter(text, ("as_of", "window_days", *columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def json_text(ranking: Ranking) -> str:
    """The ranking as JSON in the API's shape, so that it reads back; the citation and licence stand beside ``data``.

    Invented figures have ``"synthetic": true``, and no licence.
    """
    document: dict[str, Any] = {"data": ranking.selected.to_dict()}
    if ranking.synthetic:
        document |= {"citation": " ".join(source_lines(ranking)), "licence": None, "synthetic": True}
    else:
        document |= {"citation": ranking.answer.citation, "licence": ranking.answer.licence}
    return json.dumps(document, indent=2) + "\n"


def source_lines(ranking: Ranking) -> tuple[str, ...]:
    """The citation and the licence; for invented figures, what they are and how a live answer would be cited."""
    answer = ranking.answer
    if ranking.synthetic:
        return SYNTHETIC_NOTICE, f'A live answer: "{answer.citation}"'
    return answer.citation, answer.licence


def printable(text: str) -> str:
    """``text`` on one line, with nothing in it that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))


def _title(ranking: Ranking, subject: str) -> str:
    answer = ranking.answer
    share = {"usage": "requests", "tokens": "tokens"}[ranking.by]
    title = f"{subject} by share of {share}, {answer.window_days} days to {answer.as_of.isoformat()}"
    return f"Synthetic sample: {title}" if ranking.synthetic else title[0].upper() + title[1:]


def _task_cells(rank: int, task: TaskClassification) -> tuple[str, ...]:
    texts = (printable(text) for text in (task.display_name, task.tag, task.macro_category))
    top_model = printable(task.models[0].id) if task.models else "-"
    return (str(rank), *texts, _percent(task.usage_share), _percent(task.token_share), top_model)


def _model_cells(rank: int, model: ModelShare) -> tuple[str, ...]:
    return str(rank), _percent(model.tag_usage_share), _percent(model.tag_token_share), printable(model.id)


def _percent(share: float) -> str:
    return f"{share:.1%}"


# An underscore within a word is no mark in Markdown, and tags are full of them.
_MARKS = re.compile(r"[\\`*\[\]<>|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def _escape(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", text)


def _columns(kind: type[TaskClassification | ModelShare]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind) if field.name != "models")
