import csv
import io
import json
from datetime import date
from functools import cache
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.errors import ConfigurationError, UnknownTagError
from openrouter_rankings.models.task_classifications import (
    By,
    MacroCategory,
    ModelShare,
    TaskClassification,
    TaskClassifications,
    decode_task_classifications,
)
from openrouter_rankings.render.data_sets import Asked, Table
from openrouter_rankings.render.listing import (
    SYNTHETIC_NOTICE,
    Sheet,
    csv_text,
    json_text,
    markdown,
    printable,
    sheet,
    source_lines,
)
from openrouter_rankings.render.task_classifications import models_of_task, models_of_tasks, tasks
from openrouter_rankings.testing.sample import task_classifications


def task(tag: str, usage: float, tokens: float, *models: ModelShare) -> TaskClassification:
    macro, _, name = tag.rpartition(":")
    return TaskClassification(tag, name.title(), macro or "general", usage, tokens, usage, tokens, models)


HERON = ModelShare("saltmarsh/heron", 0.25, 0.5)
ANVIL = ModelShare("ironbark/anvil", 0.5, 0.125)
ANSWER = TaskClassifications(
    as_of=date(2026, 3, 4),
    window_days=7,
    classifications=(
        task("math", 0.1235, 0.1),
        task("code:debugging", 0.5, 0.3, HERON, ANVIL),
        task("code:repo_scan", 0.3765, 0.6, ANVIL),
    ),
    macro_categories=(MacroCategory("code", "Code", 0.8765, 0.9), MacroCategory("general", "General", 0.1235, 0.1)),
)


def ranked(answer: TaskClassifications, *, tag: str | None = None, synthetic: bool = False, **options: Any) -> Table:
    asked = Asked(synthetic=synthetic)
    return tasks(answer, asked, **options) if tag is None else models_of_task(answer, asked, tag, **options)


def column(table: Table, name: str) -> list[Any]:
    return [row[name] for row in table.records.rows]


def cells(page: Sheet) -> list[tuple[str, ...]]:
    """The rows without the empty cells of bars."""
    texts = [index for index, each in enumerate(page.columns) if each.drawn is None]
    return [tuple(row[index] for index in texts) for row in page.rows]


def test_tasks_are_ranked_by_requests_unless_told_otherwise() -> None:
    assert column(ranked(ANSWER), "tag") == ["code:debugging", "code:repo_scan", "math"]


def test_tasks_and_their_models_are_ranked_by_tokens_when_asked() -> None:
    ranking = ranked(ANSWER, by="tokens")
    assert column(ranking, "tag") == ["code:repo_scan", "code:debugging", "math"]
    assert column(ranking, "top_model") == ["ironbark/anvil", "saltmarsh/heron", None]


def test_top_counts_within_the_macro_category() -> None:
    assert column(ranked(ANSWER, macro_category="general", top=1), "tag") == ["math"]
    assert column(ranked(ANSWER, macro_category="code"), "tag") == ["code:debugging", "code:repo_scan"]


def test_a_tag_selects_the_ranked_models_of_its_task() -> None:
    assert column(ranked(ANSWER, tag="code:debugging"), "id") == ["ironbark/anvil", "saltmarsh/heron"]
    assert column(ranked(ANSWER, tag="code:debugging", by="tokens", top=1), "id") == ["saltmarsh/heron"]


def test_json_keeps_the_macro_categories_whole() -> None:
    document = json.loads(json_text(ranked(ANSWER, tag="math")))
    assert [category["key"] for category in document["data"]["macro_categories"]] == ["code", "general"]


def test_all_tasks_can_be_shown_with_all_their_models() -> None:
    table = models_of_tasks(ANSWER, Asked())
    assert csv_text(table) == (
        "as_of,window_days,tag,display_name,macro_category,id,tag_usage_share,tag_token_share\n"
        "2026-03-04,7,code:debugging,Debugging,code,ironbark/anvil,0.5,0.125\n"
        "2026-03-04,7,code:debugging,Debugging,code,saltmarsh/heron,0.25,0.5\n"
        "2026-03-04,7,code:repo_scan,Repo_Scan,code,ironbark/anvil,0.5,0.125\n"
    )
    assert sheet(table).title == "Models of all tasks by share of requests, 7 days to 2026-03-04"
    assert column(models_of_tasks(ANSWER, Asked(), by="tokens", top=2), "tag")[0] == "code:repo_scan"
    assert not models_of_tasks(ANSWER, Asked(), macro_category="general").records.rows


def test_each_row_is_of_the_group_of_its_macro_category() -> None:
    assert sheet(ranked(ANSWER)).groups == ("code", "code", "general")
    assert sheet(ranked(ANSWER, tag="math")).groups == ()


@pytest.mark.parametrize(("by", "drawn"), [("usage", (0.5, 0.3765, 0.1235)), ("tokens", (0.6, 0.3, 0.1))])
def test_the_bars_are_of_the_share_that_is_ranked_by(by: By, drawn: tuple[float, ...]) -> None:
    (bars,) = [each.drawn for each in sheet(ranked(ANSWER, by=by)).columns if each.drawn is not None]
    assert bars == tuple((share,) for share in drawn)


def test_an_unknown_tag_is_refused_with_tags_like_it() -> None:
    with pytest.raises(UnknownTagError, match="Did you mean 'code:debugging'"):
        ranked(ANSWER, tag="code:debuging")


def test_a_negative_top_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        ranked(ANSWER, top=-1)


def test_a_sheet_of_tasks_shows_percentages_with_one_decimal_and_the_top_model() -> None:
    page = sheet(ranked(ANSWER, top=2))
    assert page.title == "Tasks by share of requests, 7 days to 2026-03-04"
    assert [column.heading for column in page.columns] == [
        "#", "Task", "Tag", "Macro", "Requests", "Tokens", "", "Top model",
    ]  # fmt: skip
    assert cells(page) == [
        ("1", "Debugging", "code:debugging", "code", "50.0%", "30.0%", "ironbark/anvil"),
        ("2", "Repo_Scan", "code:repo_scan", "code", "37.6%", "60.0%", "ironbark/anvil"),
    ]
    assert page.notes == (ANSWER.citation, ANSWER.licence)


def test_a_sheet_of_models_shows_their_shares_of_the_task() -> None:
    page = sheet(ranked(ANSWER, tag="code:debugging"))
    assert page.title == "Models of Debugging (code:debugging) by share of requests, 7 days to 2026-03-04"
    assert cells(page) == [("1", "50.0%", "12.5%", "ironbark/anvil"), ("2", "25.0%", "50.0%", "saltmarsh/heron")]


def test_a_task_without_models_has_a_dash_for_its_top_model() -> None:
    assert sheet(ranked(ANSWER, tag=None, macro_category="general")).rows[0][-1] == "-"


def test_a_ranking_by_tokens_says_that_the_models_are_those_with_most_requests() -> None:
    page = sheet(ranked(ANSWER, by="tokens"))
    assert page.title.startswith("Tasks by share of tokens")
    assert page.notes[0] == "The service lists only the leading models by requests of each task."
    assert page.notes[1:] == (ANSWER.citation, ANSWER.licence)


def test_markdown_is_a_table_with_its_citation() -> None:
    assert markdown(ranked(ANSWER, tag="code:debugging", top=1)) == (
        "## Models of Debugging (code:debugging) by share of requests, 7 days to 2026-03-04\n"
        "\n"
        "| # | Requests | Tokens | Model |\n"
        "| ---: | ---: | ---: | --- |\n"
        "| 1 | 50.0% | 12.5% | ironbark/anvil |\n"
        "\n"
        "Source: OpenRouter (openrouter.ai/rankings), as of 2026-03-04.  \n"
        "Licensed under CC BY 4.0.\n"
    )


def test_markdown_escapes_what_would_be_a_mark_and_leaves_underscores_within_words() -> None:
    named = attrs.evolve(ANSWER.classifications[0], tag="qa_tag", display_name="_a|b_ <c> `d` [e] *f* \\ ~g~")
    text = markdown(ranked(attrs.evolve(ANSWER, classifications=(named,))))
    assert r"| \_a\|b\_ \<c\> \`d\` \[e\] \*f\* \\ \~g\~ | qa_tag |" in text


def test_csv_of_tasks_has_their_exact_shares_and_the_date_in_each_row() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(ranked(ANSWER)))))
    assert [row["tag"] for row in rows] == ["code:debugging", "code:repo_scan", "math"]
    assert rows[2] == {
        "as_of": "2026-03-04",
        "window_days": "7",
        "tag": "math",
        "display_name": "Math",
        "macro_category": "general",
        "usage_share": "0.1235",
        "token_share": "0.1",
        "category_usage_share": "0.1235",
        "category_token_share": "0.1",
        "rank": "3",
        "top_model": "",
    }


def test_csv_of_one_task_has_a_row_for_each_model() -> None:
    assert csv_text(ranked(ANSWER, tag="code:debugging")) == (
        "as_of,window_days,tag,id,tag_usage_share,tag_token_share,rank\n"
        "2026-03-04,7,code:debugging,ironbark/anvil,0.5,0.125,1\n"
        "2026-03-04,7,code:debugging,saltmarsh/heron,0.25,0.5,2\n"
    )


@pytest.mark.parametrize("tag", [None, "math"])
def test_csv_without_rows_still_has_its_heading(tag: str | None) -> None:
    text = csv_text(ranked(ANSWER, tag=tag, top=0))
    assert text.startswith("as_of,window_days,tag,")
    assert text.count("\n") == 1


def test_json_has_the_citation_and_the_licence_beside_the_data() -> None:
    document = json.loads(json_text(ranked(ANSWER)))
    assert document.keys() == {"data", "citation", "licence", "age_seconds", "stale", "from_cache"}
    assert document["citation"] == ANSWER.citation
    assert document["licence"] == "Licensed under CC BY 4.0."


@cache
def synthetic_answer(seed: int) -> TaskClassifications:
    return decode_task_classifications(json.dumps(task_classifications(date(2026, 3, 4), seed)).encode())


@given(
    seed=st.integers(0, 3),
    by=st.sampled_from(["usage", "tokens"]),
    tag=st.sampled_from([None, "math", "code:debugging"]),
    top=st.none() | st.integers(0, 40),
    synthetic=st.booleans(),
)
def test_json_reads_back_as_what_was_selected(
    seed: int, by: By, tag: str | None, top: int | None, synthetic: bool
) -> None:
    ranking = ranked(synthetic_answer(seed), by=by, tag=tag, top=top, synthetic=synthetic)
    text = json_text(ranking)
    again = ranked(decode_task_classifications(text.encode()), by=by, tag=tag, top=top, synthetic=synthetic)
    # Only the first of them knows that rows were left out.
    assert json.loads(json_text(again)) | {"narrowed": True} == json.loads(text) | {"narrowed": True}
    assert again.records == ranking.records


def test_every_text_of_invented_figures_says_so() -> None:
    ranking = ranked(ANSWER, synthetic=True)
    assert sheet(ranking).title == "Synthetic sample: tasks by share of requests, 7 days to 2026-03-04"
    assert markdown(ranking).startswith("## Synthetic sample: ")
    assert SYNTHETIC_NOTICE in markdown(ranking)
    assert source_lines(ranking) == ("Synthetic sample: invented vendors, models and figures, not OpenRouter's.",)


def test_json_of_invented_figures_is_marked_and_claims_no_licence() -> None:
    document = json.loads(json_text(ranked(ANSWER, synthetic=True)))
    assert document["synthetic"] is True
    assert document["licence"] is None
    assert document["citation"] == SYNTHETIC_NOTICE


@given(st.text())
def test_printable_text_is_one_line_without_control_characters(text: str) -> None:
    assert printable(text).isprintable()


def test_printable_replaces_what_a_terminal_would_obey() -> None:
    assert printable("a\n\x1b[31mb\tc") == "a \ufffd[31mb c"


def test_a_sheet_has_no_control_characters_of_the_service() -> None:
    bad = attrs.evolve(
        ANSWER.classifications[1],
        tag="x\x1b]0;y",
        display_name="a\nb",
        macro_category="c\rd",
        models=(ModelShare("v/\x07m", 0.1, 0.1),),
    )
    answer = attrs.evolve(ANSWER, classifications=(bad,))
    for page in (sheet(ranked(answer)), sheet(ranked(answer, tag=bad.tag))):
        assert all(text.isprintable() for text in (page.title, *page.rows[0]) if text)
