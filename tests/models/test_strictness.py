"""JSON that parsers read differently: every installation accepts the same, and refuses the rest in the same words."""

import json
from typing import Any

import pytest
from answers import DOCUMENTS, check_same_without_msgspec, encoded, outcome, places
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings import Benchmarks, TaskClassifications
from openrouter_rankings.models.data_set import Answer

LITERALS = st.sampled_from(
    [
        *("NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999", "1e-999", "-0", "-0.0", "0e0", "1E5", "7.0", "-7"),
        *("01", "1.", ".5", "+1", "-", "0x1", "1e", "1_000", "tru", "True", "true", "null", "''", "{", "[1,]", "{}"),
        *(str(2**63 - 1), str(2**63), str(2**64), str(2**64 + 2049), str(-(2**63)), str(-(2**63) - 1), str(2**70)),
        *("1" + "0" * 308, "1" + "0" * 400, "9" * 4300, "9" * 4301, "-" + "9" * 5000, "0." + "3" * 400),
        *("0.1000000000000000055511151231257827", "9007199254740993", "9007199254740993.0", "2.2250738585072011e-308"),
        *(r'"\ud83d"', r'"\uDE00"', r'"\ud83d\ude00"', r'"\ud83d\u0041"', r'"\u0000"', r'"\/"', r'"\x"', r'"\u12"'),
        *('"\x00"', '"\n"', '"\t"', '"\x7f"', '"\u2028"', '"\N{GRINNING FACE}"', '"2026-03-01"', r'"2026-03-0\u0031"'),
        *('"2026-03-01 "', '"2026-3-1"', '"20260301"', '"2026-03-01T00:00:00Z"', '"12"', '"012"', '"+12"', '"1e3"'),
        *("[" * 50 + "]" * 50, '{"a":' * 50 + "1" + "}" * 50, '{"a":1,"a":2}', '{"a":1,}', '{"a" 1}', "[1 2]", " 1 "),
    ]
)
number_literals = st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
literals = LITERALS | number_literals
# Bytes that are not UTF-8, or not only.
fragments = st.sampled_from([b"\xff", b"\xc3\xa9", b"\xed\xa0\xbd", b"\xf0\x9f\x98\x80", b"\xc0\x80", b"\x80"])

MARK = "\N{WHITE MEDIUM STAR}"


def with_mark(document: Any, place: tuple[Any, ...], *, beside: bool) -> bytes:
    """The document with a mark instead of a value, or as one more field of an object."""
    if not place:
        return MARK.encode()
    copied = json.loads(json.dumps(document))
    target = copied
    for step in place[:-1]:
        target = target[step]
    if beside and isinstance(target[place[-1]], dict):
        target[place[-1]]["unheard_of"] = MARK
    else:
        target[place[-1]] = MARK
    return json.dumps(copied, ensure_ascii=False).encode().replace(f'"{MARK}"'.encode(), MARK.encode())


@st.composite
def marked(draw: st.DrawFn) -> tuple[type[Answer], bytes]:
    kind, document = draw(st.sampled_from(DOCUMENTS))
    place = draw(st.sampled_from(sorted(places(document), key=str)))
    return kind, with_mark(document, place, beside=draw(st.booleans()))


@given(marked(), literals)
@settings(max_examples=examples(400))
def test_any_literal_in_any_place_reads_the_same_each_way(marked: tuple[type[Answer], bytes], literal: str) -> None:
    kind, body = marked
    check_same_without_msgspec(kind.from_json, body.replace(MARK.encode(), literal.encode()))


@given(marked(), fragments)
def test_any_bytes_in_any_text_read_the_same_each_way(marked: tuple[type[Answer], bytes], fragment: bytes) -> None:
    kind, body = marked
    check_same_without_msgspec(kind.from_json, body.replace(MARK.encode(), b'"' + fragment + b'"'))
    check_same_without_msgspec(kind.from_json, body.replace(MARK.encode(), b'{"' + fragment + b'": 1}'))


@given(st.sampled_from(DOCUMENTS), st.data(), literals)
@settings(max_examples=examples(200))
def test_of_a_field_that_comes_twice_the_last_counts_each_way(
    given_document: tuple[type[Answer], Any], data: st.DataObject, literal: str
) -> None:
    kind, document = given_document
    body = encoded(document).decode()
    at = data.draw(st.sampled_from([at for at, letter in enumerate(body) if letter in "{}"]))
    name = data.draw(
        st.sampled_from(sorted({step for place in places(document) for step in place if step != 0}, key=str))
    )
    again = f'"{name}": {literal}'
    changed = f"{body[: at + 1]}{again}, {body[at + 1 :]}" if body[at] == "{" else f"{body[:at]}, {again}{body[at:]}"
    check_same_without_msgspec(kind.from_json, changed.encode())


def body_with(kind: type[Answer], place: tuple[Any, ...], literal: str) -> bytes:
    document = dict(DOCUMENTS)[kind]
    return with_mark(document, place, beside=False).replace(MARK.encode(), literal.encode())


@pytest.mark.parametrize("literal", ["9223372036854775808", "18446744073709551616", "-9223372036854775809", "9" * 5000])
def test_an_integer_of_more_than_64_bits_is_refused(parser: None, literal: str) -> None:
    (problem,) = outcome(
        TaskClassifications.from_json, body_with(TaskClassifications, ("data", "window_days"), literal)
    )
    assert problem.startswith("data.window_days: expected a 64-bit integer, got ")


def test_an_integer_too_long_for_python_is_an_infinity_where_nobody_asks_for_it(parser: None) -> None:
    unknown = outcome(Benchmarks.from_json, body_with(Benchmarks, ("data", 1, "score"), "9" * 5000)).data[1]
    assert unknown.fields["score"] == float("inf")


def test_text_that_is_not_utf_8_is_refused_in_a_field_that_is_ignored_too(parser: None) -> None:
    body = encoded(dict(DOCUMENTS)[TaskClassifications])
    assert outcome(TaskClassifications.from_json, body[:-1] + b', "unheard_of": "\xff"}') == (
        f"the body is not UTF-8 (byte {len(body) + 16})",
    )
