"""The package is in pieces that are read at once: short functions, and classes of one subject."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import openrouter_rankings

PACKAGE = Path(openrouter_rankings.__file__).parent

# Here a parameter carries its help text, and a signature alone can fill a page.
FACES = frozenset({"cli", "mcp"})

# One method for each operation, with the parameters of each explained.
CLIENT = "RankingsClient"


def definitions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node


def lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_has_more_than_forty_lines_without_its_docstring_outside_the_faces() -> None:
    seen, long = 0, []
    for path in PACKAGE.rglob("*.py"):
        for node in definitions(path) if FACES.isdisjoint(path.relative_to(PACKAGE).parts) else ():
            if not isinstance(node, ast.ClassDef):
                explained = lines_of(node.body[0]) if ast.get_docstring(node) else 0
                seen += 1
                if lines_of(node) - explained > 40:
                    long.append(f"{path.name}: {node.name}")
    assert long == []
    assert seen > 500


def test_no_class_has_more_than_250_lines_but_for_the_client() -> None:
    classes = [each for path in PACKAGE.rglob("*.py") for each in definitions(path) if isinstance(each, ast.ClassDef)]
    assert [each.name for each in classes if lines_of(each) > 250] == [CLIENT]
