"""The MCP server: its tools, and its instructions to the assistant."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp.types import ToolAnnotations

from openrouter_rankings import __version__
from openrouter_rankings.mcp.analysis_tools import AnalysisTools
from openrouter_rankings.mcp.data_tools import DataTools
from openrouter_rankings.mcp.sources import Sources

__all__ = ["make_server"]

_INSTRUCTIONS = """\
What people use language models for, and which models, apps and sessions: OpenRouter's public rankings. Use tasks to \
find the tag of a kind of task, and task_models for the models people use for it. Show the citation and the date with \
the figures. They show what is used, not what is good: popularity is not quality; benchmarks are about quality."""


def make_server(sources: Sources) -> MCPServer:
    """A server whose tools take their figures from ``sources``, which stay the caller's to close."""
    data, analysis = DataTools(sources), AnalysisTools(sources)
    asking = (data.tasks, data.task_models, data.daily_rankings, data.apps, data.session_costs, data.benchmarks)
    tools = [_made(tool, open_world=True) for tool in (*asking, analysis.pick)]
    tools += [_made(tool, open_world=False) for tool in (data.quota, analysis.changes, analysis.trend)]
    return MCPServer(
        "openrouter-rankings",
        title="OpenRouter rankings",
        instructions=_INSTRUCTIONS,
        version=__version__,
        log_level="WARNING",
        tools=tools,
    )


def _made(tool: Callable[..., Awaitable[Any]], *, open_world: bool) -> Tool:
    annotations = ToolAnnotations(read_only_hint=True, open_world_hint=open_world)
    made = Tool.from_function(tool, description=inspect.getdoc(tool), annotations=annotations)
    # A misspelt argument that is ignored gives the answer to another question.
    model = made.fn_metadata.arg_model
    model.model_config["extra"] = "forbid"
    model.model_rebuild(force=True)
    made.parameters = model.model_json_schema(by_alias=True)
    return made
