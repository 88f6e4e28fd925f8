"""What the flat data sets share: instants, token counts, decimal numbers, and pages put together."""

import copy
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import attrs
import pytest
from answers import Json, changed, encoded, outcome
from hypothesis import given, settings
from hypothesis import strategies as st

from openrouter_rankings.models.converter import decoder
from openrouter_rankings.models.data_set import LICENCE, Columns, DataSet, Timestamp, TokenCount, join_pages


@attrs.frozen
class Row:
    day: date
    tokens: TokenCount
    price: Decimal
    note: str | None


@attrs.frozen
class Meta:
    as_of: Timestamp


@attrs.frozen
class Sheet(DataSet):
    data: tuple[Row, ...]
    meta: Meta

    columns: ClassVar[Columns] = {"as_of": Timestamp, "day": date, "tokens": int, "price": Decimal, "note": str | None}

    def to_records(self) -> list[dict[str, Any]]:
        return [{"as_of": self.meta.as_of} | attrs.asdict(row, recurse=False) for row in self.data]


decode = decoder(Sheet)


def sample() -> Json:
    row = {"day": "2026-03-01", "tokens": "9007199254740993", "price": "0.0000025", "note": None}
    return {"data": [row, row | {"note": "second"}], "meta": {"as_of": "2026-03-02T06:00:00.123Z"}}


def sheet(**change: Any) -> Any:
    """What decoding makes of the sample when these fields of its first row are changed."""
    document = sample()
    document["data"][0] |= change
    return outcome(decode, encoded(document))


def sheet_as_of(instant: Any) -> Any:
    return outcome(decode, encoded(changed(sample(), ("meta", "as_of"), instant)))


# -- instants --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-02T06:00:00.123Z", datetime(2026, 3, 2, 6, 0, 0, 123000, UTC)),
        ("2026-03-02T06:00:00+02:00", datetime(2026, 3, 2, 4, 0, tzinfo=UTC)),
        ("2026-03-02 06:00", datetime(2026, 3, 2, 6, 0, tzinfo=UTC)),
    ],
)
def test_an_instant_stays_as_it_was_written_and_knows_its_utc_time(parser: None, text: str, utc: datetime) -> None:
    instant = sheet_as_of(text).meta.as_of
    assert instant == text
    assert type(instant) is Timestamp
    assert instant.utc == utc
    assert instant.utc.tzinfo is UTC


def test_an_instant_survives_copies_and_pickles() -> None:
    instant = Timestamp("2026-03-02T06:00:00Z")
    for other in (copy.deepcopy(instant), pickle.loads(pickle.dumps(instant))):  # noqa: S301 - our own pickle
        assert type(other) is Timestamp
        assert other.utc == instant.utc


@pytest.mark.parametrize(
    ("bad", "got"),
    [
        ("2026-03-02", "a string"),
        ("2026-02-30T00:00:00Z", "a string"),
        ("2026-03-02T06:00:00Zulu", "a string"),
        ("0001-01-01T00:00+05:00", "a string"),
        ("now", "a string"),
        (1772431200, "1772431200"),
        (None, "null"),
    ],
)
def test_what_is_no_instant_is_refused(parser: None, bad: Any, got: str) -> None:
    assert sheet_as_of(bad) == (f"meta.as_of: expected an ISO-8601 instant, got {got}",)


# -- token counts ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**63 - 1) | st.just(2**63 - 1))
@settings(max_examples=30)
def test_every_token_count_of_64_bits_is_exact(count: int) -> None:
    answer = sheet(tokens=str(count))
    assert answer.data[0].tokens == count
    assert answer.to_dict()["data"][0]["tokens"] == str(count)


@pytest.mark.parametrize(
    ("bad", "got"),
    [
        ("9223372036854775808", "a string"),
        ("00000000000000000001", "a string"),
        ("-1", "a string"),
        ("1.5", "a string"),
        ("1e3", "a string"),
        ("1_000", "a string"),
        (" 7", "a string"),
        ("7\n", "a string"),
        ("\N{ARABIC-INDIC DIGIT THREE}", "a string"),
        ("", "a string"),
        (7, "7"),
        (True, "a boolean"),
        (None, "null"),
    ],
)
def test_what_is_no_token_count_is_refused(parser: None, bad: Any, got: str) -> None:
    assert sheet(tokens=bad) == (f"data[0].tokens: expected a 64-bit integer as a string of digits, got {got}",)


# -- decimal numbers -------------------------------------------------------------------------------------------------


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=20))
@settings(max_examples=30)
def test_decimal_numbers_are_exact_both_ways(number: Decimal) -> None:
    answer = sheet(price=f"{number:f}")
    assert answer.data[0].price == number
    assert answer.to_dict()["data"][0]["price"] == f"{number:f}"


@pytest.mark.parametrize(("text", "plain"), [("1e-7", "0.0000001"), ("+2.50", "2.50"), ("-1", "-1"), ("3E2", "300")])
def test_decimal_numbers_are_written_without_an_exponent(parser: None, text: str, plain: str) -> None:
    answer = sheet(price=text)
    assert answer.data[0].price == Decimal(text)
    assert answer.to_dict()["data"][0]["price"] == plain


@pytest.mark.parametrize(
    ("bad", "got"),
    [
        ("NaN", "a string"),
        ("Infinity", "a string"),
        ("1,5", "a string"),
        ("1_0", "a string"),
        (".5", "a string"),
        ("5.", "a string"),
        ("1e1000", "a string"),
        ("\N{ARABIC-INDIC DIGIT THREE}", "a string"),
        ("", "a string"),
        (0.5, "0.5"),
        (None, "null"),
    ],
)
def test_what_is_no_decimal_number_is_refused(parser: None, bad: Any, got: str) -> None:
    assert sheet(price=bad) == (f"data[0].price: expected a decimal number as a string, got {got}",)


# -- the answer as a whole -------------------------------------------------------------------------------------------


def test_an_answer_gives_back_what_the_service_wrote(parser: None) -> None:
    assert decode(encoded(sample())).to_dict() == sample()


def test_an_answer_names_its_licence_and_leaves_the_citation_and_the_records_to_its_class() -> None:
    assert decode(encoded(sample())).licence == LICENCE == "Licensed under CC BY 4.0."
    bare = DataSet((), None)
    with pytest.raises(NotImplementedError):
        _ = bare.citation
    with pytest.raises(NotImplementedError):
        bare.to_records()


def test_pages_are_put_together_in_their_order_and_are_as_old_as_the_first() -> None:
    first = decode(encoded(sample()))
    later = attrs.evolve(first, data=first.data[:1], meta=Meta(Timestamp("2026-03-03T00:00:00Z")))
    empty = attrs.evolve(later, data=())
    joined = join_pages([first, later, empty])
    assert joined == Sheet((*first.data, first.data[0]), first.meta)
    assert join_pages([empty]) == empty
