"""The command ``chart``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from openrouter_rankings.cli.archive import db_option
from openrouter_rankings.cli.charts import KINDS, Wanted
from openrouter_rankings.cli.options import (
    OUTPUT,
    SOURCE,
    Known,
    Name,
    Output,
    TextType,
    draws_answer,
    option,
    suggestion,
    top,
)
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.render.charts.ink import Format
    from openrouter_rankings.render.charts.themes import ThemeName

__all__ = ["command"]


def _all_kinds() -> str:
    *others, last = KINDS
    return f"There are {', '.join(others)} and {last}."


class _KindName(TextType):
    """The name of a kind of chart."""

    name = "kind"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in KINDS:
            return value
        raise click.BadParameter(f'"{value}" is no chart.{suggestion(value, KINDS)} {_all_kinds()}', ctx, param)

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        return _all_kinds()

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in KINDS if name.startswith(incomplete)]


@make_command(
    "chart",
    examples=(
        ("chart task-treemap -o tasks.png", "The tasks as areas, with the leading model of each"),
        ("chart weekly-models --start 26w --theme dark -o w.svg", "Half a year of tokens, for a dark page"),
    ),
)
@click.argument("kind", type=_KindName())
@option("--tag", type=Name("tags"), metavar="TAG", help="For task-models and task-trend: the task, such as math.")
@option("--model", type=Name("models"), metavar="SLUG", help="For task-trend and model-trend: the model.")
@option("--author", metavar="NAME", help="For task-trend and model-trend: the author, with all its models.")
@option(
    "--by",
    type=click.Choice(["usage", "tokens"]),
    help="For charts of tasks: shares of requests (usage) or of tokens.  [default: usage]",
)
@top("How many bars, layers or lines; 6, 8 or 12 at most.")
@option(
    "--start",
    metavar="DATE",
    help="For charts over time: the first UTC day, as for `models`.  [default: 12 weeks ago]",
)
@option("--end", metavar="DATE", help="For charts over time: the last UTC day.  [default: the last complete one]")
@option(
    "--period",
    type=Known("rankings_daily", "Period"),
    metavar="PERIOD",
    help="For author-shares and model-trend: the grain, {known}.  [default: day]",
)
@option("--merge-variants", is_flag=True, help="For weekly-models: count variants, such as :free, as one model.")
@option(
    "--earlier",
    metavar="FILE",
    section=SOURCE,
    help="For task-changes: a saved earlier answer.  [default: about four weeks earlier, of the archive]",
)
@db_option(SOURCE)
@option(
    "--theme",
    type=click.Choice(["light", "dark"]),
    default="light",
    section=OUTPUT,
    help="For a light or a dark page.  [default: light]",
)
@option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["png", "svg"]),
    section=OUTPUT,
    help="[default: by the suffix of --output, else png]",
)
@draws_answer
def command(
    kind: str, db: str | None, theme: ThemeName, form: Format | None, origin: Origin, output: Output, **options: Any
) -> None:
    """Draw a chart as a picture of 1200 x 675 pixels, in PNG or SVG.

    \b
    task-treemap   the tasks as areas, and the leading model of each
    task-changes   the leading tasks as bars, and how they changed
    task-models    the leading models of a task as bars
    task-trend     a task, or a model in it, over time
    weekly-models  each week's tokens of the leading models and the rest
    author-shares  the authors' shares of the tokens over time
    model-trend    a model's or an author's share of the tokens over time

    task-trend is drawn from the archive that `collect` fills. Anything else
    asks the service as `tasks` does, see its --help; --db draws it from the
    archive instead. Needs the extra `charts`.
    """  # noqa: D301 - the mark by which click keeps lines is a backspace
    from openrouter_rankings.cli.files import check_target, save
    from openrouter_rankings.cli.streams import put, reporting
    from openrouter_rankings.render.charts.ink import load_matplotlib

    loudness, form = output.loudness(), form or _form(output.file)
    check_target(output.file)
    wanted = Wanted(db=db, archived=_is_asked_for("db"), **options)
    KINDS[kind].check(kind, wanted, origin)
    with reporting(loudness, libraries=["matplotlib"]):
        # Without it nothing can be drawn: no request is to be spent before.
        load_matplotlib()
        with KINDS[kind].drawing(wanted, origin) as draw:
            picture = draw(theme=theme, format=form)
            if output.file is None:
                put(picture)
            else:
                save(output.file, picture)


def _form(file: str | None) -> Format:
    from openrouter_rankings.cli.terminal import stdout_is_terminal

    if file is None:
        if stdout_is_terminal():
            raise click.UsageError("A terminal shows no pictures: give -o FILE, such as -o chart.png.")
        return "png"
    suffix = Path(file).suffix.lower()
    if suffix not in {".png", ".svg"}:
        raise click.BadParameter("Give a name that ends in .png or .svg, or --format.", param_hint="--output")
    return "svg" if suffix == ".svg" else "png"


def _is_asked_for(name: str) -> bool:
    """Whether an option is given on the command line, and not by the environment."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE
