"""The daily rankings: what is decoded, what is refused, and what the values can do."""

import copy
import math
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from answers import Json, changed, check_same_without_msgspec, encoded, json_values, places
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.errors import ConfigurationError, InvalidResponseError, UnknownModelError
from openrouter_rankings.models import converter
from openrouter_rankings.models.data_set import DataSetMeta
from openrouter_rankings.models.rankings_daily import (
    OTHER,
    ModelTokens,
    Period,
    RankingsDaily,
    RankingsDailyItem,
    decode_rankings_daily,
    join_rankings_daily,
)
from openrouter_rankings.models.scalar_types import Timestamp

MONDAY = date(2026, 3, 2)
AS_OF = Timestamp("2026-09-17T06:00:00.123Z")


def sample() -> Json:
    return {
        "data": [
            {"date": "2026-03-02", "model_permaslug": "acme/swift-1", "total_tokens": "9007199254740993"},
            {"date": "2026-03-02", "model_permaslug": "birch/leaf-2:free", "total_tokens": "20"},
            {"date": "2026-03-02", "model_permaslug": "other", "total_tokens": "500"},
            {"date": "2026-03-03", "model_permaslug": "birch/leaf-2:free", "total_tokens": "30"},
            {"date": "2026-03-03", "model_permaslug": "acme/swift-1", "total_tokens": "0"},
        ],
        "meta": {
            "as_of": "2026-09-17T06:00:00.123Z",
            "version": "v1",
            "start_date": "2026-03-02",
            "end_date": "2026-03-03",
        },
    }


def decoded(document: Any) -> RankingsDaily:
    return decode_rankings_daily(encoded(document))


def with_change(change: Callable[[Json], None]) -> bytes:
    document = sample()
    change(document)
    return encoded(document)


def problems_of(body: bytes) -> tuple[str, ...]:
    with pytest.raises(InvalidResponseError) as caught:
        decode_rankings_daily(body)
    return caught.value.problems


# -- decoding --------------------------------------------------------------------------------------------------------


def test_every_field_of_an_answer_is_kept(parser: None) -> None:
    answer = decoded(sample())
    assert answer.to_dict() == sample()
    assert answer.data[0] == RankingsDailyItem(MONDAY, "acme/swift-1", 9007199254740993)
    assert answer.meta == DataSetMeta(AS_OF, "v1", MONDAY, date(2026, 3, 3))
    assert (answer.period, answer.is_estimate) == (Period.DAY, False)


def test_rows_from_before_the_span_are_taken_for_those_of_days() -> None:
    early = with_change(lambda document: document["meta"].update(start_date="2026-03-03"))
    assert RankingsDaily.from_json(early).period is Period.DAY


def test_the_period_and_the_estimate_are_those_asked_for() -> None:
    answer = decode_rankings_daily(encoded(sample()), period="week", is_estimate=True)
    assert (answer.period, answer.is_estimate) == (Period.WEEK, True)
    assert {record["is_estimate"] for record in answer.to_records()} == {True}


def test_an_answer_that_is_in_order_is_read_the_quick_way_alone(parser: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def exact(_: bytes) -> Any:
        raise AssertionError("read the exact way")

    monkeypatch.setattr(converter, "_exact_document", exact)
    assert len(decoded(sample()).data) == 5
    with pytest.raises(AssertionError):
        decode_rankings_daily(b"{}")


def test_equal_dates_and_equal_slugs_are_one_object_each(parser: None) -> None:
    rows = decoded(sample()).data
    assert rows[0].date is rows[2].date
    assert rows[1].model_permaslug is rows[3].model_permaslug


def test_values_are_frozen_hashable_and_slotted() -> None:
    answer = decoded(sample())
    values: list[Any] = [answer, answer.data[0], answer.meta, answer.leaderboard()[0]]
    for value in values:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, attrs.fields(type(value))[0].name, "other")
        assert not hasattr(value, "__dict__")
        assert hash(value) == hash(copy.deepcopy(value))
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own pickle
    assert {answer: 1}[decoded(sample())] == 1


def test_a_row_knows_its_variant_and_whether_it_is_a_model() -> None:
    standard, free, other = decoded(sample()).data[:3]
    assert (standard.base_slug, standard.variant, standard.is_other) == ("acme/swift-1", None, False)
    assert (free.base_slug, free.variant, free.is_other) == ("birch/leaf-2", "free", False)
    assert (other.base_slug, other.variant, other.is_other) == ("other", None, True)


def test_records_have_the_columns_in_their_order() -> None:
    answer = decoded(sample())
    assert answer.to_records()[1] == {
        "date": MONDAY,
        "model_permaslug": "birch/leaf-2:free",
        "total_tokens": 20,
        "is_other": False,
        "variant": "free",
        "base_slug": "birch/leaf-2",
        "is_estimate": False,
    }
    assert all(list(record) == list(answer.columns) for record in answer.to_records())


def test_the_citation_and_the_licence_are_the_services_own_words() -> None:
    answer = decoded(sample())
    assert answer.citation == "Source: OpenRouter (openrouter.ai/rankings), as of 2026-09-17T06:00:00.123Z."
    assert answer.licence == "Licensed under CC BY 4.0."


def test_unknown_fields_are_passed_over(parser: None) -> None:
    def change(document: Json) -> None:
        document["generated_by"] = [None]
        document["meta"]["rows"] = 5
        document["data"][0]["rank"] = 1

    assert decode_rankings_daily(with_change(change)) == decoded(sample())


def test_an_answer_without_rows_is_valid(parser: None) -> None:
    answer = decode_rankings_daily(with_change(lambda document: document.update(data=[])))
    assert answer.data == ()
    assert answer.totals_by_date() == {}
    assert answer.leaderboard(5) == ()
    assert answer.missing_dates() == (MONDAY, date(2026, 3, 3))


@pytest.mark.parametrize("count", [0, 10**18 - 1, 10**18, 2**63 - 1])
def test_a_count_of_64_bits_is_read_to_the_last_digit(parser: None, count: int) -> None:
    body = with_change(lambda document: document["data"][1].update(total_tokens=str(count)))
    assert decode_rankings_daily(body).data[1].total_tokens == count


@pytest.mark.parametrize(
    "bad", ["", "-1", "+1", "1.0", "1_0", " 1", "1e3", "\u0661\u0662", "\u00b2", str(2**63), "0" * 20, 20, None, ["1"]]
)
def test_a_count_that_is_not_a_64_bit_decimal_string_is_named_with_its_place(parser: None, bad: Any) -> None:
    (problem,) = problems_of(with_change(lambda document: document["data"][1].update(total_tokens=bad)))
    assert problem.startswith("data[1].total_tokens: expected a 64-bit integer as a string of digits, got ")


@pytest.mark.parametrize("bad", ["2026-02-30", "20260302", "2026-W10-1", "02.03.2026", "", 20260302, None, ["2026"]])
def test_an_invalid_date_is_named_with_its_place(parser: None, bad: Any) -> None:
    (problem,) = problems_of(with_change(lambda document: document["data"][1].update(date=bad)))
    assert problem.startswith("data[1].date: expected a date (YYYY-MM-DD), got ")


@pytest.mark.parametrize("bad", [None, 5, True, {}])
def test_a_slug_that_is_not_a_string_is_named_with_its_place(parser: None, bad: Any) -> None:
    (problem,) = problems_of(with_change(lambda document: document["data"][1].update(model_permaslug=bad)))
    assert problem.startswith("data[1].model_permaslug: expected a string, got ")


@pytest.mark.parametrize("bad", [None, {}, "", 0, False])
def test_rows_that_are_not_an_array_are_refused(parser: None, bad: Any) -> None:
    (problem,) = problems_of(with_change(lambda document: document.update(data=bad)))
    assert problem.startswith("data: expected an array, got ")


def test_every_wrong_place_is_named(parser: None) -> None:
    def change(document: Json) -> None:
        del document["data"][0]["total_tokens"]
        document["data"][2] = "other"
        del document["meta"]["as_of"]

    assert problems_of(with_change(change)) == (
        "data[0].total_tokens: missing",
        "data[2]: expected an object, got a string",
        "meta.as_of: missing",
    )


near_misses = st.sampled_from(
    [
        *("2026-03-02", "2026-03-02T01:00:00Z", "20260302", "2026-W10-1", "2026-3-2", "\u0662026-03-02", "other"),
        *("12", "+12", "1_2", "\u0661\u0662", "9223372036854775807", "9223372036854775808", "00000000000000000012"),
    ]
)
any_values = json_values | near_misses


@given(st.sampled_from(sorted(places(sample()), key=str)), any_values)
def test_any_json_value_in_any_place_reads_the_same_each_way(place: tuple[Any, ...], value: Any) -> None:
    body = encoded(changed(sample(), place, value))
    check_same_without_msgspec(decode_rankings_daily, body)


@given(st.integers(0, 10_000), st.binary(max_size=4))
def test_a_damaged_answer_reads_the_same_each_way(position: int, damage: bytes) -> None:
    body = encoded(sample())
    at = position % len(body)
    damaged = body[:at] + damage + body[at + len(damage) :]
    check_same_without_msgspec(decode_rankings_daily, damaged)


# -- what the values can do ------------------------------------------------------------------------------------------


def answer(
    *rows: tuple[int, str, int],
    days: int = 3,
    start: date = MONDAY,
    as_of: str = AS_OF,
    period: str = Period.DAY,
    is_estimate: bool = False,
) -> RankingsDaily:
    """An answer of rows that name their date by its distance from ``start``."""
    items = tuple(RankingsDailyItem(start + timedelta(days=day), slug, tokens) for day, slug, tokens in rows)
    meta = DataSetMeta(Timestamp(as_of), "v1", start, start + timedelta(days=days - 1))
    return RankingsDaily(items, meta, period, is_estimate)


THREE_DAYS = answer(
    (0, "acme/swift-1", 60),
    (0, "birch/leaf-2", 20),
    (0, OTHER, 20),
    (1, "birch/leaf-2:free", 50),
    (1, "acme/swift-1", 50),
    (2, "birch/leaf-2", 40),
    (2, OTHER, 160),
)


def slugs(models: tuple[ModelTokens, ...]) -> list[str]:
    return [model.model_permaslug for model in models]


def test_totals_are_of_all_rows_and_in_the_order_of_dates() -> None:
    shuffled = attrs.evolve(THREE_DAYS, data=THREE_DAYS.data[::-1])
    expected = [(MONDAY, 100), (date(2026, 3, 3), 100), (date(2026, 3, 4), 200)]
    assert list(THREE_DAYS.totals_by_date().items()) == list(shuffled.totals_by_date().items()) == expected


def test_the_leaderboard_sums_each_model_over_the_span_without_other() -> None:
    assert THREE_DAYS.leaderboard() == (
        ModelTokens("acme/swift-1", 110, 0.275, 2),
        ModelTokens("birch/leaf-2", 60, 0.15, 2),
        ModelTokens("birch/leaf-2:free", 50, 0.125, 1),
    )


def test_the_leaderboard_is_cut_after_n_models() -> None:
    assert slugs(THREE_DAYS.leaderboard(1)) == ["acme/swift-1"]
    assert THREE_DAYS.leaderboard(0) == ()
    assert len(THREE_DAYS.leaderboard(99)) == 3


def test_models_with_equal_tokens_rank_by_slug() -> None:
    tied = answer((0, "vera/b", 5), (0, "vera/a", 5), (1, "vera/c", 5))
    assert slugs(tied.leaderboard()) == ["vera/a", "vera/b", "vera/c"]


def test_merged_variants_count_as_one_model_and_a_date_once() -> None:
    both = answer((0, "birch/leaf-2", 20), (0, "birch/leaf-2:free", 30), (1, "birch/leaf-2:free", 50))
    assert both.leaderboard(merge_variants=True) == (ModelTokens("birch/leaf-2", 100, 1.0, 2),)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 3, 3), date(2026, 3, 3), ("acme/swift-1", 50, 0.5)),
        ("2026-03-04", None, ("birch/leaf-2", 40, 0.2)),
        (None, "2026-03-02", ("acme/swift-1", 60, 0.6)),
        ("2026-03-03", "2026-03-04", ("acme/swift-1", 50, 50 / 300)),
        ("2020-01-01", "2030-01-01", ("acme/swift-1", 110, 0.275)),
    ],
)
def test_a_sub_span_counts_its_first_and_its_last_date_and_its_own_total(
    start: Any, end: Any, expected: tuple[str, int, float]
) -> None:
    first = THREE_DAYS.leaderboard(1, start=start, end=end)[0]
    assert (first.model_permaslug, first.total_tokens, first.token_share) == expected


def test_a_sub_span_without_rows_has_no_leaders() -> None:
    assert THREE_DAYS.leaderboard(start="2027-01-01") == ()


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize(
    "bad", ["2026-02-30", "20260302", "yesterday", "", 5, datetime(2026, 3, 2, tzinfo=UTC)], ids=repr
)
def test_an_invalid_bound_is_named_with_its_value(name: str, bad: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        THREE_DAYS.leaderboard(**{name: bad})
    assert str(caught.value).startswith(f"{name} must be a day, such as ")
    assert repr(bad) in str(caught.value)


def test_a_start_after_the_end_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"start must not be after end, and 2026-03-04 is after 2026-03-03\."):
        THREE_DAYS.leaderboard(start="2026-03-04", end="2026-03-03")


def test_a_negative_number_of_models_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="n must not be negative, and is -1"):
        THREE_DAYS.leaderboard(-1)


def test_the_share_of_a_model_is_of_all_tokens_of_the_span() -> None:
    assert THREE_DAYS.token_share("acme/swift-1") == 0.275
    assert THREE_DAYS.token_share("birch/leaf-2:free") == 0.125


def test_the_shares_by_date_are_of_the_dates_on_which_the_model_is_listed() -> None:
    assert THREE_DAYS.token_shares_by_date("birch/leaf-2") == {MONDAY: 0.2, date(2026, 3, 4): 0.2}


def test_shares_of_nothing_are_zero() -> None:
    idle = answer((0, "acme/swift-1", 0))
    assert idle.leaderboard() == (ModelTokens("acme/swift-1", 0, 0.0, 1),)
    assert idle.token_share("acme/swift-1") == 0.0
    assert idle.token_shares_by_date("acme/swift-1") == {MONDAY: 0.0}


SHARES: list[Callable[[RankingsDaily, str], Any]] = [RankingsDaily.token_share, RankingsDaily.token_shares_by_date]


@pytest.mark.parametrize("shares", SHARES)
def test_a_model_that_is_not_listed_is_unknown_and_near_slugs_are_suggested(
    shares: Callable[[RankingsDaily, str], Any],
) -> None:
    with pytest.raises(KeyError) as caught:
        shares(THREE_DAYS, "birch/leaf2")
    assert isinstance(caught.value, UnknownModelError)
    assert caught.value.model == "birch/leaf2"
    assert caught.value.suggestions[0] == "birch/leaf-2"
    with pytest.raises(UnknownModelError) as caught_without:
        shares(THREE_DAYS, "others")
    assert caught_without.value.suggestions == ()


@pytest.mark.parametrize("shares", SHARES)
def test_other_has_no_share_of_its_own(shares: Callable[[RankingsDaily, str], Any]) -> None:
    with pytest.raises(ConfigurationError, match='"other" is not a model'):
        shares(THREE_DAYS, OTHER)


# -- missing dates ---------------------------------------------------------------------------------------------------


def test_the_two_dates_that_were_never_published_are_found() -> None:
    never = {date(2025, 6, 15), date(2025, 7, 15)}
    days = [day for day in range(365) if date(2025, 1, 1) + timedelta(days=day) not in never]
    year = answer(*[(day, "acme/swift-1", 1) for day in days], start=date(2025, 1, 1), days=365)
    assert year.missing_dates() == (date(2025, 6, 15), date(2025, 7, 15))


def test_a_whole_span_has_no_missing_dates() -> None:
    assert THREE_DAYS.missing_dates() == ()


@pytest.mark.parametrize(
    ("as_of", "missing"),
    [
        ("2026-03-02T23:59:59Z", 0),
        ("2026-03-03T00:00:00Z", 1),
        ("2026-03-03T01:00:00+02:00", 0),
        ("2026-03-04T23:59:59Z", 2),
        ("2026-03-05T00:00:00Z", 3),
        ("2026-04-01T00:00:00Z", 3),
        ("2026-03-01T12:00:00Z", 0),
    ],
)
def test_a_date_is_missed_once_its_utc_day_has_ended(as_of: str, missing: int) -> None:
    assert len(answer(as_of=as_of).missing_dates()) == missing


def test_of_weeks_the_mondays_of_all_that_the_span_touches_are_due() -> None:
    # From a Wednesday to a Monday.
    weeks = answer((5, "acme/swift-1", 1), start=date(2026, 3, 4), days=20, period=Period.WEEK)
    assert weeks.missing_dates() == (MONDAY, date(2026, 3, 16), date(2026, 3, 23))


def test_of_months_the_first_days_of_all_that_the_span_touches_are_due() -> None:
    months = answer((1, "acme/swift-1", 1), start=date(2026, 2, 28), days=60, period="month")
    assert months.missing_dates() == (date(2026, 2, 1), date(2026, 4, 1))


def test_a_week_or_month_that_has_only_begun_is_due_after_its_first_day() -> None:
    for period in (Period.WEEK, Period.MONTH):
        assert answer(start=date(2026, 6, 1), as_of="2026-06-01T23:00:00Z", period=period).missing_dates() == ()
        assert len(answer(start=date(2026, 6, 1), as_of="2026-06-02T00:00:00Z", period=period).missing_dates()) == 1


def test_of_estimates_the_weeks_and_months_of_the_mondays_in_the_span_are_due() -> None:
    # From Saturday, 28 February to Wednesday, 1 April, which lies in a week of March.
    span: dict[str, Any] = {"start": date(2026, 2, 28), "days": 33, "is_estimate": True}
    assert answer(period=Period.MONTH, **span).missing_dates() == (date(2026, 3, 1),)
    assert answer(period=Period.WEEK, **span).missing_dates() == tuple(date(2026, 3, day) for day in (2, 9, 16, 23, 30))


def test_an_estimate_of_a_week_that_began_before_the_span_is_not_due() -> None:
    # From a Tuesday to a Monday.
    weeks = answer(start=date(2026, 3, 3), days=7, period=Period.WEEK, is_estimate=True)
    assert weeks.missing_dates() == (date(2026, 3, 9),)


def test_the_missing_dates_of_an_unknown_period_are_refused() -> None:
    with pytest.raises(ConfigurationError, match='day, week, month, not for "quarter"'):
        answer(period="quarter").missing_dates()


def test_the_missing_dates_of_a_span_of_all_time_are_refused_and_not_counted() -> None:
    meta = attrs.evolve(THREE_DAYS.meta, start_date=date.min, end_date=date.max)
    for as_of in ("2026-09-17T06:00:00Z", "9999-12-31T00:00:00Z"):
        endless = attrs.evolve(THREE_DAYS, meta=attrs.evolve(meta, as_of=Timestamp(as_of)))
        with pytest.raises(ConfigurationError, match="at most a century, not for 0001-01-01 to 9999-12-31"):
            endless.missing_dates()


# -- joining ---------------------------------------------------------------------------------------------------------


def test_answers_join_in_order_to_one_that_is_as_old_as_the_oldest() -> None:
    first = answer((0, "acme/swift-1", 5), as_of="2026-09-17T07:00:00+02:00", period="week", is_estimate=True)
    second = answer(
        (0, "acme/swift-1", 7), (0, OTHER, 1), start=MONDAY + timedelta(days=3), as_of="2026-09-17T06:30+02:00"
    )
    third = answer(start=MONDAY + timedelta(days=6), as_of="2026-09-17T06:00Z")
    joined = join_rankings_daily([first, second, third])
    assert joined.data == first.data + second.data
    assert joined.meta == DataSetMeta(second.meta.as_of, "v1", MONDAY, MONDAY + timedelta(days=8))
    assert (joined.period, joined.is_estimate) == ("week", True)


def test_one_answer_joins_to_itself() -> None:
    assert join_rankings_daily([THREE_DAYS]) == THREE_DAYS


def test_a_row_that_two_answers_hold_is_kept_once_and_the_rows_are_in_order() -> None:
    first = answer((0, "acme/swift-1", 5), (1, "vera/a", 3), (1, OTHER, 9))
    second = answer((1, "vera/b", 3), (1, "vera/a", 3), (1, "vera/c", 8), (1, OTHER, 9), (2, "vera/a", 1))
    joined = join_rankings_daily([first, second])
    assert [(row.date.day, row.model_permaslug) for row in joined.data] == [
        *((2, "acme/swift-1"), (3, "vera/c"), (3, "vera/a"), (3, "vera/b"), (3, "other"), (4, "vera/a")),
    ]


def test_figures_that_differ_between_two_answers_are_refused() -> None:
    first, second = answer((0, "vera/a", 3), (0, OTHER, 1)), answer((0, "vera/a", 4))
    with pytest.raises(InvalidResponseError, match="vera/a on 2026-03-02 came with different figures.*fresh=True") as e:
        join_rankings_daily([first, second])
    assert e.value.path == "data"


# -- whatever the figures --------------------------------------------------------------------------------------------

counts = st.integers(0, 2**63 - 1)
models = st.sampled_from([f"vendor{i % 3}/model-{i}{variant}" for i in range(4) for variant in ("", ":free")] + [OTHER])


@st.composite
def answers(draw: st.DrawFn) -> RankingsDaily:
    """Answers as the service sorts them, of one to six days, some of them without rows."""
    days = draw(st.lists(st.dictionaries(models, counts, max_size=5), min_size=1, max_size=6))
    rows = [
        (day, slug, tokens)
        for day, listed in enumerate(days)
        for slug, tokens in sorted(listed.items(), key=lambda item: (item[0] == OTHER, -item[1], item[0]))
    ]
    return answer(*rows, days=len(days))


@settings(max_examples=examples(50))
@given(answers())
def test_an_answer_survives_being_written_and_read(given_answer: RankingsDaily) -> None:
    assert decoded(given_answer.to_dict()) == given_answer


@settings(max_examples=examples(50))
@given(answers(), st.booleans())
def test_leaders_and_other_sum_to_the_totals(given_answer: RankingsDaily, merge_variants: bool) -> None:
    leaders = given_answer.leaderboard(merge_variants=merge_variants)
    other = sum(row.total_tokens for row in given_answer.data if row.is_other)
    total = sum(row.total_tokens for row in given_answer.data)
    assert (
        sum(given_answer.totals_by_date().values()) == total == sum(leader.total_tokens for leader in leaders) + other
    )
    if total:
        assert math.isclose(math.fsum(leader.token_share for leader in leaders) + other / total, 1)


@settings(max_examples=examples(50))
@given(answers(), st.booleans())
def test_the_leaderboard_is_in_order_and_never_holds_other(given_answer: RankingsDaily, merge_variants: bool) -> None:
    leaders = given_answer.leaderboard(merge_variants=merge_variants)
    assert OTHER not in slugs(leaders)
    assert len(set(slugs(leaders))) == len(leaders)
    assert list(leaders) == sorted(leaders, key=lambda leader: (-leader.total_tokens, leader.model_permaslug))


@settings(max_examples=examples(50))
@given(answers())
def test_the_share_of_a_leader_is_the_share_of_the_model(given_answer: RankingsDaily) -> None:
    for leader in given_answer.leaderboard():
        assert leader.token_share == given_answer.token_share(leader.model_permaslug)
        assert leader.dates == len(given_answer.token_shares_by_date(leader.model_permaslug))


@settings(max_examples=examples(50))
@given(answers(), st.data())
def test_the_parts_of_an_answer_join_to_the_answer_even_where_they_overlap(
    whole: RankingsDaily, data: st.DataObject
) -> None:
    last_day = (whole.meta.end_date - whole.meta.start_date).days
    starts = sorted({0, *data.draw(st.lists(st.integers(0, last_day)))})
    overlap = data.draw(st.integers(0, 2))
    ends = [*(min(start - 1 + overlap, last_day) for start in starts[1:]), last_day]
    assert join_rankings_daily([part_of(whole, *span) for span in zip(starts, ends, strict=True)]) == whole


def part_of(whole: RankingsDaily, first: int, last: int) -> RankingsDaily:
    start, end = (whole.meta.start_date + timedelta(days=days) for days in (first, last))
    rows = tuple(row for row in whole.data if start <= row.date <= end)
    return attrs.evolve(whole, data=rows, meta=attrs.evolve(whole.meta, start_date=start, end_date=end))
