import csv
import io
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import attrs
import pytest

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.models.app_rankings import AppRankings, AppRankingsItem, decode_app_rankings
from openrouter_rankings.models.benchmarks import (
    ArtificialAnalysisBenchmark,
    BenchmarkPricing,
    Benchmarks,
    BenchmarksMeta,
    DesignArenaBenchmark,
    OpenRouterBenchmark,
    OpenRouterSearchBenchmark,
    TournamentStats,
    UnknownBenchmark,
    decode_benchmarks,
)
from openrouter_rankings.models.data_set import DataSetMeta
from openrouter_rankings.models.rankings_daily import RankingsDaily, RankingsDailyItem, decode_rankings_daily
from openrouter_rankings.models.scalar_types import Timestamp
from openrouter_rankings.models.session_cost import (
    SessionCost,
    SessionCostItem,
    SessionCostMeta,
    decode_session_cost,
)
from openrouter_rankings.render.app_rankings import apps
from openrouter_rankings.render.benchmarks import benchmarks
from openrouter_rankings.render.data_sets import Asked, Table
from openrouter_rankings.render.listing import Sheet, csv_text, json_text, sheet
from openrouter_rankings.render.rankings_daily import by_date, leaderboard
from openrouter_rankings.render.session_cost import sessions

AS_OF = Timestamp("2026-03-05T06:07:08.000Z")
LATER = Timestamp("2026-04-01T00:00:00.000Z")
META = DataSetMeta(AS_OF, "v1", date(2026, 3, 2), date(2026, 3, 4))
MONDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 4)

DAILY = RankingsDaily(
    data=(
        RankingsDailyItem(MONDAY, "saltmarsh/heron", 3_000),
        RankingsDailyItem(MONDAY, "ironbark/anvil", 1_000),
        RankingsDailyItem(MONDAY, "other", 2_000),
        RankingsDailyItem(WEDNESDAY, "ironbark/anvil:free", 2_500),
        RankingsDailyItem(WEDNESDAY, "other", 1_500),
    ),
    meta=META,
)
APPS = AppRankings(
    data=(AppRankingsItem(1, 7, "Alder", 5_000_000, 1_200), AppRankingsItem(2, 3, "Bramble", 400, 30)), meta=META
)
SESSIONS = SessionCost(
    data=(SessionCostItem("alder", "Alder", "1-turn", "saltmarsh/heron", 0.0129),),
    meta=SessionCostMeta(AS_OF, "v1", 7, WEDNESDAY),
)
PRICING = BenchmarkPricing(Decimal("0.0000025"), Decimal("0.00001"))
SCORES = Benchmarks(
    data=(
        ArtificialAnalysisBenchmark("artificial-analysis", "saltmarsh/heron", "Heron", 61.5, 40.25, None, PRICING),
        DesignArenaBenchmark(
            "design-arena", "anvil", "Anvil", "models", "svg", 1312.0, 55.0, None,
            TournamentStats(1, None, None, None, 4), None,
        ),
        OpenRouterBenchmark("openrouter", "saltmarsh/heron", "Heron", "gpqa_diamond", 0.875, None, 0.1, 198, AS_OF),
        OpenRouterSearchBenchmark(
            "openrouter", "ironbark/anvil", "Anvil", "search_hle", "f1_by_item", 0.5, 100, None, None, "spyglass",
            "plugin", AS_OF,
        ),
        UnknownBenchmark({"source": "new", "model_permaslug": "a\x1bb", "rating": 3}),
    ),
    meta=BenchmarksMeta(AS_OF, "v1", None, None, None, 3, None),
)  # fmt: skip


def cells(page: Sheet) -> list[tuple[str, ...]]:
    """The rows without the empty cells of what is drawn."""
    texts = [index for index, each in enumerate(page.columns) if each.drawn is None]
    return [tuple(row[index] for index in texts) for row in page.rows]


def test_the_leaderboard_ranks_models_and_leaves_other_to_the_total() -> None:
    page = sheet(leaderboard(DAILY, Asked()))
    assert page.title == "Models by tokens, 2026-03-02 to 2026-03-04"
    assert [column.heading for column in page.columns] == ["#", "Tokens", "Share", "Dates", "Trend", "Model"]
    assert cells(page) == [
        ("1", "3,000", "30.00%", "1", "saltmarsh/heron"),
        ("2", "2,500", "25.00%", "1", "ironbark/anvil:free"),
        ("3", "1,000", "10.00%", "1", "ironbark/anvil"),
    ]
    assert page.notes == (
        "All tokens, those of models outside the top 50 included: 10,000.",
        "No data of 2026-03-03.",
        DAILY.citation,
        DAILY.licence,
    )


def test_variants_of_a_model_can_count_as_one() -> None:
    page = sheet(leaderboard(DAILY, Asked(), top=1, merge_variants=True))
    assert cells(page) == [("1", "3,500", "35.00%", "2", "ironbark/anvil")]


def drawn(page: Sheet) -> list[tuple[tuple[float | None, ...], ...]]:
    return [column.drawn for column in page.columns if column.drawn is not None]


def test_the_trend_of_a_model_has_a_gap_on_each_date_on_which_it_is_not_named() -> None:
    assert drawn(sheet(leaderboard(DAILY, Asked()))) == [((3_000, None), (None, 2_500), (1_000, None))]


def test_the_trend_leaves_out_the_day_that_is_not_over() -> None:
    early = attrs.evolve(DAILY, meta=attrs.evolve(META, as_of=Timestamp("2026-03-04T12:00:00Z")))
    assert drawn(sheet(leaderboard(early, Asked(), top=1))) == [((3_000,),)]


def test_the_trend_leaves_out_weeks_that_are_not_over_or_cut_by_the_span() -> None:
    # The 4th of March 2026 is a Wednesday.
    mondays = [date(2026, 2, day) for day in (9, 16, 23)] + [date(2026, 3, 2)]
    weeks = attrs.evolve(
        DAILY,
        data=tuple(RankingsDailyItem(monday, "ironbark/anvil", 100) for monday in mondays),
        meta=attrs.evolve(META, start_date=date(2026, 2, 11)),
        period="week",
    )
    assert drawn(sheet(leaderboard(weeks, Asked()))) == [((100, 100),)]
    assert drawn(sheet(leaderboard(attrs.evolve(weeks, period="quarter"), Asked()))) == [((100,) * 4,)]


def test_a_negative_top_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        leaderboard(DAILY, Asked(), top=-1)


def test_of_many_missing_dates_the_first_are_named() -> None:
    last = RankingsDailyItem(date(2026, 3, 14), "ironbark/anvil", 1)
    longer = attrs.evolve(DAILY, data=(*DAILY.data, last), meta=attrs.evolve(META, as_of=LATER, end_date=last.date))
    assert sheet(leaderboard(longer, Asked())).notes[1] == (
        "No data of 2026-03-03, 2026-03-05, 2026-03-06, 2026-03-07, 2026-03-08, 2026-03-09 and 4 more."
    )


def test_a_span_without_a_gap_has_no_note_of_one() -> None:
    whole = attrs.evolve(DAILY, data=DAILY.data[:3], meta=attrs.evolve(META, end_date=MONDAY))
    assert len(sheet(leaderboard(whole, Asked())).notes) == 3


def test_of_a_period_that_is_not_known_no_date_is_called_missing() -> None:
    page = sheet(leaderboard(attrs.evolve(DAILY, period="quarter"), Asked()))
    assert len(page.notes) == 3


def test_csv_of_the_leaderboard_has_the_span_and_exact_values() -> None:
    assert csv_text(leaderboard(DAILY, Asked(), top=1)) == (
        "as_of,start_date,end_date,is_estimate,rank,model_permaslug,total_tokens,token_share,dates\n"
        "2026-03-05T06:07:08.000Z,2026-03-02,2026-03-04,False,1,saltmarsh/heron,3000,0.3,1\n"
    )


def test_json_of_the_whole_leaderboard_is_the_answer() -> None:
    assert decode_rankings_daily(json_text(leaderboard(DAILY, Asked())).encode()) == DAILY
    assert decode_rankings_daily(json_text(by_date(DAILY, Asked())).encode()) == DAILY


def test_json_of_a_part_of_the_leaderboard_sums_the_other_models_of_each_date() -> None:
    text = json_text(leaderboard(DAILY, Asked(), top=1))
    document = json.loads(text)
    assert decode_rankings_daily(text.encode()).data == (
        RankingsDailyItem(MONDAY, "saltmarsh/heron", 3_000),
        RankingsDailyItem(MONDAY, "other", 3_000),
        RankingsDailyItem(WEDNESDAY, "other", 4_000),
    )
    assert (document["period"], document["estimate"]) == ("day", False)
    assert document["leaderboard"] == [
        {"rank": 1, "model_permaslug": "saltmarsh/heron", "total_tokens": "3000", "token_share": 0.3, "dates": 1}
    ]


def test_the_rows_of_each_date_name_other_as_what_it_is() -> None:
    page = sheet(by_date(DAILY, Asked()))
    assert page.title == "Tokens of models by day, 2026-03-02 to 2026-03-04"
    assert cells(page)[2] == ("2026-03-02", "2,000", "other (all models not named)")
    assert len(page.rows) == len(DAILY.data)


def test_the_first_models_of_each_date_are_without_other() -> None:
    listing = by_date(DAILY, Asked(), top=1)
    assert [row[-1] for row in sheet(listing).rows] == ["saltmarsh/heron", "ironbark/anvil:free"]
    assert csv_text(listing).count("\n") == 3
    assert "leaderboard" not in json.loads(json_text(listing))


@pytest.mark.parametrize("show", [leaderboard, by_date])
def test_estimates_are_called_so_in_every_format(show: Callable[[RankingsDaily, Asked], Table]) -> None:
    listing = show(attrs.evolve(DAILY, period="week", is_estimate=True), Asked({"category": "legal"}))
    page = sheet(listing)
    assert "estimated tokens" in page.title.lower()
    assert "category legal" in page.title
    assert page.notes[0] == "Estimates from a weekly sample; the last week may reach beyond the span."
    assert "is_estimate" in csv_text(listing).splitlines()[0]
    document = json.loads(json_text(listing))
    assert (document["period"], document["estimate"]) == ("week", True)


def test_apps_are_shown_by_rank() -> None:
    page = sheet(apps(APPS, Asked({"sort": "trending"})))
    assert page.title == "Apps, sort trending, 2026-03-02 to 2026-03-04"
    assert cells(page) == [("1", "5,000,000", "1,200", "Alder"), ("2", "400", "30", "Bramble")]
    assert drawn(page) == [((5_000_000,), (400,))]


def test_json_of_apps_has_the_rows_that_are_shown() -> None:
    text = json_text(apps(APPS, Asked(), top=1))
    assert decode_app_rankings(text.encode()) == attrs.evolve(APPS, data=APPS.data[:1])


def test_session_costs_are_shown_with_all_their_digits() -> None:
    page = sheet(sessions(SESSIONS, Asked()))
    assert page.title == "Median costs of a session, 7 days to 2026-03-04"
    assert cells(page) == [("0.0129", "Alder", "alder", "1-turn", "saltmarsh/heron")]
    assert page.notes == (SESSIONS.citation, SESSIONS.licence)


def test_the_highest_costs_of_a_session_come_first() -> None:
    costs = (0.5, 2.0, 1.0)
    rows = tuple(attrs.evolve(SESSIONS.data[0], median_session_cost_usd=cost) for cost in costs)
    table = sessions(attrs.evolve(SESSIONS, data=rows), Asked(), top=2)
    assert [row[0] for row in cells(sheet(table))] == ["2.0000", "1.0000"]
    assert [row["median_session_cost_usd"] for row in json.loads(json_text(table))["data"]] == [2.0, 1.0]


def test_a_list_of_costs_that_goes_on_says_so() -> None:
    table = sessions(SESSIONS, Asked(), goes_on=True)
    assert "These are of the first 500 rows of the service's list, which goes on." in sheet(table).notes
    assert json.loads(json_text(table))["has_more"] is True


def test_without_a_snapshot_that_is_said() -> None:
    empty = SessionCost((), SessionCostMeta(AS_OF, "v1", None, None))
    page = sheet(sessions(empty, Asked()))
    assert (page.title, *page.notes[:2]) == (
        "Median costs of a session",
        "No rows.",
        "The service has published no snapshot yet.",
    )
    assert decode_session_cost(json_text(sessions(empty, Asked())).encode()) == empty


def test_each_shape_of_benchmark_shows_its_score_with_its_metric() -> None:
    page = sheet(benchmarks(SCORES, Asked()))
    assert page.title == "Benchmarks, as of 2026-03-05"
    assert page.rows == (
        ("1", "artificial-analysis", "intelligence", "61.5", "index", "2.50", "10.00", "saltmarsh/heron"),
        ("1", "design-arena", "models/svg", "1,312", "elo", "-", "-", "anvil"),
        ("1", "openrouter", "gpqa_diamond", "0.875", "accuracy", "-", "-", "saltmarsh/heron"),
        ("1", "openrouter", "search_hle (spyglass, plugin)", "0.5", "f1_by_item", "-", "-", "ironbark/anvil"),
        ("1", "new", "-", "-", "-", "-", "-", "a\ufffdb"),
    )


def indexed(model: str, intelligence: float | None, coding: float | None) -> ArtificialAnalysisBenchmark:
    return ArtificialAnalysisBenchmark("artificial-analysis", model, model, intelligence, coding, None, None)


def searched(model: str, engine: str, score: float) -> OpenRouterSearchBenchmark:
    return attrs.evolve(
        SCORES.of_type(OpenRouterSearchBenchmark)[0], model_permaslug=model, search_engine=engine, primary_score=score
    )


def ranked_models(table: Table) -> list[tuple[int, str]]:
    return [(row["rank"], row["model_permaslug"]) for row in table.records.rows]


def test_models_are_ranked_by_the_score_that_was_asked_for_and_those_without_one_come_last() -> None:
    data = (indexed("a", 70, 34), indexed("b", 60, None), indexed("c", 50, 78))
    coding = Benchmarks(data, attrs.evolve(SCORES.meta, task_type="coding"))
    assert ranked_models(benchmarks(coding, Asked())) == [(1, "c"), (2, "a"), (3, "b")]
    assert ranked_models(benchmarks(coding, Asked(), top=1)) == [(1, "c")]


def test_each_benchmark_has_a_ranking_of_its_own_whatever_it_was_searched_with() -> None:
    data = (
        searched("x", "spyglass", 0.25),
        indexed("a", 50, None),
        searched("y", "dowser", 0.75),
        indexed("b", 60, None),
    )
    table = benchmarks(attrs.evolve(SCORES, data=data), Asked(), top=2)
    assert ranked_models(table) == [(1, "y"), (2, "x"), (1, "b"), (2, "a")]
    assert [row["model_permaslug"] for row in json.loads(json_text(table))["data"]] == ["y", "x", "b", "a"]


@pytest.mark.parametrize(("cut_at", "is_said"), [(None, False), (4, False), (5, True)])
def test_an_answer_that_the_service_may_have_cut_says_so(cut_at: int | None, is_said: bool) -> None:
    notes = sheet(benchmarks(SCORES, Asked(), top=1, cut_at=cut_at)).notes
    assert ("The service gave just 5 rows, and may have left out more." in notes) is is_said


def test_benchmarks_of_several_sources_are_cited_line_by_line() -> None:
    notes = sheet(benchmarks(SCORES, Asked())).notes
    assert notes[0] == "Artificial Analysis: intelligence_index is shown, one of three indices."
    assert [note.split(" (")[0] for note in notes[1:4]] == [
        "Source: Artificial Analysis", "Source: Design Arena", "Source: OpenRouter",
    ]  # fmt: skip
    assert notes[-1] == SCORES.licence


@pytest.mark.parametrize(
    ("task_type", "cells"),
    [("coding", ("coding", "40.25")), ("agentic", ("agentic", "-")), ("search", ("intelligence", "61.5"))],
)
def test_the_index_shown_is_that_of_the_type_of_task(task_type: str, cells: tuple[str, str]) -> None:
    asked = attrs.evolve(SCORES, meta=attrs.evolve(SCORES.meta, task_type=task_type))
    assert sheet(benchmarks(asked, Asked(), top=1)).rows[0][2:4] == cells


def test_programs_get_the_benchmarks_whole() -> None:
    listing = benchmarks(SCORES, Asked())
    assert csv_text(listing).splitlines()[0] == ",".join([*Benchmarks.columns, "rank", "benchmark", "score", "metric"])
    assert decode_benchmarks(json_text(listing).encode()) == SCORES
    assert len(sheet(benchmarks(attrs.evolve(SCORES, data=SCORES.data[1:]), Asked())).notes) == 4


@pytest.mark.parametrize("line_break", ["\r", "\n", "\r\n"])
def test_a_line_break_in_a_name_does_not_end_the_row_of_csv(line_break: str) -> None:
    row = RankingsDailyItem(date(2026, 3, 2), f"ironbark/an{line_break}vil", 100)
    text = csv_text(leaderboard(attrs.evolve(DAILY, data=(row,)), Asked()))
    (record,) = csv.DictReader(io.StringIO(text, newline=""))
    assert record["model_permaslug"] == row.model_permaslug
    assert "\r" not in text.replace(line_break, "")
