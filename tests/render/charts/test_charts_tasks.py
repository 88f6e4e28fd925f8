"""Charts of tasks: what they say, and what they refuse to draw."""

import json
from datetime import date
from math import inf, nan
from typing import Any

import attrs
import pytest

pytest.importorskip("matplotlib")

from pictures import AS_OF, answer, drawn, task, texts

from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.task_classifications import ModelShare, decode_task_classifications
from openrouter_rankings.render.charts.bars import model_bars, task_bars
from openrouter_rankings.render.charts.page import Chart
from openrouter_rankings.render.charts.shapes import Label, Rectangle
from openrouter_rankings.render.charts.themes import THEMES
from openrouter_rankings.render.charts.treemap import treemap
from openrouter_rankings.testing.sample import task_classifications

LIGHT = THEMES["light"]
GENERAL, CODE, DATA, AGENT = (LIGHT.colour(number) for number in range(4))

HERON = ModelShare("saltmarsh/heron-1", 0.5, 0.2)
GALE = ModelShare("northwind/gale-2", 0.3, 0.6)
ANSWER = answer(
    task("code:debugging", 0.5, HERON, GALE, tokens=0.3),
    task("math", 0.3, GALE, tokens=0.2),
    task("agent:web_search", 0.2, tokens=0.5),
)


def filled(chart: Chart, colour: str) -> list[Rectangle]:
    """The shapes in a colour, without the key."""
    return [
        shape
        for shape in drawn(chart)
        if isinstance(shape, Rectangle) and shape.fill == colour and shape.box.height > 20
    ]


def area(shape: Rectangle) -> float:
    return shape.box.width * shape.box.height


def test_a_treemap_states_the_leader_the_unit_the_window_and_the_source() -> None:
    lines = texts(treemap(ANSWER, "usage"))
    assert lines[:2] == [
        "Code:Debugging leads with 50% of requests",
        "Area: share of classified requests by task, with its leading model, 7 days to 4 Mar 2026",
    ]
    assert "Source: OpenRouter (openrouter.ai/rankings), as of 2026-03-04. Licensed under CC BY 4.0." in lines


def test_a_treemap_by_tokens_says_so_and_shows_the_leading_models_by_tokens() -> None:
    lines = texts(treemap(ANSWER, "tokens"))
    assert lines[0] == "Agent:Web_Search leads with 50% of tokens"
    assert "share of classified tokens" in lines[1]
    cell = lines.index("Debugging") if "Debugging" in lines else lines.index("Code:Debugging")
    assert lines[cell : cell + 3] == [lines[cell], "30.0%", "gale-2"]


def test_the_areas_of_a_treemap_are_as_the_shares_in_the_colours_of_their_categories() -> None:
    chart = treemap(ANSWER, "usage")
    (debugging,), (maths,), (search,) = (filled(chart, colour) for colour in (CODE, GENERAL, AGENT))
    assert area(debugging) / area(maths) == pytest.approx(5 / 3)
    assert area(search) / area(maths) == pytest.approx(2 / 3)


def test_the_key_of_a_treemap_names_the_categories_with_their_shares() -> None:
    assert [text for text in texts(treemap(ANSWER, "usage")) if text.endswith(".0%") and " " in text] == [
        "Code 50.0%",
        "General 30.0%",
        "Agent 20.0%",
    ]


def test_a_task_without_models_has_no_leading_model() -> None:
    lines = texts(treemap(answer(task("math", 1.0)), "usage"))
    assert lines[-3:-1] == ["Math", "100.0%"] or lines[-2:] == ["Math", "100.0%"]


def test_small_tasks_share_one_area_and_no_area_is_without_a_label() -> None:
    small = [task(f"code:small-{number}", 0.001, name=f"Small task {number}") for number in range(20)]
    chart = treemap(answer(task("code:large", 0.9), task("code:medium", 0.08, name="Medium"), *small), "usage")
    lines = texts(chart)
    assert [lines[-1]] == ["20 more 2.0%"] or lines[-2:] == ["20 more", "2.0%"]
    assert {"Code:Large", "Medium"} <= set(lines)
    assert len(filled(chart, CODE)) == 3


def test_a_long_name_of_a_model_is_shortened_before_it_is_left_out() -> None:
    model = ModelShare("a/" + "x" * 300, 0.5, 0.5)
    assert any(
        line.startswith("xxxx") and line.endswith("…") for line in texts(treemap(answer(task("t", 1, model)), "usage"))
    )


def test_a_category_too_small_for_any_label_is_drawn_and_named_in_the_key() -> None:
    chart = treemap(answer(task("math", 0.9999), task("code:tiny", 0.0001)), "usage")
    assert "Code <0.1%" in texts(chart)
    # The key, and an area too small to see.
    assert sum(isinstance(shape, Rectangle) and shape.fill == CODE for shape in drawn(chart)) == 2


def test_unknown_categories_have_colours_of_their_own_and_then_are_neutral() -> None:
    many = [task(f"category-{number}:x", 0.1) for number in range(10)]
    chart = treemap(answer(*many), "usage")
    fills = [shape.fill for shape in drawn(chart) if isinstance(shape, Rectangle) and shape.fill]
    assert fills[:5] == [*LIGHT.series[4:], LIGHT.neutral]
    assert [fills.count(colour) for colour in fills[:5]] == [2, 2, 2, 2, 1 + 6]
    assert "Others" in texts(chart)


def test_a_dollar_sign_is_a_dollar_sign() -> None:
    assert texts(treemap(answer(task("t", 1.0, name="$x^2$")), "usage"))[0] == "$x^2$ leads with 100% of requests"


@pytest.mark.parametrize("share", [nan, inf, -0.1, 1.5])
def test_a_share_that_cannot_be_one_is_refused(share: float) -> None:
    with pytest.raises(ConfigurationError, match="fraction from 0 to 1"):
        treemap(answer(task("math", share)), "usage")


def test_an_answer_without_tasks_or_without_traffic_is_refused() -> None:
    for empty in (answer(), answer(task("math", 0.0))):
        with pytest.raises(ConfigurationError, match="nothing to draw"):
            treemap(empty, "usage")


def test_too_many_tasks_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="500 tasks at most, not 501"):
        task_bars(answer(*(task(str(number), 0.001) for number in range(501))), None, "usage", 5)


def test_bars_are_as_long_as_the_shares_and_the_rest_is_one_row_without_a_bar() -> None:
    chart = task_bars(ANSWER, None, "usage", 2)
    (debugging,), (maths,) = filled(chart, CODE), filled(chart, GENERAL)
    assert debugging.box.width / maths.box.width == pytest.approx(5 / 3)
    assert filled(chart, AGENT) == []
    lines = texts(chart)
    assert [lines[lines.index("Other tasks (1)") + 1]] == ["20.0%"]


def test_bars_show_the_change_in_points_and_what_is_new_or_gone() -> None:
    earlier = answer(
        task("code:debugging", 0.488),
        task("math", 0.3004),
        task("code:gone", 0.2, name="Gone"),
        as_of=date(2026, 2, 25),
    )
    lines = texts(task_bars(ANSWER, earlier, "usage", 12))
    assert "Points since 25 Feb 2026" in lines
    assert [line for line in lines if line in {"▲ 1.2", "0.0", "new"}] == ["▲ 1.2", "0.0", "new"]
    assert "No longer listed: Gone" in lines


def test_a_fall_points_down_and_may_be_of_tokens() -> None:
    earlier = attrs.evolve(ANSWER, as_of=date(2026, 2, 25), classifications=(task("math", 0.0, tokens=0.25),))
    assert "▼ 5.0" in texts(task_bars(ANSWER, earlier, "tokens", 12))


@pytest.mark.parametrize(
    ("earlier", "message"),
    [
        (ANSWER, "not before 2026-03-04"),
        (attrs.evolve(ANSWER, as_of=date(2026, 2, 25), window_days=1), "for 1 and 7 days"),
        (attrs.evolve(ANSWER, as_of=date(2026, 2, 25), synthetic=True), "One of the two answers is synthetic"),
    ],
)
def test_bars_compare_with_an_older_answer_for_an_equal_window_only(earlier: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        task_bars(ANSWER, earlier, "usage", 5)


@pytest.mark.parametrize("top", [0, 13, -1])
def test_bars_are_one_to_twelve(top: int) -> None:
    with pytest.raises(ConfigurationError, match="top must be a whole number from 1 to 12"):
        task_bars(ANSWER, None, "usage", top)
    with pytest.raises(ConfigurationError, match="top must be a whole number from 1 to 12"):
        model_bars(ANSWER, "math", "usage", top)


def test_the_models_of_a_task_have_both_shares_and_the_rest_of_the_task() -> None:
    lines = texts(model_bars(ANSWER, "code:debugging", "usage", 10))
    assert lines[0] == "heron-1 leads with 50% of requests for Code:Debugging"
    assert lines[1] == "Models of Code:Debugging (code:debugging), 7 days to 4 Mar 2026"
    assert "Share of the task's requests" in lines
    first = lines.index("saltmarsh/heron-1")
    assert lines[first : first + 3] == ["saltmarsh/heron-1", "50.0%", "20.0%"]
    assert lines[lines.index("All other models") + 1] == "20.0%"


def test_the_models_of_a_task_by_tokens_come_with_the_notice_that_they_are_listed_by_requests() -> None:
    lines = texts(model_bars(ANSWER, "code:debugging", "tokens", 1))
    assert lines[0] == "gale-2 leads with 60% of tokens for Code:Debugging"
    assert "The service lists the task's leading models by requests only." in lines
    assert lines[lines.index("All other models") + 1] == "40.0%"


def test_models_that_make_the_whole_task_leave_no_rest() -> None:
    whole = answer(task("math", 1.0, ModelShare("a/b", 1.0, 1.0)))
    assert "All other models" not in texts(model_bars(whole, "math", "usage", 10))


def test_a_task_that_is_not_there_or_has_no_model_is_refused() -> None:
    with pytest.raises(UnknownTagError):
        model_bars(ANSWER, "maths", "usage", 10)
    with pytest.raises(ConfigurationError, match="the task 'agent:web_search' has no model"):
        model_bars(ANSWER, "agent:web_search", "usage", 10)


def test_the_sample_of_29_tasks_is_labelled_in_every_area() -> None:
    sample = decode_task_classifications(json.dumps(task_classifications(AS_OF)).encode())
    chart = treemap(sample, "usage")
    areas = [shape for colour in (GENERAL, CODE, DATA, AGENT) for shape in filled(chart, colour)]
    labels = [shape for shape in drawn(chart) if isinstance(shape, Label)]
    for shape in areas:
        box = shape.box
        assert any(box.left < label.x < box.right and box.top < label.baseline < box.bottom for label in labels)
    assert len(areas) > 15
