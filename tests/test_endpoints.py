"""Requests and results: pure functions of parameters and responses."""

import json
import pickle
from datetime import UTC, date, datetime
from typing import Any

import pytest
from leaks import shows

from openrouter_rankings import (
    APIError,
    BadRequestError,
    ConfigurationError,
    InternalServerError,
    InvalidResponseError,
    Response,
    TaskClassifications,
    TooManyRequestsError,
    UnauthorizedError,
    Window,
    endpoints,
)
from openrouter_rankings.endpoints import request_of, task_classifications, value_of
from openrouter_rankings.messages import Headers
from openrouter_rankings.testing import sample

KEY = "sk-or-v1-0123456789abcdef"
NOW = datetime(2026, 9, 17, tzinfo=UTC).timestamp()
JSON = {"Content-Type": "application/json"}
ENDPOINT = task_classifications(Window.SEVEN_DAYS)
BODY = json.dumps(sample.task_classifications(date(2026, 9, 16), 0)).encode()


def result(response: Response) -> TaskClassifications:
    return value_of(ENDPOINT, KEY, response)


def error_of(response: Response) -> APIError:
    error = endpoints.error_of(response, KEY, NOW)
    assert shows(error, KEY) == []
    assert KEY.encode() not in pickle.dumps(error)
    return error


def refusal(status: int, error: Any, **headers: str) -> Response:
    return Response(status, JSON | headers, json.dumps({"error": error, "user_id": None}).encode())


@pytest.mark.parametrize("window", [Window.SEVEN_DAYS, "7d", "1d", "30d", "12h"])
def test_a_plausible_window_is_sent(window: str) -> None:
    request = request_of(task_classifications(window), "https://api.test/v1", Headers({"A": "b"}), 5.0)
    assert request.url == f"https://api.test/v1/classifications/task?window={window}"
    assert (request.method, request.headers["a"], request.timeout) == ("GET", "b", 5.0)


@pytest.mark.parametrize(
    "window", ["", "7", "d", "7D", "7d\n", "-7d", "7days", " 7d", "\N{ARABIC-INDIC DIGIT SEVEN}d", 7, None]
)
def test_an_implausible_window_is_a_configuration_error(window: Any) -> None:
    with pytest.raises(ConfigurationError, match="window"):
        task_classifications(window)


def test_an_answer_of_200_gives_its_value() -> None:
    assert result(Response(200, JSON, BODY)).as_of == date(2026, 9, 16)


@pytest.mark.parametrize(
    "given_type", ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"]
)
def test_json_is_recognised_by_its_media_type(given_type: str) -> None:
    assert result(Response(200, {"content-type": given_type}, BODY)).window_days == 7


@pytest.mark.parametrize(("headers", "got"), [({"Content-Type": "text/html"}, "text/html"), ({}, "none")])
def test_another_content_type_is_an_invalid_response(headers: dict[str, str], got: str) -> None:
    with pytest.raises(InvalidResponseError, match=f"expected the content type application/json, got {got}") as caught:
        result(Response(200, headers, BODY))
    assert (caught.value.path, caught.value.body) == ("", BODY)


def test_an_empty_204_is_an_invalid_response() -> None:
    with pytest.raises(InvalidResponseError):
        result(Response(204))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, APIError),
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, APIError),
        (404, APIError),
        (429, TooManyRequestsError),
        (500, InternalServerError),
        (503, APIError),
        (599, APIError),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[APIError]) -> None:
    error = error_of(refusal(status, {"code": status, "message": "Not today", "metadata": {"why": 1}}, Server="edge"))
    assert type(error) is kind
    assert (error.status, error.code, error.message, error.metadata) == (status, status, "Not today", {"why": 1})
    assert error.headers["server"] == "edge"
    assert b"Not today" in error.body
    assert f"{status} " in str(error)
    assert "Not today. " in str(error)


@pytest.mark.parametrize(
    ("status", "advice"),
    [(302, "base_url"), (400, "parameter"), (401, "OPENROUTER_API_KEY"), (403, "key"), (404, "base_url")],
)
def test_an_error_says_what_to_do(status: int, advice: str) -> None:
    assert advice in str(error_of(Response(status)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b"[]",
        b'{"error": "text"}',
        b'{"error": {"code": true, "message": 5}}',
        b"\xff",
    ],
)
def test_an_error_with_any_body_is_still_its_error(body: bytes) -> None:
    error = error_of(Response(502, {"Content-Type": "text/html"}, body))
    assert (error.status, error.code, error.message, error.metadata, error.body) == (502, None, "", None, body)


def test_a_429_says_when_to_come_back() -> None:
    error = error_of(refusal(429, {"code": 429, "message": "Slow down"}, **{"Retry-After": "30"}))
    assert isinstance(error, TooManyRequestsError)
    assert error.retry_after == 30.0
    assert error.retry_at == datetime(2026, 9, 17, 0, 0, 30, tzinfo=UTC)
    assert "in 30 s, at 2026-09-17 00:00:30 UTC" in str(error)


def test_a_429_that_says_nothing_leaves_it_open() -> None:
    error = error_of(Response(429))
    assert isinstance(error, TooManyRequestsError)
    assert (error.retry_after, error.retry_at) == (None, None)


def test_a_key_that_the_service_repeats_is_redacted_everywhere() -> None:
    echo = {"code": 401, "message": f"no key {KEY}", "metadata": {KEY: [KEY, {"deep": f"<{KEY}>"}], "n": 1}}
    error = error_of(refusal(401, echo, **{"X-Echo": f"Bearer {KEY}"}))
    assert error.message == "no key ***"
    assert error.metadata == {"***": ["***", {"deep": "<***>"}], "n": 1}
    assert error.headers["X-Echo"] == "Bearer ***"


def test_a_key_that_the_service_repeats_in_escapes_is_redacted_too() -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    error = error_of(Response(400, JSON, f'{{"error": {{"code": 400, "message": "{escaped}"}}}}'.encode()))
    assert error.message == "***"


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace(b'"window_days"', f'"echo": "{KEY}", "days"'.encode()),
        BODY.replace(b'"as_of": "', f'"as_of": "{KEY}'.encode()),
        f"<html>{KEY}</html>".encode(),
        KEY.encode() + b"\xff",
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
def test_a_key_in_an_invalid_answer_is_redacted(body: bytes, content_type: str) -> None:
    with pytest.raises(InvalidResponseError) as caught:
        result(Response(200, {"Content-Type": content_type}, body))
    assert shows(caught.value, KEY) == []
    assert b"***" in caught.value.body


def test_a_key_in_a_valid_answer_does_no_harm() -> None:
    body = BODY.replace(b'"window_days"', f'"echo": "{KEY}", "window_days"'.encode())
    assert result(Response(200, JSON, body)).window_days == 7


FORMS = [
    KEY,
    "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "".join(f"\\u{ord(letter):04X}" if letter in "-0" else letter for letter in KEY),
    "".join(f"%{ord(letter):02X}" for letter in KEY),
    "".join(f"%25{ord(letter):02x}" for letter in KEY),
    "".join(f"&#{ord(letter)};" for letter in KEY),
    "".join(f"&#x{ord(letter):x};" for letter in KEY),
]


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_the_key_is_in_an_error(form: str) -> None:
    html = f"<p>{form}</p>".encode()
    refused = error_of(Response(502, {"Content-Type": f"text/{form}", f"X-{form}": form}, html))
    assert (refused.body, dict(refused.headers)) == (b"<p>***</p>", {"Content-Type": "text/***", "X-***": "***"})
    with pytest.raises(InvalidResponseError) as caught:
        result(Response(200, {"Content-Type": f"text/{form}"}, html))
    assert caught.value.body == b"<p>***</p>"
    assert form.encode() not in pickle.dumps(caught.value)
    assert form not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("before", range(180, 201, 4))
def test_no_part_of_the_key_is_in_a_message_that_cuts_the_body(before: int) -> None:
    with pytest.raises(InvalidResponseError) as caught:
        result(Response(200, JSON, b"x" * before + KEY.encode()))
    assert KEY[:6] not in str(caught.value)


def test_a_key_that_is_a_common_word_changes_nothing_of_what_is_wrong() -> None:
    body = BODY.replace(b'"as_of"', b'"key_of"')
    with pytest.raises(InvalidResponseError) as caught:
        value_of(ENDPOINT, "key", Response(200, JSON, body))
    assert caught.value.problems == ("data.as_of: missing",)


def test_metadata_nested_without_end_is_left_out() -> None:
    body = b'{"error": {"code": 400, "message": "m", "metadata": {"x": ' + b"[" * 900 + b"]" * 900 + b"}}}"
    error = error_of(Response(400, JSON, body))
    inner: Any = error.metadata
    depth = 0
    while inner:
        inner = inner["x"] if isinstance(inner, dict) else inner[0]
        depth += 1
    assert depth == 33
    assert error.body == body
