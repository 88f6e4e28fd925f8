import csv
import io
import json
from datetime import date
from decimal import Decimal, localcontext
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.data_set import DataSet, DataSetMeta
from openrouter_rankings.models.scalar_types import Columns, Timestamp
from openrouter_rankings.render.data_sets import (
    Asked,
    Field,
    Freshness,
    Records,
    Table,
    dollars,
    first,
    first_rows,
    per_million,
    percent,
    plain,
    sorted_by,
    subject,
    with_columns,
)
from openrouter_rankings.render.listing import SYNTHETIC_NOTICE, csv_text, json_text, markdown, sheet, source_lines


@attrs.frozen
class Catch:
    day: date
    fish: str
    weight: int
    price: Decimal | None


@attrs.frozen
class Catches(DataSet[Catch]):
    """A data set that is not the service's: a new one needs no more than this and its fields."""

    data: tuple[Catch, ...]
    meta: DataSetMeta

    columns: ClassVar[Columns] = {"day": date, "fish": str, "weight": int, "price": Decimal | None}

    @property
    def source_line(self) -> str:
        return "Source: the harbour.\nSource: the\x1bmarket."


FIELDS = (Field("weight", "Grams"), Field("price", "Price", dollars), Field("day", "Day"), Field("fish", "Fish"))
ANSWER = Catches(
    data=(
        Catch(date(2026, 3, 4), "cod|\x07", 1234567, Decimal("0.0000002")),
        Catch(date(2026, 3, 5), "eel", 5, None),
    ),
    meta=DataSetMeta(Timestamp("2026-03-05T06:07:08.000Z"), "v1", date(2026, 3, 4), date(2026, 3, 5)),
)


TABLE = Table(
    answer=ANSWER, asked=Asked(), subject="catches", fields=FIELDS, records=Records.of(ANSWER), plain=ANSWER.to_dict
)


def test_a_sheet_has_readable_cells_without_control_characters_and_numbers_on_the_right() -> None:
    page = sheet(TABLE)
    assert page.title == "Catches"
    assert [column.right for column in page.columns] == [True, True, False, False]
    assert page.rows == (("1,234,567", "0.0000002", "2026-03-04", "cod|\ufffd"), ("5", "-", "2026-03-05", "eel"))


def test_each_citation_has_its_line_and_the_licence_follows() -> None:
    assert source_lines(TABLE) == ("Source: the harbour.", "Source: the\ufffdmarket.", "Licensed under CC BY 4.0.")


def test_remarks_stand_before_the_citation() -> None:
    assert sheet(attrs.evolve(TABLE, remarks=("It rained.",))).notes[:2] == ("It rained.", "Source: the harbour.")


def test_markdown_escapes_marks() -> None:
    assert "| 1,234,567 | 0.0000002 | 2026-03-04 | cod\\|\ufffd |" in markdown(TABLE)


def test_csv_has_all_columns_and_exact_values() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(TABLE), newline="")))
    assert rows[0] == {"day": "2026-03-04", "fish": "cod|\x07", "weight": "1234567", "price": "0.0000002"}
    assert rows[1]["price"] == ""


def test_csv_has_the_columns_of_the_records_only() -> None:
    records = Records({"fish": str}, [{"fish": "ling", "weight": 3}])
    assert csv_text(attrs.evolve(TABLE, records=records)) == "fish\nling\n"


def column(table: Table, name: str) -> list[Any]:
    return [row[name] for row in table.records.rows]


def test_chosen_columns_are_shown_in_their_order_with_their_headings_where_they_have_one() -> None:
    table = with_columns(attrs.evolve(TABLE, records=Records.of(ANSWER)), ["fish", "weight"])
    assert [each.heading for each in sheet(table).columns] == ["Fish", "Grams"]
    assert sheet(table).rows[1] == ("eel", "5")
    assert csv_text(table).splitlines()[0] == "fish,weight"


def test_an_unknown_column_is_refused_with_the_one_that_is_meant() -> None:
    with pytest.raises(ConfigurationError, match='Did you mean "weight"'):
        with_columns(TABLE, ["wait"])
    with pytest.raises(ConfigurationError, match=r'no column "x"\. The columns are day, fish, weight, price\.'):
        sorted_by(TABLE, "x")


@pytest.mark.parametrize(
    ("order", "fish"),
    [
        ("weight", ["cod|\x07", "eel"]),
        ("weight:asc", ["eel", "cod|\x07"]),
        ("fish", ["cod|\x07", "eel"]),
        ("fish:desc", ["eel", "cod|\x07"]),
        ("price:asc", ["cod|\x07", "eel"]),
        ("price:desc", ["cod|\x07", "eel"]),
    ],
)
def test_numbers_are_sorted_from_the_greatest_texts_from_the_least_and_missing_values_come_last(
    order: str, fish: list[str]
) -> None:
    assert column(sorted_by(TABLE, order), "fish") == fish


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(ConfigurationError, match='must be "asc" or "desc", not "up"'):
        sorted_by(TABLE, "weight:up")


def test_the_first_rows_of_a_table_can_be_shown_alone() -> None:
    assert column(first(TABLE, 1), "weight") == [1234567]
    assert first(TABLE, None) == TABLE


def test_a_table_without_rows_says_so() -> None:
    assert sheet(first(TABLE, 0)).notes[0] == "No rows."


def test_a_drawn_column_has_no_text_and_a_number_or_several_to_draw() -> None:
    rows = [{"fish": "cod", "weight": 3, "by_year": (1, None, 2)}]
    fields = (Field("weight", "", drawn=True), Field("by_year", "Years", drawn=True), Field("fish", "Fish"))
    table = attrs.evolve(TABLE, fields=fields, records=Records({"fish": str, "weight": int}, rows))
    assert [each.drawn for each in sheet(table).columns] == [((3,),), ((1, None, 2),), None]
    assert sheet(table).rows == (("", "", "cod"),)
    assert "| Fish |\n| --- |\n| cod |" in markdown(table)


def test_json_tells_how_old_the_answer_is() -> None:
    asked = Asked(freshness=Freshness(age_seconds=12.5, stale=True, from_cache=True))
    document = json.loads(json_text(attrs.evolve(TABLE, asked=asked)))
    assert (document["age_seconds"], document["stale"], document["from_cache"]) == (12.5, True, True)


def test_json_has_the_answer_in_the_api_s_shape_and_the_rest_beside_it() -> None:
    document = json.loads(json_text(attrs.evolve(TABLE, asked=Asked({"boat": "Petrel"}), beside={"tide": "low"})))
    assert document.keys() == {
        "data", "meta", "filters", "tide", "citation", "licence", "age_seconds", "stale", "from_cache",
    }  # fmt: skip
    assert document["data"][1] == {"day": "2026-03-05", "fish": "eel", "weight": 5, "price": None}
    assert document["filters"] == {"boat": "Petrel"}
    assert document["tide"] == "low"
    assert document["citation"] == "Source: the harbour. Source: the\x1bmarket."


def test_json_without_filters_names_none() -> None:
    assert "filters" not in json.loads(json_text(TABLE))


def test_every_text_of_invented_figures_says_so() -> None:
    synthetic = attrs.evolve(TABLE, asked=Asked(synthetic=True))
    assert sheet(synthetic).title == "Synthetic sample: catches"
    assert SYNTHETIC_NOTICE in markdown(synthetic)
    assert json.loads(json_text(synthetic))["synthetic"] is True
    assert source_lines(synthetic) == (SYNTHETIC_NOTICE,)
    assert "harbour" not in json_text(synthetic) + markdown(synthetic)


def test_a_subject_names_the_filters() -> None:
    asked = Asked({"language-type": "natural"})
    assert subject("catches", asked, "today") == "catches, language type natural, today"
    assert subject("catches", Asked(), None) == "catches"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "-"),
        (0, "0"),
        (-1234, "-1,234"),
        (1312.0, "1,312"),
        (0.25, "0.25"),
        (1e-07, "0.0000001"),
        (True, "True"),
        ("a\nb", "a b"),
    ],
)
def test_a_plain_value_has_all_its_digits_and_no_exponent(value: object, said: str) -> None:
    assert plain(value) == said


def test_shares_amounts_and_prices_are_written_for_people() -> None:
    assert [percent(0.12345), percent(None)] == ["12.35%", "-"]
    assert [dollars(0.5), dollars(0.012904), dollars(1234.0), dollars(None)] == [
        "0.5000",
        "0.012904",
        "1,234.0000",
        "-",
    ]
    prices = ["0.0000025", "0.000000075", "0", "0.01"]
    assert [per_million(Decimal(price)) for price in prices] == ["2.50", "0.075", "0.00", "10,000.00"]
    assert per_million(None) == "-"


@given(st.decimals(min_value=0, max_value=10, allow_nan=False, allow_infinity=False, places=45))
def test_a_price_loses_no_digit(price: Decimal) -> None:
    with localcontext(prec=100):
        assert Decimal(per_million(price).replace(",", "")) == price * 1_000_000


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_an_amount_reads_back_as_itself(amount: float) -> None:
    assert float(dollars(amount).replace(",", "")) == amount


def test_the_first_rows_are_an_answer_with_the_same_meta() -> None:
    assert first_rows(ANSWER, None) is ANSWER
    assert first_rows(ANSWER, 1) == attrs.evolve(ANSWER, data=ANSWER.data[:1])
