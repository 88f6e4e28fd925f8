"""``GET /classifications/task``, with synthetic market shares: real tags, invented vendors and models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from openrouter_rankings.models.task_classifications import Window
from openrouter_rankings.testing.routes.market import MODELS, dice, swing
from openrouter_rankings.testing.routes.query import Query

__all__ = ["TAGS", "answer", "figures"]

_WINDOW_DAYS = 7

#: Every tag and its display name, by the key of its macro category.
TAGS: Mapping[str, Mapping[str, str]] = {
    "code": {
        "code:general_impl": "Code Generation",
        "code:debugging": "Debugging",
        "code:file_read_write": "File I/O",
        "code:review_security": "Code Review",
        "code:shell_execution": "Shell Execution",
        "code:frontend_ui": "Frontend & UI",
        "code:repo_scan": "Repo Scanning",
        "code:devops_config": "DevOps & Config",
        "code:sql_database": "SQL & Database",
    },
    "agent": {
        "agent:workflow_execution": "Workflow Execution",
        "agent:multi_step_planning": "Multi-step Planning",
        "agent:memory_extraction": "Memory Extraction",
        "agent:tool_dispatch": "Tool Dispatch",
        "agent:web_search": "Web Search",
    },
    "data": {
        "data:extraction": "Data Extraction",
        "data:transformation": "Data Transformation",
    },
    "general": {
        "classification_tagging": "Classification",
        "roleplay_fiction": "Roleplay & Fiction",
        "translation": "Translation",
        "content_writing": "Content Writing",
        "qa_knowledge": "Q&A & Knowledge",
        "conversational_reply": "Conversation",
        "summarization": "Summarization",
        "customer_support": "Customer Support",
        "research_report": "Research & Reports",
        "math": "Math",
        "finance_trading": "Finance & Trading",
        "security_audit": "Security Audit",
        "devops": "DevOps",
    },
}

_TOP_MODELS = 10


def answer(query: Query, now: datetime, seed: int) -> dict[str, Any]:
    """The figures of the window that ends yesterday.

    Raises:
        BadQueryError: ``window`` is not ``7d``.
    """
    query.member("window", Window)
    return figures(now.date() - timedelta(days=1), seed)


def figures(as_of: date, seed: int = 0) -> dict[str, Any]:
    """The decoded answer for the window that ends on ``as_of``.

    Equal arguments give equal figures on every machine. A different seed gives a different market; from one day to the
    next each figure moves a little. Shares are fractions at full float precision. They sum to 1 over all
    classifications and within each macro category. A tag lists only its top ten models by requests, whose shares sum to
    less than 1.
    """
    weights = {tag: _weights(as_of, seed, tag) for tags in TAGS.values() for tag in tags}
    shares = _shares(weights)
    classifications = [
        _classification(tag, name, macro, shares[tag], within[tag], _models(as_of, seed, tag))
        for macro, tags in TAGS.items()
        for within in [_shares({tag: weights[tag] for tag in tags})]
        for tag, name in tags.items()
    ]
    macros = [_macro_category(key, [shares[tag] for tag in tags]) for key, tags in TAGS.items()]
    return {
        "data": {
            "as_of": as_of.isoformat(),
            "window_days": _WINDOW_DAYS,
            "classifications": _descending(classifications, "usage_share"),
            "macro_categories": _descending(macros, "usage_share"),
        }
    }


# Two measures of the same traffic: requests (usage), then tokens.
_Pair = tuple[float, float]


def _weights(as_of: date, seed: int, name: str) -> _Pair:
    lasting = dice(seed, name)
    daily = dice(seed, name, as_of)
    usage = (0.05 + lasting.random() ** 3) * swing(daily)
    tokens = usage * (0.3 + lasting.random()) * swing(daily)
    return usage, tokens


def _total(pairs: Iterable[_Pair]) -> _Pair:
    usage, tokens = zip(*pairs, strict=True)
    return math.fsum(usage), math.fsum(tokens)


def _shares(weights: Mapping[str, _Pair]) -> dict[str, _Pair]:
    all_usage, all_tokens = _total(weights.values())
    return {name: (usage / all_usage, tokens / all_tokens) for name, (usage, tokens) in weights.items()}


def _models(as_of: date, seed: int, tag: str) -> list[dict[str, Any]]:
    shares = _shares({model: _weights(as_of, seed, f"{tag} {model}") for model in MODELS})
    models = [
        {"id": model, "tag_usage_share": usage, "tag_token_share": tokens} for model, (usage, tokens) in shares.items()
    ]
    return _descending(models, "tag_usage_share")[:_TOP_MODELS]


def _classification(
    tag: str, display_name: str, macro_category: str, overall: _Pair, within: _Pair, models: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "tag": tag,
        "display_name": display_name,
        "macro_category": macro_category,
        "usage_share": overall[0],
        "token_share": overall[1],
        "category_usage_share": within[0],
        "category_token_share": within[1],
        "models": models,
    }


def _macro_category(key: str, shares: Iterable[_Pair]) -> dict[str, Any]:
    usage, tokens = _total(shares)
    return {"key": key, "label": key.title(), "usage_share": usage, "token_share": tokens}


def _descending(rows: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row[field], reverse=True)
