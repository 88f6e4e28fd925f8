"""``{public-names} MODULE``: the reference of its public names, or of those given, from their docstrings."""

from __future__ import annotations

import inspect
import re
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import stringify_annotation

import openrouter_rankings


class PublicNames(SphinxDirective):
    """Documents names under the module that users import them from."""

    required_arguments: ClassVar[int] = 1
    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """The entries, in the order given or else in that of ``__all__``."""
        module = import_module(self.arguments[0])
        lines: list[str] = []
        for name in list(self.content) or list(module.__all__):
            lines += _entry(module, name)
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", *lines, "```"]))


def _entry(module: ModuleType, name: str) -> list[str]:
    """The directive for one name."""
    value = getattr(module, name)
    full_name = f"{module.__name__}.{name}"
    if inspect.isclass(value):
        kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
        return [f".. {kind}:: {full_name}", *_options(value), ""]
    if inspect.isfunction(value):
        return [f".. autofunction:: {full_name}", ""]
    # autodoc looks for the docstring of data only in the module that it is imported from.
    text = [f"   {line}" for line in _docstring_of_data(name, value)]
    options = [f"   :module: {module.__name__}", f"   :value: {_shown(value)}"]
    return [f".. py:data:: {name}", *options, "", *text, ""]


def _options(value: type[Any]) -> list[str]:
    if issubclass(value, Enum):
        # Its members are the values that can be given, and have no docstrings.
        return ["   :undoc-members:"]
    return [] if value.__bases__ == (object,) else ["   :show-inheritance:"]


def _shown(value: Any) -> str:
    if isinstance(value, str | int):
        return repr(value)
    return re.sub(r"[\w.]+\.(?=\w)", "", stringify_annotation(value))


def _docstring_of_data(name: str, value: object) -> list[str]:
    """The lines of the string below the assignment, in the module that makes it."""
    package = Path(openrouter_rankings.__file__).parent
    for path in sorted(package.rglob("*.py")):
        if re.search(rf"^{name}\b.* = ", path.read_text(encoding="utf-8"), re.MULTILINE):
            module = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
            if getattr(import_module(module), name) is value:
                return ModuleAnalyzer.for_module(module).find_attr_docs()["", name]
    raise LookupError(f"{name} has no docstring.")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True}
