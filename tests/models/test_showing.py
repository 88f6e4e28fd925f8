"""How values show themselves: as plain values, in a prompt and in a notebook; and an answer as a sequence of rows."""

import json
import sys
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest
from answers import DOCUMENTS
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings import (
    AppRankings,
    AppRankingsItem,
    ArtificialAnalysisBenchmark,
    BenchmarkPricing,
    Benchmarks,
    BenchmarksMeta,
    DataSetMeta,
    MacroCategory,
    ModelShare,
    ModelTokens,
    OpenRouterSearchBenchmark,
    RankingsDaily,
    RankingsDailyItem,
    SearchRunConfig,
    SessionCost,
    SessionCostItem,
    SessionCostMeta,
    TaskClassification,
    TaskClassifications,
    Timestamp,
    TournamentStats,
    UnknownBenchmark,
)
from openrouter_rankings.models.data_set import Answer, DataSet

AS_OF = Timestamp("2026-03-02T06:00:00Z")
SPAN = DataSetMeta(AS_OF, "v1", date(2026, 3, 1), date(2026, 3, 2))


def every_answer(text: str, number: int = 7, rows: int = 1) -> list[Answer]:
    """Answers of every kind, with this text and number wherever there is one."""
    share = number / 7
    task = TaskClassification(text, text, text, share, share, share, share, (ModelShare(text, share, share),) * 10)
    indices = ArtificialAnalysisBenchmark(
        *("artificial-analysis", text, text, share, share, None),
        BenchmarkPricing(Decimal(number), Decimal("1e-7")),
    )
    return [
        TaskClassifications(
            date(2026, 3, 1), number, (task,) * rows, (MacroCategory(text, text, share, share),) * rows
        ),
        RankingsDaily((RankingsDailyItem(date(2026, 3, 1), text, number),) * rows, SPAN, text, is_estimate=True),
        AppRankings((AppRankingsItem(number, number, text, number, number),) * rows, SPAN),
        SessionCost(
            (SessionCostItem(text, text, text, text, share),) * rows,
            SessionCostMeta(AS_OF, text, number, date(2026, 3, 1)),
        ),
        Benchmarks(
            (indices, UnknownBenchmark({"source": text, "model_permaslug": text, "deep": {text: [text]}})) * rows,
            BenchmarksMeta(AS_OF, text, text, text, text, number, text),
        ),
    ]


def every_item(text: str, number: int = 7) -> list[Any]:
    tasks, *others = every_answer(text, number)
    assert isinstance(tasks, TaskClassifications)
    data_sets = [other for other in others if isinstance(other, DataSet)]
    return [
        *(tasks.classifications[0], tasks.classifications[0].models[0], tasks.macro_categories[0]),
        *(row for each in data_sets for row in each),
        *(each.meta for each in data_sets),
        *(ModelTokens(text, number, 0.5, number), TournamentStats(number, None, 3, 4, number)),
        SearchRunConfig(number, text, 0.5),
    ]


# -- plain values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", every_item("a/b"), ids=lambda item: type(item).__name__)
def test_every_item_gives_a_plain_dictionary_that_json_can_hold(item: Any) -> None:
    plain = item.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert isinstance(item, UnknownBenchmark) or list(plain) == [field.name for field in attrs.fields(type(item))]


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS, ids=lambda each: getattr(each, "__name__", ""))
def test_an_item_is_written_as_within_its_answer(kind: type[Answer], document: Any) -> None:
    answer = kind.from_dict(document)
    if isinstance(answer, TaskClassifications):
        assert [task.to_dict() for task in answer.top()] == answer.to_dict()["data"]["classifications"]
    elif isinstance(answer, DataSet):
        assert [row.to_dict() for row in answer] == answer.to_dict()["data"]


def test_a_search_row_without_a_run_configuration_does_not_name_it() -> None:
    row = OpenRouterSearchBenchmark(
        *("openrouter", "a/b", "B", "search_hle", "accuracy", 0.5, 100, None, None, "birch", "plugin", AS_OF)
    )
    assert "run_config" not in row.to_dict()
    configured = attrs.evolve(row, run_config=SearchRunConfig(5, None, 0.5))
    assert configured.to_dict()["run_config"] == {"max_agent_turns": 5, "reasoning_effort": None, "temperature": 0.5}


def test_an_unknown_row_gives_its_fields_and_keeps_its_own() -> None:
    row = UnknownBenchmark({"source": "kite-lab"})
    row.to_dict()["source"] = "other"
    assert row.source == "kite-lab"


@pytest.mark.parametrize("answer", every_answer("a/b"), ids=lambda answer: type(answer).__name__)
def test_records_for_json_have_the_same_rows_with_dates_and_prices_as_text(answer: Any) -> None:
    exact, plain = answer.to_records(), answer.to_records(json=True)
    assert json.loads(json.dumps(plain)) == plain
    tables = zip(exact.values(), plain.values(), strict=True) if isinstance(exact, dict) else [(exact, plain)]
    for rows, plain_rows in tables:
        for row, plain_row in zip(rows, plain_rows, strict=True):
            assert list(row) == list(plain_row)
            assert plain_row == {name: as_json(value) for name, value in row.items()}
            assert {type(value) for value in plain_row.values()} <= {str, int, float, bool, type(None)}


def as_json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value


# -- in a prompt -----------------------------------------------------------------------------------------------------


def test_an_answer_says_what_it_is_of_when_and_its_first_rows() -> None:
    tasks, daily, apps, costs, benchmarks = every_answer("a/b", rows=2)
    assert repr(tasks) == "<TaskClassifications: 2 tasks, 7 days to 2026-03-01: a/b 100.0%, a/b 100.0%>"
    assert repr(daily) == (
        "<RankingsDaily: 2 estimated rows by a/b, 2026-03-01 to 2026-03-02: 2026-03-01 a/b, 2026-03-01 a/b>"
    )
    assert repr(apps) == "<AppRankings: 2 apps, 2026-03-01 to 2026-03-02: 7. a/b, 7. a/b>"
    assert repr(costs) == "<SessionCost: 2 medians, 7 days to 2026-03-01: a/b, a/b, a/b $1, a/b, a/b, a/b $1>"
    assert repr(benchmarks) == (
        "<Benchmarks: 4 rows as of 2026-03-02T06:00:00Z: a/b (artificial-analysis), a/b (a/b), "
        "a/b (artificial-analysis), ...>"
    )


def test_an_answer_without_rows_says_so() -> None:
    assert repr(AppRankings((), SPAN)) == "<AppRankings: 0 apps, 2026-03-01 to 2026-03-02>"
    assert (
        repr(SessionCost((), SessionCostMeta(AS_OF, "v1", None, None))) == "<SessionCost: 0 medians, no snapshot yet>"
    )
    assert repr(RankingsDaily((), SPAN)) == "<RankingsDaily: 0 rows by day, 2026-03-01 to 2026-03-02>"


hostile_texts = (
    st.sampled_from(["x" * 10_000, "\x1b[31m" * 100, "\U000e0001" * 100, "'\"" * 100, "a\nb", ""]) | st.text()
)


@given(hostile_texts, st.sampled_from([0, 7, 2**63 - 1, -(2**63)]), st.integers(0, 5))
@settings(max_examples=examples(50))
def test_a_representation_is_short_and_on_one_line_whatever_the_texts(text: str, number: int, rows: int) -> None:
    for answer in every_answer(text, number, rows):
        assert len(repr(answer)) <= 500
        assert repr(answer).isprintable()
    for item in every_item(text, number):
        assert len(repr(item)) <= 1200
        assert repr(item).isprintable()
        assert repr(item).startswith(f"{type(item).__name__}(")


def test_an_item_shows_its_fields_and_the_first_of_its_models() -> None:
    share = ModelShare("acme/swift-1", 0.5, 0.25)
    assert repr(share) == "ModelShare(id='acme/swift-1', tag_usage_share=0.5, tag_token_share=0.25)"
    task = TaskClassification("math", "Math", "general", 0.5, 0.5, 1.0, 1.0, (share,) * 10)
    assert repr(task).endswith(f"models=({share!r}, {share!r}, ...))")


def two_years() -> RankingsDaily:
    days = [date(2025, 1, 1) + timedelta(days=number) for number in range(730)]
    rows = tuple(RankingsDailyItem(day, f"acme/model-{model}", model) for day in days for model in range(51))
    return RankingsDaily(rows, attrs.evolve(SPAN, start_date=days[0], end_date=days[-1]))


def test_showing_two_years_of_rows_looks_at_the_first_few_only() -> None:
    answer = two_years()
    one = attrs.evolve(answer, data=answer.data[:4])
    assert repr(answer) == repr(one).replace("4 rows", "37,230 rows")
    assert calls_of(lambda: repr(answer)) <= calls_of(lambda: repr(one)) + 5
    assert calls_of(answer._repr_html_) < 50 * calls_of(one._repr_html_)


def calls_of(show: Any) -> int:
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    show()
    sys.setprofile(counted)
    try:
        show()
    finally:
        sys.setprofile(None)
    return count


# -- in a notebook ---------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The elements and the texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def html_of(answer: Any) -> str:
    html: str = answer._repr_html_()
    return html


HOSTILE = "<script>alert('&')</script>\""


@pytest.mark.parametrize("answer", every_answer(HOSTILE), ids=lambda answer: type(answer).__name__)
def test_a_notebook_shows_a_table_with_the_citation_and_every_text_escaped(answer: Answer) -> None:
    page = Page(html_of(answer))
    assert set(page.tags) <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "p", "br"}
    assert page.texts[-2:] == [answer.citation, answer.licence]
    assert HOSTILE in page.texts


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=80))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    answer = AppRankings((AppRankingsItem(1, 7, f"-{text}-", 5, 3),), SPAN)
    assert f"-{text}-" in Page(html_of(answer)).texts


def test_a_long_text_is_cut_in_a_notebook() -> None:
    names = ["x" * 100, "y" * 101, "z" * 200]
    answer = AppRankings(tuple(AppRankingsItem(1, 7, name, 5, 3) for name in names), SPAN)
    texts = Page(html_of(answer)).texts
    assert [text for text in texts if text[:3] in {"xxx", "yyy", "zzz"}] == [
        *("x" * 100, "y" * 100 + "...", "z" * 100 + "..."),
    ]


def test_a_notebook_leaves_out_what_all_rows_share_and_what_none_has() -> None:
    apps = AppRankings((AppRankingsItem(1, 9007199254740993, "Birch", 9007199254740993, 3),), SPAN)
    assert Page(html_of(apps)).texts == [
        *("1 apps, 2026-03-01 to 2026-03-02", "rank", "app_id", "app_name", "total_tokens", "total_requests"),
        *("1", "9007199254740993", "Birch", "9,007,199,254,740,993", "3", apps.citation, apps.licence),
    ]
    *_, benchmarks = every_answer("a/b")
    texts = Page(html_of(benchmarks)).texts
    assert "pricing_prompt" in texts
    assert "0.0000001" in texts
    assert "elo" not in texts
    assert "as_of" not in texts


def test_a_notebook_shows_twenty_rows_and_says_how_many_more_there_are() -> None:
    page = Page(html_of(two_years()))
    assert page.tags.count("tr") == 21
    assert "37,210 more rows" in page.texts


def test_tasks_show_their_shares_in_percent_and_their_leading_model() -> None:
    share = ModelShare("acme/swift-1", 0.5, 0.25)
    task = TaskClassification("math", "Math", "general", 0.123, 0.5, 1.0, 1.0, (share,))
    bare = attrs.evolve(task, tag="translation", models=())
    texts = Page(html_of(TaskClassifications(date(2026, 3, 1), 7, (task, bare), ()))).texts
    assert texts[1:13] == [
        *("task", "tag", "macro category", "requests", "tokens", "leading model"),
        *("Math", "math", "general", "12.3%", "50.0%", "acme/swift-1"),
    ]


def test_an_answer_without_rows_is_a_table_without_rows() -> None:
    answer = AppRankings((), SPAN)
    assert Page(html_of(answer)).texts == ["0 apps, 2026-03-01 to 2026-03-02", answer.citation, answer.licence]


# -- an answer as a sequence of its rows -----------------------------------------------------------------------------


def test_an_answer_has_the_length_the_order_and_the_rows_of_its_table() -> None:
    rows = tuple(AppRankingsItem(rank, rank, f"App {rank}", 1, 1) for rank in range(1, 6))
    answer = AppRankings(rows, SPAN)
    assert len(answer) == 5
    assert tuple(answer) == rows
    assert (answer[0], answer[-1], answer[1:3]) == (rows[0], rows[-1], rows[1:3])
    assert rows[2] in answer
    assert list(reversed(answer)) == list(reversed(rows))
    with pytest.raises(IndexError):
        _ = answer[5]


def test_an_answer_is_true_even_without_rows() -> None:
    empty = AppRankings((), SPAN)
    assert len(empty) == 0
    assert empty


def test_an_answer_is_not_equal_to_its_rows_and_hashes_as_a_whole() -> None:
    rows = (AppRankingsItem(1, 1, "Birch", 1, 1),)
    answer, later = AppRankings(rows, SPAN), AppRankings(rows, attrs.evolve(SPAN, as_of=Timestamp("2026-03-03T00:00Z")))
    assert answer.__eq__(rows) is NotImplemented
    assert answer != later
    assert len({answer, later, AppRankings(rows, SPAN)}) == 2
    assert attrs.asdict(answer)["data"] == (attrs.asdict(rows[0]),)
