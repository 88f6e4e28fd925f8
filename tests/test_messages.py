"""Requests, responses and header fields as values."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.messages import Headers, Request, Response, error_object, key_of

names = st.text("abcXYZ-", min_size=1, max_size=4)
pairs = st.lists(st.tuples(names, st.text(max_size=5)), max_size=8)


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_a_field_is_found_under_its_name_in_any_case(name: str) -> None:
    headers = Headers({"Retry-After": "30"})
    assert headers[name] == headers.get(name) == "30"
    assert name in headers


def test_a_field_that_is_not_there_is_a_key_error_and_a_default() -> None:
    headers = Headers({"Date": "x"})
    with pytest.raises(KeyError):
        headers["Age"]
    assert headers.get("Age") is None
    assert headers.get("Age", "0") == "0"
    assert "Age" not in headers


def test_fields_keep_their_order_and_the_spelling_that_came_first() -> None:
    headers = Headers([("B", "1"), ("a", "2"), ("b", "3")])
    assert list(headers) == ["B", "a"]
    assert list(headers.items()) == [("B", "1, 3"), ("a", "2")]
    assert len(headers) == 2


def test_a_repeated_field_reads_as_one_list_in_the_order_received() -> None:
    headers = Headers([("Vary", "Accept"), ("X", "1"), ("vary", "Origin"), ("VARY", "Cookie")])
    assert headers["Vary"] == "Accept, Origin, Cookie"


def test_no_fields_are_an_empty_mapping() -> None:
    assert dict(Headers(())) == {}
    assert not Headers({})


def test_equality_and_hash_do_not_see_case_or_order() -> None:
    one, other = Headers([("Age", "1"), ("Date", "x")]), Headers([("date", "x"), ("AGE", "1")])
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


@pytest.mark.parametrize("other", [{"age": "2"}, {"age": "1", "date": "x"}, {}])
def test_fields_that_differ_are_unequal(other: dict[str, str]) -> None:
    assert Headers({"Age": "1"}) != Headers(other)


def test_headers_equal_a_plain_mapping_of_the_same_fields_and_nothing_else() -> None:
    assert Headers({"Age": "1"}) == {"age": "1"}
    assert Headers({"Age": "1"}) != [("Age", "1")]
    assert Headers(()) != ()


@pytest.mark.parametrize("name", ["Authorization", "authorization", "Proxy-Authorization", "COOKIE", "Set-Cookie"])
def test_the_repr_blots_out_what_can_carry_credentials(name: str) -> None:
    headers = Headers({name: "sk-secret", "Age": "1"})
    assert "secret" not in repr(headers)
    assert "secret" not in str(headers)
    assert "secret" not in f"{headers}"
    assert repr(headers) == f"Headers({ {name: '***', 'Age': '1'}!r})"


def test_a_field_cannot_be_set_or_deleted() -> None:
    headers = Headers({"Age": "1"})
    for name in ("__setitem__", "__delitem__", "update", "pop", "clear"):
        assert not hasattr(headers, name)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(headers, "_fields", {})  # noqa: B010 - type checkers know that it is frozen


def test_a_change_of_the_source_does_not_change_the_headers() -> None:
    source = {"Age": "1"}
    headers = Headers(source)
    source["Age"] = "2"
    assert headers["Age"] == "1"


@given(pairs)
def test_headers_survive_pickling_and_copying(fields: list[tuple[str, str]]) -> None:
    headers = Headers(fields)
    for again in (pickle.loads(pickle.dumps(headers)), copy.copy(headers), copy.deepcopy(headers)):  # noqa: S301 - our own pickle
        assert isinstance(again, Headers)
        assert again == headers
        assert list(again.items()) == list(headers.items())
        assert hash(again) == hash(headers)


@given(pairs)
def test_headers_of_headers_are_equal_to_them(fields: list[tuple[str, str]]) -> None:
    headers = Headers(fields)
    assert Headers(headers) == headers
    assert Headers([(name.swapcase(), value) for name, value in fields]) == headers


def test_merge_replaces_fields_of_the_same_name_and_adds_the_rest() -> None:
    ours = Headers({"Accept": "text/html", "Age": "1"})
    merged = ours.merge({"ACCEPT": "application/json", "Date": "x"})
    assert isinstance(merged, Headers)
    assert merged == {"accept": "application/json", "age": "1", "date": "x"}
    assert ours == {"accept": "text/html", "age": "1"}


@given(pairs, pairs)
def test_a_merge_reads_like_the_other_and_falls_back_to_these(
    ours: list[tuple[str, str]], theirs: list[tuple[str, str]]
) -> None:
    first, second = Headers(ours), Headers(theirs)
    merged = first.merge(second)
    assert merged == first.merge(theirs)
    for name in (*first, *second):
        assert merged[name] == (second[name] if name in second else first[name])
    assert len(merged) == len({name.lower() for name in (*first, *second)})


REQUEST = Request("GET", "https://service.invalid/a?b=1", {"Authorization": "Bearer sk-secret"}, 5.0)
RESPONSE = Response(200, {"Age": "1"}, b'{"private": 1}')


def test_a_request_and_a_response_need_little() -> None:
    request, response = Request("GET", "https://service.invalid/"), Response(204)
    assert request.headers == response.headers == Headers(())
    assert request.timeout == 30.0
    assert response.body == b""


def test_a_mapping_or_pairs_become_headers_and_headers_stay() -> None:
    headers = Headers({"Age": "1"})
    assert Response(200, headers).headers is headers
    assert isinstance(RESPONSE.headers, Headers)
    assert Request("GET", "https://service.invalid/", [("A", "1"), ("a", "2")]).headers["a"] == "1, 2"


@pytest.mark.parametrize(
    ("value", "name"),
    [(value, field.name) for value in (REQUEST, RESPONSE) for field in attrs.fields(type(value))],
)
def test_a_message_cannot_be_changed(value: Request | Response, name: str) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, name, None)


@pytest.mark.parametrize("value", [REQUEST, RESPONSE])
def test_messages_are_values_with_a_hash_that_pickle_and_copy(value: Request | Response) -> None:
    again = pickle.loads(pickle.dumps(value))  # noqa: S301 - our own pickle
    assert again == value
    assert hash(again) == hash(value)
    assert copy.deepcopy(value) == value
    assert attrs.evolve(value, headers={"x": "y"}) != value


def test_the_repr_of_a_request_has_no_key() -> None:
    assert "secret" not in repr(REQUEST)
    assert "https://service.invalid/a?b=1" in repr(REQUEST)


def test_the_repr_of_a_response_has_the_size_of_the_body_only() -> None:
    assert repr(RESPONSE) == "Response(status=200, headers=Headers({'Age': '1'}), body=<14 bytes>)"


def test_the_error_object_is_the_member_error_of_the_body() -> None:
    assert error_object(b'{"error": {"code": 429, "message": "slow down"}, "user_id": null}') == {
        "code": 429,
        "message": "slow down",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"null",
        b"[]",
        b'[{"error": {}}]',
        b'"error"',
        b"{}",
        b'{"error": null}',
        b'{"error": "text"}',
        b'{"error": [1]}',
        b'{"error": {}',
        b"\xff\xfe\xfd",
        b'{"error": "\xe4"}',
        b"[" * 1_000_000,
        b'{"error": ' + b"9" * 5_000 + b"}",
    ],
)
def test_any_other_body_has_no_error_object(body: bytes) -> None:
    assert error_object(body) is None


@given(st.binary())
def test_any_bytes_have_an_error_object_or_none(body: bytes) -> None:
    assert error_object(body) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("error"), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_any_json_has_an_error_object_exactly_if_its_member_error_is_one(value: Any) -> None:
    error = value.get("error") if isinstance(value, Mapping) else None
    assert error_object(json.dumps(value).encode()) == (error if isinstance(error, Mapping) else None)


def test_what_is_no_name_is_in_no_headers() -> None:
    number: Any = 1
    assert number not in Headers({"A": "b"})
    assert Headers({"A": "b"}) != {number: "b"}


@pytest.mark.parametrize(
    ("fields", "key"),
    [({"authorization": "Bearer sk-one"}, "sk-one"), ({"Authorization": "bearer sk-one"}, "sk-one"), ({}, "")],
)
def test_the_key_of_a_request_is_what_authorizes_it(fields: dict[str, str], key: str) -> None:
    assert key_of(Request("GET", "https://service.invalid", fields)) == key
