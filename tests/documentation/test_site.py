"""The documentation: every public name is in it, every link leads somewhere, every command line in it is accepted."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

# Only the environment docs has it.
pytest.importorskip("sphinx")

from markdown_it import MarkdownIt
from sphinx.util.inventory import InventoryFile

from openrouter_rankings import errors
from openrouter_rankings.cli.program import COMMANDS, load

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Where people look at it afterwards.
SITE = ROOT / "build" / "docs"

PUBLIC_MODULES = [
    "openrouter_rankings",
    "openrouter_rankings.analysis",
    "openrouter_rankings.blocking",
    "openrouter_rankings.endpoints",
    "openrouter_rankings.events",
    "openrouter_rankings.history",
    "openrouter_rankings.mcp",
    "openrouter_rankings.otel",
    "openrouter_rankings.render.charts",
    "openrouter_rankings.render.chat",
    "openrouter_rankings.testing",
]

COMMAND_LINE = re.compile(r"^(?:\$ |\S*/)?openrouter-rankings (?P<arguments>.*)$", re.MULTILINE)
# What ends the arguments of a command.
SHELL = {"|", "||", "&&", "&", ";", ">", ">>", "<", "2>"}


@pytest.fixture(scope="module")
def site() -> Path:
    """The folder of the pages. A warning of the build, such as for a link that leads nowhere, fails it."""
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--fresh-env"]
    command = [sys.executable, "-m", "sphinx", *options, str(DOCS), str(SITE)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return SITE


class Page(HTMLParser):
    """A page's links, and the places in it that links can lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """The page and the arguments of each command line in a block of code."""
    for path in pages():
        for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
            if token.type in ("fence", "code_block"):
                for found in COMMAND_LINE.finditer(token.content):
                    words = shlex.split(found["arguments"], comments=True)
                    yield path.name, list(takewhile(lambda word: word not in SHELL, words))


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    documented = {name for domain in inventory.data if domain.startswith("py:") for name in inventory.data[domain]}
    public = {f"{module}.{name}" for module in PUBLIC_MODULES for name in import_module(module).__all__}
    assert public - documented == set()
    assert "openrouter_rankings.Period.WEEK" in documented


def test_every_public_name_and_method_has_a_docstring() -> None:
    without = [
        f"{module}.{name}.{member}"
        for module in PUBLIC_MODULES
        for name in import_module(module).__all__
        for member, value in described(getattr(import_module(module), name))
        if not inspect.getdoc(value)
    ]
    assert without == []


def described(value: object) -> Iterator[tuple[str, object]]:
    """A class with its own public methods, or a function; data has no docstring at run time."""
    if inspect.isclass(value) or inspect.isfunction(value):
        yield "", value
    if inspect.isclass(value):
        for name, member in vars(value).items():
            if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                yield name, getattr(value, name)


def test_every_error_says_what_to_do_about_it() -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| \[`(\w+)`\]", text, re.MULTILINE)
    assert sorted([*told, "RankingsError"]) == sorted(errors.__all__)


def test_every_command_has_its_help_in_the_reference(site: Path) -> None:
    page = Page((site / "reference" / "command-line.html").read_text(encoding="utf-8"))
    assert {f"openrouter-rankings-{name}" for name in COMMANDS} <= page.anchors


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    found = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert len(found) > 20
    broken: list[str] = []
    for path, page in found.items():
        for link in page.links:
            file, anchor = urldefrag(unquote(link))
            file = file.partition("?")[0]
            if ":" in file:
                continue
            target = (path.parent / file).resolve() if file else path
            known = found.get(target)
            if not target.is_file() or (anchor and known is not None and anchor not in known.anchors):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


@pytest.mark.parametrize(("page", "arguments"), list(command_lines()))
def test_a_command_line_in_the_documentation_is_accepted(page: str, arguments: list[str]) -> None:
    name, *options = arguments
    if name in COMMANDS:
        with load(name).make_context(name, options, resilient_parsing=False) as context:
            assert context.command.name == name
    else:
        assert name.startswith("-"), page


def test_language_models_find_every_page_and_every_docstring(site: Path) -> None:
    listed = (site / "llms.txt").read_text(encoding="utf-8")
    sources = re.findall(r"\]\((_sources/.*)\):", listed)
    assert {site / source for source in sources} == set((site / "_sources").rglob("*.md.txt"))
    whole = (site / "llms-full.txt").read_text(encoding="utf-8")
    assert "### openrouter_rankings.RankingsClient\n\nAsks OpenRouter's Data API." in whole
