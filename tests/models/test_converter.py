"""A decoder on its own, made anew for each test: what it reads, and in which words it refuses."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest
from answers import DOCUMENTS, encoded

from openrouter_rankings import Benchmarks, InvalidResponseError
from openrouter_rankings.models import converter
from openrouter_rankings.models.converter import Decoder
from openrouter_rankings.models.data_set import Answer
from openrouter_rankings.models.scalar_types import Timestamp, TokenCount
from openrouter_rankings.models.scalars import MismatchError
from openrouter_rankings.models.synthetic import Mark


@attrs.frozen
class Part:
    name: str
    share: float


@attrs.frozen
class Row:
    name: str
    share: float
    count: int
    day: date
    at: Timestamp
    price: Decimal
    tokens: TokenCount
    parts: tuple[Part, ...]
    numbers: tuple[float, ...]
    note: str | None = None
    mark: Mark = False


@attrs.frozen
class Document:
    rows: tuple[Row, ...]


WRITTEN: dict[str, Any] = {
    "name": "Vendor \N{LATIN SMALL LETTER E WITH ACUTE}",
    "share": 1,
    "count": -7,
    "day": "2026-03-01",
    "at": "2026-03-01T06:00:00Z",
    "price": "0.10",
    "tokens": "9223372036854775807",
    "parts": [{"name": "one", "share": 0.5}, {"name": "two", "share": 0}],
    "numbers": [1.5, 2],
    "mark": True,
}
READ = Row(
    "Vendor \N{LATIN SMALL LETTER E WITH ACUTE}",
    1.0,
    -7,
    date(2026, 3, 1),
    Timestamp("2026-03-01T06:00:00Z"),
    Decimal("0.10"),
    2**63 - 1,
    (Part("one", 0.5), Part("two", 0.0)),
    (1.5, 2.0),
    mark=True,
)


def body(*rows: Any) -> bytes:
    return encoded({"rows": rows})


def problems(decoder: Decoder[Any], text: bytes) -> list[str]:
    with pytest.raises(InvalidResponseError) as caught:
        decoder.decode(text)
    assert caught.value.body == text
    return list(caught.value.problems)


def test_every_kind_of_value_is_read_the_same_both_ways(parser: None, monkeypatch: pytest.MonkeyPatch) -> None:
    text = body(WRITTEN, WRITTEN | {"unheard_of": 1})
    assert Decoder(Document).structure(json.loads(text)) == Document((READ, READ))
    # The quick way alone.
    monkeypatch.setattr(Decoder, "structure", None)
    found: Document = Decoder(Document).decode(text)
    assert found == Document((READ, READ))
    assert [type(value) for value in (found.rows[0].share, found.rows[0].price, found.rows[0].at)] == [
        float,
        Decimal,
        Timestamp,
    ]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("name", 5, "expected a string, got 5"),
        ("name", None, "expected a string, got null"),
        ("share", "0.5", "expected a number, got a string"),
        ("share", True, "expected a number, got a boolean"),
        ("count", 7.0, "expected a 64-bit integer, got 7.0"),
        ("count", True, "expected a 64-bit integer, got a boolean"),
        ("day", "2026-3-1", "expected a date (YYYY-MM-DD), got a string"),
        ("at", "2026-03-01", "expected an ISO-8601 instant, got a string"),
        ("price", 0.1, "expected a decimal number as a string, got 0.1"),
        ("tokens", 12, "expected a 64-bit integer as a string of digits, got 12"),
        ("parts", {}, "expected an array, got an object"),
        ("parts", None, "expected an array, got null"),
        ("numbers", "12", "expected an array, got a string"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_place(parser: None, field: str, value: Any, problem: str) -> None:
    text = body(WRITTEN, WRITTEN | {field: value})
    assert problems(Decoder(Document), text) == [f"rows[1].{field}: {problem}"]


@pytest.mark.parametrize("value", [False, None, 1, "true", []])
def test_what_is_no_mark_is_no_fault(parser: None, value: Any) -> None:
    assert Decoder(Document).decode(body(WRITTEN | {"mark": value})).rows[0].mark is False


def test_each_place_in_which_something_is_wrong_is_named(parser: None) -> None:
    wrong = WRITTEN | {"parts": [{"name": "one"}, [], {"name": "x", "share": None}], "numbers": [1, "2", None]}
    del wrong["count"]
    assert problems(Decoder(Document), body(WRITTEN, wrong, 5)) == [
        "rows[1].count: missing",
        "rows[1].parts[0].share: missing",
        "rows[1].parts[1]: expected an object, got an array",
        "rows[1].parts[2].share: expected a number, got null",
        "rows[1].numbers[1]: expected a number, got a string",
        "rows[1].numbers[2]: expected a number, got null",
        "rows[2]: expected an object, got 5",
    ]


@pytest.mark.parametrize("text", [b"[]", b"null", b"5", b'"rows"'])
def test_a_document_that_is_no_object_is_refused(parser: None, text: bytes) -> None:
    (problem,) = problems(Decoder(Document), text)
    assert "expected an object, got " in problem


def test_problems_are_looked_for_up_to_their_limit(parser: None) -> None:
    most = InvalidResponseError.MAX_PROBLEMS
    assert len(problems(Decoder(Document), body(*[None] * (most - 1), WRITTEN))) == most - 1
    assert len(problems(Decoder(Document), body(*[None] * (most + 50)))) == most


@pytest.mark.parametrize("straight", [False, True])
def test_the_value_is_made_from_the_document(parser: None, straight: bool) -> None:
    def share_of(part: Part) -> float:
        if part.name == "":
            raise MismatchError("a name", 5)
        return part.share

    decoder = Decoder(Part, share_of, straight=straight)
    assert decoder.decode(b'{"name": "a", "share": 0.25}') == 0.25
    assert problems(decoder, b'{"name": "", "share": 1}') == ["expected a name, got 5"]
    assert problems(decoder, b'{"name": "a", "share": "1"}') == ["share: expected a number, got a string"]


def test_a_quick_hook_reads_the_type_that_it_is_for_and_leaves_what_it_refuses_to_the_exact_way(
    parser: None,
) -> None:
    seen: list[Any] = []

    def quick(value: Any, _: Any) -> tuple[Part, ...]:
        seen.append(value)
        return tuple(Part(part["name"], float(part["share"])) for part in value)

    decoder: Decoder[Document] = Decoder(Document, quick_hooks={tuple[Part, ...]: quick})
    assert decoder.decode(body(WRITTEN)) == Document((READ,))
    assert seen == [WRITTEN["parts"]]
    wrong = body(WRITTEN | {"parts": [{"name": "a"}]})
    assert problems(decoder, wrong) == ["rows[0].parts[0].share: missing"]


def test_hooks_that_are_registered_hold_both_ways(parser: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def register(of: Any) -> None:
        of.register_structure_hook(Part, lambda value, _: Part(value["name"].upper(), 0.0))

    expected = Document((attrs.evolve(READ, parts=(Part("ONE", 0.0), Part("TWO", 0.0))),))
    assert Decoder(Document, register=register).structure({"rows": [WRITTEN]}) == expected
    monkeypatch.setattr(Decoder, "structure", None)
    assert Decoder(Document, register=register).decode(body(WRITTEN)) == expected


def test_half_a_surrogate_pair_is_no_text_wherever_it_stands(parser: None) -> None:
    for text in (r'{"name": "\ud83d", "share": 1}', r'{"name": "\uDE00", "share": 1}'):
        assert problems(Decoder(Part), text.encode()) == ["name: expected text, got a string"]
    assert Decoder(Part).decode(rb'{"name": "\ud83d\ude00", "share": 1}').name == "\N{GRINNING FACE}"


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS, ids=[kind.__name__ for kind, _ in DOCUMENTS])
def test_the_decoder_of_each_data_set_made_anew_reads_the_quick_way_what_it_reads_the_exact_way(
    parser: None, kind: type[Answer], document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = kind._decoder.__wrapped__(kind)
    # Only daily rankings read it; without it, their grain is not the decoder's to infer.
    document = document | {"period": "day"}
    exact = decoder.structure(document)
    monkeypatch.setattr(converter, "_exact_document", None)
    quick = decoder.decode(encoded(document))
    assert quick == exact == kind.from_json(encoded(document))
    assert json.dumps(quick.to_dict()) == json.dumps(exact.to_dict())


def test_a_row_of_benchmarks_without_a_source_is_refused(parser: None) -> None:
    document = dict(DOCUMENTS)[Benchmarks]
    rows = [document["data"][0], {"accuracy": 1}, 5]
    decoder = Benchmarks._decoder.__wrapped__(Benchmarks)
    assert problems(decoder, encoded(document | {"data": rows})) == [
        "data[1].source: missing",
        "data[2]: expected an object, got 5",
    ]
