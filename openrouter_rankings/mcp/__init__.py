"""The rankings for assistants, over the Model Context Protocol; needs the extra ``mcp``.

A thin face: tools are calls of the client, of the archive and of ``openrouter_rankings.analysis``, and their results
are rows of the tables of ``openrouter_rankings.render`` with citation, date and remarks.
"""

from openrouter_rankings.mcp.http import listen, serve_http
from openrouter_rankings.mcp.server import make_server
from openrouter_rankings.mcp.sources import Sources
from openrouter_rankings.mcp.stdio import serve_stdio

__all__ = ["Sources", "listen", "make_server", "serve_http", "serve_stdio"]
