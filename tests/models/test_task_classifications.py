"""The task classifications: what is decoded, what is refused, and what the values can do."""

import copy
import importlib.util
import json
import pickle
import re
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import attrs
import pytest
from answers import Json, changed, check_same_without_msgspec, encoded, json_values, places
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import (
    ConfigurationError,
    InvalidResponseError,
    MacroCategory,
    ModelShare,
    TaskClassification,
    TaskClassifications,
    UnknownTagError,
)
from openrouter_rankings.models import converter
from openrouter_rankings.models.task_classifications import decode_task_classifications
from openrouter_rankings.testing.sample import task_classifications

SAMPLE = json.dumps(task_classifications(date(2026, 1, 1), 0))


def sample() -> Json:
    document: Json = json.loads(SAMPLE)
    return document


def decoded(document: Any) -> TaskClassifications:
    return decode_task_classifications(encoded(document))


def problems_of(body: bytes) -> tuple[str, ...]:
    with pytest.raises(InvalidResponseError) as caught:
        decode_task_classifications(body)
    return caught.value.problems


def with_change(change: Callable[[Json], None]) -> bytes:
    document = sample()
    change(document)
    return encoded(document)


# -- decoding --------------------------------------------------------------------------------------------------------


def test_every_field_of_an_answer_is_kept(parser: None) -> None:
    document = sample()
    tasks = decoded(document)
    assert tasks.to_dict() == document
    assert tasks.as_of == date(2026, 1, 1)
    assert tasks.window_days == 7


def test_an_answer_that_is_in_order_is_read_the_quick_way_alone(parser: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def exact(_: bytes) -> Any:
        raise AssertionError("read the exact way")

    monkeypatch.setattr(converter, "_exact_document", exact)
    assert len(decoded(sample()).classifications) == 29
    with pytest.raises(AssertionError):
        decode_task_classifications(b"{}")


def test_values_are_frozen_hashable_and_slotted() -> None:
    tasks = decoded(sample())
    values: list[Any] = [tasks, tasks.classifications[0], tasks.classifications[0].models[0], tasks.macro_categories[0]]
    for value in values:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, attrs.fields(type(value))[0].name, "other")
        assert not hasattr(value, "__dict__")
        assert hash(value) == hash(copy.deepcopy(value))
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own pickle
    assert {tasks: 1}[decoded(sample())] == 1


def test_a_decoded_share_is_the_same_value_as_a_constructed_one() -> None:
    share = decoded(sample()).classifications[0].models[0]
    assert share == ModelShare(share.id, share.tag_usage_share, share.tag_token_share)
    assert repr(share).startswith("ModelShare(id='")


def test_unknown_fields_and_new_enum_values_are_accepted(parser: None) -> None:
    def change(document: Json) -> None:
        document["generated_by"] = {"deep": [None, True]}
        document["data"]["total"] = None
        task = document["data"]["classifications"][0]
        task |= {"tag": "video:editing", "macro_category": "video", "rank": 1}
        task["models"][0]["context"] = "1M"

    tasks = decode_task_classifications(with_change(change))
    assert tasks.in_macro_category("video")[0].tag == "video:editing"
    assert "rank" not in tasks.to_dict()["data"]["classifications"][0]


def test_an_answer_without_classifications_is_valid(parser: None) -> None:
    tasks = decoded({"data": {"as_of": "2026-01-01", "window_days": 7, "classifications": [], "macro_categories": []}})
    assert tasks.top(5) == ()
    assert tasks.to_records() == {"tasks": [], "models": [], "macro_categories": []}


def test_whole_numbers_are_shares_too(parser: None) -> None:
    def change(document: Json) -> None:
        document["data"]["classifications"][0]["usage_share"] = 1
        document["data"]["classifications"][0]["models"][0]["tag_usage_share"] = 0
        document["data"]["classifications"][0]["models"][1]["tag_token_share"] = 10**30

    task = decode_task_classifications(with_change(change)).classifications[0]
    numbers = (task.usage_share, task.models[0].tag_usage_share, task.models[1].tag_token_share)
    assert numbers == (1.0, 0.0, 1e30)
    assert {type(number) for number in numbers} == {float}


@pytest.mark.parametrize(
    ("given_text", "day"),
    [
        ("2026-09-16", date(2026, 9, 16)),
        ("2026-09-16T23:59:59Z", date(2026, 9, 16)),
        ("2026-09-16T08:00:00.123456+00:00", date(2026, 9, 16)),
        ("2026-09-16T22:00:00-05:00", date(2026, 9, 17)),
        ("2026-09-16 12:00:00", date(2026, 9, 16)),
    ],
)
def test_an_instant_counts_as_its_utc_date(parser: None, given_text: str, day: date) -> None:
    assert decode_task_classifications(with_change(lambda d: d["data"].update(as_of=given_text))).as_of == day


@pytest.mark.parametrize(
    "bad",
    [
        "2026-02-30",
        "20260916",
        "2026-W38-3",
        "16.09.2026",
        "",
        "yesterday",
        "2026-09-16T25:00",
        "0001-01-01T00:00+05:00",
    ],
)
def test_an_invalid_date_is_refused(parser: None, bad: str) -> None:
    body = with_change(lambda d: d["data"].update(as_of=bad))
    assert problems_of(body) == ("data.as_of: expected a date (YYYY-MM-DD), got a string",)


# -- refusing --------------------------------------------------------------------------------------------------------

NULL_SHARE = "data.classifications[3].models[0].tag_usage_share"


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (None, "null"),
        ("0.5", "a string"),
        (True, "a boolean"),
        (False, "a boolean"),
        ([], "an array"),
        ({}, "an object"),
        (10**400, "an integer of 1329 bits"),
    ],
)
def test_a_share_that_is_not_a_number_is_named_with_its_place(parser: None, value: Any, got: str) -> None:
    def change(document: Json) -> None:
        document["data"]["classifications"][3]["models"][0]["tag_usage_share"] = value

    body = with_change(change)
    with pytest.raises(InvalidResponseError) as caught:
        decode_task_classifications(body)
    assert caught.value.path == NULL_SHARE
    assert caught.value.problems[0].startswith(f"{NULL_SHARE}: expected a number, got {got}")
    assert repr(body[:40])[2:-1] in str(caught.value)


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
@pytest.mark.parametrize("field", [b'"usage_share"', b'"tag_token_share"', b'"unheard_of"'])
def test_numbers_that_json_does_not_have_are_refused(parser: None, literal: bytes, field: bytes) -> None:
    body = encoded(sample()).replace(b'"display_name"', b'"unheard_of": 1, "display_name"')
    changed = re.sub(field + rb": [0-9.e-]+", field + b": " + literal, body, count=1)
    if field == b'"unheard_of"' and b"e" in literal:
        # A number too large for a double is JSON all the same, and this field is not ours.
        assert decode_task_classifications(changed).window_days == 7
    else:
        (problem,) = problems_of(changed)
        assert "expected a number, got" in problem or "the body is not JSON" in problem


@pytest.mark.parametrize(("value", "got"), [(7.0, "7.0"), ("7", "a string"), (True, "a boolean"), (None, "null")])
def test_a_window_that_is_not_an_integer_is_refused(parser: None, value: Any, got: str) -> None:
    body = with_change(lambda d: d["data"].update(window_days=value))
    assert problems_of(body) == (f"data.window_days: expected a 64-bit integer, got {got}",)


def test_every_wrong_place_is_named(parser: None) -> None:
    def change(document: Json) -> None:
        data = document["data"]
        del data["window_days"]
        data["classifications"][0]["models"] = None
        data["classifications"][1] = "code:debugging"
        del data["classifications"][2]["models"][4]["id"]
        data["macro_categories"][1]["label"] = 5

    assert problems_of(with_change(change)) == (
        "data.window_days: missing",
        "data.classifications[0].models: expected an array, got null",
        "data.classifications[1]: expected an object, got a string",
        "data.classifications[2].models[4].id: missing",
        "data.macro_categories[1].label: expected a string, got 5",
    )


def test_with_msgspec_the_values_are_built_without_a_document_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("msgspec", reason="the extra speedups is not installed")

    def document(_: bytes) -> Any:
        raise AssertionError("parsed to a document")

    monkeypatch.setattr(converter, "_quick_document", document)
    assert len(decoded(sample()).classifications) == 29


def test_msgspec_is_used_where_it_is_installed_and_not_missed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    found = converter._find_msgspec()
    assert (found is None) == (importlib.util.find_spec("msgspec") is None)
    monkeypatch.setitem(sys.modules, "msgspec", None)
    assert converter._find_msgspec() is None


@pytest.mark.parametrize("models", [None, {}, "none", 5])
def test_models_that_are_not_an_array_are_refused(parser: None, models: Any) -> None:
    def change(document: Json) -> None:
        document["data"]["classifications"][1]["models"] = models

    (problem,) = problems_of(with_change(change))
    assert problem.startswith("data.classifications[1].models: expected an array, got ")


@pytest.mark.parametrize("empty", ["", {}, 0, False])
def test_an_empty_value_that_is_not_an_array_is_refused(parser: None, empty: Any) -> None:
    assert len(problems_of(with_change(lambda d: d["data"].update(classifications=empty)))) == 1


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the body is not JSON"),
        (b"<html>", "the body is not JSON"),
        (b'{"data": {}', "the body is not JSON"),
        (b"\xef\xbb\xbf{}", "the body is not JSON"),
        (b'{"data": "\xff"}', "the body is not UTF-8 (byte 10)"),
        (b"[]", "expected an object, got an array"),
        (b"null", "expected an object, got null"),
        (b"{}", "data: missing"),
        (b'{"data": []}', "data: expected an object, got an array"),
        (b"[" * 100_000, "the body is nested too deep"),
    ],
)
def test_a_body_that_is_not_an_answer_says_what_it_is(parser: None, body: bytes, problem: str) -> None:
    assert problems_of(body)[0].startswith(problem)


@pytest.mark.parametrize("half", [rb"\ud83d", rb"\uDE00"])
def test_half_a_surrogate_pair_is_not_text(parser: None, half: bytes) -> None:
    body = encoded(sample()).replace(b'"display_name": "', b'"display_name": "' + half, 1)
    assert problems_of(body) == ("data.classifications[0].display_name: expected text, got a string",)


def test_escaped_text_is_read(parser: None) -> None:
    body = encoded(sample()).replace(b'"display_name": "', rb'"display_name": "\ud83d\ude00 \"', 1)
    assert decode_task_classifications(body).classifications[0].display_name.startswith('\N{GRINNING FACE} "')


def test_of_a_long_list_of_faults_the_first_hundred_are_named() -> None:
    with pytest.raises(InvalidResponseError) as caught:
        decode_task_classifications(encoded(sample()).replace(b'"tag_usage_share"', b'"req_pct"'))
    assert len(caught.value.problems) == 100
    assert caught.value.problems[99] == "data.classifications[9].models[9].tag_usage_share: missing"
    assert "; and 90 more, and possibly others. " in str(caught.value)


def small() -> Json:
    document = sample()
    data = document["data"]
    data["classifications"] = [task | {"models": task["models"][:2]} for task in data["classifications"][:2]]
    data["macro_categories"] = data["macro_categories"][:1]
    return document


@given(st.sampled_from(sorted(places(small()), key=str)), json_values)
def test_any_json_value_in_any_place_gives_data_or_an_invalid_response(place: tuple[Any, ...], value: Any) -> None:
    body = encoded(changed(small(), place, value))
    check_same_without_msgspec(decode_task_classifications, body)


@given(st.binary(max_size=200))
def test_any_bytes_give_data_or_an_invalid_response(body: bytes) -> None:
    check_same_without_msgspec(decode_task_classifications, body)


@given(st.integers(0, 20_000), st.binary(max_size=4))
def test_a_damaged_answer_reads_the_same_with_and_without_msgspec(position: int, damage: bytes) -> None:
    body = encoded(small())
    at = position % len(body)
    damaged = body[:at] + damage + body[at + len(damage) :]
    check_same_without_msgspec(decode_task_classifications, damaged)


# -- what the values can do ------------------------------------------------------------------------------------------


def task(tag: str, usage: float = 0.1, tokens: float = 0.1, *models: ModelShare) -> TaskClassification:
    return TaskClassification(tag, tag.title(), "general", usage, tokens, usage, tokens, models)


def answer(*tasks: TaskClassification) -> TaskClassifications:
    return TaskClassifications(date(2026, 9, 16), 7, tasks, (MacroCategory("general", "General", 1.0, 1.0),))


def test_top_ranks_by_the_share_asked_for_whatever_the_order_received() -> None:
    tasks = answer(task("a", 0.1, 0.6), task("b", 0.7, 0.1), task("c", 0.2, 0.3))
    assert [t.tag for t in tasks.top()] == ["b", "c", "a"]
    assert [t.tag for t in tasks.top(2, by="tokens")] == ["a", "c"]
    assert tasks.top(0) == ()
    assert len(tasks.top(99)) == 3


def test_equal_shares_rank_by_tag_and_by_id() -> None:
    tied = task("a", 0.1, 0.1, ModelShare("y/2", 0.3, 0.1), ModelShare("x/1", 0.3, 0.1))
    assert [t.tag for t in answer(task("b"), tied).top()] == ["a", "b"]
    assert [m.id for m in tied.top_models()] == ["x/1", "y/2"]


def test_top_models_ranks_by_the_share_asked_for() -> None:
    shares = task("a", 0.1, 0.1, ModelShare("x/1", 0.1, 0.5), ModelShare("y/2", 0.4, 0.2))
    assert [m.id for m in shares.top_models(1)] == ["y/2"]
    assert [m.id for m in shares.top_models(1, by="tokens")] == ["x/1"]


@pytest.mark.parametrize("call", [lambda t: t.top(1, by="cost"), lambda t: t.classifications[0].top_models(by="req")])
def test_ranking_by_anything_else_names_what_there_is(call: Callable[[TaskClassifications], Any]) -> None:
    with pytest.raises(ConfigurationError, match='"usage".*"tokens"'):
        call(answer(task("a")))


def test_a_negative_number_of_tasks_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="-1"):
        answer(task("a")).top(-1)


def test_by_tag_finds_a_task_or_suggests_near_names() -> None:
    tasks = decoded(sample())
    assert tasks.by_tag("math").display_name == "Math"
    with pytest.raises(KeyError) as caught:
        tasks.by_tag("code:debuging")
    assert isinstance(caught.value, UnknownTagError)
    assert caught.value.suggestions[0] == "code:debugging"
    assert str(caught.value).endswith("Did you mean 'code:debugging'?")
    with pytest.raises(UnknownTagError, match="no task 'zzz'\\.$"):
        tasks.by_tag("zzz")


def test_the_macro_category_is_read_and_not_guessed_from_the_tag() -> None:
    tasks = decoded(sample())
    assert {t.tag for t in tasks.in_macro_category("data")} == {"data:extraction", "data:transformation"}
    assert "math" in {t.tag for t in tasks.in_macro_category("general")}


def test_a_macro_category_without_a_task_is_empty_and_an_unknown_one_is_an_error_that_suggests() -> None:
    tasks = attrs.evolve(decoded(sample()), classifications=())
    assert tasks.in_macro_category("code") == ()
    with pytest.raises(ConfigurationError) as caught:
        tasks.in_macro_category("coding")
    assert str(caught.value) == (
        "The answer has no macro category 'coding': it has agent, code, data, general. Did you mean 'code'?"
    )
    with pytest.raises(ConfigurationError, match=r"'zzz': it has none\.$"):
        attrs.evolve(tasks, macro_categories=()).in_macro_category("zzz")


def test_records_are_three_flat_tables_whose_rows_know_their_day() -> None:
    tasks = decoded(sample())
    records = tasks.to_records()
    assert [len(records[name]) for name in ("tasks", "models", "macro_categories")] == [29, 290, 4]
    for table in (records["tasks"], records["models"], records["macro_categories"]):
        assert {row["as_of"] for row in table} == {date(2026, 1, 1)}
        assert {row["window_days"] for row in table} == {7}
        assert not any(isinstance(value, (tuple, list, dict)) for row in table for value in row.values())
    first = tasks.classifications[0]
    assert list(records["tasks"][0]) == [
        *("as_of", "window_days", "tag", "display_name", "macro_category", "usage_share", "token_share"),
        *("category_usage_share", "category_token_share"),
    ]
    assert records["models"][0] == {
        "as_of": date(2026, 1, 1),
        "window_days": 7,
        "tag": first.tag,
        "id": first.models[0].id,
        "tag_usage_share": first.models[0].tag_usage_share,
        "tag_token_share": first.models[0].tag_token_share,
    }


def test_the_citation_and_the_licence_are_the_services_own_words() -> None:
    tasks = answer()
    assert tasks.citation == "Source: OpenRouter (openrouter.ai/rankings), as of 2026-09-16."
    assert tasks.licence == "Licensed under CC BY 4.0."
