"""Invented figures: their mark survives every way in and out, and nothing cites a real source for them."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from openrouter_rankings import (
    AppRankings,
    Benchmarks,
    RankingsClient,
    RankingsDaily,
    SessionCost,
    TaskClassifications,
    join_pages,
)
from openrouter_rankings.models.rankings_daily import join_rankings_daily
from openrouter_rankings.models.synthetic import NOTICE
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

Answer = TaskClassifications | RankingsDaily | AppRankings | SessionCost | Benchmarks
KINDS = {
    "get_task_classifications": TaskClassifications,
    "get_rankings_daily": RankingsDaily,
    "get_app_rankings": AppRankings,
    "get_session_cost": SessionCost,
    "get_benchmarks": Benchmarks,
}


@pytest.fixture(params=KINDS)
async def answer(request: pytest.FixtureRequest) -> Answer:
    async with RankingsClient("key", transport=FakeTransport(EmulatedAPI())) as client:
        asked: Answer = await getattr(client, request.param)()
        return asked


def measured(answer: Any) -> Any:
    return attrs.evolve(answer, synthetic=False)


async def test_an_answer_of_the_emulation_says_that_it_is_invented_and_cites_nobody(answer: Answer) -> None:
    assert answer.synthetic
    assert (answer.citation, answer.licence) == (NOTICE, "")
    assert "OpenRouter (" not in repr(answer) + str(answer._repr_html_())


async def test_a_measured_answer_is_cited_and_has_no_mark(answer: Answer) -> None:
    real = measured(answer)
    assert real.citation == real.source_line
    assert real.citation.startswith("Source: ")
    assert "synthetic" not in real.to_dict()


@pytest.mark.parametrize("synthetic", [True, False])
async def test_the_mark_survives_a_file(answer: Any, synthetic: bool) -> None:
    saved = json.dumps(attrs.evolve(answer, synthetic=synthetic).to_dict())
    assert type(answer).from_json(saved).synthetic is synthetic
    assert type(answer).from_dict(json.loads(saved)).synthetic is synthetic


@pytest.mark.parametrize("value", [False, None, 0, 1, "true", [], {}])
async def test_only_true_is_the_mark(answer: Any, value: object) -> None:
    document = measured(answer).to_dict() | {"synthetic": value}
    assert type(answer).from_dict(document) == measured(answer)
    assert type(answer).from_json(json.dumps(document)) == measured(answer)


async def test_each_row_of_invented_benchmarks_cites_nobody() -> None:
    async with RankingsClient("key", transport=FakeTransport(EmulatedAPI())) as client:
        benchmarks = await client.get_benchmarks()
    assert set(benchmarks.citations.values()) == {NOTICE}
    assert NOTICE not in measured(benchmarks).citations.values()


async def test_what_is_joined_of_measured_and_invented_figures_is_invented() -> None:
    async with RankingsClient("key", transport=FakeTransport(EmulatedAPI())) as client:
        early = await client.get_rankings_daily(start_date="2025-03-01", end_date="2025-03-02")
        late = await client.get_rankings_daily(start_date="2025-03-03", end_date="2025-03-04")
        pages = [page async for page in client.iter_app_rankings().pages()]
    assert join_rankings_daily([measured(early), late]).synthetic
    assert not join_rankings_daily([measured(early), measured(late)]).synthetic
    assert join_pages([measured(pages[0]), *pages[1:]]).synthetic or len(pages) == 1
