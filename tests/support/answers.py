"""Answers with one place changed, and what decoding makes of them."""

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from hypothesis import strategies as st

from openrouter_rankings import (
    AppRankings,
    Benchmarks,
    InvalidResponseError,
    RankingsDaily,
    SessionCost,
    TaskClassifications,
)
from openrouter_rankings.models import converter
from openrouter_rankings.models.data_set import Answer

Json = dict[str, Any]
Place = tuple[Any, ...]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["2026-01-01", "0.5", "7"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


_SPAN: dict[str, Any] = {"as_of": "2026-03-02T00:00:00Z", "version": "v1"}
_SHARES: dict[str, Any] = {"usage_share": 0.5, "token_share": 0.25}
# A document of each kind, and the class that reads it.
DOCUMENTS: list[tuple[type[Answer], Json]] = [
    (
        TaskClassifications,
        {
            "data": {
                "as_of": "2026-03-01",
                "window_days": 7,
                "classifications": [
                    _SHARES
                    | {"tag": "math", "display_name": "Math", "macro_category": "general", "category_usage_share": 1}
                    | {"category_token_share": 1.0}
                    | {"models": [{"id": "acme/swift-1", "tag_usage_share": 0.5, "tag_token_share": 0.75}]}
                ],
                "macro_categories": [_SHARES | {"key": "general", "label": "General"}],
            }
        },
    ),
    (
        RankingsDaily,
        {
            "data": [{"date": "2026-03-01", "model_permaslug": "acme/swift-1", "total_tokens": "12"}],
            "meta": _SPAN | {"start_date": "2026-03-01", "end_date": "2026-03-01"},
        },
    ),
    (
        AppRankings,
        {
            "data": [{"rank": 1, "app_id": 7, "app_name": "Birch", "total_tokens": "12", "total_requests": 3}],
            "meta": _SPAN | {"start_date": "2026-03-01", "end_date": "2026-03-01"},
        },
    ),
    (
        SessionCost,
        {
            "data": [
                {"app_slug": "birch", "app_name": "Birch", "turn_range": "1-turn", "model_permaslug": "acme/swift-1"}
                | {"median_session_cost_usd": 0.5}
            ],
            "meta": _SPAN | {"window_days": 30, "window_end_date": None},
        },
    ),
    (
        Benchmarks,
        {
            "data": [
                {"source": "artificial-analysis", "model_permaslug": "acme/swift-1", "display_name": "Swift"}
                | {"intelligence_index": 1, "coding_index": 2.5, "agentic_index": None}
                | {"pricing": {"prompt": "0.5", "completion": "1e-7"}},
                {"source": "kite-lab", "score": 5},
            ],
            "meta": _SPAN | {"source": None, "source_url": None, "citation": None, "model_count": 1, "task_type": None},
        },
    ),
]


def encoded(document: Any) -> bytes:
    """The document as the body of an answer."""
    return json.dumps(document).encode()


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """The way to each value of a document, the document itself included."""
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from places(inner, (*path, step))


def changed(document: Any, place: Place, value: Any) -> Any:
    """A copy of the document with another value in one place."""
    if not place:
        return value
    copied = copy.deepcopy(document)
    target = copied
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    return copied


def without(document: Any, place: Place) -> Any:
    """A copy of the document without one field."""
    copied = copy.deepcopy(document)
    target = copied
    for step in place[:-1]:
        target = target[step]
    del target[place[-1]]
    return copied


def outcome(decode: Callable[[bytes], Any], body: bytes) -> Any:
    """What ``decode`` makes of the body: the value, or the problems of an invalid response."""
    try:
        return decode(body)
    except InvalidResponseError as error:
        return error.problems


def check_same_without_msgspec(decode: Callable[[bytes], Any], body: bytes) -> None:
    """The body is data or an invalid response, and the same with msgspec, without it, and the exact way alone."""
    found = outcome(decode, body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(converter, "_msgspec", None)
        _check_same(outcome(decode, body), found)
        patch.setattr(converter, "_quick_document", _no_document)
        _check_same(outcome(decode, body), found)


def _check_same(value: Any, other: Any) -> None:
    assert value == other
    # Equal numbers can be of different types, or zeros of different signs.
    if isinstance(value, Answer):
        assert json.dumps(value.to_dict()) == json.dumps(other.to_dict())


def _no_document(_: bytes) -> Any:
    raise ValueError


def check_value(value: Any) -> None:
    """The attrs value is frozen, slotted, hashable, and the same after a copy and a pickle."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, attrs.fields(type(value))[0].name, "other")
    assert not hasattr(value, "__dict__")
    assert hash(value) == hash(copy.deepcopy(value))
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own pickle
