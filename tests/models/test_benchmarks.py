"""The benchmarks: rows of five kinds, what is refused, and what the values can do."""

from decimal import Decimal
from typing import Any

import attrs
import pytest
from answers import (
    Json,
    Place,
    changed,
    check_same_without_msgspec,
    check_value,
    encoded,
    json_values,
    outcome,
    places,
    without,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.models import converter
from openrouter_rankings.models.benchmarks import (
    ArtificialAnalysisBenchmark,
    BenchmarkPricing,
    Benchmarks,
    DesignArenaBenchmark,
    OpenRouterBenchmark,
    OpenRouterSearchBenchmark,
    SearchRunConfig,
    TournamentStats,
    UnknownBenchmark,
    decode_benchmarks,
)

MODEL: Json = {"model_permaslug": "acme/swift-1", "display_name": "Acme: Swift 1"}
PRICING: Json = {"prompt": "0.0000025", "completion": "0.00001"}
RUN: Json = {"total_tasks": 198, "avg_cost_per_task": 0.02, "last_run_timestamp": "2026-02-28T10:00:00Z"}

INDICES: Json = MODEL | {
    "source": "artificial-analysis",
    "intelligence_index": 41.5,
    "coding_index": 33.0,
    "agentic_index": None,
    "pricing": PRICING,
}
ARENA: Json = MODEL | {
    "source": "design-arena",
    "arena": "models",
    "category": "dataviz",
    "elo": 1234.5,
    "win_rate": 61.25,
    "avg_generation_time_ms": None,
    "tournament_stats": {"first_place": 5, "second_place": 3, "third_place": None, "fourth_place": 0, "total": 9},
    "pricing": None,
}
CLASSIC: Json = (
    MODEL
    | RUN
    | {
        "source": "openrouter",
        "benchmark_type": "gpqa_diamond",
        "accuracy": 0.75,
        "accuracy_stddev": None,
    }
)
SEARCH: Json = (
    MODEL
    | RUN
    | {
        "source": "openrouter",
        "benchmark_type": "search_hle",
        "primary_metric": "f1_by_item",
        "primary_score": 0.5,
        "avg_latency_per_task_ms": 1200.5,
        "search_engine": "birch",
        "search_surface": "plugin",
    }
)
RUN_CONFIG: Json = {"max_agent_turns": 20, "reasoning_effort": "high", "temperature": None}
CONFIGURED: Json = SEARCH | {"run_config": RUN_CONFIG}
UNKNOWN: Json = {"source": "kite-lab", "model_permaslug": "birch/leaf-2", "score": {"value": 10**30, "of": [1, None]}}
SHAPES = [INDICES, ARENA, CLASSIC, SEARCH, CONFIGURED]

AS_OF = "2026-03-01T00:00:00.123Z"


def sample(*rows: Any, **meta: Any) -> Json:
    about = {
        "as_of": AS_OF,
        "version": "v1",
        "source": None,
        "source_url": None,
        "citation": None,
        "model_count": 1,
        "task_type": None,
    }
    return {"data": list(rows), "meta": about | meta}


def decoded(*rows: Any, **meta: Any) -> Benchmarks:
    return decode_benchmarks(encoded(sample(*rows, **meta)))


def problems_of(*rows: Any) -> Any:
    return outcome(decode_benchmarks, encoded(sample(*rows)))


# -- decoding --------------------------------------------------------------------------------------------------------


def test_rows_of_all_kinds_keep_every_field(parser: None) -> None:
    benchmarks = decoded(*SHAPES, UNKNOWN)
    assert benchmarks.to_dict() == sample(*SHAPES, UNKNOWN)
    assert [type(row) for row in benchmarks.data] == [
        ArtificialAnalysisBenchmark,
        DesignArenaBenchmark,
        OpenRouterBenchmark,
        OpenRouterSearchBenchmark,
        OpenRouterSearchBenchmark,
        UnknownBenchmark,
    ]


def test_prices_are_exact_decimal_numbers_and_written_without_an_exponent(parser: None) -> None:
    benchmarks = decoded(INDICES | {"pricing": {"prompt": "1e-7", "completion": "0.10000000000000000005"}})
    (row,) = benchmarks.of_type(ArtificialAnalysisBenchmark)
    assert row.pricing == BenchmarkPricing(Decimal("0.0000001"), Decimal("0.10000000000000000005"))
    assert benchmarks.to_dict()["data"][0]["pricing"] == {
        "prompt": "0.0000001",
        "completion": "0.10000000000000000005",
    }


def test_the_run_configuration_is_there_only_if_it_came(parser: None) -> None:
    bare, configured, null = decoded(SEARCH, CONFIGURED, SEARCH | {"run_config": None}).of_type(
        OpenRouterSearchBenchmark
    )
    assert bare.run_config is null.run_config is None
    assert configured.run_config == SearchRunConfig(20, "high", None)


def test_known_rows_are_read_the_quick_way_alone(parser: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def exact(_: bytes) -> Any:
        raise AssertionError("read the exact way")

    monkeypatch.setattr(converter, "_exact_document", exact)
    assert len(decoded(*SHAPES).data) == len(SHAPES)


def test_unknown_fields_and_new_enum_values_are_accepted(parser: None) -> None:
    new = [row | {"note": {"deep": [None]}} for row in SHAPES]
    new[1] |= {"arena": "robots", "category": "mazes"}
    new[2] |= {"benchmark_type": "juggling"}
    new[3] |= {"benchmark_type": "search_attic", "primary_metric": "luck", "search_surface": "window"}
    benchmarks = decoded(*new, version="v1.1", licence="CC BY 4.0")
    assert [type(row) for row in benchmarks.data] == [type(row) for row in decoded(*SHAPES).data]
    assert benchmarks.of_type(DesignArenaBenchmark)[0].arena == "robots"
    assert benchmarks.of_type(OpenRouterBenchmark)[0].benchmark_type == "juggling"
    assert "note" not in benchmarks.to_dict()["data"][0]


def test_an_empty_answer_still_has_its_date(parser: None) -> None:
    benchmarks = decoded(model_count=0)
    assert (benchmarks.data, benchmarks.to_records(), benchmarks.by_model("acme/swift-1")) == ((), [], ())
    assert benchmarks.meta.as_of == AS_OF


# -- rows that are not known -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        {"source": "kite-lab"},
        MODEL | {"source": "artificial-analysis", "video_index": 3, "pricing": PRICING},
        MODEL | {"source": "design-arena", "category": "3d", "stars": 4},
        MODEL | RUN | {"source": "openrouter", "benchmark_type": "chess", "wins": 4},
        MODEL | RUN | {"source": "openrouter", "benchmark_type": "search_attic", "accuracy": 0.5},
        MODEL | {"source": "openrouter"},
    ],
)
def test_a_row_of_an_unknown_source_or_shape_is_kept_as_it_is(parser: None, row: Json) -> None:
    benchmarks = decoded(row, INDICES)
    assert benchmarks.data[0] == UnknownBenchmark(row)
    assert benchmarks.to_dict()["data"] == [row, INDICES]


def test_an_unknown_row_tells_its_source_and_model_where_it_names_them() -> None:
    known = UnknownBenchmark(UNKNOWN | {"display_name": "half \ud83d"})
    assert (known.source, known.model_permaslug, known.display_name) == ("kite-lab", "birch/leaf-2", "half ?")
    bare = UnknownBenchmark({"source": "kite-lab", "display_name": 5})
    assert (bare.model_permaslug, bare.display_name) == (None, None)


def test_unknown_rows_are_the_same_when_their_fields_are() -> None:
    assert UnknownBenchmark(UNKNOWN) == UnknownBenchmark(dict(UNKNOWN))
    assert UnknownBenchmark(UNKNOWN) != UnknownBenchmark(UNKNOWN | {"score": 1})
    assert len({UnknownBenchmark(UNKNOWN), UnknownBenchmark(dict(UNKNOWN))}) == 1


# -- refusing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({}, "data[1].source: missing"),
        (MODEL, "data[1].source: missing"),
        ({"source": None}, "data[1].source: expected a string, got null"),
        ({"source": ["openrouter"]}, "data[1].source: expected a string, got an array"),
        (None, "data[1]: expected an object, got null"),
        ([], "data[1]: expected an object, got an array"),
        ("source", "data[1]: expected an object, got a string"),
    ],
)
def test_a_row_that_tells_no_source_is_refused(parser: None, row: Any, problem: str) -> None:
    assert problems_of(INDICES, row) == (problem,)


OWN_FIELDS = [
    (shape, place) for shape in SHAPES for place in places(shape) if place and place[-1] not in {"source", "run_config"}
]


@pytest.mark.parametrize(("shape", "place"), OWN_FIELDS)
def test_a_field_that_a_known_row_lacks_is_named(parser: None, shape: Json, place: Place) -> None:
    assert problems_of(INDICES, without(shape, place)) == (f"data[1].{'.'.join(place)}: missing",)


@pytest.mark.parametrize(
    ("shape", "place", "value", "problem"),
    [
        (INDICES, ("coding_index",), "33", "coding_index: expected a number, got a string"),
        (INDICES, ("pricing", "prompt"), 0.1, "pricing.prompt: expected a decimal number as a string, got 0.1"),
        (INDICES, ("pricing", "prompt"), None, "pricing.prompt: expected a decimal number as a string, got null"),
        (INDICES, ("pricing",), "free", "pricing: expected an object, got a string"),
        (ARENA, ("elo",), None, "elo: expected a number, got null"),
        (ARENA, ("tournament_stats",), None, "tournament_stats: expected an object, got null"),
        (ARENA, ("tournament_stats", "total"), 9.5, "tournament_stats.total: expected a 64-bit integer, got 9.5"),
        (CLASSIC, ("accuracy",), True, "accuracy: expected a number, got a boolean"),
        (CLASSIC, ("total_tasks",), None, "total_tasks: expected a 64-bit integer, got null"),
        (
            CLASSIC,
            ("last_run_timestamp",),
            "2026-02-28",
            "last_run_timestamp: expected an ISO-8601 instant, got a string",
        ),
        (CLASSIC, ("benchmark_type",), None, "benchmark_type: expected a string, got null"),
        (SEARCH, ("benchmark_type",), 5, "benchmark_type: expected a string, got 5"),
        (SEARCH, ("search_engine",), None, "search_engine: expected a string, got null"),
        (CONFIGURED, ("run_config",), [], "run_config: expected an object, got an array"),
        (
            CONFIGURED,
            ("run_config", "max_agent_turns"),
            "20",
            "run_config.max_agent_turns: expected a 64-bit integer, got a string",
        ),
    ],
)
def test_a_value_of_another_kind_is_named_with_its_place(
    parser: None, shape: Json, place: Place, value: Any, problem: str
) -> None:
    assert problems_of(INDICES, changed(shape, place, value)) == (f"data[1].{problem}",)


SMALL = sample(INDICES, ARENA, CLASSIC, CONFIGURED, UNKNOWN)


@given(st.sampled_from(sorted(places(SMALL), key=str)), json_values)
@settings(max_examples=examples(100))
def test_any_json_value_in_any_place_gives_data_or_an_invalid_response(place: Place, value: Any) -> None:
    check_same_without_msgspec(decode_benchmarks, encoded(changed(SMALL, place, value)))


# -- what the values can do ------------------------------------------------------------------------------------------


def test_values_are_frozen_hashable_and_slotted() -> None:
    benchmarks = decoded(INDICES, ARENA, CLASSIC, CONFIGURED, UNKNOWN)
    (indices,) = benchmarks.of_type(ArtificialAnalysisBenchmark)
    (arena,) = benchmarks.of_type(DesignArenaBenchmark)
    (search,) = benchmarks.of_type(OpenRouterSearchBenchmark)
    for value in (
        *(benchmarks, benchmarks.meta, *benchmarks.data),
        *(indices.pricing, arena.tournament_stats, search.run_config),
    ):
        check_value(value)


def test_rows_are_found_by_class_and_by_model() -> None:
    other = CLASSIC | {"model_permaslug": "birch/leaf-2"}
    benchmarks = decoded(INDICES, other, CLASSIC, UNKNOWN)
    assert benchmarks.of_type(OpenRouterBenchmark) == (benchmarks.data[1], benchmarks.data[2])
    assert benchmarks.by_model("acme/swift-1") == (benchmarks.data[0], benchmarks.data[2])
    assert benchmarks.by_model("birch/leaf-2") == (benchmarks.data[1], benchmarks.data[3])
    assert benchmarks.by_model("none/such") == ()


@pytest.mark.parametrize(
    ("row", "values"),
    [
        (
            INDICES,
            {
                "intelligence_index": 41.5,
                "coding_index": 33.0,
                "pricing_prompt": Decimal("0.0000025"),
                "pricing_completion": Decimal("0.00001"),
            },
        ),
        (
            ARENA,
            {
                "arena": "models",
                "category": "dataviz",
                "elo": 1234.5,
                "win_rate": 61.25,
                "tournament_first_place": 5,
                "tournament_second_place": 3,
                "tournament_fourth_place": 0,
                "tournament_total": 9,
            },
        ),
        (CLASSIC, RUN | {"benchmark_type": "gpqa_diamond", "accuracy": 0.75}),
        (
            CONFIGURED,
            RUN
            | {name: value for name, value in SEARCH.items() if name not in {"source", "run_config"}}
            | {"run_config_max_agent_turns": 20, "run_config_reasoning_effort": "high"},
        ),
    ],
)
def test_records_are_one_wide_table_with_none_where_a_shape_has_no_such_field(row: Json, values: Json) -> None:
    (record,) = decoded(row).to_records()
    assert list(record) == list(Benchmarks.columns)
    stated = MODEL | {"as_of": AS_OF, "source": row["source"]} | values
    assert {name: value for name, value in record.items() if value is not None} == stated


def test_an_unknown_row_has_its_source_and_names_in_the_records_and_nothing_else() -> None:
    (record,) = decoded(UNKNOWN | {"elo": 1, "total_tasks": "many", "pricing": "free"}).to_records()
    assert {name: value for name, value in record.items() if value is not None} == {
        "as_of": AS_OF,
        "source": "kite-lab",
        "model_permaslug": "birch/leaf-2",
    }


def test_every_field_of_every_class_has_its_column() -> None:
    prefixed = {
        "pricing": ("pricing_", BenchmarkPricing),
        "tournament_stats": ("tournament_", TournamentStats),
        "run_config": ("run_config_", SearchRunConfig),
    }
    names = {"as_of"}
    for kind in (
        ArtificialAnalysisBenchmark,
        DesignArenaBenchmark,
        OpenRouterBenchmark,
        OpenRouterSearchBenchmark,
    ):
        for field in attrs.fields(kind):
            prefix, inner = prefixed.get(field.name, ("", None))
            names |= {prefix + part.name for part in attrs.fields(inner)} if inner else {field.name}
    assert names == set(Benchmarks.columns)


INDICES_LINE = f"Source: Artificial Analysis (artificialanalysis.ai), via OpenRouter (openrouter.ai), as of {AS_OF}."
ARENA_LINE = f"Source: Design Arena (designarena.ai), via OpenRouter (openrouter.ai), as of {AS_OF}."
OPENROUTER_LINE = f"Source: OpenRouter (openrouter.ai), as of {AS_OF}."
UNKNOWN_LINE = f"Source: kite-lab, via OpenRouter (openrouter.ai), as of {AS_OF}."


def test_an_answer_with_a_citation_is_cited_by_it() -> None:
    benchmarks = decoded(INDICES, source="artificial-analysis", citation="Cite me so.")
    assert benchmarks.citation == benchmarks.citation_of(benchmarks.data[0]) == "Cite me so."
    assert benchmarks.citations == {"artificial-analysis": "Cite me so."}


def test_an_answer_of_several_sources_cites_each_once_in_the_order_of_its_rows() -> None:
    benchmarks = decoded(SEARCH, ARENA, CLASSIC, INDICES, UNKNOWN, ARENA)
    lines = [OPENROUTER_LINE, ARENA_LINE, INDICES_LINE, UNKNOWN_LINE]
    assert benchmarks.citation.splitlines() == lines
    assert list(benchmarks.citations) == ["openrouter", "design-arena", "artificial-analysis", "kite-lab"]
    assert list(benchmarks.citations.values()) == lines
    assert benchmarks.citation_of(benchmarks.data[1]) == ARENA_LINE


def test_an_empty_answer_cites_openrouter() -> None:
    assert decoded().citation == OPENROUTER_LINE
    assert decoded().citations == {}
