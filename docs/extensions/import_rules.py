"""``{import-rules}``: who may import whom, from the contracts in ``pyproject.toml`` that the linter enforces."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


class ImportRules(SphinxDirective):
    """Writes each contract as a paragraph or a list."""

    def run(self) -> list[nodes.Node]:
        """The contracts, in the order of the file."""
        self.env.note_dependency(str(_PYPROJECT))
        contracts = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
        return self.parse_text_to_nodes("\n\n".join(map(_contract, contracts)))


def _contract(contract: dict[str, Any]) -> str:
    lines = _RULES[contract["type"]](contract)
    return "\n".join([f"**{contract['name']}.**", "", *lines])


def _layers(contract: dict[str, Any]) -> list[str]:
    """A numbered list, the highest layer first."""
    return [f"1. {', '.join(_short(each.strip()) for each in layer.split('|'))}" for layer in contract["layers"]]


def _acyclic(_contract: dict[str, Any]) -> list[str]:
    """Nothing: the name says it all."""
    return []


def _forbidden(contract: dict[str, Any]) -> list[str]:
    importers = ", ".join(map(_short, contract["source_modules"]))
    imported = ", ".join(map(_short, contract["forbidden_modules"]))
    exceptions = "; ".join(map(_import, contract.get("ignore_imports", [])))
    return [f"{importers} may not import {imported}." + (f" Allowed are: {exceptions}." if exceptions else "")]


_RULES = {"layers": _layers, "forbidden": _forbidden, "acyclic_siblings": _acyclic}


def _import(rule: str) -> str:
    importer, imported = rule.split(" -> ")
    return f"{_short(importer)} imports {_short(imported)}"


def _short(module: str) -> str:
    return f"`{module.strip().removeprefix('openrouter_rankings.')}`"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("import-rules", ImportRules)
    return {"parallel_read_safe": True}
