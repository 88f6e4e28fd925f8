"""The question for task classifications, the names in an answer, and how a saved one is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Names, Question
    from openrouter_rankings.models.task_classifications import TaskClassifications

__all__ = ["decode", "names", "tasks_question"]


def tasks_question(window: str | None = None) -> Question[TaskClassifications]:
    """A question for the task classifications of a window; of the usual one if None."""
    from openrouter_rankings.cli.question import one_answer

    return one_answer(
        "tasks",
        lambda client, options, _: client.get_task_classifications(window or "7d", **options),
        decode,
        names,
        others={"--window": window},
    )


def names(answer: TaskClassifications) -> Names:
    """The names in an answer, for completion."""
    return {
        "tags": [task.tag for task in answer.classifications],
        "macros": [category.key for category in answer.macro_categories],
        "models": sorted({model.id for task in answer.classifications for model in task.models}),
    }


def decode(body: bytes, document: Mapping[str, Any]) -> TaskClassifications:
    """Read an answer from its body."""
    from openrouter_rankings.models.task_classifications import decode_task_classifications

    return decode_task_classifications(body)
