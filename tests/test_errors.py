"""The errors: their tree, their sentences, and what survives pickling."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from openrouter_rankings import errors
from openrouter_rankings.errors import (
    APIError,
    BadRequestError,
    ConfigurationError,
    InternalServerError,
    InvalidResponseError,
    ListChangedError,
    QuotaExceededError,
    RankingsError,
    RequestTimeoutError,
    StoreError,
    StoreUnreachableError,
    TooManyRequestsError,
    TransportError,
    UnauthorizedError,
    UnknownModelError,
    UnknownTagError,
)
from openrouter_rankings.messages import Headers

INSTANT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "code": 7,
    "message": "No.",
    "metadata": {"a": [1]},
    "headers": Headers({"Age": "1"}),
    "body": b"{}",
}

# One of each class, and the attributes that its documentation names.
SAMPLES: list[tuple[RankingsError, dict[str, Any]]] = [
    (RankingsError("m"), {}),
    (ConfigurationError("m"), {}),
    (TransportError("m"), {}),
    (RequestTimeoutError("m"), {}),
    (APIError(status=418, **FACTS), {"status": 418, **FACTS}),
    (BadRequestError(status=400, **FACTS), {"status": 400, **FACTS}),
    (UnauthorizedError(status=401, **FACTS), {"status": 401, **FACTS}),
    (
        TooManyRequestsError(retry_after=30.0, retry_at=INSTANT, **FACTS),
        {"status": 429, "retry_after": 30.0, "retry_at": INSTANT, **FACTS},
    ),
    (InternalServerError(status=500, **FACTS), {"status": 500, **FACTS}),
    (
        InvalidResponseError(("a.b", "is bad"), ("c", "is worse"), body=b"{}"),
        {"path": "a.b", "problems": ("a.b: is bad", "c: is worse"), "body": b"{}"},
    ),
    (QuotaExceededError("m", retry_at=INSTANT, retry_after=5.5), {"retry_at": INSTANT, "retry_after": 5.5}),
    (ListChangedError("5 came twice"), {}),
    (StoreError("m"), {}),
    (StoreUnreachableError("m"), {}),
    (UnknownModelError("x", ["xy"]), {"model": "x", "suggestions": ("xy",)}),
    (UnknownTagError("x", ["xy"]), {"tag": "x", "suggestions": ("xy",)}),
]
each_sample = pytest.mark.parametrize(
    ("error", "attributes"), SAMPLES, ids=[type(error).__name__ for error, _ in SAMPLES]
)


def classes_of_the_module() -> list[type[RankingsError]]:
    return [
        value
        for name, value in vars(errors).items()
        if isinstance(value, type) and not name.startswith("_") and issubclass(value, RankingsError)
    ]


def drawn_tree() -> dict[str, tuple[str, ...]]:
    """The name of each class in the docstring's tree, with the names of its bases."""
    tree: dict[str, tuple[str, ...]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r" {4}((?:[│ ] {3}|[├└]── )*)([A-Z]\w*)(?: \((\w+)\))? +\S", line)
        if match:
            depth = len(match[1]) // 4
            path[depth:] = [match[2]]
            ours = path[depth - 1] if depth else "Exception"
            tree[match[2]] = (ours, match[3]) if match[3] else (ours,)
    return tree


def test_the_tree_in_the_documentation_is_the_tree_of_the_classes() -> None:
    assert drawn_tree() == {
        cls.__name__: tuple(base.__name__ for base in cls.__bases__) for cls in classes_of_the_module()
    }


def test_every_error_is_exported_documented_and_sampled_here() -> None:
    exported = sorted(cls.__name__ for cls in classes_of_the_module())
    assert exported == errors.__all__
    assert {type(error) for error, _ in SAMPLES} == set(classes_of_the_module())
    assert all(vars(cls).get("__doc__") for cls in classes_of_the_module())


@each_sample
def test_an_error_has_the_attributes_that_it_documents(error: RankingsError, attributes: dict[str, Any]) -> None:
    assert {name: getattr(error, name) for name in attributes} == attributes


@each_sample
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickling_with_all_it_has(
    error: RankingsError, attributes: dict[str, Any], protocol: int
) -> None:
    again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own pickle
    assert type(again) is type(error)
    assert {name: getattr(again, name) for name in attributes} == attributes
    assert vars(again) == vars(error)
    assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)


@each_sample
def test_an_error_survives_copying_with_all_it_has(error: RankingsError, attributes: dict[str, Any]) -> None:
    for again in (copy.copy(error), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert {name: getattr(again, name) for name in attributes} == attributes
        assert (str(again), again.args) == (str(error), error.args)


def test_a_note_survives_pickling() -> None:
    error = ConfigurationError("m")
    error.add_note("seen in a test")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["seen in a test"]  # noqa: S301 - our own pickle


@each_sample
def test_errors_compare_by_identity(error: RankingsError, attributes: dict[str, Any]) -> None:
    again = copy.copy(error)
    assert error != again
    assert len({error, again}) == 2


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (ConfigurationError("m"), ValueError),
        (RequestTimeoutError("m"), TimeoutError),
        (UnknownModelError("x"), KeyError),
        (UnknownTagError("x"), KeyError),
    ],
)
def test_an_error_is_caught_as_ours_and_as_the_builtin(error: RankingsError, builtin: type[Exception]) -> None:
    with pytest.raises(builtin):
        raise error
    with pytest.raises(RankingsError):
        raise error


def test_a_cause_is_kept() -> None:
    cause = ConnectionResetError("peer")
    with pytest.raises(TransportError) as caught:
        raise TransportError("The connection was reset.") from cause
    assert caught.value.__cause__ is cause


def test_what_an_answer_lacks_is_none_or_empty() -> None:
    error = APIError(status=500, headers=Headers(()))
    assert (error.code, error.message, error.metadata, error.body) == (None, "", None, b"")
    late = TooManyRequestsError(headers=Headers(()))
    assert (late.status, late.retry_after, late.retry_at) == (429, None, None)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            APIError(status=502, headers={}),
            "The service answered 502 Bad Gateway. If it persists, see https://status.openrouter.ai.",
        ),
        (
            APIError(status=599, message="Broken.", headers={}),
            "The service answered 599 unknown status: Broken. If it persists, see https://status.openrouter.ai.",
        ),
        (
            APIError(status=302, headers={}),
            (
                "The service answered 302 Found. Redirects are not followed, because they would carry the key "
                "elsewhere: check base_url."
            ),
        ),
        (
            APIError(status=403, headers={}),
            "The service answered 403 Forbidden. This key may not read the rankings: check it.",
        ),
        (
            APIError(status=404, headers={}),
            "The service answered 404 Not Found. Check base_url: it ends in /api/v1.",
        ),
        (
            APIError(status=304, headers={}),
            (
                "The service answered 304 Not Modified. Leave out If-None-Match and If-Modified-Since: the cache sends "
                "them by itself."
            ),
        ),
        (
            BadRequestError(status=400, message="Bad window", headers={}),
            (
                "The service answered 400 Bad Request: Bad window. Check the parameters: the message names the one "
                "that was rejected."
            ),
        ),
        (
            UnauthorizedError(status=401, headers={}),
            "The service answered 401 Unauthorized. Check the API key, given as api_key or in OPENROUTER_API_KEY.",
        ),
        (
            InternalServerError(status=500, headers={}),
            "The service answered 500 Internal Server Error. If it persists, see https://status.openrouter.ai.",
        ),
        (
            TooManyRequestsError(headers={}),
            (
                "The service answered 429 Too Many Requests. The service allows 30 requests a minute per key and 500 a "
                "day per account."
            ),
        ),
        (
            TooManyRequestsError(headers={}, retry_after=30.0),
            (
                "The service answered 429 Too Many Requests. Ask again in 30 s. The service allows 30 requests a "
                "minute per key and 500 a day per account."
            ),
        ),
        (
            TooManyRequestsError(headers={}, retry_after=86400.0, retry_at=INSTANT),
            (
                "The service answered 429 Too Many Requests. Ask again in 86400 s, at 2026-01-02 03:04:05 UTC. The "
                "service allows 30 requests a minute per key and 500 a day per account."
            ),
        ),
    ],
)
def test_an_api_error_says_what_was_answered_and_what_to_do(error: APIError, sentence: str) -> None:
    assert str(error) == sentence


def test_a_long_message_is_cut_in_the_sentence_and_whole_in_the_attribute() -> None:
    error = APIError(status=400, message="m" * 2**20, headers={})
    assert len(str(error)) < 1200
    assert len(error.message) == 2**20
    assert "mmm.... If it persists" in str(error)


@pytest.mark.parametrize(
    "error",
    [APIError(status=400, message="bad \ud800", headers={}), InvalidResponseError(("", "got text/\udcff"))],
    ids=["message", "content type"],
)
def test_an_error_can_be_printed_whatever_it_repeats(error: RankingsError) -> None:
    assert "?" in str(error)
    str(error).encode()


def test_an_invalid_response_error_names_each_place_and_the_first_bytes() -> None:
    error = InvalidResponseError(("data.x[3].y", "expected a number, got null"), ("", "no JSON"), body=b'{"a"')
    assert str(error) == (
        "The answer is not what the Data API promises: data.x[3].y: expected a number, got null; no JSON. "
        "The body begins b'{\"a\"'. The service may have changed: look for a newer openrouter-rankings."
    )
    assert error.path == "data.x[3].y"


def test_a_fault_of_the_whole_answer_has_no_path() -> None:
    error = InvalidResponseError(("", "no JSON"))
    assert (error.path, error.problems) == ("", ("no JSON",))
    assert "The body begins" not in str(error)


@pytest.mark.parametrize(
    ("size", "shown"), [(200, "b'" + "x" * 200 + "'"), (201, "b'" + "x" * 200 + "'... (201 bytes)")]
)
def test_a_long_body_is_cut_in_the_message_and_whole_in_the_attribute(size: int, shown: str) -> None:
    error = InvalidResponseError(("", "no JSON"), body=b"x" * size)
    assert f"The body begins {shown}. The" in str(error)
    assert len(error.body) == size


@pytest.mark.parametrize(
    ("count", "also"),
    [
        (10, ""),
        (11, "; and 1 more"),
        (99, "; and 89 more"),
        (100, "; and 90 more, and possibly others"),
        (300, "; and 90 more, and possibly others"),
    ],
)
def test_the_message_lists_ten_problems_and_the_attribute_at_most_a_hundred(count: int, also: str) -> None:
    first, *others = ((f"p{number}", "bad") for number in range(count))
    error = InvalidResponseError(first, *others, body=b"{}")
    assert f"p9: bad{also}. The body" in str(error)
    assert "p10:" not in str(error)
    assert error.problems == tuple(f"p{number}: bad" for number in range(min(count, InvalidResponseError.MAX_PROBLEMS)))


def test_a_long_problem_is_cut_in_the_message_and_whole_in_the_attribute() -> None:
    error = InvalidResponseError(("data", "x" * 194), ("data", "y" * 195))
    assert f"data: {'x' * 194}; data: {'y' * 194}.... The service" in str(error)
    assert error.problems[1] == f"data: {'y' * 195}"


@pytest.mark.parametrize(
    ("suggestions", "sentence"),
    [
        ([], "The answer has no task 'code:x'."),
        (["code:y"], "The answer has no task 'code:x'. Did you mean 'code:y'?"),
        (["code:y", "code:z"], "The answer has no task 'code:x'. Did you mean 'code:y' or 'code:z'?"),
    ],
)
def test_an_unknown_tag_is_told_in_a_sentence_and_not_as_a_quoted_key(suggestions: list[str], sentence: str) -> None:
    assert str(UnknownTagError("code:x", suggestions)) == sentence


def test_an_unknown_model_is_told_in_the_same_way() -> None:
    assert str(UnknownModelError("a/b", ["a/c"])) == "The answer has no model 'a/b'. Did you mean 'a/c'?"


def test_a_list_that_changed_says_how_and_what_to_do() -> None:
    assert str(ListChangedError("rank 5 is followed by rank 7")) == (
        "The list changed between two of its pages: rank 5 is followed by rank 7. Read it again, with fresh=True."
    )
