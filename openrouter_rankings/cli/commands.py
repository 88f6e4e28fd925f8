"""The commands: each reads its options, asks, and prints."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from openrouter_rankings import __version__, testing
from openrouter_rankings.cli.answers import from_sample, saved
from openrouter_rankings.cli.quota import quota_json, quota_table
from openrouter_rankings.cli.service import Question, from_service, quota_status
from openrouter_rankings.cli.streams import fail, put, reporting, say
from openrouter_rankings.cli.table import table
from openrouter_rankings.models.task_classifications import By, TaskClassifications, Window
from openrouter_rankings.render.task_classifications import (
    SYNTHETIC_NOTICE,
    Ranking,
    csv_text,
    json_text,
    markdown,
    sheet,
    source_lines,
)

__all__ = ["app"]

Format = Literal["table", "json", "csv", "markdown"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        put(f"openrouter-rankings {__version__}\n")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """OpenRouter's rankings: which tasks its traffic serves, and which models serve each task.

    Shares are parts of sampled traffic. Popularity is not quality.
    """


@app.command()
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
    top: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the first N, such as 5.")] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print them.")] = "table",
    sample: Annotated[bool, typer.Option("--sample", help="Show invented figures; needs no key.")] = False,
    saved_answer: Annotated[
        str | None, typer.Option("--input", metavar="FILE", help="Read a saved answer of the API; - reads stdin.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Another service, such as http://127.0.0.1:8765/api/v1.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="For one exchange, such as 10.  [default: 30]")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Ask the service in any case, and keep no answer.")
    ] = False,
) -> None:
    """Rank the tasks by their share of the traffic, or the models of one task.

    Asks OpenRouter with the key in OPENROUTER_API_KEY, unless --sample or
    --input is given. An answer is kept in your cache folder and used again
    while it is fresh, so that repeated calls cost no request.
    """
    _check_exclusive({"--tag": tag, "--macro": macro})
    _check_exclusive({"--input": saved_answer, "--sample": sample or None, "--base-url": base_url})
    for name, value in {"--window": window, "--timeout": timeout, "--no-cache": no_cache or None}.items():
        _check_exclusive({"--input": saved_answer, name: value})
    question = Question(window or Window.SEVEN_DAYS, base_url, timeout, cached=not no_cache)
    with reporting(), _answer(saved_answer, sample, question) as (answer, synthetic):
        _check_macro_category(answer, macro)
        ranking = Ranking(answer, by=by, macro_category=macro, tag=tag, top=top, synthetic=synthetic)
        _print(ranking, output)


@contextmanager
def _answer(saved_answer: str | None, sample: bool, question: Question) -> Generator[tuple[TaskClassifications, bool]]:
    if saved_answer is not None:
        yield saved(saved_answer)
    elif sample:
        yield from_sample(question.window), True
    else:
        with from_service(question) as answer:
            yield answer, False


def _table(ranking: Ranking) -> str:
    return table(sheet(ranking), shutil.get_terminal_size().columns)


_FORMATS: Mapping[Format, Callable[[Ranking], str]] = {
    "table": _table,
    "json": json_text,
    "csv": csv_text,
    "markdown": markdown,
}


def _print(ranking: Ranking, output: Format) -> None:
    if ranking.synthetic:
        say(SYNTHETIC_NOTICE)
    put(_FORMATS[output](ranking))
    if output == "csv":
        for line in source_lines(ranking):
            say(line)


def _check_exclusive(options: Mapping[str, object]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if len(given) > 1:
        raise typer.BadParameter(f"Give one of {' and '.join(given)}, not both.")


def _check_macro_category(answer: TaskClassifications, key: str | None) -> None:
    known = {task.macro_category for task in answer.classifications} | {each.key for each in answer.macro_categories}
    if key is not None and key not in known:
        fail(f"The answer has no macro category {key!r}: it has {', '.join(sorted(known)) or 'none'}.")


@app.command()
def quota(
    output: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print it.")] = "table",
) -> None:
    """Show what is used of the key's requests a minute and a day.

    Sends no request. It counts what this command line sent with the key in
    OPENROUTER_API_KEY; other programs' requests are not known here.
    """
    with reporting():
        status, counted_in = quota_status()
        if output == "json":
            put(quota_json(status, counted_in))
        else:
            put(quota_table(status, counted_in, shutil.get_terminal_size().columns))


@app.command()
def emulate(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Listen on this address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0 takes a free one.")] = 8765,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed gives another market.")] = 0,
) -> None:
    """Serve an emulation of the Data API on this machine, until Ctrl-C.

    Its vendors, models and figures are invented.
    """
    with reporting():
        asyncio.run(_emulate(host, port, seed))


async def _emulate(host: str, port: int, seed: int) -> None:
    async with testing.serve(testing.EmulatedAPI(seed=seed), host=host, port=port) as base_url:
        say(f"Serving invented figures at {base_url} until Ctrl-C. To ask:")
        say(f"OPENROUTER_API_KEY=anything openrouter-rankings tasks --base-url {base_url}")
        await asyncio.Event().wait()
