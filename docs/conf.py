"""How Sphinx builds the documentation: ``tox -e docs``."""

import sys
from pathlib import Path

from openrouter_rankings import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "openrouter_rankings"
author = "The openrouter_rankings developers"
project_copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "command_line",
    "import_rules",
    "llms_txt",
    "public_names",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "extensions"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
# Of annotations, which Sphinx links by itself: some classes have the same name. The links of the pages are Markdown's.
suppress_warnings = ["ref.python"]
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
# A narrow column breaks it at the hyphen.
html_title = f"openrouter-rankings {release}"
