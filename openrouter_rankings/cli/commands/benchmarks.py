"""The command ``benchmarks``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from openrouter_rankings.cli.options import Known, Name, Output, option, shows_answer, top
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from openrouter_rankings.cli.question import Names, Origin
    from openrouter_rankings.models.benchmarks import Benchmarks
    from openrouter_rankings.render.data_sets import Asked, Table

__all__ = ["command"]

# By the cookbook the service gives 50 rows where it is not asked for more; by its OpenAPI description, all.
_DEFAULT_MAX_RESULTS = 50


@make_command(
    "benchmarks",
    examples=(
        ("benchmarks --task-type coding --top 5", "The five best models of each coding benchmark"),
        ("benchmarks --source design-arena --category svg", "Design Arena's ranking for SVG"),
    ),
)
@option("--source", type=Known("benchmarks", "BenchmarkSource"), metavar="SOURCE", help="Only of {known}.")
@option("--task-type", type=Known("benchmarks", "TaskType"), metavar="TYPE", help="Only of {known}.")
@option(
    "--benchmark-type",
    type=Known("benchmarks", "BenchmarkType"),
    metavar="NAME",
    help="Only this benchmark of OpenRouter's: {known}.",
)
@option("--search-engine", type=Name("engines"), metavar="ENGINE", help="Only search benchmarks with this engine.")
@option(
    "--search-surface",
    type=Known("benchmarks", "SearchSurface"),
    metavar="SURFACE",
    help="Only search benchmarks by {known}.",
)
@option("--arena", type=Known("benchmarks", "Arena"), metavar="ARENA", help="Only Design Arena's arena {known}.")
@option(
    "--category",
    type=Name("arena_categories"),
    metavar="CATEGORY",
    help="Only this category of Design Arena's, such as uicomponent.",
)
@option("--run-config", is_flag=True, help="Also how search benchmarks were run; in csv and json.")
@option(
    "--max-results",
    type=click.IntRange(1),
    metavar="N",
    help="How many rows the service is to give at most.  [default: the service's]",
)
@top("Only the N best of each benchmark, such as 5.")
@shows_answer
def command(
    source: str | None,
    task_type: str | None,
    benchmark_type: str | None,
    search_engine: str | None,
    search_surface: str | None,
    arena: str | None,
    category: str | None,
    run_config: bool,
    max_results: int | None,
    top: int | None,
    origin: Origin,
    output: Output,
) -> None:
    """Show how models score in the benchmarks of several sources.

    Models are ranked within each benchmark: scores of different benchmarks do
    not compare. Prices are those at OpenRouter, in US dollars for a million
    tokens in (prompt) and out. An option for the benchmarks of one source
    leaves out the other sources.

    Needs a key and keeps answers as `tasks` does; see its --help.
    """
    from openrouter_rankings.cli.listing import show
    from openrouter_rankings.cli.question import one_answer

    parameters = {
        "task_type": task_type,
        "benchmark_type": benchmark_type,
        "search_engine": search_engine,
        "search_surface": search_surface,
        "arena": arena,
        "category": category,
    }
    parameters = {"source": _source(source, parameters), **parameters}
    question = one_answer(
        "benchmarks",
        lambda client, options, _: client.get_benchmarks(
            **parameters, include_run_config=run_config or None, max_results=max_results, **options
        ),
        _decode,
        _names,
        filters={f"--{name.replace('_', '-')}": value for name, value in parameters.items()},
        others={"--run-config": run_config, "--max-results": max_results},
    )
    cut_at = max_results or _DEFAULT_MAX_RESULTS
    show(question, origin, output, partial(_table, cut_at=None if origin.saved else cut_at), top)


def _source(given: str | None, parameters: Mapping[str, str | None]) -> str | None:
    """The source that the other parameters are about; the service would not apply them to the rows of others."""
    options = {
        "design-arena": ("arena", "category"),
        "openrouter": ("benchmark_type", "search_engine", "search_surface"),
    }
    sources = {source: [name for name in names if parameters[name]] for source, names in options.items()}
    about = {source: names[0] for source, names in sources.items() if names}
    wrong = [name for source, name in about.items() if source != (given or source)]
    if len(about) > 1 or wrong:
        named = [*about.values(), *(["source"] if wrong else [])]
        raise click.UsageError(f"{' and '.join(f'--{name}'.replace('_', '-') for name in named)} exclude each other.")
    return next(iter(about), given)


def _table(answer: Benchmarks, asked: Asked, top: int | None, *, cut_at: int | None) -> Table:
    from openrouter_rankings.render.benchmarks import benchmarks

    return benchmarks(answer, asked, top=top, cut_at=cut_at)


def _names(answer: Benchmarks) -> Names:
    from openrouter_rankings.models.benchmarks import DesignArenaBenchmark, OpenRouterSearchBenchmark

    return {
        "engines": sorted({row.search_engine for row in answer.of_type(OpenRouterSearchBenchmark)}),
        "arena_categories": sorted({row.category for row in answer.of_type(DesignArenaBenchmark)}),
    }


def _decode(body: bytes, document: Mapping[str, Any]) -> Benchmarks:
    from openrouter_rankings.models.benchmarks import decode_benchmarks

    return decode_benchmarks(body)
