"""Writes ``llms.txt``, a list of the pages for language models, and ``llms-full.txt``, the pages themselves.

A page comes as its Markdown, and the reference of the public names as their docstrings.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

_NAMES = re.compile(r"```\{public-names\} (\S+)\n(.*?)```", re.DOTALL)


def write(app: Sphinx, error: Exception | None) -> None:
    """Write both files beside the pages."""
    if error or app.builder.name != "html":
        return
    pages = _in_reading_order(app.env)
    heading = f"# {app.config.project}\n\n> {_summary(app.env, app.config.root_doc)}\n"
    listed = [
        f"- [{app.env.titles[page].astext()}](_sources/{page}.md.txt): {_summary(app.env, page)}" for page in pages
    ]
    folder = Path(app.outdir)
    (folder / "llms.txt").write_text("\n".join([heading, "## Pages\n", *listed, ""]), encoding="utf-8")
    texts = (app.env.doc2path(page).read_text(encoding="utf-8") for page in pages)
    full = "\n\n".join(_NAMES.sub(_docstrings, text) for text in texts)
    (folder / "llms-full.txt").write_text(f"{heading}\n{full}", encoding="utf-8")


def _in_reading_order(env: BuildEnvironment) -> list[str]:
    """The pages as the tables of contents list them."""
    pages: list[str] = []
    waiting = [env.config.root_doc]
    while waiting:
        page = waiting.pop()
        pages.append(page)
        waiting += reversed(env.toctree_includes.get(page, []))
    return pages


def _summary(env: BuildEnvironment, page: str) -> str:
    """The first sentence of a page."""
    paragraph = next(iter(env.get_doctree(page).findall(nodes.paragraph)), None)
    text = "" if paragraph is None else paragraph.astext().replace("\n", " ")
    return text.partition(". ")[0].rstrip(".:") + "."


def _docstrings(directive: re.Match[str]) -> str:
    module = import_module(directive[1])
    entries = [(name, getattr(module, name)) for name in directive[2].split() or module.__all__]
    return "\n\n".join(
        f"### {module.__name__}.{name}\n\n{inspect.getdoc(value)}"
        for name, value in entries
        if inspect.isclass(value) or inspect.isfunction(value)
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the files when the pages are built."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
