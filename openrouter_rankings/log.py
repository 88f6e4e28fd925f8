"""The library's logger. Without a handler of the application's, its records go nowhere."""

from __future__ import annotations

import logging

__all__ = ["logger"]

logger: logging.Logger = logging.getLogger("openrouter_rankings")
logger.addHandler(logging.NullHandler())
