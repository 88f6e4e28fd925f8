"""``GET /classifications/task``: each task's share of OpenRouter's traffic, and each model's share of a task.

Shares are fractions (0 to 1) of classified, sampled traffic; absolute volumes are not published. "Usage" counts
requests, "tokens" counts prompt and completion tokens. Popularity is not quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, get_args

import attrs

from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.data_set import Answer
from openrouter_rankings.models.item import Item, shortened
from openrouter_rankings.models.scalar_types import Columns
from openrouter_rankings.models.synthetic import SYNTHETIC, Mark

if TYPE_CHECKING:
    import pandas
    import polars

    from openrouter_rankings.models.converter import Decoder

__all__ = [
    "By",
    "MacroCategory",
    "ModelShare",
    "TaskClassification",
    "TaskClassifications",
    "TaskRecords",
    "TaskTable",
    "Window",
    "decode_task_classifications",
]

T = TypeVar("T")

By = Literal["usage", "tokens"]
"""What to rank by: ``"usage"``, the share of requests, or ``"tokens"``, the share of tokens."""


TaskTable = Literal["tasks", "models", "macro_categories"]
"""The names of the flat tables of an answer."""


_MAX_LISTED = 20


class Window(StrEnum):
    """The trailing windows that the service offers."""

    SEVEN_DAYS = "7d"


@attrs.frozen(repr=False)
class ModelShare(Item):
    """A model's share of one task.

    Attributes:
        id: the model's permanent slug, ``vendor/model``.
        tag_usage_share: its fraction of the task's requests.
        tag_token_share: its fraction of the task's tokens.
    """

    id: str
    tag_usage_share: float
    tag_token_share: float


@attrs.frozen(repr=False)
class TaskClassification(Item):
    """One task and its share of the traffic.

    Attributes:
        tag: the task's identifier, such as ``code:debugging``; the set of tags is open.
        display_name: its display name.
        macro_category: the key of its macro category, which is not always a prefix of the tag.
        usage_share: fraction of all classified requests.
        token_share: fraction of all classified tokens.
        category_usage_share: fraction of the requests of its macro category.
        category_token_share: fraction of the tokens of its macro category.
        models: the task's leading models by requests, about ten; their shares sum to less than 1.
    """

    tag: str
    display_name: str
    macro_category: str
    usage_share: float
    token_share: float
    category_usage_share: float
    category_token_share: float
    models: tuple[ModelShare, ...]

    def top_models(self, n: int | None = None, by: By = "usage") -> tuple[ModelShare, ...]:
        """The top ``n`` models (all if None), largest share first, ties by id.

        The service lists only a task's leading models by requests. A model with few requests and many tokens is not
        among them, not even ``by="tokens"``.

        Raises:
            ConfigurationError: ``by`` is neither "usage" nor "tokens", or ``n`` is negative.
        """
        share = {"usage": "tag_usage_share", "tokens": "tag_token_share"}[_checked(by)]
        return _first(n, sorted(self.models, key=lambda model: (-getattr(model, share), model.id)))


@attrs.frozen(repr=False)
class MacroCategory(Item):
    """A group of tasks and its share of the traffic.

    Attributes:
        key: its identifier: ``code``, ``data``, ``agent`` or ``general`` today; the set is open.
        label: its display name.
        usage_share: fraction of all classified requests.
        token_share: fraction of all classified tokens.
    """

    key: str
    label: str
    usage_share: float
    token_share: float


class TaskRecords(TypedDict):
    """The answer as flat tables: lists of rows, each row with ``as_of`` and ``window_days``."""

    tasks: list[dict[str, Any]]
    models: list[dict[str, Any]]
    macro_categories: list[dict[str, Any]]


@attrs.frozen(repr=False)
class TaskClassifications(Answer):
    """The whole answer.

    Attributes:
        as_of: the last UTC day of the window.
        window_days: the length of the window in days.
        classifications: the tasks, in the service's order.
        macro_categories: the groups of tasks.
        synthetic: whether the figures are invented, as those of the emulation are.
    """

    as_of: date
    window_days: int
    classifications: tuple[TaskClassification, ...]
    macro_categories: tuple[MacroCategory, ...]
    synthetic: Mark = attrs.field(default=False, kw_only=True)

    @property
    def source_line(self) -> str:
        return f"Source: OpenRouter (openrouter.ai/rankings), as of {self.as_of.isoformat()}."

    def by_tag(self, tag: str) -> TaskClassification:
        """The task with this tag.

        Raises:
            UnknownTagError: the answer has no such task (also a ``KeyError``); the error suggests similar tags.
        """
        for task in self.classifications:
            if task.tag == tag:
                return task
        from difflib import get_close_matches

        raise UnknownTagError(tag, get_close_matches(tag, [task.tag for task in self.classifications]))

    def top(self, n: int | None = None, by: By = "usage") -> tuple[TaskClassification, ...]:
        """The top ``n`` tasks (all if None), largest share first, ties by tag.

        Raises:
            ConfigurationError: ``by`` is neither "usage" nor "tokens", or ``n`` is negative.
        """
        share = {"usage": "usage_share", "tokens": "token_share"}[_checked(by)]
        return _first(n, sorted(self.classifications, key=lambda task: (-getattr(task, share), task.tag)))

    def in_macro_category(self, key: str) -> tuple[TaskClassification, ...]:
        """The tasks of the macro category ``key``, in the service's order.

        Raises:
            ConfigurationError: the answer has no such macro category; the error names those that exist.
        """
        known = {task.macro_category for task in self.classifications} | {each.key for each in self.macro_categories}
        if key not in known:
            from difflib import get_close_matches

            near = " or ".join(map(repr, get_close_matches(key, sorted(known))))
            listed = ", ".join(map(shortened, sorted(known)[:_MAX_LISTED]))
            raise ConfigurationError(
                f"The answer has no macro category {key!r}: it has {listed or 'none'}."
                f"{f' Did you mean {near}?' if near else ''}"
            )
        return tuple(task for task in self.classifications if task.macro_category == key)

    def to_dict(self) -> dict[str, Any]:
        from openrouter_rankings.models.plain import to_plain

        data = to_plain(self)
        return {"data": data} | ({SYNTHETIC: True} if data.pop(SYNTHETIC) else {})

    @classmethod
    @cache
    def _decoder(cls) -> Decoder[TaskClassifications]:
        from openrouter_rankings.models.converter import Decoder
        from openrouter_rankings.models.scalars import read_integer

        def answer_in(document: _Document) -> TaskClassifications:
            # msgspec accepts integers of any length, and this is the only one.
            read_integer(document.data.window_days)
            return attrs.evolve(document.data, synthetic=True) if document.synthetic else document.data

        hooks = {tuple[ModelShare, ...]: _quick_model_shares}
        return Decoder(_Document, answer_in, quick_hooks=hooks, straight=True)

    def to_records(self, *, json: bool = False) -> TaskRecords:
        """The answer as three flat tables, for a database or a data frame.

        Args:
            json: use values that JSON can hold: dates as ISO text.
        """
        stamp = {"as_of": self.as_of.isoformat() if json else self.as_of, "window_days": self.window_days}
        return {
            "tasks": [stamp | _flat(task) for task in self.classifications],
            "models": [
                stamp | {"tag": task.tag} | _flat(model) for task in self.classifications for model in task.models
            ],
            "macro_categories": [stamp | _flat(category) for category in self.macro_categories],
        }

    def to_pandas(self, table: TaskTable = "tasks") -> pandas.DataFrame:
        """A table of ``to_records`` as a pandas data frame; days as ``datetime64``.

        The frame's ``attrs`` have the ``citation``, the ``licence`` and ``as_of``. Needs the extra ``pandas``.

        Args:
            table: ``"tasks"``, ``"models"`` (a row for each task and each of its leading models) or
                ``"macro_categories"``.

        Raises:
            ConfigurationError: pandas is not installed, or there is no such table.
        """
        from openrouter_rankings.models.frames import pandas_frame

        about = {"citation": self.citation, "licence": self.licence, "as_of": self.as_of.isoformat()}
        return pandas_frame(*self._table(table), about)

    def to_polars(self, table: TaskTable = "tasks") -> polars.DataFrame:
        """A table of ``to_records`` as a polars data frame; days as ``Date``.

        Needs the extra ``polars``.

        Args:
            table: as for ``to_pandas``.

        Raises:
            ConfigurationError: polars is not installed, or there is no such table.
        """
        from openrouter_rankings.models.frames import polars_frame

        return polars_frame(*self._table(table))

    def _table(self, table: TaskTable) -> tuple[list[dict[str, Any]], Columns]:
        if table not in _COLUMNS:
            raise ConfigurationError(f"table must be one of {', '.join(_COLUMNS)}, not {table!r}.")
        return self.to_records()[table], _COLUMNS[table]

    def _repr_html_(self) -> str:
        from openrouter_rankings.models.html import html_table

        notes = (self.citation, self.licence)
        return html_table(self._subject(), map(_html_record, self.classifications), len(self.classifications), notes)

    def _subject(self) -> str:
        return f"{len(self.classifications):,} tasks, {self.window_days} days to {self.as_of}"

    def _rows(self) -> Sequence[TaskClassification]:
        return self.classifications

    def _label(self, row: TaskClassification) -> str:
        return f"{row.tag} {row.usage_share:.1%}"


def _html_record(task: TaskClassification) -> dict[str, str]:
    return {
        "task": task.display_name,
        "tag": task.tag,
        "macro category": task.macro_category,
        "requests": f"{task.usage_share:.1%}",
        "tokens": f"{task.token_share:.1%}",
        "leading model": task.models[0].id if task.models else "",
    }


_STAMP_COLUMNS: Columns = {"as_of": date, "window_days": int}
_TASK_COLUMNS: Columns = {
    **_STAMP_COLUMNS,
    "tag": str,
    "display_name": str,
    "macro_category": str,
    "usage_share": float,
    "token_share": float,
    "category_usage_share": float,
    "category_token_share": float,
}
_MODEL_COLUMNS: Columns = {
    **_STAMP_COLUMNS,
    "tag": str,
    "id": str,
    "tag_usage_share": float,
    "tag_token_share": float,
}
_MACRO_CATEGORY_COLUMNS: Columns = {
    **_STAMP_COLUMNS,
    "key": str,
    "label": str,
    "usage_share": float,
    "token_share": float,
}


_COLUMNS: Mapping[TaskTable, Columns] = {
    "tasks": _TASK_COLUMNS,
    "models": _MODEL_COLUMNS,
    "macro_categories": _MACRO_CATEGORY_COLUMNS,
}


def _checked(by: By) -> By:
    if by not in get_args(By):
        raise ConfigurationError(f'by must be "usage" (share of requests) or "tokens" (share of tokens), not {by!r}.')
    return by


def _first(n: int | None, ranked: list[T]) -> tuple[T, ...]:
    if n is not None and n < 0:
        raise ConfigurationError(f"n must not be negative, and is {n}.")
    return tuple(ranked[:n])


def _flat(value: TaskClassification | ModelShare | MacroCategory) -> dict[str, Any]:
    return attrs.asdict(value, filter=lambda attribute, _: attribute.name != "models", recurse=False)


@attrs.frozen
class _Document:
    data: TaskClassifications
    synthetic: Mark = False


# Without msgspec. An answer holds hundreds of model shares, and a frozen class's __init__, which looks up each slot by
# name, took most of the time of decoding. With the slots' own setters, decoding takes two thirds as long.
_set_id, _set_usage, _set_tokens = (vars(ModelShare)[field.name].__set__ for field in attrs.fields(ModelShare))


def _quick_model_shares(rows: Any, _: Any) -> tuple[ModelShare, ...]:
    if type(rows) is not list:
        raise TypeError
    shares: list[ModelShare] = []
    total = 0.0
    for row in rows:
        model, usage, tokens = row["id"], row["tag_usage_share"], row["tag_token_share"]
        if type(model) is not str or type(usage) is not float or type(tokens) is not float:
            raise TypeError
        total += usage + tokens
        share = object.__new__(ModelShare)
        _set_id(share, model)
        _set_usage(share, usage)
        _set_tokens(share, tokens)
        shares.append(share)
    if not isfinite(total):
        raise ValueError
    return tuple(shares)


decode_task_classifications: Callable[[bytes | str], TaskClassifications] = TaskClassifications.from_json
"""Read the body of a 200 response."""
