"""What a message says, before its encoding: rows, notes, layout."""

from datetime import date
from typing import Any

import attrs
import pytest
from chat_answers import AS_OF, DAY, KINDS, META, apps, benchmarks, benchmarks_of_many_sources, daily, sessions, tasks
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.app_rankings import AppRankings, AppRankingsItem
from openrouter_rankings.models.benchmarks import ArtificialAnalysisBenchmark, Benchmarks, BenchmarksMeta
from openrouter_rankings.models.session_cost import SessionCost, SessionCostMeta
from openrouter_rankings.models.task_classifications import ModelShare, TaskClassification, TaskClassifications
from openrouter_rankings.render import chat
from openrouter_rankings.render.chat import Options, messages
from openrouter_rankings.render.chat.messages import compose
from openrouter_rankings.render.listing import SYNTHETIC_NOTICE, printable
from openrouter_rankings.render.monospace import width

HERON = ModelShare("saltmarsh/heron", 0.25, 0.5)
ANVIL = ModelShare("ironbark/anvil-2-instruct-preview", 0.5, 0.125)
TASKS = TaskClassifications(
    as_of=date(2026, 3, 4),
    window_days=7,
    classifications=(
        TaskClassification("math", "Math", "general", 0.1235, 0.1, 1.0, 1.0, ()),
        TaskClassification("code:debugging", "Debugging", "code", 0.5, 0.3, 0.5, 0.5, (HERON, ANVIL)),
        TaskClassification("code:repo_scan", "Repo Scanning", "code", 0.3765, 0.6, 0.5, 0.5, (ANVIL,)),
    ),
    macro_categories=(),
)


def test_the_tasks_are_ranked_by_share_of_requests_with_date_caveat_citation_and_licence() -> None:
    assert chat.plain(TASKS, top=2) == (
        "Tasks by share of requests\n"
        "7 days to 2026-03-04\n"
        "\n"
        "# Share Task\n"
        "1 50.0% Debugging\n"
        "2 37.6% Repo Scanning\n"
        "and 1 more\n"
        "\n"
        "Popularity is not quality.\n"
        "Source: OpenRouter (openrouter.ai/rankings), as of 2026-03-04.\n"
        "Licensed under CC BY 4.0."
    )


def test_the_tasks_are_ranked_by_share_of_tokens_when_asked() -> None:
    message = compose(TASKS, by="tokens")
    assert message.heading == "Tasks by share of tokens"
    assert message.block == "# Share Task\n1 60.0% Repo Scanning\n2 30.0% Debugging\n3 10.0% Math"


def test_the_models_of_one_task_are_named_whole_on_as_many_lines_as_they_take() -> None:
    message = compose(TASKS, tag="code:debugging")
    assert message.heading == "Models of one task by share of requests"
    assert message.block == (
        "Debugging (code:debugging)\n"
        "# Share Model\n"
        "1 50.0% ironbark/anvil-2-\n"
        "        instruct-preview\n"
        "2 25.0% saltmarsh/heron"
    )


def test_models_by_tokens_come_with_a_warning_that_they_are_the_leading_ones_by_requests() -> None:
    message = compose(TASKS, tag="code:debugging", by="tokens")
    assert message.block.endswith("2 12.5% ironbark/anvil-2-\n        instruct-preview")
    assert message.notes[0] == "The service lists only the leading models by requests of each task."


def test_the_daily_rankings_are_a_leaderboard_without_other() -> None:
    answer = daily(["saltmarsh/heron", "other"])
    message = compose(answer)
    assert (message.heading, message.subtitle) == ("Models by tokens", "2026-03-04 to 2026-03-04")
    assert message.block == "# Tokens Model\n1  1.00T saltmarsh/heron"
    assert message.notes == (
        "All tokens, those of models outside the top 50 included: 1,999,999,999,999.",
        "Each provider counts tokens with its own tokenizer.",
        "Popularity is not quality.",
        answer.citation,
        answer.licence,
    )


def test_estimates_are_called_so() -> None:
    message = compose(attrs.evolve(daily(["saltmarsh/heron"]), period="week", is_estimate=True))
    assert message.heading == "Models by estimated tokens"
    assert message.notes[0].startswith("Estimates from a weekly sample")


def test_apps_keep_the_rank_that_the_service_gives_them() -> None:
    answer = AppRankings((AppRankingsItem(101, 7, "Alder", 5_000_000, 1_200),), META)
    message = compose(answer, filters={"category": "coding", "sort": "trending"})
    assert message.block == "category coding, sort trending\n  # Tokens  Reqs App\n101  5.00M 1.20K Alder"


def test_session_costs_are_in_dollars_with_their_turns_and_the_model_below_the_app() -> None:
    rows = sessions(["Alder", "Bramble", "Cinder"]).data
    costs = (
        attrs.evolve(rows[0], turn_range="50-plus-turns", model_permaslug="saltmarsh/heron"),
        attrs.evolve(rows[1], turn_range="1-turn", median_session_cost_usd=0.00004),
        attrs.evolve(rows[2], turn_range="2-9-turns", median_session_cost_usd=0.0),
    )
    message = compose(attrs.evolve(sessions([]), data=costs))
    assert (message.heading, message.subtitle) == ("Median costs of a session", "7 days to 2026-03-04")
    assert message.block == (
        "    USD   Turns App / model\n"
        " 0.0129 50-plus Alder\n"
        "                saltmarsh/heron\n"
        "<0.0001       1 Bramble\n"
        "                Bramble\n"
        " 0.0000     2-9 Cinder\n"
        "                Cinder"
    )


def test_without_a_snapshot_there_are_no_rows_and_the_message_says_why() -> None:
    message = compose(SessionCost((), SessionCostMeta(AS_OF, "v1", None, None)))
    assert (message.subtitle, message.block) == ("as of 2026-03-05", "No rows.")
    assert message.notes[0] == "The service has published no snapshot yet."


def test_each_benchmark_row_shows_its_score_and_what_it_is_a_score_of() -> None:
    meta = BenchmarksMeta(AS_OF, "v1", None, None, None, 5, None)
    answer = attrs.evolve(benchmarks(["a", "b", "c", "d", "e"]), meta=meta)
    block = compose(answer).block.split("\n")
    assert block[:11] == [
        "Score Model / benchmark",
        " 61.5 a",
        "      intelligence index",
        "1,312 b",
        "      b/b elo",
        "0.875 c",
        "      c accuracy",
        "0.500 d",
        "      d (d, d) d",
        "    - -",
        "      e",
    ]


def test_the_index_shown_is_that_of_the_type_of_task() -> None:
    row = ArtificialAnalysisBenchmark("artificial-analysis", "saltmarsh/heron", "Heron", 61.5, 40.25, None, None)
    answer = Benchmarks((row,), BenchmarksMeta(AS_OF, "v1", None, None, "Source: Heron.", 1, "agentic"))
    assert compose(answer).block == (
        "Score Model / benchmark\n    - saltmarsh/heron\n      agentic index\n\nSource: Heron."
    )


def test_only_the_sources_of_rows_that_are_shown_are_cited() -> None:
    block = compose(benchmarks_of_many_sources(["heron", "anvil"]), top=1).block
    assert "and 1 more" in block
    assert "Source: heron," in block
    assert "Source: anvil," not in block


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (None, "older answer"),
        (0, "older, from 0 s ago"),
        (59.9, "older, from 59 s ago"),
        (60, "older, from 1 min ago"),
        (11_000, "older, from 3 h ago"),
        (2 * 86_400 - 1, "older, from 47 h ago"),
        (2 * 86_400, "older, from 2 d ago"),
        (1e12, "older, from 11,574,074 d ago"),
    ],
)
def test_a_stale_answer_says_how_old_it_is(age: float | None, said: str) -> None:
    assert compose(TASKS, age=age, stale=True).subtitle == f"7 days to 2026-03-04 · {said}"


def test_a_fresh_answer_says_nothing_of_its_age() -> None:
    assert compose(TASKS, age=30.0) == compose(TASKS)


@pytest.mark.parametrize("kind", KINDS)
def test_invented_figures_are_called_so_and_cite_no_source_as_theirs(kind: str) -> None:
    make, options = KINDS[kind]
    message = compose(make(["heron"]), **(options | Options(synthetic=True)))
    assert message.heading.startswith("Synthetic sample: ")
    assert SYNTHETIC_NOTICE in message.notes
    assert "Licensed" not in message.visible
    shown = message.visible.replace("\n", " ")
    assert shown.count("Source: ") == shown.count('A live answer: "Source: ')


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_without_rows_says_so(kind: str) -> None:
    make, _ = KINDS[kind]
    assert compose(make([])).block.startswith("No rows.")


def test_figures_too_wide_are_clipped_and_leave_room_for_names() -> None:
    row = attrs.evolve(sessions(["fifteen-columns-more"]).data[0], turn_range="9" * 50, median_session_cost_usd=1e9)
    assert compose(attrs.evolve(sessions([]), data=(row,))).block == (
        "     USD    Turns App / model\n"
        "1,000,0… 9999999… fifteen-columns-\n"
        "                  more\n"
        "                  fifteen-columns-\n"
        "                  more"
    )


def test_right_to_left_names_stand_between_marks_that_keep_the_row_in_order() -> None:
    hebrew = "\u05e9\u05dc"
    assert compose(apps([hebrew])).block.endswith(f"1  5.00M 1.20K \u200e{hebrew}\u200e")


def test_of_a_huge_name_only_the_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counting(text: str) -> str:
        read.append(len(text))
        return printable(text)

    monkeypatch.setattr(messages, "printable", counting)
    assert compose(apps(["x" * 10**6])).block.endswith("…")
    assert max(read) == 1000


def test_a_name_without_a_letter_shows_as_a_dash() -> None:
    assert compose(apps(["", "\n\t"])).block.split("\n")[1:] == ["1  5.00M 1.20K -", "2  5.00M 1.20K -"]


@pytest.mark.parametrize("top", [0, -1])
def test_a_top_under_one_is_refused(top: int) -> None:
    with pytest.raises(ConfigurationError, match="top must be at least 1"):
        chat.discord(TASKS, top=top)


@pytest.mark.parametrize("age", [-1.0, float("nan"), float("inf")])
def test_an_age_that_is_not_a_finite_duration_is_refused(age: float) -> None:
    with pytest.raises(ConfigurationError, match="age must be a finite number of seconds"):
        chat.plain(TASKS, age=age, stale=True)


@pytest.mark.parametrize("options", [{"by": "usage"}, {"tag": "math"}])
@pytest.mark.parametrize("make", [daily, apps, sessions, benchmarks_of_many_sources])
def test_by_and_tag_are_refused_for_another_data_set(make: Any, options: Any) -> None:
    with pytest.raises(ConfigurationError, match="by and tag are for"):
        chat.plain(make(["heron"]), **options)


def test_an_unknown_tag_or_measure_is_refused() -> None:
    with pytest.raises(UnknownTagError, match="Did you mean 'code:debugging'"):
        chat.telegram_html(TASKS, tag="code:debuging")
    with pytest.raises(ConfigurationError, match="by must be"):
        chat.slack(TASKS, by="requests")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_value_that_is_not_an_answer_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="what a get_ method returned, not a tuple"):
        chat.plain(TASKS.top(3))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(TypeError, match="limit"):
        chat.discord(TASKS, limit=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_plain_text_has_as_many_rows_as_asked_for() -> None:
    many = apps([f"app-{number}" for number in range(1000)])
    assert chat.plain(many, top=None).count("app-") == 1000
    assert "and 990 more" in chat.plain(many)


names = st.text(st.characters() | st.sampled_from(" /:_-千\u0301א"), max_size=100)


@given(st.lists(names, min_size=1, max_size=12), st.sampled_from(sorted(KINDS)))
def test_no_line_is_wider_than_a_phone_and_none_has_a_control_character(texts: list[str], kind: str) -> None:
    make, options = KINDS[kind]
    message = compose(make(texts), **options)
    for line in message.block.split("\n"):
        assert width(line.replace("\u200e", "")) <= 32
        assert line.replace("\u200e", "").isprintable()
    assert all(text.isprintable() for text in (message.heading, message.subtitle, *message.notes))


@given(st.lists(names.map(lambda name: name[:36]), min_size=1, max_size=9))
def test_every_name_of_ordinary_length_can_be_read_whole(texts: list[str]) -> None:
    lines = compose(tasks(texts), top=None).block.replace("\u200e", "").split("\n")[1:]
    read = "".join(line[len("1 50.0% ") :] for line in lines)
    assert read.replace(" ", "") == "".join(printable(text) or "-" for text in texts).replace(" ", "")


@given(names)
def test_figures_stay_aligned_whatever_the_names_are(name: str) -> None:
    lines = compose(apps([name, name])).block.split("\n")
    assert lines[0] == "# Tokens  Reqs App"
    assert [line[:15] for line in lines if line.startswith("1")] == ["1  5.00M 1.20K "]
    assert [line[:15] for line in lines if line.startswith("2")] == ["2  5.00M 1.20K "]
    assert all(line.startswith(" " * 15) for line in lines[1:] if line[0] not in "12")


@given(st.lists(names, min_size=1, max_size=12), st.sampled_from(sorted(KINDS)))
def test_texts_of_the_service_stand_in_the_block_only(texts: list[str], kind: str) -> None:
    make, options = KINDS[kind]
    hostile, harmless = compose(make(texts), **options), compose(make(["heron"] * len(texts)), **options)
    assert (hostile.heading, hostile.subtitle) == (harmless.heading, harmless.subtitle)
    if kind != "daily":
        assert hostile.notes == harmless.notes


def test_the_notes_of_the_daily_rankings_depend_on_figures_and_dates_only() -> None:
    assert compose(daily(["*_<b>@everyone"])).notes == compose(daily(["heron"])).notes
    assert DAY.isoformat() in compose(daily(["heron"])).subtitle
