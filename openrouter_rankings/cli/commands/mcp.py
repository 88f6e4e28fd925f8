"""The command ``mcp``."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs
import click

from openrouter_rankings.cli.archive import archive_if_any, db_option, location
from openrouter_rankings.cli.options import SOURCE, asks_service, check_exclusive, option
from openrouter_rankings.cli.options import command as make_command

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

    from openrouter_rankings.cli.question import Origin
    from openrouter_rankings.client import RankingsClient
    from openrouter_rankings.mcp import Sources

__all__ = ["command"]

_PORT = 8766

# Seconds for an answer. Clients give up on a tool after a minute.
_MAX_WAIT = 45.0


@make_command(
    "mcp",
    examples=(
        ("mcp", "What an assistant starts by itself, with the key in its environment"),
        ("mcp --sample", "The same with invented figures, to try it"),
        ("mcp --http --port 8766", "A server for several assistants of this machine"),
    ),
)
@option("--http", is_flag=True, help="Serve streamable HTTP on this machine, and not stdin and stdout.")
@option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help=f"The port for --http; 0 picks a free one.  [default: {_PORT}]",
)
@db_option()
@option("--sample", is_flag=True, section=SOURCE, help="Invented figures, without the archive; needs no key.")
@asks_service
def command(http: bool, port: int | None, db: str | None, sample: bool, origin: Origin) -> None:
    """Serve the rankings to an assistant over MCP.

    Its tools give the data sets, what `quota` shows and what `pick` does, and
    from the archive what changed and how shares developed. Answers are kept
    and requests counted as by `tasks`; see its --help. One that takes over
    45 seconds is given up on, unless --max-wait says otherwise.

    Over stdin and stdout it ends with the assistant; with --http at Ctrl-C.
    """
    from openrouter_rankings.cli.streams import reporting

    check_exclusive({"--sample": sample, "--base-url": origin.base_url})
    if port is not None and not http:
        raise click.UsageError("--port needs --http.")
    with reporting():
        with _without_garbage_collection():
            _load_sdk()
            from openrouter_rankings.mcp import Sources, make_server

            connect = partial(_connect, origin, sample=sample)
            sources = Sources(connect, partial(archive_if_any, db), partial(location, db), is_sample=sample)
            server = make_server(sources)
        asyncio.run(_until_terminated(_serve(server, sources, (_PORT if port is None else port) if http else None)))


@contextmanager
def _without_garbage_collection() -> Generator[None]:
    """Let what is loaded inside stay for good, and never be searched for garbage.

    The classes and schemas are so many that searching them takes a tenth of the start.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _load_sdk() -> None:
    from openrouter_rankings.errors import ConfigurationError
    from openrouter_rankings.installing import install_command

    try:
        import_module("openrouter_rankings.mcp")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The server needs the package mcp, version 2 or later, which is not installed: {install_command('mcp')}."
        ) from error


async def _connect(origin: Origin, *, sample: bool) -> RankingsClient:
    from openrouter_rankings.cli.answers import sample_client
    from openrouter_rankings.cli.service import KEY_VARIABLE, lasting_client
    from openrouter_rankings.errors import ConfigurationError

    if sample:
        return sample_client()
    if not os.environ.get(KEY_VARIABLE):
        raise ConfigurationError(
            f"This server has no API key. Tell the user to set {KEY_VARIABLE} in its configuration, or to start it "
            "with --sample for invented figures."
        )
    return await lasting_client(origin if origin.max_wait is not None else attrs.evolve(origin, max_wait=_MAX_WAIT))


async def _serve(server: MCPServer, sources: Sources, port: int | None) -> None:
    from openrouter_rankings.cli.streams import say
    from openrouter_rankings.mcp import listen, serve_http, serve_stdio

    async with sources:
        if port is None:
            await serve_stdio(server)
        else:
            listener, url = listen(port)
            say(f"Serving MCP at {url} until Ctrl-C.")
            await serve_http(server, listener)


async def _until_terminated(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` until it ends, or until SIGTERM cancels it."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    terminated = asyncio.Event()

    def terminate() -> None:
        terminated.set()
        task.cancel()

    # Windows has no such signal.
    with suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        await task
    except asyncio.CancelledError:
        if not terminated.is_set():
            raise
