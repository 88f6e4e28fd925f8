"""Lists that come in pages: where they end, and what of a change between two pages is noticed."""

from contextlib import aclosing
from datetime import date

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings import (
    AppRankings,
    AppRankingsItem,
    DataSetMeta,
    ListChangedError,
    Paged,
    SessionCost,
    SessionCostItem,
    SessionCostMeta,
    Timestamp,
    join_pages,
)

META = DataSetMeta(Timestamp("2026-01-01T00:00:00.000Z"), "v1", date(2025, 12, 1), date(2025, 12, 31))
SIZE = 3
LAST = 6


def app(rank: int, app_id: int | None = None) -> AppRankingsItem:
    return AppRankingsItem(rank, rank if app_id is None else app_id, f"App {rank}", 1000 - rank, 10)


def apps(count: int) -> list[AppRankingsItem]:
    return [app(rank) for rank in range(1, count + 1)]


class Service:
    """Gives the pages of a list, or the pages that are scripted for an offset."""

    def __init__(self, rows: list[AppRankingsItem], scripted: dict[int, AppRankings] | None = None) -> None:
        self.rows = rows
        self.scripted = scripted or {}
        self.offsets: list[int] = []

    async def page(self, offset: int) -> AppRankings:
        self.offsets.append(offset)
        as_of = Timestamp(f"2026-01-01T00:00:0{len(self.offsets)}.000Z")
        ordinary = AppRankings(tuple(self.rows[offset : offset + SIZE]), attrs.evolve(META, as_of=as_of))
        return self.scripted.get(offset, ordinary)

    def paged(self) -> Paged[AppRankings, AppRankingsItem]:
        return Paged(self.page, page_size=SIZE, last_offset=LAST)


async def read(paged: Paged[AppRankings, AppRankingsItem]) -> list[AppRankingsItem]:
    return [row async for row in paged]


@given(st.integers(0, 12))
async def test_all_rows_come_once_and_in_order_up_to_where_the_service_ends(count: int) -> None:
    service = Service(apps(count))
    assert await read(service.paged()) == apps(count)[: LAST + SIZE]
    # A page that is not full is the last; a full one may have a successor.
    assert service.offsets == [offset for offset in range(0, LAST + 1, SIZE) if offset == 0 or offset <= count]


async def test_a_page_is_asked_for_when_its_first_row_is() -> None:
    service = Service(apps(9))
    paged = service.paged()
    assert service.offsets == []
    for _ in range(SIZE):
        await anext(paged)
    assert service.offsets == [0]
    await anext(paged)
    assert service.offsets == [0, SIZE]


def test_what_is_paged_says_what_it_is_and_asks_for_nothing() -> None:
    service = Service(apps(5))
    assert repr(service.paged()) == "<Paged: at most 9 rows in pages of 3; read them with async for>"
    assert service.offsets == []


async def test_what_was_left_can_be_taken_later() -> None:
    paged = Service(apps(5)).paged()
    async for row in paged:
        if row.rank == 2:
            break
    assert [row.rank async for row in paged] == [3, 4, 5]


async def test_a_closed_iteration_has_no_more_rows_and_sends_nothing() -> None:
    service = Service(apps(9))
    async with aclosing(service.paged()) as paged:
        await anext(paged)
    assert await read(paged) == []
    assert service.offsets == [0]


async def test_the_pages_are_answers_that_can_be_joined_and_cited() -> None:
    service = Service(apps(7))
    pages = [page async for page in service.paged().pages()]
    assert [len(page.data) for page in pages] == [3, 3, 1]
    whole = join_pages(pages)
    assert list(whole.data) == apps(7)
    assert whole.citation == "Source: OpenRouter (openrouter.ai/apps), as of 2026-01-01T00:00:01.000Z."


async def test_an_app_that_comes_twice_is_a_changed_list() -> None:
    service = Service([app(1), app(2), app(3), app(4, app_id=2)])
    with pytest.raises(ListChangedError, match="2 came twice"):
        await read(service.paged())


@pytest.mark.parametrize(("rank", "what"), [(3, "rank 3 is followed by rank 3"), (6, "rank 3 is followed by rank 6")])
async def test_ranks_that_repeat_or_skip_are_a_changed_list(rank: int, what: str) -> None:
    service = Service([*apps(3), app(rank, app_id=99)])
    with pytest.raises(ListChangedError, match=what):
        await read(service.paged())


async def test_the_rows_before_the_change_have_come() -> None:
    paged = Service([*apps(3), app(9)]).paged()
    assert [(await anext(paged)).rank for _ in range(3)] == [1, 2, 3]
    with pytest.raises(ListChangedError):
        await anext(paged)


async def test_a_page_of_another_span_is_a_changed_list() -> None:
    next_day = AppRankings((app(4),), attrs.evolve(META, end_date=date(2026, 1, 1)))
    with pytest.raises(ListChangedError, match="different spans"):
        await read(Service(apps(4), {SIZE: next_day}).paged())


async def test_gaps_within_a_page_are_the_services_own() -> None:
    rows = [app(1), app(3), app(4), app(5)]
    assert await read(Service(rows).paged()) == rows


async def test_a_list_without_ranks_is_watched_for_rows_that_repeat() -> None:
    def cost(number: int) -> SessionCostItem:
        return SessionCostItem(f"app-{number}", "App", "1-turn", "acme/swift-1", 0.5)

    def paged(numbers: list[int]) -> Paged[SessionCost, SessionCostItem]:
        async def page(offset: int) -> SessionCost:
            return SessionCost(tuple(map(cost, numbers[offset : offset + SIZE])), meta)

        return Paged(page, page_size=SIZE, last_offset=LAST)

    meta = SessionCostMeta(META.as_of, "v1", 30, META.end_date)
    assert [row async for row in paged([1, 2, 3, 9])] == list(map(cost, [1, 2, 3, 9]))
    with pytest.raises(ListChangedError, match="app-1, 1-turn, acme/swift-1 came twice"):
        _ = [row async for row in paged([1, 2, 3, 1])]


async def test_an_empty_page_at_the_end_is_no_change() -> None:
    service = Service(apps(SIZE), {SIZE: AppRankings((), attrs.evolve(META, end_date=date(2026, 1, 1)))})
    assert len(await read(service.paged())) == SIZE
