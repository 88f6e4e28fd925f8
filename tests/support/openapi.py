"""What the service's published contract, ``tests/openapi.yaml``, admits: requests, answers, and parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import yaml
from hypothesis import strategies as st
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

from openrouter_rankings.messages import Request, Response

__all__ = [
    "BASE_URL",
    "CONTRACT",
    "PATHS",
    "check_answer",
    "check_error",
    "check_request",
    "query_of",
    "values",
    "wrong_values",
]

CONTRACT: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent.parent / "openapi.yaml").read_text("utf-8"))

BASE_URL: str = CONTRACT["servers"][0]["url"]

_ANY_REQUEST = Request("GET", f"{BASE_URL}/benchmarks")


def _closed(node: Any) -> Any:
    """The same description, in which no object has other fields than those it names."""
    if isinstance(node, dict):
        closing = {"additionalProperties": False} if "properties" in node else {}
        return {name: _closed(inner) for name, inner in node.items()} | closing
    return [_closed(inner) for inner in node] if isinstance(node, list) else node


_CLOSED = OpenAPI.from_dict(_closed(CONTRACT))


def _resolved(node: Any) -> Any:
    """``node`` itself, or what its reference stands for."""
    if "$ref" not in node:
        return node
    found: Any = CONTRACT
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(found)


def _parameters(path: str, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    item = CONTRACT["paths"][path]
    for parameter in map(_resolved, (*item["parameters"], *item["get"]["parameters"])):
        if parameter["in"] == place:
            yield parameter["name"], _resolved(parameter["schema"])


PATHS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    path: dict(_parameters(path, "query")) for path in CONTRACT["paths"]
}
"""The schema of each parameter of the query, by name, under the path of its operation."""


def _asked(request: Request) -> MockRequest:
    """The request as openapi-core reads it."""
    url = urlsplit(request.url)
    fields = dict(request.headers)
    return MockRequest(f"{url.scheme}://{url.netloc}", request.method, url.path, args=query_of(request), headers=fields)


def query_of(request: Request) -> dict[str, str]:
    """The parameters of the query; one that stands there twice is a mistake."""
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    assert len({name for name, _ in pairs}) == len(pairs), f"a parameter is repeated: {request.url}"
    return dict(pairs)


def check_request(request: Request) -> None:
    """Raise unless the contract admits ``request``: its path, method, key, and each parameter, all of them declared."""
    _CLOSED.validate_request(_asked(request))
    path = urlsplit(request.url).path.removeprefix(urlsplit(BASE_URL).path)
    assert query_of(request).keys() <= PATHS[path].keys(), f"a parameter is not declared: {request.url}"


def check_answer(request: Request, response: Response) -> None:
    """Raise unless ``response`` is what the contract promises for its status, and no field more."""
    fields = dict(response.headers)
    answer = MockResponse(response.body, response.status, fields, fields.get("Content-Type", ""))
    try:
        _CLOSED.validate_response(_asked(request), answer)
    except OpenAPIError as error:
        raise AssertionError(f"{request.method} {request.url} is answered {response.status}: {_told(error)}") from error


def _told(error: BaseException) -> str:
    if isinstance(error, InvalidSchemaValue):
        return "; ".join(
            f"{getattr(fault, 'json_path', '')}: {getattr(fault, 'message', fault)}" for fault in error.schema_errors
        )
    return _told(error.__cause__) if error.__cause__ else str(error)


def check_error(response: Response) -> None:
    """Raise unless ``response`` has the service's error body, whatever the status, which the body must repeat."""
    check_answer(_ANY_REQUEST, attrs.evolve(response, status=400))
    assert json.loads(response.body)["error"]["code"] == response.status


def values(schema: Mapping[str, Any], *, days: tuple[date, date], texts: tuple[str, ...]) -> st.SearchStrategy[str]:
    """What a parameter of ``schema`` can be, as the query has it.

    Args:
        schema: the parameter's schema.
        days: the first and the last day to choose from.
        texts: what to choose from where any text is admitted.
    """
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "integer":
        return st.integers(schema["minimum"], schema.get("maximum", 2**53 - 1)).map(str)
    if schema["type"] == "boolean":
        return st.sampled_from(["true", "false"])
    return st.dates(*days).map(date.isoformat) if schema.get("format") == "date" else st.sampled_from(texts)


def wrong_values(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """What a parameter of ``schema`` cannot be; nothing where any text is admitted."""
    if "enum" in schema:
        return ("", "unheard-of", schema["enum"][0].swapcase(), f"{schema['enum'][0]} ")
    if schema["type"] == "integer":
        beyond = (str(schema["maximum"] + 1),) if "maximum" in schema else ()
        return ("many", "1.5", str(schema["minimum"] - 1), *beyond)
    if schema["type"] == "boolean":
        return ("maybe",)
    return ("", "2026-02-30", "2026-2-3", "2026-13-01", "yesterday") if schema.get("format") == "date" else ()
