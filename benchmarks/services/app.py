"""The FastAPI example with a route beside it that does nothing, to compare with."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

_EXAMPLE = Path(__file__).parents[2] / "examples" / "services" / "fastapi_service.py"
_spec = importlib.util.spec_from_file_location("fastapi_service", _EXAMPLE)
assert _spec is not None
assert _spec.loader is not None
_example = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_example)

app = _example.app


async def nothing() -> dict[str, int]:
    return {"pid": os.getpid()}


app.get("/nothing")(nothing)
