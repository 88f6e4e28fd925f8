"""What the data sets share: instants, token counts, decimal numbers, and joined pages."""

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
from property_tests import examples

from openrouter_rankings.errors import ConfigurationError, ListChangedError
from openrouter_rankings.models.app_rankings import AppRankings, AppRankingsItem
from openrouter_rankings.models.data_set import LICENCE, DataSet, DataSetMeta, join_pages
from openrouter_rankings.models.scalar_types import Columns, Timestamp, TokenCount
from openrouter_rankings.models.session_cost import SessionCost, SessionCostItem, SessionCostMeta


@attrs.frozen
class Row:
    day: date
    tokens: TokenCount
    price: Decimal
    note: str | None


@attrs.frozen
class Meta:
    as_of: Timestamp


@attrs.frozen(repr=False)
class Sheet(DataSet[Row]):
    data: tuple[Row, ...]
    meta: Meta

    columns: ClassVar[Columns] = {"as_of": Timestamp, "day": date, "tokens": int, "price": Decimal, "note": str | None}

    @property
    def source_line(self) -> str:
        return "Source: a test."


decode = Sheet.from_json


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
def test_an_invalid_instant_is_refused(parser: None, bad: Any, got: str) -> None:
    assert sheet_as_of(bad) == (f"meta.as_of: expected an ISO-8601 instant, got {got}",)


# -- token counts ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**63 - 1) | st.just(2**63 - 1))
@settings(max_examples=examples(30))
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
def test_an_invalid_token_count_is_refused(parser: None, bad: Any, got: str) -> None:
    assert sheet(tokens=bad) == (f"data[0].tokens: expected a 64-bit integer as a string of digits, got {got}",)


# -- decimal numbers -------------------------------------------------------------------------------------------------


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=20))
@settings(max_examples=examples(30))
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
def test_an_invalid_decimal_number_is_refused(parser: None, bad: Any, got: str) -> None:
    assert sheet(price=bad) == (f"data[0].price: expected a decimal number as a string, got {got}",)


# -- the answer as a whole -------------------------------------------------------------------------------------------


def test_an_answer_gives_back_what_the_service_wrote(parser: None) -> None:
    assert decode(encoded(sample())).to_dict() == sample()


def test_an_answer_names_its_licence() -> None:
    assert decode(encoded(sample())).licence == LICENCE == "Licensed under CC BY 4.0."


# -- pages -----------------------------------------------------------------------------------------------------------

SPAN = DataSetMeta(Timestamp("2026-03-02T00:00:02Z"), "v1", date(2026, 2, 1), date(2026, 3, 1))


def page(*ranks: int, as_of: str = SPAN.as_of, **meta: Any) -> AppRankings:
    rows = tuple(AppRankingsItem(rank, 100 + rank, f"App {rank}", 1, 1) for rank in ranks)
    return AppRankings(rows, attrs.evolve(SPAN, as_of=Timestamp(as_of), **meta))


def test_pages_are_joined_in_their_order_and_dated_like_the_oldest() -> None:
    joined = join_pages([page(1, 2), page(3, 4, as_of="2026-03-02T00:00:01Z"), page(as_of="2026-03-02T00:00:03Z")])
    assert joined == page(1, 2, 3, 4, as_of="2026-03-02T00:00:01Z")
    assert join_pages([page()]) == page()


def test_an_empty_page_fits_anywhere_whatever_its_span() -> None:
    assert join_pages([page(), page(1), page(end_date=date(2026, 3, 2)), page(2)]).data == page(1, 2).data


def test_no_pages_cannot_be_joined() -> None:
    with pytest.raises(ConfigurationError, match="at least one page"):
        join_pages([])


def test_pages_of_different_data_sets_cannot_be_joined() -> None:
    pages: list[DataSet] = [page(1), decode(encoded(sample()))]
    with pytest.raises(ConfigurationError, match="of one list, not of AppRankings and Sheet"):
        join_pages(pages)


def test_pages_in_the_wrong_order_are_the_callers_mistake() -> None:
    with pytest.raises(ConfigurationError, match="pages must be in order"):
        join_pages([page(3, 4), page(), page(1, 2)])


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (page(2, 3), "102 came twice"),
        (page(4), "rank 2 is followed by rank 4"),
        (page(3, end_date=date(2026, 3, 2)), "they are of different spans"),
        (page(3, version="v2"), "they are of different spans"),
    ],
)
def test_pages_that_do_not_fit_together_are_of_a_list_that_changed(second: AppRankings, what: str) -> None:
    with pytest.raises(ListChangedError, match=what):
        join_pages([page(1, 2), second])


def test_rows_without_ranks_are_identified_by_their_key() -> None:
    meta = SessionCostMeta(SPAN.as_of, "v1", 30, date(2026, 3, 1))
    first, second = (SessionCostItem("birch", "Birch", turns, "acme/swift-1", 0.5) for turns in ("1-turn", "2-9-turns"))
    dearer = attrs.evolve(first, median_session_cost_usd=0.75)
    assert join_pages([SessionCost((first,), meta), SessionCost((second,), meta)]).data == (first, second)
    with pytest.raises(ListChangedError, match="birch, 1-turn, acme/swift-1 came twice"):
        join_pages([SessionCost((first, second), meta), SessionCost((dearer,), meta)])


def test_rows_without_a_key_are_compared_as_a_whole() -> None:
    sheet = decode(encoded(sample()))
    first, second = (attrs.evolve(sheet, data=(row,)) for row in sheet.data)
    assert join_pages([first, second]) == sheet
    with pytest.raises(ListChangedError, match="note='second'.* came twice"):
        join_pages([sheet, second])


def test_an_answer_of_any_class_shows_its_first_rows() -> None:
    sheet = decode(encoded(sample()))
    assert repr(sheet).startswith("<Sheet: 2 rows as of 2026-03-02T06:00:00.123Z: Row(day=datetime.date(2026, 3, 1), ")
    assert "<td>second</td>" in sheet._repr_html_()


def test_an_answer_with_a_key_shows_that_of_its_first_rows() -> None:
    class Keyed(Sheet):
        key = ("day", "note")

    sheet = Keyed(**{field: getattr(decode(encoded(sample())), field) for field in ("data", "meta")})
    assert repr(sheet).endswith(": 2026-03-01, None, 2026-03-01, second>")


@pytest.mark.parametrize("pages", [5, "x", [5], None])
def test_what_is_no_list_of_answers_cannot_be_joined(pages: Any) -> None:
    with pytest.raises(ConfigurationError, match="pages must be a list of answers"):
        join_pages(pages)
