"""Picks: shares, scores, reasons, and what is refused."""

import math
import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_answers import MONDAY, task, task_answers, tasks

from openrouter_rankings.analysis.errors import AmbiguousModelError, StaleSnapshotError
from openrouter_rankings.analysis.globs import LONGEST_PATTERN, MOST_PATTERNS
from openrouter_rankings.analysis.picks import CAVEAT, Pick, pick
from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.benchmarks import (
    ArtificialAnalysisBenchmark,
    Benchmark,
    BenchmarkPricing,
    Benchmarks,
    BenchmarksMeta,
    DesignArenaBenchmark,
    OpenRouterBenchmark,
    OpenRouterSearchBenchmark,
    TournamentStats,
    UnknownBenchmark,
)
from openrouter_rankings.models.scalar_types import Timestamp
from openrouter_rankings.models.task_classifications import TaskClassifications

SNAPSHOT = tasks(
    task("code:a", {"acme/one": (0.5, 0.25), "birch/two": (0.25, 0.5)}, usage=0.25, tokens=0.25),
    task("code:b", {"birch/two": (0.75, 0.5)}, usage=0.125, tokens=0.25),
    task("math", {"acme/one": (0.25, 0.25), "cedar/three:free": (0.5, 0.5)}, usage=0.5, tokens=0.5),
)


def models(picks: Any) -> list[str]:
    return [each.model for each in picks.data]


# -- shares ----------------------------------------------------------------------------------------------------------


def test_a_share_is_of_the_traffic_of_all_tasks_that_a_pattern_matches() -> None:
    picks = pick(SNAPSHOT, {"code:*": 1.0})
    # code:a has two thirds of their requests, and half of their tokens.
    assert models(picks) == ["birch/two", "acme/one"]
    assert [each.share for each in picks.data] == [pytest.approx(0.25 * 2 / 3 + 0.75 / 3), pytest.approx(0.5 * 2 / 3)]
    assert [each.share for each in pick(SNAPSHOT, {"code:*": 1.0}, by="tokens").data] == [0.5, 0.125]
    assert picks.meta.tags == ("code:a", "code:b")


def test_weights_are_relative_to_their_sum() -> None:
    assert pick(SNAPSHOT, {"code:a": 3, "math": 1}).data == pick(SNAPSHOT, {"code:a": 0.75, "math": 0.25}).data
    shares = {each.model: each.share for each in pick(SNAPSHOT, {"code:a": 3, "math": 1}).data}
    assert shares == {"acme/one": 0.4375, "birch/two": 0.1875, "cedar/three:free": 0.125}


def test_by_popularity_alone_the_score_is_the_share_relative_to_the_largest() -> None:
    picks = pick(SNAPSHOT, {"math": 1})
    assert [(each.rank, each.model, each.score) for each in picks.data] == [
        *((1, "cedar/three:free", 1.0), (2, "acme/one", 0.5)),
    ]
    assert picks.data[0].author == "cedar"


def test_reasons_say_what_the_score_is_made_of_and_where_it_is_from() -> None:
    acme = next(each for each in pick(SNAPSHOT, {"code:*": 1, "math": 1}).data if each.model == "birch/two")
    assert [(reason.criterion, reason.text) for reason in acme.reasons] == [
        ("popularity", "at least 41.7% of the requests of the 2 tasks like code:*"),
        ("popularity", "not among the leading models of math"),
    ]
    assert {reason.citation for reason in acme.reasons} == {SNAPSHOT.citation}
    by_tokens = pick(SNAPSHOT, {"math": 1}, by="tokens").data[0]
    assert by_tokens.reasons[0].text == "at least 50.0% of the tokens of math"


def test_the_result_carries_caveat_citation_and_date() -> None:
    picks = pick(SNAPSHOT, {"math": 1})
    assert picks.caveat == CAVEAT
    assert CAVEAT in picks.meta.remarks
    assert "popularity is not quality" in CAVEAT
    assert picks.citation == SNAPSHOT.citation
    assert (picks.meta.as_of, picks.meta.by) == (MONDAY, "usage")


def test_equal_models_are_in_alphabetical_order() -> None:
    snapshot = tasks(task("math", {"b/m": (0.25, 0.25), "a/m": (0.25, 0.25)}))
    assert models(pick(snapshot, {"math": 1})) == ["a/m", "b/m"]


def test_tasks_without_traffic_count_alike() -> None:
    snapshot = tasks(
        task("a", {"a/m": (0.5, 0.5)}, usage=0.0), task("b", {"a/m": (0.25, 0.5), "b/m": (0.0, 0.0)}, usage=0.0)
    )
    picks = pick(snapshot, {"*": 1})
    assert [each.share for each in picks.data] == [0.375, 0.0]
    only = pick(snapshot, {"b": 1}, allow="b/*")
    assert [(each.score, each.share) for each in only.data] == [(0.0, 0.0)]


# -- which models ----------------------------------------------------------------------------------------------------


def test_models_can_be_allowed_and_denied_by_pattern_and_by_slug() -> None:
    everything = {"*": 1.0}
    assert models(pick(SNAPSHOT, everything, allow="*/t*")) == ["cedar/three:free", "birch/two"]
    assert models(pick(SNAPSHOT, everything, allow=["acme/one", "cedar/*"], deny=["*:free"])) == ["acme/one"]
    assert models(pick(SNAPSHOT, everything, deny="acme/one")) == ["cedar/three:free", "birch/two"]
    assert models(pick(SNAPSHOT, everything, allow="c?dar/[st]*")) == ["cedar/three:free"]
    assert models(pick(SNAPSHOT, everything, allow=())) == []


def test_a_slug_matches_the_model_in_any_of_its_forms() -> None:
    snapshot = tasks(task("math", {"a/m-20260101": (0.25, 0.25), "b/m": (0.25, 0.25)}))
    assert models(pick(snapshot, {"math": 1}, allow="a/m")) == ["a/m-20260101"]
    assert models(pick(snapshot, {"math": 1}, deny=["b/m-20260101"])) == ["a/m-20260101"]


def test_an_ambiguous_slug_is_refused_and_a_pattern_takes_all() -> None:
    snapshot = tasks(task("math", {"a/m-20260101": (0.25, 0.25), "a/m-20260202": (0.5, 0.25)}))
    with pytest.raises(AmbiguousModelError):
        pick(snapshot, {"math": 1}, deny="a/m")
    assert models(pick(snapshot, {"math": 1}, deny="a/m*")) == []


def test_what_matches_no_model_is_reported() -> None:
    picks = pick(SNAPSHOT, {"math": 1}, allow=["acme/*", "elm/*"], deny=["birch/two"])
    assert picks.meta.unmatched == ("elm/*", "birch/two")
    assert models(picks) == ["acme/one"]


def test_models_below_the_least_share_are_left_out() -> None:
    assert models(pick(SNAPSHOT, {"math": 1}, min_share=0.3)) == ["cedar/three:free"]
    assert models(pick(SNAPSHOT, {"math": 1}, min_share=0.25)) == ["cedar/three:free", "acme/one"]
    assert models(pick(SNAPSHOT, {"math": 1}, min_share=1)) == []


def test_a_number_of_picks_keeps_the_first() -> None:
    assert models(pick(SNAPSHOT, {"math": 1}, n=1)) == ["cedar/three:free"]


# -- age -------------------------------------------------------------------------------------------------------------

MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)


def test_the_age_counts_from_the_end_of_the_last_day() -> None:
    max_age = timedelta(days=1)
    assert pick(SNAPSHOT, {"math": 1}, max_age=max_age, now=MIDNIGHT + max_age).data
    with pytest.raises(StaleSnapshotError, match="ends on 2026-03-02 and is 1 day, 0:00:01 old") as caught:
        pick(SNAPSHOT, {"math": 1}, max_age=max_age, now=MIDNIGHT + max_age + timedelta(seconds=1))
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own pickle
    assert (error.as_of, error.age, error.max_age) == (MONDAY, timedelta(days=1, seconds=1), max_age)


def test_a_snapshot_of_today_or_of_the_last_day_of_all_is_not_too_old() -> None:
    assert pick(SNAPSHOT, {"math": 1}, max_age=timedelta(0), now=MIDNIGHT - timedelta(hours=12)).data
    assert pick(tasks(task("math"), as_of=date.max), {"math": 1}, max_age=timedelta(0), now=MIDNIGHT).data == ()


@pytest.mark.parametrize("now", [None, datetime(2026, 3, 3)])  # noqa: DTZ001 - what is refused
def test_an_age_needs_the_present_instant(now: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_age needs now, an aware datetime"):
        pick(SNAPSHOT, {"math": 1}, max_age=timedelta(days=1), now=now)


# -- mistakes --------------------------------------------------------------------------------------------------------


def test_a_pattern_that_matches_no_task_is_an_error_with_similar_tags() -> None:
    with pytest.raises(UnknownTagError, match="Did you mean 'code:a'"):
        pick(SNAPSHOT, {"math": 1, "cod:a": 1})
    with pytest.raises(UnknownTagError):
        pick(SNAPSHOT, {"data:*": 1})
    with pytest.raises(UnknownTagError):
        pick(tasks(), {"*": 1})


@pytest.mark.parametrize("weight", [0, -1, math.nan, math.inf, 1e10, "1", None], ids=repr)
def test_a_weight_is_a_number_above_zero(weight: Any) -> None:
    with pytest.raises(ConfigurationError, match="weight of 'math' in weights must be a number above 0"):
        pick(SNAPSHOT, {"math": weight})
    with pytest.raises(ConfigurationError, match="weight of 'popularity' in criteria"):
        pick(SNAPSHOT, {"math": 1}, criteria={"popularity": weight})


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"weights": {}}, "weights must not be empty"),
        ({"criteria": {}}, "criteria must not be empty"),
        ({"weights": {"": 1}}, "1 to 200 characters"),
        ({"weights": {"x" * (LONGEST_PATTERN + 1): 1}}, "1 to 200 characters"),
        ({"weights": {f"tag{number}": 1 for number in range(MOST_PATTERNS + 1)}}, "at most 100 patterns"),
        ({"allow": ["a"] * (MOST_PATTERNS + 1)}, "allow has at most 100 patterns"),
        ({"deny": [7]}, "A pattern in deny"),
        ({"by": "rank"}, "by must be"),
        ({"min_share": -0.1}, "min_share must be a fraction"),
        ({"min_share": math.nan}, "min_share must be a fraction"),
        ({"n": -1}, "n must not be negative"),
        (
            {"criteria": {"coding_index": 1}},
            "no criterion 'coding_index'. There are popularity; others need",
        ),
    ],
)
def test_mistakes_are_refused(arguments: dict[str, Any], problem: str) -> None:
    weights = arguments.pop("weights", {"math": 1})
    with pytest.raises(ConfigurationError, match=problem):
        pick(SNAPSHOT, weights, **arguments)


def test_an_endless_list_of_patterns_is_refused() -> None:
    def endless() -> Any:
        while True:
            yield "a/*"

    with pytest.raises(ConfigurationError, match="at most 100 patterns"):
        pick(SNAPSHOT, {"math": 1}, allow=endless())


def test_the_work_is_bounded_by_models_and_patterns_together() -> None:
    snapshot = tasks(task("math", {f"a/m{number}": (0.0, 0.0) for number in range(10_000)}))
    assert len(pick(snapshot, {"math": 1}, deny=["b/*"] * 97).data) == 10_000
    with pytest.raises(ConfigurationError, match="lists? 10000 models, .* 101 entries .*: give at most 100"):
        pick(snapshot, {"math": 1}, deny=["b/*"] * 98)


def test_a_pattern_of_many_stars_is_matched_in_linear_time() -> None:
    # Backtracking would take more steps than there are atoms in the universe.
    snapshot = tasks(task("a" * 20_000, {"a/m": (0.5, 0.5)}))
    assert pick(snapshot, {"*a" * 100: 1}).data
    with pytest.raises(UnknownTagError):
        pick(snapshot, {"*a" * 99 + "*b": 1})


# -- benchmarks and prices -------------------------------------------------------------------------------------------

AA_LINE = (
    "Source: Artificial Analysis (artificialanalysis.ai), via OpenRouter (openrouter.ai), as of 2026-03-02T00:00:00Z."
)


def price(prompt: str, completion: str) -> BenchmarkPricing:
    return BenchmarkPricing(Decimal(prompt), Decimal(completion))


def analysed(model: str, coding: float | None, pricing: BenchmarkPricing | None = None) -> ArtificialAnalysisBenchmark:
    return ArtificialAnalysisBenchmark("artificial-analysis", model, model, 1.0, coding, None, pricing)


def arena(model: str, elo: float, pricing: BenchmarkPricing | None = None) -> DesignArenaBenchmark:
    stats = TournamentStats(None, None, None, None, None)
    return DesignArenaBenchmark(
        "design-arena", model, model, "models", "codecategories", elo, 50.0, None, stats, pricing
    )


def evaluated(model: str, accuracy: float) -> OpenRouterBenchmark:
    at = Timestamp("2026-03-01T00:00:00Z")
    return OpenRouterBenchmark("openrouter", model, model, "gpqa_diamond", accuracy, None, None, 100, at)


def searched(model: str, score: float) -> OpenRouterSearchBenchmark:
    at = Timestamp("2026-03-01T00:00:00Z")
    return OpenRouterSearchBenchmark(
        "openrouter", model, model, "search_hle", "accuracy", score, 100, None, None, "exa", "plugin", at
    )


def benchmarks(*rows: Benchmark) -> Benchmarks:
    meta = BenchmarksMeta(Timestamp("2026-03-02T00:00:00Z"), "v1", None, None, None, len(rows), None)
    return Benchmarks(rows, meta)


ROWS = benchmarks(
    analysed("acme/one", 80.0, price("0.000002", "0.000002")),
    analysed("birch/two", 60.0, price("0.000001", "0.000005")),
    analysed("cedar/three:free", None, price("0", "0")),
    arena("acme/one", 1100.0),
    arena("birch/two", 1300.0, price("0.000001", "0.000001")),
    evaluated("birch/two", 0.5),
    searched("birch/two", 0.25),
    searched("birch/two", 0.75),
    UnknownBenchmark({"source": "elsewhere", "score": 1}),
)


def weighed(criterion: str, rows: Benchmarks = ROWS, snapshot: TaskClassifications = SNAPSHOT) -> dict[str, Pick]:
    return {each.model: each for each in pick(snapshot, {"*": 1}, benchmarks=rows, criteria={criterion: 1}).data}


def test_a_benchmark_score_goes_from_0_for_the_lowest_to_1_for_the_highest() -> None:
    picks = weighed("coding_index")
    assert {model: each.score for model, each in picks.items()} == {
        "acme/one": 1.0,
        "birch/two": 0.0,
        "cedar/three:free": 0.0,
    }
    assert [(reason.criterion, reason.text, reason.citation) for reason in picks["acme/one"].reasons] == [
        ("coding_index", "coding_index 80", AA_LINE)
    ]


def test_what_is_not_known_of_a_model_counts_as_0_and_its_reason_says_so() -> None:
    (reason,) = weighed("coding_index")["cedar/three:free"].reasons
    assert (reason.text, reason.contribution, reason.citation) == ("coding_index unknown: counts as 0", 0.0, AA_LINE)


def test_the_best_price_is_the_lowest_of_three_parts_prompt_and_one_part_completion() -> None:
    picks = weighed("price")
    assert {model: each.score for model, each in picks.items()} == {
        "acme/one": 0.0,
        "birch/two": 0.5,
        "cedar/three:free": 1.0,
    }
    assert picks["acme/one"].reasons[0].text == "price $2.00 per million tokens (3 parts prompt, 1 part completion)"
    # Of two rows for a model the lower price counts.
    assert "price $1.00" in picks["birch/two"].reasons[0].text


def test_arenas_go_by_elo_and_evaluations_by_their_best_score() -> None:
    assert weighed("models/codecategories")["birch/two"].reasons[0].text == "models/codecategories 1300"
    assert weighed("gpqa_diamond")["birch/two"].score == 1.0
    assert weighed("search_hle")["birch/two"].reasons[0].text == "search_hle 0.75"


def test_criteria_are_weighed_and_each_reason_names_its_source() -> None:
    criteria = {"popularity": 2, "coding_index": 1, "price": 1}
    picks = pick(SNAPSHOT, {"code:a": 1}, benchmarks=ROWS, criteria=criteria)
    assert [(each.model, each.score) for each in picks.data] == [("acme/one", 0.75), ("birch/two", 0.5)]
    assert [reason.contribution for reason in picks.data[1].reasons] == [0.25, 0.0, 0.25]
    assert picks.citation.split("\n") == [SNAPSHOT.citation, AA_LINE, AA_LINE.replace(*_ARENA)]


_ARENA = ("Artificial Analysis (artificialanalysis.ai)", "Design Arena (designarena.ai)")


def test_benchmarks_that_are_not_asked_for_change_nothing() -> None:
    assert pick(SNAPSHOT, {"*": 1}, benchmarks=ROWS) == pick(SNAPSHOT, {"*": 1})


def test_without_popularity_among_the_criteria_the_score_is_not_said_to_be_about_use() -> None:
    picks = pick(SNAPSHOT, {"math": 1}, benchmarks=ROWS, criteria={"price": 1})
    assert picks.caveat == picks.meta.remarks[0]
    assert "does not say how much a model is used" in picks.caveat
    assert CAVEAT not in picks.meta.remarks


def test_an_unknown_criterion_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no criterion 'elo'. There are popularity, price, coding_index, gpqa"):
        weighed("elo")


def test_of_many_criteria_the_first_are_named_and_the_others_counted() -> None:
    many = benchmarks(*(attrs.evolve(arena("acme/one", 1.0), category=f"c{number:02}") for number in range(20)))
    with pytest.raises(ConfigurationError, match=r"There are popularity, models/c00, .*, models/c10 and 9 more\.$"):
        weighed("elo", many)


def test_benchmarks_are_found_by_any_form_of_the_slug_and_ambiguity_is_said() -> None:
    rows = benchmarks(
        analysed("acme/one-20260101", 80.0), analysed("birch/two-20260101", 1.0), analysed("birch/two-20260202", 2.0)
    )
    picks = weighed("coding_index", rows)
    assert picks["acme/one"].score == 1.0
    assert picks["birch/two"].reasons[0].text == (
        "coding_index ambiguous (birch/two-20260101, birch/two-20260202): counts as 0"
    )


def test_extreme_scores_are_no_failure() -> None:
    rows = benchmarks(arena("acme/one", -1.7e308), arena("birch/two", 1.7e308), arena("cedar/three:free", 0.0))
    scores = {model: each.score for model, each in weighed("models/codecategories", rows).items()}
    assert scores == {"acme/one": 0.0, "birch/two": 1.0, "cedar/three:free": 0.5}


def test_without_candidates_there_are_no_picks() -> None:
    picks = pick(SNAPSHOT, {"math": 1}, allow="elm/*", benchmarks=ROWS, criteria={"popularity": 1, "price": 1})
    assert picks.data == ()
    assert picks.citation == SNAPSHOT.citation


@given(
    task_answers(),
    st.dictionaries(st.sampled_from(["*", "code:*", "math", "m*"]), st.floats(1e-6, 1e6), min_size=1),
    st.sampled_from(["usage", "tokens"]),
)
def test_scores_are_fractions_made_of_their_reasons_and_in_order(
    snapshot: TaskClassifications, weights: dict[str, float], by: Any
) -> None:
    try:
        picks = pick(snapshot, weights, by=by, benchmarks=ROWS, criteria={"popularity": 3, "price": 1})
    except UnknownTagError:
        return
    assert picks.data == tuple(sorted(picks.data, key=lambda each: (-each.score, -each.share, each.model)))
    for each in picks.data:
        assert 0 <= each.score <= 1 + 1e-9
        assert 0 <= each.share <= 1 + 1e-9
        assert each.score == math.fsum(reason.contribution for reason in each.reasons)
