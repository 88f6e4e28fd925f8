"""What the charts of tasks have in common: which tasks are drawn, in which colours, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.task_classifications import By, TaskClassification, TaskClassifications
from openrouter_rankings.render.charts.words import day

__all__ = [
    "LEAST_SHARE",
    "Group",
    "category_labels",
    "category_numbers",
    "checked_share",
    "drawn_tasks",
    "groups",
    "share_of",
    "units",
    "window",
]

_MOST_TASKS = 500

LEAST_SHARE = 1e-6
"""Of smaller shares there is nothing to see, and their squares would vanish in rounding."""

# The shares of an answer are rounded.
_MOST_SHARE = 1.01

# A category keeps its colour from one picture to the next.
_KNOWN_NUMBERS: Mapping[str, int] = {"general": 0, "code": 1, "data": 2, "agent": 3}


@attrs.frozen
class Group:
    """A macro category.

    Attributes:
        label: its name for people.
        number: the number of its colour.
        share: the sum of the shares of its tasks.
        tasks: its tasks, the largest share first.
    """

    label: str
    number: int
    share: float
    tasks: tuple[TaskClassification, ...]


def units(by: By) -> str:
    """What the shares are of: ``requests`` or ``tokens``."""
    return "tokens" if by == "tokens" else "requests"


def share_of(task: TaskClassification, by: By) -> float:
    """The task's part of all requests or tokens."""
    return task.token_share if by == "tokens" else task.usage_share


def checked_share(name: str, share: float) -> float:
    """The share, if it can be one.

    Raises:
        ConfigurationError: it is not a fraction from 0 to 1.
    """
    if not 0 <= share <= _MOST_SHARE:
        raise ConfigurationError(f"A share is a fraction from 0 to 1, and that of {name!r} is {share!r}.")
    return share


def drawn_tasks(answer: TaskClassifications, by: By) -> tuple[TaskClassification, ...]:
    """The tasks that are large enough to be seen, the largest share first.

    Raises:
        ConfigurationError: there is none, there are too many, a share is not a fraction, or ``by`` is unknown.
    """
    if len(answer.classifications) > _MOST_TASKS:
        raise ConfigurationError(f"A chart shows {_MOST_TASKS} tasks at most, not {len(answer.classifications)}.")
    ranked = answer.top(by=by)
    tasks = tuple(task for task in ranked if checked_share(task.tag, share_of(task, by)) >= LEAST_SHARE)
    if not tasks:
        raise ConfigurationError("There is nothing to draw: the answer has no task with a share above zero.")
    return tasks


def category_labels(answer: TaskClassifications) -> Mapping[str, str]:
    """By the key of each macro category, its name for people."""
    return {category.key: category.label for category in answer.macro_categories}


def category_numbers(tasks: Iterable[TaskClassification]) -> Mapping[str, int]:
    """By the key of each macro category, the number of its colour; unknown ones take the next that is free."""
    keys = dict.fromkeys(task.macro_category for task in tasks)
    free = count(len(_KNOWN_NUMBERS))
    return {key: _KNOWN_NUMBERS[key] if key in _KNOWN_NUMBERS else next(free) for key in keys}


def groups(answer: TaskClassifications, by: By) -> tuple[Group, ...]:
    """The macro categories with the tasks that are drawn, the largest share first."""
    tasks = drawn_tasks(answer, by)
    labels = category_labels(answer)
    found = []
    for key, number in category_numbers(tasks).items():
        members = tuple(task for task in tasks if task.macro_category == key)
        share = sum(share_of(task, by) for task in members)
        found.append(Group(labels.get(key, key), number, share, members))
    return tuple(sorted(found, key=lambda group: -group.share))


def window(answer: TaskClassifications) -> str:
    """The window of the answer, such as ``7 days to 16 Sep 2026``."""
    return f"{answer.window_days} days to {day(answer.as_of)}"
