"""The command ``benchmarks``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from openrouter_rankings.cli.listing import show
from openrouter_rankings.cli.options import BaseUrl, NoCache, Output, Sample, SavedAnswer, Timeout, Top, known
from openrouter_rankings.cli.question import Origin, one_answer
from openrouter_rankings.models.benchmarks import (
    Arena,
    BenchmarkSource,
    BenchmarkType,
    SearchSurface,
    TaskType,
    decode_benchmarks,
)
from openrouter_rankings.render import benchmarks as render

__all__ = ["benchmarks"]


def benchmarks(
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help=f"Only of {known(BenchmarkSource)}.")] = None,
    task_type: Annotated[str | None, typer.Option(metavar="TYPE", help=f"Only of {known(TaskType)}.")] = None,
    benchmark_type: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Of OpenRouter's only {known(BenchmarkType)}.")
    ] = None,
    search_engine: Annotated[
        str | None, typer.Option(metavar="ENGINE", help="Of the search benchmarks only those with this engine.")
    ] = None,
    search_surface: Annotated[
        str | None, typer.Option(metavar="SURFACE", help=f"Of the search benchmarks only {known(SearchSurface)}.")
    ] = None,
    arena: Annotated[str | None, typer.Option(metavar="ARENA", help=f"Of Design Arena's only {known(Arena)}.")] = None,
    category: Annotated[
        str | None, typer.Option(metavar="CATEGORY", help="Of Design Arena's only this one, such as uicomponent.")
    ] = None,
    run_config: Annotated[
        bool, typer.Option("--run-config", help="Also how search benchmarks were run; in csv and json.")
    ] = False,
    top: Top = None,
    output: Output = "table",
    sample: Sample = False,
    saved_answer: SavedAnswer = None,
    base_url: BaseUrl = None,
    timeout: Timeout = None,
    no_cache: NoCache = False,
) -> None:
    """Show how models score in the benchmarks of several sources.

    Scores of different benchmarks do not compare. Prices are those at
    OpenRouter, in US dollars for a million tokens in (prompt) and out.

    Needs a key and keeps answers as `tasks` does; see its --help.
    """
    question = one_answer(
        lambda client: client.get_benchmarks(
            source=source,
            task_type=task_type,
            benchmark_type=benchmark_type,
            include_run_config=run_config or None,
            search_engine=search_engine,
            search_surface=search_surface,
            arena=arena,
            category=category,
            max_results=top,
        ),
        decode_benchmarks,
        filters={
            "--source": source,
            "--task-type": task_type,
            "--benchmark-type": benchmark_type,
            "--search-engine": search_engine,
            "--search-surface": search_surface,
            "--arena": arena,
            "--category": category,
        },
        others={"--run-config": run_config or None},
    )
    listing = partial(render.benchmarks, top=top)
    show(question, Origin(saved_answer, sample, base_url, timeout, not no_cache), output, listing)
