"""The command ``tasks``."""

from __future__ import annotations

from typing import Annotated

import typer

from openrouter_rankings.cli.listing import show
from openrouter_rankings.cli.options import (
    BaseUrl,
    NoCache,
    Output,
    Sample,
    SavedAnswer,
    Timeout,
    Top,
    check_exclusive,
)
from openrouter_rankings.cli.question import Origin, one_answer
from openrouter_rankings.cli.streams import fail
from openrouter_rankings.models.task_classifications import (
    By,
    TaskClassifications,
    Window,
    decode_task_classifications,
)
from openrouter_rankings.render.data_sets import Asked
from openrouter_rankings.render.task_classifications import Ranking

__all__ = ["tasks"]


def tasks(
    window: Annotated[
        str | None, typer.Option(metavar="WINDOW", help="The trailing window; the service offers 7d.  [default: 7d]")
    ] = None,
    by: Annotated[By, typer.Option(help="Rank by share of requests (usage) or of tokens.")] = "usage",
    macro: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only this macro category: code, data, agent or general.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="The models of this one task, such as code:debugging.")
    ] = None,
    top: Top = None,
    output: Output = "table",
    sample: Sample = False,
    saved_answer: SavedAnswer = None,
    base_url: BaseUrl = None,
    timeout: Timeout = None,
    no_cache: NoCache = False,
) -> None:
    """Rank the tasks by their share of the traffic, or the models of one task.

    Asks OpenRouter with the key in OPENROUTER_API_KEY, unless --sample or
    --input is given. An answer is kept in your cache folder and used again
    while it is fresh, so that repeated calls cost no request.
    """
    check_exclusive({"--tag": tag, "--macro": macro})
    question = one_answer(
        lambda client: client.get_task_classifications(window or Window.SEVEN_DAYS),
        decode_task_classifications,
        others={"--window": window},
    )

    def ranking(answer: TaskClassifications, asked: Asked) -> Ranking:
        _check_macro_category(answer, macro)
        return Ranking(
            answer, by=by, macro_category=macro, tag=tag, top=top, synthetic=asked.synthetic or answer.synthetic
        )

    show(question, Origin(saved_answer, sample, base_url, timeout, not no_cache), output, ranking)


def _check_macro_category(answer: TaskClassifications, key: str | None) -> None:
    known = {task.macro_category for task in answer.classifications} | {each.key for each in answer.macro_categories}
    if key is not None and key not in known:
        fail(f"The answer has no macro category {key!r}: it has {', '.join(sorted(known)) or 'none'}.")
