"""The command ``pick``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import click

from openrouter_rankings.cli.options import Duration, Known, Name, Output, option, shows_answer, top
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Origin, Progress
    from openrouter_rankings.client import CallOptions, RankingsClient
    from openrouter_rankings.models.benchmarks import Benchmarks
    from openrouter_rankings.models.task_classifications import By, TaskClassifications
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["command"]

_USUAL = 10
_POPULARITY = "popularity"


def _weights(ctx: click.Context, param: click.Parameter, given: Sequence[str]) -> dict[str, float]:
    """``NAME`` or ``NAME=WEIGHT``, with a weight of 1 where none is given."""
    weights: dict[str, float] = {}
    for text in given:
        name, mark, number = text.rpartition("=")
        name = name if mark else text
        if name in weights:
            raise click.BadParameter(f"{name} is given twice.", ctx, param)
        try:
            weights[name] = float(number) if mark else 1.0
        except ValueError:
            raise click.BadParameter(f'The weight in "{text}" is not a number: write {name}=0.5.', ctx, param) from None
    return weights


@make_command(
    "pick",
    examples=(
        ("pick 'code:*' agent:tool_dispatch=0.5", "Models used for code, and half as much for dispatching tools"),
        (
            "pick math --weigh price=0.5 --deny '*:free' -n 3 -f json",
            "Three models for mathematics whose price counts too, for a program",
        ),
    ),
)
@click.argument("weights", metavar="TAG[=WEIGHT]...", nargs=-1, required=True, type=Name("tags"), callback=_weights)
@option(
    "--by",
    type=click.Choice(["usage", "tokens"]),
    default="usage",
    help="Go by share of requests (usage) or of tokens.  [default: usage]",
)
@option("--allow", multiple=True, type=Name("models"), metavar="MODEL", help="Only these; a slug or a pattern.")
@option("--deny", multiple=True, type=Name("models"), metavar="MODEL", help="Not these, even if allowed.")
@option(
    "--min-share",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Only models with at least this share of the traffic, such as 0.01.",
)
@option(
    "--weigh",
    multiple=True,
    metavar="NAME[=WEIGHT]",
    callback=_weights,
    help="Also weigh this: price, coding_index, intelligence_index, agentic_index, or another score of `benchmarks`. "
    "popularity has the weight 1 unless given.",
)
@option("--benchmarks", metavar="FILE", help="A saved answer of `benchmarks` for --weigh, instead of the service's.")
@option(
    "--max-snapshot-age",
    type=Duration(),
    metavar="TIME",
    help="Exit with 3 if the last day of the figures ended longer ago, such as 3d.",
)
@option(
    "--window", type=Known("task_classifications", "Window"), metavar="WINDOW", help="The trailing window: {known}."
)
@top(f"Only the first N.  [default: {_USUAL}]")
@shows_answer
def command(
    weights: dict[str, float],
    weigh: dict[str, float],
    benchmarks: str | None,
    max_snapshot_age: float | None,
    window: str | None,
    top: int | None,
    origin: Origin,
    output: Output,
    **choice: Any,
) -> None:
    """Rank the models used for kinds of task, with reasons.

    A TAG is the tag of a task, such as code:debugging; *, ? and [ab] match
    several, so quote them: 'code:*'. WEIGHT says how much it counts. The score
    goes from 0 to 1 and says how much a model is used for these tasks, next to
    the others. It does not say how good it is: popularity is not quality.

    Needs a key and keeps answers as `tasks` does; see its --help. --weigh
    takes a second request.
    """
    from openrouter_rankings.cli.answers import now
    from openrouter_rankings.cli.listing import show
    from openrouter_rankings.cli.question import Question
    from openrouter_rankings.cli.questions.tasks import decode, names

    criteria = _criteria(weigh)
    needed = criteria.keys() != {_POPULARITY}
    saved = _saved_benchmarks(benchmarks, origin, needed=needed)

    async def ask(client: RankingsClient, options: CallOptions, _: Progress) -> list[Any]:
        tasks = await client.get_task_classifications(window or "7d", **options)
        return [tasks, await client.get_benchmarks(**options)] if needed and saved is None else [tasks]

    question = Question(
        command="pick",
        ask=ask,
        join=lambda answers: _Basis(*answers),
        decode=lambda body, document: _Basis(decode(body, document)),
        names=lambda basis: names(basis.tasks),
        others={"--window": window},
        takes=("tasks",),
        whole=True,
    )
    table = partial(
        _table,
        weights=weights,
        saved=saved,
        max_age=None if max_snapshot_age is None else timedelta(seconds=max_snapshot_age),
        now=now(origin),
        criteria=criteria,
        **choice,
    )
    show(question, origin, output, table, top or _USUAL)


@attrs.frozen
class _Basis:
    """What is picked from.

    Attributes:
        tasks: the classifications.
        benchmarks: what else is weighed.
    """

    tasks: TaskClassifications
    benchmarks: Benchmarks | None = None


def _criteria(weigh: Mapping[str, float]) -> dict[str, float]:
    """The weight of each criterion; a popularity of 0 is left out."""
    criteria = {_POPULARITY: 1.0, **weigh}
    return {name: weight for name, weight in criteria.items() if weight or name != _POPULARITY}


def _saved_benchmarks(name: str | None, origin: Origin, *, needed: bool) -> Benchmarks | None:
    from openrouter_rankings.cli.saved import read_saved
    from openrouter_rankings.models.benchmarks import decode_benchmarks

    if name is None:
        if needed and origin.saved is not None:
            raise click.UsageError("--weigh needs the benchmarks too: give --benchmarks FILE with --input.")
        return None
    if not needed:
        raise click.UsageError("--benchmarks has no effect without --weigh.")
    return read_saved(name, "benchmarks", lambda body, _: decode_benchmarks(body), whole=True)[0]


def _table(
    basis: _Basis,
    asked: Asked,
    top: int | None,
    *,
    weights: Mapping[str, float],
    saved: Benchmarks | None,
    max_age: timedelta | None,
    now: datetime,
    criteria: Mapping[str, float],
    by: By,
    allow: Sequence[str],
    deny: Sequence[str],
    min_share: float,
) -> Table:
    from openrouter_rankings.analysis.picks import pick
    from openrouter_rankings.render.picks import picks

    result = pick(
        basis.tasks,
        weights,
        by=by,
        allow=allow or None,
        deny=deny,
        min_share=min_share,
        max_age=max_age,
        now=now,
        benchmarks=saved or basis.benchmarks,
        criteria=criteria,
        n=top,
    )
    return picks(result, asked)
