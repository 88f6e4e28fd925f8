"""Charts over time: gaps, what is not over, and what they refuse to draw."""

from collections.abc import Mapping
from datetime import date, timedelta
from math import inf, nan

import pytest

pytest.importorskip("matplotlib")

from pictures import daily, drawn, texts

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.render.charts.authors import author_lines
from openrouter_rankings.render.charts.page import Chart
from openrouter_rankings.render.charts.shapes import Dot, Line, Rectangle
from openrouter_rankings.render.charts.stacks import model_stacks
from openrouter_rankings.render.charts.themes import THEMES
from openrouter_rankings.render.charts.trends import trend_line

LIGHT = THEMES["light"]
FIRST, SECOND = LIGHT.series[:2]
MONDAY = date(2026, 3, 2)


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


def bars(chart: Chart, colour: str) -> list[Rectangle]:
    """The parts of bars in a colour; the key comes last."""
    return [shape for shape in drawn(chart) if isinstance(shape, Rectangle) and shape.fill == colour][:-1]


def lines(chart: Chart, colour: str) -> list[Line]:
    """The lines in a colour; the last one leads to the label."""
    return [shape for shape in drawn(chart) if isinstance(shape, Line) and shape.colour == colour][:-1]


def dots(chart: Chart) -> list[Dot]:
    return [shape for shape in drawn(chart) if isinstance(shape, Dot)]


def shaded(chart: Chart) -> list[Rectangle]:
    return [shape for shape in drawn(chart) if isinstance(shape, Rectangle) and shape.fill == LIGHT.grid]


def percent_trend(values: Mapping[date, float | None], unfinished: date | None = None) -> Chart:
    return trend_line(
        values, subject="The share", unit="share", citation="Source: a test.", period="day", unfinished=unfinished
    )


TWO_WEEKS = daily(
    [
        row
        for day in days(MONDAY, 14)
        for row in ((day, "a/one", 60), (day, "b/two", 30), (day, "b/two:free", 5), (day, "other", 5))
    ]
)


def test_days_are_summed_by_the_week_from_monday_and_all_others_together() -> None:
    chart = model_stacks(TWO_WEEKS, 2, merge_variants=False)
    ones, twos, rest = (bars(chart, colour) for colour in (FIRST, SECOND, LIGHT.neutral))
    assert len(ones) == len(twos) == len(rest) == 2
    assert ones[0].box.height / twos[0].box.height == pytest.approx(2)
    assert twos[0].box.height / rest[0].box.height == pytest.approx(3)
    # They stand on one another.
    assert ones[0].box.top == pytest.approx(twos[0].box.bottom)
    assert twos[0].box.top == pytest.approx(rest[0].box.bottom)
    lines = texts(chart)
    assert lines[:2] == ["one leads with 60% of tokens", "Tokens by week, 2 to 15 Mar 2026 (UTC)"]
    assert lines[-6:] == ["All other models", "10.0%", "two", "30.0% b", "one", "60.0% a"]
    assert {"2 Mar", "9 Mar"} <= set(lines)
    assert not any(line.startswith("Pale") for line in lines)


def test_variants_are_summed_on_request() -> None:
    assert "35.0% b" in texts(model_stacks(TWO_WEEKS, 2, merge_variants=True))


def test_without_other_models_there_is_no_rest() -> None:
    chart = model_stacks(daily([(MONDAY, "a/one", 7)]), 3, merge_variants=False)
    assert "All other models" not in texts(chart)


def test_a_week_with_days_missing_or_not_over_is_pale_and_named() -> None:
    rows = [(day, "a/one", 10) for day in days(MONDAY, 11) if day != date(2026, 3, 4)]
    chart = model_stacks(daily(rows, as_of="2026-03-12T09:00:00Z"), 1, merge_variants=False)
    pale = [shape for shape in drawn(chart) if isinstance(shape, Rectangle) and shape.fill == LIGHT.pale(FIRST)]
    assert len(pale) == 2
    assert bars(chart, FIRST) == []
    assert "Pale: incomplete weeks, 2 Mar 2026 (6 of 7 days), 9 Mar 2026 (3 of 7 days)." in texts(chart)


def test_rows_of_weeks_and_months_are_drawn_as_they_are_and_cut_by_the_span() -> None:
    weeks = daily([(MONDAY, "a/one", 10), (date(2026, 3, 9), "a/one", 20)], period="week")
    # Both ends of the span are Mondays here.
    assert "Pale: incomplete weeks, 9 Mar 2026 (1 of 7 days)." in texts(model_stacks(weeks, 1, merge_variants=False))
    months = daily([(date(2026, 1, 1), "a/one", 10), (date(2026, 2, 1), "a/one", 20)], period="month")
    lines = texts(model_stacks(months, 1, merge_variants=False))
    assert "Pale: incomplete months, Feb 2026 (1 of 28 days)." in lines
    assert {"Jan 2026", "Feb 2026", "Tokens by month, 1 Jan to 1 Feb 2026 (UTC)"} <= set(lines)


def test_a_sampled_week_is_whole_wherever_the_span_ends_and_says_that_it_is_an_estimate() -> None:
    rows = [(MONDAY, "a/one", 10), (date(2026, 3, 9), "a/one", 20)]
    lines = texts(model_stacks(daily(rows, period="week", is_estimate=True), 1, merge_variants=False))
    assert "Estimates from a weekly sample." in lines
    assert not any(line.startswith("Pale") for line in lines)


def test_a_week_without_data_is_an_empty_place() -> None:
    rows = [(MONDAY, "a/one", 10), (MONDAY + timedelta(days=14), "a/one", 20)]
    chart = model_stacks(daily(rows, as_of="2026-05-01T00:00:00Z", period="week"), 1, merge_variants=False)
    assert {"2 Mar", "9 Mar", "16 Mar"} <= set(texts(chart))
    heights = {shape.box.left: shape.box.height for shape in bars(chart, FIRST)}
    assert [height == 0 for _, height in sorted(heights.items())] == [False, True]


def test_authors_are_the_parts_before_the_slash_and_lines_are_their_shares() -> None:
    chart = author_lines(TWO_WEEKS, 6)
    found = texts(chart)
    assert found[:2] == ["a leads with 60% of tokens", "Share of all tokens by author and day, 2 to 15 Mar 2026 (UTC)"]
    assert found[-2:] == ["a 60.0%", "b 35.0%"]
    (line,) = lines(chart, FIRST)
    assert len(line.points) == 14
    assert not line.dashed


def test_the_variants_of_a_model_without_an_author_are_of_one() -> None:
    assert texts(author_lines(daily([(MONDAY, "one", 10), (MONDAY, "one:free", 10)]), 6))[-1] == "one 100.0%"


def test_a_date_without_data_is_a_gap_in_every_line_and_shaded() -> None:
    rows = [(day, "a/one", 10) for day in days(MONDAY, 9) if day.day not in (5, 6)]
    chart = author_lines(daily(rows), 6)
    assert [len(line.points) for line in lines(chart, FIRST)] == [3, 4]
    assert len(shaded(chart)) == 3
    assert "Shaded: no figures for 5 Mar 2026, 6 Mar 2026." in texts(chart)


def test_an_author_outside_the_top_50_has_a_gap_and_not_a_zero() -> None:
    rows = [(day, "a/one", 10) for day in days(MONDAY, 5)]
    rows += [(day, "b/two", 5) for day in days(MONDAY, 5) if day.day != 4]
    chart = author_lines(daily(rows), 6)
    assert [len(line.points) for line in lines(chart, SECOND)] == [2, 2]
    assert shaded(chart) == []
    assert "b 33.3%" in texts(chart)


def test_an_author_that_is_gone_has_its_last_share_beside_its_name() -> None:
    rows = [(day, "a/one", 10) for day in days(MONDAY, 3)] + [(MONDAY, "b/two", 30)]
    assert {"b 75.0%", "a 100.0%"} <= set(texts(author_lines(daily(rows), 6)))


def test_the_day_that_was_not_over_is_dashed() -> None:
    rows = [(day, "a/one", 10) for day in days(MONDAY, 3)]
    chart = author_lines(daily(rows, as_of="2026-03-04T18:00:00Z"), 6)
    whole, rest = lines(chart, FIRST)
    assert (len(whole.points), whole.dashed) == (2, False)
    assert (len(rest.points), rest.dashed) == (2, True)
    assert [dot.fill for dot in dots(chart)] == [LIGHT.background]
    assert "Dashed: 4 Mar 2026 was not over." in texts(chart)
    # At the first instant of the next day it was over.
    assert not any(line.dashed for line in lines(author_lines(daily(rows, as_of="2026-03-05T00:00:00Z"), 6), FIRST))


@pytest.mark.parametrize("tokens", [-1, 10**25, 10**400])
def test_tokens_out_of_range_are_refused(tokens: int) -> None:
    rows = daily([(MONDAY, "a/b", tokens)])
    with pytest.raises(ConfigurationError, match="tokens of 'a/b' on 2026-03-02 are out of range"):
        author_lines(rows, 6)
    with pytest.raises(ConfigurationError, match="tokens of 'a/b' on 2026-03-02 are out of range"):
        model_stacks(rows, 6, merge_variants=False)


@pytest.mark.parametrize("rows", [[], [(MONDAY, "a/b", 0)], [(MONDAY, "other", 5)]])
def test_an_answer_without_tokens_of_models_is_refused(rows: list[tuple[date, str, int]]) -> None:
    with pytest.raises(ConfigurationError, match="nothing to draw"):
        author_lines(daily(rows), 6)


def test_a_span_too_long_for_the_picture_is_refused() -> None:
    rows = [(date(2025, 1, 1), "a/b", 1), (date(2025, 1, 1) + timedelta(days=800), "a/b", 1)]
    with pytest.raises(ConfigurationError, match="800 dates at most: 2025-01-01 to 2027-03-12"):
        author_lines(daily(rows), 6)
    author_lines(daily([rows[0], (date(2025, 1, 1) + timedelta(days=799), "a/b", 1)]), 6)
    with pytest.raises(ConfigurationError, match="800 dates at most"):
        author_lines(daily([(date.min, "a/b", 1), (date.max, "a/b", 1)]), 6)


def test_dates_that_are_not_a_period_apart_are_refused() -> None:
    rows = [(MONDAY, "a/b", 1), (date(2026, 3, 10), "a/b", 1)]
    with pytest.raises(ConfigurationError, match="a week apart from 2026-03-02 on, and 2026-03-10 does not"):
        author_lines(daily(rows, period="week"), 6)
    with pytest.raises(ConfigurationError, match="a month apart from 2026-03-01 on, and 2026-03-02 does not"):
        author_lines(daily(rows, period="month"), 6)


def test_an_unknown_period_is_refused() -> None:
    with pytest.raises(ConfigurationError, match='period must be "day", "week" or "month", not \'year\''):
        author_lines(daily([(MONDAY, "a/b", 1)], period="year"), 6)


@pytest.mark.parametrize("top", [0, 9])
def test_the_number_of_models_and_authors_is_limited(top: int) -> None:
    with pytest.raises(ConfigurationError, match="top must be a whole number from 1 to 8"):
        model_stacks(TWO_WEEKS, top, merge_variants=False)
    with pytest.raises(ConfigurationError, match="top must be a whole number from 1 to 6"):
        author_lines(TWO_WEEKS, top)


def test_a_trend_says_from_what_to_what_between_the_first_and_the_last_finished_day() -> None:
    values: dict[date, float | None] = dict(zip(days(MONDAY, 4), (0.024, 0.028, 0.031, 0.011), strict=True))
    found = texts(percent_trend(values, unfinished=date(2026, 3, 5)))
    assert found[0] == "The share rose from 2.4% to 3.1%"
    assert found[1] == "Share by day, 2 to 5 Mar 2026 (UTC)"
    assert found[-1] == "1.1% so far"
    assert "Source: a test. Licensed under CC BY 4.0." in found
    assert texts(percent_trend(values))[0] == "The share fell from 2.4% to 1.1%"


def test_a_trend_that_stays_says_its_figure() -> None:
    assert texts(percent_trend({MONDAY: 0.024, date(2026, 3, 3): 0.0241}))[0] == "The share: 2.4%"
    assert texts(percent_trend({MONDAY: 0.024}))[0] == "The share: 2.4%"


def test_a_trend_of_nothing_but_an_unfinished_day_is_a_hollow_dot() -> None:
    chart = percent_trend({MONDAY: 0.024}, unfinished=MONDAY)
    assert texts(chart)[0] == "The share"
    assert [dot.fill for dot in dots(chart)] == [LIGHT.background]
    assert lines(chart, FIRST) == []


def test_a_missing_day_is_a_gap_and_so_is_none_and_a_lone_day_is_a_dot() -> None:
    values: dict[date, float | None] = dict.fromkeys(days(MONDAY, 8), 0.5)
    del values[date(2026, 3, 4)]
    values[date(2026, 3, 6)] = None
    chart = percent_trend(values)
    assert [len(line.points) for line in lines(chart, FIRST)] == [2, 3]
    assert [dot.fill for dot in dots(chart)] == [FIRST]
    assert "Shaded: no figures for 4 Mar 2026, 6 Mar 2026." in texts(chart)


def test_a_long_list_of_gaps_is_cut() -> None:
    values: dict[date, float | None] = {MONDAY: 0.1, date(2026, 3, 8): 0.2}
    assert "Shaded: no figures for 3 Mar 2026, 4 Mar 2026, 5 Mar 2026 and 2 more." in texts(percent_trend(values))


def test_after_a_gap_the_unfinished_day_stands_alone() -> None:
    values: dict[date, float | None] = {MONDAY: 0.1, date(2026, 3, 3): 0.2, date(2026, 3, 5): 0.1}
    chart = percent_trend(values, unfinished=date(2026, 3, 5))
    assert [line.dashed for line in lines(chart, FIRST)] == [False]


def test_an_unfinished_day_without_a_value_is_not_so_far() -> None:
    chart = percent_trend({MONDAY: 0.1, date(2026, 3, 3): None}, unfinished=date(2026, 3, 3))
    assert texts(chart)[-1] == "10.0%"


def test_other_units_are_named_and_their_numbers_are_quantities() -> None:
    chart = trend_line(
        {date(2025, 12, 1): -1500, date(2026, 1, 1): 2_500_000},
        subject="Net tokens",
        unit="tokens",
        citation="Source: a test.",
        period="month",
        unfinished=None,
    )
    found = texts(chart)
    assert found[0] == "Net tokens rose from \u22121.5K to 2.5M"
    assert found[1] == "Tokens by month, Dec 2025 to Jan 2026 (UTC)"
    assert {"0", "0.5M", "2.5M", "Dec 2025", "Jan 2026"} <= set(found)


def test_days_of_two_years_have_their_year() -> None:
    assert {"31 Dec 2025", "1 Jan 2026"} <= set(texts(percent_trend({date(2025, 12, 31): 0.1, date(2026, 1, 1): 0.2})))


@pytest.mark.parametrize("value", [nan, inf, -inf, 1e25])
def test_a_value_that_cannot_be_drawn_is_refused(value: float) -> None:
    with pytest.raises(ConfigurationError, match="finite number"):
        percent_trend({MONDAY: value})


def test_a_trend_without_a_value_or_with_another_unfinished_day_is_refused() -> None:
    for empty in ((), (MONDAY,)):
        with pytest.raises(ConfigurationError, match="no date has a value"):
            percent_trend(dict.fromkeys(empty))
    with pytest.raises(ConfigurationError, match="unfinished must be the last date, 2026-03-02, not 2026-03-03"):
        percent_trend({MONDAY: 0.1}, unfinished=date(2026, 3, 3))
