"""The service's published contract, ``tests/openapi.yaml``: checks of requests, answers and parameters against it."""

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
from openrouter_rankings.models.synthetic import SYNTHETIC

__all__ = [
    "BASE_URL",
    "CONTRACT",
    "PATHS",
    "check_answer",
    "check_error",
    "check_request",
    "query_of",
    "unmarked",
    "values",
    "wrong_values",
]

CONTRACT: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent.parent / "openapi.yaml").read_text("utf-8"))

BASE_URL: str = CONTRACT["servers"][0]["url"]

_ANY_REQUEST = Request("GET", f"{BASE_URL}/benchmarks")


def _closed(node: Any) -> Any:
    """The same description, where no object may have fields that it does not name."""
    if isinstance(node, dict):
        closing = {"additionalProperties": False} if "properties" in node else {}
        return {name: _closed(inner) for name, inner in node.items()} | closing
    return [_closed(inner) for inner in node] if isinstance(node, list) else node


_CLOSED = OpenAPI.from_dict(_closed(CONTRACT))


def _resolved(node: Any) -> Any:
    """``node`` itself, or the target of its reference."""
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
            yield parameter["name"], _not_null(_resolved(parameter["schema"]))


def _not_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema without its null alternative, which a query expresses by leaving the parameter out."""
    alternatives: list[Mapping[str, Any]] = schema.get("anyOf", [schema])
    return next(alternative for alternative in alternatives if alternative["type"] != "null")


PATHS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    path: dict(_parameters(path, "query")) for path in CONTRACT["paths"]
}
"""For each path, the schema of each query parameter by name."""


def _asked(request: Request) -> MockRequest:
    """The request in the form that openapi-core reads."""
    url = urlsplit(request.url)
    fields = dict(request.headers)
    return MockRequest(f"{url.scheme}://{url.netloc}", request.method, url.path, args=query_of(request), headers=fields)


def query_of(request: Request) -> dict[str, str]:
    """The query parameters; a repeated one fails."""
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    assert len({name for name, _ in pairs}) == len(pairs), f"a parameter is repeated: {request.url}"
    return dict(pairs)


def check_request(request: Request) -> None:
    """Fail unless ``request`` conforms: path, method, key, and parameters, all of which must be declared."""
    _CLOSED.validate_request(_asked(request))
    path = urlsplit(request.url).path.removeprefix(urlsplit(BASE_URL).path)
    assert query_of(request).keys() <= PATHS[path].keys(), f"a parameter is not declared: {request.url}"


def check_answer(request: Request, response: Response) -> None:
    """Fail unless ``response`` conforms to the contract for its status, without undeclared fields."""
    fields = dict(response.headers)
    answer = MockResponse(response.body, response.status, fields, fields.get("Content-Type", ""))
    try:
        _CLOSED.validate_response(_asked(request), answer)
    except OpenAPIError as error:
        raise AssertionError(
            f"{request.method} {request.url} is answered {response.status}: {_reason(error)}"
        ) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, InvalidSchemaValue):
        return "; ".join(
            f"{getattr(fault, 'json_path', '')}: {getattr(fault, 'message', fault)}" for fault in error.schema_errors
        )
    return _reason(error.__cause__) if error.__cause__ else str(error)


def check_error(response: Response) -> None:
    """Fail unless ``response`` has the service's error body, with the status of the response in it."""
    check_answer(_ANY_REQUEST, attrs.evolve(response, status=400))
    assert json.loads(response.body)["error"]["code"] == response.status


def unmarked(response: Response) -> Response:
    """An answer of the emulation without its synthetic mark, which it must have and the service never sends."""
    document = json.loads(response.body)
    assert document.pop(SYNTHETIC) is True
    return attrs.evolve(response, body=json.dumps(document).encode())


def values(schema: Mapping[str, Any], *, days: tuple[date, date], texts: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Valid values of a parameter, as they stand in the query.

    Args:
        schema: the parameter's schema.
        days: the first and last day to choose from.
        texts: the texts to choose from where any text is valid.
    """
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "integer":
        return st.integers(schema["minimum"], schema.get("maximum", 2**53 - 1)).map(str)
    if schema["type"] == "boolean":
        return st.sampled_from(["true", "false"])
    return st.dates(*days).map(date.isoformat) if schema.get("format") == "date" else st.sampled_from(texts)


def wrong_values(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Invalid values of a parameter; none where any text is valid."""
    if "enum" in schema:
        return ("", "unheard-of", schema["enum"][0].swapcase(), f"{schema['enum'][0]} ")
    if schema["type"] == "integer":
        beyond = (str(schema["maximum"] + 1),) if "maximum" in schema else ()
        return ("many", "1.5", str(schema["minimum"] - 1), *beyond)
    if schema["type"] == "boolean":
        return ("maybe",)
    return ("", "2026-02-30", "2026-2-3", "2026-13-01", "yesterday") if schema.get("format") == "date" else ()
