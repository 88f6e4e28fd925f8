"""Redaction: the key is found in whatever form a service or a proxy repeats it, and nothing else is."""

from __future__ import annotations

import contextlib
import html
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import RankingsClient, RankingsError, RetryPolicy
from openrouter_rankings.redaction import redact, redact_body, redact_field_name, redact_nested, redact_place, shows_key
from openrouter_rankings.testing import EmulatedAPI, FakeTransport, Fault

keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)
surroundings = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4E20), max_size=10)


def forms_of(character: str) -> st.SearchStrategy[str]:
    code = ord(character)
    escapes = [f"\\u{code:04x}", f"\\u{code:04X}", f"%{code:02X}", f"%25{code:02x}", f"&#{code};", f"&#x{code:X};"]
    return st.sampled_from([character, html.escape(character), *escapes])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A key, and the key in a mixture of forms."""
    key = draw(keys)
    return key, "".join(draw(forms_of(character)) for character in key)


@given(written(), surroundings, surroundings)
def test_a_key_in_any_mixture_of_forms_is_redacted_and_its_surroundings_stay(
    key: tuple[str, str], before: str, after: str
) -> None:
    plain, form = key
    assert redact(f"{before}{form}{after}", plain) == f"{before}***{after}"
    assert redact_body(f"{before}{form}".encode(), plain) == f"{before}***".encode()
    assert shows_key(f"{before}{form}{after}", plain)


@pytest.mark.parametrize(
    ("key", "form"), [("0%", "0%25"), ("0%", "0%2525"), ("0&", "0&#38;"), ("0&", "0&#x26;"), ("0&", "0&amp;")]
)
def test_a_key_that_ends_as_one_of_its_forms_begins_is_redacted_whole(key: str, form: str) -> None:
    assert redact(form, key) == "***"


@given(keys, st.binary(max_size=50))
def test_any_bytes_can_be_redacted(key: str, body: bytes) -> None:
    assert redact_body(b"\xff" + body + key.encode(), key).endswith(b"***")


@given(keys, surroundings)
def test_a_text_without_the_key_stays_as_it_is(key: str, text: str) -> None:
    assert redact(text, key) == text
    assert not shows_key(text, key)


def test_nothing_is_shown_where_there_is_no_key() -> None:
    assert not shows_key("text", "")


def test_nested_values_are_redacted_in_names_and_values_down_to_a_depth_that_pickles() -> None:
    assert redact_nested({"a-secret": ["x a-secret", 1, None, True, {"n": "a-secret"}]}, "a-secret") == {
        "***": ["x ***", 1, None, True, {"n": "***"}]
    }
    value: Any = "deep"
    for _ in range(1000):
        value = [value]
    redacted, depth = redact_nested(value, "key"), 0
    while redacted:
        redacted, depth = redacted[0], depth + 1
    assert depth == 33


@pytest.mark.parametrize("text", ["&#" * 200_000, "%25" * 200_000, "\\u00" * 200_000, "s" * 500_000])
def test_a_hostile_text_takes_no_more_than_one_pass(text: str) -> None:
    assert redact(text, "sk-or-v1-0123456789") == text


def test_a_place_is_shown_without_the_key_unless_the_key_is_a_short_word() -> None:
    assert redact_place("/sk-or-v1-0123/v1", "sk-or-v1-0123") == "/***/v1"
    assert redact_place("/v1/monkeys", "key") == "/v1/monkeys"


def test_the_name_of_a_header_field_shows_the_key_in_neither_case() -> None:
    key = "sk-or-v1-AbCdEf"
    assert redact_field_name(f"x-echo-{key.lower()}", key) == redact_field_name(f"x-echo-{key}", key) == "x-echo-***"
    assert redact_field_name("x-echo", "") == "x-echo"


async def test_a_key_that_stands_in_the_base_url_is_in_no_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = "sk-or-v1-0123456789abcdef"
    transport = FakeTransport(EmulatedAPI(faults=[Fault(headers={"Cache-Control": "max-age=0"}), *[503] * 9]))
    async with RankingsClient(key, transport=transport, base_url=f"http://127.0.0.1:9/{key}/v1") as client:
        await client.get_task_classifications()
        with contextlib.suppress(RankingsError):
            await client.get_task_classifications(retry=RetryPolicy())
        await client.get_task_classifications()
    records = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    assert any("trying again in" in record for record in records)
    assert any("no new response" in record for record in records)
    assert not [record for record in records if key in record]
